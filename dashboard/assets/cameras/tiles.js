/**
 * Tiles of cameras under law: the ledger's line first, then their pictures, each under the watermark. Everything that shows
 * tiles goes through here; `wanted` is what `POST /api/v1/views` takes.
 *
 *   const watching = openTiles({ wanted, tiles, url, t, viewer });
 *   watching.stop();
 */
import { setAttribute, setText } from "../ui/dom.js";
import { keepOpen } from "./open.js";
import { stamp, watermarkText } from "./watermark.js";

export async function openTiles({ wanted, tiles, url, t, viewer, patrol = null }) {
  const { watchTiles } = await import("../tiles.js").catch(() => ({}));
  if (!watchTiles) return shut(tiles, t("wall.cameras.no_module"));
  const purpose = [t(`watching.purpose.${wanted.purpose}`), wanted.reference].filter(Boolean).join(" ");
  const mark = (brush, width, height) => stamp(brush, width, height, watermarkText(viewer, purpose));
  let watching = null;
  const end = keepOpen(wanted, (answer) => {
    if (answer.ok) watching ??= watchTiles({ url, tiles, t, patrol, stamp: mark });
    else shut(tiles, t("cameras.reason.hidden"));
  });
  return {
    show: (nodes) => watching?.show(nodes),
    stop() {
      end();
      watching?.stop();
    },
  };
}

function shut(tiles, text) {
  for (const tile of tiles) {
    setAttribute(tile, "data-state", "offline");
    setText(tile.querySelector(".tile-note"), text);
  }
  return { show() {}, stop() {} };
}
