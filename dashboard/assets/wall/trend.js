/** Received and closed in the last 24 hours, drawn in the panel's own pixels so that no letter is ever stretched. */
import { el, rem, setAttribute, setText, svg } from "../ui/dom.js";

/** The smallest "round" top above a value, so that the axis moves seldom: 4, 8, 12, 20, 40, 60, 80, 120, 200, 400, … */
export function roundTop(value) {
  for (let power = 1; ; power *= 10) {
    for (const step of [4, 8, 12, 20]) if (value <= step * power) return step * power;
    if (power > 1e9) return value;
  }
}

function path(points) {
  return points.length ? `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}` : "";
}

export function buildTrend(panel, { words, truth }) {
  const legend = el("div", { class: "legend-lines" },
    el("span", { class: "key key-reported" }, words.t("wall.trend.reported")),
    el("span", { class: "key key-closed" }, words.t("wall.trend.closed")));
  panel.tools.append(legend);
  const grid = svg("g", { class: "axis" });
  const running = svg("rect", { class: "running" });
  const area = svg("path", { class: "area-reported" });
  const reported = svg("path", { class: "line-reported" });
  const closed = svg("path", { class: "line-closed" });
  const now = ["reported", "closed"].map((kind) => svg("path", { class: `line-${kind} line-running` }));
  const dots = ["reported", "closed"].map((kind) => svg("circle", { class: `dot-${kind}` }));
  const title = svg("title");
  const drawing = svg("svg", { class: "trend", role: "img" }, title, running, grid, area, reported, closed, ...now, ...dots);
  panel.body.append(drawing);
  truth.line(panel.age, "figures");
  truth.area(panel.node, "figures");
  const ticks = Array.from({ length: 5 }, () => ({ line: svg("line"), label: svg("text", { class: "tick-y" }) }));
  const hours = Array.from({ length: 6 }, () => svg("text", { class: "tick-x" }));
  grid.append(...ticks.flatMap(({ line, label }) => [line, label]), ...hours);
  let latest = null;

  function draw() {
    if (!latest) return;
    const unit = rem();
    const [width, height] = [panel.body.clientWidth, panel.body.clientHeight];
    if (width < 4 * unit || height < 4 * unit) return;
    setAttribute(drawing, "viewBox", `0 0 ${width} ${height}`);
    const top = roundTop(Math.max(4, ...latest.reported, ...latest.closed));
    const left = (1.5 + String(words.number(top)).length * 0.52) * unit;
    const right = width - 1.1 * unit;
    const low = height - 2.1 * unit;
    const high = 0.9 * unit;
    const x = (i) => left + (i / Math.max(1, latest.hours.length - 1)) * (right - left);
    const y = (value) => low - (value / top) * (low - high);
    ticks.forEach(({ line, label }, i) => {
      const value = (top / 4) * i;
      for (const [name, at] of [["x1", left], ["x2", right], ["y1", y(value)], ["y2", y(value)]]) setAttribute(line, name, at);
      setAttribute(label, "x", left - 0.6 * unit);
      setAttribute(label, "y", y(value) + 0.34 * unit);
      setText(label, words.number(value));
    });
    hours.forEach((label, i) => {
      const at = i * 4 + 1;
      setAttribute(label, "x", x(at));
      setAttribute(label, "y", height - 0.55 * unit);
      setText(label, latest.hours[at] ? words.minute(latest.hours[at]) : "");
    });
    const points = (series) => series.map((value, i) => [x(i), y(value)]);
    const came = points(latest.reported);
    const went = points(latest.closed);
    setAttribute(reported, "d", path(came.slice(0, -1)));
    setAttribute(area, "d", came.length ? `${path(came.slice(0, -1))}L${x(came.length - 2)} ${low}L${left} ${low}Z` : "");
    setAttribute(closed, "d", path(went.slice(0, -1)));
    // The last hour is not over: its points are hollow, its stretch is shaded and only hinted at.
    const last = latest.hours.length - 1;
    for (const [name, at] of [["x", x(last - 1)], ["y", high], ["width", x(last) - x(last - 1)], ["height", low - high]]) setAttribute(running, name, at);
    [came, went].forEach((line, i) => {
      if (!line.length) return;
      setAttribute(now[i], "d", path(line.slice(-2)));
      setAttribute(dots[i], "cx", line[last][0]);
      setAttribute(dots[i], "cy", line[last][1]);
      setAttribute(dots[i], "r", 0.28 * unit);
    });
  }

  new ResizeObserver(draw).observe(panel.body);
  return {
    write({ trend }) {
      latest = { hours: trend.hours.map(Date.parse), reported: trend.reported, closed: trend.closed };
      const total = (series) => words.number(series.reduce((sum, n) => sum + n, 0));
      setText(title, words.t("wall.trend.description", { reported: total(trend.reported), closed: total(trend.closed) }) + ` (${words.t("wall.trend.running")})`);
      draw();
    },
  };
}
