// Matching a query against titles and aliases, in either language and however it is spaced: `KV缓存` is `KV 缓存`.
const tables = new Map();

/** Pages whose title or alias matches, best first. */
export async function matchTitles(query, root) {
  const pages = await table(root);
  const words = query.split(/\s+/).map(fold).filter(Boolean);
  const whole = fold(query);
  if (!whole) return [];
  const hits = [];
  for (const page of pages) {
    let best = score(fold(page.t), whole, words);
    let name = "";
    for (const alias of page.a ?? []) {
      const points = score(fold(alias), whole, words) + 1;
      if (points < best) [best, name] = [points, alias];
    }
    if (page.c) name = page.a?.[0] ?? ""; // where it is imported from
    if (best < 100) hits.push({ points: best + (page.p ? 8 : 0), page, name });
  }
  hits.sort((a, b) => a.points - b.points || a.page.t.length - b.page.t.length);
  const code = hits.filter(({ page }) => page.c).slice(0, 3); // names of the API stand below notes
  const notes = hits.filter(({ page }) => !page.c).slice(0, 6 - code.length);
  return [...notes, ...code].map(({ page, name }) => ({
    url: page.u, href: new URL(page.u, root).href, title: page.t, name, text: page.d, planned: Boolean(page.p),
  }));
}

async function table(root) {
  const url = new URL("assets/titles.json", root).href;
  if (!tables.has(url)) tables.set(url, fetch(url).then((response) => (response.ok ? response.json() : [])));
  return tables.get(url);
}

const fold = (text) => text.normalize("NFKC").toLowerCase().replace(/[\s\-_·:：,，()（）'"“”.]+/g, "");

/** Points, fewer are better: exact 0, start 10, inside 20, all words somewhere 30; 100 is no match. */
function score(name, whole, words) {
  if (name === whole) return 0;
  if (name.startsWith(whole)) return 10;
  if (whole.length > 1 && name.includes(whole)) return 20;
  return words.length > 1 && words.every((word) => name.includes(word)) ? 30 : 100;
}

/** The query with Chinese runs cut into words, as the index cuts its text. */
export function segment(query) {
  if (!Intl.Segmenter) return query.replace(/\p{Script=Han}/gu, " $& ").trim();
  const words = new Intl.Segmenter("zh", { granularity: "word" });
  return query.replace(/\p{Script=Han}+/gu, (run) => ` ${[...words.segment(run)].map((part) => part.segment).join(" ")} `).trim();
}
