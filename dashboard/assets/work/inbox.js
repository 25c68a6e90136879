/**
 * The inbox: cases in the order in which they burn, one line of tabs with counts above. Rows are kept by their case, so that
 * a change moves and marks them and the one in hand stays in hand.
 */
import { el, setAttribute, setText } from "../ui/dom.js";
import { levelChip } from "../ui/marks.js";
import { ask } from "./api.js";

const FRESH_MS = 90_000;

export function makeInbox(section, reference, { onselect, tools = [] }) {
  const { words, reasons } = reference;
  const state = { look: null, reason: null, current: null, rows: new Map(), order: [] };
  const own = (name) => words.has(`work.reason.${name}`);
  const nameOf = (name) => words.t(own(name) ? `work.reason.${name}` : `cases.state.${name}`);
  const meaningOf = (name) => words.t(own(name) ? `work.reason_definition.${name}` : `cases.definition.${name}`);
  const live = el("span", { class: "inbox-live", "data-state": "connecting", role: "status" });
  const tabs = new Map([[null, tab(null)], ...reasons.map((name) => [name, tab(name)])]);
  const list = el("ul", { class: "inbox-list", role: "listbox", tabindex: 0, "aria-label": words.t("work.inbox.title") });
  const foot = el("p", { class: "inbox-foot" });
  section.append(
    el("header", { class: "inbox-head" }, el("h2", {}, words.t("work.inbox.title")), live, el("span", { class: "inbox-tools" }, ...tools)),
    el("nav", { class: "inbox-tabs", "aria-label": words.t("cases.states") }, ...[...tabs.values()].map(({ node }) => node)),
    list, foot);
  list.addEventListener("click", (event) => {
    const row = event.target.closest("[data-case]");
    if (row) select(row.dataset.case);
  });

  function tab(name) {
    const count = el("b", { class: "num" }, words.unknown);
    const text = name ? nameOf(name) : words.t("work.inbox.all");
    const about = name ? { "data-figure": name, title: meaningOf(name) } : { "data-figure": "inbox" };
    const node = el("button", { type: "button", class: "inbox-tab", "aria-pressed": String(name === null), onclick: () => narrow(name), ...about }, text, count);
    return { node, count };
  }

  async function fetchLook() {
    const wanted = state.reason;
    const answer = await ask(`/live/inbox${wanted ? `?reason=${wanted}` : ""}`);
    if (!answer.ok) throw Object.assign(new Error("no inbox"), { forbidden: [401, 403].includes(answer.status) });
    if (wanted === state.reason) paint(answer.body);
    return answer.body;
  }

  function narrow(name) {
    state.reason = name;
    for (const [key, { node }] of tabs) setAttribute(node, "aria-pressed", String(key === name));
    list.scrollTop = 0;
    return fetchLook().catch(() => {});
  }

  // --- painting ------------------------------------------------------------------------------------------------------

  function paint(look) {
    const first = state.look === null;
    for (const [name, { node, count }] of tabs) {
      const value = look.counts[name ?? "any"];
      setText(count, words.number(value));
      setAttribute(node, "data-value", value);
      setAttribute(node, "data-as-of", look.as_of);
    }
    const place = placeOf(state.current);
    const kept = new Map();
    state.order = look.rows.map((row) => row.code);
    for (const row of look.rows) kept.set(row.code, rowOf(row, state.rows.get(row.code), first));
    state.rows = kept;
    state.look = look;
    list.replaceChildren(...withHeads(look.rows));
    if (!look.rows.length) list.replaceChildren(el("li", { class: "empty" }, words.t("work.inbox.empty")));
    const more = look.counts[state.reason ?? "any"] - look.rows.length;
    setText(foot, more > 0 ? words.t("work.inbox.more", { n: words.number(look.rows.length), more: words.number(more) }) : words.t("work.inbox.keys"));
    point();
    holdPlace(place);
    return first;
  }

  /** The same row stays at the same height of the list, wherever it went. */
  function placeOf(code) {
    const node = code && state.rows.get(code)?.node;
    return node?.isConnected ? { code, top: node.offsetTop - list.scrollTop } : null;
  }

  function holdPlace(place) {
    const node = place && state.rows.get(place.code)?.node;
    if (node?.isConnected) list.scrollTop = node.offsetTop - place.top;
  }

  function withHeads(rows) {
    const nodes = [];
    let reason = null;
    for (const row of rows) {
      if (state.reason === null && row.reason !== reason) {
        reason = row.reason;
        nodes.push(el("li", { class: "inbox-group", role: "presentation", "data-reason": reason }, nameOf(reason)));
      }
      nodes.push(state.rows.get(row.code).node);
    }
    return nodes;
  }

  function rowOf(row, before, first) {
    if (before && before.row.version === row.version && before.row.clock === row.clock && before.row.reason === row.reason) {
      writeClock(before, row);
      return Object.assign(before, { row });
    }
    const fresh = first ? null : before ? "changed" : "new";
    const built = before ?? { node: el("li", { class: "inbox-row", role: "option", id: `row-${row.code}`, "data-case": row.code }) };
    const clock = el("span", { class: "due-clock" }, el("i", { "aria-hidden": "true" }), el("span", {}));
    const department = reference.departmentsByCode.get(row.department);
    // Who holds it comes first, the place last: where a line is too long, the title mostly names the place, too. A department
    // need not be told that what it has is its own.
    const decided = ["dispatched", "handling", "feedback", "suspended"].includes(row.stage) && row.department !== reference.department;
    const facts = [decided && department ? words.short(department) : null, words.name(reference.categories[row.category]), reference.place(row)].filter(Boolean);
    built.node.replaceChildren(
      levelChip(row.level, words), el("span", { class: "row-title", title: row.title }, row.title), clock,
      el("span", { class: "row-facts" }, el("span", { class: "stage", "data-stage": row.stage }, words.t(`common.stage.${row.stage}`)),
        row.handed_back ? el("span", { class: "row-sign" }, words.t("case.handed_back", { n: row.handed_back })) : null,
        row.reworked ? el("span", { class: "row-sign" }, words.t("case.reworked", { n: row.reworked })) : null,
        el("span", { class: "row-where" }, facts.join(" · "))),
      el("span", { class: "row-when num" }, words.moment(Date.parse(row.reported_at), reference.clock.county())));
    setAttribute(built.node, "data-reason", row.reason);
    setAttribute(built.node, "data-stage", row.stage);
    if (fresh) markFresh(built.node, fresh);
    built.clock = clock;
    writeClock(built, row);
    return Object.assign(built, { row });
  }

  function writeClock(built, row) {
    const left = row.due_at === null ? null : Date.parse(row.due_at) - reference.clock.county();
    setAttribute(built.clock, "data-clock", row.clock);
    setAttribute(built.clock.firstChild, "class", `face face-${row.clock}`);
    setText(built.clock.lastChild, words.t(`cases.clock.${row.clock}`, { time: words.duration(left) }));
    setAttribute(built.node, "data-clock", row.clock);
  }

  function markFresh(node, kind) {
    setAttribute(node, "data-fresh", kind);
    setTimeout(() => setAttribute(node, "data-fresh", null), FRESH_MS);
  }

  // --- choosing ------------------------------------------------------------------------------------------------------

  function point() {
    for (const [code, { node }] of state.rows) setAttribute(node, "aria-selected", String(code === state.current));
    setAttribute(list, "aria-activedescendant", state.rows.has(state.current) ? `row-${state.current}` : null);
  }

  function select(code) {
    state.current = code;
    const row = state.rows.get(code);
    if (row) {
      setAttribute(row.node, "data-fresh", null);
      row.node.scrollIntoView({ block: "nearest" });
    }
    point();
    onselect(code);
  }

  /** The next or the previous case; from nowhere, the first. */
  function step(by) {
    if (!state.order.length) return;
    const here = state.order.indexOf(state.current);
    const there = here < 0 ? 0 : Math.min(state.order.length - 1, Math.max(0, here + by));
    select(state.order[there]);
  }

  setInterval(() => state.rows.forEach((built) => writeClock(built, built.row)), 10_000);

  return {
    fetchLook,
    narrow,
    paint,
    select,
    step,
    focus: () => list.focus(),
    rowOf: (code) => state.rows.get(code)?.row ?? null,
    /** What stands after a case now, so that work goes on there when the case has left. */
    after: (code) => state.order[state.order.indexOf(code) + 1] ?? state.order[state.order.indexOf(code) - 1] ?? null,
    get current() {
      return state.current;
    },
    get first() {
      return state.order[0] ?? null;
    },
    say(kind) {
      setAttribute(live, "data-state", kind);
      setText(live, words.t(`work.live.${kind}`));
      for (const { node } of tabs.values()) setAttribute(node, "data-state", kind === "live" ? "live" : "stale");
    },
  };
}
