/**
 * A patrol on this screen: the gateway leads it, group by group, by risk; this page builds the tiles. One line of the ledger
 * covers the plan, all its cameras, and is renewed before it runs out.
 */
import { wordsOf } from "../desk/post.js";
import { el, setText } from "../ui/dom.js";
import { aboutOf, button } from "./page.js";
import { openTiles } from "./tiles.js";

export function start(root) {
  const words = wordsOf(root);
  const about = aboutOf(root);
  const say = (key, values = {}) => (key.startsWith("cameras.reason.") && about.reasons[key.slice(15)]) || words(key, values);
  const names = new Map(about.cameras.map((camera) => [camera.id, camera.name]));
  const mosaic = root.querySelector(".patrol-mosaic");
  const place = el("span", { class: "faint", role: "status" });
  const begin = button(say("watching.patrol.start"), () => (running ? stop() : run()), { class: "tool tool-go", "data-act": "patrol" });
  root.querySelector(".patrol-bar").append(begin, button(say("live.full"), () => mosaic.requestFullscreen?.()), place);
  mosaic.style.setProperty("--columns", Math.sqrt(about.tiles));
  let running = null;
  lay(about.cameras.slice(0, about.tiles).map((camera) => camera.id));

  async function run() {
    const wanted = { kind: "wall", purpose: "inspection", plan: `patrol:${about.plan}`, cameras: [] };
    const patrol = { plan: about.plan, tiles: about.tiles, onGroup };
    setText(begin, say("watching.patrol.stop"));
    running = await openTiles({ wanted, tiles: [], url: about.video, t: say, viewer: about.viewer, patrol });
  }

  function onGroup(message) {
    const tiles = lay(message.cameras);
    running?.show(tiles);
    setText(place, message.held ? say("live.held") : "");
  }

  function stop() {
    running.stop();
    running = null;
    setText(begin, say("watching.patrol.start"));
    lay(about.cameras.slice(0, about.tiles).map((camera) => camera.id));
  }

  function lay(cameras) {
    const tiles = cameras.map((id) => el("figure", { class: "tile", "data-camera": id, "data-state": "connecting" },
      el("div", { class: "tile-picture" }), el("span", { class: "tile-dot", "aria-hidden": "true" }), el("span", { class: "tile-note" }),
      el("figcaption", { class: "tile-name" }, names.get(id) ?? id)));
    mosaic.replaceChildren(...tiles);
    return tiles;
  }
}
