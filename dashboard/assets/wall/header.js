/** The header's right side: emergencies, replay badge, live dot with the measured delay, date, clock, sound, language. */
import { el, setAttribute, setHidden, setText } from "../ui/dom.js";
import { emblem, mark } from "../ui/marks.js";
import { buildDuty } from "./duty.js";

export function buildHeader(root, { words, truth, clock, sound, reference }) {
  root.querySelector(".emblem").append(emblem());
  const emergencies = el("b", {}, words.unknown);
  const chip = el("span", { class: "chip chip-emergencies" }, words.t("wall.figure.emergencies"), " ", emergencies,
    words.t("common.unit_emergency") ? ` ${words.t("common.unit_emergency")}` : null);
  const emergencySlot = truth.slot(chip, "emergencies", "figures", emergencies);

  const duty = buildDuty({ words, clock, shifts: reference?.duty ?? [] });
  const badge = el("span", { class: "chip chip-replay", hidden: true });
  const dot = el("span", { class: "live-dot", "aria-hidden": "true" });
  const stateWord = el("span", { class: "live-word" }, words.t("wall.header.connecting"));
  const delay = el("b", { class: "live-delay" }, words.unknown);
  const live = el("span", { class: "live", tabindex: 0, "data-link": "connecting" }, dot,
    el("span", {}, stateWord, el("span", { class: "live-latency" }, " · ", words.t("wall.header.latency"), " ", delay, " ", words.t("wall.header.latency_unit"))));
  const delaySlot = truth.slot(live, "latency-p95", "link", delay);

  const date = el("span", { class: "date-day" });
  const week = el("span", { class: "date-week" });
  const time = el("time", { class: "clock" }, "--:--:--");
  const soundWord = el("span");
  const soundButton = el("button", { class: "tool", type: "button", onclick: () => sound.enable() }, soundWord);
  const past = reference?.role === "display" ? null : el("a", { class: "tool tool-past", href: "/wall?day=", title: words.t("past.open_title") }, words.t("past.open"));
  const language = el("button", { class: "tool tool-language", type: "button", title: words.t("common.language_switch"), onclick: switchLanguage },
    el("b", { lang: "zh-CN", "aria-pressed": null, class: words.language === "en" ? "" : "is-on" }, "中"), " / ",
    el("b", { lang: "en", class: words.language === "en" ? "is-on" : "" }, "EN"));
  language.setAttribute("aria-label", words.t("common.language_switch"));

  root.querySelector(".wall-header-live").append(duty.node, chip, badge, live, el("span", { class: "date" }, date, week), time, soundButton, ...(past ? [past] : []), language);
  sound.listen(showSound);
  showSound();
  tick();
  setInterval(tick, 250);

  function switchLanguage() {
    const wanted = words.language === "en" ? "zh-CN" : "en";
    document.cookie = `gc_lang=${wanted}; path=/; max-age=31536000; samesite=lax`;
    location.reload();
  }

  function showSound() {
    const on = sound.enabled();
    soundButton.replaceChildren(mark(on ? "sound_on" : "sound_off"), soundWord);
    setText(soundWord, on ? "" : words.t("wall.header.sound_off"));
    setAttribute(soundButton, "aria-label", words.t(on ? "wall.header.sound_on" : "wall.header.sound_off"));
    setAttribute(soundButton, "title", words.t(on ? "wall.header.sound_on" : "wall.header.sound_off"));
    setAttribute(soundButton, "data-on", on ? "" : null);
  }

  function tick() {
    const now = clock.county();
    setText(time, words.clock(now));
    setAttribute(time, "datetime", new Date(now).toISOString());
    setText(date, words.date(now));
    setText(week, words.weekday(now));
    duty.tick(now);
    const mode = clock.mode();
    setHidden(badge, mode.kind === "live");
    if (mode.kind === "replay") setText(badge, words.t("wall.header.replay", { speed: mode.speed }));
    if (mode.kind === "paused") setText(badge, words.t("wall.header.paused"));
    if (mode.kind === "shifted") setText(badge, words.t("wall.header.shifted"));
  }

  return {
    write(figures) {
      emergencySlot.write(figures.emergencies, words.number(figures.emergencies));
      setAttribute(chip, "data-zero", figures.emergencies === 0 ? "" : null);
    },

    /** @param link "connecting" | "live" | "catching-up" | "lost" */
    link(link) {
      setAttribute(live, "data-link", link);
      setText(stateWord, words.t(`wall.header.${link}`));
    },

    /** The measured delay, ms. */
    latency(p95) {
      const known = Number.isFinite(p95);
      delaySlot.write(known ? Math.round(p95) : null, known ? words.number(Math.round(p95)) : words.unknown);
    },
  };
}
