/** The overview on a past day: what the trace tells of it, fed by the player; what only the present knows says so. */
import { el, setAttribute, setText } from "../ui/dom.js";
import { wordsFrom } from "../ui/words.js";
import { buildCards } from "../overview/cards.js";
import { buildMap } from "../overview/map.js";
import { buildTrend } from "../overview/trend.js";
import { fitting, keyed } from "../overview/rows.js";
import { foldAll, stateNow } from "../wall/feed.js";
import { buildEmergencies } from "./emergencies.js";
import { frameAt, makePicture } from "./picture.js";
import { buildPlayer, guardLinks, openDay, toldOf } from "./player.js";
import { PastTruth } from "./truth.js";

const PATH = "/overview";
const FILLED = 400;
/** Cards whose figure was never written down by the minute. */
const UNTOLD = ["will-be-late", "closing-in-time", "satisfied"];

export async function start(root, reference) {
  const words = wordsFrom(reference);
  const head = root.querySelector(".ov-offline");
  const other = root.querySelector(".ov-tools a[lang]");
  other.href = other.getAttribute("href") + encodeURIComponent(location.search);
  root.querySelector(".ov-link").replaceChildren(el("b", { class: "past-chip" }, words.t("past.sign")));
  const day = await openDay(root, words, PATH, (bar) => {
    head.after(bar);
    root.querySelector(".ov-main").hidden = true;
  });
  if (!day) return;
  const picture = makePicture(day);
  let now = day.start;
  const clock = { server: () => Date.now(), county: (at) => at ?? now };
  const truth = new PastTruth(words, () => now);
  const say = () => player.say(words.t("past.no_list"));
  const sheet = { figure: say, department: say, town: say, days: say, orders: say };
  const state = { figures: picture.figures(0), grids: {}, picture: null };
  const context = { words, clock, truth, reference, state, role: root.dataset.role, sheet };
  const panel = (name, title = null) => {
    const node = root.querySelector(`#ov-${name}`);
    if (title) setText(node.querySelector("h2"), words.t(title));
    return { node, scope: node.querySelector(".ov-scope"), age: el("span", { class: "num" }), body: node.querySelector(".ov-panel-body") };
  };
  const views = [
    buildCards(root.querySelector("#ov-figures"), context),
    buildHolders(panel("who", "past.who"), context),
    buildMap(panel("where"), context),
    buildHours(buildTrend(panel("trend", "past.trend"), context), words),
  ];
  const feed = buildNews(panel("orders", "past.feed"), context);
  const untold = UNTOLD.map((name) => root.querySelector(`[data-figure="${name}"]`));
  for (const node of untold) node.dataset.untold = "";
  const told = panel("changed", "past.record.title");
  const emergencies = buildEmergencies(day, words);
  told.body.append(emergencies.node, buildRecord(day, words));

  const date = root.querySelector(".ov-date");
  const time = root.querySelector(".ov-clock b");
  let shown = -1;
  let heard = day.start;

  function show(at, jumped) {
    now = at;
    const frame = frameAt(day, now);
    if (jumped || picture.facts(heard, now).length) feed(picture.facts(-Infinity, now, FILLED).reverse(), now);
    heard = now;
    truth.tick();
    emergencies.write(now);
    setText(date, `${words.date(now)} ${words.weekday(now)}`);
    setText(time, words.minute(now));
    if (frame === shown) return;
    shown = frame;
    state.figures = picture.figures(frame);
    state.grids = picture.map(frame).grids;
    for (const view of views) view.write(state);
    for (const node of untold) setText(node.querySelectorAll(".ov-note")[1], words.t("past.untold"));
  }

  const player = buildPlayer(day, words, PATH, show);
  head.after(player.node);
  guardLinks(root, words, player.say);
  player.begin();
  root.dataset.ready = "yes";
}

/** What each department held then, the most overdue first. */
function buildHolders(panel, { words, truth, reference }) {
  const names = new Map(reference.departments.map((department) => [department.code, department]));
  const columns = { overdue: "overdue", due_soon: "soon", open: "open", unreceipted: "unreceipted" };
  const head = el("div", { class: "past-who past-who-head" }, el("span", {}, words.t("wall.departments.name")), ...Object.values(columns).map((key) => el("span", { class: "num" }, words.t(`wall.departments.${key}`))));
  const box = el("div", { class: "past-rows" });
  panel.body.append(head, box);
  const fit = fitting(box);
  const rows = keyed(box, ({ key }) => {
    const cells = Object.keys(columns).map((name) => [name, el("span", { class: "num", "data-column": name })]);
    const slots = cells.map(([name, cell]) => [name, cell, truth.slot(cell, `department-${name.replace("_", "-")}`, "figures")]);
    return {
      node: el("div", { class: "past-who", "data-department": key }, el("b", {}, words.short(names.get(key)) || key), ...cells.map(([, cell]) => cell)),
      write({ row }) {
        for (const [name, cell, slot] of slots) {
          slot.write(row[name], words.number(row[name]));
          setAttribute(cell, "data-some", row[name] ? "" : null);
        }
      },
    };
  });
  return {
    write({ figures }) {
      rows(figures.departments.map((row) => ({ key: row.code, row })));
      fit();
    },
  };
}

/** What happened last, by case, as on the wall. */
function buildNews(panel, { words, reference }) {
  const box = el("div", { class: "past-news" });
  panel.body.append(box);
  const fit = fitting(box);
  const rows = keyed(box, ({ key }) => {
    const [time, title, place, state] = [el("time", { class: "num" }), el("b"), el("span"), el("i")];
    const node = el("a", { class: "past-line", href: `/cases/${encodeURIComponent(key)}`, "data-case": key }, time, title, state, place);
    return {
      node,
      write({ entry, now }) {
        const { fact } = entry;
        const { kind } = stateNow(entry, now);
        setText(time, words.moment(Date.parse(fact.reported_at), now).slice(0, 11));
        setText(title, fact.title);
        setText(place, words.name(reference.areas[fact.town ?? fact.area]));
        setText(state, words.t(kind === "stage" ? `common.stage.${fact.stage}` : `past.state.${kind}`));
        setAttribute(node, "data-clock", kind);
      },
    };
  });
  return (facts, now) => {
    rows(foldAll(facts).slice(0, 12).map((entry) => ({ key: entry.case, entry, now })));
    fit();
  };
}

/** The trend of the overview, of hours instead of days. */
function buildHours(trend, words) {
  return {
    write({ figures }) {
      const { hours, reported, closed } = figures.trend;
      trend.write({ picture: { trend: hours.map((hour, i) => ({ day: `hour ${words.minute(Date.parse(hour))}`, reported: reported[i], closed: closed[i] })) } });
    },
  };
}

/** Whether the day's end equals what was recorded then, and what is not replayed. */
function buildRecord(day, words) {
  const { kind, verdict, more, differences } = toldOf(day.record, words);
  const rows = differences.slice(0, 5).map((one) => el("li", { class: "num" }, one));
  return el("div", { class: "past-told", "data-record": kind },
    el("p", { class: "past-verdict" }, verdict),
    el("p", {}, more),
    rows.length ? el("ul", {}, ...rows) : null,
    el("p", { class: "past-absent" }, words.t("past.present")));
}
