// Asking cards: when one comes again is FSRS-6, as in `vaultkit review`, and so is what is kept of it.
import { createEmptyCard, fsrs, Rating } from "./fsrs.js";
import { button, read, write } from "./store.js";

export const REVIEWS = "kvist.reviews"; // {id: {state, step, stability, difficulty, due, last_review}}
export const GRADES = [Rating.Again, Rating.Hard, Rating.Good, Rating.Easy];
const WORDS = {
  en: {
    never: "some time", show: "Show the answer", grades: ["again", "hard", "good", "easy"], left: "{n} left", stop: "Stop",
    keys: "Keys: Enter or space shows the answer, 1 to 4 grade it, Escape stops.",
  },
  zh: {
    never: "一段时间", show: "看答案", grades: ["忘了", "吃力", "记得", "轻松"], left: "还剩 {n} 张", stop: "停止",
    keys: "键盘：回车或空格看答案，1 到 4 打分，Esc 停止。",
  },
}[document.documentElement.lang] ?? {};
export const NAMES = WORDS.grades ?? [];
const scheduler = fsrs({ enable_fuzz: false, request_retention: 0.9, learning_steps: ["1m", "10m"], relearning_steps: ["10m"] });

/** Ask cards one by one in `stage`; `end` gets [{card, grade}] when all are asked or the visitor stops. */
export function ask(stage, cards, end, given = []) {
  const [card, ...rest] = cards;
  if (!card) {
    end(given);
    return;
  }
  const box = Object.assign(document.createElement("div"), { className: "k-quiz" });
  const question = Object.assign(document.createElement("div"), { className: "k-question" });
  question.append(...card.question());
  const answer = Object.assign(document.createElement("div"), { className: "k-answer", hidden: true });
  answer.append(...card.answer());
  const grades = Object.assign(document.createElement("div"), { className: "k-grades", hidden: true });
  const now = new Date();
  const state = stateOf(read(REVIEWS, {})[card.id], now);
  grades.append(...GRADES.map((grade, index) => {
    const next = scheduler.next(state, now, grade).card;
    return button(`${index + 1} ${NAMES[index]} · ${when(next.due - now)}`, () => {
      keep(card.id, state, grade);
      ask(stage, rest, end, [...given, { card, grade }]);
    });
  }));
  const reveal = button(WORDS.show, () => {
    answer.hidden = grades.hidden = false;
    reveal.hidden = true;
    grades.children[2].focus();
  }, "k-button k-main-button");
  const foot = line(WORDS.left.replace("{n}", cards.length));
  foot.append(" ", button(WORDS.stop, () => end(given)));
  box.addEventListener("keydown", (event) => {
    const index = ["1", "2", "3", "4"].indexOf(event.key);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (index >= 0 && !grades.hidden) grades.children[index].click();
    if (event.key === "Escape") end(given);
  });
  box.append(question, reveal, answer, grades, foot, Object.assign(line(WORDS.keys), { className: "k-small k-keys" }));
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

export function line(text) {
  return Object.assign(document.createElement("p"), { className: "k-small", textContent: text });
}

export function when(milliseconds) {
  if (!Number.isFinite(milliseconds)) return WORDS.never;
  const minutes = Math.max(1, Math.round(milliseconds / 60000));
  const units = [[60, "minute"], [1440, "hour"], [Infinity, "day"]];
  const [, unit] = units.find(([limit]) => minutes < limit);
  const count = Math.round(minutes / { minute: 1, hour: 60, day: 1440 }[unit]);
  const text = new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, unitDisplay: "long" }).format(count);
  return text.replace(/(\d)(\p{Script=Han})/u, "$1 $2"); // a space between a number and Chinese, as everywhere on the site
}
