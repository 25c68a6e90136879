/**
 * The live feed: one row per case, newest news on top. A report, a breach and an escalation are news and go to the top;
 * any other move changes the row where it stands. Rows have a fixed height and are reused: a new case takes over the node
 * of the one that falls out, so days of reports make no new element.
 */
import { el, setAttribute, setHidden, setText, stillness } from "../ui/dom.js";
import { mark } from "../ui/marks.js";
import { listOf } from "./links.js";

const KEPT = 50;
const FRESH = 4000;
/** More news than this in `CALM` ms is a flood: rows then change in place, without sliding and without a tint. */
const FLOOD = 6;
const CALM = 3000;
const NEWS = new Set(["case.reported", "clock.breached", "case.escalated"]);
const CASE = new Set(["case.reported", "case.moved", "order.issued", "clock.warned", "clock.breached", "case.escalated"]);

/** Whether a message is a fact about a case. */
export function aboutCase(message) {
  return CASE.has(message.kind);
}

/** Whether a fact is news: a case that came, became late or climbed the ladder. */
export function isNews(message) {
  return NEWS.has(message.kind);
}

/**
 * Folds one fact into the list of entries (newest first), in place.
 * @returns the entry, or null where the fact concerns a case that is not on the list and is no news
 */
export function fold(entries, fact) {
  const at = entries.findIndex((entry) => entry.case === fact.case);
  const news = isNews(fact);
  if (at < 0 && !news) return null;
  const entry = at < 0 ? { case: fact.case } : entries[at];
  Object.assign(entry, { fact, state: stateAfter(entry, fact) });
  if (news) {
    if (at >= 0) entries.splice(at, 1);
    entries.unshift(entry);
    if (entries.length > KEPT) entries.length = KEPT;
  }
  return entry;
}

/** The list after a snapshot's feed (newest first): cases without news fill the end, so that the feed is never half empty. */
export function foldAll(facts) {
  const entries = [];
  const quiet = [];
  for (const fact of [...facts].reverse().filter(aboutCase)) {
    if (!fold(entries, fact)) quiet.unshift({ case: fact.case, fact, state: stateAfter({}, fact) });
  }
  for (const entry of quiet) {
    if (!entries.some((other) => other.case === entry.case)) entries.push(entry);
  }
  return entries;
}

/** What a fact adds to a row besides its stage; it holds until the case moves out of it. */
function stateAfter(entry, fact) {
  if (fact.kind === "case.escalated") return fact.acknowledged_at ? "" : `escalated/${fact.rung}`;
  if (fact.kind === "clock.warned") return "soon";
  return entry.state ?? "";
}

/** What the row says at its right: the clock's word while it matters, else the stage. @param now county time, ms */
export function stateNow({ fact, state }, now) {
  if (fact.stage === "closed" || fact.stage === "void") return { kind: "stage" };
  if (state.startsWith("escalated")) return { kind: "escalated", rung: state.split("/")[1] };
  if (fact.due_at && Date.parse(fact.due_at) < now) return { kind: "overdue" };
  return { kind: state || "stage" };
}

