/**
 * The live connection: connects for ever, notices every gap, and hands on each fact exactly once and in order.
 *
 *   - facts carry contiguous numbers; a number that is missing means: fetch the whole picture and go on from its id;
 *   - a fact that was already seen is dropped;
 *   - silence (no message at all) for `SILENCE` ends a half-dead connection; the next try comes after 0.2 → 5 s, jittered;
 *   - what arrives while the whole picture is being fetched waits, in a bounded list.
 *
 * Calls back: `onSnapshot(picture)`, `onMessage(message)`, `onState(state)` with "connecting" | "live" | "catching-up" |
 * "lost", and `onForbidden()` when the login has ended.
 */
const SUBPROTOCOL = "gridcommand.v1";
const FIRST_DELAY = 200;
const LAST_DELAY = 5000;
const SILENCE = 6000;
const WAITING = 500;
const NOT_LOGGED_IN = 4401;
const FACT = /^\d+$/;

/** "123" → 123 and "123.7" → 123: the last fact an id knows of. */
export function factNumber(id) {
  const number = parseInt(id, 10);
  return Number.isFinite(number) ? number : null;
}

/** The pause before try number `tries`: doubling from 0.2 s to 5 s, each between half and all of it. */
export function backOff(tries, random = Math.random) {
  return Math.min(LAST_DELAY, FIRST_DELAY * 2 ** Math.min(tries, 10)) * (0.5 + random() / 2);
}

/** One deed to be tried again, later and later; only one try is ever pending. */
class Retry {
  #tries = 0;
  #timer = 0;

  get pending() {
    return this.#timer !== 0;
  }

  later(deed) {
    this.cancel();
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      deed();
    }, backOff(this.#tries++));
  }

  cancel() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  succeeded() {
    this.#tries = 0;
  }
}

export class Live {
  #url;
  #topics;
  #fetchSnapshot;
  #calls;
  #socket = null;
  #last = null;
  #connects = new Retry();
  #fetches = new Retry();
  #heard = 0;
  #ahead = 0;
  #fetching = false;
  #waiting = [];

  /** @param fetchSnapshot async () => picture with `id`; rejects with `{forbidden: true}` when the login has ended. */
  constructor({ url, topics, fetchSnapshot, ...calls }) {
    this.#url = url;
    this.#topics = topics;
    this.#fetchSnapshot = fetchSnapshot;
    this.#calls = calls;
  }

  /** The whole picture first, then the connection; returns at once. */
  start() {
    this.#calls.onState("connecting");
    this.#resync();
    setInterval(() => this.#watch(), 500);
  }

  /** The number of the last fact handed on. */
  get last() {
    return this.#last;
  }

  #connect() {
    this.#connects.cancel();
    const socket = new WebSocket(this.#url, SUBPROTOCOL);
    this.#socket = socket;
    this.#heard = performance.now();
    socket.onopen = () => {
      const after = this.#last === null ? null : String(this.#last);
      socket.send(JSON.stringify({ kind: "subscribe", topics: this.#topics, after }));
    };
    socket.onmessage = (event) => this.#socket === socket && this.#hear(event.data);
    socket.onclose = (event) => this.#socket === socket && this.#closed(event.code);
  }

  #closed(code) {
    this.#socket = null;
    if (code === NOT_LOGGED_IN) return this.#calls.onForbidden();
    this.#calls.onState("lost");
    this.#connects.later(() => this.#connect());
  }

  /** A connection that says nothing is none, whatever the operating system believes. */
  #watch() {
    const socket = this.#socket;
    if (!socket || performance.now() - this.#heard < SILENCE) return;
    this.#socket = null;
    socket.close();
    this.#calls.onState("lost");
    this.#connects.later(() => this.#connect());
  }

  #hear(text) {
    this.#heard = performance.now();
    this.#connects.succeeded();
    const message = JSON.parse(text);
    if (!this.#fetching) return this.#take(message);
    if (this.#waiting.length < WAITING) this.#waiting.push(message);
  }

  #take(message) {
    if (message.kind === "snapshot.required") return this.#resync();
    if (FACT.test(message.id)) return this.#takeFact(message);
    if (message.kind === "heartbeat" && this.#behind(message)) return this.#resync();
    this.#calls.onState("live");
    this.#calls.onMessage(message);
  }

  #takeFact(fact) {
    const number = factNumber(fact.id);
    if (this.#last !== null && number <= this.#last) return;
    if (this.#last !== null && number > this.#last + 1) return this.#resync();
    this.#last = number;
    this.#ahead = 0;
    this.#calls.onState("live");
    this.#calls.onMessage(fact);
  }

  /** Two heartbeats in a row that know of facts we never got: the tail of the stream is missing. */
  #behind(heartbeat) {
    const known = factNumber(heartbeat.id);
    const behind = known !== null && this.#last !== null && known > this.#last;
    this.#ahead = behind ? this.#ahead + 1 : 0;
    return this.#ahead >= 2;
  }

  async #resync() {
    if (this.#fetching || this.#fetches.pending) return;
    this.#fetching = true;
    this.#ahead = 0;
    if (this.#socket) this.#calls.onState("catching-up");
    try {
      const picture = await this.#fetchSnapshot();
      this.#last = factNumber(picture.id) ?? 0;
      this.#fetches.succeeded();
      this.#calls.onSnapshot(picture);
    } catch (error) {
      this.#fetching = false;
      this.#waiting.length = 0;
      if (error?.forbidden) return this.#calls.onForbidden();
      return this.#fetches.later(() => this.#resync());
    }
    this.#fetching = false;
    if (this.#socket) this.#calls.onState("live");
    else this.#connect();
    for (const message of this.#waiting.splice(0)) this.#take(message);
  }
}
