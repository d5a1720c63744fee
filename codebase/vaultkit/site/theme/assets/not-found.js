// Where no page is: the language of the address first, and links that fit the folder below which the site stands.
(async () => {
  const page = document.querySelector(".k-404");
  const given = page.dataset.kRoot;
  const inFront = (root) => {
    const first = page.querySelector(location.pathname.startsWith(`${root}zh/`) ? ":lang(zh)" : ":lang(en)");
    if (first) page.prepend(first);
  };
  inFront(given);
  const parts = location.pathname.split("/").slice(1, -1);
  const roots = [given, ...parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}/`)];
  const isRoot = async (root) => (await fetch(`${root}assets/titles.json`, { method: "HEAD" }).catch(() => ({ ok: false }))).ok;
  let root = given;
  for (root of [...new Set(roots)]) if (await isRoot(root)) break;
  if (root === given) return;
  inFront(root);
  for (const element of document.querySelectorAll("[href^='/'], [src^='/']")) {
    const name = element.hasAttribute("href") ? "href" : "src";
    const rest = element.getAttribute(name).slice(given.length);
    if (element.localName !== "script") element.setAttribute(name, root + rest);
    else document.head.append(Object.assign(document.createElement("script"), { type: "module", src: root + rest }));
  }
})();
