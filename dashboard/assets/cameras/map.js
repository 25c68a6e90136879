/** A small map without a library: the towns' outlines as paths, each camera a dot whose shape and colour say its state. */
import { svg } from "../ui/dom.js";

const WIDTH = 400;
const HEIGHT = 300;
const PAD = 8;

export async function drawMap(room, dots, say) {
  if (!room) return;
  const towns = await fetch("/map/areas.geojson?level=town").then((answer) => (answer.ok ? answer.json() : null), () => null);
  const rings = (towns?.features ?? []).flatMap((feature) => ringsOf(feature.geometry));
  const spots = dots.map((dot) => dot.at);
  const place = projection([...rings.flat(), ...spots]);
  if (!place) {
    room.textContent = say("watching.map.none");
    return;
  }
  const chart = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "dot-map", role: "group", "aria-label": room.closest("[aria-label]")?.getAttribute("aria-label") });
  chart.append(svg("g", { class: "dot-map-towns" }, rings.map((ring) => svg("path", { d: path(ring, place) }))));
  const order = ["live", "connecting", "stalled", "offline", "fault"];
  const sorted = [...dots].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  chart.append(svg("g", { class: "dot-map-dots" }, sorted.map((dot) => dotOf(dot, place))));
  room.replaceChildren(chart);
}

function ringsOf(geometry) {
  if (geometry.type === "Polygon") return [geometry.coordinates[0]];
  return geometry.coordinates.map((polygon) => polygon[0]);
}

/** Longitude and latitude → the picture's own units, north up, true to the shape at this latitude. */
export function projection(points) {
  if (!points.length) return null;
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = Math.min((WIDTH - 2 * PAD) / ((east - west) * squeeze || 1), (HEIGHT - 2 * PAD) / (north - south || 1));
  const left = (WIDTH - (east - west) * squeeze * scale) / 2;
  const top = (HEIGHT - (north - south) * scale) / 2;
  return ([x, y]) => [left + (x - west) * squeeze * scale, top + (north - y) * scale];
}

function path(ring, place) {
  return `M${ring.map((point) => place(point).map((n) => n.toFixed(1)).join(" ")).join("L")}Z`;
}

function dotOf(dot, place) {
  const [x, y] = place(dot.at);
  const shape = dot.state === "live"
    ? svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 3.4 })
    : svg("path", { d: `M${x} ${y - 5.5}L${x + 5} ${y + 3.8}H${x - 5}Z` });
  const link = svg("a", { href: `/cameras/${dot.id}`, class: "map-dot", "data-state": dot.state });
  const title = svg("title", {});
  title.textContent = dot.name;
  link.append(title, shape);
  return link;
}