export function buildFeed(panel, { words, truth, clock, reference }) {
  const list = el("ol", { class: "feed" });
  const empty = el("p", { class: "empty", hidden: true }, words.t("wall.feed.empty"));
  panel.body.append(list, empty);
  truth.line(panel.age, "link");
  truth.area(panel.node, "link");
  const free = [];
  const shown = new Map();
  let entries = [];
  let rows = 7;
  let arrivals = [];

  function buildNode() {
    const level = el("span", { class: "level" });
    const title = el("a", { class: "feed-title" });
    const place = el("span", { class: "feed-place" });
    const time = el("time", { class: "feed-time" });
    const state = el("span", { class: "feed-state" });
    const node = el("li", { class: "feed-row" }, level, el("div", { class: "feed-what" }, title, place), el("div", { class: "feed-when" }, time, state));
    return { node, level, title, place, time, state };
  }

  function place(fact) {
    const area = fact.area && reference.areas[fact.area];
    const town = fact.town && reference.areas[fact.town];
    if (!area && !town) return words.t("wall.feed.uncovered");
    if (!area || !town || area === town) return words.name(area || town);
    return `${words.name(town)} ${words.name(area)}`;
  }

  function source(fact) {
    const key = `common.source.${fact.source}`;
    return words.name(reference.sources[fact.source]) || (words.has(key) ? words.t(key) : fact.source);
  }

  function stateNodes(fact, state) {
    if (state.kind === "overdue") return [mark("overdue"), words.t("wall.feed.overdue")];
    if (state.kind === "soon") return [mark("soon"), words.t("wall.feed.soon")];
    if (state.kind === "escalated") return [mark("escalated"), words.t("wall.feed.escalated", { rung: state.rung })];
    return [words.t(`common.stage.${fact.stage}`)];
  }

  function write(parts, entry) {
    const { fact } = entry;
    const state = stateNow(entry, clock.county());
    setAttribute(parts.node, "data-event-id", fact.id);
    setAttribute(parts.node, "data-case", fact.case);
    setAttribute(parts.node, "data-stage", fact.stage);
    setAttribute(parts.node, "data-clock", state.kind);
    setAttribute(parts.node, "data-as-of", fact.at);
    setAttribute(parts.level, "data-level", fact.level);
    setText(parts.level, words.t(`common.level.${fact.level}`));
    setText(parts.title, fact.title);
    setAttribute(parts.title, "href", `/cases/${encodeURIComponent(fact.case)}`);
    setText(parts.place, `${place(fact)} · ${source(fact)}`);
    setText(parts.time, words.moment(Date.parse(fact.reported_at), clock.county()));
    setAttribute(parts.time, "datetime", fact.reported_at);
    const said = `${state.kind}/${state.rung ?? ""}/${fact.stage}`;
    if (parts.said !== said) parts.state.replaceChildren(...stateNodes(fact, state));
    parts.said = said;
  }

  /** Whether so much comes at once that motion would only blur it. */
  function flood(count) {
    const now = performance.now();
    arrivals = [...arrivals.filter((when) => now - when < CALM), ...Array(Math.min(count, FLOOD + 1)).fill(now)].slice(-2 * FLOOD);
    return arrivals.length > FLOOD;
  }

  /** Puts the newest rows in their places; a row that comes in slides from above the first. */
  function paint(fresh) {
    const visible = entries.slice(0, rows);
    const wanted = new Set(visible.map((entry) => entry.case));
    for (const [name, parts] of shown) {
      if (wanted.has(name)) continue;
      shown.delete(name);
      free.push(parts);
    }
    visible.forEach((entry, i) => {
      let parts = shown.get(entry.case);
      const entering = !parts;
      if (entering) {
        parts = free.pop() ?? buildNode();
        shown.set(entry.case, parts);
        parts.node.classList.add("is-placed");
        parts.node.style.transform = `translateY(${fresh ? -100 : i * 100}%)`;
      }
      if (list.children[i] !== parts.node) list.insertBefore(parts.node, list.children[i] ?? null);
      write(parts, entry);
      setAttribute(parts.node, "data-fresh", entry.fresh > performance.now() ? "" : null);
      if (entering) {
        if (fresh) parts.node.getBoundingClientRect(); // the place it starts from is taken before it may move
        parts.node.classList.remove("is-placed");
      }
      parts.node.style.transform = `translateY(${i * 100}%)`;
    });
    for (const parts of free) parts.node.remove();
    free.length = Math.min(free.length, rows);
    setHidden(empty, entries.length > 0);
  }

  function fit() {
    const unit = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const minimum = parseFloat(getComputedStyle(list).getPropertyValue("--row-min")) || 3.6;
    rows = Math.max(3, Math.floor(panel.body.clientHeight / (minimum * unit)));
    list.style.setProperty("--rows", rows);
    paint(false);
  }

  new ResizeObserver(fit).observe(panel.body);
  setInterval(() => {
    for (const entry of entries.slice(0, rows)) {
      const parts = shown.get(entry.case);
      if (!parts) continue;
      setAttribute(parts.node, "data-fresh", entry.fresh > performance.now() ? "" : null);
      write(parts, entry); // a deadline may have passed meanwhile
    }
  }, 1000);

  return {
    /** A snapshot's feed, newest first. */
    reset(facts) {
      entries = foldAll(facts);
      paint(false);
    },

    /** Facts in their order; painted once. */
    add(facts) {
      const changed = facts.map((fact) => fold(entries, fact)).filter(Boolean);
      if (!changed.length) return;
      const still = flood(changed.length);
      for (const entry of changed) entry.fresh = still ? 0 : performance.now() + FRESH;
      setAttribute(list, "data-still", still || stillness() ? "" : null);
      paint(!still && !stillness());
    },

    /** "今日 1,284 件": the scope, from the same figures as the card. */
    write(figures) {
      setText(panel.scope, words.t("wall.feed.scope", { n: words.number(figures.county.reported_today) }));
    },

    list: listOf("reported-today"),
  };
}
