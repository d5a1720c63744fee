// Fill the current section of the explorer with its written notes: no page carries the whole nav. On narrow screens,
// where the explorer is a drawer, only once it is opened.
export function fillExplorer(root, language) {
  const explorer = document.querySelector(".k-explorer");
  const place = explorer?.querySelector("[data-k-section]");
  if (!place) return;
  if (explorer.checkVisibility()) fill(place, root, language);
  else explorer.addEventListener("beforetoggle", () => fill(place, root, language), { once: true });
}

async function fill(place, root, language) {
  const response = await fetch(new URL(`assets/explorer/${encodeURIComponent(place.dataset.kSection)}.json`, root));
  if (!response.ok) return;
  const pages = await response.json();
  if (!pages.length) return;
  const list = document.createElement("ul");
  for (const [url, title] of pages.sort((a, b) => a[1].localeCompare(b[1], language, { numeric: true }))) {
    const link = Object.assign(document.createElement("a"), { href: new URL(url, root).href, textContent: title });
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
    const item = document.createElement("li");
    item.append(link);
    list.append(item);
  }
  place.append(list);
}
