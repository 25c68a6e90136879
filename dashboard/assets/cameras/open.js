/**
 * Opening cameras: nothing is shown before the server has written who looks at what, and why. The answer says until when
 * the line holds; whoever watches on asks again in time.
 */

const EARLY_MS = 120_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** Ask once. Answers `{ok: true, ...}` with the server's answer, or `{ok: false, status, reason, detail, field}`. */
export async function openViews(wanted) {
  const headers = { "X-GC-CSRF": "1", "Content-Type": "application/json", Accept: "application/json" };
  let answer;
  try {
    answer = await fetch("/api/v1/views", { method: "POST", headers, body: JSON.stringify(wanted) });
  } catch {
    return { ok: false, status: 0 };
  }
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return { ok: true, ...body };
  return { ok: false, status: answer.status, reason: body.reason, detail: body.detail, field: body.field };
}

/**
 * Keep a wall's cameras open for as long as it runs: ask until the server answers, and again before the line runs out.
 * `told` hears every answer that settles something: an opened line, or a refusal. Returns what ends it.
 */
export function keepOpen(wanted, told) {
  let timer = 0;
  let stopped = false;
  let failures = 0;

  async function ask() {
    const answer = await openViews(wanted);
    if (stopped) return;
    const settled = answer.ok || (answer.status >= 400 && answer.status < 500 && answer.status !== 429);
    failures = settled ? 0 : failures + 1;
    if (settled) told(answer);
    timer = setTimeout(ask, answer.ok ? renewal(answer) : again(failures));
  }

  ask();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** Milliseconds until a line is to be renewed: by its own two instants, so that no clock of ours matters. */
export function renewal({ at, until }) {
  return Math.max(1_000, Date.parse(until) - Date.parse(at) - EARLY_MS);
}

function again(failures) {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 6)) * (0.5 + Math.random() / 2);
}
