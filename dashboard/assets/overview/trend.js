/** Thirty days of reports and closings as one small chart; a touch opens the days as a table, each number with its list. */
import { el, setAttribute, svg } from "../ui/dom.js";

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [600, 200, 34, 22, 8];

/** A round number above the highest value, and where its half lies. */
export function ceilingOf(most) {
  const step = 10 ** Math.floor(Math.log10(Math.max(most, 2)));
  return [2, 4, 6, 8, 10, 20].map((n) => n * step).find((top) => top >= most) ?? 20 * step;
}

export function buildTrend(panel, { words, truth, sheet }) {
  const lines = { reported: svg("path", { class: "ov-line" }), closed: svg("path", { class: "ov-line ov-line-closed" }) };
  const area = svg("path", { class: "ov-area" });
  const axis = svg("g", { class: "ov-axis" });
  const dot = svg("circle", { class: "ov-dot", r: 4.5 });
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" }, axis, area, lines.reported, lines.closed, dot);
  const labels = el("div", { class: "ov-trend-labels num", "aria-hidden": "true" });
  const node = el("button", { type: "button", class: "ov-trend-chart", "aria-haspopup": "dialog" }, drawing, labels);
  node.addEventListener("click", () => sheet.days());
  panel.body.append(node);
  panel.scope.append(el("span", { class: "ov-key ov-key-reported" }, words.t("overview.trend.reported")), el("span", { class: "ov-key ov-key-closed" }, words.t("overview.trend.closed")));
  truth.area(panel.node, "picture");
  let drawn = "";

  function draw(days) {
    const top = ceilingOf(Math.max(...days.map((day) => Math.max(day.reported, day.closed))));
    const x = (i) => LEFT + (i / (days.length - 1)) * (WIDTH - LEFT - 8);
    const y = (value) => TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM);
    const path = (name) => days.map((day, i) => `${x(i).toFixed(1)} ${y(day[name]).toFixed(1)}`).join("L");
    for (const name of ["reported", "closed"]) setAttribute(lines[name], "d", `M${path(name)}`);
    setAttribute(area, "d", `M${LEFT} ${y(0)}L${path("reported")}L${x(days.length - 1)} ${y(0)}Z`);
    setAttribute(dot, "cx", x(days.length - 1));
    setAttribute(dot, "cy", y(days.at(-1).reported));
    axis.replaceChildren(...[0, top / 2, top].map((value) => svg("path", { d: `M${LEFT} ${y(value)}H${WIDTH}`, "vector-effect": "non-scaling-stroke" })));
    const place = (className, left, high, text) => el("span", { class: className, style: `left:${(left / WIDTH) * 100}%;top:${(high / HEIGHT) * 100}%` }, text);
    labels.replaceChildren(
      ...[0, top / 2, top].map((value) => place("ov-tick-y", LEFT - 6, y(value), words.number(value))),
      ...days.flatMap((day, i) => (i % 7 === (days.length - 1) % 7 ? [place(i === days.length - 1 ? "ov-tick-x ov-tick-last" : "ov-tick-x", x(i), HEIGHT - BOTTOM / 2, day.day.slice(5))] : [])),
    );
    const sum = (name) => words.number(days.reduce((total, day) => total + day[name], 0));
    node.setAttribute("aria-label", words.t("overview.trend.words", { reported: sum("reported"), closed: sum("closed") }));
  }

  return {
    write({ picture }) {
      if (!picture) return;
      const now = JSON.stringify(picture.trend);
      if (now === drawn) return;
      drawn = now;
      draw(picture.trend);
    },
  };
}

