// The answer to a query: names and full text of the reader's language, then, where they help, of the other.
import { beginning, excerpt, find as places, marked } from "./excerpt.js";
import { half } from "./files.js";
import { likeNames, matchNames, NAMED } from "./names.js";
import { searchText } from "./text.js";
import { fold, isRun, isTraditional, readQuery } from "./words.js";

const DETAILED = 8; // rows whose text is fetched at once
const WHOLE = 700; // points from which on a name has all that was asked for
const EXACT = 850; // points from which on a name is what was asked for, word for word
const PART = 400; // points from which on a name is a good part of what was asked for
const FEW = 5; // with fewer pages than that the other language is asked too

/** The index below a root, able to read what was typed: traditional characters are those of the Chinese text. */
async function readFor(text, root, site) {
  const there = await half(root);
  if (!isTraditional(text)) return there;
  await there.learn();
  if (site.language !== "zh") await half(site.roots.zh).then((chinese) => chinese.learn()).catch(() => {});
  return there;
}

/** What the names alone say: {rows}. `site` is {language, other, roots}. */
export async function findNames(text, site) {
  const own = await readFor(text, site.roots[site.language], site);
  const query = readQuery(text);
  return { rows: ordered(nameRows(own, matchNames(own, query), query), query) };
}

/** {rows, mended, partly}: rows are {href, title, name, heading, points, planned, api, detail()}. */
export async function find(text, site) {
  const own = await readFor(text, site.roots[site.language], site);
  const query = readQuery(text);
  let answer = await searchText(own, query);
  const rows = nameRows(own, matchNames(own, query), query);
  if (!answer.known) for (const [key, row] of nameRows(own, likeNames(own, query), query)) rows.set(key, Object.assign(row, { like: true }));
  addText(rows, answer, own, own, null);
  const written = query.tokens.some(isRun) ? "zh" : "en";
  const foreign = written !== site.language && (written === "zh" || rows.size < FEW || answer.partly || answer.mended.size);
  if (rows.size === 0 || foreign) {
    const there = await readFor(text, site.roots[site.other], site);
    const more = await searchText(there, readQuery(text));
    const better = more.hits.length && !more.partly && !more.mended.size;
    if (better || !answer.hits.length) {
      if (better && (answer.partly || answer.mended.size)) dropText(rows);
      addText(rows, more, there, own, site.other);
      answer = more;
    }
  }
  const sorted = ordered(rows, query);
  await Promise.all(sorted.filter((row, index) => index < DETAILED || (row.inHeading && index < 2 * DETAILED)).map((row) => row.detail()));
  for (const row of sorted) if (row.inHeading && row.heading && fold(row.heading) === query.fold) row.points = Math.max(row.points, (row.listing ? 480 : 900) - (row.planned ? 25 : 0));
  const whole = sorted.some((row) => row.points >= WHOLE && !row.like); // then that is what was meant
  return { rows: sorted.sort(byPoints), mended: answer.mended, partly: answer.partly && !whole };
}

const byPoints = (a, b) => b.points - a.points;

/** Best first; of the API at most three names, or eight if nothing else is so called. */
function ordered(rows, query) {
  if (query.tokens.length === 1) writtenFirst([...rows.values()]);
  const sorted = [...rows.values()].sort(byPoints);
  const named = (row) => row.part && row.api;
  const most = sorted[0] && named(sorted[0]) ? 8 : 3;
  let parts = 0;
  const kept = sorted.filter((row) => !named(row) || ++parts <= most);
  const shown = new Set(kept.filter(named).map((row) => row.page));
  return kept.filter((row) => named(row) || !row.api || row.named || !shown.has(row.page)); // not the page of a name again
}

/** Of notes of whose names one word was asked for, the planned ones stand below all that are written. */
function writtenFirst(rows) {
  const named = rows.filter((row) => row.named && !row.part && !row.api && !row.page.made && !row.listing);
  const least = Math.min(...named.filter((row) => !row.planned).map((row) => row.points));
  for (const row of named) if (row.planned && row.byName < EXACT && row.points >= least) row.points = least - 1 / (1 + row.points);
}

function nameRows(own, found, query) {
  const rows = new Map();
  for (const { page, part, name, points } of found) {
    const key = part ? `${page.url}#${part.anchor}` : page.url;
    rows.set(key, newRow(own, page, { part, name: part && page.api ? part.anchor : name, points, byName: points, named: points >= NAMED, units: query.units }));
  }
  return rows;
}

function addText(rows, { hits, units }, source, own, language) {
  for (const hit of hits) {
    const page = own.byUrl.get(hit.page.url) ?? hit.page;
    let points = hit.heading ? 420 + 80 * hit.score : 140 + 250 * hit.score;
    points -= (page.planned ? 25 : 0) + (page.api ? 60 : 0) + (page.listing ? 120 : 0) + (language ? 20 : 0);
    const row = rows.get(page.url) ?? newRow(own.byUrl.has(page.url) ? own : source, page, { points: 0, byName: 0, name: "" });
    row.points = Math.max(row.points, points) + 30 * hit.score;
    if (!row.source) Object.assign(row, { source, passage: hit.passage, from: hit.page, language: row.named ? null : language, units, inHeading: hit.heading });
    rows.set(page.url, row);
  }
}

/** Leave what names say, of each row its name's points: the text that some of the words have says nothing. */
function dropText(rows) {
  for (const [key, row] of rows) {
    if (row.like || (row.source && !row.named && row.byName < PART)) rows.delete(key);
    else if (row.source && !row.named) Object.assign(row, { points: row.byName, source: null, passage: 0, inHeading: false });
  }
}

function newRow(holder, page, more) {
  const anchor = more.part ? `#${more.part.anchor}` : "";
  const row = {
    page, part: null, named: false, units: [], href: new URL(page.url + anchor, holder.root).href, title: more.part?.title ?? page.title,
    planned: page.planned, api: page.api, listing: page.listing, heading: "", ...more,
  };
  row.detail = () => (row.detailed ??= detail(row, holder));
  return row;
}

/** A title or a heading with what was asked for marked. */
export const withMarks = (text, row) => marked(text, places(text, row.units ?? []));

/** The piece that holds what was asked for, or else the beginning. */
function shown(text, units) {
  const parts = excerpt(text, units);
  return parts.length || !text ? parts : [{ text: beginning(text) }];
}

/** Sets `excerpt` or `summary`, and where the hit is a passage, its heading and its anchor. */
async function detail(row, holder) {
  if (row.part) {
    const { d } = await holder.text(row.page);
    row.summary = shown(d[row.part.anchor] ?? "", row.units);
    return;
  }
  const { d, s } = await (row.source ?? holder).text(row.from ?? row.page);
  row.summary = shown(d[""] ?? "", row.units);
  if (!row.source) return;
  const [anchor, heading, text] = s[row.passage] ?? ["", "", ""];
  const named = row.named && !row.inHeading;
  row.excerpt = named && row.summary.length ? row.summary : shown(text, row.units);
  if (named || !row.passage) return;
  row.heading = heading;
  if (anchor) row.href = `${row.href.split("#")[0]}#${encodeURIComponent(anchor)}`;
}
