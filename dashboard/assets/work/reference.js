/** What the desk's modules share for as long as a page lives: words, names of codes, forms by action, the county's clock. */
import { makeClock } from "../ui/clock.js";
import { wordsFrom } from "../ui/words.js";
import { ask } from "./api.js";

export async function loadReference() {
  const { ok, body } = await ask("/live/desk");
  if (!ok) throw new Error("the desk's reference did not come");
  const words = wordsFrom(body);
  const clock = makeClock();
  clock.hear(body.time.at);
  clock.set(body.time);
  const byCode = (rows) => new Map(rows.map((row) => [row.code, row]));
  return {
    ...body,
    words,
    clock,
    forms: new Map(body.forms.map((form) => [form.action, form])),
    departmentsByCode: byCode(body.departments),
    /** Where a case is, as people say it. */
    place(row) {
      const names = [body.areas[row.town], body.areas[row.area]].filter(Boolean).map((area) => words.name(area));
      if (row.town === row.area) names.length = Math.min(names.length, 1);
      if (row.uncovered) names.push(words.t("cases.uncovered"));
      return names.join(" · ") || row.address || words.t("cases.no_place");
    },
  };
}

/** The instant of what a `datetime-local` field says in the county's zone, as ISO text; null for nothing. */
export function instantOf(text, zone) {
  const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(text);
  if (!found) return null;
  const wanted = Date.UTC(found[1], found[2] - 1, found[3], found[4], found[5]);
  let at = wanted;
  for (let round = 0; round < 2; round += 1) at += wanted - localAsUtc(at, zone);
  return new Date(at).toISOString();
}

/** The county's wall clock at an instant, as a `datetime-local` field writes it. */
export function localText(ms, zone) {
  return new Date(localAsUtc(ms, zone)).toISOString().slice(0, 16);
}

function localAsUtc(ms, zone) {
  const parts = {};
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  });
  for (const { type, value } of format.formatToParts(ms)) parts[type] = value;
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute);
}
