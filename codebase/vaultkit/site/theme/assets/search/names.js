// Titles, aliases, names of the API: how well a query names a page.
import { distance, fold, forgiven, isRun, learnt, simple, STOP, tokens } from "./words.js";

const NAMED = 500; // points from which on a page is what the query names, not only like it
const known = new WeakMap();

export { NAMED };

/** [{page, part, name, points}] of this half, best first; `name` is the other name that matched. */
export function matchNames(half, query) {
  return query.fold ? inOrder(best(names(half), query, points)) : [];
}

/** The same of names that are only like the query, as if it were mistyped; none if it names something. */
export function likeNames(half, query) {
  const found = query.fold ? best(names(half), query, points) : [];
  if (found.some((hit) => hit.points >= NAMED)) return [];
  return inOrder(best(names(half), query, nearly).filter((hit) => !found.some((other) => other.row === hit.row)));
}

function inOrder(found) {
  return found.sort((a, b) => b.points - a.points || a.row.page.title.length - b.row.page.title.length).map(({ row, ...hit }) => ({ ...row, ...hit }));
}

/** All words of the names, to which a mistyped word may be mended. */
export function vocabulary(half) {
  return new Set(names(half).flatMap((row) => row.names.flatMap((name) => name.tokens)));
}

function names(half) {
  if (known.get(half)?.learnt !== learnt()) {
    const rows = half.pages.map((page) => ({ page, part: null, names: all(page.title, page.names) }));
    for (const part of half.parts) rows.push({ page: part.page, part, names: all(part.title, [...part.names, part.anchor]) });
    known.set(half, { rows, learnt: learnt() });
  }
  return known.get(half).rows;
}

function all(title, others) {
  const whole = [title, ...others].flatMap((name, index) => {
    const [, before, inside] = /^(.+?)\s*[(（]([^()（）]+)[)）]$/.exec(name) ?? [];
    return before ? [[name, index], [before, index], [inside, index]] : [[name, index]];
  });
  return whole.map(([text, index]) => ({ text, shown: index > 0, lower: simple(text.normalize("NFKC")).toLowerCase(), fold: fold(text), tokens: tokens(text) }));
}

function best(rows, query, score) {
  const found = [];
  for (const row of rows) {
    let hit = null;
    for (const name of row.names) {
      let score_ = score(name, query);
      if (!score_) continue;
      score_ -= Math.min(40, Math.max(name.fold.length - query.fold.length, 0)) + (name.shown ? 45 : 0);
      if (!hit || score_ > hit.points) hit = { row, points: score_, name: name.shown ? name.text : "" };
    }
    if (hit) found.push({ ...hit, points: hit.points - handicap(row, query, hit.points) });
  }
  return found;
}

/** Names of the API stand below notes, unless the query is spelt like code; planned notes below written ones, and
 *  pages that the site has made below those of its notes. */
function handicap({ page, part }, query, points) {
  const code = /[_.(]/.test(query.text);
  if (part && page.api) return /[A-Z]/.test(part.title) && part.title === query.text ? 20 : code ? 30 : 0.275 * points;
  const kind = page.api ? (code ? 20 : 200) : /\w_\w/.test(query.text) ? 40 : 0; // `paged_attention` is asked of the API
  return (page.planned ? 25 : 0) + kind + (page.made ? 5 : 0);
}

function points(name, query) {
  if (name.lower === query.lower) return 1000;
  if (name.fold === query.fold) return 970;
  const [asked, last] = [query.tokens, query.tokens.length - 1];
  if (!asked.length) return 0;
  const begins = asked.every((token, index) => (index < last ? name.tokens[index] === token : name.tokens[index]?.startsWith(token)));
  if (begins && name.tokens[last] === asked[last]) return 800;
  if (begins && (isRun(asked[last]) || query.fold.length > 2)) return isRun(asked[last]) ? 760 : 640;
  if (asked.every((token) => name.tokens.includes(token))) return 700;
  if (asked.every((token, index) => name.tokens.some((word) => (isRun(token) ? word.includes(token) : index === last && word.startsWith(token)) || word === token))) return 560;
  const letters = initials(name, query) || asksAbout(name, query);
  if (letters) return letters;
  return query.fold.length >= 3 && name.fold.includes(query.fold) ? 300 : 0;
}

/** `MQA` for grouped-query and multi-query attention: a word begins with each letter, the last with the last. */
function initials({ tokens: words }, { text, fold: letters }) {
  if (!/^[A-Za-z]{2,6}$/.test(text) || words.length < letters.length || words.at(-1)[0] !== letters.at(-1)) return 0;
  const first = words.map((word) => word[0]).join("");
  if (first.endsWith(letters)) return 600;
  let next = 0;
  for (const letter of first) if (letter === letters[next]) next++;
  return next === letters.length && letters.length > 2 ? 540 : 0;
}

/** `how does speculative decoding work` has a whole name in it: points by how much of the question it is. */
function asksAbout(name, query) {
  const size = name.fold.length;
  if (size < 2 || size >= query.fold.length || !query.fold.includes(name.fold)) return 0;
  const inside = isRun(name.tokens[0] ?? "") || isRun(name.tokens.at(-1) ?? "") || ` ${query.tokens.join(" ")} `.includes(` ${name.tokens.join(" ")} `);
  return inside && !(name.tokens.length === 1 && STOP.has(name.fold)) ? 500 + 50 * (size / query.fold.length) : 0;
}

/** The name with a slip of the pen. */
function nearly(name, query) {
  const limit = forgiven(query.fold);
  if (!limit || isRun(query.fold)) return 0;
  const whole = distance(query.fold, name.fold, limit);
  if (whole <= limit) return 560 - 40 * whole;
  const near = (token, word) => word === token || (forgiven(token) && distance(token, word, 1) <= 1);
  return query.tokens.every((token) => name.tokens.some((word) => near(token, word))) ? 440 : 0;
}
