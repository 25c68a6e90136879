/**
 * The grid map: open cases per grid (or town) as colour and height, late ones hatched, the burning ones pinned. Chooses how
 * to draw (WebGL, else SVG), keeps what is shown, and sends the drawing only what changed.
 */
import { el, rem, setAttribute, setHidden, setText, stillness } from "../../ui/dom.js";
import { levelChip } from "../../ui/marks.js";
import { FIGURE_LISTS, listOf } from "../links.js";
import { contradictions } from "../truth.js";
import { fitted, projector } from "./camera.js";
import { drawFlat } from "./flat.js";
import { corners, middle, roomiest, shrunk } from "./geometry.js";
import { drawGl, MANY, webGl } from "./gl.js";
import { buildOverlay } from "./overlay.js";
import { breaksFor, classOf, heightOf, labelsFor, stateOf, topFor } from "./scale.js";

const PITCH = 40;
const NONE = [0, 0, 0];
const LATE = 400;
const HOME = 60_000;
const NEAR = 1.3;
/** How far columns stand back from their borders, as a share of the county's width. */
const GAP = 0.0016;
const LATE_KINDS = ["", "soon", "overdue"];

function coloursOf() {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(name).trim();
  return {
    ramp: [0, 1, 2, 3, 4].map((i) => token(`--ramp${i}`)),
    overdue: token("--red"), overdue_dark: token("--red-dark"), soon: token("--orange"), soon_dark: token("--orange-dark"),
    grid_line: token("--map-grid"), town_line: token("--map-town"), county_line: token("--map-county"),
  };
}

async function shapes(level) {
  const answer = await fetch(`/map/areas.geojson?level=${level}`);
  if (!answer.ok) throw new Error(`the ${level} shapes answered ${answer.status}`);
  const collection = await answer.json();
  collection.features.forEach((feature, i) => (feature.id ??= i + 1));
  return collection;
}

function legend(words) {
  const title = el("div", { class: "legend-title" });
  const labels = [0, 1, 2, 3, 4].map(() => el("span", { class: "num" }));
  const cells = labels.map((label, i) => el("div", { class: "legend-cell" }, el("i", { class: `ramp-${i}` }), label));
  const late = ["overdue", "soon"].map((kind) => el("div", { class: "legend-late" }, el("i", { class: `hatch hatch-${kind}` }), words.t(`wall.map.${kind}`)));
  const node = el("div", { class: "map-legend" }, title, el("div", { class: "legend-row" }, ...cells), el("div", { class: "legend-lates" }, ...late));
  return {
    node,
    write(breaks, tall) {
      setText(title, words.t(tall ? "wall.map.legend_height" : "wall.map.legend"));
      labelsFor(breaks).forEach((text, i) => setText(labels[i], text));
    },
  };
}

function levels(words, truth) {
  const parts = [1, 2, 3, 4].map((level) => {
    const count = el("b", {}, words.unknown);
    const node = el("a", { class: "level-count", href: FIGURE_LISTS[`level-${level}`] }, levelChip(level, words), count);
    return { level, node, slot: truth.slot(node, `level-${level}`, "figures", count) };
  });
  return {
    node: el("div", { class: "map-levels", role: "group", "aria-label": words.t("wall.map.levels") }, ...parts.map((part) => part.node)),
    write(figures, broken) {
      for (const { level, slot } of parts) {
        const open = figures.levels[level] ?? 0;
        slot.write(open, words.number(open), broken.has(`level-${level}`));
      }
    },
  };
}

/** Two or three words of which one is on. */
function choice(label, options, chosen, onchoose) {
  const buttons = options.map(([key, text]) => el("button", { type: "button", "data-key": key, onclick: () => onchoose(key) }, text));
  const node = el("div", { class: "choice", role: "group", "aria-label": label }, ...buttons);
  const write = (key) => buttons.forEach((button) => setAttribute(button, "aria-pressed", String(button.dataset.key === key)));
  write(chosen);
  return { node, write };
}

export class GridMap {
  #context;
  #panel;
  #room;
  #overlay;
  #colours = coloursOf();
  #legend;
  #levels;
  #geo = null;
  #drawing = null;
  #ids = { grids: new Map(), towns: new Map() };
  #middles = { grids: new Map(), towns: new Map() };
  #counts = { grids: new Map(), towns: new Map() };
  #painted = { grids: new Map(), towns: new Map() };
  #top = { grids: 10, towns: 10 };
  #pins = [];
  #tall = true;
  #level = "grids";
  #forced = false;
  #home = true;
  #homeZoom = 0;
  #homeTimer = 0;
  #lateSeen = "";
  #reach = 1000;
  #controls = null;
  #note;
  #hover = 0;

