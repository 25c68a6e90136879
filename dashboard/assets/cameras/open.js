/**
 * Opening cameras: nothing is shown before the server has written who looks at what, and why. The answer says until when
 * the line holds; whoever watches on asks again in time.
 */

const EARLY_MS = 120_000;
const LINGER_MS = 1_500;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** This page's open lines, by what was asked: shown anew or connected anew, they are gone on under and not written again. */
const lines = new Map();

/** Somebody on this page looks under what was asked, until the returned function is called; the last one ends the line. */
export function hold(wanted) {
  const key = JSON.stringify(wanted);
  const line = lines.get(key) ?? { view: null, holders: 0 };
  lines.set(key, line);
  line.holders += 1;
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    line.holders -= 1;
    setTimeout(() => line.holders || endLine(key), LINGER_MS);
  };
}

function endLine(key) {
  const line = lines.get(key);
  lines.delete(key);
  if (line?.view) {
    const headers = { "X-GC-CSRF": "1", "Content-Type": "application/json" };
    fetch(`/api/v1/views/${line.view}/actions/end`, { method: "POST", headers, body: "{}", keepalive: true }).catch(() => {});
  }
}

addEventListener("pagehide", () => [...lines.keys()].forEach(endLine));

/** Ask once. Answers `{ok: true, ...}` with the server's answer, or `{ok: false, status, reason, detail, field}`. */
export async function openViews(wanted) {
  const headers = { "X-GC-CSRF": "1", "Content-Type": "application/json", Accept: "application/json" };
  const line = lines.get(JSON.stringify(wanted));
  const asked = line?.view ? { ...wanted, view: line.view } : wanted;
  let answer;
  try {
    answer = await fetch("/api/v1/views", { method: "POST", headers, body: JSON.stringify(asked) });
  } catch {
    return { ok: false, status: 0 };
  }
  const body = await answer.json().catch(() => ({}));
  if (line) line.view = answer.ok ? body.view : null;
  if (answer.ok) return { ok: true, ...body };
  return { ok: false, status: answer.status, reason: body.reason, detail: body.detail, field: body.field };
}

/**
 * Keep a wall's cameras open for as long as it runs: ask until the server answers, and again before the line runs out.
 * `told` hears every answer that settles something: an opened line, or a refusal. Returns what ends it.
 */
export function keepOpen(wanted, told) {
  const release = hold(wanted);
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
    release();
  };
}

/** Milliseconds until a line is to be renewed: by its own two instants, so that no clock of ours matters. */
export function renewal({ at, until }) {
  return Math.max(1_000, Date.parse(until) - Date.parse(at) - EARLY_MS);
}

function again(failures) {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 6)) * (0.5 + Math.random() / 2);
}
