/** The place of an emergency as plain SVG: outlines, perimeter, cameras, open cases, grids; true to scale, north up. */
import { el, svg } from "../ui/dom.js";
import { middle, rings } from "../wall/map/geometry.js";

const WIDTH = 640;
const HEIGHT = 400;
const METRES = 111_320;

const shelves = new Map();

function outlines(level) {
  if (!shelves.has(level)) {
    const none = () => shelves.delete(level) && { features: [] }; // asked for again at the next drawing
    shelves.set(level, fetch(`/map/areas.geojson?level=${level}`).then((answer) => (answer.ok ? answer.json() : none())).catch(none));
  }
  return shelves.get(level);
}

/** Draw a room's place into `holder`. `pick(longitude, latitude)`, where given, is told where somebody clicked. */
export async function drawMap(holder, room, words, pick = null) {
  const centre = room.longitude === null ? null : [room.longitude, room.latitude];
  const wide = room.radius_m > 4_000;
  const { features } = await outlines(wide || !centre ? "town" : "grid");
  const reach = centre ? room.radius_m * 1.35 : null;
  const shape = room.perimeter ?? [];
  const view = centre ? around(centre, reach) : whole(features);
  if (!view) return holder.replaceChildren(el("p", { class: "empty" }, words.t("emergency.no_place")));
  const shapes = features.map((feature) => [feature, path(feature, view.project)]).filter(([, drawn]) => drawn);
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": words.t("emergency.panel.map"), preserveAspectRatio: "xMidYMid meet" },
    ...shapes.map(([feature, d]) => svg("path", { d, class: feature.properties.code === room.area ? "room-own" : "room-area" })),
    ...shapes.map(([feature]) => nameOf(feature, view.project, words)),
    ...shape.map((ring) => svg("path", { d: outline(ring.map(([latitude, longitude]) => view.project([longitude, latitude]))), class: "room-perimeter" })),
    centre && !shape.length ? svg("circle", { cx: WIDTH / 2, cy: HEIGHT / 2, r: room.radius_m * view.scale, class: "room-perimeter" }) : null,
    ...(room.cases ?? []).map((one) => mark(one, view, "case", `${one.code} ${one.title}`, `/cases/${one.code}`)),
    ...(room.cameras ?? []).map((one) => mark(one, view, "camera", one.name, `/cameras/${one.id}`)),
    centre ? svg("path", { class: "room-centre", d: `M${WIDTH / 2} ${HEIGHT / 2 - 11}l11 11-11 11-11-11z` }) : null,
    centre ? bar(view.scale) : null);
  if (pick) {
    drawing.classList.add("room-pick");
    drawing.addEventListener("click", (event) => {
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
      const [longitude, latitude] = view.back([point.x, point.y]);
      pick(Number(longitude.toFixed(6)), Number(latitude.toFixed(6)));
    });
  }
  holder.replaceChildren(drawing);
  return view;
}

function around(centre, reach) {
  const scale = HEIGHT / 2 / reach;
  const squeeze = METRES * Math.cos((centre[1] * Math.PI) / 180);
  return {
    scale,
    project: ([x, y]) => [WIDTH / 2 + (x - centre[0]) * squeeze * scale, HEIGHT / 2 - (y - centre[1]) * METRES * scale],
    back: ([x, y]) => [centre[0] + (x - WIDTH / 2) / squeeze / scale, centre[1] - (y - HEIGHT / 2) / METRES / scale],
  };
}

function whole(features) {
  const points = features.flatMap((feature) => rings(feature.geometry).flat());
  if (!points.length) return null;
  const [xs, ys] = [points.map((one) => one[0]), points.map((one) => one[1])];
  const centre = [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
  const high = ((Math.max(...ys) - Math.min(...ys)) / 2) * METRES;
  const wide = ((Math.max(...xs) - Math.min(...xs)) / 2) * METRES * Math.cos((centre[1] * Math.PI) / 180) * (HEIGHT / WIDTH);
  return around(centre, Math.max(high, wide) * 1.05);
}

function path(feature, project) {
  const drawn = rings(feature.geometry).map((ring) => ring.map(project));
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const ring of drawn) {
    for (const [x, y] of ring) {
      [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
    }
  }
  if (right < 0 || left > WIDTH || bottom < 0 || top > HEIGHT) return null;
  return drawn.map(outline).join("");
}

function outline(ring) {
  return `M${ring.map((corner) => corner.map((n) => n.toFixed(1)).join(" ")).join("L")}Z`;
}

function nameOf(feature, project, words) {
  const [x, y] = project(middle(feature));
  if (x < 40 || x > WIDTH - 40 || y < 14 || y > HEIGHT - 14) return null;
  return svg("text", { x: x.toFixed(1), y: y.toFixed(1), class: "room-name" }, words.name(feature.properties));
}

function mark(one, view, kind, name, href) {
  if (one.longitude === null || one.longitude === undefined) return null;
  const [x, y] = view.project([one.longitude, one.latitude]);
  if (x < 0 || x > WIDTH || y < 0 || y > HEIGHT) return null;
  const shape = kind === "camera"
    ? svg("path", { d: "M-8-5h11v10h-11zM3-2 8-5v10L3 2z" })
    : svg("rect", { x: -5, y: -5, width: 10, height: 10, transform: "rotate(45)" });
  return svg("a", { href, class: `room-mark room-${kind}`, "data-level": one.level ?? null, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` }, svg("title", {}, name), shape);
}

function bar(scale) {
  const length = [100, 200, 500, 1000, 2000, 5000].find((metres) => metres * scale > 60) ?? 5000;
  const wide = length * scale;
  return svg("g", { class: "room-bar" }, svg("path", { d: `M14 ${HEIGHT - 22}v6h${wide}v-6` }), svg("text", { x: 14 + wide / 2, y: HEIGHT - 22 }, length < 1000 ? `${length} m` : `${length / 1000} km`));
}
