/** The map without WebGL: the same shapes, colours and hatching as plain SVG, seen straight from above. */
import { setAttribute, svg } from "../../ui/dom.js";
import { rings } from "./geometry.js";
import { projector } from "./camera.js";

const CLASSES = ["0", "1", "2", "3", "4", "soon", "overdue"];

function hatch(kind, colours) {
  const sign = kind === "overdue"
    ? svg("path", { d: "M-2 12 12 -2M4 14 14 4", stroke: colours.overdue_dark, "stroke-width": 3 })
    : svg("circle", { cx: 5, cy: 5, r: 2, fill: colours.soon_dark });
  return svg("pattern", { id: `hatch-${kind}`, width: 10, height: 10, patternUnits: "userSpaceOnUse" },
    svg("rect", { width: 10, height: 10, fill: colours[kind] }), sign);
}

export function drawFlat(container, { geo, colours, view }) {
  const groups = { grids: svg("g"), towns: svg("g"), lines: svg("g", { class: "flat-lines" }) };
  const drawing = svg("svg", { class: "flat-map" },
    svg("defs", {}, hatch("overdue", colours), hatch("soon", colours)), groups.grids, groups.towns, groups.lines);
  const shapes = { grids: new Map(), towns: new Map() };
  const listeners = { moving: [], pointed: [], clicked: [] };
  let current = view;

  for (const level of ["grids", "towns"]) {
    for (const feature of geo[level].features) {
      const shape = svg("path", { class: "flat-place", fill: colours.ramp[0] });
      shape.place = { level, code: feature.properties.code };
      shapes[level].set(feature.id, { shape, feature });
      groups[level].append(shape);
    }
  }
  const outlines = [...geo.towns.features, ...geo.county.features].map((feature) => {
    const shape = svg("path", { class: feature.properties.level === "county" ? "flat-county" : "flat-town" });
    groups.lines.append(shape);
    return { shape, feature };
  });
  container.append(drawing);

  function draw() {
    const size = { width: container.clientWidth, height: container.clientHeight };
    setAttribute(drawing, "viewBox", `0 0 ${size.width} ${size.height}`);
    const project = projector({ ...current, pitch: 0 }, size);
    const path = (feature) => rings(feature.geometry).map((ring) => `M${ring.map((corner) => project(corner).map((n) => n.toFixed(1)).join(" ")).join("L")}Z`).join("");
    for (const { shape, feature } of [...shapes.grids.values(), ...shapes.towns.values(), ...outlines]) shape.setAttribute("d", path(feature));
    for (const listener of listeners.moving) listener();
  }

  const at = (event) => document.elementsFromPoint(event.clientX, event.clientY).find((node) => node.place)?.place ?? null;
  let under = null;
  container.addEventListener("pointermove", (event) => {
    under = at(event);
    const box = container.getBoundingClientRect();
    for (const listener of listeners.pointed) listener({ x: event.clientX - box.left, y: event.clientY - box.top });
  });
  container.addEventListener("pointerleave", () => listeners.pointed.forEach((listener) => listener(null)));
  container.addEventListener("click", (event) => {
    under = at(event);
    for (const listener of listeners.clicked) listener({ x: 0, y: 0 });
  });
  draw();

  return {
    lean: false,
    states(level, tall, changes) {
      for (const [id, { c }] of changes) {
        const kind = CLASSES[c];
        const fill = kind === "overdue" || kind === "soon" ? `url(#hatch-${kind})` : colours.ramp[c];
        setAttribute(shapes[level].get(id).shape, "fill", fill);
      }
    },
    late() {},
    show({ level }) {
      setAttribute(groups.grids, "display", level === "grids" ? null : "none");
      setAttribute(groups.towns, "display", level === "towns" ? null : "none");
    },
    view(wanted) {
      current = wanted;
      draw();
    },
    now: () => ({ ...current, pitch: 0 }),
    resize: draw,
    moving: (listener) => listeners.moving.push(listener),
    touched() {},
    under: () => under,
    pointed: (listener) => listeners.pointed.push(listener),
    clicked: (listener) => listeners.clicked.push(listener),
    lost() {},
  };
}
