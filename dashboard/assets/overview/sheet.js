/**
 * What stands behind a figure, a department, a town, the days or one's own instructions: a sheet over the page with the
 * definition, the source, the as-of, the comparison, the list, and a way to write an instruction on just that.
 */
import { el, setText } from "../ui/dom.js";
import { CARDS, shareOf } from "./cards.js";
import { change, points, signed } from "./compare.js";
import { buildForm, conclude } from "./form.js";
import { aboutOf, soundOf, stateOf } from "./orders.js";
import { placesOf } from "./ranking.js";

const LISTS = { emergencies: "/emergencies", "cameras-online": "/cameras" };
const ORIGINS = { "will-be-late": "forecast", "closing-in-time": "books", satisfied: "books", "cameras-online": "cameras" };
const SHOWN = 4;

export function buildSheet(dialog, context) {
  const { words, clock, state, reference, truth } = context;
  const names = new Map(reference.departments.map((department) => [department.code, department]));
  const t = words.t;
  const may = () => Boolean(state.picture?.may_instruct);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());

  function open(title, value, ...parts) {
    const close = el("button", { type: "button", class: "ov-tool ov-close", "aria-label": t("overview.close") }, "✕");
    close.addEventListener("click", () => dialog.close());
    const head = el("header", {}, el("h2", { id: "ov-sheet-title" }, title), value ? el("b", { class: "ov-sheet-value num" }, value) : null, close);
    dialog.replaceChildren(head, el("div", { class: "ov-sheet-body" }, ...parts));
    if (!dialog.open) dialog.showModal();
    dialog.querySelector(".ov-sheet-body").scrollTop = 0;
  }

  const link = (href, text = t("overview.open_list")) => el("a", { class: "ov-go", href }, text, el("span", { "aria-hidden": "true" }, " →"));
  const facts = (...pairs) => el("dl", { class: "ov-facts" }, ...pairs.filter(Boolean).flatMap(([key, value]) => [el("dt", {}, key), el("dd", {}, value)]));
  const listed = (query) => `/cases?${new URLSearchParams(query)}`;
  /** A figure out of what was last heard under this name, with the list behind it. */
  const counted = (figure, value, href, heard = "figures") => el("a", {
    href, "data-figure": figure, "data-value": value, "data-as-of": new Date(truth.asOf(heard)).toISOString(), "data-state": truth.state(heard) === "live" ? "live" : "stale",
  }, words.number(value));
  const stamp = (ms) => (Number.isFinite(ms) ? `${words.date(ms)} ${words.clock(ms)}` : words.unknown);

  /** The button that turns the sheet into a form for an instruction. */
  function instruct(about, target) {
    if (!may()) return null;
    const button = el("button", { type: "button", class: "ov-go ov-primary", "data-instruct": target.about }, t("overview.instruct"));
    button.addEventListener("click", () => write(about, target));
    return button;
  }

  function write(about, target) {
    open(t("overview.form.title", { about }), "", buildForm(target, { ...context, names, done: () => context.again() }));
    dialog.querySelector("textarea")?.focus();
  }

  function comparison(rows) {
    return el("table", { class: "ov-table" }, el("tbody", {}, ...rows.map(([name, value, moved]) =>
      el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: "num" }, value), el("td", { class: "num" }, moved ?? "")))));
  }

  function compared(card) {
    if (card?.share) {
      const share = shareOf(state, card.share);
      if (!share) return null;
      const now = share.of ? share.hits / share.of : null;
      const percent = (value) => (value === null ? words.unknown : `${words.percent(value * 1000, 1000)}%`);
      const moved = (before) => (before === null || now === null ? "" : t("overview.compare.points", { n: points(now, before, words) }));
      return comparison([
        [`${t("overview.compare.now")} ${state.picture.ranking.period}`, `${percent(now)}  ${t("overview.compare.share", share)}`],
        [`${t("overview.compare.before")} · ${t("overview.compare.month_before")}`, percent(share.before), moved(share.before)],
        [`${t("overview.compare.last_year")} · ${t("overview.compare.year_before")}`, percent(share.last_year), moved(share.last_year)],
      ]);
    }
    if (card?.look && state.picture?.look.at) {
      const [before, now] = [state.picture.look.figures[card.look], card.value(state)];
      const at = words.moment(Date.parse(state.picture.look.at), clock.county()).slice(0, 11);
      return comparison([[t("overview.look.last", { time: at }), words.number(before ?? NaN), Number.isFinite(before) ? signed(now - before, words) : ""]]);
    }
    if (!card?.compare || !state.picture) return null;
    const month = card.compare.replace("today", "month");
    return el("div", {}, ...[[card.compare, "day_before"], [month, "month_before_same"]].map(([name, before]) => {
      const one = state.picture.compared[name];
      const row = (key, label, value) => [`${t(`overview.compare.${key}`)} · ${t(`overview.compare.${label}`)}`, words.number(value ?? NaN), change(one.now, value, words)];
      return comparison([
        [t(`overview.figure.${name}`), counted(`compared-${name}`, one.now, one.list, "picture")],
        row("before", before, one.before), row("last_year", "year_before", one.last_year),
      ]);
    }));
  }

  /** The cases that are due first, each with a way to its file and to an instruction. */
  function cases(query) {
    const box = el("ul", { class: "ov-cases" });
    const address = new URLSearchParams({ ...query, sort: "due", limit: SHOWN });
    fetch(`/api/v1/cases?${address}`).then((answer) => (answer.ok ? answer.json() : null)).then((page) => {
      if (!page) return;
      if (!page.cases.length) return box.append(el("li", { class: "ov-none" }, t("overview.no_case")));
      box.append(...page.cases.map((one) => {
        const due = one.due_at ? Date.parse(one.due_at) - clock.county() : null;
        const told = due === null ? words.unknown : due < 0 ? t("common.clock.overdue", { time: words.duration(due) }) : t("common.clock.left", { time: words.duration(due) });
        const place = words.name(reference.areas[one.area ?? one.town]);
        return el("li", {}, el("a", { href: `/cases/${one.code}`, class: "ov-case" }, el("b", {}, one.title), el("span", {}, [place, words.short(names.get(one.department)), told].filter(Boolean).join(" · "))),
          instruct(t("overview.orders.on_case", { code: one.code }), { about: "case", code: one.code, department: one.department }));
      }));
    }).catch(() => {});
    return el("section", {}, el("h3", {}, t("overview.gravest")), box);
  }

  function figure(name) {
    const card = CARDS.find((one) => one.name === name);
    const node = document.querySelector(`.ov-main [data-figure="${name}"]`);
    const share = card?.share ? shareOf(state, card.share) : null;
    const list = share ? share.list : LISTS[name] ?? listed({ state: name });
    const shown = node?.querySelector(".ov-value, .num")?.textContent ?? "";
    const at = Date.parse(node?.dataset.asOf);
    const value = Number(node?.dataset.value);
    const target = { about: "figure", code: name, value: node?.dataset.value === "" ? null : value, as_of: Number.isFinite(at) ? new Date(clock.county(at)).toISOString() : null };
    const more = ["overdue", "due-soon", "will-be-late"].includes(name) ? cases({ state: name }) : null;
    open(t(`overview.figure.${name}`), share && share.of ? `${shown}%` : shown,
      compared(card),
      name === "cameras-online" ? el("p", {}, soundOf(state.picture, words)) : null,
      facts([t("overview.defined"), t(`overview.definition.${name}`)], [t("overview.sourced"), t(`overview.origin.${ORIGINS[name] ?? "cases"}`)], [t("overview.as_of"), stamp(clock.county(at))]),
      el("div", { class: "ov-ways" }, link(list), instruct(t(`overview.figure.${name}`), target)),
      more);
  }

  function department(code) {
    const place = placesOf(state).find((one) => one.code === code) ?? { held: {}, small: true };
    const name = words.name(names.get(code)) || code;
    const { held } = place;
    const count = (key, query, value) => [t(`overview.who.${key}`), counted(`department-${key}`, value, listed({ state: query, department: code }))];
    const told = state.picture?.ranking.told;
    const score = place.score === null || place.score === undefined
      ? (place.sample ? t("overview.who.small_n", { n: place.sample }) : t("overview.who.unranked"))
      : [t("overview.who.grade", place), place.before === null ? "" : t("overview.who.before", { score: place.before }), place.last_year === null ? "" : t("overview.who.last_year", { score: place.last_year })].filter(Boolean).join(" · ");
    open(name, place.rank ? `${t("overview.who.rank")} ${place.rank}` : "",
      comparison([count("overdue", "overdue", held.overdue ?? 0), count("due_soon", "due-soon", held.due_soon ?? 0), count("open", "open", held.open ?? 0),
        [t("overview.who.missed"), place.missed_list ? el("a", { href: place.missed_list }, words.number(place.missed)) : words.unknown]]),
      el("p", { class: "ov-score-line" }, score),
      facts([t("overview.defined"), t("overview.definition.department", { n: state.picture?.ranking.small_sample ?? "" })], [t("overview.sourced"), t("overview.origin.books")],
        [t("overview.as_of"), told ? t("overview.told", { time: stamp(Date.parse(told)) }) : words.unknown]),
      el("div", { class: "ov-ways" }, link(`/evaluation?by=department&period=${state.picture?.ranking.period ?? ""}`, t("overview.books")), instruct(name, { about: "department", code })),
      cases({ state: held.overdue ? "overdue" : "open", department: code }));
  }

  function town(code) {
    const counts = state.figures?.towns[code];
    if (!counts) return;
    const count = (key, query, value) => [t(`overview.figure.${key}`), counted(`town-${key}`, value, listed({ state: query, area: code }))];
    open(words.name(reference.areas[code]) || code, "",
      comparison([count("overdue", "overdue", counts.overdue), count("due-soon", "due-soon", counts.due_soon), count("open", "open", counts.open), count("reported-today", "reported-today", counts.reported_today)]),
      facts([t("overview.defined"), t("overview.definition.town")], [t("overview.sourced"), t("overview.origin.cases")], [t("overview.as_of"), stamp(clock.county(truth.asOf("figures")))]),
      el("div", { class: "ov-ways" }, link(listed({ state: "open", area: code }))),
      cases({ state: counts.overdue ? "overdue" : "open", area: code }));
  }

  function days() {
    if (!state.picture) return;
    const day = (date, event) => {
      const next = new Date(`${date}T12:00:00Z`);
      next.setUTCDate(next.getUTCDate() + 1);
      const [since, until] = [state.picture.midnights[date], state.picture.midnights[next.toISOString().slice(0, 10)]];
      return listed({ state: "all", window: `${event}~${since}~${until}` });
    };
    const number = (one, event) => el("td", { class: "num" }, counted(`day-${event}`, one[event], day(one.day, event), "picture"));
    const head = el("tr", {}, ...["day", "reported", "closed", "in_time"].map((name) => el("th", { scope: "col", class: name === "day" ? "" : "num" }, t(`overview.trend.${name}`))));
    const rows = [...state.picture.trend].reverse().map((one) => el("tr", {}, el("th", { scope: "row", class: "num" }, one.day), number(one, "reported"), number(one, "closed"),
      el("td", { class: "num" }, one.with_due ? `${words.percent(one.in_time, one.with_due)}%` : words.unknown)));
    open(t("overview.question.trend"), "", facts([t("overview.defined"), t("overview.definition.trend")]), el("table", { class: "ov-table ov-days" }, el("thead", {}, head), el("tbody", {}, ...rows)));
  }

  function orders() {
    const own = state.picture?.instructions ?? [];
    const box = el("ol", { class: "ov-own" }, ...own.map((one) => {
      const done = one.about !== "case" && one.state !== "concluded" && el("button", { type: "button", class: "ov-go", "data-conclude": one.number }, t("overview.orders.conclude"));
      const word = el("p", { class: "ov-word", role: "status" });
      if (done) done.addEventListener("click", async () => {
        const reason = await conclude(one.number, words);
        if (reason) return setText(word, reason);
        done.remove();
        context.again();
      });
      return el("li", { "data-instruction": one.number, "data-state": one.state },
        el("div", { class: "ov-own-head" }, el("b", {}, aboutOf(one, context)), el("span", { class: "ov-state" }, stateOf(one, context)), el("span", { class: "num" }, words.moment(Date.parse(one.at), clock.county()))),
        el("p", {}, one.text),
        one.reply_due ? el("p", { class: "ov-faint" }, t("overview.orders.due", { time: words.moment(Date.parse(one.reply_due), clock.county()) })) : null,
        one.result ? el("p", { class: "ov-result" }, el("b", {}, t("overview.orders.result")), " ", one.result) : null,
        el("div", { class: "ov-ways" }, link(one.link, t("overview.orders.open")), done || null), word);
    }));
    open(t("overview.orders.title"), "", own.length ? box : el("p", {}, t("overview.orders.none")));
  }

  return { figure, department, town, days, orders };
}
