/**
 * Small signs. A clock state never speaks by colour alone: late is a filled bar, soon a ring that has nearly run out,
 * on time a full ring, paused two strokes. None of them is one of the four statutory warning signs.
 */
import { el, svg } from "./dom.js";

const SHAPES = {
  overdue: () => [
    svg("rect", { x: 2, y: 2, width: 16, height: 16, rx: 2.5, fill: "currentColor" }),
    svg("path", { d: "M10 5.2v6.2M10 14.2v.9", stroke: "var(--ink)", "stroke-width": 2.4, "stroke-linecap": "round" }),
  ],
  soon: () => [
    svg("circle", { cx: 10, cy: 10, r: 7, fill: "none", stroke: "currentColor", "stroke-width": 2, opacity: 0.35 }),
    svg("path", { d: "M10 3a7 7 0 0 1 6.66 4.84", fill: "none", stroke: "currentColor", "stroke-width": 3.2 }),
    svg("circle", { cx: 10, cy: 10, r: 2, fill: "currentColor" }),
  ],
  on_time: () => [svg("circle", { cx: 10, cy: 10, r: 7, fill: "none", stroke: "currentColor", "stroke-width": 3 })],
  paused: () => [svg("path", { d: "M6.5 4v12M13.5 4v12", stroke: "currentColor", "stroke-width": 3.4 })],
  escalated: () => [
    svg("path", {
      d: "M3 17h4.4v-4.4h4.4V8.2h4.4V3.5M12.6 6.4 16.2 3l3 3.6",
      fill: "none", stroke: "currentColor", "stroke-width": 2.2, "stroke-linejoin": "round",
    }),
  ],
  sound_on: () => [
    svg("path", { d: "M3 7.5h3.2L11 3.6v12.8l-4.8-3.9H3z", fill: "currentColor" }),
    svg("path", {
      d: "M13.4 6.6a4.8 4.8 0 0 1 0 6.8M15.6 4.4a8 8 0 0 1 0 11.2",
      fill: "none", stroke: "currentColor", "stroke-width": 1.7, "stroke-linecap": "round",
    }),
  ],
  sound_off: () => [
    svg("path", { d: "M3 7.5h3.2L11 3.6v12.8l-4.8-3.9H3z", fill: "currentColor" }),
    svg("path", { d: "m13.6 7.4 5 5.2m0-5.2-5 5.2", stroke: "currentColor", "stroke-width": 1.8, "stroke-linecap": "round" }),
  ],
  lost: () => [
    svg("path", {
      d: "M10 2.4 18.6 17H1.4z M10 7.6v4.4M10 14.2v.6",
      fill: "none", stroke: "currentColor", "stroke-width": 1.8, "stroke-linejoin": "round", "stroke-linecap": "round",
    }),
  ],
  check: () => [
    svg("path", { d: "m3.5 10.5 4.2 4.3L16.6 5", fill: "none", stroke: "currentColor", "stroke-width": 2.6 }),
  ],
};

/** A sign as large as the text beside it; the text says what it means, so it is hidden from a screen reader. */
export function mark(kind) {
  return svg("svg", { class: `mark mark-${kind}`, viewBox: "0 0 20 20", "aria-hidden": "true" }, ...SHAPES[kind]());
}

/** The mark and word of a case's level: brightness and frame grow with gravity, no colour of a clock or a warning. */
export function levelChip(level, words) {
  return el("span", { class: "level", "data-level": level }, words.t(`common.level.${level}`));
}

/** The county's emblem: a cell of the grid with its neighbours, one of them lit. */
export function emblem() {
  return svg(
    "svg", { viewBox: "0 0 48 48", "aria-hidden": "true" },
    svg("path", { d: "M24 3 42 13.4v21.2L24 45 6 34.6V13.4z", fill: "none", stroke: "var(--accent)", "stroke-width": 2.4 }),
    svg("path", {
      d: "M24 3v12.6M42 13.4 31.3 19.8M42 34.6l-10.7-6.2M24 45V32.4M6 34.6l10.7-6.2M6 13.4l10.7 6.4",
      fill: "none", stroke: "var(--accent)", "stroke-width": 1.4, opacity: 0.55,
    }),
    svg("path", { d: "M24 15.6 31.3 19.8v8.4L24 32.4l-7.3-4.2v-8.4z", fill: "var(--accent)", "fill-opacity": 0.9 }),
  );
}
