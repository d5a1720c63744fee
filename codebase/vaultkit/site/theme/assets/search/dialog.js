// The search dialog: a field and a list of pages, for pointer, keyboard, touch and screen readers.
import { read, write } from "../store.js";
import { find, findNames, withMarks } from "./find.js";
import { forget, half } from "./files.js";

const WORDS = {
  en: {
    label: "Search", hint: "Search in English or Chinese", results: "Results", close: "Close", clear: "Forget these", recent: "Opened lately",
    keys: "↑ ↓ to move · Enter to open · Esc to close", about: "Finds titles, other names, headings, code and text.",
    none: (text) => `No page has “${text}”.`, advice: "Try fewer or other words, or the term in the other language.",
    failed: "The search index could not be loaded.", planned: "planned", zh: "in Chinese", en: "in English",
    count: (n) => `${n} result${n === 1 ? "" : "s"}`, more: (n) => `Show ${n} more`,
    mended: (text) => `Shown for “${text}”.`, partly: "No page has all the words; these have some.",
  },
  zh: {
    label: "搜索", hint: "用中文或英文搜索", results: "搜索结果", close: "关闭", clear: "清除记录", recent: "最近打开",
    keys: "↑ ↓ 选择 · Enter 打开 · Esc 关闭", about: "可搜索标题、别名、小节标题、代码和正文。",
    none: (text) => `没有页面包含“${text}”。`, advice: "可以减少词数、换个说法，或改用另一种语言的术语。",
    failed: "搜索索引加载失败。", planned: "待写", zh: "见中文页", en: "见英文页",
    count: (n) => `${n} 条结果`, more: (n) => `再显示 ${n} 条`,
    mended: (text) => `已按“${text}”搜索。`, partly: "没有页面包含所有词，以下页面包含其中一部分。",
  },
};
const STEP = 10; // rows shown at once
const PATIENCE = 150; // ms after which names are shown while the text is still being searched
const RECENT = "kvist.recent";
const HAN = /\p{Script=Han}/u;

let site = null;
let dialog = null;
let active = -1;
let asked = 0;
let goOn = null; // what Enter shall do once the answer is there

/** Make the open dialog `box`, which has a field and what was typed so far, the one that searches; `root` is the
 *  URL of the page's language, `language` is "en" or "zh". */
export function open(box, { root, language }) {
  const held = !dialog && box.querySelector("input").value; // typed before this script was there
  if (!dialog) {
    const other = language === "en" ? "zh" : "en";
    const only = "kOnly" in document.documentElement.dataset; // there is one language
    const roots = { [language]: root, [other]: only ? root : new URL(other === "zh" ? "zh/" : "../", root) };
    site = { language, other, roots, words: WORDS[language] };
    dialog = box;
    furnish(site.words);
    half(root).catch(() => {}); // so that it is there when the first letter is; a failure is told then
  }
  if (held && box.dataset.entered === held) goOn = () => follow({});
  if (held || !input().value) update();
  if (!held) input().select();
}

const input = () => dialog.querySelector("input");
const list = () => dialog.querySelector("[role=listbox]");
const options = () => [...dialog.querySelectorAll("[role=option]")];

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function furnish(words) {
  const box = dialog;
  box.setAttribute("aria-label", words.label);
  box.querySelector("form").insertAdjacentHTML("beforeend", '<button type="submit" class="k-search-close"><kbd></kbd><span aria-hidden="true">✕</span></button>');
  box.insertAdjacentHTML("beforeend", `
    <p class="k-search-note" hidden></p>
    <div id="k-results" role="listbox"></div>
    <div class="k-search-foot"><p role="status"></p></div>`);
  const field = box.querySelector("input");
  const says = { role: "combobox", "aria-expanded": "false", "aria-controls": "k-results", "aria-autocomplete": "list", enterkeyhint: "go" };
  for (const [name, value] of Object.entries(says)) field.setAttribute(name, value);
  field.placeholder = words.hint;
  field.setAttribute("aria-label", words.hint);
  box.querySelector("#k-results").setAttribute("aria-label", words.results);
  box.querySelector(".k-search-close").setAttribute("aria-label", words.close);
  const later = debounce(update, 80);
  field.addEventListener("input", (event) => event.isComposing || later());
  field.addEventListener("compositionend", later);
  box.addEventListener("keydown", onKey);
  box.addEventListener("click", (event) => event.target === box && box.close());
}

function debounce(run, wait) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, wait);
    delete dialog.dataset.answered;
    goOn = null;
  };
}

function onKey(event) {
  if (event.isComposing) return;
  const count = options().length;
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 5, PageUp: -5 };
  if (event.key in steps) {
    event.preventDefault();
    const step = steps[event.key];
    if (count) choose(Math.abs(step) === 1 ? (active + step + count) % count : Math.min(Math.max(active + step, 0), count - 1));
  } else if (event.key === "Enter" && event.target === input()) {
    event.preventDefault();
    const { ctrlKey, metaKey, shiftKey } = event;
    goOn = () => follow({ ctrlKey, metaKey, shiftKey });
    if ("answered" in dialog.dataset || active > 0) proceed();
  }
}

/** Open the chosen hit, or the first, as a click with these keys does. */
function follow(keys) {
  options()[Math.max(active, 0)]?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ...keys }));
}

function proceed() {
  const next = goOn;
  goOn = null;
  next?.();
}

