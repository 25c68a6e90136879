/** The list of cameras: choices ask at once; a small map of dots; the rates of the last days as lines. */
import { watchAge } from "../desk/age.js";
import { wordsOf } from "../desk/post.js";
import { el } from "../ui/dom.js";
import { drawMap } from "./map.js";
import { aboutOf } from "./page.js";
import { drawDays, drawLine } from "./plot.js";

export function start(root) {
  const say = wordsOf(root);
  const about = aboutOf(root);
  watchAge(root, say);
  choices(root);
  drawMap(root.querySelector("[data-map]"), about.dots ?? [], say);
  drawDays(root.querySelector("[data-plot=days]"), about.days ?? [], say);
  lines(root, about.units ?? {}, say);
}

function lines(root, units, say) {
  const values = Object.values(units).flat().flatMap((day) => [day.online, day.sound]).filter((value) => value !== null);
  const low = Math.min(0.9, ...values);
  const percent = (share) => (share === null || share === undefined ? "—" : `${(Math.floor(share * 1000) / 10).toFixed(1)} %`);
  for (const room of root.querySelectorAll("[data-line]")) {
    const days = units[room.dataset.line] ?? [];
    const last = days.at(-1) ?? {};
    const words = ["online", "sound"].map((name) => `${say(`watching.rates.${name}`)} ${percent(last[name])}`).join(" · ");
    if (days.length > 1) drawLine(room, days, low, words);
  }
}

function choices(root) {
  const query = new URLSearchParams(location.search);
  for (const select of root.querySelectorAll("select[data-ask]")) {
    select.value = query.get(select.dataset.ask) ?? "";
    select.addEventListener("change", () => {
      if (select.value) query.set(select.dataset.ask, select.value);
      else query.delete(select.dataset.ask);
      location.assign(`${location.pathname}?${query}`);
    });
  }
  for (const link of root.querySelectorAll(".chip-link")) {
    const owner = query.get("owner");
    if (owner && link.href.includes("state=")) link.href += `&owner=${encodeURIComponent(owner)}`;
  }
  const form = el("input", { type: "search", class: "desk-select", placeholder: root.querySelector("th")?.textContent ?? "" });
  form.value = query.get("text") ?? "";
  form.setAttribute("aria-label", form.placeholder);
  form.addEventListener("change", () => {
    if (form.value) query.set("text", form.value);
    else query.delete("text");
    location.assign(`${location.pathname}?${query}`);
  });
  root.querySelector(".camera-filters")?.append(form);
}
