/**
 * A live view: one WebSocket to the video gateway, fragments into MediaSource, or key pictures where video is not given.
 *
 *   const view = watchLive({ url, node, stream: "sub" | "main", ticket: async () => text, t });
 *   view.stop();
 *
 * `ticket` is asked for each connection (a ticket lives for a minute): it posts the purpose, and the ledger is written
 * before it answers. On the node: `data-state` (connecting | live | stalled | refused), `data-mode` (video | pictures),
 * `data-as-of` (UTC, of the picture shown), `data-latency` (ms from the worker's packet to the picture shown, by this
 * page's clock), `data-why`. Words go into its `.live-note`, viewer and time into its `.live-mark`.
 *
 * The truth rule: what is shown is called live only while its age is below three seconds; else it is greyed and says
 * since when. The player stays at the live edge: it plays a little faster when it is behind and leaps when it is far
 * behind, so that no delay builds up over hours.
 */

import { Transit, ageText, pictureIn, reconnectWait } from "../tiles.js";

const SUBPROTOCOL = "gridcommand.live.v1";
const STALE_MS = 3000;
const SILENT_MS = 6000;
const JUDGE_MS = 250;
const KEEP_SECONDS = 12;
const TICKS = 90_000;
/** Seconds behind the newest fragment: leap to it from the first on, hurry from the second on, rest at the third. */
export const PACE = { leap: 0.7, hurry: 0.16, rest: 0.08 };

/** What the player does about its distance (s) from the newest fragment: a rate, or null: leap. */
export function pace(behind, rate) {
  if (behind > PACE.leap) return null;
  if (behind > PACE.hurry) return behind > 0.35 ? 1.25 : 1.1;
  return behind < PACE.rest ? 1 : rate;
}

/** live | stalled | connecting, from the age of what is shown (ms, null: nothing yet) and whether the gateway is heard. */
export function viewState(age, connected, known) {
  if (age === null) return connected && known?.state === "offline" ? "stalled" : "connecting";
  if (!connected || age > STALE_MS || known?.state === "stalled" || known?.state === "offline") return "stalled";
  return "live";
}

/** Fragments into a `<video>`, always at the live edge. */
class Edge {
  constructor(node) {
    this.video = node;
    this.video.muted = true;
    this.video.playsInline = true;
    this.source = null;
    this.buffer = null;
    this.waiting = [];
    this.seen = []; // [media time of a picture, when it was taken by our clock]
    this.begun = false;
  }

  begin(mime, init) {
    this.end();
    this.waiting = [init];
    this.seen = [];
    this.begun = false;
    const source = new MediaSource();
    this.source = source;
    this.address = URL.createObjectURL(source);
    this.video.src = this.address;
    source.addEventListener("sourceopen", () => {
      if (this.source !== source) return;
      this.buffer = source.addSourceBuffer(mime);
      this.buffer.addEventListener("updateend", () => this.next());
      this.next();
    }, { once: true });
    this.video.play().catch(() => {});
  }

  take(bytes, takenAt) {
    this.waiting.push(bytes);
    const at = mediaTime(bytes);
    if (at !== null) this.seen.push([at, takenAt]);
    if (this.seen.length > 600) this.seen.splice(0, 300);
    this.next();
  }

  next() {
    const buffer = this.buffer;
    if (!buffer || buffer.updating || this.source?.readyState !== "open") return;
    this.follow();
    const { buffered } = buffer;
    if (buffered.length && this.video.currentTime - buffered.start(0) > KEEP_SECONDS) {
      buffer.remove(buffered.start(0), this.video.currentTime - 2);
    } else if (this.waiting.length) {
      const parts = this.waiting.splice(0);
      try {
        buffer.appendBuffer(parts.length === 1 ? parts[0] : joined(parts));
      } catch {
        this.end(); // full or closed: a new connection begins anew
      }
    }
  }

  /** Stay at the live edge. */
  follow() {
    const { buffered } = this.buffer;
    if (!buffered.length) return;
    const end = buffered.end(buffered.length - 1);
    const start = buffered.start(buffered.length - 1);
    const behind = end - this.video.currentTime;
    const rate = this.begun ? pace(behind, this.video.playbackRate) : null;
    this.begun = true;
    if (rate === null || this.video.currentTime < start) this.video.currentTime = Math.max(start, end - PACE.rest);
    else if (this.video.playbackRate !== rate) this.video.playbackRate = rate;
    if (this.video.paused) this.video.play().catch(() => {});
  }

  /** When the picture now shown was taken, by our clock; null before the first. */
  takenAt() {
    if (!this.seen.length || this.video.readyState < 2) return null;
    const at = this.video.currentTime + 0.001;
    for (let index = this.seen.length - 1; index >= 0; index -= 1) {
      if (this.seen[index][0] <= at) return this.seen[index][1];
    }
    return this.seen[0][1];
  }

  end() {
    if (this.address) URL.revokeObjectURL(this.address);
    this.source = this.buffer = this.address = null;
    this.waiting = [];
  }
}

/** The time (s) of a fragment's picture, out of its `tfdt` box; null where there is none. */
export function mediaTime(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 256));
  for (let at = 0; at + 16 <= view.byteLength; at += 1) {
    if (view.getUint32(at) === 0x74666474) {
      const ticks = view.getUint8(at + 4) ? Number(view.getBigUint64(at + 8)) : view.getUint32(at + 8);
      return ticks / TICKS;
    }
  }
  return null;
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

