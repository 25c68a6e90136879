/**
 * Camera tiles: a name, a state in words and shape, and a picture that `tiles.js` paints. The key cameras (`focus`) come
 * first; a camera whose purpose is not registered is never shown.
 */
import { el, setAttribute, setText } from "../ui/dom.js";

/** One tile; `tiles.js` owns its picture and its `data-state`, this owns the words around it. */
export function buildTile(camera, words) {
  const name = words.name(camera);
  const state = el("span", { class: "tile-state" });
  const node = el("figure", { class: "tile", "data-camera": camera.id, "data-state": camera.registered === false ? "offline" : "connecting" },
    el("div", { class: "tile-picture" }), el("span", { class: "tile-dot", "aria-hidden": "true" }),
    el("figcaption", { class: "tile-name" }, name), state);
  const write = () => setText(state, stateWords(node, camera, words));
  new MutationObserver(write).observe(node, { attributes: true, attributeFilter: ["data-state", "data-reason"] });
  write();
  return node;
}

function stateWords(node, camera, words) {
  if (camera.registered === false) return words.t("common.camera.unregistered");
  const { state, reason } = node.dataset;
  const why = reason && words.has(`cameras.reason.${reason}`) ? words.t(`cameras.reason.${reason}`) : "";
  if (state === "live") return "";
  return [words.t(`common.camera.${state}`), why].filter(Boolean).join(" · ");
}

/** The cameras for so many tiles: key ones first, then in the order of the register. */
export function chosen(cameras, count) {
  const shown = cameras.filter((camera) => camera.registered !== false);
  return [...shown.filter((camera) => camera.focus), ...shown.filter((camera) => !camera.focus)].slice(0, count);
}

/** Starts the pictures of some tiles; without the video module the tiles stay and say so. Returns what stops them. */
export async function watch(tiles, { words, reference }) {
  try {
    const { watchTiles } = await import("../tiles.js");
    const watching = watchTiles({ url: reference.video_url, tiles, t: words.t });
    return typeof watching === "function" ? watching : () => watching?.stop?.();
  } catch (error) {
    console.warn(`cameras: ${error.message}`);
    for (const tile of tiles) setAttribute(tile, "data-state", "offline");
    return () => {};
  }
}

export function buildMosaic(panel, context) {
  const { words, truth, reference } = context;
  const room = el("div", { class: "mosaic" });
  panel.body.append(room);
  truth.line(panel.age, "link");
  truth.area(panel.node, "link");
  let count = 0;
  let stop = () => {};

  function tiles() {
    return Number(getComputedStyle(panel.node).getPropertyValue("--tiles")) || 9;
  }

  async function fill() {
    const wanted = tiles();
    if (wanted === count) return;
    count = wanted;
    const nodes = chosen(reference.cameras, wanted).map((camera) => buildTile(camera, words));
    stop();
    room.replaceChildren(...nodes, ...Array.from({ length: Math.max(0, wanted - nodes.length) }, () => el("div", { class: "tile tile-empty" })));
    if (!nodes.length) room.replaceChildren(el("p", { class: "empty" }, words.t("wall.cameras.empty")));
    else stop = await watch(nodes, context);
  }

  fill();
  addEventListener("resize", fill);
  return {
    write(figures) {
      setText(panel.scope, words.t("wall.cameras.online", { online: words.number(figures.cameras_online), total: words.number(figures.cameras_total) }));
    },

    /** `camera.changed`: what the register says, while no picture says better. */
    changed({ camera, state, reason }) {
      const tile = room.querySelector(`[data-camera="${CSS.escape(camera)}"]`);
      if (!tile || tile.dataset.painted) return;
      setAttribute(tile, "data-reason", reason);
      setAttribute(tile, "data-state", state);
    },
  };
}
