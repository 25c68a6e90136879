/**
 * A past day as pictures: the server's series by the minute (`/live/past`) put together as the same messages that the
 * live gateway sends, so that the wall and the overview paint them with the same modules. Pure: no clock, no document.
 */
const HOURS = 24;
const SPARK = 12;
const COUNTS = { open: "open", reported: "reported_today", closed: "closed_today", overdue: "overdue", soon: "due_soon", unreceipted: "unreceipted", escalated: "escalated", paused: "paused", adjudication: "adjudication" };
const HELD = { open: "open", soon: "due_soon", overdue: "overdue", unreceipted: "unreceipted" };
const HOUR = 3_600_000;

/** How many of `count` things in order lie at or before a place; `placeOf` says where one lies. */
function upTo(place, count, placeOf) {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (placeOf(middle) <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The value of `[frame, value, frame, value …]` at a frame: that of the last change before or at it; 0 before the first. */
export function valueAt(points, frame) {
  const changes = upTo(frame, points.length / 2, (n) => points[n * 2]);
  return changes ? points[changes * 2 - 1] : 0;
}

/** The frame in force at an instant (ms): one a minute, and one for the day's last instant. */
export function frameAt(day, now) {
  if (now >= day.end) return day.frames - 1;
  return Math.min(day.frames - 2, Math.max(0, Math.floor((now - day.start) / day.frame)));
}

/** When a frame is (ms). */
export function timeOf(day, frame) {
  return frame >= day.frames - 1 ? day.end : day.start + frame * day.frame;
}

/** Most overdue first, then most due soon, then the earliest deadline, as the county's picture has them. */
function moreUrgent(a, b) {
  return b.overdue - a.overdue || b.due_soon - a.due_soon || (a.next_due_at ?? "9").localeCompare(b.next_due_at ?? "9") || a.code.localeCompare(b.code);
}

/** @param day the body of `/live/past` */
export function makePicture(day) {
  const keys = Object.keys(day.series);
  const grids = keys.filter((key) => key.startsWith("g:")).map((key) => [key.split(":"), day.series[key]]);
  const holders = [...new Set(keys.filter((key) => key.startsWith("d:")).map((key) => key.slice(2, key.lastIndexOf(":"))))].sort();
  const iso = (ms) => new Date(ms).toISOString();

  function trendAt(now, at) {
    const running = day.start + Math.floor((now - day.start) / HOUR) * HOUR;
    const hours = Array.from({ length: HOURS }, (_, n) => running - (HOURS - 1 - n) * HOUR);
    const of = (name) => hours.map((hour) => at(`${name}:${Math.floor((hour - day.start) / HOUR) + HOURS}`));
    return { hours: hours.map(iso), reported: of("hr"), closed: of("hc") };
  }

  function sparkAt(trend, at) {
    const [reported, closed] = [trend.reported.slice(-SPARK), trend.closed.slice(-SPARK)];
    const standing = [at("open")];
    for (let n = SPARK - 1; n > 0; n -= 1) standing.unshift(Math.max(0, standing[0] - reported[n] + closed[n]));
    const hours = (name) => Array.from({ length: SPARK }, (_, n) => at(`${name}:${n}`));
    return { reported, closed, open: standing, due_soon: hours("s"), overdue: hours("o").reverse() };
  }

  return {
    /** The `figures` message of a frame; cameras, alarms and pins belong to the present and are unknown. */
    figures(frame) {
      const at = (key) => valueAt(day.series[key] ?? [], frame);
      const now = timeOf(day, frame);
      const next = (code) => at(`next:${code}`);
      const firsts = keys.filter((key) => key.startsWith("next:")).map(at).filter(Boolean);
      const first = firsts.length ? Math.min(...firsts) : null;
      const trend = trendAt(now, at);
      const counts = (prefix, names) => Object.fromEntries(Object.entries(names).map(([key, name]) => [name, at(prefix + key)]));
      return {
        kind: "figures", id: `past.${frame}`, at: iso(now), county: counts("", COUNTS), emergencies: at("emergencies"),
        cameras_online: null, cameras_total: null, cameras_faulty: null, reported_yesterday: at("yesterday"),
        closed_due_month: at("due-month") + at("overdue"), closed_in_time_month: at("in-time"),
        longest_overdue_seconds: first !== null && first < now ? Math.floor((now - first) / 1000) : null,
        new_today_open: at("new"), levels: Object.fromEntries([1, 2, 3, 4].map((level) => [level, at(`l:${level}`)])),
        towns: Object.fromEntries(day.towns.map((town) => [town, counts(`t:${town}:`, COUNTS)])),
        departments: holders.filter((code) => at(`d:${code}:open`)).map((code) => ({ code, ...counts(`d:${code}:`, HELD), next_due_at: next(code) ? iso(next(code)) : null })).sort(moreUrgent),
        trend, spark: sparkAt(trend, at), pins: [], escalations: [], escalations_total: 0, escalation_groups: [],
      };
    },

    /** The `map` message of a frame, whole. */
    map(frame) {
      const found = {};
      for (const [[, area, which], points] of grids) {
        const value = valueAt(points, frame);
        if (value) (found[area] ??= [0, 0, 0])[which] = value;
      }
      return { kind: "map", id: `past.${frame}`, whole: true, grids: found };
    },

    /** The facts behind `since` up to `until` (ms), in order, at most the last `most`. */
    facts(since, until, most = 200) {
      const told = (at) => upTo(at, day.news.length, (n) => day.news[n][0]);
      const end = told(until);
      const first = Math.max(told(since), end - most);
      return day.news.slice(first, end).map((line, n) => fact(line, first + n));
    },
  };

  function fact([at, place, action, stage, due, level, department, rung], number) {
    const [code, title, category, source, area, town, reported] = day.cases[place];
    const kind = { report: "case.reported", breach: "clock.breached", escalate: "case.escalated", acknowledge: "case.escalated" }[action] ?? "case.moved";
    const told = { id: `past.${number}`, kind, at: iso(at), case: code, title, category, level, source, area, town, department, stage, due_at: due === null ? null : iso(due), reported_at: iso(reported), action };
    return kind === "case.escalated" ? { ...told, rung: rung ?? 1, acknowledged_at: action === "acknowledge" ? told.at : null } : told;
  }
}
