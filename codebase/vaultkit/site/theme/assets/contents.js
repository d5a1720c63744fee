// Mark the section being read in the contents list; tell where the reader is, for the language switch.
let reading = null;
let mark = () => {};

export function markContents() {
  const links = new Map();
  for (const link of document.querySelectorAll(".k-contents a")) links.set(decodeURIComponent(link.hash.slice(1)), link);
  const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  if (!headings.length) return;
  for (const link of links.values()) breakable(link);
  let waiting = false;

  mark = () => {
    const limit = 0.3 * window.innerHeight;
    const read = headings.filter((heading) => heading.getBoundingClientRect().top < limit).at(-1) ?? null;
    if (read === reading) return;
    if (reading) links.get(reading.id).removeAttribute("aria-current");
    reading = read;
    if (!reading) return;
    links.get(reading.id).setAttribute("aria-current", "true");
    links.get(reading.id).scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      mark();
    });
  }, { passive: true });
  mark();
}

/** Long names of code part at their underscores, not in the middle of a word. */
function breakable(link) {
  if (link.childElementCount || !link.textContent.includes("_")) return;
  link.replaceChildren(...link.textContent.split(/(?<=_)/).flatMap((part) => [part, document.createElement("wbr")]).slice(0, -1));
}

/** Anchor of what the reader looks at: the one in the address while it is in view, else the section being read. */
export function currentAnchor() {
  const name = decodeURIComponent(location.hash.slice(1));
  const target = document.getElementById(name) ?? document.getElementById(name.replace(/(?:-L\d+)+$/, "")); // lines of code
  const box = target?.getBoundingClientRect();
  if (box && box.bottom >= 0 && box.top <= window.innerHeight) return location.hash;
  mark(); // where one is now: the page may have been scrolled since the last frame
  return reading ? `#${reading.id}` : "";
}
