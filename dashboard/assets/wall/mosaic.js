/**
 * Camera tiles: a name and a place for picture and state, both of which `tiles.js` writes. The key cameras (`focus`) come
 * first; a camera whose register is not complete is never shown. The tiles keep near 16:9 whatever room the panel has.
 */
import { openTiles } from "../cameras/tiles.js";
import { el, rem, setAttribute, setText } from "../ui/dom.js";
import { mosaicTools } from "./mosaic_tools.js";

const SHAPE = 16 / 9;

/** One tile. `tiles.js` owns `data-state`, the picture and the note; this owns the name. */
export function buildTile(camera, words) {
  return el("figure", { class: "tile", "data-camera": camera.id, "data-state": "connecting" },
    el("div", { class: "tile-picture" }), el("span", { class: "tile-dot", "aria-hidden": "true" }),
    el("span", { class: "tile-note" }, words.t("common.camera.connecting")), el("figcaption", { class: "tile-name", title: words.name(camera) }, words.name(camera)));
}

/** The cameras for so many tiles: key ones first, then in the order of the register; unregistered ones never. */
export function chosen(cameras, count) {
  const shown = cameras.filter((camera) => camera.registered !== false);
  return [...shown.filter((camera) => camera.focus), ...shown.filter((camera) => !camera.focus)].slice(0, count);
}

/** The number of columns in which `count` tiles of 16:9 become largest. */
export function columnsFor(count, width, height) {
  let best = { columns: 1, size: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const size = Math.min(width / columns, (height / rows) * SHAPE);
    if (size > best.size + 0.5) best = { columns, size };
  }
  return best.columns;
}

/** Starts the pictures of some tiles, or of a patrol, as a wall's. Returns the watching. */
export function watch(tiles, { words, reference }, patrol = null, plan = "mosaic") {
  const cameras = tiles.map((tile) => tile.dataset.camera);
  const what = patrol ? { cameras: [], plan: `patrol:${patrol.plan}` } : { cameras, plan };
  const wanted = { kind: "wall", purpose: "display", ...what };
  return openTiles({ wanted, tiles, url: reference.video_url, t: words.t, viewer: reference.user, patrol });
}

export function buildMosaic(panel, context) {
  const { words, truth, reference } = context;
  const room = el("div", { class: "mosaic" });
  panel.body.append(room);
  truth.line(panel.age, "figures");
  truth.area(panel.scope, "figures");
  const known = new Map(reference.cameras.map((camera) => [camera.id, camera]));
  let wish = { tiles: 0, patrol: false };
  let shown = 0;
  let running = "";
  let watching = { stop() {} };

  function arrange() {
    const columns = columnsFor(Math.max(1, shown), panel.body.clientWidth, panel.body.clientHeight);
    room.style.setProperty("--tile-columns", columns);
    room.style.setProperty("--tile-most", `${((panel.body.clientWidth / columns / SHAPE) * 1.25) / rem()}rem`);
  }

  /** The group that a patrol shows now. */
  function showGroup(message) {
    const tiles = message.cameras.filter((id) => known.has(id)).map((id) => buildTile(known.get(id), words));
    shown = tiles.length;
    room.replaceChildren(...tiles);
    setAttribute(room, "data-patrol", message.held ? "held" : "round");
    tools.group(message);
    watching.show(tiles);
    arrange();
  }

  async function fill() {
    const count = wish.tiles || Number(getComputedStyle(panel.node).getPropertyValue("--tiles")) || 9;
    const mode = `${wish.patrol} ${wish.patrol ? wish.tiles || 9 : chosen(reference.cameras, count).length}`;
    if (mode !== running) {
      running = mode;
      watching.stop();
      room.removeAttribute("data-patrol");
      if (wish.patrol) watching = await watch([], context, { plan: "all", tiles: wish.tiles || 9, onGroup: showGroup });
      else {
        const tiles = chosen(reference.cameras, count).map((camera) => buildTile(camera, words));
        shown = tiles.length;
        room.replaceChildren(...tiles);
        watching = await watch(tiles, context);
      }
    }
    arrange();
  }

  const tools = mosaicTools(panel, words, (next) => {
    wish = next;
    fill();
  });
  if (!chosen(reference.cameras, 1).length) room.append(el("p", { class: "empty" }, words.t("wall.cameras.empty")));
  else new ResizeObserver(fill).observe(panel.body);
  return {
    write(figures) {
      setText(panel.scope, words.t("wall.cameras.online", { online: words.number(figures.cameras_online), total: words.number(figures.cameras_total) }));
    },
  };
}
