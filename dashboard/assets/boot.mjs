/**
 * The only module that Dash loads by itself. Dash builds a page after its scripts have run, so this waits until an
 * element with `data-module` is there, loads that page's own module and then stops looking.
 */
const MODULES = {
  cameras: () => import("./cameras/list.js"),
  camera: () => import("./cameras/one.js"),
  masks: () => import("./cameras/masks.js"),
  entry: () => import("./cameras/entry.js"),
  book: () => import("./cameras/book.js"),
  health: () => import("./cameras/health.js"),
  patrol: () => import("./cameras/patrol.js"),
  audit: () => import("./audit/page.js"),
  wall: () => import("./wall/main.js"),
  list: () => import("./desk/list.js"),
  cases: () => import("./work/cases.js"),
  case: () => import("./work/case.js"),
  work: () => import("./work/main.js"),
  evaluation: () => import("./evaluation/page.js"),
  admin: () => import("./desk/admin.js"),
  inbox: () => import("./ladder/inbox.js"),
  messages: () => import("./ladder/messages.js"),
  emergencies: () => import("./emergency/list.js"),
  emergency: () => import("./emergency/room.js"),
  review: () => import("./emergency/replay.js"),
  duty: () => import("./duty/duty.js"),
  warnings: () => import("./exchange/warnings.js"),
  reference: () => import("./admin/reference.js"),
  webhooks: () => import("./admin/webhooks.js"),
};

const watcher = new MutationObserver(boot);

function boot() {
  const root = document.querySelector("[data-module]");
  const load = root && MODULES[root.dataset.module];
  if (!load) return;
  watcher.disconnect();
  const badges = [...document.querySelectorAll(".badge[data-push]")];
  if (badges.length) import("./ladder/badge.js").then((module) => module.start(badges));
  const main = root.querySelector("main") ?? root;
  main.inert = true; // nobody presses a button that no module hears yet: the press would be lost without a word
  load()
    .finally(() => {
      main.inert = false;
    })
    .then((page) => page.start(root));
}

watcher.observe(document.documentElement, { childList: true, subtree: true });
boot();
