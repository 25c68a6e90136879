/**
 * An emergency takes the wall: its band over the top, matrix to the left, the map centred on its perimeter, the cameras
 * around it to the right. It is given back when the response ends; the mark stays until somebody cancels it by name. Several
 * are told apart by their cards and shown in turn, the gravest first; a drill lays its mark over the whole screen.
 */
import { openTiles } from "../cameras/tiles.js";
import { STAGES, cellOf, ordered } from "../emergency/matrix.js";
import { el, setAttribute, setHidden, setText, svg } from "../ui/dom.js";
import { demandAnswer, oneAtATime } from "../ui/once.js";
import { buildTile } from "./mosaic.js";

const TURN = 20_000;
const METRES = 111_320;
const CORNERS = 48;
const CHIMES = 3;
const TILES = 6;

/** A circle on the ground as a ring of places. */
export function ringOf(one, factor = 1) {
  const squeeze = Math.cos((one.latitude * Math.PI) / 180);
  const radius = (one.radius_m * factor) / METRES;
  return Array.from({ length: CORNERS }, (_, i) => {
    const angle = (i / CORNERS) * 2 * Math.PI;
    return [one.longitude + (Math.cos(angle) * radius) / squeeze, one.latitude + Math.sin(angle) * radius];
  });
}

/** What is drawn of a place: its own shape, where it has one, else its circle. */
function shapesOf(one) {
  return one.perimeter?.length ? one.perimeter.map((ring) => ring.map(([latitude, longitude]) => [longitude, latitude])) : [ringOf(one)];
}

