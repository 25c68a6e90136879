/**
 * Camera tiles: one WebSocket to the video gateway paints key pictures into the tiles of a page.
 *
 * A tile says the truth about its picture: each picture comes with its age when it was sent; how long the message was
 * under way is added here (`Transit`), and the sum runs on by this page's monotonic clock. What is older than five
 * seconds, or came over a connection that has fallen silent, is stale and says since when. Of each camera only the
 * newest picture waits to be painted. The connection is renewed for ever.
 *
 *   const watching = watchTiles({ url, tiles, t });   // tiles: elements with data-camera; t(key, values) → text
 *   watching.stop();
 *
 * `stamp(brush, width, height)`, where it is given, paints the watermark over each picture.
 *
 * On each tile: `data-state` (live | stale | offline | connecting), `data-reason`, `data-faults` (of a live one: covered,
 * blurred, …, as `health.fault.*`, which its note names), `data-as-of` (UTC, of the picture),
 * `data-behind` (seconds by which its source's own way delays it at least, a playlist's), `data-painted` once it has had a picture; the text goes into its `.tile-note`, the picture into its canvas.
 */

const SUBPROTOCOL = "gridcommand.tiles.v1";
const STALE_MS = 5000;
const SILENT_MS = 6000;
const JUDGE_MS = 500;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5000;

/**
 * How much longer than usual a message was under way, from the sender's clock (`sent`, ms, any zero) and ours. The
 * quickest message of the last half to whole minute counts as usual, so that clocks which drift apart do no harm.
 */
export class Transit {
  constructor(windowMs = 30_000) {
    this.windowMs = windowMs;
    this.began = null;
    this.best = Infinity;
    this.before = Infinity;
  }

  extra(sent, now) {
    const offset = now - sent;
    if (this.began === null || now - this.began > this.windowMs) {
      this.began = now;
      this.before = this.best;
      this.best = offset;
    }
    this.best = Math.min(this.best, offset);
    return Math.max(0, offset - Math.min(this.best, this.before));
  }
}

/** Milliseconds until the next try: 0.2 s doubling to 5 s, spread over half of it. `dice` in [0, 1). */
export function reconnectWait(failures, dice) {
  const full = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 10));
  return full * (0.5 + 0.5 * dice);
}

/** Header and JPEG of a picture message; null where it is none. */
export function pictureIn(buffer) {
  if (buffer.byteLength < 4) return null;
  const length = new DataView(buffer).getUint32(0);
  if (length > buffer.byteLength - 4) return null;
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return { header, jpeg: new Uint8Array(buffer, 4 + length) };
}

/**
 * What a tile shows. `known`: the camera's last state from the gateway, or null; `seenAt`: when its picture was seen, by
 * our clock, or null; `connected`: the gateway was heard lately.
 */
export function tileState(known, seenAt, connected, now) {
  if (!known) return "connecting";
  if (!connected) return "stale";
  if (known.state === "offline") return "offline";
  if (known.state === "stalled") return "stale";
  if (seenAt === null) return "connecting";
  return now - seenAt > STALE_MS ? "stale" : "live";
}

/** "3:12" or "1:03:12". */
export function ageText(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return seconds >= 3600 ? `${Math.floor(seconds / 3600)}:${rest}` : rest.replace(/^0(?=\d:)/, "");
}

/** One tile: its newest picture, what is known of its camera, and what it shows. */
class Tile {
  constructor(node, t, painted, stamp) {
    this.painted = painted;
    this.stamp = stamp;
    this.node = node;
    this.camera = node.dataset.camera;
    this.t = t;
    this.known = null;
    this.seenAt = null;
    this.behind = 0;
    this.waiting = null;
    this.decoding = false;
    this.stopped = false;
    this.canvas = node.querySelector("canvas") ?? canvasIn(node);
    this.brush = this.canvas.getContext("2d", { alpha: false });
    this.note = node.querySelector(".tile-note");
  }

  /** A picture has come; it waits only if one is being decoded, and replaces one that waits. */
  take(picture) {
    this.waiting = picture;
    if (!this.decoding && !document.hidden) this.paint();
  }