/** Watch one camera live in a node. */
export function watchLive({ url, node, stream = "sub", ticket, t, dice = Math.random }) {
  const video = node.querySelector("video") ?? node.insertBefore(document.createElement("video"), node.firstChild);
  const canvas = node.querySelector("canvas") ?? node.insertBefore(document.createElement("canvas"), video.nextSibling);
  const note = node.querySelector(".live-note");
  const mark = node.querySelector(".live-mark");
  const edge = new Edge(video);
  const link = { socket: null, transit: new Transit(), heardAt: -Infinity, triedAt: 0, failures: 0, timer: 0, stopped: false };
  const view = { known: null, told: null, pictureAt: null, refused: null, viewer: "" };
  node.dataset.state = "connecting";

  async function connect() {
    link.triedAt = performance.now();
    let pass;
    try {
      pass = await ticket();
    } catch (error) {
      refuse(error.message);
      return;
    }
    if (link.stopped) return;
    const socket = new WebSocket(url, SUBPROTOCOL);
    socket.binaryType = "arraybuffer";
    link.socket = socket;
    link.triedAt = performance.now();
    socket.onopen = () => socket.send(JSON.stringify({ kind: "live", ticket: pass, stream }));
    socket.onmessage = ({ data }) => hear(data);
    socket.onclose = ({ code, reason }) => {
      if (code === 4403) refuse(reason);
      else lost();
    };
  }

  function hear(data) {
    link.heardAt = performance.now();
    if (typeof data === "string") hearText(JSON.parse(data), link.heardAt);
    else hearPart(pictureIn(data), link.heardAt);
  }

  function hearText(message, now) {
    if (message.kind === "beat") link.transit.extra(message.sent, now);
    if (message.kind === "state") view.known = message;
    if (message.kind === "view") told(message);
    judge();
  }

  function hearPart(message, now) {
    if (!message) return;
    const { header, jpeg: bytes } = message;
    if (header.part === "init") {
      told(header);
      edge.begin(header.mime, bytes);
      return;
    }
    link.failures = 0;
    const takenAt = now - header.age_ms - link.transit.extra(header.sent, now);
    if (header.part === "data") edge.take(bytes, takenAt);
    else paint(bytes, takenAt);
  }

  function told(message) {
    view.told = message;
    view.viewer = message.viewer;
    node.dataset.mode = message.mode;
    node.dataset.stream = message.stream;
    if (message.why) node.dataset.why = message.why;
    else delete node.dataset.why;
  }

  async function paint(jpeg, takenAt) {
    const bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" })).catch(() => null);
    if (!bitmap || link.stopped) return;
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    canvas.getContext("2d", { alpha: false }).drawImage(bitmap, 0, 0);
    bitmap.close();
    view.pictureAt = takenAt;
    judge();
  }

  /** The socket has gone, or says nothing: let it go, and try again with a new ticket. */
  function lost() {
    drop();
    judge();
    if (!link.stopped) link.timer = setTimeout(connect, reconnectWait(link.failures++, dice()));
  }

  function refuse(sentence) {
    drop();
    view.refused = sentence;
    edge.end();
    judge();
  }

  function drop() {
    const { socket } = link;
    link.socket = null;
    link.heardAt = -Infinity;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  function judge() {
    const now = performance.now();
    const taken = node.dataset.mode === "pictures" ? view.pictureAt : edge.takenAt();
    const age = taken === null ? null : Math.max(0, now - taken);
    const state = view.refused !== null ? "refused" : viewState(age, now - link.heardAt < SILENT_MS, view.known);
    if (node.dataset.state !== state) node.dataset.state = state;
    if (age !== null) {
      node.dataset.asOf = new Date(Date.now() - age).toISOString();
      node.dataset.latency = String(Math.round(age));
    }
    write(note, words(state, age, now));
    write(mark, view.viewer ? t("live.watermark", { viewer: view.viewer, time: clockText(new Date()) }) : "");
  }

  function words(state, age, now) {
    if (state === "refused") return t("live.refused", { sentence: view.refused });
    const why = view.told?.why ? t(`live.why.${view.told.why}`) : "";
    const late = view.told?.behind >= 1 ? t("cameras.tile.behind", { seconds: Math.ceil(view.told.behind) }) : "";
    if (state === "live") return [late, why, ...(view.known?.faults ?? []).map((fault) => t(`health.fault.${fault}`))].filter(Boolean).join(" · ");
    if (state === "connecting") return t("live.connecting");
    const since = age === null ? Date.parse(view.known?.since ?? "") : Date.now() - age;
    const values = { time: clockText(new Date(since)), age: ageText(Date.now() - since) };
    return t(now - link.heardAt < SILENT_MS ? "live.stalled" : "live.lost", values);
  }

  function watchOver() {
    const now = performance.now();
    if (link.socket !== null && now - Math.max(link.triedAt, link.heardAt) >= SILENT_MS) lost();
    else judge();
  }

  const watch = setInterval(watchOver, JUDGE_MS);
  connect();
  return {
    stop() {
      link.stopped = true;
      clearInterval(watch);
      clearTimeout(link.timer);
      drop();
      edge.end();
      video.removeAttribute("src");
      video.load();
    },
  };
}

function write(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}

function clockText(at) {
  return Number.isNaN(at.getTime()) ? "—" : at.toLocaleTimeString("zh-CN", { hourCycle: "h23", timeZone: document.documentElement.dataset.zone });
}
