/** The key figures under their questions: how many, how late, how well. Each opens what stands behind it. */
import { el, setAttribute, setHidden, setText } from "../ui/dom.js";
import { mark } from "../ui/marks.js";
import { change, points, signed } from "./compare.js";

/** `live`: read from the gateway's figures; else from the picture. `look`: its name among the figures of the last look. */
export const CARDS = [
  { name: "open", group: "many", source: "figures", value: (s) => s.figures.county.open, look: "open", note: escalated },
  { name: "reported-today", group: "many", source: "figures", value: (s) => s.figures.county.reported_today, compare: "reported-today", tone: "accent", note: month("reported-month") },
  { name: "closed-today", group: "many", source: "figures", value: (s) => s.figures.county.closed_today, compare: "closed-today", tone: "ok", note: month("closed-month") },
  { name: "overdue", group: "late", source: "figures", value: (s) => s.figures.county.overdue, look: "overdue", tone: "red", mark: "overdue", note: longest },
  { name: "will-be-late", group: "late", source: "picture", value: (s) => s.picture?.will_be_late, look: "will_be_late", tone: "orange", mark: "soon", note: soon },
  { name: "closing-in-time", group: "well", source: "picture", share: "closing-in-time", tone: "ok" },
  { name: "satisfied", group: "well", source: "picture", share: "satisfied", tone: "ok" },
];
const GROUPS = ["many", "late", "well"];

function longest({ figures }, words) {
  if (figures.longest_overdue_seconds === null) return words.t("overview.look.none_late");
  return words.t("overview.look.longest", { time: words.duration(figures.longest_overdue_seconds * 1000) });
}

function soon({ figures }, words) {
  return words.t("overview.look.soon", { n: words.number(figures.county.due_soon) });
}

function escalated({ figures }, words) {
  return `${words.t("overview.figure.escalated")} ${words.number(figures.county.escalated)}`;
}

function month(name) {
  return ({ picture }, words) => (picture ? words.t("overview.look.month", { n: words.number(picture.compared[name].now) }) : "");
}

/** The share behind a card: `{hits, of, before, last_year, few, list}`; null before it came. */
export function shareOf(state, code) {
  return state.picture?.shares[code] ?? null;
}

function buildCard(card, context) {
  const { words, truth, sheet } = context;
  const value = el("b", { class: "ov-value num" }, words.unknown);
  const unit = el("i", { class: "ov-unit" }, card.share ? "%" : words.t("overview.unit.case"));
  const first = el("span", { class: "ov-note" });
  const second = el("span", { class: "ov-note" });
  const node = el("button", { type: "button", class: "ov-card", "data-tone": card.tone ?? "plain", "aria-haspopup": "dialog" },
    el("span", { class: "ov-label" }, card.mark ? mark(card.mark) : null, words.t(`overview.figure.${card.name}`)),
    el("span", { class: "ov-amount" }, value, unit), first, second);
  node.addEventListener("click", () => sheet.figure(card.name));
  const slot = truth.slot(node, card.name, card.source, value);

  function notes(state) {
    if (card.share) {
      const share = shareOf(state, card.share);
      if (!share) return ["", ""];
      const now = share.of ? share.hits / share.of : null;
      const told = `${words.t("overview.compare.before")} ${points(now, share.before, words)} · ${words.t("overview.compare.last_year")} ${points(now, share.last_year, words)}`;
      return [told, share.few ? words.t("overview.compare.few", { n: share.of }) : words.t("overview.compare.share", share)];
    }
    const note = card.note(state, words);
    if (card.compare) {
      const told = state.picture?.compared[card.compare];
      if (!told) return ["", note];
      return [`${words.t("overview.compare.before")} ${change(told.now, told.before, words)} · ${words.t("overview.compare.last_year")} ${change(told.now, told.last_year, words)}`, note];
    }
    const before = state.picture?.look.figures?.[card.look];
    return [before === undefined ? "" : signed(card.value(state) - before, words), note];
  }

  return {
    node,
    group: card.group,
    write(state) {
      if (card.share) {
        const share = shareOf(state, card.share);
        const known = Boolean(share?.of);
        slot.write(known ? Number((share.hits / share.of).toFixed(4)) : null, known ? words.percent(share.hits, share.of) : words.unknown);
        setAttribute(node, "data-few", share?.few ? "" : null);
        setHidden(unit, !known);
      } else {
        const amount = card.value(state);
        slot.write(amount ?? null, words.number(amount));
        setAttribute(node, "data-zero", amount === 0 ? "" : null);
      }
      const [one, two] = notes(state);
      setText(first, one || two);
      setText(second, one ? two : "");
    },
  };
}

export function buildCards(root, context) {
  const cards = CARDS.map((card) => buildCard(card, context));
  for (const group of GROUPS) {
    const title = el("h2", { id: `ov-${group}` }, context.words.t(`overview.question.${group}`));
    const members = cards.filter((card) => card.group === group).map((card) => card.node);
    root.append(el("section", { class: `ov-group ov-group-${group}`, "aria-labelledby": `ov-${group}` }, title, el("div", { class: "ov-cards" }, ...members)));
  }
  return { write: (state) => cards.forEach((card) => card.write(state)) };
}