  async paint() {
    this.decoding = true;
    while (this.waiting && !this.stopped) {
      const { jpeg, seenAt, at, behind } = this.waiting;
      this.waiting = null;
      try {
        const bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
        this.draw(bitmap);
        bitmap.close();
        this.seenAt = seenAt;
        this.behind = behind;
        setAttribute(this.node, "data-as-of", at);
        setAttribute(this.node, "data-painted", "");
        this.painted();
      } catch {
        continue; // no picture: the one before stays, and grows old visibly
      }
    }
    this.decoding = false;
  }

  draw(bitmap) {
    if (this.stopped) return;
    if (this.canvas.width !== bitmap.width || this.canvas.height !== bitmap.height) {
      this.canvas.width = bitmap.width;
      this.canvas.height = bitmap.height;
    }
    this.brush.drawImage(bitmap, 0, 0);
    this.stamp?.(this.brush, bitmap.width, bitmap.height);
  }

  /** Write state and text as they are now. */
  judge(connected, now) {
    const state = tileState(this.known, this.seenAt, connected, now);
    setAttribute(this.node, "data-reason", (connected && state !== "live" && this.known?.reason) || null);
    setAttribute(this.node, "data-state", state);
    setAttribute(this.node, "data-behind", (state === "live" && this.behind && String(this.behind)) || null);
    setAttribute(this.node, "data-faults", (state === "live" && this.known?.faults?.join(" ")) || null);
    if (this.note) setText(this.note, this.words(state, connected, now));
  }

  words(state, connected, now) {
    if (state === "live") {
      const late = this.behind ? [this.t("cameras.tile.behind", { seconds: Math.ceil(this.behind) })] : [];
      return [...(this.known.faults ?? []).map((fault) => this.t(`health.fault.${fault}`)), ...late].join(" · ");
    }
    if (state === "connecting") return this.t("cameras.tile.connecting");
    const reason = connected && this.known.reason ? this.t(`cameras.reason.${this.known.reason}`) : "";
    const since = this.seenAt === null ? Date.now() - Date.parse(this.known.since) : now - this.seenAt;
    const values = { reason, age: ageText(since), time: clockText(this.node.dataset.asOf ?? this.known.since) };
    if (!connected) return this.t("cameras.tile.lost", values);
    return this.t(state === "offline" ? "cameras.tile.offline" : "cameras.tile.stale", values);
  }
}

/**
 * Watch cameras in tiles.
 *
 * @param url address of the gateway's socket (`ws://HOST:PORT/tiles`)
 * @param tiles elements with `data-camera`
 * @param t texts: (key, values) → string
 * @param patrol follow a patrol instead: `{ plan, tiles, onGroup }`; `onGroup(message)` builds the tiles of a group and
 *   hands them to `show`. What came ahead for the next group is kept, so that it is there at once.
 * @param stamp paints the watermark over a picture: (brush, width, height)
 * @returns {{stop: () => void, show: (nodes: Iterable<HTMLElement>) => void}}
 */