function choose(index) {
  const all = options();
  all[active]?.setAttribute("aria-selected", "false");
  active = all.length ? index : -1;
  const option = all[active];
  option?.setAttribute("aria-selected", "true");
  if (option) input().setAttribute("aria-activedescendant", option.id);
  else input().removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

async function update() {
  const text = input().value.normalize("NFKC");
  const turn = ++asked;
  if (!text.trim()) return showRecent();
  const stale = () => turn !== asked;
  const early = setTimeout(async () => {
    const { rows } = await findNames(text, site).catch(() => ({ rows: [] }));
    if (!stale() && rows.length && !("answered" in dialog.dataset)) show(rows, "");
  }, PATIENCE);
  try {
    const { rows, mended, partly } = await answer(text);
    if (stale()) return;
    clearTimeout(early);
    show(rows, rows.length ? remark(text, mended, partly) + site.words.count(rows.length) : site.words.none(text.trim()));
    if (!rows.length) note(`${site.words.none(text.trim())} ${site.words.advice}`);
  } catch (error) {
    clearTimeout(early);
    if (stale()) return;
    show([], site.words.failed);
    console.warn(error);
  }
  if (input().value.normalize("NFKC") !== text) return; // more has been typed: Enter waits for the answer to that
  dialog.dataset.answered = text.trim();
  if (goOn) proceed();
}

/** Once more from the start if a file is gone: the site may have been published anew since the page was opened. */
async function answer(text) {
  try {
    return await find(text, site);
  } catch {
    Object.values(site.roots).forEach(forget);
    return find(text, site);
  }
}

function remark(text, mended, partly) {
  if (partly) return `${site.words.partly} `;
  if (!mended.size) return "";
  const better = text.trim().replace(/[\p{L}\p{N}_]+/gu, (word) => mended.get(word.toLowerCase()) ?? word);
  return `${site.words.mended(better)} `;
}

function showRecent() {
  const recent = Object.values(read(RECENT, [])).filter((row) => row?.href && row.language === site.language);
  const keys = matchMedia("(any-hover: hover)").matches ? site.words.keys : "";
  show(recent.map((row) => ({ ...row, href: new URL(row.href, site.roots[site.language]).href })), keys);
  dialog.dataset.answered = "";
  note(recent.length ? site.words.recent : site.words.about);
  if (!recent.length) return;
  const clear = element("button", "k-search-clear", site.words.clear);
  clear.type = "button";
  clear.addEventListener("click", () => {
    write(RECENT, []);
    showRecent();
    input().focus();
  });
  dialog.querySelector(".k-search-foot").append(clear);
}

/** What stands above the list; nothing if there is nothing to say. */
function note(text) {
  const place = dialog.querySelector(".k-search-note");
  place.textContent = text;
  place.hidden = !text;
}

function remember({ href, title, heading }) {
  const path = href.slice(site.roots[site.language].href.length);
  if (!href.startsWith(site.roots[site.language].href)) return;
  const others = Object.values(read(RECENT, [])).filter((row) => row?.href !== path || row.language !== site.language);
  write(RECENT, [{ href: path, title, heading, language: site.language }, ...others].slice(0, 8));
}

function show(rows, status, from = 0) {
  dialog.querySelector(".k-search-clear")?.remove();
  note("");
  const shown = rows.slice(from, from + STEP).map(line);
  const rest = rows.length - from - shown.length;
  if (from) list().querySelector(".k-hit-more")?.remove();
  if (rest > 0) shown.push(more(rows, status, from + STEP, rest));
  if (from) list().append(...shown);
  else list().replaceChildren(...shown);
  options().forEach((option, index) => (option.id = `k-hit-${index}`));
  const all = options().length;
  input().setAttribute("aria-expanded", String(all > 0));
  dialog.querySelector("[role=status]").textContent = status;
  if (!from) list().scrollTop = 0;
  choose(from);
}

function more(rows, status, from, rest) {
  const option = element("div", "k-hit-more", site.words.more(Math.min(rest, STEP)));
  option.setAttribute("role", "option");
  option.setAttribute("aria-selected", "false");
  option.addEventListener("click", () => show(rows, status, from));
  return option;
}

function line(row) {
  const link = element("a", "k-hit");
  link.setAttribute("role", "option");
  link.setAttribute("aria-selected", "false");
  link.tabIndex = -1;
  fill(link, row);
  if (row.detail && !row.summary && !row.excerpt) row.detail().then(() => fill(link, row), () => {});
  link.addEventListener("click", () => {
    remember(row);
    dialog.close();
  });
  return link;
}

const spelt = (parts) => parts.map((part) => (part.mark ? element("mark", "", part.text) : part.text));

function fill(link, row) {
  link.href = row.href;
  const name = element("span", "k-hit-title");
  const title = element("span", "");
  title.append(...spelt(withMarks(row.title, row)));
  name.append(title);
  for (const also of [row.name, row.heading]) {
    if (!also) continue;
    const part = element("span", "k-hit-name");
    const language = HAN.test(also) ? "zh" : "en";
    if (language !== site.language) part.lang = language;
    part.append(...spelt(withMarks(also, row)));
    name.append(part);
  }
  if (row.planned) name.append(element("span", "k-pill k-pill-planned", site.words.planned));
  if (row.api) name.append(element("span", "k-pill", "API"));
  if (row.language && row.source) name.append(element("span", "k-pill", site.words[row.language]));
  const text = element("span", "k-hit-text");
  if (row.language && row.excerpt) text.lang = row.language;
  text.append(...spelt(row.excerpt ?? row.summary ?? []));
  link.replaceChildren(name, text);
}
