// The search dialog: titles and aliases first (a small table), then Pagefind's full text, the other language below.
import { matchTitles, segment } from "./search-match.js";
import { searchText } from "./search-text.js";

const WORDS = {
  en: {
    label: "Search", hint: "Search notes, headings and code", none: "Nothing found for", other: "In Chinese",
    keys: "↑ ↓ to move · Enter to open · Esc to close", failed: "The search index could not be loaded.",
    planned: "planned", count: (n) => `${n} result${n === 1 ? "" : "s"}`, close: "Close",
  },
  zh: {
    label: "搜索", hint: "搜索笔记、标题与代码", none: "没有找到", other: "英文页面",
    keys: "↑ ↓ 选择 · Enter 打开 · Esc 关闭", failed: "搜索索引加载失败。",
    planned: "待写", count: (n) => `${n} 条结果`, close: "关闭",
  },
};
const HAN = /\p{Script=Han}/u;

let site = null;
let dialog = null;
let active = -1;
let asked = 0;

/** Open the dialog; `root` is the URL of the page's language, `language` is "en" or "zh". */
export function open({ root, language }) {
  if (!dialog) {
    const other = language === "en" ? "zh" : "en";
    const roots = { [language]: root, [other]: new URL(other === "zh" ? "zh/" : "../", root) };
    site = { language, other, roots, words: WORDS[language] };
    dialog = build(site.words);
    document.body.append(dialog);
  }
  if (!dialog.open) dialog.showModal();
  input().select();
}

const input = () => dialog.querySelector("input");
const options = () => [...dialog.querySelectorAll("[role=option]")];

function build(words) {
  const element = document.createElement("dialog");
  element.className = "k-search";
  element.setAttribute("aria-label", words.label);
  element.innerHTML = `
    <form method="dialog" role="search">
      <input type="search" role="combobox" aria-expanded="true" aria-controls="k-results" aria-autocomplete="list"
        autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="go">
      <button type="submit" class="k-search-close">Esc</button>
    </form>
    <div id="k-results" role="listbox" tabindex="-1"></div>
    <p class="k-search-status" role="status"></p>`;
  const field = element.querySelector("input");
  field.placeholder = words.hint;
  field.setAttribute("aria-label", words.hint);
  element.querySelector("#k-results").setAttribute("aria-label", words.label);
  element.querySelector(".k-search-close").setAttribute("aria-label", words.close);
  element.querySelector("[role=status]").textContent = words.keys;
  field.addEventListener("input", debounce(update, 90));
  element.addEventListener("keydown", onKey);
  element.addEventListener("click", (event) => event.target === element && element.close());
  return element;
}

function debounce(run, wait) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, wait);
  };
}

function onKey(event) {
  const all = options();
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (all.length) choose((active + (event.key === "ArrowDown" ? 1 : all.length - (active < 0 ? 0 : 1))) % all.length);
  } else if (event.key === "Enter" && event.target === input() && !event.isComposing) {
    event.preventDefault();
    all[Math.max(active, 0)]?.click();
  }
}

function choose(index) {
  const all = options();
  all[active]?.setAttribute("aria-selected", "false");
  active = index;
  const option = all[index];
  input().setAttribute("aria-activedescendant", option?.id ?? "");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
}

async function update() {
  const query = input().value.normalize("NFKC").trim();
  const turn = ++asked;
  if (!query) return show([], site.words.keys);
  const own = site.language;
  const foreign = HAN.test(query) ? "zh" : "en"; // the language the query is written in
  const titles = await matchTitles(query, site.roots[own]);
  if (turn !== asked) return;
  show([{ hits: titles }], ""); // at once; the full text follows
  try {
    const groups = [{ hits: await merge(titles, query, own) }];
    if (foreign !== own || !groups[0].hits.length) {
      const there = await matchTitles(query, site.roots[site.other]);
      groups.push({ title: site.words.other, hits: await merge(there, query, site.other), language: site.other });
    }
    if (turn !== asked) return;
    const count = groups.reduce((sum, group) => sum + group.hits.length, 0);
    show(groups, count ? site.words.count(count) : `${site.words.none} “${query}”`);
    dialog.dataset.answered = query;
  } catch (error) {
    if (turn === asked) show([{ hits: titles }], site.words.failed);
    throw error;
  }
}

/** Title hits first, with the passage that the full text found in them, then the other pages. */
async function merge(titles, query, language) {
  const found = await searchText(segment(query), site.roots[language]);
  const byUrl = new Map(found.map((hit) => [hit.url, hit]));
  const first = titles.map((hit) => ({ ...hit, ...pick(byUrl.get(hit.url)) }));
  const seen = new Set(titles.map((hit) => hit.url));
  return [...first, ...found.filter((hit) => !seen.has(hit.url))];
}

const pick = (hit) => (hit ? { excerpt: hit.excerpt } : {});

function show(groups, status) {
  active = -1;
  const list = dialog.querySelector("#k-results");
  const parts = [];
  for (const { title, hits, language } of groups) {
    if (!hits.length) continue;
    if (title) parts.push(Object.assign(document.createElement("p"), { className: "k-search-group", role: "presentation", textContent: title }));
    for (const hit of hits) parts.push(row(hit, language));
  }
  list.replaceChildren(...parts);
  options().forEach((option, index) => (option.id = `k-hit-${index}`));
  dialog.querySelector("[role=status]").textContent = status;
  if (options().length) choose(0);
}

function row(hit, language) {
  const link = document.createElement("a");
  link.href = hit.href;
  link.setAttribute("role", "option");
  link.setAttribute("aria-selected", "false");
  link.tabIndex = -1;
  if (language) link.lang = language;
  const name = Object.assign(document.createElement("span"), { className: "k-hit-title", textContent: hit.title });
  if (hit.name) name.append(Object.assign(document.createElement("span"), { className: "k-hit-name", textContent: hit.name }));
  if (hit.heading) name.append(Object.assign(document.createElement("span"), { className: "k-hit-name", textContent: hit.heading }));
  if (hit.planned) name.append(Object.assign(document.createElement("span"), { className: "k-pill k-pill-planned", textContent: site.words.planned }));
  link.append(name);
  const text = document.createElement("span");
  text.className = "k-hit-text";
  if (hit.excerpt) text.innerHTML = hit.excerpt; // Pagefind escapes the page's text and adds <mark> only
  else text.textContent = hit.text ?? "";
  link.append(text);
  link.addEventListener("click", () => dialog.close());
  return link;
}
