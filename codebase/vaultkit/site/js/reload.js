// Live reload while `vaultkit serve` runs: reload when this page has changed, show what is to be mended, at the
// blocks themselves what they did wrong, and that notes are being run. `STATE` says how things stood.
const ZH = document.documentElement.lang.startsWith("zh");
const WORDS = ZH
  ? { mend: "待修正", stopped: "显示的是上一个完好的版本。", running: "运行中", wrong: "处有误", verified: "已验证",
      title: "正在运行本页的代码，或在排队等候", see: "看第一处错误", line: "第 {n} 行", shows: "− 笔记所示", printed: "+ 实际打印" }
  : { mend: "To mend", stopped: "The last good version is shown.", running: "running", wrong: "wrong", verified: "verified",
      title: "The code of this page is being run, or waits for its turn", see: "To the first fault", line: "line {n}", shows: "− the note shows", printed: "+ the block printed" };
const PAGE = decodeURI(location.pathname).slice(1).replace(/index\.html$/, "");
const FOLLOWS = "block-not-run"; // nothing to mend here: an earlier block failed
const state = { ...STATE };
let held = false; // a reload, by an open dialog
let leaving = false;
const LOADED = performance.getEntriesByType("navigation")[0];
// What had been told when the server read this page; what came after that may be missing in it.
const since = LOADED?.serverTiming?.find(({ name }) => name === "kvist")?.duration ?? STATE.seen;
let arrived = LOADED?.type === "reload"; // then the place is kept

show();
const events = new EventSource(`/__kvist/events?since=${since}`);
events.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  const { changed, stopped, seen } = message;
  if (changed !== undefined && (changed || !stopped) && concerns(changed)) {
    reload();
    if (!held) return;
  }
  if (seen === state.seen) return; // how things stood when the page was loaded
  Object.assign(state, message);
  show();
};

// An open dialog is somebody's work: the search, with what is typed in it. The page is loaded again once it is
// closed, unless it is left for another one then.
function reload() {
  const dialog = document.querySelector("dialog[open]");
  if (!dialog) return leaving || location.reload();
  if (held) return;
  held = true;
  dialog.addEventListener("click", ({ target, ctrlKey, metaKey, shiftKey }) => {
    const link = target.closest("a[href]");
    leaving = Boolean(link) && !ctrlKey && !metaKey && !shiftKey && link.pathname !== location.pathname;
  });
  dialog.addEventListener("close", () => {
    held = false;
    reload();
  }, { once: true });
}

addEventListener("pageshow", () => (leaving = false)); // come back to

// True if this page is among the files that have changed, or what all pages load; without a list all have.
function concerns(changed) {
  const page = PAGE.replace(/(^|\/)$/, "$1index.html");
  return !changed || changed.some((file) => file === page || /\.(css|js)$/.test(file));
}

function show() {
  const running = state.running.includes(PAGE);
  const mine = state.failures.filter((failure) => failure.urls.includes(PAGE));
  const faults = mine.filter((failure) => failure.kind !== FOLLOWS);
  document.querySelectorAll(".k-wrong").forEach((old) => old.remove());
  const blocks = codeBlocks();
  for (const failure of mine) place(failure, blocks, running);
  pill(running, faults);
  bar();
  const there = !arrived && location.hash.startsWith("#k-wrong-") && document.getElementById(location.hash.slice(1));
  if (there) reveal(there);
}

// What is to be mended, at the foot of each page; who folds it finds it folded on the next one.
function bar() {
  const faults = state.failures.filter((failure) => failure.kind !== FOLLOWS);
  const count = faults.length + state.problems.length;
  if (!count) return document.getElementById("k-problems")?.remove();
  const box = document.getElementById("k-problems") ?? document.body.appendChild(newBar());
  const [title, lines] = box.children;
  const own = (failure) => failure.urls.includes(PAGE);
  const links = [...faults.filter(own), ...faults.filter((failure) => !own(failure))].map((failure) => {
    const link = element("a", "", failure.text);
    const url = own(failure) ? PAGE : (failure.urls.find((one) => one.startsWith("zh/") === ZH) ?? failure.urls[0]);
    link.href = `/${encodeURI(url)}#${name(failure)}`;
    link.addEventListener("click", () => own(failure) && reveal(document.getElementById(name(failure))));
    return link;
  });
  title.textContent = `${state.stopped ? `${WORDS.stopped} ` : ""}${WORDS.mend}${ZH ? "：" : ": "}${count}`;
  lines.replaceChildren(...links, ...state.problems.map((line) => element("p", "", line)));
}

function newBar() {
  const box = element("details", "");
  box.id = "k-problems";
  box.open = !sessionStorage.kvistFolded;
  box.append(element("summary", ""), element("div", ""));
  box.addEventListener("toggle", () => (sessionStorage.kvistFolded = box.open ? "" : "1"));
  return box;
}

