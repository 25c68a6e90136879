/**
 * The wall's cameras on the whole page, 4, 9, 16 or 25 at a time, and whether they go round (轮巡). The panel's one button
 * opens the page; there the size is chosen, and the same button or Escape gives it back. A display without a keyboard is
 * told by its address: `/wall?tiles=16&patrol=all`.
 */
import { el, setAttribute, setText } from "../ui/dom.js";

export const SIZES = [4, 9, 16, 25];
const FIRST = 16;

/** What an address asks for: `{ tiles, patrol }`; 0 tiles: as many as the panel is made for. */
export function wished(search) {
  const asked = new URLSearchParams(search);
  const tiles = Number(asked.get("tiles"));
  return { tiles: SIZES.includes(tiles) ? tiles : 0, patrol: asked.get("patrol") === "all" };
}

/** The buttons in the panel's head. `changed({ tiles, patrol })` is called at once where the address asks for something. */
export function mosaicTools(panel, words, changed) {
  const wish = wished(location.search);
  const sizes = SIZES.map((size) => el("button", { type: "button", class: "mosaic-tool mosaic-size", title: words.t("live.tiles", { n: size }) }, String(size)));
  const open = el("button", { type: "button", class: "mosaic-tool mosaic-open", title: words.t("live.open_title") }, words.t("live.open"));
  const round = el("button", { type: "button", class: "mosaic-tool mosaic-round", title: words.t("live.patrol_title") }, words.t("live.patrol"));
  const told = el("span", { class: "mosaic-told", role: "status" });
  (panel.tools ?? panel.node).prepend(told, open, ...sizes, round);

  function show() {
    sizes.forEach((button, index) => setAttribute(button, "aria-pressed", String(SIZES[index] === wish.tiles)));
    setAttribute(round, "aria-pressed", String(wish.patrol));
    panel.node.classList.toggle("mosaic-full", wish.tiles > 0);
    setText(open, words.t(wish.tiles ? "live.close" : "live.open"));
    if (!wish.patrol) setText(told, "");
  }

  function change(next) {
    Object.assign(wish, next);
    show();
    changed({ ...wish });
  }

  sizes.forEach((button, index) => button.addEventListener("click", () => change({ tiles: wish.tiles === SIZES[index] ? 0 : SIZES[index] })));
  round.addEventListener("click", () => change({ patrol: !wish.patrol }));
  open.addEventListener("click", () => change({ tiles: wish.tiles ? 0 : FIRST }));
  document.addEventListener("keydown", ({ key }) => key === "Escape" && wish.tiles && change({ tiles: 0 }));
  show();
  if (wish.tiles || wish.patrol) queueMicrotask(() => changed({ ...wish }));
  return {
    /** A patrol's group has come: whether an emergency holds the screen. */
    group(message) {
      setText(told, message.held ? words.t("live.held") : "");
    },
  };
}