export function buildEmergency(root, context) {
  const { words, clock, reference, sound, map } = context;
  const t = words.t;
  const band = el("section", { class: "panel em-band", "aria-live": "assertive", hidden: true });
  const matrix = el("section", { class: "panel em-matrix", "aria-label": t("emergency.panel.matrix"), hidden: true });
  const cameras = el("section", { class: "panel em-cameras", "aria-label": t("emergency.wall.cameras"), hidden: true });
  const marks = el("div", { class: "em-marks", hidden: true });
  const drill = el("div", { class: "drill-mark", "aria-hidden": "true", hidden: true }, t("emergency.drill_mark"));
  const drawn = svg("svg", { class: "em-rings", "aria-hidden": "true" });
  const main = root.querySelector(".wall-main");
  main.append(band, matrix, cameras);
  const mapBody = document.querySelector("#wall-map .panel-body");
  mapBody.append(drawn, marks);
  root.append(drill);
  let all = [];
  let shown = null;
  let ticks = [];
  let bandTicks = [];
  let markTicks = [];
  let watching = null;
  let seenCameras = "";
  let focused = "";
  let turned = 0;
  let known = null;

  const refresh = oneAtATime(async () => {
    const answer = await fetch("/live/emergencies", { headers: { Accept: "application/json" }, cache: "no-store", signal: AbortSignal.timeout(8_000) });
    demandAnswer(answer);
    if (answer.ok) write((await answer.json()).emergencies);
  }, 1_500);

  function write(found) {
    all = found;
    const running = all.filter((one) => one.state === "running");
    ring(running);
    if (!running.some((one) => one.number === shown)) {
      shown = running[0]?.number ?? null;
      turned = performance.now();
    }
    paint();
  }

  /** A sound for each that is new here, by its level; a wall that has just come up makes none. */
  function ring(running) {
    const numbers = new Set(running.map((one) => one.number));
    if (known) {
      const fresh = running.filter((one) => !known.has(one.number));
      if (fresh.length) sound.chime?.(Math.min(...fresh.map((one) => one.level)), CHIMES);
    }
    known = numbers;
  }

  function paint() {
    const running = all.filter((one) => one.state === "running");
    const one = running.find((other) => other.number === shown) ?? null;
    setAttribute(root, "data-emergency", one?.number ?? null);
    setAttribute(root, "data-drill", one?.drill ? "yes" : null);
    for (const node of [band, matrix, cameras]) setHidden(node, !one);
    setHidden(drill, !one?.drill);
    ticks = [];
    bandTicks = [];
    if (one) {
      paintBand(one, running);
      paintMatrix(one);
      paintCameras(one);
    } else {
      watching?.stop();
      watching = null;
      seenCameras = "";
    }
    paintMarks();
    focus(one);
    tick();
  }

  function paintBand(one, running) {
    const elapsed = el("b", { class: "num em-elapsed" });
    const began = Date.parse(one.running_at ?? one.started_at);
    bandTicks.push((now) => setText(elapsed, words.countdown(Math.max(0, now - began))));
    const reached = (stage) => one.parties.filter((party) => party[`${stage}_at`] || party.state === "done").length;
    const living = one.parties.filter((party) => party.state !== "released").length;
    const others = running.filter((other) => other !== one);
    band.replaceChildren(
      el("span", { class: "response-level em-level", "data-level": one.level }, t(`emergency.level.${one.level}`)),
      el("div", { class: "em-title" },
        el("h2", {}, one.drill ? el("span", { class: "drill-tag" }, t("emergency.drill")) : null, one.title),
        el("p", {}, el("span", {}, one.place || t("emergency.no_place")), el("span", {}, `${t("emergency.lead")} ${one.lead_name}`), el("span", { class: "num" }, one.number))),
      el("div", { class: "em-counts" }, ...STAGES.map((stage) => el("span", {}, el("b", { class: "num" }, `${reached(stage)}/${living}`), el("i", {}, t(`emergency.progress.${stage}`))))),
      el("div", { class: "em-clock" }, el("span", {}, t("emergency.elapsed")), elapsed),
      others.length ? el("div", { class: "em-others" }, ...others.slice(0, 3).map((other) => el("button", { type: "button", class: "em-other", "data-emergency": other.number, onclick: () => show(other.number) },
        el("span", { class: "response-level", "data-level": other.level }, t(`emergency.level.${other.level}`)), other.drill ? el("span", { class: "drill-tag" }, t("emergency.drill")) : null, el("b", {}, other.title)))) : "");
  }

  function show(number) {
    shown = number;
    turned = performance.now();
    paint();
  }

  function paintMatrix(one) {
    const rows = ordered(one.parties.filter((party) => party.state !== "released"), clock.county());
    matrix.replaceChildren(
      el("div", { class: "panel-head" }, el("h2", {}, t("emergency.wall.matrix"))),
      el("table", { class: "matrix em-table", "data-many": rows.length > 14 ? "yes" : null, "data-few": rows.length <= 12 ? "yes" : null }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("emergency.matrix.department")), ...STAGES.map((stage) => el("th", { scope: "col" }, t(`emergency.progress.${stage}`))))),
        el("tbody", {}, ...rows.map((party) => {
          const cells = STAGES.map((stage) => cellOf(party, stage, words, [], () => {}));
          ticks.push(...cells.map((cell) => cell.tick));
          return el("tr", { "data-department": party.department, "data-progress": party.state }, el("th", { scope: "row" }, party.name), ...cells.map((cell) => el("td", {}, cell.node)));
        }))));
  }

  async function paintCameras(one) {
    const wanted = `${one.number} ${one.cameras.map((camera) => camera.id).join(" ")}`;
    if (wanted === seenCameras) return;
    seenCameras = wanted;
    watching?.stop();
    watching = null;
    const byId = new Map(reference.cameras.map((camera) => [camera.id, camera]));
    const tiles = one.cameras.filter((camera) => byId.has(camera.id)).slice(0, TILES).map((camera) => buildTile(byId.get(camera.id), words));
    cameras.replaceChildren(el("div", { class: "panel-head" }, el("h2", {}, t("emergency.wall.cameras"))),
      tiles.length ? el("div", { class: "em-tiles" }, ...tiles) : el("p", { class: "empty" }, t("emergency.none_near")));
    if (!tiles.length) return;
    const ids = tiles.map((tile) => tile.dataset.camera);
    const opened = await openTiles({ wanted: { kind: "wall", purpose: "display", cameras: ids, plan: `emergency:${one.number}` }, tiles, url: reference.video_url, t, viewer: reference.user });
    if (seenCameras === wanted) watching = opened;
    else opened.stop(); // meanwhile another emergency is shown, or none
  }

  /** What is to be confirmed, and what has ended but is still to be cancelled by name: its mark on the map. */
  function paintMarks() {
    markTicks = [];
    const waiting = all.filter((one) => one.state !== "running");
    setHidden(marks, !waiting.length);
    marks.replaceChildren(...waiting.map((one) => {
      const left = el("b", { class: "num" });
      if (one.state === "pending" && one.confirm_due_at) markTicks.push((now) => setText(left, words.countdown(Math.max(0, Date.parse(one.confirm_due_at) - now))));
      return el("a", { class: "em-mark", href: `/emergencies/${one.number}`, "data-state": one.state, "data-emergency": one.number },
        el("span", { class: "response-level", "data-level": one.level }, t(`emergency.level.${one.level}`)), one.drill ? el("span", { class: "drill-tag" }, t("emergency.drill")) : null,
        el("b", {}, one.title), el("span", {}, t(`emergency.state.${one.state}`)), left);
    }));
  }

  /** The map's home is the perimeter while an emergency is shown. */
  function focus(one) {
    const placed = all.filter((other) => other.longitude !== null && other.state !== "pending");
    const key = JSON.stringify([one && [one.number, one.longitude, one.latitude, one.radius_m], placed.map((other) => [other.number, other.state, other.radius_m, other.perimeter])]);
    if (key === focused) return;
    focused = key;
    const ring = one && one.longitude !== null ? ringOf(one, 1.5) : null;
    map.focus(ring, placed.length ? (project, size) => drawRings(placed, one, project, size) : null);
    if (!placed.length) drawn.replaceChildren();
  }

  function drawRings(placed, one, project, size) {
    drawn.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
    drawn.replaceChildren(...placed.flatMap((other) => {
      const pointsOf = (ring) => ring.map((place) => project(place).map((n) => n.toFixed(1)).join(",")).join(" ");
      const [x, y] = project([other.longitude, other.latitude]);
      const kind = { "data-shown": other === one || other.number === one?.number ? "yes" : null, "data-state": other.state, "data-drill": other.drill ? "yes" : null };
      return [...shapesOf(other).map((ring) => svg("polygon", { points: pointsOf(ring), ...kind })), svg("path", { d: `M${x.toFixed(1)} ${(y - 12).toFixed(1)}l12 12-12 12-12-12z`, ...kind })];
    }));
  }

  function tick() {
    const now = clock.county();
    for (const one of [...ticks, ...bandTicks, ...markTicks]) one(now);
    const running = all.filter((one) => one.state === "running");
    if (running.length > 1 && performance.now() - turned > TURN) {
      const place = running.findIndex((one) => one.number === shown);
      show(running[(place + 1) % running.length].number);
    }
  }

  setInterval(() => (all.length ? tick() : null), 1_000);
  return {
    /** A fact about an emergency has come. */
    fact: () => void refresh(),
    /** The whole picture was fetched anew. */
    snapshot: () => void refresh(),
  };
}
