/**
 * The leader's overview: names once, then the live figures from the gateway and the rest of the picture (comparisons,
 * ranking, changes, instructions) from `/live/overview`, fetched anew when something has happened. Without a network the
 * service worker hands out what was kept, and the page says of when it is.
 */
import { setHidden, setText } from "../ui/dom.js";
import { makeClock } from "../ui/clock.js";
import { Live } from "../ui/live.js";
import { wordsFrom } from "../ui/words.js";
import { Truth } from "../wall/truth.js";
import { buildCards } from "./cards.js";
import { ageOf, buildChanges } from "./changes.js";
import { buildMap } from "./map.js";
import { buildOrders } from "./orders.js";
import { buildRanking } from "./ranking.js";
import { buildSheet } from "./sheet.js";
import { startTheme } from "./theme.js";
import { buildTrend } from "./trend.js";
import { isKept, keep, startKeeping } from "./kept.js";

/** The picture beside the figures is asked for at least this often, and at most so often. */
const LATEST = 45_000;
const SOONEST = 6_000;
const PICTURE_OLD = 150_000;
/** Facts after which the picture says something else. */
const TELLING = /^(case\.reported|case\.escalated|clock\.breached|order\.issued|case\.moved)$/;

async function fetchJson(address) {
  const answer = await fetch(address, { cache: "no-store" });
  if (answer.status === 401) throw Object.assign(new Error("the login has ended"), { forbidden: true });
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
  return { body: await answer.json(), kept: isKept(answer) };
}

/** What does not change while the page lives; asked for until it comes. */
async function fetchReference() {
  for (let wait = 300; ; wait = Math.min(5000, wait * 2)) {
    try {
      return await fetchJson("/live/reference");
    } catch (error) {
      if (error.forbidden) return leave();
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}

function leave() {
  location.assign("/login?next=/overview");
  return null;
}

const root = document.querySelector("#overview");
startTheme(document.querySelector("#ov-theme"));
startKeeping(root);
start();

async function start() {
  const found = await fetchReference();
  if (!found) return;
  const reference = found.body;
  if (new URLSearchParams(location.search).has("day")) return (await import("../past/overview.js")).start(root, reference);
  const words = wordsFrom(reference);
  const clock = makeClock();
  if (!found.kept) clock.hear(reference.time.at); // a kept answer says nothing of what time it is now
  clock.set(reference.time);
  const truth = new Truth(words, clock, { picture: PICTURE_OLD });
  const state = { figures: null, picture: null };
  const context = { words, clock, truth, reference, state, role: root.dataset.role };
  context.sheet = buildSheet(document.querySelector("#ov-sheet"), { ...context, again: () => refresh(0) });
  const panel = (name) => {
    const node = document.querySelector(`#ov-${name}`);
    return { node, scope: node.querySelector(".ov-scope"), body: node.querySelector(".ov-panel-body") };
  };
  const views = [
    buildCards(document.querySelector("#ov-figures"), context),
    buildRanking(panel("who"), context),
    buildMap(panel("where"), context),
    buildChanges(panel("changed"), context),
    buildTrend(panel("trend"), context),
    buildOrders(panel("orders"), context),
  ];

  function paint() {
    if (!state.figures) return;
    for (const view of views) view.write(state);
  }

  // --- the picture -----------------------------------------------------------------------------------------------------

  let asked = -Infinity;
  let timer = 0;

  async function fetchPicture() {
    timer = 0;
    asked = performance.now();
    try {
      const { body } = await fetchJson("/live/overview");
      state.picture = body;
      truth.heard("picture", Date.parse(body.at));
      paint();
      root.dataset.ready = "yes";
    } catch (error) {
      if (error.forbidden) return leave();
    }
    refresh(LATEST);
  }

  /** Fetch the picture in so many ms, or sooner where that was asked for; never more often than `SOONEST`. */
  function refresh(within) {
    const wait = Math.max(within, Math.min(LATEST, SOONEST - (performance.now() - asked)), 0);
    const at = performance.now() + wait;
    if (timer && at >= timer.at) return;
    if (timer) clearTimeout(timer.id);
    timer = { at, id: setTimeout(fetchPicture, wait) };
  }

  document.addEventListener("visibilitychange", () => document.hidden || refresh(0));

  // --- the figures -----------------------------------------------------------------------------------------------------

  let waiting = false;
  let grids = {};

  function soon() {
    if (waiting) return;
    waiting = true;
    const now = () => {
      waiting = false;
      paint();
    };
    if (document.hidden) setTimeout(now, 200);
    else requestAnimationFrame(now);
  }

  function take(message) {
    if (message.kind === "heartbeat") clock.hear(message.at);
    else if (message.kind === "time.changed") clock.set(message);
    else if (message.kind === "figures") {
      state.figures = message;
      truth.heard("figures", Date.parse(message.at));
      soon();
    } else if (message.kind === "map") {
      grids = message.whole ? message.grids : Object.assign(grids, message.grids);
      state.grids = grids;
      soon();
    } else if (TELLING.test(message.kind)) refresh(SOONEST);
  }

  const link = document.querySelector(".ov-link");
  const live = new Live({
    url: reference.push_url,
    topics: ["wall"],
    fetchSnapshot: async () => (await fetchJson("/live/snapshot")).body,
    onMessage: take,
    onSnapshot(picture) {
      take(picture.map);
      take(picture.figures);
      keep("/live/snapshot", picture);
    },
    onState(now) {
      if (link.dataset.state === now) return; // it is told with every message
      link.dataset.state = now;
      setText(link.querySelector("b"), words.t(`overview.link.${now}`));
      if (now === "live") refresh(0);
    },
    onForbidden: leave,
  });
  live.start();
  refresh(0);

  // --- the time, and how old the data is -------------------------------------------------------------------------------

  const offline = document.querySelector(".ov-offline");
  const date = document.querySelector(".ov-date");
  const time = document.querySelector(".ov-clock b");

  function tick() {
    const now = clock.county();
    setText(date, `${words.date(now)} ${words.weekday(now)}`);
    setText(time, words.minute(now));
    const at = truth.asOf("figures");
    const lost = at !== null && truth.state("figures") === "stale" && truth.age("figures") > 10_000;
    setHidden(offline, !lost);
    if (lost) setText(offline, words.t("overview.offline.words", { time: words.moment(clock.county(at), now), age: ageOf(truth.age("figures"), words) }));
  }
  tick();
  setInterval(tick, 1000);
  window.gridcommand = Object.freeze({ last: () => live.last });
}
