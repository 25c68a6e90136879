/**
 * What our service workers share (a classic script, for `importScripts`): fresh from the server where it answers in time,
 * else as it was kept. A kept copy says that it is one.
 *
 *   keepPages({ name, patience, pages, ended })
 *
 * name: of the cache; patience: ms that a weak network has before the kept copy is shown; pages(url): what is kept beside
 * our own assets; ended(answer, path): whether this answer ends a login, so that everything kept goes.
 */
function keepPages({ name, patience, pages, ended = () => false }) {
  self.addEventListener("install", () => self.skipWaiting());
  self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
  self.addEventListener("fetch", (event) => {
    const url = new URL(event.request.url);
    const ours = url.origin === location.origin && (pages(url) || url.pathname.startsWith("/assets/"));
    if (event.request.method === "GET" && ours) event.respondWith(freshOrKept(event.request, url.pathname + url.search));
  });

  async function freshOrKept(request, path) {
    const kept = await (await caches.open(name)).match(path);
    if (!kept) return fetchAndKeep(request, path);
    const late = new Promise((resolve) => setTimeout(resolve, patience));
    try {
      const answer = await Promise.race([fetchAndKeep(request, path), late]);
      if (answer && answer.status < 500) return answer;
    } catch {
      // no network
    }
    const headers = new Headers(kept.headers);
    headers.set("X-GC-Kept", "yes");
    return new Response(kept.body, { status: kept.status, headers });
  }

  async function fetchAndKeep(request, path) {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected) await (await caches.open(name)).put(path, answer.clone());
    if (ended(answer, path)) await caches.delete(name);
    return answer;
  }
}
