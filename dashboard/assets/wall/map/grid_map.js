/**
 * The grid map: open cases per grid or town as colour and height, late grids hatched, the burning cases pinned. Chooses how
 * to draw (a graphics card by WebGL, else a canvas), keeps the view, and passes messages on: the ledger says what changed, the drawing shows it,
 * the overlay names it.
 */
import { el, rem, setAttribute, setHidden, setText, stillness } from "../../ui/dom.js";
import { listOf } from "../links.js";
import { contradictions } from "../truth.js";
import { buildChoice, buildLegend, buildLevels } from "./boxes.js";
import { homeView, placeView, projector } from "./camera.js";
import { drawCanvas } from "./canvas.js";
import { drawGl, graphicsCard, MANY } from "./gl.js";
import { Ledger } from "./ledger.js";
import { buildOverlay } from "./overlay.js";
import { fetchPlaces } from "./places.js";

const PITCH = 40;
/** A map that somebody moved goes back by itself after so long. */
const HOME = 60_000;
/** Zoom levels above the whole county at which a very large county shows its grids. */
const NEAR = 1.3;
/** A low panel has room for two pins, a normal one for three. */
const LOW = 30;
const REMEMBERED = "gc_map";
/** Names of grids on a map that looks at an emergency. */
const CLOSE = 24;

function coloursOf() {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(name).trim();
  return {
    ramp: [0, 1, 2, 3, 4].map((i) => token(`--ramp${i}`)),
    overdue: token("--red"), overdue_dark: token("--red-dark"), soon: token("--orange"), soon_dark: token("--orange-dark"),
    grid_line: token("--map-grid"), town_line: token("--map-town"), county_line: token("--map-county"),
  };
}

export class GridMap {
  #context;
  #panel;
  #room;
  #overlay;
  #legend;
  #levels;
  #colours = coloursOf();
  #places = null;
  #ledger = null;
  #drawing = null;
  #controls = null;
  #held = { map: null, figures: null };
  #tall = true;
  #level = "grids";
  #forced = false;
  #home = true;
  #homeZoom = 0;
  #around = null;
  #paint = null;
  #homeTimer = 0;
  #hatched = null;
  #hover = 0;
  /** Of the room, in CSS pixels: kept, for asking the page again after each change would lay it out again. */
  #measured = { width: 0, height: 0 };

