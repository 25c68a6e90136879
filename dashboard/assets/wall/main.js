/**
 * The wall: fetches what does not change (names, words, addresses), builds the panels once, and then lets the live
 * connection write into them. Messages that arrive between two pictures of the screen are painted together.
 */
import { el, setSlow } from "../ui/dom.js";
import { makeClock } from "../ui/clock.js";
import { makeLatency } from "../ui/latency.js";
import { Live } from "../ui/live.js";
import { wordsFrom } from "../ui/words.js";
import { buildStrip } from "../exchange/strip.js";
import { buildBanner } from "./banner.js";
import { buildDepartments, buildTowns } from "./departments.js";
import { buildEmergency } from "./emergency.js";
import { buildEscalation } from "./escalation.js";
import { aboutCase, buildFeed, isNews } from "./feed.js";
import { buildFigures } from "./figures.js";
import { buildHeader } from "./header.js";
import { GridMap } from "./map/grid_map.js";
import { buildMosaic } from "./mosaic.js";
import { buildPopover } from "./popover.js";
import { makeSound } from "./sound.js";
import { buildTrend } from "./trend.js";
import { Truth } from "./truth.js";

const FACTS_AT_ONCE = 200;
/** ms of a screen's own pace, and the longest that a picture waits behind the last one. */
const PACE = 16;
const LONGEST = 60;

