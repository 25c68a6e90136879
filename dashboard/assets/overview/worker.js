/**
 * The service worker of the overview: it keeps this page, its assets and its four pictures, and nothing else (a past day is
 * not kept); when the login has ended, nothing at all.
 */
importScripts("/assets/ui/keeping.js");

const PICTURES = new Set(["/overview", "/live/reference", "/live/snapshot", "/live/overview", "/map/areas.geojson"]);

keepPages({
  name: "gridcommand-overview",
  patience: 5_000,
  pages: (url) => PICTURES.has(url.pathname) && !url.searchParams.has("day"),
  ended: (answer, path) => answer.status === 401 || (answer.redirected && path === "/overview"),
});
