/** Where the areas do not tile: the outlines with every overlap, gap and overhang marked, and a list of sentences. */
import { make } from "./make.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 1000;

export async function drawFaults(box, say) {
  const [outlines, found] = await Promise.all([fetch("/map/areas.geojson?level=grid"), fetch("/admin/data/areas?as=faults")]);
  if (!outlines.ok || !found.ok) return;
  const features = (await outlines.json()).features;
  const { faults } = await found.json();
  const view = projection(box.dataset.bounds.split(",").map(Number), features);
  const svg = svgOf("svg", { viewBox: `0 0 ${WIDTH} ${view.height}`, role: "img", "aria-label": say(faults.length ? "refdata.tiles_not" : "refdata.tiles").replace("{n}", faults.length) });
  svg.append(...features.map((feature) => svgOf("path", { class: "ref-area", d: path(feature.geometry, view) })));
  faults.forEach((fault, n) => {
    if (fault.piece) svg.append(svgOf("path", { class: `ref-piece ref-${fault.kind}`, d: path(fault.piece, view) }));
    if (fault.point) svg.append(mark(view.at(fault.point), n + 1));
  });
  const words = make("p", { class: faults.length ? "bad" : "good", "data-figure": "tiling-faults", "data-value": String(faults.length), "data-state": "live" },
    say(faults.length ? "refdata.tiles_not" : "refdata.tiles", { n: faults.length }));
  const list = make("ol", {}, ...faults.map((fault) => make("li", { "data-area": fault.code }, fault.sentence)));
  box.replaceChildren(svg, make("div", { class: "ref-map-words" }, words, list));
}

/** Longitudes are drawn shorter, as they are at the county's latitude. */
function projection([, south, , north], features) {
  const points = features.flatMap((feature) => rings(feature.geometry).flat());
  const [xs, ys] = [points.map((point) => point[0]), points.map((point) => point[1])];
  const [west, east, low, high] = [xs, ys].flatMap((values) => [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))]);
  const shrink = Math.cos(((south + north) / 2) * (Math.PI / 180));
  const scale = WIDTH / ((east - west) * shrink);
  return { height: Math.ceil((high - low) * scale), at: ([x, y]) => [(x - west) * shrink * scale, (high - y) * scale] };
}

function rings(geometry) {
  if (geometry.type === "Polygon") return geometry.coordinates;
  if (geometry.type === "MultiPolygon") return geometry.coordinates.flat();
  return geometry.type === "GeometryCollection" ? geometry.geometries.flatMap(rings) : [];
}

const path = (geometry, view) =>
  rings(geometry).map((ring) => `M${ring.map((point) => view.at(point).map((n) => n.toFixed(1)).join(" ")).join("L")}Z`).join("");

function mark([x, y], number) {
  const text = svgOf("text", { x, y: y + 6, class: "ref-mark-number" });
  text.textContent = number;
  const group = svgOf("g", {});
  group.append(svgOf("circle", { cx: x, cy: y, r: 15, class: "ref-mark" }), text);
  return group;
}

function svgOf(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
