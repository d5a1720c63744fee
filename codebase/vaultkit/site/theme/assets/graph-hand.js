// Hands on a drawing: pointer, wheel, pinch and keys move it; what they mean for a node is told to `on`.
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** `on`: {hover(n), pick(n, event), choose(n)}; `pick` is a click or a tap, `choose` a step by arrow key. */
export function handle(drawing, on) {
  const { canvas } = drawing;
  const down = new Map();
  let moved = false;
  const place = (event) => [event.offsetX, event.offsetY];

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, place(event));
    moved = down.size > 1;
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before) return event.pointerType === "mouse" && on.hover(drawing.hit(...place(event)));
    const now = place(event);
    const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
    if (!moved && Math.hypot(dx, dy) < 4) return;
    moved = true;
    if (down.size === 2) pinch(event.pointerId, before, now);
    else drawing.pan(dx, dy);
    down.set(event.pointerId, now);
  });
  const pinch = (id, before, now) => {
    const other = [...down].find(([key]) => key !== id)[1];
    const gap = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
    drawing.zoom(gap(now) / gap(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    drawing.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
  };
  const up = (event) => {
    const was = down.delete(event.pointerId);
    if (was && !moved && event.type === "pointerup") on.pick(drawing.hit(...place(event), event.pointerType === "mouse" ? 5 : 14), event);
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", () => on.hover(-1));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 30 : 1;
    drawing.zoom(Math.exp(-event.deltaY * lines * 0.0016), ...place(event));
  }, { passive: false });

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow && event.shiftKey) drawing.pan(-60 * arrow[0], -60 * arrow[1]);
    else if (arrow) on.choose(drawing.selected < 0 ? first(drawing) : drawing.towards(drawing.selected, ...arrow));
    else if (event.key === "Home") on.choose(first(drawing));
    else if (event.key === "Enter" && drawing.selected >= 0) on.pick(drawing.selected, event);
    else if (event.key === "Escape") on.choose(-2);
    else if (event.key === "+" || event.key === "=") drawing.zoom(1.25);
    else if (event.key === "-") drawing.zoom(0.8);
    else if (event.key === "0") drawing.fit();
    else return;
    event.preventDefault();
  });
}

const first = (drawing) => drawing.byWeight.find((n) => drawing.shown[n]) ?? -1;
