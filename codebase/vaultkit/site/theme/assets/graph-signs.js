// The signs of kinds of notes, by number: a shape and a colour each, the same on every drawing.
const CORNERS = [0, 4, 3, 4, 6, 5, 3, 4, 5, 0]; // 0: a circle
const TURN = [0, Math.PI / 4, -Math.PI / 2, 0, 0, -Math.PI / 2, Math.PI / 2, 0, -Math.PI / 2, 0];
const DEEP = [0, 0, 0, 0, 0, 0, 0, 0.45, 0.5, 0]; // how far a star's inner corners lie in
const SIZE = [1, 1.15, 1.3, 1.3, 1.1, 1.12, 1.3, 1.5, 1.45, 0.9]; // so that all look equally large

/** Corners of a sign of radius `r` around 0, null for a circle of the radius `roundness(sign, r)`. */
export function corners(sign, r) {
  const count = CORNERS[sign];
  if (!count) return null;
  const all = DEEP[sign] ? 2 * count : count;
  return Array.from({ length: all }, (_, n) => {
    const radius = r * SIZE[sign] * (DEEP[sign] && n % 2 ? DEEP[sign] : 1);
    const angle = TURN[sign] + (2 * Math.PI * n) / all;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

export const roundness = (sign, r) => r * SIZE[sign];

/** An SVG element of the sign at (x, y); `planned` ones are hollow. */
export function signElement(sign, r, planned, x = 0, y = 0) {
  const points = corners(sign, r);
  const shape = document.createElementNS("http://www.w3.org/2000/svg", points ? "polygon" : "circle");
  if (points) shape.setAttribute("points", points.map(([dx, dy]) => `${(x + dx).toFixed(1)},${(y + dy).toFixed(1)}`).join(" "));
  else for (const [name, value] of [["cx", x], ["cy", y], ["r", roundness(sign, r)]]) shape.setAttribute(name, value.toFixed(1));
  shape.setAttribute("class", `k-sign k-sign-${sign}${planned ? " k-hollow" : ""}`);
  return shape;
}

/** The colours of the present scheme: ten signs, and what else a drawing needs. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const value = (name) => style.getPropertyValue(name).trim();
  return {
    signs: CORNERS.map((_, sign) => value(`--k-sign-${sign}`)),
    ink: value("--k-ink"), paper: value("--k-paper"), muted: value("--k-muted"), accent: value("--k-accent"), font: value("--k-sans"),
  };
}
