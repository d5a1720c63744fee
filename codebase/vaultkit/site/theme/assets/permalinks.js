// Addresses of blocks: a sign beside each that has a name (`^id`). Of code: a button copies the block's own, or that of the selected lines (`#code-1a2b3c4d-L3-L5`), and a
// page opened at such an address shows those lines.
import { confirmed } from "./copy.js";

const WORDS = { en: ["Copy a link to this block, or to the selected lines", "Link copied", "Link to this block"], zh: ["复制链接（选中几行时，链接指向这几行）", "链接已复制", "本段的链接"] };
const ADDRESS = /^#(?<id>code-[0-9a-f]{8}(?:-\d+)?)-L(?<first>\d+)(?:-L(?<last>\d+))?$/;

export function permalinks(language) {
  const [copy, copied, here] = WORDS[language] ?? WORDS.en;
  for (const link of document.querySelectorAll("main :is(h1, h2, h3, h4, h5, h6) > .headerlink[title]")) {
    link.setAttribute("aria-label", `${link.title}: ${link.parentElement.textContent.slice(0, -1).trim()}`); // not just "¶"
  }
  for (const anchor of document.querySelectorAll(".k-block[id]")) {
    const link = Object.assign(document.createElement("a"), { className: "headerlink", textContent: "¶", title: here });
    link.href = `#${encodeURIComponent(anchor.id)}`;
    link.setAttribute("aria-label", here);
    if (anchor.nodeName === "DIV") anchor.append(link);
    else anchor.parentElement.append(link);
  }
  for (const block of document.querySelectorAll(".highlight[id^=code-]")) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "k-copy k-copy-link", title: copy });
    button.setAttribute("aria-label", copy);
    button.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the selection
    button.addEventListener("click", async () => {
      const hash = `#${block.id}${selectedLines(block)}`;
      history.replaceState(null, "", hash);
      show();
      await navigator.clipboard.writeText(location.href);
      confirmed(button, copied);
    });
    block.append(button);
  }
  window.addEventListener("hashchange", () => show({ move: true }));
  show({ move: true });
}

function selectedLines(block) {
  const code = block.querySelector("pre > code");
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return "";
  const range = selection.getRangeAt(0);
  if (!code.contains(range.startContainer) || !code.contains(range.endContainer)) return "";
  const before = document.createRange();
  before.setStart(code, 0);
  before.setEnd(range.startContainer, range.startOffset);
  const first = lines(before.toString());
  const last = first + lines(range.toString().replace(/\n$/, "")) - 1;
  return last > first ? `-L${first}-L${last}` : `-L${first}`;
}

function lines(text) {
  return text.split("\n").length;
}

function show({ move = false } = {}) {
  for (const old of document.querySelectorAll(".k-lit")) old.remove();
  const found = ADDRESS.exec(decodeURIComponent(location.hash))?.groups;
  const code = found && document.getElementById(found.id)?.querySelector("pre > code");
  if (!code) return;
  const total = lines(code.textContent.replace(/\n$/, ""));
  const first = Math.min(Number(found.first), total);
  const last = Math.min(Math.max(Number(found.last ?? first), first), total);
  const style = getComputedStyle(code);
  const height = parseFloat(style.lineHeight);
  const mark = Object.assign(document.createElement("span"), { className: "k-lit" });
  mark.style.top = `${parseFloat(style.paddingTop) + (first - 1) * height}px`;
  mark.style.height = `${(last - first + 1) * height}px`;
  code.parentElement.append(mark);
  if (move) mark.scrollIntoView({ block: "center" });
}
