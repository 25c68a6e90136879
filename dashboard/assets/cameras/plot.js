/** Small charts in SVG: rates by day, of a unit beside its name too, and the motion of a scene by minute. A missing measurement is a gap, never zero. */
import { svg } from "../ui/dom.js";

const NARROWEST = 320;
const HEIGHT = 150;
const LEFT = 44;
const BOTTOM = 22;
const TOP = 8;
const HOUR = 3600;
const MEANT = 300;

/** Pieces of a line: where a value is missing, or points lie further apart than `gap`, it is broken. */
export function pieces(points, gap) {
  const found = [];
  let last = null;
  for (const point of points) {
    if (point[1] === null) {
      last = null;
      continue;
    }
    if (last === null || point[0] - last > gap) found.push([]);
    found[found.length - 1].push(point);
    last = point[0];
  }
  return found;
}

/** A drawing has the pixels of its room, so that its words have the size of all others. */
const widthOf = (room) => Math.max(NARROWEST, room.clientWidth);

export function drawDays(room, days, say) {
  if (!room) return;
  const width = widthOf(room);
  if (!days.some((day) => day.online !== null)) {
    empty(room, say("watching.rates.none"));
    return;
  }
  const at = (index) => LEFT + (index / Math.max(1, days.length - 1)) * (width - LEFT - 8);
  const values = days.flatMap((day) => [day.online, day.sound]).filter((value) => value !== null);
  const low = Math.min(0.9, Math.floor(Math.min(...values) * 10) / 10);
  const y = (value) => TOP + ((1 - value) / (1 - low || 1)) * (HEIGHT - TOP - BOTTOM);
  const chart = frame(width);
  for (const share of [low, (1 + low) / 2, 1]) rule(chart, width, y(share), `${Math.round(share * 100)}%`);
  for (const [name, key] of [["online", "watching.rates.online"], ["sound", "watching.rates.sound"]]) {
    const line = days.map((day, index) => [index, day[name]]);
    for (const part of pieces(line, 1.5)) {
      const spots = part.map(([index, value]) => [at(index), y(value)]);
      chart.append(svg("polyline", { class: `camera-plot-line camera-plot-${name}`, points: joined(spots) }));
      chart.append(...spots.map(([x, top]) => svg("circle", { class: `camera-plot-spot camera-plot-${name}`, cx: x, cy: top, r: 2.4 })));
    }
    legend(chart, width, name, say(key));
  }
  word(chart, at(0), HEIGHT - 6, days[0].day.slice(5), "start");
  if (days.length > 1) word(chart, at(days.length - 1), HEIGHT - 6, days[days.length - 1].day.slice(5), "end");
  room.replaceChildren(chart);
}

const LINE_WIDTH = 72;
const LINE_HEIGHT = 24;

/** A unit's rates of the last days beside its name: both lines on one scale, from the lowest of all units up to 100 %. */
export function drawLine(room, days, low, words) {
  const at = (index) => 3 + (index / Math.max(1, days.length - 1)) * (LINE_WIDTH - 6);
  const y = (value) => 3 + ((1 - value) / (1 - low || 1)) * (LINE_HEIGHT - 6);
  const chart = svg("svg", { viewBox: `0 0 ${LINE_WIDTH} ${LINE_HEIGHT}`, width: LINE_WIDTH, height: LINE_HEIGHT, role: "img", "aria-label": words });
  for (const name of ["online", "sound"]) {
    for (const part of pieces(days.map((day, index) => [index, day[name]]), 1.5)) {
      const spots = part.map(([index, value]) => [at(index), y(value)]);
      chart.append(svg("polyline", { class: `camera-plot-line camera-plot-${name}`, points: joined(spots) }));
    }
    const last = days.at(-1)?.[name];
    if (last !== null && last !== undefined) chart.append(svg("circle", { class: `camera-plot-spot camera-plot-${name}`, cx: at(days.length - 1), cy: y(last), r: 2 }));
  }
  room.replaceChildren(chart);
}

/** Means over `MEANT` seconds: single minutes of a calm scene are mostly its noise. */
function means(minutes) {
  const found = new Map();
  for (const [seconds, value] of minutes) {
    const at = Math.floor(seconds / MEANT) * MEANT;
    const [sum, count] = found.get(at) ?? [0, 0];
    found.set(at, [sum + value, count + 1]);
  }
  return [...found].map(([at, [sum, count]]) => [at + MEANT / 2, sum / count]).sort(([a], [b]) => a - b);
}

/**
 * Motion: bits per pixel between key pictures; [seconds, value] by minute, over `from`..`to`. Every sixth hour of the
 * county's own `zone` is named.
 */
export function drawMotion(room, minutes, { from, to, zone }, say) {
  if (!room) return;
  const width = widthOf(room);
  if (!minutes.length) {
    empty(room, say("watching.motion.none"));
    return;
  }
  const shown = means(minutes);
  const most = Math.max(...shown.map(([, value]) => value)) || 1;
  const x = (seconds) => LEFT + ((Math.min(Math.max(seconds, from), to) - from) / (to - from)) * (width - LEFT - 8);
  const y = (value) => HEIGHT - BOTTOM - (value / most) * (HEIGHT - TOP - BOTTOM);
  const chart = frame(width);
  rule(chart, width, y(0), "0");
  rule(chart, width, y(most), most.toPrecision(2));
  for (const part of pieces(shown, 1.5 * MEANT)) {
    const spots = part.map(([seconds, value]) => [x(seconds), y(value)]);
    const [first, last] = [spots[0], spots[spots.length - 1]];
    chart.append(svg("polygon", { class: "camera-plot-area", points: joined([[first[0], y(0)], ...spots, [last[0], y(0)]]) }));
    chart.append(svg("polyline", { class: "camera-plot-line camera-plot-online", points: joined(spots) }));
  }
  const local = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  for (let hour = Math.ceil(from / HOUR) * HOUR; hour <= to; hour += HOUR) {
    const text = local.format(hour * 1000);
    if (Number(text.slice(0, 2)) % 6 === 0) word(chart, x(hour), HEIGHT - 6, text, "middle");
  }
  room.replaceChildren(chart);
}

function frame(width) {
  return svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, class: "camera-plot-chart", role: "img" });
}

function rule(chart, width, y, text) {
  chart.append(svg("line", { class: "camera-plot-rule", x1: LEFT, x2: width - 8, y1: y, y2: y }));
  word(chart, LEFT - 6, y + 4, text, "end");
}

function word(chart, x, y, text, anchor) {
  const node = svg("text", { class: "camera-plot-word", x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor });
  node.textContent = text;
  chart.append(node);
}

function legend(chart, width, name, text) {
  const x = name === "online" ? width - 180 : width - 80;
  chart.append(svg("line", { class: `camera-plot-line camera-plot-${name}`, x1: x - 26, x2: x - 6, y1: HEIGHT - 10, y2: HEIGHT - 10 }));
  word(chart, x, HEIGHT - 6, text, "start");
}

function joined(spots) {
  return spots.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
}

function empty(room, text) {
  room.textContent = text;
  room.classList.add("empty");
}
