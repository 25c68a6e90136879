/**
 * The map on a machine without a graphics card: a painter in a worker of its own (`painter.js`) draws; here are the hand on
 * the map, what lies under it, and the view. It offers what `gl.js` offers.
 */
import { el, rem } from "../../ui/dom.js";
import { mercator, unmercator, unproject } from "./camera.js";
import { inside, rings, shrunk } from "./geometry.js";
import { MANY } from "./gl.js";

/** Pixels that are drawn at most; a larger panel is drawn coarser and enlarged (names are not in it). */
const PIXELS = 2_500_000;
const ZOOMS = [3, 16];
const GLIDE = 500;
/** Pixels by which a finger or mouse may shake in a click. */
const SHAKE = 4;

export function drawCanvas(container, { geo, colours, view, gap }) {
  const canvas = el("canvas", { "aria-hidden": "true" });
  container.append(canvas);
  const lean = geo.grids.features.length > MANY;
  const painter = new Worker(new URL("./painter.js", import.meta.url), { type: "module" });
  const painted = new Promise((done) => painter.addEventListener("message", done, { once: true })); // its only message
  const offscreen = canvas.transferControlToOffscreen();
  const columns = { grids: lean ? { features: [] } : shrunk(geo.grids, gap), towns: shrunk(geo.towns, gap) };
  painter.postMessage({ kind: "begin", canvas: offscreen, geo, columns, colours, unit: rem(), lean }, [offscreen]);

  const heights = { grids: new Map(), towns: new Map() };
  const listeners = { moving: [], touched: [], pointed: [], clicked: [] };
  const tell = (name, ...words) => listeners[name].forEach((listener) => listener(...words));
  let current = view;
  let look = { level: "grids", tall: false };
  let glide = 0;
  let box = { width: 0, height: 0 };

  function measure() {
    box = { width: container.clientWidth, height: container.clientHeight };
  }

  function send() {
    const ratio = Math.min(devicePixelRatio, Math.sqrt(PIXELS / Math.max(1, box.width * box.height)));
    painter.postMessage({ kind: "view", view: current, size: box, ratio });
    tell("moving");
  }

  function go(wanted) {
    current = wanted;
    send();
  }

  /** From here to there in half a second. */
  function easeTo(wanted) {
    const [from, began] = [current, performance.now()];
    const between = (a, b, share) => a + (b - a) * share;
    const step = () => {
      const time = Math.min(1, (performance.now() - began) / GLIDE);
      const share = time * (2 - time);
      go({
        center: [0, 1].map((i) => between(from.center[i], wanted.center[i], share)),
        zoom: between(from.zoom, wanted.zoom, share),
        pitch: between(from.pitch, wanted.pitch, share),
      });
      if (time < 1) glide = requestAnimationFrame(step);
    };
    step();
  }

  // --- the hand ----------------------------------------------------------------------------------------------------------

  const pointOf = (event) => {
    const frame = container.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  };
  let grip = null;

  /** The view in which a place of the ground lies under a point. */
  function heldAt(view, place, point) {
    const [x, y] = unproject(view, box)([point.x, point.y]);
    const [cx, cy] = mercator(view.center);
    return { ...view, center: unmercator([cx + place[0] - x, cy + place[1] - y]) };
  }

  function byHand(view) {
    cancelAnimationFrame(glide);
    go(view);
    tell("touched");
  }

  container.addEventListener("pointerdown", (event) => {
    const point = pointOf(event);
    grip = { point, place: unproject(current, box)([point.x, point.y]), moved: false };
    container.setPointerCapture(event.pointerId);
  });
  container.addEventListener("pointermove", (event) => {
    const point = pointOf(event);
    if (!grip) return tell("pointed", point);
    grip.moved ||= Math.hypot(point.x - grip.point.x, point.y - grip.point.y) > SHAKE;
    if (grip.moved) byHand(heldAt(current, grip.place, point));
    return undefined;
  });
  container.addEventListener("pointerup", (event) => {
    const clicked = grip && !grip.moved;
    grip = null;
    if (clicked) tell("clicked", pointOf(event));
  });
  container.addEventListener("pointercancel", () => (grip = null));
  container.addEventListener("pointerleave", () => tell("pointed", null));
  container.addEventListener("wheel", (event) => {
    event.preventDefault();
    const point = pointOf(event);
    const place = unproject(current, box)([point.x, point.y]);
    const zoom = Math.min(ZOOMS[1], Math.max(ZOOMS[0], current.zoom - event.deltaY / 400));
    byHand(heldAt({ ...current, zoom }, place, point));
  }, { passive: false });

  // --- what lies under it -------------------------------------------------------------------------------------------------

  const outlines = { grids: new Map(), towns: new Map() };

  /** Rings of a feature in Mercator, and their frame; worked out when first asked for. */
  function outline(level, feature) {
    const known = outlines[level].get(feature.id);
    if (known) return known;
    const shape = rings(feature.geometry).map((ring) => ring.map(mercator));
    const [xs, ys] = [0, 1].map((i) => shape.flat().map((corner) => corner[i]));
    const found = { shape, frame: [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)] };
    outlines[level].set(feature.id, found);
    return found;
  }

  /** The place whose roof (or ground) lies under a point: of several the one that stands in front. */
  function under({ x, y }) {
    const at = unproject(current, box);
    const raised = look.tall && !(lean && look.level === "grids");
    let best = null;
    for (const feature of geo[look.level].features) {
      const metres = raised ? (heights[look.level].get(feature.id) ?? 0) : 0;
      const [px, py] = at([x, y], metres);
      const { shape, frame } = outline(look.level, feature);
      if (px < frame[0] || px > frame[2] || py < frame[1] || py > frame[3]) continue;
      if (shape.some((ring) => inside(ring, [px, py])) && (!best || frame[3] > best.south)) best = { feature, south: frame[3] };
    }
    return best && { level: look.level, code: best.feature.properties.code };
  }

  measure();
  send();

  return {
    lean,
    painted,

    states(level, _tall, changes) {
      const packed = new Float64Array(4 * changes.length); // handed over whole: thousands of objects would be copied one by one
      changes.forEach(([id, { c, h, b }], i) => {
        heights[level].set(id, b > 0 ? 0 : h);
        [packed[4 * i], packed[4 * i + 1], packed[4 * i + 2], packed[4 * i + 3]] = [id, c, h, b];
      });
      painter.postMessage({ kind: "states", level, packed }, [packed.buffer]);
    },

    /** The painter hatches what is late by its class. */
    late() {},

    show({ level, tall }) {
      look = { level, tall };
      painter.postMessage({ kind: "show", level, tall, raised: tall && !(lean && level === "grids") });
    },

    view(wanted, soft) {
      cancelAnimationFrame(glide);
      if (soft) easeTo(wanted);
      else go(wanted);
    },

    now: () => current,
    resize() {
      measure();
      send();
    },
    moving: (listener) => listeners.moving.push(listener),
    touched: (listener) => listeners.touched.push(listener),
    under,
    pointed: (listener) => listeners.pointed.push(listener),
    clicked: (listener) => listeners.clicked.push(listener),
    lost() {},
  };
}
