/**
 * The number of open entries beside the inbox's link: the gateway sends this account's own whenever it changes. The
 * number that the page came with stays until then; while the connection is lost it is marked as not live.
 */
import { backOff } from "../ui/live.js";

const SILENCE = 8_000;

export function start(badge) {
  let tries = 0;
  let heard = 0;

  function connect() {
    const socket = new WebSocket(badge.dataset.push, "gridcommand.v1");
    heard = performance.now();
    socket.onopen = () => socket.send(JSON.stringify({ kind: "subscribe", topics: ["inbox"], after: null }));
    socket.onmessage = ({ data }) => {
      heard = performance.now();
      tries = 0;
      const message = JSON.parse(data);
      badge.dataset.state = "live";
      if (message.kind === "inbox.changed") show(badge, message);
    };
    socket.onclose = ({ code }) => {
      clearInterval(watch);
      badge.dataset.state = "stale";
      if (code !== 4401 && code !== 4403) setTimeout(connect, backOff(tries++) + 500);
    };
    const watch = setInterval(() => performance.now() - heard > SILENCE && socket.close(), 1_000);
  }
  setTimeout(connect, 300); // the page itself goes first
}

function show(badge, { unread, at }) {
  badge.dataset.value = String(unread);
  badge.dataset.asOf = at;
  badge.textContent = unread > 999 ? "999+" : String(unread);
  badge.hidden = unread === 0;
}
