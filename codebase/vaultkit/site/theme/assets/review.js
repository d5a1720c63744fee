// Cards: those that are due are asked; when a card comes again is FSRS-6, as in `vaultkit review`, and so is the file.
import { createEmptyCard, fsrs, Rating } from "./fsrs.js";
import { button, download, read, upload, write } from "./store.js";

const REVIEWS = "kvist.reviews"; // {id: {state, step, stability, difficulty, due, last_review}}
const GRADES = [Rating.Again, Rating.Hard, Rating.Good, Rating.Easy];
const WORDS = {
  en: {
    due: "{n} cards are due, {m} of them new", nothing: "Nothing is due. The next card comes in {when}.", never: "some time",
    begin: "Begin", show: "Show the answer", grades: ["again", "hard", "good", "easy"], left: "{n} left", stop: "Stop",
    give: "Save reviews to a file", take: "Take reviews in", bad: "That file holds no reviews.", taken: "{n} reviews taken in.",
    kept: "Your reviews are kept in this browser only; the file is also what `vaultkit review --import` reads.",
  },
  zh: {
    due: "{n} 张卡片到期，其中 {m} 张是新的", nothing: "没有到期的卡片，下一张要等 {when}。", never: "一段时间",
    begin: "开始", show: "看答案", grades: ["忘了", "吃力", "记得", "轻松"], left: "还剩 {n} 张", stop: "停止",
    give: "导出复习记录", take: "导入复习记录", bad: "这个文件里没有复习记录。", taken: "已导入 {n} 条复习记录。",
    kept: "复习记录只保存在这个浏览器里；导出的文件也能由 `vaultkit review --import` 读取。",
  },
}[document.documentElement.lang] ?? {};
const MOST = 20; // cards a round
const scheduler = fsrs({ enable_fuzz: false, request_retention: 0.9, learning_steps: ["1m", "10m"], relearning_steps: ["10m"] });

export function start(place) {
  const cards = [...document.querySelectorAll(".k-flash")];
  if (!cards.length) return;
  const stage = document.createElement("div");
  place.append(stage, exchange(() => overview(stage, cards)));
  place.hidden = false;
  overview(stage, cards);
}

function overview(stage, cards) {
  const kept = read(REVIEWS, {});
  const now = new Date();
  const due = cards.filter((card) => !kept[card.dataset.kCard] || new Date(kept[card.dataset.kCard].due) <= now);
  due.sort((a, b) => Number(!kept[a.dataset.kCard]) - Number(!kept[b.dataset.kCard])); // what fades before what is new
  if (!due.length) {
    const next = Math.min(...cards.map((card) => new Date(kept[card.dataset.kCard].due)));
    stage.replaceChildren(line(WORDS.nothing.replace("{when}", when(next - now))));
    return;
  }
  const fresh = due.filter((card) => !kept[card.dataset.kCard]).length;
  stage.replaceChildren(
    line(WORDS.due.replace("{n}", due.length).replace("{m}", fresh)),
    button(WORDS.begin, () => ask(stage, cards, due.slice(0, MOST)), "k-button k-main-button"),
  );
  if (document.activeElement === document.body) return;
  stage.querySelector("button").focus();
}

function ask(stage, cards, left) {
  if (!left.length) return overview(stage, cards);
  const [card, ...rest] = left;
  const box = Object.assign(document.createElement("div"), { className: "k-quiz" });
  const question = Object.assign(document.createElement("div"), { className: "k-question" });
  question.append(...copy(card.querySelector("summary")));
  const answer = Object.assign(document.createElement("div"), { className: "k-answer", hidden: true });
  answer.append(...copy(card).filter((node) => node.nodeName !== "SUMMARY"));
  const grades = Object.assign(document.createElement("div"), { className: "k-grades", hidden: true });
  const now = new Date();
  const state = stateOf(read(REVIEWS, {})[card.dataset.kCard], now);
  grades.append(...GRADES.map((grade, index) => {
    const next = scheduler.next(state, now, grade).card;
    return button(`${index + 1} ${WORDS.grades[index]} · ${when(next.due - now)}`, () => {
      keep(card.dataset.kCard, state, grade);
      ask(stage, cards, rest);
    });
  }));
  const reveal = button(WORDS.show, () => {
    answer.hidden = grades.hidden = false;
    reveal.hidden = true;
    grades.children[2].focus();
  }, "k-button k-main-button");
  const foot = line(WORDS.left.replace("{n}", left.length));
  foot.append(" ", button(WORDS.stop, () => overview(stage, cards)));
  box.addEventListener("keydown", (event) => {
    const index = ["1", "2", "3", "4"].indexOf(event.key);
    if (index >= 0 && !grades.hidden) grades.children[index].click();
  });
  box.append(question, reveal, answer, grades, foot);
  stage.replaceChildren(box);
  reveal.focus();
}

function keep(id, state, grade) {
  const now = new Date();
  write(REVIEWS, { ...read(REVIEWS, {}), [id]: entryOf(scheduler.next(state, now, grade).card) });
}

// The file's form is that of the Python package: a card has a `step` while it is learned, none afterwards.
function stateOf(entry, now) {
  if (!entry) return createEmptyCard(now);
  const last = entry.last_review ? new Date(entry.last_review) : undefined;
  return {
    ...createEmptyCard(now),
    state: entry.stability === null ? 0 : entry.state,
    learning_steps: entry.step ?? 0,
    stability: entry.stability ?? 0,
    difficulty: entry.difficulty ?? 0,
    due: new Date(entry.due),
    last_review: last,
    reps: 1,
  };
}

function entryOf(card) {
  return {
    state: card.state,
    step: card.state === 2 ? null : card.learning_steps,
    stability: card.stability,
    difficulty: card.difficulty,
    due: iso(card.due),
    last_review: iso(card.last_review),
  };
}

function iso(date) {
  return date.toISOString().replace("Z", "+00:00");
}

function isEntry(entry) {
  return entry && [1, 2, 3].includes(entry.state) && !Number.isNaN(Date.parse(entry.due))
    && (entry.stability === null || Number.isFinite(entry.stability));
}

function exchange(changed) {
  const told = line(WORDS.kept);
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

function copy(element) {
  return [...element.cloneNode(true).childNodes];
}

function line(text) {
  return Object.assign(document.createElement("p"), { className: "k-small", textContent: text });
}

function when(milliseconds) {
  if (!Number.isFinite(milliseconds)) return WORDS.never;
  const minutes = Math.max(1, Math.round(milliseconds / 60000));
  const units = [[60, "minute"], [1440, "hour"], [Infinity, "day"]];
  const [, unit] = units.find(([limit]) => minutes < limit);
  const count = Math.round(minutes / { minute: 1, hour: 60, day: 1440 }[unit]);
  const text = new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, unitDisplay: "long" }).format(count);
  return text.replace(/(\d)(\p{Script=Han})/u, "$1 $2"); // a space between a number and Chinese, as everywhere on the site
}
