/** The boxes in the map's corners and the switches in its title line: legend, open cases by level, 2D/3D, grids/towns. */
import { el, setAttribute, setText } from "../../ui/dom.js";
import { levelChip } from "../../ui/marks.js";
import { FIGURE_LISTS } from "../links.js";
import { labelsFor } from "./scale.js";

/** Five classes, and the two hatchings. */
export function buildLegend(words) {
  const title = el("div", { class: "legend-title" });
  const labels = [0, 1, 2, 3, 4].map(() => el("span", { class: "num" }));
  const cells = labels.map((label, i) => el("div", { class: "legend-cell" }, el("i", { class: `ramp-${i}` }), label));
  const late = ["overdue", "soon"].map((kind) => el("div", { class: "legend-late" }, el("i", { class: `hatch hatch-${kind}` }), words.t(`wall.map.${kind}`)));
  return {
    node: el("div", { class: "map-legend" }, title, el("div", { class: "legend-row" }, ...cells), el("div", { class: "legend-lates" }, ...late)),
    write(breaks, tall) {
      setText(title, words.t(tall ? "wall.map.legend_height" : "wall.map.legend"));
      labelsFor(breaks).forEach((text, i) => setText(labels[i], text));
    },
  };
}

/** Open cases by level, each a figure with its list. */
export function buildLevels(words, truth) {
  const parts = [1, 2, 3, 4].map((level) => {
    const count = el("b", {}, words.unknown);
    const node = el("a", { class: "level-count", href: FIGURE_LISTS[`level-${level}`] }, levelChip(level, words), count);
    return { level, slot: truth.slot(node, `level-${level}`, "figures", count) };
  });
  return {
    node: el("div", { class: "map-levels", role: "group", "aria-label": words.t("wall.map.levels") }, ...parts.map(({ slot }) => slot.node)),
    write(figures, broken) {
      for (const { level, slot } of parts) {
        const open = figures.levels[level] ?? 0;
        slot.write(open, words.number(open), broken.has(`level-${level}`));
      }
    },
  };
}

/** Two words of which one is on. @param options `[[key, text], …]` */
export function buildChoice(label, options, onchoose) {
  const buttons = options.map(([key, text]) => el("button", { type: "button", "data-key": key, onclick: () => onchoose(key) }, text));
  return {
    node: el("div", { class: "choice", role: "group", "aria-label": label }, ...buttons),
    write: (chosen) => buttons.forEach((button) => setAttribute(button, "aria-pressed", String(button.dataset.key === chosen))),
  };
}
