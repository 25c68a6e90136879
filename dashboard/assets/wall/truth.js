/**
 * What keeps a figure honest. Every figure on the wall is a slot that carries its name, value, as-of and state; every
 * slot hangs on a source; a source that has said nothing new for `LIMIT` turns all its slots stale at once, in form and
 * in words. A source's age is taken on the server's clock (`ui/clock.js`), never on this machine's.
 */
import { setAttribute, setHidden, setText } from "../ui/dom.js";

/** Contract: a figure changes form within 5 s of its feed's end. This is checked four times a second. */
const LIMIT = 4500;
const TICK = 250;

export class Truth {
  #words;
  #clock;
  #limits;
  #sources = new Map();
  #listeners = [];

  /** @param limits source → ms after which it is stale, where that is not `LIMIT` */
  constructor(words, clock, limits = {}) {
    this.#words = words;
    this.#clock = clock;
    this.#limits = limits;
    setInterval(() => this.#tick(), TICK);
  }

  #source(name) {
    if (!this.#sources.has(name)) this.#sources.set(name, { at: null, state: "waiting", slots: [], lines: [], areas: [] });
    return this.#sources.get(name);
  }

  /** The source said something that was true at `at` (server ms). */
  heard(name, at) {
    const source = this.#source(name);
    if (source.at === null || at > source.at) source.at = at;
    this.#judge(name, source);
    this.#write(source);
  }

  /** What a source knows is as of this instant (server ms); null before its first word. */
  asOf(name) {
    return this.#source(name).at;
  }

  /** "waiting" | "live" | "stale" */
  state(name) {
    return this.#source(name).state;
  }

  /** Milliseconds since the source last spoke. */
  age(name) {
    const { at } = this.#source(name);
    return at === null ? Infinity : Math.max(0, this.#clock.server() - at);
  }

  /** Called with (source, state) at every change of state. */
  listen(listener) {
    this.#listeners.push(listener);
  }

  /** A slot for one figure: `node` carries the data attributes of the contract, `text` shows the value. */
  slot(node, figure, source, text = node) {
    const slot = { node, text, broken: false };
    if (figure) node.dataset.figure = figure;
    this.#source(source).slots.push(slot);
    setAttribute(node, "data-value", "");
    setAttribute(node, "data-state", "stale");
    return {
      node,
      /** @param shown the text for a person; @param value the bare number for a machine, null for unknown. */
      write: (value, shown, broken = false) => {
        slot.broken = broken;
        setAttribute(node, "data-value", value ?? "");
        if (text && shown !== undefined) setText(text, shown);
        this.#mark(slot, this.#source(source));
      },
    };
  }

  /** A line that says how old a panel is: "截至 09:41:36", or for how long nothing came. */
  line(node, source) {
    this.#source(source).lines.push(node);
    this.#write(this.#source(source));
  }

  /** An element whose look follows a source's state (`data-state`). */
  area(element, source) {
    this.#source(source).areas.push(element);
    setAttribute(element, "data-state", "stale");
  }

  #tick() {
    for (const [name, source] of this.#sources) {
      this.#judge(name, source);
      if (source.state !== "live") this.#write(source);
    }
  }

  #judge(name, source) {
    const state = source.at === null ? "waiting" : this.age(name) > (this.#limits[name] ?? LIMIT) ? "stale" : "live";
    const changed = state !== source.state;
    source.state = state;
    if (!changed) return;
    for (const slot of source.slots) this.#mark(slot, source);
    for (const element of source.areas) setAttribute(element, "data-state", state === "live" ? "live" : "stale");
    for (const listener of this.#listeners) listener(name, state);
  }

  #mark(slot, source) {
    const live = source.state === "live";
    setAttribute(slot.node, "data-as-of", source.at === null ? null : new Date(source.at).toISOString());
    setAttribute(slot.node, "data-state", slot.broken ? "broken" : live ? "live" : "stale");
  }

  #write(source) {
    const words = this.#words;
    const silent = source.at === null ? 0 : this.#clock.server() - source.at;
    const text = {
      waiting: () => words.t("common.age.waiting"),
      live: () => words.t("common.age.as_of", { time: words.clock(this.#clock.county(source.at)) }),
      stale: () => words.t("common.age.stale", { time: words.countdown(silent) }),
    }[source.state]();
    for (const node of source.lines) {
      setText(node, text);
      setAttribute(node, "data-state", source.state);
      setHidden(node, false);
    }
  }
}

/**
 * Figures that contradict each other. Shown as such, never smoothed over.
 * @returns a set of figure names
 */
export function contradictions(figures) {
  const { county, levels } = figures;
  const rules = [
    [Object.values(levels).reduce((sum, n) => sum + n, 0) === county.open, ["open", "level-1", "level-2", "level-3", "level-4"]],
    [county.overdue + county.due_soon <= county.open, ["open", "overdue", "due-soon"]],
    [county.unreceipted <= county.open, ["open", "unreceipted"]],
    [county.escalated <= county.open, ["open", "escalated"]],
    [county.paused + county.adjudication <= county.open, ["open", "paused", "adjudication"]],
    [figures.cameras_online <= figures.cameras_total, ["cameras-online", "cameras-total"]],
    [figures.closed_in_time_month <= figures.closed_due_month, ["on-time-rate"]],
  ];
  return new Set(rules.filter(([holds]) => !holds).flatMap(([, names]) => names));
}
