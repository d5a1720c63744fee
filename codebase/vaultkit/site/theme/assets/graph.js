// The page of the whole graph: search, filters by kind, the selected note with its neighbours as links.
import { Drawing } from "./graph-canvas.js";
import { handle } from "./graph-hand.js";
import { signElement } from "./graph-signs.js";

const WORDS = {
  en: {
    find: "Find a note in the graph", planned: "planned", unwritten: "also what is planned", all: "Show all", more: "Zoom in", less: "Zoom out",
    label: "Graph of notes. Arrow keys go from note to note, Enter opens, plus and minus zoom, 0 shows all.",
    hint: "Point at a note to see what it is linked with. Arrow keys, Enter, + − 0 work too.",
    kinds: "Kinds of notes to show", none: "No note has that in its title or other names.", found: (n) => `${n} ${n === 1 ? "note" : "notes"} found · Enter goes from one to the next`,
    linked: (n) => `${n} ${n === 1 ? "link" : "links"}`, open: "Open", close: "Close", missing: "not written", failed: "The graph could not be loaded.",
  },
  zh: {
    find: "在关系图中查找笔记", planned: "待写", unwritten: "也显示待写的", all: "显示全部", more: "放大", less: "缩小",
    label: "笔记关系图。方向键在笔记间移动，Enter 打开，加号、减号缩放，0 显示全部。",
    hint: "指向一篇笔记，可看到与它相连的笔记。方向键、Enter、+ − 0 也可用。",
    kinds: "显示哪些类型的笔记", none: "没有标题或别名含有这些字的笔记。", found: (n) => `找到 ${n} 篇笔记 · 按 Enter 逐个查看`,
    linked: (n) => `${n} 个链接`, open: "打开", close: "关闭", missing: "尚不存在", failed: "关系图加载失败。",
  },
};

export async function start(root, language) {
  const box = document.querySelector(".k-graph");
  const words = WORDS[language] ?? WORDS.en;
  box.hidden = false;
  try {
    const response = await fetch(new URL("assets/graph.json", root));
    if (!response.ok) throw new Error(`graph.json: ${response.status}`);
    show(box, await response.json(), words, root);
  } catch (error) {
    box.textContent = words.failed;
    throw error;
  }
}

function nodesOf(data) {
  const links = data.t.map(() => []);
  data.e.forEach((others, n) => others.forEach((other) => links[n].push(other) && links[other].push(n)));
  const planned = new Set(data.p);
  return data.t.map((title, n) => ({
    title, url: data.u[n], kind: data.n[n], sign: data.k[data.n[n]][1], planned: planned.has(n), x: data.x[n], y: data.y[n], links: links[n],
  }));
}

const make = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

