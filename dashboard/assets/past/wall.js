/** The wall on a past day: its own panels, fed by the player. What belongs to the present alone says so and stands still. */
import { el, setText } from "../ui/dom.js";
import { wordsFrom } from "../ui/words.js";
import { buildDepartments, buildTowns } from "../wall/departments.js";
import { aboutCase, buildFeed } from "../wall/feed.js";
import { buildFigures } from "../wall/figures.js";
import { buildHeader } from "../wall/header.js";
import { GridMap } from "../wall/map/grid_map.js";
import { buildTrend } from "../wall/trend.js";
import { buildEmergencies } from "./emergencies.js";
import { frameAt, makePicture } from "./picture.js";
import { buildPlayer, guardLinks, openDay } from "./player.js";
import { PastTruth } from "./truth.js";

const PATH = "/wall";
/** Facts that a feed is filled with after a jump. */
const FILLED = 400;
const SILENT = { enabled: () => false, enable() {}, listen() {} };
const NO_POPOVER = { show() {}, hide() {} };

export async function start(root, reference, panelOf) {
  const words = wordsFrom(reference);
  const banner = document.getElementById("wall-banner");
  const day = await openDay(root, words, PATH, (bar) => banner.append(bar));
  if (!day) return;
  const picture = makePicture(day);
  let now = day.start;
  const clock = { server: () => Date.now(), county: (at) => at ?? now, mode: () => ({ kind: "live", speed: 1 }), hear() {}, set() {} };
  const truth = new PastTruth(words, () => now);
  const context = { words, clock, truth, reference, sound: SILENT, root, popover: NO_POPOVER };
  const map = new GridMap(panelOf("wall-map"), context);
  map.start();
  const views = {
    header: buildHeader(document.getElementById("wall-header"), context),
    figures: buildFigures(document.getElementById("wall-figures"), context),
    departments: buildDepartments(panelOf("wall-departments"), context),
    towns: buildTowns(panelOf("wall-towns"), context),
    trend: buildTrend(panelOf("wall-trend"), context),
    feed: buildFeed(panelOf("wall-feed"), context),
  };
  const header = document.querySelector(".wall-header-live");
  header.querySelector(".live").replaceWith(el("span", { class: "chip past-chip" }, words.t("past.sign")));
  header.querySelector(".tool:not(.tool-language)")?.remove();
  const cameras = panelOf("wall-cameras");
  cameras.body.append(el("p", { class: "empty past-absent" }, words.t("past.cameras")));
  setText(document.getElementById("wall-feed-title"), words.t("past.feed"));

  const emergencies = buildEmergencies(day, words);
  cameras.body.prepend(emergencies.node); // where no camera is shown, there is room

  let shown = -1;
  let told = day.start;

  function show(at, jumped) {
    now = at;
    const frame = frameAt(day, now);
    if (jumped || now < told) views.feed.reset(picture.facts(-Infinity, now, FILLED).reverse());
    else views.feed.add(picture.facts(told, now).filter(aboutCase));
    told = now;
    truth.tick();
    emergencies.write(now);
    if (frame === shown) return;
    shown = frame;
    const figures = picture.figures(frame);
    map.write(picture.map(frame));
    for (const view of Object.values(views)) view.write(figures);
    map.figures(figures);
  }

  const player = buildPlayer(day, words, PATH, show);
  banner.append(player.node);
  guardLinks(root, words, player.say);
  player.begin();
  root.dataset.ready = "yes";
  window.gridcommand = Object.freeze({ grid: (code) => map.counts(code), now: () => now });
}
