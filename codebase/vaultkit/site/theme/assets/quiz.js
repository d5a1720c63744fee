// "Quiz me" on a note: its own cards, asked one by one; what one says counts on the page of cards too.
// How they are asked is loaded with the first question.
import { cardsOf } from "./cards.js";
import { button } from "./store.js";

const WORDS = {
  en: { begin: "Quiz me: {n} cards", one: "Quiz me: one card", known: "{n} of {all} known", missed: "Ask what was missed again ({n})", close: "Close", name: "Quiz" },
  zh: { begin: "考考我：{n} 张卡片", one: "考考我：1 张卡片", known: "答对 {n} / {all} 张", missed: "再问答错的（{n} 张）", close: "关闭", name: "自测" },
}[document.documentElement.lang] ?? {};

/** Put the button above the first card. */
export function start() {
  const cards = cardsOf(document);
  if (!cards.length) return;
  const place = Object.assign(document.createElement("section"), { className: "k-quiz-place" });
  place.setAttribute("aria-label", WORDS.name);
  cards[0].box.before(place);
  offer(place, cards);
}

function offer(place, cards) {
  const text = cards.length === 1 ? WORDS.one : WORDS.begin.replace("{n}", cards.length);
  const begin = button(text, () => run(place, cards, cards), "k-button k-main-button");
  place.replaceChildren(begin);
  place.classList.remove("k-asking");
  return begin;
}

async function run(place, cards, asked) {
  const flash = await import("./flash.js");
  for (const { box } of cards) box.open = false; // an answer in sight is none, nor is one a click away
  place.classList.add("k-asking");
  flash.ask(place, asked, (given) => result(flash, place, cards, given));
}

function result({ GRADES, line, NAMES }, place, cards, given) {
  const close = () => offer(place, cards).focus();
  if (!given.length) return close();
  const missed = given.filter(({ grade }) => grade === GRADES[0]).map(({ card }) => card);
  const box = Object.assign(document.createElement("div"), { className: "k-quiz", tabIndex: -1 });
  const told = Object.assign(document.createElement("p"), { className: "k-question" });
  told.textContent = WORDS.known.replace("{n}", given.length - missed.length).replace("{all}", given.length);
  const counts = GRADES.map((grade, index) => [NAMES[index], given.filter((one) => one.grade === grade).length]);
  const row = Object.assign(document.createElement("div"), { className: "k-exchange" });
  if (missed.length) row.append(button(WORDS.missed.replace("{n}", missed.length), () => run(place, cards, missed), "k-button k-main-button"));
  row.append(button(WORDS.close, close));
  box.append(told, line(counts.filter(([, count]) => count).map(([name, count]) => `${name} ${count}`).join(" · ")), row);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  told.setAttribute("role", "status");
  place.replaceChildren(box);
  row.firstChild.focus();
}
