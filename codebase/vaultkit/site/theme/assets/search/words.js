// A query as the index sees text: vaultkit/site/search/terms.py does the same to pages, and a test compares them.
const CJK = "\\u3005-\\u3007\\u3040-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uac00-\\ud7af\\u{20000}-\\u{3ffff}";
const LETTER = `(?:(?![${CJK}])[\\p{L}\\p{N}_])`;
const TOKEN = new RegExp(`${LETTER}+|[${CJK}]+`, "gu");
const PART = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|(?:(?![_A-Za-z0-9])[\p{L}\p{N}])+/gu;
const RUN = new RegExp(`^[${CJK}]`, "u");
const LETTERS = new Map(
  ("αalpha βbeta γgamma δdelta εepsilon ζzeta ηeta θtheta κkappa λlambda μmu νnu ξxi πpi ρrho σsigma τtau φphi " +
    "χchi ψpsi ωomega √sqrt ∑sum").split(" ").map((pair) => [pair[0], pair.slice(1)]),
);
export const STOP = new Set(
  ("a an and are as at be by for from has have if in is it its not of on or so than that the their then there " +
    "these they this to was which with").split(" "),
);

const GROUPED = /(?<![0-9A-Za-z_.,])[1-9][0-9]{0,2}([,_' ])[0-9]{3}(?:\1[0-9]{3})*(?!\1?[0-9])/g; // 819,200

const HAN = /\p{Script=Han}/gu;
const simpler = new Map(); // a traditional character -> the simplified one

export const isRun = (token) => RUN.test(token);

/** Know what these traditional characters are in simplified ones, in which the index holds all text. */
export const learn = ([from, to]) => [...from].forEach((letter, index) => simpler.set(letter, [...to][index]));
export const learnt = () => simpler.size;

/** A text in simplified characters, as far as they are known; it keeps its length. */
export const simple = (text) => (simpler.size ? text.replace(HAN, (letter) => simpler.get(letter) ?? letter) : text);

let common = null;

/** True of a text with a character that simplified Chinese does not write: one that GB 2312 has not. */
export function isTraditional(text) {
  const letters = text.match(HAN);
  if (!letters) return false;
  common ??= new Set(new TextDecoder("gb18030").decode(Uint8Array.from({ length: 72 * 94 * 2 }, (_, at) => (at % 2 ? 0xa1 + ((at >> 1) % 94) : 0xb0 + Math.floor((at >> 1) / 94)))));
  return letters.some((letter) => !common.has(letter) || "後於夥徵".includes(letter));
}

/** A text with its grouped numbers in one piece. */
const ungrouped = (text) => text.replace(GROUPED, (number) => number.replace(/[^0-9]/g, ""));

/** Words of alphabets in lower case and runs of Chinese (Japanese, Korean), in their order. */
export function tokens(text) {
  const found = ungrouped(simple(text.normalize("NFKC"))).match(TOKEN) ?? [];
  return found.map((token) => (isRun(token) ? token : named(token.toLowerCase().replace(/^_+|_+$/g, "")))).filter(Boolean);
}

/** A Greek letter by its name, under which formulas are found; any other word as it is. */
const named = (word) => LETTERS.get(word) ?? word;

/** Letters of formulas that have this name. */
export const lettersOf = (name) => [...LETTERS].filter(([, other]) => other === name).map(([letter]) => letter);

/** Terms that the index holds of a text. */
export function termsOf(text) {
  const plain = simple(text.normalize("NFKC"));
  const found = new Set((plain.match(GROUPED) ?? []).map(ungrouped));
  for (const token of plain.match(TOKEN) ?? []) {
    for (const term of isRun(token) ? [...pairs(token), [...token].at(-1)] : expanded(token)) found.add(term);
  }
  for (const letter of plain.toLowerCase()) if (LETTERS.has(letter)) found.add(LETTERS.get(letter));
  return [...found].sort();
}

function expanded(word) {
  const whole = word.toLowerCase().replace(/^_+|_+$/g, "");
  const named = word !== word.toLowerCase() || word === word.toUpperCase() || word.includes("_");
  const parts = named ? (word.match(PART) ?? []).map((part) => part.toLowerCase()).filter((part) => [...part].length > 1) : [];
  return [...parts, whole].filter((term) => term && !STOP.has(term) && [...term].length <= 40);
}

/** Every two neighbours of a run: the terms by which it is found. */
export function pairs(run) {
  const letters = [...run];
  return letters.slice(1).map((letter, index) => letters[index] + letter);
}

/** A name without what people leave out or write in their own way: `KV缓存` is `KV 缓存`. */
export const fold = (text) => simple(text.normalize("NFKC")).toLowerCase().replace(/[\s\-_·:：,，、()（）'"“”‘’.]+/g, "");

/** {text, lower, fold, tokens, units, groups, typing}: `units` are searched in the text, `groups` are those of a
 *  number in case no text has it as one, `typing` says the last may go on. */
export function readQuery(text) {
  const clean = simple(text.normalize("NFKC").trim());
  const all = tokens(clean);
  const telling = all.filter((token) => !STOP.has(token));
  const units = [...new Set(telling.length ? telling : all)];
  const groups = new Map((clean.match(GROUPED) ?? []).map((number) => [ungrouped(number), number.match(/[0-9]+/g)]));
  return { text: clean, lower: clean.toLowerCase(), fold: fold(clean), tokens: all, units, groups, typing: !/[\s]$/.test(text) };
}

/** A run cut into words of the language, for when nothing holds it as a whole. */
export function cut(run) {
  if (!Intl.Segmenter) return pairs(run);
  return [...new Intl.Segmenter("zh", { granularity: "word" }).segment(run)].map((part) => part.segment);
}

/** Edits (insert, drop, replace, swap neighbours) from one word to another; more than `limit` is `limit + 1`.
 *  A digit is never edited: another number is another thing. */
export function distance(one, other, limit) {
  if (Math.abs(one.length - other.length) > limit) return limit + 1;
  let before = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1];
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (same ? 0 : 1));
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    if (Math.min(...next) > limit) return limit + 1;
    [before, row] = [row, next];
  }
  const digits = (word) => word.replace(/[^0-9]/g, "");
  return row[other.length] <= limit && digits(one) !== digits(other) ? limit + 1 : row[other.length];
}

/** How many edits are forgiven in a word of this length. */
export const forgiven = (word) => (word.length >= 8 ? 2 : word.length >= 4 ? 1 : 0);
