// What is near a note: its neighbours, and on request theirs, as a drawing of links at the foot of the page.
import { signElement } from "./graph-signs.js";
import { settle } from "./near-layout.js";
import { packed } from "./packed.js";

const SHARDS = 64;
const LONGEST = 24; // half-width characters of a label
const NARROW = 560, FEW = 12; // pixels; neighbours shown on a narrow screen
const WORDS = {
  en: { title: "Near this note", further: "and their neighbours", whole: "the whole graph", more: (n) => `${n} more in`, self: "this note", planned: "planned", missing: "not written" },
  zh: { title: "与本页相连的笔记", further: "再远一步", whole: "整幅关系图", more: (n) => `另有 ${n} 篇，见`, self: "本页", planned: "待写", missing: "尚不存在" },
};
const SVG = "http://www.w3.org/2000/svg";

/** FNV-1a, as at build: in which file a page stands. */
function shard(url) {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(url)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return (value % SHARDS).toString(16).padStart(2, "0");
}

export async function drawNear(place, root, language) {
  const url = decodeURIComponent(location.pathname.slice(root.pathname.length)).replace(/index\.html$/, "");
  const data = await packed(new URL(`assets/near/${shard(url)}.bin`, root)).catch(() => null);
  if (!data?.p[url]) return;
  const [total, close, listed, others] = data.p[url];
  const links = Array.from({ length: close }, (_, n) => [0, n + 1]);
  for (let at = 0; at < others.length; at += 2) links.push([others[at], others[at + 1]]);
  const nodes = listed.map((n, index) => {
    const [title, address, sign, planned, x, y] = data.n[n];
    return { title, address, sign, planned, x, y, step: index === 0 ? 0 : index <= close ? 1 : 2 };
  });
  build(place, { total, nodes, links, root, words: WORDS[language] ?? WORDS.en, whole: `${place.dataset.kNear}#${url}` });
}

function build(place, site) {
  const { words, nodes } = site;
  const section = document.createElement("section");
  section.className = "k-near";
  section.setAttribute("aria-label", words.title);
  const head = document.createElement("div");
  head.className = "k-near-head";
  const title = Object.assign(document.createElement("p"), { className: "k-foot-title", textContent: words.title });
  const rest = document.createElement("p");
  rest.className = "k-small";
  const whole = Object.assign(document.createElement("a"), { href: site.whole, textContent: words.whole });
  head.append(title);
  const box = Object.assign(document.createElement("input"), { type: "checkbox" });
  if (nodes.some((node) => node.step === 2)) {
    const label = document.createElement("label");
    label.append(box, words.further);
    head.append(label);
  }
  head.append(rest);
  section.append(head);
  place.replaceChildren(section);

  let width = 0;
  const draw = () => {
    width = section.clientWidth;
    const few = width < NARROW ? FEW : Infinity;
    const kept = nodes.map((node, n) => node.step === 0 || (node.step === 1 ? n <= few : box.checked && width >= NARROW) || (node.step === 2 && box.checked));
    const shown = kept.filter((keep, n) => keep && nodes[n].step === 1).length;
    rest.replaceChildren(site.total > shown ? `${words.more(site.total - shown)} ` : "", whole);
    section.querySelector("svg")?.remove();
    section.append(drawing(site, kept, width));
  };
  box.addEventListener("change", draw);
  new ResizeObserver(() => Math.abs(section.clientWidth - width) > 20 && draw()).observe(section);
  draw();
}

function drawing(site, kept, width) {
  const { nodes, words, root } = site;
  const index = new Map();
  kept.forEach((keep, n) => keep && index.set(n, index.size));
  const shown = [...index.keys()].map((n) => ({ ...nodes[n], label: cut(nodes[n].title) }));
  for (const node of shown) node.width = 8 + 12 * half(node.label) * (node.step === 2 ? 0.5 : 0.54);
  const links = site.links.filter(([a, b]) => index.has(a) && index.has(b)).map(([a, b]) => [index.get(a), index.get(b)]);
  const area = shown.reduce((sum, node) => sum + (node.width + 10) * 34, 0); // that labels take
  const height = Math.round(Math.min(640, Math.max(220, 110 + (2.6 * area) / width)));
  const points = settle(shown, links, width, height);
  const svg = create("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": words.title });
  const lines = create("g", { "aria-hidden": "true" });
  svg.append(lines);
  const drawn = links.map(([a, b]) => {
    const line = create("line", { x1: points[a][0], y1: points[a][1], x2: points[b][0], y2: points[b][1] });
    if (a === 0) line.classList.add("k-own");
    lines.append(line);
    return [a, b, line];
  });
  shown.forEach((node, n) => {
    const [x, y] = points[n];
    const facts = [node.title];
    if (n === 0) facts.push(words.self);
    if (node.planned) facts.push(node.address === null ? words.missing : words.planned);
    const link = node.address === null || n === 0 ? create("g", {}) : create("a", { href: new URL(node.address, root).href, "aria-label": facts.join(", ") });
    link.setAttribute("class", n === 0 ? "k-self" : node.step === 2 ? "k-further" : "k-close");
    const text = create("text", { x: x.toFixed(1), y: (y + 19).toFixed(1) });
    text.textContent = node.label;
    const hint = create("title", {});
    hint.textContent = facts.join(", ");
    link.append(hint, signElement(node.sign, n === 0 ? 8 : node.step === 2 ? 4.5 : 6, node.planned, x, y), text);
    const light = (on) => drawn.forEach(([a, b, line]) => (a === n || b === n) && line.classList.toggle("k-near-lit", on));
    for (const [name, on] of [["pointerenter", true], ["pointerleave", false], ["focus", true], ["blur", false]]) link.addEventListener(name, () => light(on));
    svg.append(link);
  });
  return svg;
}

function create(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, typeof value === "number" ? value.toFixed(1) : value);
  return made;
}

const wide = (char) => (char.codePointAt(0) > 0x2e7f ? 2 : 1);
const half = (text) => [...text].reduce((sum, char) => sum + wide(char), 0);

function cut(text) {
  if (half(text) <= LONGEST) return text;
  let length = 0;
  return `${[...text].filter((char) => (length += wide(char)) < LONGEST).join("").trim()}…`;
}
