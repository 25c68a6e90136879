/**
 * The player of a past day: play and pause, 1 to 120 times the speed, a scrubber, other days, the way back to the present,
 * and at the day's end whether the trace says what was recorded then. Calls `show(now, jumped)` as the moment moves.
 */
import { el, setAttribute, setHidden, setText } from "../ui/dom.js";
import { frameAt, timeOf } from "./picture.js";

const SPEEDS = [1, 10, 30, 60, 120];
const STEP = 100;

/** The day so many days away. Pure. */
function dayBeside(day, by) {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + by);
  return at.toISOString().slice(0, 10);
}

/** What the record says, `kind` "equal", "different" or "none", and in words: the verdict, more of it, each difference. Pure. */
export function toldOf(record, words) {
  const kind = !record ? "none" : record.differing ? "different" : "equal";
  const time = record ? words.clock(record.at) : "";
  return {
    kind,
    verdict: words.t(`past.record.${kind}`, { time, n: record?.differing ?? 0 }),
    more: words.t(`past.record.${kind}_more`, { time }),
    differences: (record?.differences ?? []).map((one) => `${one.figure}: ${one.recorded} ≠ ${one.folded}`),
  };
}

/** The bar before a day is there, or where it cannot be shown: the sentence, another day, the way back. */
function buildBar(words, path, { day = "", first = "", last = "" } = {}) {
  const go = (to) => location.assign(`${path}?day=${to}`);
  const input = el("input", { type: "date", class: "past-day num", value: day, min: first || null, max: last || null, "aria-label": words.t("past.day") });
  input.addEventListener("change", () => /^\d{4}-\d\d-\d\d$/.test(input.value) && go(input.value));
  const step = (by, key, sign) => {
    const to = day ? dayBeside(day, by) : "";
    const button = el("button", { type: "button", class: "past-button", "aria-label": words.t(key), title: words.t(key), disabled: !day || to < first || to > last }, sign);
    button.addEventListener("click", () => go(to));
    return button;
  };
  const sign = el("b", { class: "past-sign" }, words.t("past.sign"));
  const back = el("a", { class: "past-button past-back", href: path }, words.t("past.back"));
  const middle = el("div", { class: "past-middle" });
  const node = el("section", { class: "past-bar", "aria-label": words.t("past.label") }, sign, step(-1, "past.earlier", "‹"), input, step(1, "past.later", "›"), middle, back);
  return { node, middle };
}

/** The bar for a day that cannot be shown. */
function buildRefused(words, path, problem) {
  const bar = buildBar(words, path);
  const key = `past.refused.${problem.reason}`;
  bar.middle.append(el("p", { class: "past-refused", role: "alert" }, words.has(key) ? words.t(key, { first: problem.first ?? "", today: problem.today ?? "" }) : words.t("past.refused.other")));
  return bar.node;
}

export function buildPlayer(day, words, path, show) {
  let now = day.start;
  let playing = false;
  let last = 0;
  let timer = 0;
  const { node, middle } = buildBar(words, path, day);
  const play = el("button", { type: "button", class: "past-button past-play", "data-play": "" });
  const speed = el("select", { class: "past-speed num", "aria-label": words.t("past.speed") }, ...SPEEDS.map((one) => el("option", { value: one, selected: one === 60 }, `${one}×`)));
  const slider = el("input", { type: "range", class: "past-slider", min: 0, max: day.frames - 1, step: 1, value: 0, "aria-label": words.t("past.scrub") });
  const time = el("b", { class: "past-time num" });
  const { kind, verdict, more, differences } = toldOf(day.record, words);
  const record = el("span", { class: "past-record", "data-record": kind, title: differences.join("\n") || more }, verdict);
  const note = el("p", { class: "past-note", role: "status", hidden: true });
  middle.append(play, speed, el("div", { class: "past-track" }, slider), time, record);
  node.append(note);

  function moved(jumped) {
    setText(time, words.clock(now));
    if (document.activeElement !== slider || playing) slider.value = String(frameAt(day, now));
    setAttribute(slider, "aria-valuetext", words.minute(now));
    setAttribute(node, "data-at", new Date(now).toISOString());
    setAttribute(node, "data-ended", now >= day.end ? "" : null);
    show(now, jumped);
  }

  function press(on) {
    playing = on;
    setText(play, words.t(on ? "past.pause" : "past.play"));
    setAttribute(play, "data-play", on ? "playing" : "");
    clearInterval(timer);
    if (!on) return;
    if (now >= day.end) {
      now = day.start;
      moved(true);
    }
    last = performance.now();
    timer = setInterval(step, STEP);
  }

  function step() {
    const at = performance.now();
    now = Math.min(day.end, now + (at - last) * Number(speed.value));
    last = at;
    moved(false);
    if (now >= day.end) press(false);
  }

  play.addEventListener("click", () => press(!playing));
  slider.addEventListener("input", () => {
    now = timeOf(day, Number(slider.value));
    moved(true);
  });
  press(false);

  return {
    node,
    /** Paint the first moment, and run. */
    begin() {
      moved(true);
      press(true);
    },
    /** A word that goes again by itself. */
    say(text) {
      setText(note, text);
      setHidden(note, false);
      setTimeout(() => setHidden(note, true), 5000);
    },
  };
}

/** The day that the address names, marked as past over the whole screen. Where it cannot be shown `refuse` gets the bar that says so. */
export async function openDay(root, words, path, refuse) {
  const found = await fetchDay(new URLSearchParams(location.search).get("day") ?? "");
  if (found?.problem) {
    refuse(buildRefused(words, path, found.problem));
    root.dataset.ready = "yes";
  }
  if (found?.day) markPast(words, found.day.day);
  return found?.day;
}

/** The body of a day; a problem where it cannot be shown. */
async function fetchDay(day) {
  const answer = await fetch(`/live/past?${new URLSearchParams({ day })}`, { cache: "no-store" }).catch(() => null);
  if (!answer) return { problem: {} };
  if (answer.status === 401) return location.assign("/login");
  const body = await answer.json().catch(() => ({}));
  return answer.ok ? { day: body } : { problem: body };
}

/** The mark over the whole screen: nobody takes this for the present. */
function markPast(words, day) {
  document.documentElement.dataset.past = day;
  document.title = `${words.t("past.sign")} ${day} · ${document.title}`;
  document.body.append(el("div", { class: "past-frame", "aria-hidden": "true" }, el("span", {}, `${words.t("past.sign")} ${day}`)));
}

/** Links to lists lead to the present; in the past they only say so. A case's own file and an emergency's review are whole, past and present. */
export function guardLinks(root, words, say) {
  root.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || link.closest(".past-bar") || /^\/(cases\/|emergencies\/|language|logout)/.test(link.getAttribute("href"))) return;
    if (link.closest("nav")) return;
    event.preventDefault();
    event.stopPropagation();
    say(words.t("past.no_list"));
  }, true);
}
