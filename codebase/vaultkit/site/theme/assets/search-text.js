// Full text by Pagefind: one index per language, loaded in chunks on the first query in that language.
const LIMIT = 6;
const indexes = new Map();

/** Up to LIMIT pages: {url, href, title, heading, excerpt}; `url` is relative to `root`. */
export async function searchText(query, root) {
  const index = await load(root);
  const { results } = await index.search(query);
  const pages = await Promise.all(results.slice(0, LIMIT).map((result) => result.data()));
  return pages.map((page) => hit(page, root));
}

async function load(root) {
  const key = root.href;
  if (!indexes.has(key)) {
    indexes.set(key, import(new URL("pagefind/pagefind.js", root).href).then((pagefind) =>
      pagefind.createInstance({ basePath: new URL("pagefind/", root).pathname, baseUrl: root.pathname, noWorker: true, excerptLength: 22 }),
    ));
  }
  return indexes.get(key);
}

function hit(page, root) {
  const best = strongest(page.sub_results ?? []);
  const href = new URL(best?.url ?? page.url, root).href;
  const url = new URL(page.url, root).pathname.slice(root.pathname.length);
  const title = clean(page.meta.title);
  const heading = best && clean(best.title) !== title ? clean(best.title) : "";
  return { url, href, title, heading, excerpt: (best ?? page).excerpt };
}

/** The section of the page that holds most of what was asked for. */
function strongest(sections) {
  const weight = (section) => section.weighted_locations.reduce((sum, place) => sum + place.balanced_score, 0);
  return sections.reduce((best, section) => (!best || weight(section) > weight(best) ? section : best), null);
}

const clean = (title) => (title ?? "").replace(/\s*¶\s*$/, "").trim();