  constructor(panel, context) {
    this.#panel = panel;
    this.#context = context;
    const { words, truth } = context;
    this.#room = el("div", { class: "map-room" });
    panel.body.append(this.#room);
    this.#overlay = buildOverlay(panel.body);
    this.#legend = legend(words);
    this.#levels = levels(words, truth);
    this.#note = el("p", { class: "map-note", hidden: true }, words.t("wall.no_webgl"));
    panel.body.append(this.#legend.node, this.#levels.node, this.#note);
    truth.line(panel.age, "figures");
    truth.area(panel.node, "figures");
  }

  /** Fetches the shapes and draws; tries again for ever, a wall may be there before its server. */
  async start() {
    for (let wait = 500; ; wait = Math.min(8000, wait * 2)) {
      try {
        const [county, towns, grids] = await Promise.all([shapes("county"), shapes("town"), shapes("grid")]);
        return await this.#draw({ county, towns, grids });
      } catch (error) {
        console.warn(`map: ${error.message}; trying again`);
        await new Promise((done) => setTimeout(done, wait));
      }
    }
  }

  async #draw(geo) {
    this.#geo = geo;
    for (const level of ["grids", "towns"]) {
      for (const feature of geo[level].features) {
        this.#ids[level].set(feature.properties.code, feature);
        this.#middles[level].set(feature.properties.code, middle(feature));
      }
    }
    const how = webGl();
    const webgl = how !== "none";
    const many = geo.grids.features.length > MANY;
    this.#tall = webgl && (localStorage.getItem("gc_map") ?? "3d") === "3d";
    if (many && geo.towns.features.length) this.#level = "towns";
    this.#reach = this.#span() * 0.07;
    const options = { geo, colours: this.#colours, view: this.#fit(), software: how === "software", gap: this.#span() * GAP };
    if (!webgl) this.#withoutWebGl();
    this.#drawing = webgl ? await drawGl(this.#room, options).catch((error) => this.#flatInstead(options, error)) : drawFlat(this.#room, { ...options, view: this.#fit() });
    this.#addControls();
    this.#wire();
    this.#nameScope();
    this.#show();
    this.#repaint();
    new ResizeObserver(() => this.#resized()).observe(this.#panel.body);
    setAttribute(this.#panel.node, "data-ready", "yes");
  }

  #flatInstead(options, error) {
    if (error) console.warn(`map: ${error.message}; drawing without WebGL`);
    this.#withoutWebGl();
    return drawFlat(this.#room, { ...options, view: this.#fit() });
  }

  /** The panel says so, and offers no third dimension. */
  #withoutWebGl() {
    this.#room.replaceChildren();
    this.#tall = false;
    setHidden(this.#note, false);
    if (this.#controls) setHidden(this.#controls.tall.node, true);
    setAttribute(this.#panel.node, "data-webgl", "no");
  }

  #wire() {
    const drawing = this.#drawing;
    drawing.moving(() => this.#place());
    drawing.touched(() => this.#away());
    drawing.clicked((point) => this.#open(drawing.under(point)));
    drawing.pointed((point) => {
      cancelAnimationFrame(this.#hover);
      this.#hover = requestAnimationFrame(() => this.#tell(point && drawing.under(point), point));
    });
    drawing.lost(() => setTimeout(() => this.#contextGone(), 4000));
    const town = (code) => this.#context.reference.areas[code];
    const few = this.#ids.towns.size ? "towns" : this.#ids.grids.size <= 40 ? "grids" : null;
    const names = few ? [...this.#ids[few].values()] : [];
    this.#overlay.labels(names.map((feature) => {
      const { code } = feature.properties;
      const name = this.#context.words.name(town(code)) || feature.properties.name;
      return { key: code, at: roomiest(feature), name: shortPlace(name, this.#context.words), weight: this.#weight(code) };
    }));
  }

  /** WebGL did not come back by itself after its context was lost: the wall goes on without it. */
  #contextGone() {
    const map = this.#drawing.map;
    if (!map || !map.getCanvas().getContext("webgl2")?.isContextLost()) return;
    map.remove();
    this.#drawing = this.#flatInstead({ geo: this.#geo, colours: this.#colours });
    this.#wire();
    this.#show();
    this.#repaint();
  }

  #weight(town) {
    let grids = 0;
    for (const code of this.#ids.grids.keys()) if (this.#town(code) === town) grids += 1;
    return grids;
  }

  /** The town that a grid lies in, however deep the tree. */
  #town(grid) {
    return this.#ids.grids.get(grid)?.properties.town ?? null;
  }

  #span() {
    const places = corners(this.#geo.county.features.length ? this.#geo.county : this.#geo.grids);
    let [west, east] = [Infinity, -Infinity];
    for (const [longitude] of places) {
      west = Math.min(west, longitude);
      east = Math.max(east, longitude);
    }
    return (east - west) * 111_320 * Math.cos((places[0][1] * Math.PI) / 180);
  }

  #size() {
    return { width: this.#room.clientWidth, height: this.#room.clientHeight };
  }

  /** The view that fills the panel, as low as it can go without the county running into the corner boxes. */
  #fit() {
    const unit = rem();
    const size = this.#size();
    const pitch = this.#tall ? PITCH : 0;
    const places = corners(this.#geo.county.features.length ? this.#geo.county : this.#geo.grids);
    const boxes = this.#corners(0.8 * unit);
    const foot = Math.max(1.2 * unit, ...boxes.map((box) => size.height - box.top).filter((high) => high < size.height / 2));
    let view = null;
    for (const bottom of [1.4 * unit, foot * 0.35, foot * 0.7, foot]) {
      view = fitted(places, pitch, size, { top: (this.#tall ? 3 : 1.2) * unit, right: 1.5 * unit, bottom, left: 1.5 * unit });
      const project = projector(view, size);
      const meets = places.some((place) => {
        const [x, y] = project(place);
        return boxes.some((box) => x > box.left && x < box.right && y > box.top - unit && y < box.bottom);
      });
      if (!meets) break;
    }
    this.#homeZoom = view.zoom;
    return view;
  }

  /** The boxes in the panel's corners, in its own pixels, each with some air around it. */
  #corners(air = 0) {
    const frame = this.#panel.body.getBoundingClientRect();
    return [this.#legend.node, this.#levels.node, this.#note].filter((node) => node.offsetParent).map((node) => {
      const corner = node.getBoundingClientRect();
      return { left: corner.left - frame.left - air, top: corner.top - frame.top - air, right: corner.right - frame.left + air, bottom: corner.bottom - frame.top + air };
    });
  }

  #resized() {
    if (!this.#drawing) return;
    this.#drawing.resize();
    if (this.#home) this.#drawing.view(this.#fit(), false);
    this.#place();
  }

  #addControls() {
    const { words } = this.#context;
    const tall = choice(words.t("wall.map.mode"), [["2d", words.t("wall.map.flat")], ["3d", words.t("wall.map.tall")]], this.#tall ? "3d" : "2d", (key) => this.#switch({ tall: key === "3d" }));
    const level = choice(words.t("wall.map.level"), [["grids", words.t("wall.map.grids")], ["towns", words.t("wall.map.towns")]], this.#level, (key) => this.#switch({ level: key }));
    const reset = el("button", { class: "tool tool-small", type: "button", hidden: true, onclick: () => this.#goHome() }, words.t("wall.map.reset"));
    setHidden(level.node, !this.#geo.towns.features.length);
    setHidden(tall.node, this.#panel.node.dataset.webgl === "no");
    this.#panel.tools.append(reset, level.node, tall.node);
    this.#controls = { tall, level, reset };
  }

  #switch({ tall = this.#tall, level = this.#level }) {
    if (level !== this.#level) this.#forced = true;
    const tilted = tall !== this.#tall;
    this.#tall = tall;
    this.#level = level;
    if (tilted) localStorage.setItem("gc_map", tall ? "3d" : "2d");
    this.#show();
    this.#repaint();
    if (tilted) this.#goHome();
  }

  #show() {
    this.#drawing.show({ level: this.#level, tall: this.#tall });
    this.#controls.tall.write(this.#tall ? "3d" : "2d");
    this.#controls.level.write(this.#level);
    setAttribute(this.#panel.node, "data-level", this.#level);
    setAttribute(this.#panel.node, "data-mode", this.#tall ? "3d" : "2d");
    this.#lateSeen = "";
  }

  #away() {
    this.#home = false;
    setHidden(this.#controls.reset, false);
    clearTimeout(this.#homeTimer);
    this.#homeTimer = setTimeout(() => this.#goHome(), HOME);
  }

  #goHome() {
    clearTimeout(this.#homeTimer);
    this.#home = true;
    this.#forced = false;
    setHidden(this.#controls.reset, true);
    this.#drawing.view(this.#fit(), !stillness());
    this.#place();
  }

  /** With thousands of grids: towns from afar, grids near by. */
  #levelByZoom() {
    if (!this.#drawing.lean || this.#forced || !this.#ids.towns.size) return;
    const wanted = this.#drawing.now().zoom > this.#homeZoom + NEAR ? "grids" : "towns";
    if (wanted === this.#level) return;
    this.#level = wanted;
    this.#show();
    this.#repaint();
  }

  #open(place) {
    if (place) location.assign(listOf("open", { area: place.code }));
  }

  #tell(place, point) {
    const { popover, words, reference, truth } = this.#context;
    if (!place) return popover.hide();
    const [open, soon, overdue] = this.#counts[place.level].get(place.code) ?? NONE;
    const area = reference.areas[place.code];
    const frame = this.#room.getBoundingClientRect();
    const [x, y] = [frame.left + point.x, frame.top + point.y];
    popover.show({ left: x + rem(), right: x, top: y, bottom: y + rem() }, {
      title: words.name(area) || place.code,
      value: words.t("wall.map.counts", { open, soon, overdue }),
      definition: words.t(`wall.definition.${place.level === "towns" ? "town" : "grid"}`),
      origin: words.t("wall.origin.cases"),
      asOf: truth.asOf("figures"),
      list: listOf("open", { area: place.code }),
    });
  }

  /** Whether a level stands as columns: tilted, and not thousands of them. */
  #raised(level) {
    return this.#tall && !(this.#drawing?.lean && level === "grids");
  }

  #metres(level, code) {
    if (!this.#raised(level)) return 0;
    return heightOf((this.#counts[level].get(code) ?? NONE)[0], this.#top[level]) * this.#reach;
  }

  /** Sends the drawing what differs from what it shows. @param codes only these, else every place */
  #paint(level, codes) {
    if (!this.#drawing) return;
    const breaks = breaksFor(this.#context.reference.ramp, this.#top[level]);
    const painted = this.#painted[level];
    const changes = [];
    for (const code of codes ?? this.#ids[level].keys()) {
      const feature = this.#ids[level].get(code);
      if (!feature) continue;
      const counts = this.#counts[level].get(code) ?? NONE;
      // A whole town is not late because one of its cases is: towns show amounts, and their lateness stands at their names.
      const late = level === "grids" ? stateOf(counts) : 0;
      const kind = late ? 4 + late : classOf(counts[0], breaks);
      const metres = this.#metres(level, code);
      const mark = `${kind}/${Math.round(metres)}`;
      if (painted.get(code) === mark) continue;
      painted.set(code, mark);
      changes.push([feature.id, metres > 0 ? { c: kind, h: metres, b: 0 } : { c: kind, h: 1e6, b: 1e6 }]);
    }
    if (changes.length) this.#drawing.states(level, this.#raised(level), changes);
    this.#hatch();
    this.#legend.write(breaksFor(this.#context.reference.ramp, this.#top[this.#level]), this.#tall);
  }

  #repaint() {
    for (const painted of Object.values(this.#painted)) painted.clear();
    this.#paint("grids");
    this.#paint("towns");
    this.#write();
  }

  /** The late places of the level in view, as shapes of their own that carry the hatching. */
  #hatch() {
    const level = this.#level;
    const late = [];
    for (const [code, counts] of level === "grids" ? this.#counts.grids : []) {
      const feature = this.#ids[level].get(code);
      if (feature && stateOf(counts)) late.push({ feature, kind: LATE_KINDS[stateOf(counts)], h: Math.round(this.#metres(level, code)), weight: counts[2] * 1000 + counts[1] });
    }
    late.sort((a, b) => b.weight - a.weight).splice(LATE);
    const seen = `${level}${this.#tall}${late.map((one) => `${one.feature.id}:${one.kind}:${one.h}`).join()}`;
    if (seen === this.#lateSeen) return;
    this.#lateSeen = seen;
    this.#drawing.late(late.map(({ feature, kind, h }) => ({
      type: "Feature", id: feature.id, geometry: this.#shape(feature, h > 0), properties: { pattern: kind, h, cap: this.#reach * 0.012 },
    })));
  }

  #shape(feature, raised) {
    return raised ? shrunk({ features: [feature] }, this.#span() * GAP).features[0].geometry : feature.geometry;
  }

  /** A `map` message: `{whole, grids: {code: [open, due soon, overdue]}}`. */
  write({ whole, grids }) {
    const counts = this.#counts.grids;
    if (whole) counts.clear();
    for (const [code, triple] of Object.entries(grids)) counts.set(code, triple);
    const top = topFor(mostOf(counts), this.#top.grids);
    const rescaled = top !== this.#top.grids;
    this.#top.grids = top;
    this.#paint("grids", whole || rescaled ? null : Object.keys(grids));
    this.#write();
  }

  /** A `figures` message: the towns' counts, the pins, the levels. */
  figures(figures) {
    for (const [code, town] of Object.entries(figures.towns)) this.#counts.towns.set(code, [town.open, town.due_soon, town.overdue]);
    this.#top.towns = topFor(mostOf(this.#counts.towns), this.#top.towns);
    this.#paint("towns");
    this.#levels.write(figures, contradictions(figures));
    this.#pins = figures.pins;
    this.#write();
  }

  /** Numbers behind names, pins and their clocks, and the sentence that stands for the picture. */
  #write() {
    const { words, clock } = this.#context;
    if (!this.#drawing) return;
    this.#overlay.counts((code) => {
      const counts = this.#counts.towns.get(code) ?? this.#counts.grids.get(code) ?? NONE;
      const [open, soon, overdue] = counts;
      const tell = this.#level === "towns";
      return { open: words.number(open), soon: tell && soon ? words.number(soon) : "", overdue: tell && overdue ? words.number(overdue) : "" };
    });
    const most = this.#size().height < 30 * rem() ? 2 : 3;
    this.#overlay.pins(this.#pins.slice(0, most).map((pin) => this.#pin(pin, clock.county())));
    const lates = [...this.#counts.grids.values()].map(stateOf);
    const open = [...this.#counts.grids.values()].reduce((total, [n]) => total + n, 0);
    setAttribute(this.#room, "role", "img");
    setAttribute(this.#room, "aria-label", words.t("wall.map.description", { open: words.number(open), overdue: lates.filter((s) => s === 2).length, soon: lates.filter((s) => s === 1).length }));
    this.#place();
  }

  #pin(pin, now) {
    const { words, reference } = this.#context;
    const area = reference.areas[pin.area];
    const townCode = this.#town(pin.area);
    const town = reference.areas[townCode];
    const left = Date.parse(pin.due_at) - now;
    const late = left < 0;
    return {
      key: pin.case,
      at: [pin.longitude, pin.latitude],
      metres: this.#metres(this.#level, this.#level === "grids" ? pin.area : townCode),
      state: late ? "overdue" : "soon",
      title: words.name(reference.categories[pin.category]) || pin.title,
      place: [words.name(town), words.name(area)].filter(Boolean).join(" · ") || words.t("wall.feed.uncovered"),
      time: words.t(late ? "common.clock.overdue" : "common.clock.left", { time: words.duration(left) }),
      href: `/cases/${encodeURIComponent(pin.case)}`,
    };
  }

  #place() {
    if (!this.#drawing) return;
    const size = this.#size();
    this.#overlay.place(projector(this.#drawing.now(), size), size, this.#corners());
    this.#levelByZoom();
  }

  /** News from a case: its grid lights up once. */
  flash(fact) {
    const at = fact.longitude !== null && fact.longitude !== undefined ? [fact.longitude, fact.latitude] : this.#middles.grids.get(fact.area);
    if (!at || !this.#drawing) return;
    const metres = this.#metres(this.#level, this.#level === "grids" ? fact.area : fact.town);
    this.#overlay.flash(projector(this.#drawing.now(), this.#size())(at, metres));
  }

  /** What the map shows of a grid: `[open, due soon, overdue]`, for tests and for a person at the console. */
  counts(code) {
    return this.#counts.grids.get(code) ?? this.#counts.towns.get(code) ?? NONE;
  }

  #nameScope() {
    const { words } = this.#context;
    const [grids, towns] = [this.#ids.grids.size, this.#ids.towns.size];
    setText(this.#panel.scope, words.t(towns ? "wall.map.scope" : "wall.map.scope_grids", { grids: words.number(grids), towns }));
  }
}

function mostOf(counts) {
  let most = 0;
  for (const [open] of counts.values()) most = Math.max(most, open);
  return most;
}

/** A town's name without its kind where English would only repeat it: "Chengguan Town" → "Chengguan". */
function shortPlace(name, words) {
  return words.language === "en" ? name.replace(/ (Town|Township|Subdistrict)$/, "") : name;
}
