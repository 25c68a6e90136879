/**
 * The number of open entries beside the inbox's link: the gateway sends this account's own whenever it changes. The
 * number that the page came with stays until then; while the connection is lost it is marked as not live.
 */
import { listen } from "../ui/ear.js";

/** @param badges the same number in several places: beside the link, and on the phone's menu */
export function start(badges) {
  if (!badges.length) return;
  listen({
    url: badges[0].dataset.push,
    topic: "inbox",
    onMessage: (message) => message.kind === "inbox.changed" && badges.forEach((badge) => show(badge, message)),
    onState: (state) => badges.forEach((badge) => (badge.dataset.state = state === "live" ? "live" : "stale")),
  });
}

function show(badge, { unread, at }) {
  badge.dataset.value = String(unread);
  badge.dataset.asOf = at;
  badge.textContent = unread > 999 ? "999+" : String(unread);
  badge.hidden = unread === 0;
}
