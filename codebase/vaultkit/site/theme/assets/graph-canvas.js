// The drawing of a graph on a canvas: what is seen, zoomed and hit. It knows nothing of words or controls.
import { colours, corners, roundness } from "./graph-signs.js";

const MIN = 0.05, MAX = 12;
const LABELS = 90; // at most, besides those around the selected node
const HUBS = 12; // written notes, the most linked: their titles may lie on signs of other notes, of planned ones rather
const CELL = 3; // pixels: a label takes cells of the drawing, and so does a sign

export class Drawing {
  /** `nodes`: [{title, sign, planned, x, y, links: [indices]}]. */
  constructor(canvas, nodes) {
    Object.assign(this, { canvas, nodes, view: { x: 0, y: 0, k: 1 }, selected: -1, hovered: -1, matches: null });
    this.shown = nodes.map(() => true);
    this.radius = nodes.map((node) => 3.2 + 1.5 * Math.sqrt(node.links.length));
    this.byWeight = nodes.map((_, n) => n).sort((a, b) => nodes[b].links.length - nodes[a].links.length || a - b);
    this.context = canvas.getContext("2d");
    this.waiting = false;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.sheet = { canvas: document.createElement("canvas"), view: this.view, of: null };
    this.scheme();
  }

  scheme() {
    this.colours = colours();
    this.stamps = new Map();
    this.draw();
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const ratio = window.devicePixelRatio || 1;
    Object.assign(this.canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    if (!this.width && width) { // the drawing is as wide as its place
      const wide = Math.sqrt(Math.min(2, Math.max(0.55, width / height)));
      for (const node of this.nodes) [node.x, node.y] = [node.x * wide, node.y / wide];
    }
    Object.assign(this, { width, height, ratio });
    this.draw();
  }

  /** Place on the canvas of a node, in CSS pixels. */
  at(n) {
    const { x, y, k } = this.view;
    return [(this.nodes[n].x - x) * k + this.width / 2, (this.nodes[n].y - y) * k + this.height / 2];
  }

  size(n) {
    return this.radius[n] * Math.min(2.2, Math.max(0.55, Math.sqrt(this.view.k)));
  }

  /** The shown node under a point, -1 if there is none; `slack` in pixels. */
  hit(px, py, slack = 5) {
    let best = -1, least = Infinity;
    for (let n = 0; n < this.nodes.length; n++) {
      if (!this.shown[n]) continue;
      const [x, y] = this.at(n);
      const gap = Math.hypot(x - px, y - py) - this.size(n);
      if (gap < slack && gap < least) [best, least] = [n, gap];
    }
    return best;
  }

  /** The nearest shown node from `from` in a direction of the screen, -1 if there is none. */
  towards(from, dx, dy) {
    let best = -1, least = Infinity;
    const [x0, y0] = this.at(from);
    for (let n = 0; n < this.nodes.length; n++) {
      if (n === from || !this.shown[n]) continue;
      const [x, y] = this.at(n);
      const along = (x - x0) * dx + (y - y0) * dy;
      const across = Math.abs((x - x0) * dy - (y - y0) * dx);
      if (along <= 0) continue;
      const cost = along + 2 * across;
      if (cost < least) [best, least] = [n, cost];
    }
    return best;
  }

  zoom(factor, px = this.width / 2, py = this.height / 2) {
    this.turn = null; // a hand on the drawing ends a motion, which would undo what it does
    const { x, y, k } = this.view;
    const next = Math.min(MAX, Math.max(MIN, k * factor));
    const [dx, dy] = [px - this.width / 2, py - this.height / 2];
    this.view = { k: next, x: x + dx / k - dx / next, y: y + dy / k - dy / next };
    this.draw();
  }

  pan(dx, dy) {
    this.turn = null;
    this.view.x -= dx / this.view.k;
    this.view.y -= dy / this.view.k;
    this.draw();
  }

  /** Show all of these nodes (default: all that are shown). */
  fit(wanted = null) {
    const list = wanted ?? this.nodes.map((_, n) => n).filter((n) => this.shown[n]);
    if (!list.length || !this.width) return;
    const xs = list.map((n) => this.nodes[n].x), ys = list.map((n) => this.nodes[n].y);
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const room = this.width < 560 ? 40 : 90; // for labels at the sides
    const k = Math.min((this.width - room) / Math.max(right - left, 60), (this.height - 70) / Math.max(bottom - top, 60), 3);
    this.move({ x: (left + right) / 2, y: (top + bottom) / 2, k: Math.max(k, MIN) });
  }

  /** Bring a node into view, to the middle of what `card` (an element that lies on the drawing) leaves free. */
  reveal(n, card) {
    const [x, y] = this.at(n);
    const [box, over] = [this.canvas.getBoundingClientRect(), card.getBoundingClientRect()];
    const [left, top] = [over.left - box.left, over.top - box.top];
    const across = over.width > 0.7 * box.width; // else it stands at the right
    const covered = !over.width ? [0, 0] : across ? [0, this.height - top] : [this.width - left, 0];
    const seen = x > 40 && x < this.width - 40 && y > 40 && y < this.height - 40;
    const hidden = over.width && x > left - 40 && y > top - 40 && x < left + over.width + 40 && y < top + over.height + 40;
    if (!seen || hidden) this.move({ ...this.view, x: this.nodes[n].x + covered[0] / 2 / this.view.k, y: this.nodes[n].y + covered[1] / 2 / this.view.k });
  }

  move(to) {
    const from = this.view, began = performance.now();
    const turn = (this.turn = Symbol("move"));
    if (this.still.matches || !this.moved) {
      [this.view, this.moved] = [to, true];
      return this.draw();
    }
    const step = (now) => {
      if (turn !== this.turn) return;
      const t = Math.min(1, (now - began) / 220), e = t * (2 - t);
      this.view = { x: from.x + (to.x - from.x) * e, y: from.y + (to.y - from.y) * e, k: from.k * (to.k / from.k) ** e };
      this.paint();
      if (t < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  draw() {
    if (this.waiting || !this.width) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.paint();
    });
  }

  paint() {
    const { context: c, nodes, colours: colour } = this;
    c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    c.clearRect(0, 0, this.width, this.height);
    const focus = this.hovered >= 0 ? this.hovered : this.selected;
    const near = focus >= 0 ? new Set([focus, ...nodes[focus].links]) : this.matches;
    const place = nodes.map((_, n) => this.at(n));
    this.lines(place, near, focus);
    for (let turn = near ? 0 : 1; turn < 2; turn++) { // those that matter on top
      for (let n = 0; n < nodes.length; n++) {
        if (this.shown[n] && (!near || near.has(n) === (turn === 1))) this.sign(n, place[n], near && turn === 0 ? 0.18 : 1);
      }
    }
    c.globalAlpha = 1;
    for (const [n, width] of [[this.selected, 2.5], [this.hovered, 1.5]]) {
      if (n < 0 || !this.shown[n]) continue;
      c.beginPath();
      c.arc(...place[n], this.size(n) * 1.25 + 4, 0, 7);
      Object.assign(c, { strokeStyle: colour.accent, lineWidth: width });
      c.stroke();
    }
    this.labels(place, near, focus);
  }

  /** All lines stand on a sheet of their own: while the view moves the sheet is moved, at rest it is drawn anew. */
  lines(place, near, focus) {
    const { context: c, view, sheet, colours: colour } = this;
    const same = sheet.of === this.shown && sheet.colours === colour && sheet.canvas.width === this.canvas.width && sheet.canvas.height === this.canvas.height;
    const still = same && sheet.view.x === view.x && sheet.view.y === view.y && sheet.view.k === view.k;
    if (!same) this.drawSheet(place);
    else if (!still) {
      clearTimeout(this.rest);
      this.rest = setTimeout(() => {
        sheet.of = null;
        this.draw();
      }, 110);
    }
    const scale = view.k / sheet.view.k;
    const left = (sheet.view.x - view.x) * view.k + (this.width / 2) * (1 - scale), top = (sheet.view.y - view.y) * view.k + (this.height / 2) * (1 - scale);
    c.globalAlpha = near ? 0.45 : 1;
    c.drawImage(sheet.canvas, left, top, this.width * scale, this.height * scale);
    if (focus < 0 || !this.shown[focus]) return;
    Object.assign(c, { strokeStyle: colour.accent, lineWidth: 1.4, globalAlpha: 0.85 });
    c.beginPath();
    for (const other of this.nodes[focus].links) {
      if (this.shown[other]) c.moveTo(...place[focus]), c.lineTo(...place[other]);
    }
    c.stroke();
  }

  drawSheet(place) {
    const { sheet, nodes, width, height } = this;
    Object.assign(sheet.canvas, { width: this.canvas.width, height: this.canvas.height });
    Object.assign(sheet, { of: this.shown, colours: this.colours, view: { ...this.view } });
    const c = sheet.canvas.getContext("2d");
    c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    const count = nodes.reduce((sum, node) => sum + node.links.length, 0) / 2;
    const faint = Math.min(0.45, Math.max(0.1, 160 / (count + 1) + 0.08)) * Math.min(2, Math.max(1, this.view.k / 2));
    Object.assign(c, { strokeStyle: this.colours.muted, lineWidth: 0.8, globalAlpha: faint });
    c.beginPath();
    for (let n = 0; n < nodes.length; n++) {
      if (!this.shown[n]) continue;
      const [x, y] = place[n];
      for (const other of nodes[n].links) {
        if (other < n || !this.shown[other]) continue;
        const [x2, y2] = place[other];
        if ((x < 0 && x2 < 0) || (y < 0 && y2 < 0) || (x > width && x2 > width) || (y > height && y2 > height)) continue;
        c.moveTo(x, y);
        c.lineTo(x2, y2);
      }
    }
    c.stroke();
  }

  sign(n, [x, y], alpha) {
    const r = Math.round(this.size(n) * 2) / 2;
    if (x < -r || y < -r || x > this.width + r || y > this.height + r) return;
    const stamp = this.stamp(this.nodes[n].sign, this.nodes[n].planned, r), side = stamp.width / this.ratio;
    this.context.globalAlpha = alpha;
    this.context.drawImage(stamp, x - side / 2, y - side / 2, side, side);
  }

  /** A sign drawn once for all nodes that look alike. */
  stamp(sign, planned, r) {
    const { colours: colour } = this;
    const key = `${sign} ${planned} ${r} ${this.ratio}`;
    if (this.stamps.has(key)) return this.stamps.get(key);
    const side = Math.ceil((r * 1.6 + 2) * 2 * this.ratio);
    const stamp = Object.assign(document.createElement("canvas"), { width: side, height: side });
    const c = stamp.getContext("2d"), points = corners(sign, r);
    c.setTransform(this.ratio, 0, 0, this.ratio, side / 2, side / 2);
    c.beginPath();
    if (points) points.forEach(([dx, dy], i) => (i ? c.lineTo(dx, dy) : c.moveTo(dx, dy)));
    else c.arc(0, 0, roundness(sign, r), 0, 7);
    c.closePath();
    c.fillStyle = planned ? colour.paper : colour.signs[sign];
    c.fill();
    Object.assign(c, { strokeStyle: planned ? colour.signs[sign] : colour.paper, lineWidth: planned ? 1.6 : 1 });
    if (planned) c.setLineDash([3, 2]);
    c.stroke();
    this.stamps.set(key, stamp);
    return stamp;
  }

  /** Where a title may stand, the best place first; a hub's also at the corners of its sign. */
  boxes([px, y], n, text, corners) {
    const half = this.context.measureText(text).width / 2 + 3, gap = this.size(n) * 1.2 + 2;
    const boxAt = (x, top) => [x - half, top - 1, x + half, top + 14];
    const middle = Math.min(Math.max(px, half), this.width - half);
    const boxes = [boxAt(middle, y + gap), boxAt(middle, y - gap - 13), boxAt(px + gap + half, y - 7), boxAt(px - gap - half, y - 7)];
    if (corners) for (const side of [px + half + gap / 2, px - half - gap / 2]) boxes.push(boxAt(side, y + gap - 3), boxAt(side, y - gap - 10));
    return boxes.filter((b) => b[0] >= 0 && b[2] <= this.width);
  }

  /** A title, whole or without the brackets at its end, and its box: by the first rule (who may lie under it) that leaves one. */
  placed(n, at, room, rules, must) {
    const { title } = this.nodes[n], whole = title.length > 34 ? `${title.slice(0, 33)}…` : title;
    const texts = new Set([whole, whole.replace(/(.)（[^（）]*）$/, "$1")]);
    const tried = [...texts].map((text) => [text, this.boxes(at, n, text, rules.length > 1)]);
    for (const may of rules) {
      for (const [text, boxes] of tried) {
        const box = room.least(boxes, n, may);
        if (box) return [text, box];
      }
    }
    return must && tried[0][1].length ? [whole, tried[0][1][0]] : null;
  }

  /** The most linked of the written notes that are shown. */
  hubs(most) {
    return this.byWeight.filter((n) => this.shown[n] && !this.nodes[n].planned).slice(0, most);
  }

  /** Titles, the most linked first, below, above or beside their sign, where neither another title nor a sign is. */
  labels(place, near, focus) {
    const { context: c, nodes, colours: colour } = this;
    const room = new Room(this.width, this.height);
    for (let n = 0; n < nodes.length; n++) {
      const r = this.size(n);
      if (this.shown[n] && (!near || near.has(n))) room.take([place[n][0] - r, place[n][1] - r, place[n][0] + r, place[n][1] + r], n);
    }
    this.labelled = []; // [node, box]
    Object.assign(c, { font: `12px ${colour.font}`, textAlign: "center", textBaseline: "top", lineJoin: "round" });
    const limit = Math.min(LABELS, (this.width * this.height) / 9000);
    const hubs = new Set(near ? [] : this.hubs(Math.min(HUBS, limit / 2)));
    const order = near ? [...near].sort((a, b) => (b === focus) - (a === focus) || nodes[b].links.length - nodes[a].links.length) : [...hubs, ...this.byWeight.filter((n) => !hubs.has(n))];
    const nobody = () => false, planned = (m) => nodes[m].planned, lesser = (m) => !hubs.has(m);
    for (const n of order) {
      if (!this.shown[n] || this.labelled.length >= limit) continue;
      if (place[n][0] < 0 || place[n][1] < 0 || place[n][0] > this.width || place[n][1] > this.height) continue;
      const found = this.placed(n, place[n], room, hubs.has(n) ? [nobody, planned, lesser] : [nobody], n === focus);
      if (!found) continue;
      const [text, box] = found;
      room.take(box, TITLE);
      this.labelled.push([n, box]);
      const x = (box[0] + box[2]) / 2, top = box[1] + 1;
      c.font = `${n === focus ? "600 " : ""}12px ${colour.font}`;
      Object.assign(c, { strokeStyle: colour.paper, lineWidth: 3.5, fillStyle: nodes[n].planned ? colour.muted : colour.ink, globalAlpha: 1 });
      c.strokeText(text, x, top);
      c.fillText(text, x, top);
    }
  }
}

const TITLE = -2; // what takes a cell, if it is no node's sign

/** What is taken of a drawing, cell by cell, and by which node. */
class Room {
  constructor(width, height) {
    this.across = Math.ceil(width / CELL) + 1;
    this.down = Math.ceil(height / CELL) + 1;
    this.cells = new Int32Array(this.across * this.down);
  }

  /** The cells of a box, until `visit` gives false; true if it never has. */
  every([left, top, right, bottom], visit) {
    const to = Math.min(this.across - 1, Math.floor(right / CELL)), end = Math.min(this.down - 1, Math.floor(bottom / CELL));
    for (let row = Math.max(0, Math.floor(top / CELL)); row <= end; row++) {
      for (let at = row * this.across + Math.max(0, Math.floor(left / CELL)); at <= row * this.across + to; at++) if (!visit(at)) return false;
    }
    return true;
  }

  take(box, n) {
    this.every(box, (at) => (this.cells[at] = n + 1));
  }

  /** The box in which the fewest cells are taken, all of them by nodes that `may` give way; null if there is none. */
  least(boxes, n, may) {
    let best = null, least = Infinity;
    for (const box of boxes) {
      let taken = 0;
      const gives = (owner) => owner === 0 || owner === n + 1 || (owner > 0 && may(owner - 1) && ++taken);
      if (this.every(box, (at) => gives(this.cells[at])) && taken < least) [best, least] = [box, taken];
    }
    return best;
  }
}
