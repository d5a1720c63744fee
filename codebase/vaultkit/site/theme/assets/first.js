// What comes before a note: what the visitor has ticked in a reading list is marked, and the first open note.
import { ticked } from "./lists.js";
import { read } from "./store.js";

const WORDS = {
  en: { read: "read", next: "start here", done: (n, all) => `· ${n} of ${all} read` },
  zh: { read: "已读", next: "从这里开始", done: (n, all) => `· 已读 ${n} / ${all}` },
};

/** Mark the list when it is opened, at once if there are ticks to show. */
export function markFirst(box, root, language) {
  let asked = false;
  const mark = async () => {
    if (asked) return;
    asked = true;
    const response = await fetch(new URL("assets/taught.json", root));
    if (response.ok) show(box, await response.json(), WORDS[language] ?? WORDS.en);
  };
  box.addEventListener("toggle", mark);
  if (Object.keys(read("kvist.ticks", {})).length) mark();
}

function show(box, taught, words) {
  const ticks = read("kvist.ticks", {});
  const isRead = (item) => "kKnown" in item.dataset || (taught[item.dataset.kPage] ?? []).some((row) => {
    const [ids, inFile] = row.split(":");
    return ticked(ticks, ids, inFile === "1");
  });
  const items = [...box.querySelectorAll("li")];
  const known = items.filter(isRead);
  const say = (item, text, className) => item.append(Object.assign(document.createElement("span"), { className, textContent: text }));
  for (const item of known) {
    item.classList.add("k-read");
    say(item, `✓ ${words.read}`, "k-first-mark");
  }
  const next = items.find((item) => !known.includes(item));
  if (known.length && next) say(next, words.next, "k-pill");
  if (known.length) box.querySelector(".k-first-done").textContent = words.done(known.length, items.length);
}
