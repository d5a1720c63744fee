// The page of cards: those that are due are asked, and reviews go out and come in as files of `vaultkit review`.
import { cardsOf } from "./cards.js";
import { ask, line, REVIEWS, when } from "./flash.js";
import { button, download, read, upload, write } from "./store.js";

const WORDS = {
  en: {
    due: "{n} cards are due, {m} of them new", nothing: "Nothing is due. The next card comes in {when}.",
    begin: "Begin",
    give: "Export reviews", take: "Import reviews", bad: "That file holds no reviews.", taken: "{n} reviews imported.",
    kept: "Your reviews are kept in this browser only; the file is also what `vaultkit review --import` reads.",
  },
  zh: {
    due: "{n} 张卡片到期，其中 {m} 张是新的", nothing: "没有到期的卡片，下一张要等 {when}。",
    begin: "开始",
    give: "导出复习记录", take: "导入复习记录", bad: "这个文件里没有复习记录。", taken: "已导入 {n} 条复习记录。",
    kept: "复习记录只保存在这个浏览器里；导出的文件也能由 `vaultkit review --import` 读取。",
  },
}[document.documentElement.lang] ?? {};
const MOST = 20; // cards a round

export function start(place) {
  const cards = cardsOf(document);
  if (!cards.length) return;
  const stage = document.createElement("div");
  place.append(stage, exchange(() => overview(stage, cards)));
  place.hidden = false;
  overview(stage, cards);
}

function overview(stage, cards) {
  const kept = read(REVIEWS, {});
  const now = new Date();
  const due = cards.filter((card) => !kept[card.id] || new Date(kept[card.id].due) <= now);
  due.sort((a, b) => Number(!kept[a.id]) - Number(!kept[b.id])); // what fades before what is new
  if (!due.length) {
    const next = Math.min(...cards.map((card) => new Date(kept[card.id].due)));
    stage.replaceChildren(line(WORDS.nothing.replace("{when}", when(next - now))));
    return;
  }
  const fresh = due.filter((card) => !kept[card.id]).length;
  stage.replaceChildren(
    line(WORDS.due.replace("{n}", due.length).replace("{m}", fresh)),
    button(WORDS.begin, () => ask(stage, due.slice(0, MOST), () => overview(stage, cards)), "k-button k-main-button"),
  );
  if (document.activeElement === document.body) return;
  stage.querySelector("button").focus();
}

function isEntry(entry) {
  return entry && [1, 2, 3].includes(entry.state) && !Number.isNaN(Date.parse(entry.due))
    && (entry.stability === null || Number.isFinite(entry.stability));
}

function exchange(changed) {
  const told = line("");
  told.append(...WORDS.kept.split("`").map((text, n) => n % 2 ? Object.assign(document.createElement("code"), { textContent: text }) : text));
  told.setAttribute("role", "status");
  const row = Object.assign(document.createElement("div"), { className: "k-exchange" });
  row.append(
    button(WORDS.give, () => download("kvist-reviews.json", { version: 1, cards: read(REVIEWS, {}) })),
    button(WORDS.take, () => upload((file) => {
      const theirs = file?.version === 1 && file.cards && typeof file.cards === "object" ? Object.entries(file.cards) : null;
      if (!theirs || !theirs.every(([, entry]) => isEntry(entry))) {
        told.textContent = WORDS.bad;
        return;
      }
      const ours = read(REVIEWS, {});
      const time = (entry) => Date.parse(entry?.last_review ?? "") || 0;
      const later = theirs.filter(([id, entry]) => !ours[id] || time(entry) > time(ours[id]));
      write(REVIEWS, { ...ours, ...Object.fromEntries(later) });
      told.textContent = WORDS.taken.replace("{n}", later.length);
      changed();
    })),
    told,
  );
  return row;
}
