/** The row of key figures: seven cards, each with its comparison, a small series and the lesser figures that belong to it. */
import { el, setAttribute, setText } from "../ui/dom.js";
import { mark } from "../ui/marks.js";
import { FIGURE_LISTS } from "./links.js";
import { areaSpark, barSpark, shareBar } from "./spark.js";
import { contradictions } from "./truth.js";

const sum = (series) => series.reduce((total, value) => total + value, 0);

/** The cards in their order. `group` is the column of panels they stand above. */
const CARDS = [
  { name: "reported-today", group: "left", tone: "accent", unit: "case", value: (f) => f.county.reported_today, note: compared, spark: () => areaSpark(), series: (f) => f.spark.reported },
  { name: "closed-today", group: "left", tone: "ok", unit: "case", value: (f) => f.county.closed_today, note: lastHours, spark: () => areaSpark(), series: (f) => f.spark.closed },
  { name: "open", group: "middle", tone: "plain", unit: "case", value: (f) => f.county.open, note: newToday, smalls: { unreceipted: (f) => f.county.unreceipted, adjudication: (f) => f.county.adjudication }, spark: () => areaSpark("range"), series: (f) => f.spark.open },
  { name: "overdue", group: "middle", tone: "red", mark: "overdue", unit: "case", value: (f) => f.county.overdue, note: longest, smalls: { escalated: (f) => f.county.escalated }, spark: () => barSpark(), series: (f) => f.spark.overdue ?? [] },
  { name: "due-soon", group: "middle", tone: "orange", mark: "soon", unit: "case", value: (f) => f.county.due_soon, note: nextHours, smalls: { paused: (f) => f.county.paused }, spark: () => barSpark(), series: (f) => f.spark.due_soon },
  { name: "on-time-rate", group: "right", tone: "ok", unit: "%", value: (f) => f.closed_in_time_month / f.closed_due_month, shown: rate, note: month, share: (f) => f.closed_in_time_month / f.closed_due_month },
  { name: "cameras-online", group: "right", tone: "ok", unit: "total", value: (f) => f.cameras_online, note: offline, share: (f) => f.cameras_online / f.cameras_total },
];

function compared(f, words) {
  if (!f.reported_yesterday) return [words.t("wall.note.no_yesterday"), ""];
  const change = (f.county.reported_today / f.reported_yesterday - 1) * 100;
  const text = `${change > 0 ? "+" : change < 0 ? "−" : ""}${Math.abs(change).toFixed(Math.abs(change) < 99.95 ? 1 : 0)}%`;
  return [words.t("wall.note.yesterday"), text];
}

function lastHours(f, words) {
  return [words.t("wall.note.last_hours"), words.number(sum(f.spark.closed))];
}

function newToday(f, words) {
  return [words.t("wall.note.new_today"), words.number(f.new_today_open)];
}

function longest(f, words) {
  if (f.longest_overdue_seconds === null) return [words.t("wall.note.none_overdue"), ""];
  return [words.t("wall.note.longest"), words.duration(f.longest_overdue_seconds * 1000)];
}

function nextHours(f, words) {
  return [words.t("wall.note.next_hours"), words.number(sum(f.spark.due_soon))];
}

function month(f, words) {
  if (!f.closed_due_month) return [words.t("wall.note.no_month"), ""];
  return [words.t("wall.note.month"), `${words.number(f.closed_in_time_month)} / ${words.number(f.closed_due_month)}`];
}

function rate(f, words) {
  return words.percent(f.closed_in_time_month, f.closed_due_month);
}

function offline(f, words) {
  if (f.cameras_total === null) return [words.t("past.untold"), ""];
  if (!f.cameras_total) return [words.t("wall.note.no_cameras"), ""];
  const missing = f.cameras_total - f.cameras_online;
  if (!missing && !f.cameras_faulty) return [words.t("wall.note.all_online"), ""];
  if (!f.cameras_faulty) return [words.t("wall.note.not_online"), words.number(missing)];
  const faulty = words.t("wall.note.faulty", { n: words.number(f.cameras_faulty) });
  return missing ? [`${faulty} · ${words.t("wall.note.not_online")}`, words.number(missing)] : [faulty, ""];
}

function unitOf(card, words) {
  return card.unit === "%" ? "%" : card.unit === "case" ? words.t("common.unit_case") : "";
}

function buildCard(card, words, truth) {
  const value = el("span", { class: "card-value" }, words.unknown);
  const unit = el("span", { class: "card-unit" }, unitOf(card, words));
  const label = el("span", { class: "card-label" }, card.mark ? mark(card.mark) : null, words.t(`wall.figure.${card.name}`));
  const list = FIGURE_LISTS[card.name];
  const link = el(list ? "a" : "div", { class: "card-link", href: list, tabindex: list ? null : 0 }, label, el("span", { class: "card-amount" }, value, unit));
  const noteWord = el("span");
  const noteValue = el("b");
  const smalls = Object.entries(card.smalls ?? {}).map(([name, valueOf]) => {
    const amount = el("b", {}, words.unknown);
    const node = el("a", { class: "card-small", href: FIGURE_LISTS[name] }, words.t(`wall.figure.${name}`), " ", amount);
    return { name, valueOf, node, slot: truth.slot(node, name, "figures", amount) };
  });
  const chart = card.spark ? card.spark() : shareBar();
  const age = el("div", { class: "card-age" });
  const node = el(
    "article", { class: "card", "data-tone": card.tone },
    link, el("div", { class: card.spark ? "card-spark" : "card-share" }, chart.node),
    el("div", { class: "card-notes" }, el("span", { class: "card-note" }, noteWord, " ", noteValue), ...smalls.map((small) => small.node)), age,
  );
  const quarrel = el("div", { class: "card-quarrel" }, words.t("common.age.broken"));
  node.append(quarrel);
  truth.line(age, "figures");
  const slot = truth.slot(node, card.name, "figures", value);
  const total = card.unit === "total" ? truth.slot(unit, "cameras-total", "figures") : null;

  return {
    node,
    group: card.group,
    write(f, broken) {
      const amount = card.value(f);
      const known = Number.isFinite(amount);
      const shown = card.shown ? card.shown(f, words) : words.number(amount);
      slot.write(known ? Number(amount.toFixed(4)) : null, shown, broken.has(card.name));
      if (total) total.write(f.cameras_total, ` / ${words.number(f.cameras_total)}`, broken.has("cameras-total"));
      for (const small of smalls) {
        const figure = small.valueOf(f);
        small.slot.write(figure, words.number(figure), broken.has(small.name));
        setAttribute(small.node, "data-small-zero", figure === 0 ? "" : null);
      }
      setAttribute(node, "data-zero", amount === 0 ? "" : null);
      const [word, figure] = card.note(f, words);
      setText(noteWord, word);
      setText(noteValue, figure);
      chart.write(card.share ? card.share(f) : card.series(f));
    },
  };
}

/** Builds the row inside `root`; `write(figures)` paints a whole new set. */
export function buildFigures(root, { words, truth }) {
  const cards = CARDS.map((card) => buildCard(card, words, truth));
  for (const group of ["left", "middle", "right"]) {
    const members = cards.filter((card) => card.group === group).map((card) => card.node);
    root.append(el("div", { class: `cards cards-${group}` }, ...members));
  }
  return {
    write(figures) {
      const broken = contradictions(figures);
      for (const card of cards) card.write(figures, broken);
    },
  };
}
