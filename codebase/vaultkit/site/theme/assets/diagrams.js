// Draw Mermaid diagrams with our own copy of Mermaid, in the theme's colours; drawn again when the theme changes.
const source = new URL("mermaid/mermaid.min.js", import.meta.url);
await new Promise((resolve, reject) => {
  document.head.append(Object.assign(document.createElement("script"), { src: source.href, onload: resolve, onerror: reject }));
});

const blocks = [...document.querySelectorAll("pre.k-mermaid")].map((pre) => {
  const figure = Object.assign(document.createElement("figure"), { className: "k-diagram" });
  const text = pre.textContent;
  pre.replaceWith(figure);
  return { figure, text };
});

async function draw() {
  const dark = document.documentElement.dataset.mdColorScheme === "slate";
  window.mermaid.initialize({ startOnLoad: false, securityLevel: "strict", theme: dark ? "dark" : "neutral" });
  for (const [index, { figure, text }] of blocks.entries()) {
    const { svg } = await window.mermaid.render(`k-diagram-${index}`, text);
    figure.innerHTML = svg;
  }
}
await draw();
new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-md-color-scheme"] });
