// Places for a few nodes with labels: the first in the middle, springs along links, labels that keep clear of
// each other. Starts from the places in the whole graph, so it is the same each time.
const STEPS = 260, CLEARING = 120;
const HEIGHT = 34; // of a sign with its label

/** [[x, y]] in a box; `nodes`: [{x, y, width, step}]. */
export function settle(nodes, links, width, height) {
  const [cx, cy] = [width / 2, height / 2 - 6];
  const points = around(nodes, cx, cy);
  const reach = [0, Math.min(width, height * 2) * 0.26, Math.min(width, height * 2) * 0.42];
  for (let step = 0; step < STEPS; step++) {
    const heat = 1 - step / STEPS;
    const force = points.map(([x, y], n) => [(cx - x) * 0.004, (cy - y) * 0.012]);
    for (const [a, b] of links) {
      const dx = points[b][0] - points[a][0], dy = points[b][1] - points[a][1];
      const gap = Math.hypot(dx, dy) || 1;
      const wish = a === 0 ? reach[1] * 0.8 : reach[1] * 0.7;
      const pull = ((gap - wish) / gap) * (a === 0 ? 0.03 : 0.012);
      force[a][0] += dx * pull, force[a][1] += dy * pull;
      force[b][0] -= dx * pull, force[b][1] -= dy * pull;
    }
    for (let a = 0; a < nodes.length; a++) {
      for (let b = a + 1; b < nodes.length; b++) apart(nodes, points, force, a, b);
    }
    move(nodes, points, force, width, height, 4 + 26 * heat);
  }
  for (let step = 0; step < CLEARING; step++) { // at last only labels that touch
    const force = points.map(() => [0, 0]);
    for (let a = 0; a < nodes.length; a++) {
      for (let b = a + 1; b < nodes.length; b++) clear(nodes, points, force, a, b);
    }
    move(nodes, points, force, width, height, 30);
  }
  return points;
}

function move(nodes, points, force, width, height, limit) {
  for (let n = 1; n < nodes.length; n++) {
    const length = Math.hypot(...force[n]) || 1;
    const part = Math.min(1, limit / length), edge = Math.min(nodes[n].width / 2, width / 2 - 4);
    points[n][0] = Math.min(width - edge - 2, Math.max(edge + 2, points[n][0] + force[n][0] * part));
    points[n][1] = Math.min(height - 26, Math.max(12, points[n][1] + force[n][1] * part));
  }
}

/** First places: on rings about the middle, each in the direction in which it lies in the whole graph. */
function around(nodes, cx, cy) {
  const turn = (node) => Math.atan2(node.y - nodes[0].y, node.x - nodes[0].x);
  const points = nodes.map(() => [cx, cy]);
  for (const step of [1, 2]) {
    const ring = nodes.map((_, n) => n).filter((n) => nodes[n].step === step).sort((a, b) => turn(nodes[a]) - turn(nodes[b]) || a - b);
    ring.forEach((n, place) => {
      const angle = ring.length > 3 ? -Math.PI + ((place + 0.5) / ring.length) * 2 * Math.PI : turn(nodes[n]);
      points[n] = [cx + Math.cos(angle) * cx * (step === 1 ? 0.5 : 0.85), cy + Math.sin(angle) * cy * (step === 1 ? 0.6 : 0.9)];
    });
  }
  return points;
}

function apart(nodes, points, force, a, b) {
  const dx = points[b][0] - points[a][0] || (b - a) * 0.01, dy = points[b][1] - points[a][1] || (a - b) * 0.01;
  const far = dx * dx + 4 * dy * dy + 1; // rooms are wider than high
  const push = 260 / far;
  force[a][0] -= dx * push, force[a][1] -= dy * push * 2;
  force[b][0] += dx * push, force[b][1] += dy * push * 2;
  clear(nodes, points, force, a, b);
}

/** Push two labels that touch apart, the shorter way; the first node stays where it is. */
function clear(nodes, points, force, a, b) {
  const dx = points[b][0] - points[a][0] || (b - a) * 0.01, dy = points[b][1] - points[a][1] || (a - b) * 0.01;
  const overX = (nodes[a].width + nodes[b].width) / 2 - Math.abs(dx), overY = HEIGHT - Math.abs(dy);
  if (overX <= 0 || overY <= 0) return;
  const sideways = overX / 3 < overY, far = a === 0 ? 2 : 1;
  const axis = sideways ? 0 : 1, shift = sideways ? Math.sign(dx) * overX * 0.3 : Math.sign(dy) * overY * 0.45;
  force[a][axis] -= shift, force[b][axis] += shift * far;
}
