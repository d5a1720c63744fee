// What every page does. Search is loaded when it is first opened; the rest is small.
import { copyButtons } from "./copy.js";
import { currentAnchor, markContents } from "./contents.js";
import { fillExplorer } from "./explorer.js";
import { permalinks } from "./permalinks.js";
import { scrollable } from "./scrollable.js";

const ROOT = new URL("..", import.meta.url); // root of this language's half of the site
const LANGUAGE = document.documentElement.lang;

let search = null;
let box = null;
/** The box is there at once and takes what is typed; its script answers when it has arrived. */
async function openSearch() {
  if (!box) {
    box = document.createElement("dialog");
    box.className = "k-search";
    box.innerHTML = '<form method="dialog" role="search"><input type="search" autocomplete="off" autocapitalize="off" spellcheck="false"></form>';
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || !event.target.matches("input")) return;
      event.preventDefault(); // would close it
      box.dataset.entered = event.target.value; // for the script, if it is still on its way
    });
    document.body.append(box);
  }
  if (!box.open) box.showModal();
  try {
    search ??= import("./search/dialog.js");
    const { open } = await search;
    if (box.open) open(box, { root: ROOT, language: LANGUAGE });
  } catch (error) {
    search = null;
    box.close();
    throw error;
  }
}

for (const button of document.querySelectorAll("[data-k-search]")) button.addEventListener("click", openSearch);
if (location.hash === "#k-search") { // who looks for something and comes from a page of the other language
  history.replaceState(null, "", location.pathname + location.search);
  openSearch();
}
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  const slash = event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
  const ctrlK = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey;
  if (!slash && !ctrlK) return;
  event.preventDefault();
  openSearch();
});

// Headings answer to both languages' anchors, so the anchor of this side is right on the other too.
for (const link of document.querySelectorAll("[data-k-switch]")) {
  link.addEventListener("click", () => {
    link.hash = currentAnchor();
  });
}

for (const button of document.querySelectorAll("[data-k-scheme]")) {
  button.addEventListener("click", () => {
    const next = document.documentElement.dataset.mdColorScheme === "slate" ? "default" : "slate";
    document.documentElement.dataset.mdColorScheme = next;
    try {
      localStorage.setItem("kvist.scheme", next);
    } catch {
      // a browser that stores nothing still switches for this page
    }
  });
}

copyButtons(LANGUAGE);
permalinks(LANGUAGE);
markContents();
scrollable();
fillExplorer(ROOT, LANGUAGE);
// A box is named by its task.
for (const box of document.querySelectorAll("main .task-list-control input")) {
  const text = box.closest("li").textContent.trim().split("\n")[0];
  box.setAttribute("aria-label", text || (LANGUAGE === "zh" ? "空任务" : "empty task"));
}
if (document.querySelector(".k-item, .k-todo, .k-progress, .k-place")) {
  import("./lists.js").then(({ cameFrom, nextItems, progressBars, readingList }) => {
    progressBars();
    nextItems();
    readingList();
    cameFrom();
  });
}
if (document.querySelector(".k-map")) import("./course-map.js").then(({ maps }) => maps());
const first = document.querySelector(".k-first");
if (first) import("./first.js").then(({ markFirst }) => markFirst(first, ROOT, LANGUAGE));
const review = document.querySelector(".k-review");
if (document.querySelector("[data-k-card]")) {
  if (review) import("./review.js").then(({ start }) => start(review));
  else import("./quiz.js").then(({ start }) => start());
}
if (document.querySelector(".k-graph")) import("./graph.js").then(({ start }) => start(ROOT, LANGUAGE));
const near = document.querySelector("[data-k-near]");
if (near) {
  const seen = new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting) return;
    seen.disconnect();
    import("./near.js").then(({ drawNear }) => drawNear(near, ROOT, LANGUAGE));
  }, { rootMargin: "300px" });
  seen.observe(near);
}

// Previews of links: loaded with the first link that a mouse rests on or that gets the focus by keyboard.
const mayPreview = (event) => {
  if (event.type === "pointerover" && event.pointerType !== "mouse") return;
  if (event.type === "focusin" && !event.target.matches(":focus-visible")) return;
  if (!event.target.closest?.("main a[href]")) return;
  for (const type of ["pointerover", "focusin"]) document.removeEventListener(type, mayPreview);
  import("./preview.js").then(({ start }) => start(ROOT, LANGUAGE, event));
};
for (const type of ["pointerover", "focusin"]) document.addEventListener(type, mayPreview);
