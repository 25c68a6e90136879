/**
 * The service worker of the overview: fresh from the server where it answers in time, else what was kept of this page, its
 * assets and its four pictures. Nothing else is kept (a past day is not), and a copy always says that it is one.
 */
const KEPT = "gridcommand-overview";
const PATIENCE = 5_000; // ms that a weak network has before the kept copy is shown
const PICTURES = new Set(["/overview", "/live/reference", "/live/snapshot", "/live/overview", "/map/areas.geojson"]);

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const ours = url.origin === location.origin && ((PICTURES.has(url.pathname) && !url.searchParams.has("day")) || url.pathname.startsWith("/assets/"));
  if (event.request.method === "GET" && ours) event.respondWith(freshOrKept(event.request, url.pathname + url.search));
});

async function freshOrKept(request, path) {
  const kept = await (await caches.open(KEPT)).match(path);
  if (!kept) return fetchAndKeep(request, path);
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  try {
    const answer = await Promise.race([fetchAndKeep(request, path), late]);
    if (answer && answer.status < 500) return answer;
  } catch {
    // no network
  }
  return marked(kept);
}

async function fetchAndKeep(request, path) {
  const answer = await fetch(request);
  const cache = await caches.open(KEPT);
  if (answer.ok && !answer.redirected) await cache.put(path, answer.clone());
  if (answer.status === 401 || (answer.redirected && path === "/overview")) await caches.delete(KEPT); // the login has ended
  return answer;
}

/** The kept copy says that it is one. */
function marked(kept) {
  const headers = new Headers(kept.headers);
  headers.set("X-GC-Kept", "yes");
  return new Response(kept.body, { status: kept.status, headers });
}
