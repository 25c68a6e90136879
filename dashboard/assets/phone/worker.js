/**
 * The service worker of the grid worker's page: fresh from the server where it answers in time, else as it was kept.
 * It keeps nothing but this one page and its own assets; what is to be sent lies in IndexedDB and is sent by the page.
 */

const KEPT = "gridcommand-phone";
const PATIENCE = 4_000; // ms that a weak network has before the kept copy is shown

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const ours = url.origin === location.origin && (url.pathname === "/grid" || url.pathname.startsWith("/assets/"));
  if (event.request.method === "GET" && ours) event.respondWith(freshOrKept(event.request, url.pathname));
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
  if (answer.ok && !answer.redirected) await (await caches.open(KEPT)).put(path, answer.clone());
  return answer;
}

/** The kept copy says that it is one. */
function marked(kept) {
  const headers = new Headers(kept.headers);
  headers.set("X-GC-Kept", "yes");
  return new Response(kept.body, { status: kept.status, headers });
}
