/**
 * Where: the county as plain SVG, cheap enough for any tablet. Grids (towns where there are very many) are tinted by open
 * cases; a ring stands on every place with overdue ones. Towns are what a finger touches.
 */
import { el, setAttribute, setText, svg } from "../ui/dom.js";
import { rings, roomiest } from "../wall/map/geometry.js";
import { fetchPlaces } from "../wall/map/places.js";
import { breaksFor, classOf, labelsFor, topFor } from "../wall/map/scale.js";
import { fitting, keyed } from "./rows.js";

const MANY = 1500;
const SIZE = 1000;

/** Longitude and latitude to a square of `SIZE`, seen straight from above. */
function flattener(outline) {
  const [lons, lats] = [outline.map((p) => p[0]), outline.map((p) => p[1])];
  const [west, east, south, north] = [Math.min(...lons), Math.max(...lons), Math.min(...lats), Math.max(...lats)];
  const shrink = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = SIZE / Math.max((east - west) * shrink, north - south);
  return { size: [(east - west) * shrink * scale, (north - south) * scale], at: ([lon, lat]) => [(lon - west) * shrink * scale, (north - lat) * scale] };
}

export function buildMap(panel, context) {
  const { words, truth, sheet, reference } = context;
  const box = el("div", { class: "ov-map" });
  const worst = buildWorst(context);
  const legend = el("div", { class: "ov-legend", "aria-hidden": "true" });
  panel.body.append(el("div", { class: "ov-map-side" }, box, legend), worst.node);
  truth.area(panel.node, "figures");
  let drawn = null;
  let last = null;

  async function start(tries = 0) {
    try {
      draw(await fetchPlaces());
      if (last) write(last);
    } catch {
      setText(box, words.t("overview.map.failed"));
      setTimeout(() => start(tries + 1), Math.min(20_000, 1000 * 2 ** tries));
    }
  }
  start();

  /** Names, rings and lines keep their size on the screen, whatever the drawing is scaled by. */
  function scale() {
    if (!drawn) return;
    const unit = Math.max(drawn.size[0] / Math.max(1, box.clientWidth - 10), drawn.size[1] / Math.max(1, box.clientHeight - 10));
    box.style.setProperty("--unit", unit.toFixed(4));
  }
  new ResizeObserver(scale).observe(box);

  function draw(places) {
    const flat = flattener(places.outline);
    const level = places.count("grids") > MANY || !places.count("grids") ? "towns" : "grids";
    const path = (feature) => rings(feature.geometry).map((ring) => `M${ring.map((corner) => flat.at(corner).map((n) => n.toFixed(1)).join(" ")).join("L")}Z`).join("");
    const [width, height] = flat.size;
    const shapes = new Map();
    const heat = svg("g", { class: "ov-heat" });
    for (const feature of places.geo[level].features) {
      const shape = svg("path", { d: path(feature), "data-class": 0 });
      shapes.set(feature.properties.code, { shape, at: flat.at(places.middle(feature.properties.code)), class: 0 });
      heat.append(shape);
    }
    const borders = svg("g", { class: "ov-borders" });
    const towns = new Map();
    const names = svg("g", { class: "ov-names", "aria-hidden": "true" });
    for (const feature of places.geo.towns.features) {
      const { code } = feature.properties;
      const shape = svg("path", { d: path(feature), class: "ov-town", role: "button", tabindex: 0, "data-town": code });
      const open = () => sheet.town(code);
      shape.addEventListener("click", open);
      shape.addEventListener("keydown", (event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), open()));
      const [x, y] = flat.at(roomiest(feature));
      names.append(svg("text", { x: x.toFixed(1), y: y.toFixed(1) }, words.name(reference.areas[code]) || code));
      towns.set(code, shape);
      borders.append(shape);
    }
    const county = svg("g", { class: "ov-county" }, ...places.geo.county.features.map((feature) => svg("path", { d: path(feature) })));
    const halos = svg("g", { class: "ov-halos", "aria-hidden": "true" });
    box.replaceChildren(svg("svg", { viewBox: `-14 -14 ${(width + 28).toFixed(0)} ${(height + 28).toFixed(0)}`, preserveAspectRatio: "xMaxYMid meet", role: "group", "aria-label": words.t("overview.map.label") }, heat, borders, county, halos, names));
    drawn = { size: [width + 28, height + 28], level, places, shapes, towns, halos, top: 10, rings: new Map() };
    scale();
  }

  /** Open, due soon and overdue of each place that is tinted. */
  function countsOf({ figures, grids }) {
    if (drawn.level === "grids") return grids ?? {};
    return Object.fromEntries(Object.entries(figures.towns).map(([code, one]) => [code, [one.open, one.due_soon, one.overdue]]));
  }

  function write(state) {
    last = state;
    worst.write(state);
    if (!drawn) return;
    const counts = countsOf(state);
    drawn.top = topFor(Math.max(0, ...Object.values(counts).map(([open]) => open)), drawn.top);
    const breaks = breaksFor(reference.ramp, drawn.top);
    for (const [code, place] of drawn.shapes) {
      const [open, , overdue] = counts[code] ?? [0, 0, 0];
      setAttribute(place.shape, "data-class", classOf(open, breaks));
      ring(code, place.at, overdue);
    }
    for (const [code, shape] of drawn.towns) {
      const one = state.figures.towns[code] ?? { open: 0, overdue: 0, due_soon: 0 };
      setAttribute(shape, "aria-label", words.t("overview.map.place", { name: words.name(reference.areas[code]), open: one.open, overdue: one.overdue, soon: one.due_soon }));
    }
    const words_ = labelsFor(breaks);
    const key = words_.join();
    if (drawn.key !== key) {
      drawn.key = key;
      legend.replaceChildren(el("span", {}, words.t("overview.map.legend")),
        ...words_.map((text, i) => el("span", { class: "ov-swatch" }, el("i", { "data-class": i }), text)),
        el("span", { class: "ov-swatch" }, el("i", { class: "ov-ring" }), words.t("overview.map.halo")));
    }
    setText(panel.scope, `${words.t("overview.map.halo")} ${words.number(state.figures.county.overdue)} / ${words.t("overview.map.legend")} ${words.number(state.figures.county.open)}`);
  }

  /** The halo of a place: the more is overdue there, the wider. */
  function ring(code, [x, y], overdue) {
    let node = drawn.rings.get(code);
    if (!overdue) {
      node?.remove();
      drawn.rings.delete(code);
      return;
    }
    if (!node) {
      node = svg("g", { "data-halo": code }, svg("circle", { class: "ov-glow", cx: x, cy: y }), svg("circle", { class: "ov-edge", cx: x, cy: y }));
      drawn.rings.set(code, node);
      drawn.halos.append(node);
    }
    setAttribute(node, "data-overdue", overdue);
    node.style.setProperty("--wide", (3.5 + 2.2 * Math.sqrt(Math.min(overdue, 40))).toFixed(2));
  }

  return { write };
}

