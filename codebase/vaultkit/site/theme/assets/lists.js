// Reading lists: a visitor's own ticks, filters, progress, and the way from a list to its notes and on.
import { button, download, read, upload, write } from "./store.js";

const TICKS = "kvist.ticks"; // {id: day of the tick, or "" for one that was taken back}
const WORDS = {
  en: {
    all: "any priority", none: "no priority", review: "review", new: "new", time: "any length", upTo: "up to {n} min",
    open: "unread only", take: "Import ticks", give: "Export ticks", shown: "{n} shown",
    kept: "Ticks set here are kept in this browser, on top of those in the list's file.", bad: "That file holds no ticks.", taken: "Ticks imported.",
  },
  zh: {
    all: "全部优先级", none: "未标优先级", review: "复习", new: "新", time: "不限时长", upTo: "{n} 分钟以内",
    open: "只看未读", take: "导入勾选", give: "导出勾选", shown: "显示 {n} 项",
    kept: "在这里打的勾保存在这个浏览器里，叠加在清单文件已有的勾选之上。", bad: "这个文件里没有勾选记录。", taken: "勾选已导入。",
  },
}[document.documentElement.lang] ?? {};

export function progressBars() {
  const ticks = read(TICKS, {});
  for (const bar of document.querySelectorAll(".k-progress[data-k-items]")) {
    let done = 0, spent = 0;
    for (const row of bar.dataset.kItems.split(" ")) {
      const [ids, inFile, minutes] = row.split(":");
      if (!ticked(ticks, ids, inFile === "1")) continue;
      done += 1;
      spent += Number(minutes);
    }
    const text = bar.dataset.kText.replace("{done}", done).replace("{spent}", spent);
    bar.querySelector("progress").value = done;
    bar.querySelector("progress").setAttribute("aria-label", text);
    bar.querySelector("span").textContent = text;
  }
}

export function nextItems() {
  const ticks = read(TICKS, {});
  for (const list of document.querySelectorAll(".k-next")) {
    const rows = [...list.children];
    const next = rows.find(({ dataset }) => !ticked(ticks, dataset.kId, dataset.kDone === "1"));
    for (const row of rows) row.hidden = row !== next;
  }
}

export function readingList() {
  const items = [...document.querySelectorAll(".k-item")].map(itemOf).filter(Boolean);
  const todos = [...document.querySelectorAll(".k-todo")].map(itemOf).filter(Boolean);
  const all = [...items, ...todos];
  const tools = document.querySelector(".k-list-tools") ?? toolsBelow(todos);
  if (!tools || !all.length) return;
  for (const item of all) item.box.addEventListener("change", () => tick(item, all));
  if (items.length) tools.append(...filters(items));
  tools.append(...exchange(all));
  tools.hidden = false;
  for (const { row } of items) {
    row.addEventListener("click", (event) => {
      if (event.target.closest("a[href]")) sessionStorage.setItem("kvist.list", tools.dataset.kList);
    });
  }
  show(all);
}

// A page without a list has its tools below the last task.
function toolsBelow(todos) {
  const made = Object.assign(document.createElement("div"), { className: "k-list-tools" });
  todos.at(-1)?.row.closest(":not(li) > ul, :not(li) > ol")?.after(made);
  return made.isConnected ? made : null;
}

export function cameFrom() {
  const places = [...document.querySelectorAll(".k-place")];
  let list = null;
  try {
    list = sessionStorage.getItem("kvist.list");
  } catch {
    // no storage: all lists are shown
  }
  if (!places.some((place) => place.dataset.kList === list)) return;
  for (const place of places) place.hidden = place.dataset.kList !== list;
}

function itemOf(mark) {
  const row = mark.closest("li");
  const box = row?.querySelector("input[type=checkbox]");
  if (!box) return null;
  box.disabled = false;
  box.closest("label")?.classList.add("k-tickable");
  box.setAttribute("aria-label", row.querySelector("a")?.textContent ?? row.textContent.trim());
  return { row, box, ids: mark.dataset.kId, minutes: mark.dataset.kMinutes, priority: mark.dataset.kPriority, inFile: box.checked };
}

/** `ids`, joined by commas: that of the item, then those by which its tick may have been kept before. */
export function ticked(ticks, ids, inFile) {
  const kept = ids.split(",").find((id) => id in ticks);
  return kept === undefined ? inFile : Boolean(ticks[kept]);
}

function tick(item, all) {
  const now = new Date();
  const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((n) => String(n).padStart(2, "0")).join("-");
  write(TICKS, { ...read(TICKS, {}), [item.ids.split(",")[0]]: item.box.checked ? day : "" });
  show(all); // the same item may stand on the page twice
}

function show(items) {
  const ticks = read(TICKS, {});
  for (const item of items) item.box.checked = ticked(ticks, item.ids, item.inFile);
  progressBars();
}

function filters(items) {
  const priorities = [...new Set(items.map((item) => item.priority))].sort();
  const priority = select([["*", WORDS.all], ...priorities.map((p) => [p, p === "" ? WORDS.none : WORDS[p] ?? p])]);
  const time = select([["", WORDS.time], ...[10, 20, 30, 45, 60].map((n) => [String(n), WORDS.upTo.replace("{n}", n)])]);
  const open = Object.assign(document.createElement("input"), { type: "checkbox" });
  const label = document.createElement("label");
  label.append(open, ` ${WORDS.open}`);
  const count = Object.assign(document.createElement("output"), { className: "k-small" });
  const apply = () => {
    let shown = 0;
    for (const item of items) {
      const fits = !time.value || (item.minutes !== "" && Number(item.minutes) <= Number(time.value));
      item.row.hidden = !((priority.value === "*" || item.priority === priority.value) && fits && !(open.checked && item.box.checked));
      shown += item.row.hidden ? 0 : 1;
    }
    count.textContent = shown === items.length ? "" : WORDS.shown.replace("{n}", shown);
  };
  for (const control of [priority, time, open]) control.addEventListener("change", apply);
  for (const item of items) item.box.addEventListener("change", apply);
  return priorities.length > 1 ? [priority, time, label, count] : [time, label, count];
}

function select(options) {
  const made = document.createElement("select");
  for (const [value, text] of options) made.append(new Option(text, value));
  made.setAttribute("aria-label", options[0][1]);
  return made;
}

function exchange(items) {
  const told = Object.assign(document.createElement("span"), { className: "k-small", textContent: WORDS.kept });
  told.setAttribute("role", "status");
  const give = button(WORDS.give, () => download("kvist-ticks.json", { version: 1, ticks: read(TICKS, {}) }));
  const take = button(WORDS.take, () => upload((file) => {
    const ticks = file?.version === 1 && file.ticks && typeof file.ticks === "object" ? file.ticks : null;
    const good = ticks && Object.values(ticks).every((value) => typeof value === "string");
    if (good) write(TICKS, { ...read(TICKS, {}), ...ticks });
    told.textContent = good ? WORDS.taken : WORDS.bad;
    show(items);
  }));
  const row = document.createElement("span");
  row.className = "k-exchange";
  row.append(give, take, told);
  return [row];
}
