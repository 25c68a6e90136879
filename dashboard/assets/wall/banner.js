/** The band over the head of the map (nothing moves aside for it, no figure is covered) that says when the wall has lost its gateway, since when, and what it still shows. */
import { el, setHidden, setText } from "../ui/dom.js";
import { mark } from "../ui/marks.js";

/** A reconnect shorter than this is nobody's business. */
const PATIENCE = 1500;

export function buildBanner(root, { words, clock }) {
  const map = document.getElementById("wall-map");
  const title = el("b");
  const text = el("span");
  const band = el("div", { class: "band", hidden: true }, mark("lost"), title, text);
  root.append(band);
  let lostAt = null;
  let lostMono = 0;

  function show() {
    const silent = lostAt === null ? 0 : performance.now() - lostMono;
    const lost = lostAt !== null && silent > PATIENCE;
    setHidden(band, !lost);
    document.documentElement.classList.toggle("is-lost", lost);
    if (!lost) return;
    const { left, top, width } = (map ?? root).getBoundingClientRect();
    Object.assign(band.style, { left: `${left}px`, top: `${top}px`, width: `${width}px` });
    setText(title, words.t("wall.banner.lost"));
    setText(text, words.t("wall.banner.since", { time: words.clock(clock.county(lostAt)), age: words.countdown(silent) }));
  }

  setInterval(show, 250);
  return {
    /** @param lost whether the gateway is away; @param since ms on `performance.now()` of its last word */
    write(lost, since) {
      if (!lost) lostAt = null;
      else if (lostAt === null) {
        lostMono = since;
        lostAt = clock.server() - (performance.now() - since);
      }
      show();
    },
  };
}
