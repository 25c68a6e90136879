/** The phone's page: its parts as tabs, what is written into the queue, and itself kept for times without a network. */
import { start as startBadge } from "../ladder/badge.js";
import { dressed } from "../ui/files.js";
import { tellFaults } from "./faults.js";
import { outbox } from "./outbox.js";
import { smaller, startReport } from "./report.js";

const KEPT = "gridcommand-phone";
const NOTES = 4;
const phone = document.querySelector("#phone");
const words = JSON.parse(phone.dataset.words);
const say = (key, values = {}) => (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

/** County time minus the phone's: a phone whose clock is wrong still reports at the right time. */
let ahead = Date.parse(phone.dataset.now) - Date.now();
const known = Number(localStorage.getItem("gc-ahead"));
const county = () => new Date(Date.now() + ahead).toISOString();

const queue = outbox(phone, say, { sent: arrived, mend: (entry) => mend(entry) });
const mend = startReport(phone.querySelector("#report"), say, { add: queued, county });
phone.addEventListener("submit", submitted);
document.querySelector(".leave").addEventListener("submit", leaving);
addEventListener("online", refresh);
addEventListener("offline", () => offline(true));
dress(phone);
tellFaults(phone, say);
tabs();
counts();
startBadge([...document.querySelectorAll(".badge[data-push]")]);
keepPage().then(refresh);

/** Kept first, then sent; the page goes to its top, where the queue says how it stands. */
async function queued(entry) {
  await queue.add(entry);
  scrollTo(0, 0);
}

// --- what was written ------------------------------------------------------------------------------------------------

async function submitted(event) {
  const form = event.target;
  if (form.id === "report") return;
  event.preventDefault();
  const fields = Object.fromEntries([...new FormData(form)].filter(([, value]) => typeof value === "string" && value));
  if (form.dataset.slot) {
    const body = { slot: form.dataset.slot, happened_at: county(), ...(fields.finding ? { finding: fields.finding } : {}) };
    await queue.add({ kind: "round", slot: body.slot, title: form.dataset.title, body });
  } else {
    const photo = await smaller(form.elements.file?.files[0]);
    const { label, title, action, case: code } = form.dataset;
    const body = { ...fields, version: Number(form.dataset.version), happened_at: county() };
    await queue.add({ kind: "move", title: `${label} · ${title}`, label, action, code, body, photo });
    form.closest("details").open = false;
  }
  form.reset();
  document.activeElement?.blur();
}

function arrived(entry) {
  const told = {
    report: () => say("done", { code: entry.code }),
    round: () => say("round_kept"),
    move: () => say("move_kept", { action: entry.label, code: entry.code }),
  };
  tell("good", told[entry.kind]());
  if (entry.uncovered) tell("good", say("uncovered"));
  if (entry.settle && !entry.warning) tell("good", say("settled", { code: entry.code }));
  if (entry.warning) tell("bad", say(entry.warning));
  refresh();
}

function tell(kind, text) {
  const word = document.createElement("p");
  word.className = `word ${kind}`;
  word.setAttribute("role", kind === "bad" ? "alert" : "status");
  word.textContent = text;
  const notes = phone.querySelector(".notes");
  notes.prepend(word);
  while (notes.children.length > NOTES) notes.lastElementChild.remove();
}

// --- what is shown ---------------------------------------------------------------------------------------------------

let asking = null;
let behind = false; // something was sent since the page that is on its way was asked for
/** Fetch the page anew and take its lists; the form, with what is being written in it, stays. */
function refresh() {
  behind = asking !== null;
  asking ??= fresh().finally(() => {
    asking = null;
    if (behind) refresh();
  });
  return asking;
}

async function fresh() {
  let answer;
  try {
    answer = await fetch("/grid", { headers: { Accept: "text/html" }, redirect: "manual" });
  } catch {
    return offline(true);
  }
  if (answer.type === "opaqueredirect") return offline(true, say("login"));
  if (!answer.ok || answer.headers.get("X-GC-Kept")) return offline(true);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const there = page.querySelector("#phone");
  if (!there) return offline(true);
  ahead = Date.parse(there.dataset.now) - Date.now();
  localStorage.setItem("gc-ahead", ahead);
  phone.dataset.asOf = there.dataset.asOf;
  for (const id of ["tasks-tab", "rounds-tab", "mine-tab"]) {
    const here = document.getElementById(id);
    if (here.contains(document.activeElement) || here.querySelector("details[open]")) continue;
    here.replaceChildren(...page.getElementById(id).children);
    dress(here);
  }
  offline(false);
  counts();
  queue.show();
}

function dress(part) {
  for (const input of part.querySelectorAll("input[type=file]")) dressed(input, { choose: say("file_choose"), none: say("file_none") });
}

function offline(yes, why = say("offline_since", { time: phone.dataset.asOf })) {
  const word = phone.querySelector(".offline");
  word.hidden = !yes;
  word.textContent = yes ? why : "";
  for (const figure of phone.querySelectorAll("[data-figure]")) figure.dataset.state = yes ? "stale" : "live";
  if (yes && Number.isFinite(known)) ahead = known;
}

function counts() {
  const numbers = {
    tasks: phone.querySelectorAll("[data-task]").length,
    rounds: phone.querySelectorAll(".round[data-state=open]").length,
  };
  for (const [name, number] of Object.entries(numbers)) {
    const badge = document.querySelector(`.phone-tabs [data-count=${name}]`);
    badge.hidden = !number;
    badge.textContent = number;
  }
}

function tabs() {
  document.body.classList.add("tabbed");
  const links = [...document.querySelectorAll(".phone-tabs a")];
  const show = () => {
    const wanted = links.some((link) => link.hash === location.hash) ? location.hash.slice(1) : "report-tab";
    for (const link of links) {
      const here = link.dataset.tab === wanted;
      link.toggleAttribute("aria-current", here);
      document.getElementById(link.dataset.tab).hidden = !here;
    }
  };
  for (const link of links) link.addEventListener("click", (event) => {
    event.preventDefault();
    history.replaceState(null, "", link.hash);
    show();
    scrollTo(0, 0);
  });
  show();
}

// --- without a network -----------------------------------------------------------------------------------------------

/** Keep the page and what it is made of, where the browser lets a page do so (https, or this machine). */
async function keepPage() {
  if (!navigator.serviceWorker || !isSecureContext) {
    tell("hint", say("no_keeping"));
    return;
  }
  try {
    await navigator.serviceWorker.register("/grid/worker.js", { scope: "/grid" });
    await navigator.serviceWorker.ready;
    const cache = await caches.open(KEPT);
    const parts = performance.getEntriesByType("resource").map((entry) => new URL(entry.name).pathname);
    await Promise.allSettled([...new Set(parts)].filter((path) => path.startsWith("/assets/")).map((path) => cache.add(path)));
    phone.dataset.kept = "yes";
  } catch {
    // without a network at the first visit there is nothing to keep; the next visit does
  }
}

/** Log out: the kept page goes; what is unsent stays for its owner's next login, and the page says so. */
async function leaving(event) {
  const form = event.target;
  if (form.dataset.sure) return;
  event.preventDefault();
  form.dataset.sure = "yes";
  const left = await queue.count();
  if (left) return tell("bad", say("queue_left", { n: left }));
  if (globalThis.caches) await caches.delete(KEPT).catch(() => false);
  form.submit();
}
