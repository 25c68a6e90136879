/** Who is behind: departments by their score, the lowest first; never by how much is reported. */
import { el, setAttribute, setText } from "../ui/dom.js";
import { fitting, keyed } from "./rows.js";

const NONE = { open: 0, due_soon: 0, overdue: 0, unreceipted: 0, next_due_at: null };

/** The departments as they are shown: ranked, small samples behind them, and at last those that only have open cases. */
export function placesOf(state) {
  const held = new Map(state.figures.departments.map((row) => [row.code, row]));
  const places = state.picture?.ranking.places ?? [];
  const known = new Set(places.map((place) => place.code));
  const others = state.figures.departments.filter((row) => !known.has(row.code)).map((row) => ({ code: row.code, rank: null, score: null, grade: null, small: true, sample: 0, in_time: null, before: null, last_year: null, missed: 0 }));
  return [...places, ...others].map((place) => ({ ...place, held: held.get(place.code) ?? NONE, key: place.code }));
}

export function buildRanking(panel, { words, truth, sheet, reference }) {
  const names = new Map(reference.departments.map((department) => [department.code, department]));
  const t = (key) => words.t(`overview.who.${key}`);
  const head = el("div", { class: "ov-who-row ov-who-head", "aria-hidden": "true" },
    el("span", {}, ""), el("span", {}, t("name")), el("span", { class: "num" }, t("overdue")), el("span", { class: "num" }, t("in_time")), el("span", { class: "num" }, t("score")));
  const box = el("div", { class: "ov-who-rows" });
  const link = el("a", { class: "ov-more", href: "/evaluation?by=department" }, words.t("overview.all_departments"));
  panel.body.append(head, box);
  panel.scope.append(el("span", { class: "ov-period" }), link);
  truth.area(panel.node, "picture");
  const fit = fitting(box);

  const rows = keyed(box, ({ code }) => {
    const cells = { rank: el("span", { class: "ov-rank num" }), name: el("span", { class: "ov-dept" }, el("b", {}, words.short(names.get(code)) || code), el("i", {})), overdue: el("span", { class: "ov-late num" }), in_time: el("span", { class: "num" }), score: el("span", { class: "ov-score num" }, el("b", {}), el("i", {})) };
    const node = el("button", { type: "button", class: "ov-who-row", "data-department": code, "aria-haspopup": "dialog" }, ...Object.values(cells));
    node.addEventListener("click", () => sheet.department(code));
    const slot = truth.slot(cells.overdue, "department-overdue", "figures");
    return {
      node,
      write(place) {
        setText(cells.rank, place.rank ?? "");
        slot.write(place.held.overdue, words.number(place.held.overdue));
        setAttribute(cells.overdue, "data-some", place.held.overdue ? "" : null);
        setText(cells.in_time, place.in_time === null || place.small ? words.unknown : `${words.percent(place.in_time * 1000, 1000)}%`);
        setText(cells.score.firstChild, place.score === null ? "" : place.score.toFixed(1));
        const moved = place.score !== null && place.before !== null ? place.score - place.before : null;
        setText(cells.score.lastChild, place.small ? t("small") : moved === null ? "" : `${moved > 0.05 ? "▲" : moved < -0.05 ? "▼" : "＝"}${Math.abs(moved).toFixed(1)}`);
        setAttribute(node, "data-small", place.small ? "" : null);
      },
    };
  });

  return {
    write(state) {
      const ranking = state.picture?.ranking;
      if (ranking) setText(panel.scope.firstChild, `${ranking.period} · ${t("lowest")}`);
      rows(placesOf(state));
      fit();
    },
  };
}
