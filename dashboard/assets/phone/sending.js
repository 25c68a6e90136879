/**
 * Sends one entry, step by step; each step that is done is kept, so that a retry goes on where it stopped. The report's
 * key is the same at every try, a photo is known by its content, a round by its slot: nothing is ever doubled.
 *
 * An entry ends as `sent` or `refused`; as `waiting` it is tried again, `reason` saying why it waits (a catalogue key).
 */

const JSON_HEADERS = { "Content-Type": "application/json", Accept: "application/json", "X-GC-CSRF": "1" };

/** @param keep writes the entry to disk; resolves when it is there. */
export async function send(entry, keep) {
  try {
    await { report: sendReport, move: sendMove, round: sendRound }[entry.kind](entry, keep);
    entry.state = "sent";
  } catch (fault) {
    if (!(fault instanceof Stop)) throw fault;
    entry.state = fault.final ? "refused" : "waiting";
    entry.reason = fault.reason;
    entry.detail = fault.detail;
  }
  await keep(entry);
}

class Stop extends Error {
  constructor(reason, { final = false, detail = "", field = "" } = {}) {
    super(reason);
    Object.assign(this, { reason, final, detail, field });
  }
}

async function sendReport(entry, keep) {
  if (!entry.code) {
    const read = await reported(entry, keep);
    entry.code = read.code;
    entry.uncovered = read.uncovered;
    await keep(entry);
  }
  await sendPhoto(entry, keep);
  if (entry.settle !== null && !entry.settled) {
    try {
      await act(entry.code, "settle-on-the-spot", { note: entry.settle });
    } catch (fault) {
      if (!fault.final) throw fault;
      entry.warning = "settle_failed";
    }
    entry.settled = true;
    await keep(entry);
  }
}

const reported = (entry, keep) => timed(entry, keep, () => post("/api/v1/reports", entry.body, { "Idempotency-Key": entry.id }));

/** A phone's clock may be wrong: a time that the server does not believe is left out, and its own is taken. */
async function timed(entry, keep, deed) {
  try {
    return await deed();
  } catch (fault) {
    if (fault.field !== "happened_at" || !entry.body.happened_at) throw fault;
    delete entry.body.happened_at;
    await keep(entry);
    return deed();
  }
}

async function sendPhoto(entry, keep) {
  if (!entry.photo) return;
  const form = new FormData();
  form.append("file", entry.photo, "photo.jpg");
  try {
    await ask(`/api/v1/cases/${entry.code}/attachments`, { method: "POST", headers: { "X-GC-CSRF": "1" }, body: form });
  } catch (fault) {
    if (!fault.final) throw fault;
    entry.warning = "photo_failed";
  }
  entry.photo = null;
  await keep(entry);
}

async function sendMove(entry, keep) {
  await sendPhoto(entry, keep);
  await timed(entry, keep, () => act(entry.code, entry.action, entry.body));
}

/** A move whose answer was lost has been done: the trace of the case says so. */
async function act(code, action, body) {
  try {
    return await post(`/api/v1/cases/${code}/actions/${action}`, body);
  } catch (fault) {
    if (fault.reason !== "overtaken") throw fault;
    const whole = await ask(`/api/v1/cases/${code}`, { headers: { Accept: "application/json" } });
    const user = document.querySelector("#phone").dataset.user;
    if (whole.trace.some((line) => line.action === action && line.actor === user)) return whole;
    throw fault;
  }
}

const sendRound = (entry) => post("/api/v1/rounds", entry.body);

const post = (address, body, headers = {}) =>
  ask(address, { method: "POST", headers: { ...JSON_HEADERS, ...headers }, body: JSON.stringify(body) });

async function ask(address, request) {
  let answer;
  try {
    answer = await fetch(address, { ...request, redirect: "manual", signal: AbortSignal.timeout(30_000) });
  } catch {
    throw new Stop("waiting");
  }
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => ({}));
  if (answer.status === 401 || answer.type === "opaqueredirect") throw new Stop("login");
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) throw new Stop("retry");
  if (answer.status === 409) throw new Stop("overtaken", { final: true });
  throw new Stop("refused_word", { final: true, detail: problem.detail ?? String(answer.status), field: problem.field ?? "" });
}
