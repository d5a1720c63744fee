// The map of a list: pointing at a note, or reaching it by keyboard, shows all that it builds on and what builds on it.
export function maps() {
  for (const svg of document.querySelectorAll(".k-map svg")) follow(svg);
}

function follow(svg) {
  const nodes = new Map([...svg.querySelectorAll("[data-k-node]")].map((node) => [node.dataset.kNode, node]));
  const lines = [...svg.querySelectorAll("[data-k-edge]")].map((line) => [line, ...line.dataset.kEdge.split(" ")]);

  /** All nodes from `start` along the lines: towards what it builds on, or the other way. */
  const along = (start, from, to) => {
    const found = new Set([start]);
    for (const node of found) for (const line of lines) if (line[from] === node) found.add(line[to]);
    return found;
  };
  const light = (node) => {
    const below = along(node, 2, 1), above = along(node, 1, 2);
    svg.classList.add("k-map-lit");
    for (const [key, element] of nodes) element.classList.toggle("k-map-on", below.has(key) || above.has(key));
    for (const [line, from, to] of lines) line.classList.toggle("k-map-on", (below.has(from) && below.has(to)) || (above.has(from) && above.has(to)));
    for (const [line] of lines) if (line.classList.contains("k-map-on")) line.parentNode.append(line); // on top
  };
  const dark = () => svg.classList.remove("k-map-lit");
  for (const [key, node] of nodes) {
    node.addEventListener("pointerenter", () => light(key));
    node.addEventListener("focus", () => light(key));
    node.addEventListener("pointerleave", dark);
    node.addEventListener("blur", dark);
    if (node.matches(":hover, :focus")) light(key); // it was reached before this script was
  }
}
