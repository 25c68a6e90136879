/**
 * What the map has to show: open cases per grid and town, their class and height, and what of that differs from what was
 * last sent. No drawing, no page.
 */
import { breaksFor, classOf, heightOf, stateOf, topFor } from "./scale.js";

const NONE = [0, 0, 0];
/** More places than this are not hatched one by one: the pattern has done its work by then. */
const LATE = 400;
export const LATE_KINDS = ["", "soon", "overdue"];

/** The most that heights are measured by: with many places the top two in a hundred may stand out over it. */
function mostOf(counts) {
  const busy = [...counts.values()].map(([open]) => open).filter(Boolean).sort((a, b) => a - b);
  return busy.length < 50 ? (busy.at(-1) ?? 0) : busy[Math.floor(busy.length * 0.98)];
}

export class Ledger {
  #places;
  #ramp;
  #counts = { grids: new Map(), towns: new Map() };
  #sent = { grids: new Map(), towns: new Map() };
  #top = { grids: 10, towns: 10 };

  /** @param places `Places`; @param ramp the reference's breaks; */
  constructor(places, ramp) {
    this.#places = places;
    this.#ramp = ramp;
    this.reach = places.span * 0.07;
  }

  /** `[open, due soon, overdue]` of a grid or town. */
  counts(level, code) {
    return this.#counts[level].get(code) ?? NONE;
  }

  breaks(level) {
    return breaksFor(this.#ramp, this.#top[level]);
  }

  /** Takes counts in. Returns the codes that may look different now; null for all of them. */
  take(level, entries, whole) {
    const counts = this.#counts[level];
    if (whole) counts.clear();
    const codes = [];
    for (const [code, three] of entries) {
      counts.set(code, three);
      codes.push(code);
    }
    const top = topFor(mostOf(counts), this.#top[level]);
    const rescaled = top !== this.#top[level];
    this.#top[level] = top;
    return whole || rescaled ? null : codes;
  }

  /** Everything has to be sent anew: another mode, another drawing. */
  forget() {
    for (const sent of Object.values(this.#sent)) sent.clear();
  }

  /** Height of a column, metres; 0 where nothing stands as columns. */
  metres(level, code, raised) {
    return raised ? heightOf(this.counts(level, code)[0], this.#top[level]) * this.reach : 0;
  }

  /** @returns `[[feature id, {c: class, h: top, b: foot}], …]` of what differs from what was sent last */
  changes(level, raised, codes = null) {
    const breaks = this.breaks(level);
    const sent = this.#sent[level];
    const changes = [];
    for (const code of codes ?? this.#places.codes(level)) {
      const feature = this.#places.feature(level, code);
      if (!feature) continue;
      const counts = this.counts(level, code);
      // A whole town is not late because one of its cases is: towns show amounts, and their lateness stands at their names.
      const late = level === "grids" ? stateOf(counts) : 0;
      const kind = late ? 4 + late : classOf(counts[0], breaks);
      const metres = this.metres(level, code, raised);
      const mark = `${kind}/${Math.round(metres)}`;
      if (sent.get(code) === mark) continue;
      sent.set(code, mark);
      changes.push([feature.id, metres > 0 ? { c: kind, h: metres, b: 0 } : { c: kind, h: 1e6, b: 1e6 }]);
    }
    return changes;
  }

  /** The late grids, the most overdue first: `[{feature, kind, metres}, …]`. */
  late(raised) {
    const late = [];
    for (const [code, counts] of this.#counts.grids) {
      const feature = this.#places.feature("grids", code);
      const state = stateOf(counts);
      if (feature && state) late.push({ feature, kind: LATE_KINDS[state], metres: Math.round(this.metres("grids", code, raised)), weight: counts[2] * 1000 + counts[1] });
    }
    return late.sort((a, b) => b.weight - a.weight).slice(0, LATE);
  }

  /** Over all grids: open cases, and how many grids have overdue and due-soon ones. */
  summary() {
    const sums = { open: 0, soon: 0, overdue: 0 };
    for (const counts of this.#counts.grids.values()) {
      sums.open += counts[0];
      const kind = LATE_KINDS[stateOf(counts)];
      if (kind) sums[kind] += 1;
    }
    return sums;
  }
}
