/** The warnings page: a new warning is on it within a second, because the gateway tells of it and the page is read anew. */
import { watchAge } from "../desk/age.js";
import { wordsOf } from "../desk/post.js";
import { backOff } from "../ui/live.js";

const SILENCE = 8_000;

export function start(root) {
  watchAge(root, wordsOf(root));
  let tries = 0;
  let after = root.dataset.after;

  function connect() {
    const socket = new WebSocket(root.dataset.push, "gridcommand.v1");
    let heard = performance.now();
    socket.onopen = () => socket.send(JSON.stringify({ kind: "subscribe", topics: ["wall"], after }));
    socket.onmessage = ({ data }) => {
      heard = performance.now();
      tries = 0;
      const message = JSON.parse(data);
      after = message.id || after;
      if (message.kind === "warning.received" || message.kind === "snapshot.required") location.reload();
    };
    socket.onclose = ({ code }) => {
      clearInterval(watch);
      if (code !== 4401 && code !== 4403) setTimeout(connect, backOff(tries++) + 500);
    };
    const watch = setInterval(() => performance.now() - heard > SILENCE && socket.close(), 1_000);
  }
  setTimeout(connect, 300); // the page itself goes first
}