/** What does not change while the page lives. Asked for until it comes: a wall may be there before its server. */
async function fetchReference(latency) {
  for (let wait = 300; ; wait = Math.min(5000, wait * 2)) {
    try {
      const asked = Date.now();
      const answer = await fetch("/live/reference");
      if (answer.status === 401) return location.assign("/login");
      if (!answer.ok) throw new Error(`it answered ${answer.status}`);
      const reference = await answer.json();
      latency.answered(asked, Date.parse(reference.time.at));
      latency.arrived(Date.parse(reference.time.at), Date.now());
      return reference;
    } catch (error) {
      console.warn(`reference: ${error.message}; trying again`);
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}

async function fetchSnapshot() {
  const answer = await fetch("/live/snapshot", { cache: "no-store" });
  if (answer.status === 401) throw Object.assign(new Error("the login has ended"), { forbidden: true });
  if (!answer.ok) throw new Error(`the snapshot answered ${answer.status}`);
  return answer.json();
}

/** The parts of a panel's frame that Dash rendered, and the line in it that says scope and age. */
function panelOf(id) {
  const node = document.getElementById(id);
  const scope = el("span", { class: "scope" });
  const age = el("span", { class: "age num" });
  node.querySelector(".panel-scope").append(scope, age);
  return { node, scope, age, tools: node.querySelector(".panel-tools"), body: node.querySelector(".panel-body") };
}

function buildViews(root, context) {
  const popover = buildPopover(root, context);
  const whole = { ...context, root, popover };
  const map = new GridMap(panelOf("wall-map"), whole);
  return {
    map,
    warnings: buildStrip({ words: context.words, linked: context.reference.role !== "display", slotOf: (node, text) => context.truth.slot(node, "warnings-in-force", "link", text) }),
    header: buildHeader(document.getElementById("wall-header"), whole),
    banner: buildBanner(document.getElementById("wall-banner"), whole),
    figures: buildFigures(document.getElementById("wall-figures"), whole),
    departments: buildDepartments(panelOf("wall-departments"), whole),
    towns: buildTowns(panelOf("wall-towns"), whole),
    trend: buildTrend(panelOf("wall-trend"), whole),
    mosaic: buildMosaic(panelOf("wall-cameras"), whole),
    feed: buildFeed(panelOf("wall-feed"), whole),
    escalation: buildEscalation(document.getElementById("wall-dialog"), whole),
    emergency: buildEmergency(root, { ...whole, map }),
  };
}

/** Collects what arrives until the next picture of the screen; only the newest figures count, facts keep their order. */
function makePainter(views, { latency, truth }) {
  let figures = null;
  let maps = [];
  let facts = [];
  let waiting = false;
  let frame = 16;
  let last = 0;
  let settled = false; // while the map is being built a page is busy with itself; that is no delay of the news
  views.map.start().then(() => setTimeout(() => (settled = true), 2000));

  function paint() {
    waiting = false;
    last = performance.now();
    const now = { figures, maps, facts };
    [figures, maps, facts] = [null, [], []];
    views.feed.add(now.facts.filter(aboutCase));
    for (const map of now.maps) views.map.write(map);
    if (now.figures) paintFigures(now.figures);
    for (const fact of now.facts) paintFact(fact);
    // What was written is on the screen when the frame after this one begins.
    requestAnimationFrame(() => {
      frame += (Math.min(400, performance.now() - last) - frame) * 0.2;
      setSlow(frame > 70);
      if (!settled) return;
      for (const fact of now.facts) latency.painted(Date.parse(fact.at), Date.now());
    });
  }

  function paintFigures(picture) {
    for (const view of [views.header, views.figures, views.departments, views.towns, views.trend, views.mosaic, views.feed]) view.write(picture);
    views.map.figures(picture);
    views.escalation.figures(picture);
    truth.heard("figures", Date.parse(picture.at));
  }

  function paintFact(fact) {
    if (!aboutCase(fact)) return; // a camera's state is told by its pictures (tiles.js) and counted by the figures
    views.escalation.fact(fact);
    if (isNews(fact)) views.map.flash(fact);
  }

  function soon() {
    if (waiting) return;
    waiting = true;
    // Where pictures are dear (no graphics card), the next one waits twice as long as they lag behind the screen's pace: a storm
    // then costs fewer pictures with more news in each, and the server beside it gets its share of the machine.
    const pause = Math.min(LONGEST, 2 * (frame - PACE)) - (performance.now() - last);
    if (pause > 4) setTimeout(() => requestAnimationFrame(paint), pause);
    else requestAnimationFrame(paint);
    setTimeout(() => waiting && performance.now() - last > 390 && paint(), 400); // a hidden page gets no frames
  }

  return {
    figures(message) {
      figures = message;
      soon();
    },
    map(message) {
      if (message.whole) maps = [];
      maps.push(message);
      soon();
    },
    fact(message) {
      facts.push(message);
      if (facts.length > FACTS_AT_ONCE) facts.shift();
      soon();
    },
  };
}

/** What makes two references the same: everything but the time and the roster in them. */
function unchanging({ time, duty, ...rest }) {
  return JSON.stringify(rest);
}

/** After an outage the server may be another one (new names, new words, new places): then the page begins anew. */
function reloadIfChanged(reference) {
  const later = 2000 + Math.random() * 8000; // not every wall at once
  setTimeout(async () => {
    try {
      const answer = await fetch("/live/reference");
      if (answer.ok && unchanging(await answer.json()) !== unchanging(reference)) location.reload();
    } catch {
      return; // it has gone again; the next return will ask again
    }
  }, later);
}

export async function start(root) {
  const latency = makeLatency();
  const reference = await fetchReference(latency);
  if (!reference) return;
  if (new URLSearchParams(location.search).has("day")) return (await import("../past/wall.js")).start(root, reference, panelOf);
  const words = wordsFrom(reference);
  const clock = makeClock();
  clock.hear(reference.time.at);
  clock.set(reference.time);
  const truth = new Truth(words, clock);
  const sound = makeSound();
  const views = buildViews(root, { words, clock, truth, reference, sound });
  root.querySelector(".wall-header-live").before(views.warnings.node);
  const painter = makePainter(views, { latency, truth });
  let heard = performance.now();
  let away = false;

  function take(message) {
    heard = performance.now();
    if (message.kind === "heartbeat") {
      clock.hear(message.at);
      latency.arrived(Date.parse(message.at), Date.now());
      views.header.latency(latency.p95());
    } else if (message.kind === "figures") painter.figures(message);
    else if (message.kind === "map") painter.map(message);
    else if (message.kind === "time.changed") clock.set(message);
    else if (message.kind.startsWith("emergency.")) views.emergency.fact(message);
    else if (message.kind === "warning.received") views.warnings.refresh();
    else painter.fact(message);
    truth.heard("link", clock.server());
  }

  const live = new Live({
    url: reference.push_url,
    topics: ["wall"],
    fetchSnapshot,
    onMessage: take,
    onSnapshot(picture) {
      views.feed.reset(picture.feed);
      views.emergency.snapshot();
      views.warnings.refresh();
      painter.map(picture.map);
      painter.figures(picture.figures);
    },
    onState(state) {
      views.header.link(state);
      views.banner.write(state === "lost", heard);
      if (state === "lost") away = true;
      if (state === "live" && away) {
        away = false;
        reloadIfChanged(reference);
      }
    },
    onForbidden: () => location.assign("/login"),
  });
  live.start();
  root.dataset.ready = "yes";
  // For a person at the console and for tests: what the wall believes, never how to change it.
  window.gridcommand = Object.freeze({ grid: (code) => views.map.counts(code), last: () => (live.last === null ? null : String(live.last)), latency: () => latency.p95(), offset: () => latency.offset() });
}
