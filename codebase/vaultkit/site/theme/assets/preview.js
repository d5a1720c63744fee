// Previews of internal links: by mouse after a moment's rest, by keyboard while a link has the focus; Escape closes.
// Never by touch. The page that a link leads to is fetched once, parsed, and nothing of it runs.
import { partOf } from "./preview-part.js";

const REST = 350, STAY = 250, FOCUS = 600; // milliseconds: before it shows, before it goes, before a focus shows it
const NOT = ".headerlink, .k-map a, .k-path a, .k-contents-inline a, .k-foot-title a, [data-k-switch], [download], [hreflang]";
const pages = new Map();
let site = null;
let box = null;
let link = null; // that is being previewed
let shownAt = 0; // where the link stood on the screen then
let timer = 0;
let turn = 0;

/** Begin with the event that made this script load; `root` is the root of this language's half. */
export function start(root, language, event) {
  site = { root: new URL(language === "en" || "kOnly" in document.documentElement.dataset ? "." : "..", root), words: language === "zh" ? "链接预览" : "Preview of the link" };
  document.addEventListener("pointerover", over);
  document.addEventListener("pointerout", out);
  document.addEventListener("focusin", focus);
  document.addEventListener("focusout", () => hide());
  document.addEventListener("keydown", (key) => key.key === "Escape" && (link || timer) && hide());
  document.addEventListener("pointerdown", (down) => box?.contains(down.target) || hide());
  document.addEventListener("scroll", scrolled, { passive: true });
  window.addEventListener("resize", () => hide());
  // What the event was about may have been left while this script was on its way.
  if (event.type === "focusin") return focus({ target: document.activeElement });
  const { pointerType, clientX, clientY } = event;
  over({ pointerType, clientX, clientY, target: document.querySelector("main a[href]:hover") ?? document.body });
}

function over(event) {
  if (event.pointerType !== "mouse") return;
  if (box?.contains(event.target)) return clearTimeout(timer);
  const found = linkAt(event.target);
  if (!found || found === link) return found && clearTimeout(timer);
  wait(REST, () => show(found, [event.clientX, event.clientY]));
}

function out(event) {
  if (event.pointerType !== "mouse") return;
  const left = linkAt(event.target) ?? (box?.contains(event.target) ? box : null);
  if (left && !left.contains(event.relatedTarget)) wait(STAY, () => hide());
}

function focus(event) {
  const found = linkAt(event.target);
  if (found?.matches(":focus-visible")) wait(FOCUS, () => show(found));
}

/** What is read with the keyboard goes with its link; what the mouse showed goes when the text moves away. */
function scrolled() {
  if (!link) return;
  const { top, bottom } = link.getBoundingClientRect();
  const seen = bottom > 0 && top < document.documentElement.clientHeight;
  if (seen && link.matches(":focus-visible")) position(link, null);
  else if (!seen || Math.abs(top - shownAt) > 40) hide();
}

function wait(time, action) {
  clearTimeout(timer);
  timer = setTimeout(action, time);
}

/** The link in the text at an element, if it leads to a page of this site. */
function linkAt(element) {
  const found = element.closest?.("main a[href]");
  if (!found || found.matches(NOT)) return null;
  const url = new URL(found.getAttribute("href"), document.baseURI);
  const inside = url.origin === site.root.origin && url.pathname.startsWith(site.root.pathname);
  return inside && /(?:\/|\.html)$/.test(url.pathname) && !url.search ? found : null;
}

async function show(wanted, point = null) {
  const mine = ++turn;
  timer = 0;
  const url = new URL(wanted.getAttribute("href"), document.baseURI);
  const found = partOf(await pageAt(url), url, url.hash);
  if (mine !== turn || !found || !wanted.isConnected) return;
  await style(found.part, url);
  if (mine !== turn) return;
  box ??= build();
  const title = Object.assign(document.createElement("p"), { className: "k-preview-title", textContent: found.title });
  box.replaceChildren(title, found.part);
  box.lang = found.language;
  link?.removeAttribute("aria-describedby");
  link = wanted;
  link.setAttribute("aria-describedby", box.id);
  box.hidden = false;
  box.scrollTop = 0;
  position(wanted, point);
}

function hide() {
  clearTimeout(timer);
  timer = 0;
  turn += 1;
  link?.removeAttribute("aria-describedby");
  link = null;
  if (box) box.hidden = true;
}

function build() {
  const made = Object.assign(document.createElement("div"), { id: "k-preview", className: "k-preview md-typeset", hidden: true });
  made.setAttribute("role", "tooltip");
  made.setAttribute("aria-label", site.words);
  made.setAttribute("data-unsearched", "");
  document.body.append(made);
  return made;
}

/** The page at an address, parsed: this one as it is, others fetched once. */
function pageAt(url) {
  const bare = url.origin + url.pathname;
  if (bare === location.origin + location.pathname) return document;
  if (!pages.has(bare)) pages.set(bare, load(bare).catch(() => (pages.delete(bare), document.implementation.createHTMLDocument())));
  return pages.get(bare);
}

async function load(address) {
  const response = await fetch(address);
  const same = new URL(response.url).origin === location.origin;
  if (!response.ok || !same || !response.headers.get("content-type")?.startsWith("text/html")) throw new Error(address);
  return new DOMParser().parseFromString(await response.text(), "text/html"); // inert: no script runs, no image loads
}

/** Formulas need their style sheet, which only pages with formulas have. */
async function style(part, url) {
  const here = document.querySelector('link[rel="stylesheet"][href*="katex"]');
  if (here || !part.querySelector(".katex")) return;
  const sheet = (await pageAt(url)).querySelector('link[rel="stylesheet"][href*="katex"]');
  if (!sheet) return;
  const made = Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL(sheet.getAttribute("href"), url).href });
  await new Promise((done) => {
    made.addEventListener("load", done);
    made.addEventListener("error", done);
    document.head.append(made);
  });
}

/** Below the link, or above it where there is more room; never outside the window. */
function position(wanted, point) {
  const lines = [...wanted.getClientRects()];
  const line = (point && lines.find((r) => point[1] >= r.top - 2 && point[1] <= r.bottom + 2)) || lines[0] || wanted.getBoundingClientRect();
  const { clientWidth: width, clientHeight: height } = document.documentElement;
  const below = height - line.bottom - 16, above = line.top - 16;
  const down = below >= Math.min(box.scrollHeight, 320) || below >= above;
  box.style.maxHeight = `${Math.max(80, Math.min(380, down ? below : above))}px`;
  const left = Math.min(Math.max(8, (point ? point[0] : line.left) - 60), width - box.offsetWidth - 8);
  box.style.left = `${Math.max(8, left)}px`;
  shownAt = wanted.getBoundingClientRect().top;
  box.style.top = `${down ? line.bottom + 6 : Math.max(8, line.top - 6 - box.offsetHeight)}px`;
}
