// The piece of a passage that shows best what was asked for, with the words marked.
import { isRun, lettersOf, pairs, simple } from "./words.js";

const LETTER = "[\\p{L}\\p{N}]";

const ENOUGH = 0.8; // of an excerpt's length: what is asked for must stand in it so early

/** [{text, mark}] of about `length` characters of Latin text (half as many of Chinese); [] if no unit is in it.
 *  It begins with the block that holds what was asked for, or inside that where it is long. */
export function excerpt(text, units, length = 170) {
  const places = find(text, units);
  if (!places.length) return [];
  const wide = isRun(text[places[0].start]) ? length / 2 : length;
  const window = densest(places, wide);
  const first = window[0].start;
  const last = window.at(-1).end;
  let from = text.lastIndexOf("\n", first) + 1;
  const inside = last - from > wide * ENOUGH;
  if (inside) from = boundary(text, Math.max(first - Math.floor(Math.max(wide - (last - first), 0) / 3), from), -1);
  const whole = text.length - from <= wide * 1.15;
  const to = whole ? text.length : boundary(text, Math.min(Math.max(from + wide, last), text.length), 1);
  const cut = inside && text[from - 1] !== "\n" && from > 0;
  return joined([{ text: cut ? "… " : "" }, ...marked(text, places, from, to), { text: to < text.length ? " …" : "" }].filter((part) => part.text));
}

/** Blocks in one line: what is no sentence is set apart by a dot. */
const joined = (parts) => parts.map((part) => ({ ...part, text: part.text.replace(/([.!?:;,…。！？：；，、]?)\n/gu, (_, end) => (end ? `${end} ` : " · ")) }));

/** A piece of the text with these places marked. */
export function marked(text, places, from = 0, to = text.length) {
  const parts = [];
  let position = from;
  for (const { start, end } of places) {
    if (start < position || end > to) continue;
    parts.push({ text: text.slice(position, start) }, { text: text.slice(start, end), mark: true });
    position = end;
  }
  return [...parts, { text: text.slice(position, to) }].filter((part) => part.text);
}

/** The beginning of a text, no word cut and no title of a few words first. */
export function beginning(text, length = 170) {
  const title = /^[^\n]{1,30}(?<![.!?。！？])\n(?=[^\n]{40})/u.exec(text)?.[0] ?? "";
  const rest = text.slice(title.length);
  const to = boundary(rest, Math.min(isRun(rest) ? length / 2 : length, rest.length), -1);
  return joined([{ text: to && to < rest.length ? `${rest.slice(0, to).trimEnd()} …` : rest }])[0].text;
}

/** Where the units stand; a run that stands nowhere as a whole is looked for in pairs. */
export function find(written, units) {
  const places = [];
  const text = simple(written);
  for (const unit of units) {
    let found = matches(text, unit);
    if (!found.length && isRun(unit) && [...unit].length > 2) found = pairs(unit).flatMap((pair) => matches(text, pair));
    places.push(...found.map((place) => ({ ...place, unit })));
  }
  places.sort((a, b) => a.start - b.start || b.end - a.end);
  return places.filter((place, index) => !index || place.start >= places[index - 1].end);
}

function matches(text, unit) {
  const stem = isRun(unit) ? unit : unit.replace(/(?<=\p{L}{4})(?:ations?|ing|ies|ed|es|s|e)$/u, "");
  const plain = stem.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const rest = unit.length < 4 ? `(?!${LETTER})` : `${LETTER}*`;
  if (/^[0-9]{4,}$/.test(unit)) return all(text, `(?<!${LETTER})${[...unit].join("[,_' \u00a0\u2009\u202f]?")}${LETTER}*`, "gu"); // 819,200
  const inName = plain.replace(/^./, (first) => first.toUpperCase()); // `Attention` in `RadixAttention`
  const patterns = isRun(unit) ? [[plain, "gu"]] : [[`(?<!${LETTER})${plain}${rest}`, "giu"], [`(?<=\\p{Ll})${inName}${rest}`, "gu"]];
  patterns.push(...lettersOf(unit).map((letter) => [letter, "giu"]));
  return patterns.flatMap(([pattern, flags]) => all(text, pattern, flags));
}

const all = (text, pattern, flags) => [...text.matchAll(new RegExp(pattern, flags))].map((match) => ({ start: match.index, end: match.index + match[0].length }));

/** The places that fit into so many characters and name the most different units. */
function densest(places, wide) {
  let best = [];
  let most = 0;
  for (const [index, first] of places.entries()) {
    const inside = places.slice(index).filter((place) => place.end - first.start <= wide || place === first);
    const value = new Set(inside.map((place) => place.unit)).size * 100 + Math.min(inside.length, 20);
    if (value > most) [best, most] = [inside, value];
    if (index > 200) break;
  }
  return best;
}

/** The nearest place at which a word is not cut. */
function boundary(text, place, step) {
  const inWord = (at) => /[\p{L}\p{N}]/u.test(text[at - 1] ?? " ") && /[\p{L}\p{N}]/u.test(text[at] ?? " ") && !isRun(text[at]) && !isRun(text[at - 1] ?? "");
  for (let moved = 0; moved < 24; moved++) if (!inWord(place + step * moved)) return Math.min(Math.max(place + step * moved, 0), text.length);
  return place;
}
