// Full text: which passages hold the words of a query, and how much they are about them.
import { cut, distance, forgiven, isRun, pairs } from "./words.js";
import { vocabulary } from "./names.js";

const HEADING = 6; // a place's weight if the word stands in the passage's heading (7: in a name of the page)
const ENDINGS = /^(?:s|es|ed|e|ing|y|ies|er|ers|ation|ations)?$/;

/** {hits, units, mended, partly, known}: hits are {page, passage, score, heading}, best first; `mended` maps mistyped
 *  words, `known` says that there are none: every word stands somewhere. */
export async function searchText(half, query) {
  if (!half.size || !query.units.length) return { hits: [], units: [], mended: new Map(), partly: false, known: false };
  let units = query.units;
  const mended = new Map();
  let found = await Promise.all(units.map((unit, index) => gather(half, unit, query.typing && index === units.length - 1)));
  let hits = rank(half, found, 1);
  const names = vocabulary(half);
  const known = units.every((unit, index) => found[index].places.size || names.has(unit));
  if (!hits.length) {
    for (const [index, unit] of units.entries()) {
      if (found[index].places.size || isRun(unit) || query.groups.has(unit) || names.has(unit)) continue;
      const better = await mend(half, unit);
      if (better) mended.set(unit, better);
    }
    units = units.flatMap((unit, index) => {
      if (isRun(unit) && [...unit].length > 2) return cut(unit);
      return (!found[index].places.size && query.groups.get(unit)) || [mended.get(unit) ?? unit];
    });
    found = await Promise.all(units.map((unit) => gather(half, unit, false)));
    hits = rank(half, found, 1);
  }
  const partly = !hits.length && units.length > 1;
  if (partly) hits = rank(half, found, 0.5);
  return { hits, units, mended, partly, known };
}

/** {places: passage -> weight, rarity}: where a unit stands. */
async function gather(half, unit, typing) {
  const places = isRun(unit) ? await ofRun(half, unit) : await ofWord(half, unit, typing);
  return { places, rarity: Math.log(1 + half.size / Math.max(places.size, 1)) };
}

/** A run stands where all its neighbours stand together. */
async function ofRun(half, run) {
  const letters = [...run];
  if (letters.length === 1) return union(await half.beginning(run, 16), () => 1);
  let terms = pairs(run);
  if (terms.length > 8) terms = terms.filter((_, index) => index % 2 === 0 || index === terms.length - 1);
  const lists = await Promise.all(terms.map((term) => half.places(term)));
  const maps = lists.map((steps) => union([["", steps]], () => 1)).sort((a, b) => a.size - b.size);
  const places = new Map();
  for (const passage of maps[0].keys()) {
    const weight = Math.min(...maps.map((map) => map.get(passage) ?? 0));
    if (weight) places.set(passage, weight);
  }
  return places;
}

/** A word, its forms, and, while it is being typed, what it may become: `tags` may also be more than one `tag`. */
async function ofWord(half, word, typing) {
  if (typing && word.length > 1) {
    const terms = await half.beginning(word, 4);
    const whole = word.length < 4 && terms.some(([term]) => term === word); // then `KV` does not mean `kvist`
    if (terms.length || !/[^s]s$/.test(word)) return union(whole ? terms.filter(([term]) => term === word) : terms, (term) => (term === word ? 1 : 0.6));
  }
  const stem = word.replace(/(?:ations?|ing|ies|ers?|ed|es|s|e|y)$/, "");
  if (stem.length < 4) return union([["", await half.places(word)]], () => 1);
  const terms = (await half.beginning(stem, 3)).filter(([term]) => term === word || ENDINGS.test(term.slice(stem.length)));
  return union(terms, (term) => (term === word ? 1 : 0.7));
}

function union(terms, share) {
  const places = new Map();
  for (const [term, steps] of terms) {
    let place = 0;
    for (const step of steps) {
      place += step;
      const weight = (place & 7) * share(term);
      if (weight > (places.get(place >> 3) ?? 0)) places.set(place >> 3, weight);
    }
  }
  return places;
}

/** The nearest word that some page has: among names, then among terms that begin alike. */
async function mend(half, word) {
  const limit = forgiven(word);
  if (!limit) return null;
  const terms = (await half.beginning(word.slice(0, 2), 3)).map(([term]) => term);
  let best = null;
  for (const candidate of [...vocabulary(half), ...terms]) {
    const edits = distance(word, candidate, limit);
    if (edits <= limit && (!best || edits < best.edits)) best = { candidate, edits };
  }
  return best?.candidate ?? null;
}

/** Pages that hold at least this share of what was asked for, counted by how rare it is. */
function rank(half, found, share) {
  const known = share < 1 ? found.filter(({ places }) => places.size) : found; // what no page has cannot be missed
  const whole = known.reduce((sum, { rarity }) => sum + rarity, 0);
  const pages = new Map();
  for (const [index, { places, rarity }] of found.entries()) {
    for (const [number, weight] of places) {
      const page = half.owners[number];
      if (!page) continue;
      if (!pages.has(page)) pages.set(page, { best: found.map(() => 0), passages: new Map() });
      const entry = pages.get(page);
      entry.best[index] = Math.max(entry.best[index], weight);
      const passage = entry.passages.get(number) ?? { score: 0, low: 9, units: 0 };
      passage.score += rarity * weight;
      passage.low = Math.min(passage.low, weight);
      passage.units++;
      entry.passages.set(number, passage);
    }
  }
  const hits = [];
  for (const [page, { best, passages }] of pages) {
    const held = found.reduce((sum, { rarity }, index) => sum + (best[index] ? rarity : 0), 0);
    if (held < whole * share - 1e-9) continue;
    const [number, top] = [...passages].reduce((a, b) => (b[1].score > a[1].score ? b : a));
    const spread = found.reduce((sum, { rarity }, index) => sum + rarity * best[index], 0);
    const heading = top.units === found.length && top.low >= HEADING && number !== page.first;
    hits.push({ page, passage: number - page.first, score: (top.score + spread / 2) / (whole * 7 * 1.5), heading });
  }
  return hits.sort((a, b) => b.score - a.score);
}
