/**
 * The page kept for times without a network: its service worker, and what the page itself keeps. A browser that has no
 * service worker (or a page that was not fetched over a secure connection) simply needs its network.
 */
const KEPT = "gridcommand-overview";

/** Whether an answer is an old copy. */
export function isKept(answer) {
  return answer.headers.get("X-GC-Kept") === "yes";
}

export function startKeeping(root) {
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/overview/worker.js", { scope: "/overview" }).catch(() => {});
  for (const form of root.querySelectorAll(".ov-leave")) form.addEventListener("submit", forget);
}

/** Keep a newer body of an address than the one that was fetched. */
export async function keep(path, body) {
  if (!("caches" in window) || !("serviceWorker" in navigator)) return;
  const cache = await caches.open(KEPT);
  await cache.put(path, new Response(JSON.stringify(body), { headers: { "Content-Type": "application/json" } }));
}

/** Whoever leaves takes the county's figures off this tablet. */
function forget() {
  if ("caches" in window) caches.delete(KEPT);
}