function show(box, data, words, root) {
  const nodes = nodesOf(data);
  const canvas = make("canvas", { tabIndex: 0, className: "k-graph-canvas" });
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", words.label);
  const status = make("p", { className: "k-graph-status", textContent: words.hint });
  status.setAttribute("role", "status");
  const card = make("div", { className: "k-graph-card", hidden: true });
  const find = make("input", { type: "search", placeholder: words.find, autocomplete: "off", spellcheck: false });
  find.setAttribute("aria-label", words.find);
  const press = (text, label, action) => {
    const made = make("button", { type: "button", className: "k-button", textContent: text, title: label, onclick: action });
    made.setAttribute("aria-label", label);
    return made;
  };
  const kinds = make("fieldset", { className: "k-graph-kinds" });
  kinds.setAttribute("aria-label", words.kinds);
  const drawing = new Drawing(canvas, nodes);
  const zoom = make("span", { className: "k-graph-zoom" },
    press("+", words.more, () => drawing.zoom(1.4)), press("−", words.less, () => drawing.zoom(0.7)), press(words.all, words.all, () => drawing.fit()));
  box.append(make("div", { className: "k-graph-tools" }, find, zoom), kinds, make("div", { className: "k-graph-stage" }, canvas, card), status);

  const href = (n) => (nodes[n].url === null ? null : new URL(nodes[n].url, root).href);
  const describe = (n) => {
    const { title, kind, planned, url, links } = nodes[n];
    const facts = [data.k[kind][0], words.linked(links.length)];
    if (planned && url !== null) facts.splice(1, 0, words.planned);
    return `${title} · ${facts.join(" · ")}`;
  };
  const select = (n) => {
    drawing.selected = n;
    fill(card, n);
    if (n >= 0) drawing.reveal(n, card);
    drawing.draw();
    status.textContent = n >= 0 ? describe(n) : words.hint;
    history.replaceState(null, "", n >= 0 && nodes[n].url !== null ? `#${nodes[n].url}` : location.pathname + location.search);
  };
  const link = (n) => {
    const made = href(n) ? make("a", { href: href(n), textContent: nodes[n].title }) : make("span", { textContent: nodes[n].title });
    if (nodes[n].planned) made.className = "k-planned";
    return made;
  };
  const fill = (into, n) => {
    into.hidden = n < 0;
    if (n < 0) return;
    const list = make("ul", {}, ...[...nodes[n].links].sort((a, b) => nodes[b].links.length - nodes[a].links.length || a - b).map((other) => make("li", {}, link(other))));
    const close = press("×", words.close, () => select(-1));
    into.replaceChildren(close, make("p", {}, link(n)), make("p", { className: "k-small", textContent: describe(n).slice(nodes[n].title.length + 3) }), list);
  };
  const go = (n, event) => {
    if (!href(n)) return;
    if (event.ctrlKey || event.metaKey || event.button === 1) window.open(href(n), "_blank", "noopener");
    else location.href = href(n);
  };
  handle(drawing, {
    hover(n) {
      if (n === drawing.hovered) return;
      drawing.hovered = n;
      canvas.style.cursor = n >= 0 ? "pointer" : "";
      status.textContent = n >= 0 ? describe(n) : drawing.selected >= 0 ? describe(drawing.selected) : words.hint;
      drawing.draw();
    },
    pick(n, event) {
      const touch = event.pointerType && event.pointerType !== "mouse";
      if (n < 0) select(-1);
      else if (touch && drawing.selected !== n) select(n); // a finger sees first what it would open
      else go(n, event);
    },
    choose: (n) => n !== -1 && select(Math.max(n, -1)),
  });

  const filter = () => {
    const off = new Set([...kinds.querySelectorAll("input:not(:checked)")].map((input) => input.value));
    drawing.shown = nodes.map((node) => !off.has(String(node.kind)) && !(node.planned && off.has("planned")));
    if (drawing.selected >= 0 && !drawing.shown[drawing.selected]) select(-1);
    search();
  };
  legend(kinds, data, nodes, words, filter);

  let hits = [], turn = -1;
  const names = nodes.map((node) => node.title.normalize("NFKC").toLowerCase());
  const search = () => {
    const query = find.value.normalize("NFKC").trim().toLowerCase();
    hits = query ? drawing.byWeight.filter((n) => drawing.shown[n] && names[n].includes(query)) : [];
    turn = -1;
    drawing.matches = query ? new Set(hits) : null;
    if (query) drawing.selected = -1;
    card.hidden = drawing.selected < 0;
    status.textContent = query ? (hits.length ? words.found(hits.length) : words.none) : words.hint;
    drawing.draw();
  };
  find.addEventListener("input", search);
  find.addEventListener("focus", async () => { // other names, the other language's among them, count too
    const response = await fetch(new URL("assets/titles.json", root));
    const others = new Map((response.ok ? await response.json() : []).map((page) => [page.u, page.a ?? []]));
    nodes.forEach((node, n) => (names[n] = [node.title, ...(others.get(node.url) ?? [])].join("\n").normalize("NFKC").toLowerCase()));
    if (find.value && turn < 0) search(); // one who walks through what was found keeps their place
  }, { once: true });
  find.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && hits.length) select(hits[(turn = (turn + (event.shiftKey ? hits.length - 1 : 1)) % hits.length)]);
    else if (event.key === "ArrowDown") canvas.focus();
    else return;
    event.preventDefault();
  });

  new ResizeObserver(() => {
    const first = !drawing.width;
    drawing.resize();
    if (!first) return;
    drawing.fit();
    const wanted = nodes.findIndex((node) => node.url && `#${node.url}` === decodeURIComponent(location.hash));
    if (wanted >= 0) select(wanted);
    box.dataset.ready = nodes.length;
  }).observe(canvas);
  new MutationObserver(() => drawing.scheme()).observe(document.documentElement, { attributeFilter: ["data-md-color-scheme"] });
  box.drawing = drawing;
}

/** One box to tick for each kind, with its sign; and, apart from them, one for what of any kind is planned. */
function legend(kinds, data, nodes, words, changed) {
  const row = (value, sign, text, state, count) => {
    const input = make("input", { type: "checkbox", checked: true, value });
    input.addEventListener("change", changed);
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (const [name, setting] of [["viewBox", "-9 -9 18 18"], ["aria-hidden", "true"]]) svg.setAttribute(name, setting);
    svg.append(signElement(sign, 5.5, Boolean(state)));
    kinds.append(make("label", { className: state }, input, svg, `${text} `, make("span", { className: "k-small", textContent: count })));
  };
  data.k.forEach(([label, sign], kind) => row(String(kind), sign, label, "", nodes.filter((node) => node.kind === kind).length));
  const planned = nodes.filter((node) => node.planned && node.url !== null).length;
  if (planned) row("planned", 0, words.unwritten, "k-graph-state", planned);
}
