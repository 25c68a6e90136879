/**
 * A small ear: one topic of the push gateway that needs no picture and no order of facts. Connects for ever, hands on every
 * message, says "live" or "lost". What was missed meanwhile is told by whoever speaks next, or asked for in `onOpen`.
 */
import { backOff } from "./live.js";

const SILENCE = 8_000;
const NOT_KNOWN = 4401;
const NOT_ALLOWED = 4403;

/**
 * @param after the id of the fact known last, asked at each connection; nothing where only what comes matters
 * @param onUnknown the gateway does not know this visitor any more; it is not asked again
 * @param calm the page itself goes first, and again after each break
 */
export function listen({ url, topic, onMessage, after = () => null, onOpen = () => {}, onState = () => {}, onUnknown = () => {}, calm = true }) {
  let tries = 0;

  function connect() {
    const socket = new WebSocket(url, "gridcommand.v1");
    let heard = performance.now();
    const watch = setInterval(() => performance.now() - heard > SILENCE && end(), 1_000);
    socket.onopen = () => {
      socket.send(JSON.stringify({ kind: "subscribe", topics: [topic], after: after() }));
      onOpen();
    };
    socket.onmessage = ({ data }) => {
      heard = performance.now();
      tries = 0;
      onState("live");
      onMessage(JSON.parse(data));
    };
    socket.onclose = ({ code }) => end(code);

    /** At once: a line that is dead takes its time to close. */
    function end(code = 0) {
      clearInterval(watch);
      socket.onclose = socket.onmessage = null;
      socket.close();
      onState("lost");
      if (code === NOT_KNOWN) onUnknown();
      else if (code !== NOT_ALLOWED) setTimeout(connect, backOff(tries++) + (calm ? 500 : 0));
    }
  }
  setTimeout(connect, calm ? 300 : 0);
}