export function watchTiles({ url, tiles, t, patrol = null, stamp = null }) {
  let shown = Array.from(tiles, (node) => new Tile(node, t, () => judge(), stamp));
  const ahead = new Map(); // of cameras that are not shown yet: their newest picture
  const states = new Map();
  const abroad = new Map(); // watchers of tiles whose cameras another host shows, by its gateway's address
  const link = { socket: null, transit: null, triedAt: 0, heardAt: -Infinity, failures: 0, timer: 0, stopped: false };
  const connected = (now) => now - link.heardAt < SILENT_MS;

  function connect() {
    const socket = new WebSocket(url, SUBPROTOCOL);
    socket.binaryType = "arraybuffer";
    link.socket = socket;
    link.transit = new Transit();
    link.triedAt = performance.now();
    socket.onopen = () => socket.send(JSON.stringify(wanted()));
    socket.onmessage = ({ data }) => hear(data);
    socket.onclose = () => socket === link.socket && lost();
  }

  function wanted() {
    if (patrol) return { kind: "patrol", plan: patrol.plan, tiles: patrol.tiles };
    return { kind: "watch", cameras: shown.map((tile) => tile.camera) };
  }

  function hear(data) {
    const now = performance.now();
    link.heardAt = now;
    link.failures = 0;
    if (typeof data === "string") hearText(JSON.parse(data), now);
    else hearPicture(pictureIn(data), now);
  }

  function hearPicture(picture, now) {
    if (!picture) return;
    const { header, jpeg } = picture;
    const age = header.age_ms + link.transit.extra(header.sent, now);
    const newest = { jpeg, at: header.at, seenAt: now - age, behind: header.behind ?? 0 };
    const mine = shown.filter((tile) => tile.camera === header.camera);
    for (const tile of mine) tile.take(newest);
    if (patrol && !mine.length) ahead.set(header.camera, newest);
  }

  /** Show these tiles from now on, in place of those before. */
  function show(nodes) {
    for (const tile of shown) tile.stopped = true;
    shown = Array.from(nodes, (node) => new Tile(node, t, () => judge(), stamp));
    for (const tile of shown) {
      tile.known = states.get(tile.camera) ?? null;
      if (ahead.has(tile.camera)) tile.take(ahead.get(tile.camera));
    }
    ahead.clear();
    judge();
  }

  /** Another host shows these cameras: its gateway is asked for their tiles. */
  function follow(gateways) {
    for (const address of new Set(Object.values(gateways))) {
      const theirs = shown.filter((tile) => gateways[tile.camera] === address);
      shown = shown.filter((tile) => !theirs.includes(tile));
      for (const tile of theirs) tile.stopped = true;
      abroad.get(address)?.stop();
      abroad.set(address, watchTiles({ url: address, tiles: theirs.map((tile) => tile.node), t, stamp }));
    }
  }

  function hearText(message, now) {
    if (message.kind === "beat") link.transit.extra(message.sent, now);
    if (message.kind === "state") states.set(message.camera, message);
    if (message.kind === "group") patrol?.onGroup(message);
    if (message.kind === "elsewhere" && !patrol) follow(message.cameras);
    for (const tile of shown) {
      if (message.kind === "state" && tile.camera === message.camera) tile.known = message;
      if (message.kind === "refused" && message.cameras.includes(tile.camera)) {
        tile.known = { state: "offline", reason: "hidden", since: new Date().toISOString() };
      }
    }
    if (message.kind !== "beat") judge();
  }

  /** The socket has gone, or says nothing: let it go, and try again. */
  function lost() {
    const socket = link.socket;
    link.socket = null;
    link.heardAt = -Infinity;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    judge();
    if (!link.stopped) link.timer = setTimeout(connect, reconnectWait(link.failures++, Math.random()));
  }

  function judge() {
    const now = performance.now();
    for (const tile of shown) tile.judge(connected(now), now);
  }

  function watchOver() {
    const now = performance.now();
    if (link.socket !== null && now - Math.max(link.triedAt, link.heardAt) >= SILENT_MS) lost();
    else judge();
  }

  function seenAgain() {
    if (document.hidden) return;
    for (const tile of shown) if (tile.waiting && !tile.decoding) tile.paint();
    watchOver();
  }

  const watch = setInterval(watchOver, JUDGE_MS);
  document.addEventListener("visibilitychange", seenAgain);
  connect();

  return {
    show,
    stop() {
      link.stopped = true;
      for (const other of abroad.values()) other.stop();
      clearInterval(watch);
      clearTimeout(link.timer);
      document.removeEventListener("visibilitychange", seenAgain);
      for (const tile of shown) tile.stopped = true;
      lost();
    },
  };
}

function canvasIn(node) {
  const canvas = document.createElement("canvas");
  (node.querySelector(".tile-picture") ?? node).prepend(canvas);
  return canvas;
}

function clockText(iso) {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? "—" : at.toLocaleTimeString("zh-CN", { hourCycle: "h23", timeZone: document.documentElement.dataset.zone });
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}
