/**
 * A small ear: one topic of the push gateway that needs no picture and no order of facts (`inbox`, `desk`). Connects for
 * ever, hands on every message, says "live" or "lost". What was missed meanwhile is told by whoever speaks next.
 */
import { backOff } from "./live.js";

const SILENCE = 8_000;
const NOT_KNOWN = 4401;
const NOT_ALLOWED = 4403;

export function listen({ url, topic, onMessage, onState }) {
  let tries = 0;

  function connect() {
    const socket = new WebSocket(url, "gridcommand.v1");
    let heard = performance.now();
    const watch = setInterval(() => performance.now() - heard > SILENCE && socket.close(), 1_000);
    socket.onopen = () => socket.send(JSON.stringify({ kind: "subscribe", topics: [topic], after: null }));
    socket.onmessage = ({ data }) => {
      heard = performance.now();
      tries = 0;
      onState("live");
      onMessage(JSON.parse(data));
    };
    socket.onclose = ({ code }) => {
      clearInterval(watch);
      onState("lost");
      if (code !== NOT_KNOWN && code !== NOT_ALLOWED) setTimeout(connect, backOff(tries++) + 500);
    };
  }
  setTimeout(connect, 300); // the page itself goes first
}
