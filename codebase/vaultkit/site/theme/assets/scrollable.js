// What scrolls sideways can be reached and scrolled by keyboard: code, formulas, tables and drawings that are too wide.
const WIDE = "pre, pre > code, .katex-display, table, .k-diagram, .k-map-scroll, .k-base-scroll, .k-canvas, .k-properties-box";
const later = globalThis.requestIdleCallback
  ? (task) => requestIdleCallback(task, { timeout: 100 })
  : (task) => setTimeout(() => task({ timeRemaining: () => 8 }), 50);

export function scrollable() {
  const main = document.querySelector("main");
  if (!main) return;
  const queue = new Set();
  let waiting = false;
  // In the browser's spare time, a few at once: a long note has hundreds.
  const work = (deadline) => {
    let count = 0;
    for (const element of queue) {
      queue.delete(element);
      mark(element);
      count += 1;
      if (count >= 12 && deadline.timeRemaining() < 4) break;
    }
    waiting = queue.size > 0;
    if (waiting) later(work);
  };
  const soon = () => {
    for (const element of main.querySelectorAll(`:is(${WIDE})`)) queue.add(element);
    if (!waiting) later(work);
    waiting = true;
  };
  new ResizeObserver(soon).observe(main);
  main.addEventListener("toggle", soon, true);
  document.fonts?.ready.then(soon);
}

function mark(element) {
  const wide = element.scrollWidth > element.clientWidth && /auto|scroll/.test(getComputedStyle(element).overflowX);
  if (wide && !element.hasAttribute("tabindex")) {
    element.tabIndex = 0;
    element.dataset.kWide = "";
  } else if (!wide && "kWide" in element.dataset) {
    element.removeAttribute("tabindex");
    delete element.dataset.kWide;
  }
}
