/**
 * How long news took to this screen: this machine's clock after the paint, minus the server's clock at the commit.
 *
 * Two machines' clocks differ by some θ (ours − theirs). What is known of θ:
 *   - a message arrives after it was written:           θ ≤ arrival − at        (the smallest of all messages counts)
 *   - an answer is written after its question was sent:  θ ≥ question − at       (the largest of all answers counts)
 * Within these bounds the correction nearest to zero is taken: on one machine, or with synchronised clocks, that is
 * exactly 0 and the figure is plain `Date.now() − at`; nothing is ever subtracted that the observations do not force.
 */
const KEPT = 200;
/** What was slow ten minutes ago is no news about now. */
const WINDOW = 600_000;

export function makeLatency() {
  let upper = Infinity;
  let lower = -Infinity;
  const ring = [];
  let next = 0;

  return {
    /** A message written at `at` (server ms) arrived at `arrived` (our `Date.now()`). */
    arrived(at, arrived) {
      upper = Math.min(upper, arrived - at);
    },

    /** A question sent at `asked` (ours) was answered by something written at `at` (theirs). */
    answered(asked, at) {
      lower = Math.max(lower, asked - at);
    },

    /** The clocks were observed too long ago, or one of them was set: begin again. */
    forget() {
      upper = Infinity;
      lower = -Infinity;
    },

    /** Our clock minus theirs, ms. */
    offset() {
      if (lower > upper) return (lower + upper) / 2; // a clock was stepped between the observations
      return Math.min(Math.max(0, lower), upper);
    },

    /** Something committed at `at` was painted at `painted` (our `Date.now()`). */
    painted(at, painted) {
      ring[next] = { took: Math.max(0, painted - at - this.offset()), when: performance.now() };
      next = (next + 1) % KEPT;
    },

    /** The 95th percentile of the last 200 within ten minutes, ms; NaN where there was none. */
    p95() {
      const since = performance.now() - WINDOW;
      const sorted = ring.filter((one) => one.when >= since).map((one) => one.took).sort((a, b) => a - b);
      if (!sorted.length) return NaN;
      return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * 0.95) - 1)];
    },
  };
}
