/**
 * Which time it is, elsewhere. The server's clock is read off its last message and carried on by the monotonic
 * `performance.now()`, so that a wrong or stepping clock of this machine makes no figure look fresh. The county's clock
 * (file time in a replay) is a line over the server's: `county = county_at + (server − at) × speed`.
 */

/** Messages are late by their journey, so the least late of so many is believed: half a minute of heartbeats. */
const KEPT = 16;

/** A server's clock and a county's. `monotonic` gives milliseconds that never go back. */
export function makeClock(monotonic = () => performance.now()) {
  let ahead = Date.now() - monotonic();
  let line = null;
  const heard = [];

  const server = () => monotonic() + ahead;

  return {
    /** A message written by the server just now (ISO text or ms). */
    hear(at) {
      const ms = typeof at === "number" ? at : Date.parse(at);
      if (!Number.isFinite(ms)) return;
      heard.push(ms - monotonic());
      if (heard.length > KEPT) heard.shift();
      ahead = Math.max(...heard);
    },

    /** `time.changed`, or the reference's `time`: where the county's clock stands and how fast it runs. */
    set({ county_at, at, speed }) {
      line = { county: Date.parse(county_at), at: Date.parse(at), speed: Number(speed) };
    },

    /** The server's time now, ms since 1970. */
    server,

    /** The county's time at a server instant (default: now). */
    county(at = server()) {
      return line ? line.county + (at - line.at) * line.speed : at;
    },

    /** How the county's clock differs from the server's. */
    mode() {
      if (!line) return { kind: "live", speed: 1 };
      if (line.speed === 0) return { kind: "paused", speed: 0 };
      if (line.speed !== 1) return { kind: "replay", speed: line.speed };
      return { kind: Math.abs(line.county - line.at) > 60_000 ? "shifted" : "live", speed: 1 };
    },
  };
}
