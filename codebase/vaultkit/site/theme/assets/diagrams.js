// Draw Mermaid diagrams with our own copy of Mermaid, in the theme's colours, when the reader comes near the first
// or holds the key that begins Ctrl+P: a browser does not wait for what printing begins. Drawn again when the colour
// scheme changes.
const TAG = /(?<!<)<(?!<|br\s*\/?>)(?=[A-Za-z/!?])/gi; // in a label: words, never an element, not even for a moment
const blocks = [...document.querySelectorAll("pre.k-mermaid")].map((pre) => {
  const figure = Object.assign(document.createElement("figure"), { className: "k-diagram" });
  const text = pre.textContent.replace(TAG, "#lt;");
  pre.replaceWith(figure);
  figure.append(pre); // shown until the drawing is there
  return { figure, text };
});

const near = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && begin(), { rootMargin: "600px" });
for (const { figure } of blocks) near.observe(figure);
window.addEventListener("beforeprint", begin);
window.addEventListener("keydown", ({ key }) => (key === "Control" || key === "Meta") && begin());

let begun = false;
async function begin() {
  if (begun) return;
  begun = true;
  near.disconnect();
  const { default: mermaid } = await import("./mermaid/mermaid.esm.min.js");
  new MutationObserver(() => draw(mermaid)).observe(document.documentElement, {
    attributeFilter: ["data-md-color-scheme"],
  });
  draw(mermaid);
}

async function draw(mermaid) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: "strict",
    theme: "base",
    fontFamily: colour("--k-sans"),
    themeVariables: {
      darkMode: document.documentElement.dataset.mdColorScheme === "slate",
      background: colour("--k-paper"), primaryColor: colour("--k-accent-soft"), primaryTextColor: colour("--k-ink"),
      primaryBorderColor: colour("--k-accent"), lineColor: colour("--k-muted"), textColor: colour("--k-ink"),
      secondaryColor: colour("--k-panel"), tertiaryColor: colour("--k-panel"), edgeLabelBackground: colour("--k-paper"),
    },
  });
  for (const [index, { figure, text }] of blocks.entries()) {
    const { svg } = await mermaid.render(`k-diagram-${index}`, text);
    inPlace(() => {
      figure.innerHTML = svg;
      const drawing = figure.firstElementChild; // on a phone a wide drawing scrolls instead of shrinking to nothing
      drawing.style.minWidth = `${Math.min(drawing.viewBox.baseVal.width, 620)}px`;
    });
  }
}

// What the address leads to stays where it is seen, whatever becomes of what stands above it.
function inPlace(change) {
  const target = document.querySelector(":target"), root = document.documentElement;
  const before = target?.getBoundingClientRect().top ?? -1;
  if (before < 0 || before > innerHeight) return change();
  root.style.overflowAnchor = "none"; // else the browser might do the same once more
  change();
  window.scrollBy({ top: target.getBoundingClientRect().top - before, behavior: "instant" });
  requestAnimationFrame(() => requestAnimationFrame(() => root.style.removeProperty("overflow-anchor")));
}
