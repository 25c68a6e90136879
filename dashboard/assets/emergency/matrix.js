/** The matrix 接令 → 出动 → 到场 → 完成: per department what was reached, and the clock of what comes next. */
import { el, setAttribute, setText } from "../ui/dom.js";

export const STAGES = ["received", "departed", "arrived", "done"];
export const ACTION = { received: "receive", departed: "depart", arrived: "arrive", done: "finish" };

/** The column that a department reaches next; null when it is done or was sent home. */
export function nextStage(party) {
  if (party.state === "done" || party.state === "released") return null;
  return STAGES[["called", ...STAGES].indexOf(party.state)];
}

/** A cell's state at a moment: in-time, late (reached), running, soon, overdue, none. */
export function cellState(party, stage, now) {
  const at = party[`${stage}_at`];
  const due = Date.parse(party[`${stage}_due_at`]);
  if (at) return Date.parse(at) <= due ? "in-time" : "late";
  if (party.state === "done" || party.state === "released") return "none";
  if (STAGES.indexOf(stage) < STAGES.indexOf(party.state)) return "none"; // passed over
  if (now > due) return "overdue";
  const began = Date.parse(party.called_at);
  if (stage !== nextStage(party)) return "later";
  return due - now <= (due - began) * 0.2 ? "soon" : "running";
}

/** Rows sorted: the lead first, then who is furthest behind. */
export function ordered(parties, now) {
  const weight = (party) => {
    const stage = nextStage(party);
    if (!stage) return Infinity;
    return Date.parse(party[`${stage}_due_at`]) - now;
  };
  return [...parties].sort((a, b) => b.lead - a.lead || weight(a) - weight(b));
}

/** One cell; `tick(now)` keeps its clock without building it anew. */
export function cellOf(party, stage, words, offered, onAct) {
  const at = party[`${stage}_at`];
  const text = el("span", { class: "num" });
  const inner = [el("i", { class: "cell-sign", "aria-hidden": "true" }), text];
  const acts = !at && stage === nextStage(party) && offered.includes(ACTION[stage]);
  const node = acts
    ? el("button", { type: "button", class: "cell cell-act", onclick: () => onAct(party, stage) }, ...inner)
    : el("span", { class: "cell" }, ...inner);
  node.dataset.stage = stage;
  const due = Date.parse(party[`${stage}_due_at`]);
  const dueText = words.minute(due);
  node.title = `${words.t(`emergency.progress.${stage}`)} ${words.t("emergency.matrix.due", { time: dueText })}`;
  const done = at ? words.minute(Date.parse(at)) : "—";

  function saying(state, now) {
    if (state === "later") return dueText;
    if (state === "running" || state === "soon") return words.countdown(due - now);
    if (state === "overdue") return words.t("emergency.matrix.late", { time: words.countdown(now - due) });
    return done; // in time, late, or none
  }

  function tick(now) {
    const state = cellState(party, stage, now);
    setAttribute(node, "data-clock", state);
    setText(text, saying(state, now));
  }
  return { node, tick };
}
