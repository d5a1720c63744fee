// Mark the section being read in the contents list, and keep the address's anchor at it, so that a copied address
// and the language switch lead to the same place.
export function markContents() {
  const links = new Map();
  for (const link of document.querySelectorAll(".k-contents a")) links.set(decodeURIComponent(link.hash.slice(1)), link);
  const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  if (!headings.length) return;
  let current = null;
  let waiting = false;

  const mark = () => {
    waiting = false;
    const limit = 0.3 * window.innerHeight;
    const read = headings.filter((heading) => heading.getBoundingClientRect().top < limit).at(-1) ?? null;
    if (read === current) return;
    if (current) links.get(current.id).removeAttribute("aria-current");
    current = read;
    if (!current) return;
    links.get(current.id).setAttribute("aria-current", "true");
    links.get(current.id).scrollIntoView({ block: "nearest" });
  };
  const track = () => {
    const hash = current ? `#${current.id}` : "";
    if (decodeURIComponent(location.hash) !== hash) history.replaceState(history.state, "", hash || location.pathname);
  };
  document.addEventListener("scroll", () => {
    if (!waiting) requestAnimationFrame(mark);
    waiting = true;
  }, { passive: true });
  document.addEventListener("scrollend", track);
  mark();
}