/** The towns where most is overdue, for a finger; the count of each is that of its list. */
function buildWorst({ words, truth, sheet, reference }) {
  const box = el("div", { class: "ov-worst-rows" });
  const node = el("div", { class: "ov-worst" }, el("h3", {}, words.t("overview.map.worst")), box);
  const fit = fitting(box);
  const rows = keyed(box, ({ key }) => {
    const [overdue, open] = [el("b", { class: "ov-late num" }), el("span", { class: "num" })];
    const button = el("button", { type: "button", class: "ov-worst-row", "data-place": key, "aria-haspopup": "dialog" }, el("span", { class: "ov-place" }, words.name(reference.areas[key]) || key), overdue, open);
    button.addEventListener("click", () => sheet.town(key));
    const slots = [truth.slot(overdue, "town-overdue", "figures"), truth.slot(open, "town-open", "figures")];
    return {
      node: button,
      write({ counts }) {
        slots[0].write(counts.overdue, words.number(counts.overdue));
        slots[1].write(counts.open, words.number(counts.open));
        setAttribute(overdue, "data-some", counts.overdue ? "" : null);
      },
    };
  });
  return {
    node,
    write({ figures }) {
      const towns = Object.entries(figures.towns).map(([key, counts]) => ({ key, counts }));
      towns.sort((a, b) => b.counts.overdue - a.counts.overdue || b.counts.due_soon - a.counts.due_soon || b.counts.open - a.counts.open || a.key.localeCompare(b.key));
      rows(towns);
      fit();
    },
  };
}
