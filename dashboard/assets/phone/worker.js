/**
 * The service worker of the grid worker's page: it keeps this one page and its assets, and nothing else; what is to be sent
 * lies in IndexedDB and is sent by the page.
 */
importScripts("/assets/ui/keeping.js");

keepPages({ name: "gridcommand-phone", patience: 4_000, pages: (url) => url.pathname === "/grid" });
