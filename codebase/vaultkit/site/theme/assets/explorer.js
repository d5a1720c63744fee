// Fill the current section of the explorer with its written notes: on demand, so that no page carries the whole nav.
export async function fillExplorer(root, language) {
  const place = document.querySelector(".k-explorer [data-k-section]");
  if (!place) return;
  const response = await fetch(new URL("assets/titles.json", root));
  if (!response.ok) return;
  const pages = (await response.json()).filter((page) => page.s === place.dataset.kSection && !page.p);
  if (!pages.length) return;
  const list = document.createElement("ul");
  for (const { u, t } of pages.sort((a, b) => a.t.localeCompare(b.t, language))) {
    const link = Object.assign(document.createElement("a"), { href: new URL(u, root).href, textContent: t });
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
    const item = document.createElement("li");
    item.append(link);
    list.append(item);
  }
  place.append(list);
}
