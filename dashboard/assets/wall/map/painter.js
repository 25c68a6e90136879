/**
 * The painter of the map on a machine without a graphics card: a worker that draws grids, towns and columns on a canvas of
 * its own, so that not one millisecond of drawing is taken from the page. What does not change with the counts (the slab, the
 * ground, the borders) is drawn once for each view and then only copied.
 *
 * Messages: `begin {canvas, geo, columns, colours, unit, lean}`, `view {view, size, ratio}`, `show {level, raised, tall}`,
 * `states {level, packed: id, class, height, foot, id, …}`.
 */
import { ground, mercator } from "./camera.js";
import { rings, SLAB } from "./geometry.js";
import { hatch } from "./hatch.js";
import { makePace } from "./pace.js";

/** Light falls from the north-west: walls that look west, south and east, as shares of the roof's brightness. */
const WALLS = [0.74, 0.6, 0.47];

/** Drawn in this very thread: without a card "accelerated" means by the browser's one drawing process, before which all else waits. */
const BY_PROCESSOR = { willReadFrequently: true };

let canvas = null;
let pen = null;
let colours = null;
let unit = 16;
let lean = false;
let paints = [];
let places = { county: [], towns: [], grids: [] };
let look = { level: "grids", raised: false, tall: false };
let seen = null;
let wanted = null;
let project = null;
const layers = { under: null, borders: null };
const states = { grids: new Map(), towns: new Map() };

/** Every ring of a feature as Mercator numbers x, y, x, y, … */
function flattened(geometry) {
  return rings(geometry).map((ring) => Float64Array.from(ring.flatMap(mercator)));
}

function begin(message) {
  ({ canvas, colours, unit, lean } = message);
  pen = canvas.getContext("2d", BY_PROCESSOR);
  for (const name of ["county", "towns", "grids"]) {
    places[name] = message.geo[name].features.map((feature) => ({ id: feature.id, rings: flattened(feature.geometry), screen: [], y: 0 }));
  }
  for (const name of ["towns", "grids"]) {
    message.columns[name].features.forEach((feature, i) => (places[name][i].column = flattened(feature.geometry)));
  }
  const plain = [...colours.ramp, colours.soon, colours.overdue];
  const tile = (kind) => {
    const pattern = pen.createPattern(hatch(kind, colours), "repeat");
    pattern.setTransform(new DOMMatrix().scale(unit / 32));
    return pattern;
  };
  const roofs = [...colours.ramp, tile("soon"), tile("overdue")];
  paints = plain.map((colour, i) => ({ roof: roofs[i], walls: WALLS.map((share) => darker(colour, share)) }));
}

function darker(colour, share) {
  const [red, green, blue] = [1, 3, 5].map((at) => Math.round(parseInt(colour.slice(at, at + 2), 16) * share));
  return `rgb(${red} ${green} ${blue})`;
}

/** A ring on the screen, at a height: x, y, x, y, … without points that fall on the one before. */
function onScreen(ring, metres = 0) {
  const points = [];
  for (let i = 0; i < ring.length; i += 2) {
    const [x, y] = project([ring[i], ring[i + 1]], metres);
    const n = points.length;
    if (n && Math.abs(points[n - 2] - x) + Math.abs(points[n - 1] - y) < 0.6) continue;
    points.push(x, y);
  }
  return points;
}

function trace(brush, points) {
  if (points.length < 6) return;
  brush.moveTo(points[0], points[1]);
  for (let i = 2; i < points.length; i += 2) brush.lineTo(points[i], points[i + 1]);
  brush.closePath();
}

function setView({ view, size, ratio }) {
  seen = { view, size, ratio };
  project = ground(view, size);
  canvas.width = Math.round(size.width * ratio);
  canvas.height = Math.round(size.height * ratio);
  for (const level of ["county", "towns", "grids"]) {
    for (const place of places[level]) {
      place.screen = place.rings.map((ring) => onScreen(ring));
      const [first = []] = place.screen;
      let sum = 0;
      for (let i = 1; i < first.length; i += 2) sum += first[i];
      place.y = first.length ? (2 * sum) / first.length : 0;
    }
  }
  // Far ones first: what stands nearer covers what stands behind it.
  for (const level of ["towns", "grids"]) places[level].sort((a, b) => a.y - b.y);
  forgetLayers();
}

function forgetLayers() {
  layers.under = layers.borders = null;
}

/** A picture of the canvas's size, drawn with its scale. */
function layer(paint) {
  const picture = new OffscreenCanvas(canvas.width, canvas.height);
  const brush = picture.getContext("2d", BY_PROCESSOR);
  brush.scale(seen.ratio, seen.ratio);
  paint(brush);
  return picture;
}

