// One language's index, in small compressed files that are fetched when they are needed: vaultkit/site/search/files.py.
import { packed } from "../packed.js";
import { learn } from "./words.js";

const halves = new Map();
const PLANNED = 1;
const API = 2;
const LISTING = 4;

/** The index below this root of a language, loaded once. */
export function half(root) {
  if (!halves.has(root.href)) {
    const loading = load(root);
    loading.catch(() => halves.delete(root.href)); // so that the next query tries again
    halves.set(root.href, loading);
  }
  return halves.get(root.href);
}

/** Forget it: the site was built anew under our feet. */
export const forget = (root) => halves.delete(root.href);

async function load(root) {
  const folder = new URL("search/", root);
  const { pages, parts, words, chunks, variants } = await packed(new URL("index.bin", folder), "no-cache");
  const [table, atOnce] = variants;
  const made = new Half(root, folder, pages.map(page), parts, words, chunks, table);
  if (atOnce) await made.learn(); // names are in traditional characters
  return made;
}

function page([url, title, names, marks, first, count, text]) {
  return { url, title, names, first, count, text, planned: Boolean(marks & PLANNED), api: Boolean(marks & API), listing: Boolean(marks & LISTING), made: first < 0 };
}

class Half {
  constructor(root, folder, pages, parts, words, chunks, table) {
    Object.assign(this, { root, folder, pages, words, chunks, table, files: new Map() });
    this.parts = parts.map(([number, anchor, title, names]) => ({ page: pages[number], anchor, title, names }));
    this.byUrl = new Map(pages.map((entry) => [entry.url, entry]));
    this.owners = [];
    for (const entry of pages) for (let n = 0; n < entry.count; n++) this.owners[entry.first + n] = entry;
    this.size = this.owners.length;
  }

  /** [term, places] of the terms that begin so, from at most `most` chunks. */
  async beginning(prefix, most) {
    const first = this.chunkOf(prefix);
    const last = Math.min(this.chunkOf(prefix + "\uffff"), first + most - 1);
    const numbers = Array.from({ length: Math.max(last - first + 1, 0) }, (_, index) => first + index);
    const chunks = await Promise.all(numbers.map((number) => this.chunk(number)));
    return chunks.flatMap((chunk) => Object.entries(chunk).filter(([term]) => term.startsWith(prefix)));
  }

  /** Places of one term; [] if no page has it. */
  async places(term) {
    const chunk = await this.chunk(this.chunkOf(term));
    return Object.hasOwn(chunk, term) ? chunk[term] : [];
  }

  /** The chunk in which a term stands if it stands anywhere. */
  chunkOf(term) {
    let [low, high] = [0, this.words.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.words[middle] <= term) low = middle + 1;
      else high = middle;
    }
    return Math.max(low - 1, 0);
  }

  chunk(number) {
    return number < this.chunks.length ? this.file(`words/${this.chunks[number]}.bin`) : Promise.resolve({});
  }

  /** {d: summaries by anchor, s: passages as [anchor, heading, text]} of a page. */
  text(entry) {
    return entry.text ? this.file(`pages/${entry.text}.bin`) : Promise.resolve({ d: {}, s: [] });
  }

  /** Learn what the characters of this half's text are in traditional writing. */
  async learn() {
    if (this.table) learn(await this.file(`words/${this.table}.bin`));
  }

  file(path) {
    if (!this.files.has(path)) {
      const loading = packed(new URL(path, this.folder));
      loading.catch(() => this.files.delete(path));
      this.files.set(path, loading);
    }
    return this.files.get(path);
  }
}
