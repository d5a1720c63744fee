// What scrolls sideways can be reached and scrolled by keyboard: code, formulas, tables and drawings that are too wide.
const WIDE = "pre, pre > code, .katex-display, table, .k-diagram, .k-map-scroll, .k-base-scroll, .k-canvas, .k-properties-box";

export function scrollable() {
  const main = document.querySelector("main");
  if (!main) return;
  let waiting = 0;
  const mark = () => {
    waiting = 0;
    for (const element of main.querySelectorAll(`:is(${WIDE})`)) {
      const wide = element.scrollWidth > element.clientWidth && /auto|scroll/.test(getComputedStyle(element).overflowX);
      if (wide && !element.hasAttribute("tabindex")) {
        element.tabIndex = 0;
        element.dataset.kWide = "";
      } else if (!wide && "kWide" in element.dataset) {
        element.removeAttribute("tabindex");
        delete element.dataset.kWide;
      }
    }
  };
  const soon = () => {
    waiting ||= requestAnimationFrame(mark);
  };
  new ResizeObserver(soon).observe(main);
  main.addEventListener("toggle", soon, true);
  document.fonts?.ready.then(soon);
}
