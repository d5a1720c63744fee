// What a preview shows of a page: its beginning, or the section or block that a link means, made harmless.
const MOST_BLOCKS = 6, MOST_TEXT = 700; // a section is cut there
const MOST_ROWS = 8; // of a list or a table
const NEVER = "script, style, link, meta, base, template, noscript, iframe, frame, object, embed, applet, form, button, input, select, textarea, audio, video, canvas, animate, set, foreignObject, .headerlink, .k-copy, .k-block, .k-also, .k-map, .k-list-tools, .k-progress";
const APART = ".k-head, .k-subtitle, .k-notice, .k-properties-box, .k-list-tools, .k-small, .k-map, .k-progress, .k-review, .k-graph, .k-backlinks, .k-in-lists";
const HEADING = /^H[1-6]$/;
const PLAIN = /^(?:https?|mailto|obsidian):/i;

/** {title, language, part}: a fragment for `hash` ("" or "#…") of a parsed page at `url`, null if there is none. */
export function partOf(page, url, hash) {
  const article = page.querySelector("article.k-body");
  if (!article || article.matches(".k-kind-source")) return null;
  const place = hash ? page.getElementById(decode(hash.slice(1))) : null;
  if (hash && !(place && article.contains(place))) return null;
  const heading = place?.closest("h1, h2, h3, h4, h5, h6");
  const whole = !place || heading?.matches("h1");
  const blocks = whole ? beginning(article) : heading ? section(heading) : block(place);
  const inert = document.implementation.createHTMLDocument(); // here nothing loads or runs while it is cleaned
  const part = inert.body.appendChild(inert.createElement("div"));
  for (const each of blocks) part.append(inert.importNode(each, true));
  clean(part, url);
  for (const list of part.querySelectorAll("ul, ol, tbody")) cut(list);
  if (!part.textContent.trim() && !part.querySelector("img, svg")) return null;
  const language = article.lang || page.documentElement.lang;
  return { title: titleOf(article, whole ? null : heading), language, part: document.adoptNode(part) };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function titleOf(article, heading) {
  const text = (element) => (element ? [...element.childNodes].filter((node) => !node.classList?.contains("headerlink")).map((node) => (node.querySelector?.("annotation") ?? node).textContent).join("").trim() : "");
  const title = text(article.querySelector("h1"));
  return heading ? `${title} › ${text(heading)}` : title;
}

/** The claim and what follows the title, up to the second heading. */
function beginning(article) {
  const found = [];
  let headings = 0;
  for (const element of article.children) {
    if (element.matches("h1") || element.matches(APART)) continue;
    if (HEADING.test(element.tagName) && ++headings > 1) break;
    if (element.matches("p") && [...element.childNodes].every((node) => node.nodeName === "A" || !node.textContent.trim())) continue; // the link to the other language
    if (!HEADING.test(element.tagName)) found.push(element);
    if (enough(found)) break;
  }
  return found;
}

/** What stands below a heading, up to the next one of its rank. */
function section(heading) {
  const found = [];
  for (let next = heading.nextElementSibling; next && !enough(found); next = next.nextElementSibling) {
    if (HEADING.test(next.tagName) && next.tagName <= heading.tagName) break;
    found.push(next);
  }
  return found;
}

function block(place) {
  if (place.matches("div.k-block")) return place.nextElementSibling ? [place.nextElementSibling] : [];
  const row = place.closest("tr");
  if (row) return [place.closest("table")];
  const item = place.closest("li, p, dd, figure, blockquote, table, pre");
  return [item ?? place];
}

const enough = (blocks) => blocks.length >= MOST_BLOCKS || blocks.reduce((sum, block) => sum + block.textContent.length, 0) > MOST_TEXT;

/** The first items of a long list, and a sign that there are more. */
function cut(list) {
  const rest = [...list.children].slice(MOST_ROWS);
  if (rest.length < 2) return;
  for (const item of rest) item.remove();
  const more = list.ownerDocument.createElement(list.localName === "tbody" ? "tr" : "li");
  const cell = list.localName === "tbody" ? more.appendChild(list.ownerDocument.createElement("td")) : more;
  cell.textContent = `… (+${rest.length})`;
  list.append(more);
}

/** Take out what acts, answers to a name or leads astray; addresses become absolute. */
function clean(part, url) {
  for (const element of part.querySelectorAll(NEVER)) element.remove();
  for (const element of part.querySelectorAll("*")) {
    for (const { name } of [...element.attributes]) {
      const bare = name.toLowerCase();
      if (bare === "id" || bare === "name" || bare === "for" || bare === "srcset" || bare === "srcdoc" || bare === "autofocus" || bare === "contenteditable" || bare === "tabindex" || bare === "popovertarget" || bare.startsWith("on") || bare.startsWith("data-k-") || (bare.startsWith("aria-") && bare !== "aria-label" && bare !== "aria-hidden")) element.removeAttribute(name);
    }
    for (const name of ["href", "src", "xlink:href", "poster", "action", "formaction"]) {
      if (element.hasAttribute(name)) address(element, name, url);
    }
    if (element.localName === "img") Object.assign(element, { loading: "lazy", decoding: "async" });
    if (element.localName === "a") element.tabIndex = -1;
  }
}

function address(element, name, url) {
  let whole = "";
  try {
    whole = new URL(element.getAttribute(name), url).href;
  } catch {
    // no address at all
  }
  const image = element.localName === "img" && /^data:image\//i.test(whole);
  if (PLAIN.test(whole) || image) element.setAttribute(name, whole);
  else element.removeAttribute(name);
}
