/** Words, numbers and times as a person reads them, in the language in force and the county's own time zone. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const pad = (number) => String(number).padStart(2, "0");

/** The words of a page that has its reference from the server (`/live/reference`, `/live/desk`, …). */
export const wordsFrom = ({ texts, language, county }) => makeWords({ texts, language, zone: county.timezone ?? "Asia/Shanghai" });

/**
 * @param texts flat catalogue in the language in force; @param language `zh-CN` or `en`;
 * @param zone IANA name of the county's time zone.
 */
export function makeWords({ texts, language, zone }) {
  const integer = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, hourCycle: "h23", weekday: "short",
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  const WEEK = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  let last = { second: NaN, read: null };

  /** Calendar fields of an instant in the county's zone; the last second is kept, a wall asks for it often. */
  function fields(ms) {
    const second = Math.floor(ms / 1000);
    if (second !== last.second) {
      const read = {};
      for (const part of parts.formatToParts(second * 1000)) read[part.type] = part.value;
      last = { second, read };
    }
    return last.read;
  }

  /** The catalogue's text with its `{placeholders}` filled; the key itself where the catalogue lacks it. */
  function t(key, values) {
    const text = texts[key] ?? key;
    return values ? text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole) : text;
  }

  const unknown = t("common.unknown");

  return {
    t,
    language,
    unknown,
    has: (key) => key in texts,

    /** The name of a thing with `name` and `name_en`; empty for nothing. */
    name(thing) {
      if (!thing) return "";
      return (language === "en" && thing.name_en) || thing.name || "";
    },

    /** The short name where there is one. */
    short(thing) {
      if (!thing) return "";
      if (language === "en") return thing.short_en || thing.name_en || thing.short || thing.name || "";
      return thing.short || thing.name || "";
    },

    /** 12345 → "12,345"; nothing known → "—", never 0. */
    number(value) {
      return Number.isFinite(value) ? integer.format(value) : unknown;
    },

    /** 968 of 1000 → "96.8", rounded down: 100.0 means all of them. Of nothing → "—". */
    percent(part, whole) {
      return whole > 0 ? (Math.floor((part * 1000) / whole) / 10).toFixed(1) : unknown;
    },

    /** "09:41:36" */
    clock(ms) {
      if (!Number.isFinite(ms)) return "--:--:--";
      const f = fields(ms);
      return `${f.hour}:${f.minute}:${f.second}`;
    },

    /** "09:41" */
    minute(ms) {
      return this.clock(ms).slice(0, 5);
    },

    /** "2026-11-22" */
    date(ms) {
      const f = fields(ms);
      return `${f.year}-${f.month}-${f.day}`;
    },

    /** "星期日" / "Sun" */
    weekday(ms) {
      const names = t("common.weekdays");
      const list = names.includes(" ") ? names.split(" ") : [...names];
      return t("common.weekday", { w: list[WEEK.indexOf(fields(ms).weekday)] });
    },

    /** The time of an event as seen from now: "09:41:36" of today, "11-21 09:41" of another day. */
    moment(ms, now) {
      const today = this.date(now);
      const day = this.date(ms);
      return day === today ? this.clock(ms) : `${day.slice(5)} ${this.minute(ms)}`;
    },

    /** A length of time: "1:35" (h:mm) under two days, "12 天" beyond; always rounded down. */
    duration(ms) {
      if (!Number.isFinite(ms)) return unknown;
      const length = Math.abs(ms);
      if (length >= 2 * DAY) return t("common.days", { d: integer.format(Math.floor(length / DAY)) });
      return `${Math.floor(length / HOUR)}:${pad(Math.floor((length % HOUR) / MINUTE))}`;
    },

    /** A short length of time: "4:26" (m:ss), "1:04:26" beyond an hour. */
    countdown(ms) {
      const seconds = Math.floor(Math.abs(ms) / 1000);
      const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
      return h ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
    },
  };
}
