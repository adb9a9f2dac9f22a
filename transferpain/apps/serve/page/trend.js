// The line of the last minute in live mode; where no face was seen, it is broken.

import { byId, draw, percent } from "./show.js";

const SPAN = 60_000;
const [LEFT, RIGHT, TOP, BOTTOM] = [84, 588, 16, 146];

let points = [];

export function startTrend() {
  points = [];
  byId("trend").replaceChildren();
  byId("trend").setAttribute("aria-label", "Nothing yet");
  byId("trend-section").hidden = false;
}

export function addToTrend(probability, threshold) {
  const now = performance.now();
  points = [...points, { time: now, probability }].filter(({ time }) => now - time <= SPAN);
  const across = (time) => (RIGHT - ((now - time) / SPAN) * (RIGHT - LEFT)).toFixed(1);
  const down = (share) => (BOTTOM - share * (BOTTOM - TOP)).toFixed(1);
  const marks = [0, 0.5, 1].flatMap((share) => [
    draw("line", { class: "axis", x1: LEFT, x2: RIGHT, y1: down(share), y2: down(share) }),
    draw("text", { x: 0, y: Number(down(share)) + 8 }, percent(share)),
  ]);
  const limit = draw("line", { class: "threshold", x1: LEFT, x2: RIGHT, y1: down(threshold), y2: down(threshold) });
  let pen = "M";
  const path = points.map(({ time, probability: share }) => {
    if (share === null) {
      pen = "M";
      return "";
    }
    const step = `${pen}${across(time)} ${down(share)}`;
    pen = "L";
    return step;
  });
  const seen = points.filter(({ probability: share }) => share !== null);
  const last = seen.at(-1);
  const dot = last ? [draw("circle", { class: "dot", r: 5, cx: across(last.time), cy: down(last.probability) })] : [];
  byId("trend").replaceChildren(...marks, limit, draw("path", { class: "line", d: path.join("") }), ...dot);
  if (!last) return;
  const shares = seen.map(({ probability: share }) => share);
  const [low, high] = [Math.min(...shares), Math.max(...shares)].map(percent);
  byId("trend").setAttribute("aria-label", `P(pain) now ${percent(last.probability)}, between ${low} and ${high}`);
}