// What went wrong, below its block and what the note shows of it; below the title if the block is not here.
function place(failure, blocks, running) {
  const box = element("section", `k-wrong${running ? " k-old" : ""}${failure.kind === FOLLOWS ? " k-follows" : ""}`);
  box.id = name(failure);
  const head = element("p", "", `${failure.kind === FOLLOWS ? "" : "✗ "}${failure.message}`);
  if (failure.line) head.append(element("span", "k-wrong-line", WORDS.line.replace("{n}", failure.line)));
  box.append(head);
  if (failure.rows.length) {
    const signs = failure.kind.startsWith("output-");
    const rows = element("pre", "");
    for (const row of failure.rows) rows.append(line(row, signs));
    box.append(rows);
    if (signs) box.append(legend());
  }
  if (failure.hint) box.append(element("p", "k-wrong-hint", failure.hint));
  for (const part of box.children) if (!part.lang) part.lang = "en"; // in the words of the command
  const block = find(failure, blocks);
  if (block) below(block).after(box);
  else (document.querySelector(".k-head") ?? document.querySelector("article h1") ?? document.querySelector("article")?.firstChild)?.after(box);
}

function line(row, signs) {
  if (!signs) return element("span", "k-row", row);
  const kind = { "-": " k-row-shown", "+": " k-row-printed", "@": " k-row-gap" }[row[0]] ?? "";
  return element("span", `k-row${kind}`, row[0] === "@" ? "⋯" : row);
}

function legend() {
  const legend = element("p", "k-wrong-hint k-wrong-legend");
  legend.lang = document.documentElement.lang;
  legend.append(element("span", "k-row-shown", WORDS.shows), " ", element("span", "k-row-printed", WORDS.printed));
  return legend;
}

// The block with this code; while it is being written anew, the one in its place.
function find(failure, blocks) {
  const code = squeezed(failure.code);
  const same = blocks.filter((block) => code && squeezed(block.querySelector("pre > code")?.textContent ?? "") === code);
  const python = blocks.filter((block) => block.classList.contains("language-python"));
  return same[failure.before] ?? same[0] ?? (python.length === failure.blocks ? python[failure.block - 1] : null);
}

function codeBlocks() {
  return [...document.querySelectorAll("main .highlight:not(.k-output, .no-copy)")];
}

function squeezed(text) {
  return text.replace(/\s+/g, "");
}

// The last of a block's own parts: the panel with its output, the remark below.
function below(block) {
  let last = block;
  for (let next = block.nextElementSibling; next?.matches(".k-output, .k-remark, p:empty"); next = next.nextElementSibling) {
    if (!next.matches("p:empty")) last = next;
  }
  return last;
}

// In the place of the badge, and as wide as it: nothing moves when that comes.
function pill(running, faults) {
  const old = document.querySelector(".k-live");
  const badge = document.querySelector(".k-pill-verified");
  if (badge || (!running && !faults.length)) return old?.remove();
  const word = running ? WORDS.running : `✗ ${faults.length} ${WORDS.wrong}`;
  if (running && old?.firstChild.textContent === word) return;
  const made = element(running ? "span" : "a", `k-pill k-live ${running ? "k-live-running" : "k-live-wrong"}`);
  const size = element("span", "k-live-size", `✓ ${WORDS.verified} `);
  size.append(element("span", "k-badge-date", new Date().toISOString().slice(0, 10)));
  size.setAttribute("aria-hidden", "true");
  made.append(element("span", "k-live-word", word), size);
  made.title = running ? WORDS.title : WORDS.see;
  if (running) made.setAttribute("role", "status");
  else {
    made.href = `#${name(faults[0])}`;
    made.addEventListener("click", () => reveal(document.getElementById(name(faults[0]))));
  }
  if (old) return old.replaceWith(made);
  const row = pillRow();
  const before = [...row.querySelectorAll(".k-pill-kind, .k-pill-planned, .k-pill-draft")].at(-1);
  if (before) before.after(" ", made);
  else row.prepend(made, " ");
}

function pillRow() {
  let head = document.querySelector("main .k-head");
  if (!head) {
    head = element("div", "k-head");
    let last = document.querySelector("article h1");
    while (last?.nextElementSibling?.matches(".k-subtitle, .k-notice")) last = last.nextElementSibling;
    last?.after(head);
  }
  const first = head.querySelector(":scope > p");
  if (first && !first.querySelector(".k-label")) return first;
  const row = element("p", "");
  head.prepend(row);
  return row;
}

function reveal(place) {
  if (!place) return;
  arrived = true;
  for (let fold = place.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  place.scrollIntoView({ block: "center" });
}

// The id of its box, which other pages know too.
function name(failure) {
  const same = (other) => other.note === failure.note && other.block === failure.block && other.line === failure.line;
  const before = state.failures.filter(same).indexOf(failure);
  return `k-wrong-${failure.block}-${failure.line}${before ? `-${before + 1}` : ""}`;
}

function element(kind, classes, text = "") {
  const made = document.createElement(kind);
  if (classes) made.className = classes;
  made.textContent = text;
  return made;
}