  constructor(panel, context) {
    this.#panel = panel;
    this.#context = context;
    const { words, truth } = context;
    this.#room = el("div", { class: "map-room", role: "img" });
    panel.body.append(this.#room);
    this.#overlay = buildOverlay(panel.body);
    this.#legend = buildLegend(words);
    this.#levels = buildLevels(words, truth);
    panel.body.append(this.#legend.node, this.#levels.node);
    truth.line(panel.age, "figures");
    truth.area(panel.node, "figures");
  }

  /** Fetches the shapes and draws; tries again for ever, a wall may be there before its server. */
  async start() {
    for (let wait = 500; ; wait = Math.min(8000, wait * 2)) {
      try {
        this.#places = await fetchPlaces();
        return await this.#begin();
      } catch (error) {
        console.warn(`map: ${error.message}; trying again`);
        await new Promise((done) => setTimeout(done, wait));
      }
    }
  }

  async #begin() {
    const { words, reference } = this.#context;
    const [grids, towns] = [this.#places.count("grids"), this.#places.count("towns")];
    this.#measure();
    this.#ledger = new Ledger(this.#places, reference.ramp);
    this.#tall = localStorage.getItem(REMEMBERED) !== "2d";
    if (grids > MANY && towns) this.#level = "towns";
    setText(this.#panel.scope, words.t(towns ? "wall.map.scope" : "wall.map.scope_grids", { grids: words.number(grids), towns }));
    this.#legend.write(this.#ledger.breaks(this.#level), this.#tall);
    this.#drawing = graphicsCard() ? await this.#gl().catch((error) => this.#canvas(error)) : this.#canvas();
    this.#addControls();
    this.#wire();
    this.#show();
    new ResizeObserver(() => this.#resized()).observe(this.#panel.body);
    if (this.#held.map) this.write(this.#held.map);
    if (this.#held.figures) this.figures(this.#held.figures);
    await this.#drawing.painted;
    setAttribute(this.#panel.node, "data-ready", "yes");
  }

  // --- drawing -----------------------------------------------------------------------------------------------------------

  #gl() {
    return drawGl(this.#room, this.#plan("gl"));
  }

  /** Without a graphics card, or after it was lost. */
  #canvas(error) {
    if (error) console.warn(`map: ${error.message}; drawing without WebGL`);
    this.#room.replaceChildren();
    return drawCanvas(this.#room, this.#plan("canvas"));
  }

  /** What a drawing needs. */
  #plan(how) {
    setAttribute(this.#panel.node, "data-drawn", how);
    const { geo, gap } = this.#places;
    return { geo, gap, colours: this.#colours, view: this.#homeView() };
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
    drawing.lost(() => setTimeout(() => this.#goOn(), 4000));
    this.#label();
  }

  /** Names of towns; of grids where the map looks at an emergency. */
  #label() {
    const { words, reference } = this.#context;
    const named = this.#around ? this.#places.near(middleOf(this.#around), CLOSE) : this.#places.named();
    this.#overlay.labels(named.map(({ code, name, at, weight }) => ({
      key: code, at, weight, name: bare(words.name(reference.areas[code]) || name, words),
    })));
  }

  /** The graphics context was lost and did not come back by itself: the wall goes on without it. */
  #goOn() {
    const { map } = this.#drawing;
    if (!map?.getCanvas().getContext("webgl2")?.isContextLost()) return;
    map.remove();
    this.#drawing = this.#canvas(new Error("the graphics context was lost"));
    this.#wire();
    this.#show();
  }

  /** Tilted, with columns; close to an emergency the ground is flat, for columns would hide it. */
  get #stands() {
    return this.#tall && !this.#around;
  }

  /** Whether a level stands as columns: tilted, and not thousands of them. */
  #raised(level) {
    return this.#stands && !(this.#drawing?.lean && level === "grids");
  }

  #show() {
    const mode = this.#stands ? "3d" : "2d";
    this.#drawing.show({ level: this.#level, tall: this.#stands });
    setHidden(this.#controls.tall.node, Boolean(this.#around));
    this.#controls.tall.write(mode);
    this.#controls.level.write(this.#level);
    setAttribute(this.#panel.node, "data-level", this.#level);
    setAttribute(this.#panel.node, "data-mode", mode);
    this.#ledger.forget();
    this.#hatched = null;
    this.#send("grids");
    this.#send("towns");
    this.#name();
  }

  /** Sends the drawing what differs. @param codes only these, else every place */
  #send(level, codes = null) {
    const raised = this.#raised(level);
    const changes = this.#ledger.changes(level, raised, codes);
    if (changes.length) this.#drawing.states(level, raised, changes);
    if (level === "grids") this.#hatch();
    if (level === this.#level) this.#legend.write(this.#ledger.breaks(level), this.#stands);
  }

  #hatch() {
    const raised = this.#raised("grids");
    const late = this.#level === "grids" ? this.#ledger.late(raised) : [];
    const seen = late.map(({ feature, kind, metres }) => `${feature.id}${kind}${metres}`).join();
    if (seen === this.#hatched) return;
    this.#hatched = seen;
    this.#drawing.late(late.map(({ feature, kind, metres }) => ({
      type: "Feature", id: feature.id, geometry: this.#places.shape(feature, raised),
      properties: { pattern: kind, h: metres, cap: this.#ledger.reach * 0.012 },
    })));
  }

  // --- messages ----------------------------------------------------------------------------------------------------------

  /** A `map` message: `{whole, grids: {code: [open, due soon, overdue]}}`. */
  write(message) {
    if (!this.#drawing) {
      const before = message.whole ? {} : (this.#held.map?.grids ?? {});
      this.#held.map = { whole: true, grids: { ...before, ...message.grids } };
      return;
    }
    this.#send("grids", this.#ledger.take("grids", Object.entries(message.grids), message.whole));
    this.#name();
  }

  /** A `figures` message: the towns' counts, the pins, the levels. */
  figures(figures) {
    this.#held.figures = figures;
    this.#levels.write(figures, contradictions(figures));
    if (!this.#drawing) return;
    const towns = Object.entries(figures.towns).map(([code, town]) => [code, [town.open, town.due_soon, town.overdue]]);
    this.#send("towns", this.#ledger.take("towns", towns, false));
    this.#name();
  }

  /** News from a case: its grid lights up once. */
  flash(fact) {
    const at = Number.isFinite(fact.longitude) ? [fact.longitude, fact.latitude] : this.#places?.middle(fact.area);
    if (at && this.#drawing) this.#overlay.flash(projector(this.#drawing.now(), this.#size())(at, this.#metres(fact.area, fact.town)));
  }

  /** Home is around these places (an emergency's perimeter), or the county again for null; `paint(project, size)` draws
   * over the map and is told whenever the view moves. */
  focus(places, paint = null) {
    const same = JSON.stringify(places) === JSON.stringify(this.#around);
    [this.#around, this.#paint] = [places, paint];
    if (!this.#controls) return;
    if (same) return this.#place();
    this.#label();
    this.#show();
    this.#goHome();
  }

  /** What the map shows of a grid or town: `[open, due soon, overdue]`, for tests and for a person at the console. */
  counts(code) {
    if (!this.#ledger) return null;
    return this.#ledger.counts(this.#places.feature("towns", code) ? "towns" : "grids", code);
  }

  // --- names and pins ----------------------------------------------------------------------------------------------------

  /** The height of what stands at a grid in the level in view. */
  #metres(grid, town) {
    return this.#ledger.metres(this.#level, this.#level === "grids" ? grid : town, this.#raised(this.#level));
  }

  /** Numbers behind names, pins with their clocks, and the sentence that stands for the picture. */
  #name() {
    const { words, clock } = this.#context;
    const telling = this.#level === "towns";
    const told = (count) => (telling && count ? words.number(count) : "");
    this.#overlay.counts((code) => {
      const [open, soon, overdue] = this.counts(code);
      return { open: words.number(open), soon: told(soon), overdue: told(overdue) };
    });
    const most = this.#size().height < LOW * rem() ? 2 : 3;
    const pins = this.#held.figures?.pins.slice(0, most) ?? [];
    this.#overlay.pins(pins.map((pin) => this.#pin(pin, clock.county())));
    const { open, soon, overdue } = this.#ledger.summary();
    setAttribute(this.#room, "aria-label", words.t("wall.map.description", { open: words.number(open), overdue, soon }));
    this.#place();
  }

  #pin(pin, now) {
    const { words, reference } = this.#context;
    const town = this.#places.town(pin.area);
    const left = Date.parse(pin.due_at) - now;
    const late = left < 0;
    return {
      key: pin.case,
      at: [pin.longitude, pin.latitude],
      metres: this.#metres(pin.area, town),
      state: late ? "overdue" : "soon",
      title: words.name(reference.categories[pin.category]) || pin.title,
      place: [reference.areas[town], reference.areas[pin.area]].map((area) => words.name(area)).filter(Boolean).join(" · ") || words.t("wall.feed.uncovered"),
      time: words.t(late ? "common.clock.overdue" : "common.clock.left", { time: words.duration(left) }),
      href: `/cases/${encodeURIComponent(pin.case)}`,
    };
  }

  #place() {
    if (!this.#drawing) return;
    const size = this.#size();
    const project = projector(this.#drawing.now(), size);
    this.#overlay.place(project, size, this.#boxes());
    this.#paint?.(project, size);
    this.#levelByZoom();
  }

  #open(place) {
    if (place) location.assign(listOf("open", { area: place.code }));
  }

  #tell(place, point) {
    const { popover, words, reference, truth } = this.#context;
    if (!place) return popover.hide();
    const [open, soon, overdue] = this.#ledger.counts(place.level, place.code);
    const frame = this.#room.getBoundingClientRect();
    const [x, y] = [frame.left + point.x, frame.top + point.y];
    popover.show({ left: x + rem(), right: x, top: y, bottom: y + rem() }, {
      title: words.name(reference.areas[place.code]) || place.code,
      value: words.t("wall.map.counts", { open, soon, overdue }),
      definition: words.t(`wall.definition.${place.level === "towns" ? "town" : "grid"}`),
      origin: words.t("wall.origin.cases"),
      asOf: truth.asOf("figures"),
      list: listOf("open", { area: place.code }),
    });
  }

  // --- view --------------------------------------------------------------------------------------------------------------

  #size() {
    return this.#measured;
  }

  #measure() {
    this.#measured = { width: this.#room.clientWidth, height: this.#room.clientHeight };
  }

  /** The boxes in the panel's corners, in its own pixels, each with some air around it. */
  #boxes(air = 0) {
    const frame = this.#panel.body.getBoundingClientRect();
    return [this.#legend.node, this.#levels.node].filter((node) => node.offsetParent).map((node) => {
      const box = node.getBoundingClientRect();
      return { left: box.left - frame.left - air, top: box.top - frame.top - air, right: box.right - frame.left + air, bottom: box.bottom - frame.top + air };
    });
  }

  #homeView() {
    if (this.#around) return placeView(this.#around, 0, this.#size());
    const view = homeView(this.#places.outline, this.#tall ? PITCH : 0, this.#size(), this.#boxes(0.8 * rem()), rem());
    this.#homeZoom = view.zoom;
    return view;
  }

  #resized() {
    this.#measure();
    this.#drawing.resize();
    if (this.#home) this.#drawing.view(this.#homeView(), false);
    this.#place();
  }

  #addControls() {
    const { words } = this.#context;
    const say = (key) => words.t(`wall.map.${key}`);
    const tall = buildChoice(say("mode"), [["2d", say("flat")], ["3d", say("tall")]], (key) => this.#switch({ tall: key === "3d" }));
    const level = buildChoice(say("level"), [["grids", say("grids")], ["towns", say("towns")]], (key) => this.#switch({ level: key }));
    const reset = el("button", { class: "tool tool-small", type: "button", hidden: true, onclick: () => this.#goHome() }, say("reset"));
    setHidden(level.node, !this.#places.count("towns"));
    this.#panel.tools.append(reset, level.node, tall.node);
    this.#controls = { tall, level, reset };
  }

  #switch({ tall = this.#tall, level = this.#level }) {
    const tilted = tall !== this.#tall;
    this.#forced ||= level !== this.#level;
    [this.#tall, this.#level] = [tall, level];
    if (tilted) localStorage.setItem(REMEMBERED, tall ? "3d" : "2d");
    this.#show();
    if (tilted) this.#goHome();
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
    setHidden(this.#controls.reset, true);
    this.#drawing.view(this.#homeView(), !stillness());
    this.#place();
  }

  /** With thousands of grids: towns from afar, grids near by, unless somebody chose. */
  #levelByZoom() {
    if (!this.#drawing.lean || this.#forced || !this.#places.count("towns")) return;
    const wanted = this.#drawing.now().zoom > this.#homeZoom + NEAR ? "grids" : "towns";
    if (wanted === this.#level) return;
    this.#level = wanted;
    this.#show();
  }
}

/** A town's name without its kind where English would only repeat it: "Chengguan Town" → "Chengguan". */
function bare(name, words) {
  return words.language === "en" ? name.replace(/ (Town|Township|Subdistrict)$/, "") : name;
}

function middleOf(places) {
  const mean = (n) => places.reduce((sum, place) => sum + place[n], 0) / places.length;
  return [mean(0), mean(1)];
}
