/**
 * A small map of one place: its grid among its neighbours, the place itself, the cameras and the cases near it. Plain SVG
 * from the county's own outlines; true to scale within a few kilometres.
 */
import { el, svg } from "../ui/dom.js";
import { middle, rings } from "../wall/map/geometry.js";

const WIDTH = 400;
const HEIGHT = 240;
const LEAST = 260; // metres from the middle to the nearer edge, at the least
const METRES = 111_320;

let outlines = null;

/** The outlines, fetched once for the life of the page. */
function grids() {
  outlines ??= fetch("/map/areas.geojson?level=grid").then((answer) => (answer.ok ? answer.json() : { features: [] })).catch(() => ({ features: [] }));
  return outlines;
}

export async function drawPlace(holder, reference) {
  if (!holder) return null;
  const { words } = reference;
  const { features } = await grids();
  const own = features.find((feature) => feature.properties.code === holder.dataset.area);
  const given = holder.dataset.longitude ? [Number(holder.dataset.longitude), Number(holder.dataset.latitude)] : null;
  const centre = given ?? (own && middle(own));
  if (!centre) {
    holder.replaceChildren(el("p", { class: "empty" }, words.t("work.map.none")));
    return null;
  }
  const points = JSON.parse(holder.dataset.points);
  const project = projection(centre, reach(centre, own, points));
  const shapes = features.map((feature) => [feature, path(feature, project)]).filter(([, drawn]) => drawn);
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": holder.dataset.words },
    ...shapes.map(([feature, d]) => svg("path", { d, class: feature === own ? "place-own" : "place-grid" })),
    ...shapes.filter(([feature]) => feature !== own).map(([feature]) => nameOf(feature, project, words)),
    ...points.filter((point) => point.longitude !== null).map((point) => mark(point, project)),
    given ? pin(project(given)) : null,
    scale(project));
  holder.replaceChildren(drawing, legend(points, words, Boolean(given)));
  return null;
}

/** How far the picture must reach from its middle, metres: the own grid and every point, within reason. */
function reach(centre, own, points) {
  const near = points.filter((point) => point.longitude !== null).map((point) => [point.longitude, point.latitude]);
  const corners = own ? rings(own.geometry).flat() : [];
  const far = [...corners, ...near].map((place) => Math.max(Math.abs(east(centre, place)) * (HEIGHT / WIDTH), Math.abs(north(centre, place))));
  return Math.min(1600, Math.max(LEAST, ...far) * 1.12);
}

const east = (from, to) => (to[0] - from[0]) * METRES * Math.cos((from[1] * Math.PI) / 180);
const north = (from, to) => (to[1] - from[1]) * METRES;

function projection(centre, radius) {
  const perMetre = HEIGHT / 2 / radius;
  const project = (place) => [WIDTH / 2 + east(centre, place) * perMetre, HEIGHT / 2 - north(centre, place) * perMetre];
  project.perMetre = perMetre;
  return project;
}

/** The shape of a grid, or nothing where none of it is in the picture. */
function path(feature, project) {
  const drawn = rings(feature.geometry).map((ring) => ring.map(project));
  const seen = drawn.flat();
  const [xs, ys] = [seen.map((corner) => corner[0]), seen.map((corner) => corner[1])];
  if (Math.max(...xs) < 0 || Math.min(...xs) > WIDTH || Math.max(...ys) < 0 || Math.min(...ys) > HEIGHT) return null;
  return drawn.map((ring) => `M${ring.map((corner) => corner.map((n) => n.toFixed(1)).join(" ")).join("L")}Z`).join("");
}

function nameOf(feature, project, words) {
  const [x, y] = project(middle(feature));
  if (x < 30 || x > WIDTH - 30 || y < 12 || y > HEIGHT - 12) return null;
  return svg("text", { x, y, class: "place-name" }, words.name(feature.properties));
}

function mark(point, project) {
  const [x, y] = project([point.longitude, point.latitude]);
  const title = svg("title", {}, point.name);
  if (point.kind === "camera") return svg("g", { class: "place-camera", transform: `translate(${x} ${y})` }, title, svg("path", { d: "M-6-4h8v8h-8zM2-1.5 6-4v8L2 1.5z" }));
  return svg("g", { class: "place-case", transform: `translate(${x} ${y})` }, title, svg("rect", { x: -4.5, y: -4.5, width: 9, height: 9, transform: "rotate(45)" }));
}

function pin([x, y]) {
  return svg("g", { class: "place-pin", transform: `translate(${x} ${y})` },
    svg("path", { d: "M0 0C-5-8-9-11-9-16a9 9 0 1 1 18 0c0 5-4 8-9 16z" }), svg("circle", { cx: 0, cy: -16, r: 3.4 }));
}

function scale({ perMetre }) {
  const length = [50, 100, 200, 500, 1000].find((metres) => metres * perMetre > 50) ?? 1000;
  const wide = length * perMetre;
  return svg("g", { class: "place-scale" }, svg("path", { d: `M10 ${HEIGHT - 14}v5h${wide}v-5` }), svg("text", { x: 10 + wide / 2, y: HEIGHT - 13 }, `${length} m`));
}

function legend(points, words, given) {
  const kinds = [given ? "pin" : null, ...["camera", "case"].filter((kind) => points.some((point) => point.kind === kind))].filter(Boolean);
  return el("p", { class: "place-legend" }, ...kinds.map((kind) => el("span", { "data-kind": kind }, words.t(`work.map.${kind}`))), given ? null : el("span", {}, words.t("work.map.no_point")));
}
