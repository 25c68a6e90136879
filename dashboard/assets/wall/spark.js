/** Small series without an axis, as SVG that is built once and whose shapes are then only moved. */
import { setAttribute, svg } from "../ui/dom.js";

const WIDTH = 100;
const HEIGHT = 40;

function frame(...children) {
  return svg("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...children);
}

/** A line over a soft area. `floor` "zero" for amounts per hour, "range" for a level that hovers. */
export function areaSpark(floor = "zero") {
  const area = svg("path", { class: "spark-area" });
  const line = svg("path", { class: "spark-line", "vector-effect": "non-scaling-stroke" });
  return {
    node: frame(area, line),
    write(series) {
      const top = Math.max(1, ...series);
      const low = floor === "zero" ? 0 : Math.min(...series) - Math.max(1, (top - Math.min(...series)) * 0.3);
      const points = series.map((value, i) => {
        const x = (i / Math.max(1, series.length - 1)) * WIDTH;
        const y = HEIGHT - 2 - ((value - low) / (top - low)) * (HEIGHT - 5);
        return `${x.toFixed(1)} ${y.toFixed(1)}`;
      });
      setAttribute(line, "d", points.length ? `M${points.join("L")}` : "");
      setAttribute(area, "d", points.length ? `M0 ${HEIGHT}L${points.join("L")}L${WIDTH} ${HEIGHT}Z` : "");
    },
  };
}

/** Bars, one per hour; an empty hour keeps a hairline, so that the row of hours can be read. */
export function barSpark(count = 12) {
  const step = WIDTH / count;
  const bars = Array.from({ length: count }, (_, i) =>
    svg("rect", { class: "spark-bar", x: (i * step + step * 0.14).toFixed(2), width: (step * 0.72).toFixed(2) }));
  return {
    node: frame(...bars),
    write(series) {
      const top = Math.max(3, ...series);
      bars.forEach((bar, i) => {
        const height = Math.max(1.2, ((series[i] ?? 0) / top) * (HEIGHT - 2));
        setAttribute(bar, "y", (HEIGHT - height).toFixed(1));
        setAttribute(bar, "height", height.toFixed(1));
        setAttribute(bar, "data-empty", series[i] ? null : "");
      });
    },
  };
}

/** A share of a whole as a bar. */
export function shareBar() {
  const track = svg("rect", { class: "wall-share-track", x: 0, y: 0, width: 100, height: 10 });
  const done = svg("rect", { class: "wall-share-done", x: 0, y: 0, width: 0, height: 10 });
  return {
    node: svg("svg", { class: "wall-share", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, track, done),
    write(share) {
      setAttribute(done, "width", (Math.max(0, Math.min(1, share || 0)) * 100).toFixed(2));
    },
  };
}