function fillAll(brush, shapes, paint, down = 0) {
  brush.fillStyle = paint;
  brush.save();
  brush.translate(0, down);
  brush.beginPath();
  for (const place of shapes) for (const ring of place.screen) trace(brush, ring);
  brush.fill("evenodd");
  brush.restore();
}

function strokeAll(brush, shapes, colour, width) {
  brush.strokeStyle = colour;
  brush.lineWidth = (width * unit) / 16;
  brush.lineJoin = "round";
  brush.beginPath();
  for (const place of shapes) for (const ring of place.screen) trace(brush, ring);
  brush.stroke();
}

function under() {
  return layer((brush) => {
    if (look.tall) for (const [depth, colour] of SLAB) fillAll(brush, places.county, colour, depth * unit);
    fillAll(brush, places.county, colours.ramp[0]);
  });
}

function borders() {
  return layer((brush) => {
    if (look.level === "grids") strokeAll(brush, places.grids, colours.grid_line, lean ? 0.4 : 0.8);
    strokeAll(brush, places.towns, colours.town_line, 1.4);
    strokeAll(brush, places.county, colours.county_line, 2.2);
  });
}

/** Flat places: one filling for each colour, however many they are. */
function drawFlat() {
  const byClass = new Map();
  for (const place of places[look.level]) {
    const kind = states[look.level].get(place.id)?.c ?? 0;
    if (!kind) continue;
    if (!byClass.has(kind)) byClass.set(kind, []);
    byClass.get(kind).push(place);
  }
  for (const [kind, shapes] of byClass) fillAll(pen, shapes, paints[kind].roof);
}

function drawColumns() {
  pen.lineWidth = (0.7 * unit) / 16;
  pen.strokeStyle = "rgb(255 255 255 / 0.22)";
  for (const place of places[look.level]) {
    const state = states[look.level].get(place.id);
    if (!state || state.b > 0) continue;
    for (const ring of place.column) drawColumn(onScreen(ring), onScreen(ring, state.h), paints[state.c]);
  }
}

/** One column: its walls that look this way, in three shades, and its roof over them. */
function drawColumn(foot, top, paint) {
  if (foot.length < 6 || top.length !== foot.length) return roof(top, paint);
  const turn = area(foot) > 0 ? 1 : -1;
  const faces = [[], [], []];
  for (let i = 0, j = foot.length - 2; i < foot.length; j = i, i += 2) {
    const [dx, dy] = [foot[i] - foot[j], foot[i + 1] - foot[j + 1]];
    const down = -dx * turn; // the outward normal's part towards the viewer
    if (down <= 0) continue;
    const slant = (dy * turn) / Math.hypot(dx, dy);
    faces[slant < -0.35 ? 0 : slant > 0.35 ? 2 : 1].push([foot[j], foot[j + 1], foot[i], foot[i + 1], top[i], top[i + 1], top[j], top[j + 1]]);
  }
  faces.forEach((quads, shade) => {
    if (!quads.length) return;
    pen.fillStyle = paint.walls[shade];
    pen.beginPath();
    for (const quad of quads) trace(pen, quad);
    pen.fill();
  });
  return roof(top, paint);
}

function roof(top, paint) {
  pen.fillStyle = paint.roof;
  pen.beginPath();
  trace(pen, top);
  pen.fill();
  pen.stroke();
}

function area(points) {
  let sum = 0;
  for (let i = 0, j = points.length - 2; i < points.length; j = i, i += 2) sum += points[j] * points[i + 1] - points[i] * points[j + 1];
  return sum;
}

let told = false;

function draw() {
  if (wanted) setView(wanted);
  wanted = null;
  if (!seen || !canvas.width || !canvas.height) return;
  layers.under ??= under();
  layers.borders ??= borders();
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(layers.under, 0, 0);
  pen.scale(seen.ratio, seen.ratio);
  if (!look.raised) drawFlat();
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.drawImage(layers.borders, 0, 0);
  pen.scale(seen.ratio, seen.ratio);
  if (look.raised) drawColumns();
  if (!told) postMessage("painted");
  told = true;
}

let frame = 0;
/** For a hand on the map: at the next frame. */
function now() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    draw();
  });
}
const soon = makePace(draw);

const TAKES = {
  begin,
  view(message) {
    wanted = message; // a hand on the map sends many before the next frame
    now();
  },
  show({ level, raised, tall }) {
    if (level !== look.level || tall !== look.tall) forgetLayers();
    look = { level, raised, tall };
    now();
  },
  states({ level, packed }) {
    for (let i = 0; i < packed.length; i += 4) states[level].set(packed[i], { c: packed[i + 1], h: packed[i + 2], b: packed[i + 3] });
    soon();
  },
};

onmessage = ({ data }) => TAKES[data.kind](data);
