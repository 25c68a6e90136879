/**
 * The map drawn by MapLibre GL, from local files only: no tiles, no glyphs, no sprites. Shapes are sent once; afterwards a
 * change is a feature state (a class and a height), so that recolouring thousands of grids sends only ids and numbers.
 */
import { rem } from "../../ui/dom.js";
import { shrunk, SLAB } from "./geometry.js";
import { hatch } from "./hatch.js";
import { makePace } from "./pace.js";

/** No state yet: a column hidden far above the camera, so that no flat roof covers the boundary lines. */
const HIDDEN = 1e6;
/** Above this many grids the tilted columns are drawn for towns only (docs/ui-stack: 2–8 frames/s without a GPU). */
export const MANY = 1500;

const NOTHING = { type: "FeatureCollection", features: [] };

const vendor = (name) => new URL(`../../vendor/${name}`, import.meta.url).href;

/**
 * Whether a graphics card draws here. Without one WebGL is drawn by the processor, and the page waits for every picture (the
 * better part of a second on a busy machine). An address with `?map=gl` or `?map=canvas` decides for a machine that errs.
 */
export function graphicsCard() {
  const asked = new URLSearchParams(location.search).get("map");
  if (asked) return asked === "gl";
  try {
    const gl = document.createElement("canvas").getContext("webgl2");
    if (!gl) return false;
    const told = gl.getExtension("WEBGL_debug_renderer_info");
    const name = String(told ? gl.getParameter(told.UNMASKED_RENDERER_WEBGL) : gl.getParameter(gl.RENDERER));
    gl.getExtension("WEBGL_lose_context")?.loseContext();
    return !/swiftshader|llvmpipe|software|basic render/i.test(name);
  } catch {
    return false;
  }
}

function colourOf(colours) {
  const classes = [1, 2, 3, 4].flatMap((kind) => [kind, colours.ramp[kind]]);
  return ["match", ["coalesce", ["feature-state", "c"], 0], ...classes, 5, colours.soon, 6, colours.overdue, colours.ramp[0]];
}

const state = (name) => ["coalesce", ["feature-state", name], HIDDEN];

const picture = (tile) => tile.getContext("2d").getImageData(0, 0, tile.width, tile.height);

const twoFrames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

function slab(unit) {
  return SLAB.map(([depth, colour], i) => ({
    id: `slab-${i}`, type: "fill", source: "county",
    paint: { "fill-color": colour, "fill-antialias": false, "fill-translate": [0, depth * unit], "fill-translate-anchor": "viewport" },
  }));
}

function styleOf(geo, colours, unit, lean, gap) {
  const line = (id, source, colour, width) => ({
    id, type: "line", source,
    paint: { "line-color": colour, "line-width": (width * unit) / 16 },
  });
  const columns = (id, source) => ({
    id, type: "fill-extrusion", source, layout: { visibility: "none" },
    paint: { "fill-extrusion-color": colourOf(colours), "fill-extrusion-height": state("h"), "fill-extrusion-base": state("b"), "fill-extrusion-vertical-gradient": true },
  });
  const late = ["get", "pattern"];
  return {
    version: 8,
    sources: {
      county: { type: "geojson", data: geo.county, tolerance: 0.8 },
      towns: { type: "geojson", data: geo.towns, tolerance: 0.8 },
      grids: { type: "geojson", data: geo.grids, tolerance: 0.8 },
      "grids-columns": { type: "geojson", data: lean ? NOTHING : shrunk(geo.grids, gap), tolerance: 0.8 },
      "towns-columns": { type: "geojson", data: shrunk(geo.towns, gap), tolerance: 0.8 },
      late: { type: "geojson", data: NOTHING, tolerance: 0.8 },
    },
    light: { anchor: "viewport", color: "#ffffff", intensity: 0.35, position: [1.4, 205, 32] },
    layers: [
      ...slab(unit),
      { id: "towns-fill", type: "fill", source: "towns", layout: { visibility: "none" }, paint: { "fill-color": colourOf(colours), "fill-antialias": false } },
      { id: "grids-fill", type: "fill", source: "grids", paint: { "fill-color": colourOf(colours), "fill-antialias": false } },
      { id: "late-fill", type: "fill", source: "late", paint: { "fill-pattern": late, "fill-antialias": false } },
      line("grids-line", "grids", colours.grid_line, lean ? 0.4 : 0.8),
      line("towns-line", "towns", colours.town_line, 1.4),
      line("county-line", "county", colours.county_line, 2.2),
      columns("grids-tall", "grids-columns"),
      columns("towns-tall", "towns-columns"),
      {
        id: "late-tall", type: "fill-extrusion", source: "late", layout: { visibility: "none" },
        paint: { "fill-extrusion-pattern": late, "fill-extrusion-height": ["+", ["get", "h"], ["get", "cap"]], "fill-extrusion-base": ["get", "h"] },
      },
    ],
  };
}

/**
 * @param geo `{county, towns, grids}`, FeatureCollections with integer ids; @param colours see `grid_map.js`
 * @param gap metres by which columns stand back from their borders
 */
export async function drawGl(container, { geo, colours, view, gap }) {
  const { Map, setWorkerUrl } = await import(vendor("maplibre-gl.mjs"));
  setWorkerUrl(vendor("maplibre-gl-worker.mjs"));
  const lean = geo.grids.features.length > MANY;
  const map = new Map({
    container, style: styleOf(geo, colours, rem(), lean, gap), ...view, bearing: 0,
    attributionControl: false, maplibreLogo: false, dragRotate: false, pitchWithRotate: false, touchPitch: false, keyboard: false,
    renderWorldCopies: false, fadeDuration: 0, trackResize: false, maxPitch: 60, minZoom: 3, maxZoom: 16,
    canvasContextAttributes: { antialias: true, powerPreference: "high-performance" },
  });
  map.getCanvas().removeAttribute("tabindex");
  map.getCanvas().setAttribute("aria-hidden", "true");
  await new Promise((done) => map.once("load", done));
  for (const kind of ["overdue", "soon"]) map.addImage(kind, picture(hatch(kind, colours)), { pixelRatio: Math.max(1, 32 / rem()) });

  const waiting = { states: new globalThis.Map(), late: null };
  const soon = makePace(() => {
    for (const [source, changes] of waiting.states) for (const [id, values] of changes) map.setFeatureState({ source, id }, values);
    waiting.states.clear();
    if (waiting.late) map.getSource("late").setData({ type: "FeatureCollection", features: waiting.late });
    waiting.late = null;
    return twoFrames();
  });

  return {
    map,
    lean,
    painted: twoFrames(),

    /** @param level "grids" | "towns"; @param tall as columns or as ground; @param changes `[[id, {c, h, b}], …]` */
    states(level, tall, changes) {
      const source = tall ? `${level}-columns` : level;
      if (!waiting.states.has(source)) waiting.states.set(source, new globalThis.Map());
      for (const [id, values] of changes) waiting.states.get(source).set(id, values);
      soon();
    },

    /** The shapes that carry a pattern: few, so they are simply sent anew. */
    late(features) {
      waiting.late = features;
      soon();
    },

    show({ level, tall }) {
      const visible = (id, on) => map.getLayer(id) && map.setLayoutProperty(id, "visibility", on ? "visible" : "none");
      visible("grids-fill", level === "grids");
      visible("grids-line", level === "grids");
      visible("grids-tall", level === "grids" && tall);
      visible("towns-fill", level === "towns");
      visible("towns-tall", level === "towns" && tall);
      const raised = tall && !(lean && level === "grids");
      // Under columns the ground is plain, so that the gaps between them show.
      map.setPaintProperty("grids-fill", "fill-color", raised ? colours.ramp[0] : colourOf(colours));
      map.setPaintProperty("towns-fill", "fill-color", raised ? colours.ramp[0] : colourOf(colours));
      visible("late-fill", !raised);
      visible("late-tall", raised);
      SLAB.forEach((_, i) => visible(`slab-${i}`, tall));
    },

    view(wanted, soft) {
      if (soft) map.easeTo({ ...wanted, bearing: 0, duration: 500 });
      else map.jumpTo({ ...wanted, bearing: 0 });
    },

    now: () => ({ center: map.getCenter().toArray(), zoom: map.getZoom(), pitch: map.getPitch() }),
    resize: () => map.resize(),
    moving: (listener) => map.on("move", listener),
    /** The person moved the map (and not the wall itself). */
    touched: (listener) => map.on("movestart", (event) => event.originalEvent && listener()),

    /** What lies under a point of the panel: `{level, code}` or null. */
    under(point) {
      const layers = ["grids-tall", "grids-fill", "towns-tall", "towns-fill"].filter((id) => map.getLayer(id) && map.getLayoutProperty(id, "visibility") !== "none");
      const [hit] = map.queryRenderedFeatures(point, { layers });
      return hit ? { level: hit.source.replace("-columns", ""), code: hit.properties.code } : null;
    },
    pointed: (listener) => {
      map.on("mousemove", (event) => listener(event.point));
      map.on("mouseout", () => listener(null));
    },
    clicked: (listener) => map.on("click", (event) => listener(event.point)),
    lost: (listener) => map.getCanvas().addEventListener("webglcontextlost", listener),
  };
}
