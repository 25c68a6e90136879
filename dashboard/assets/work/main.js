/** The desk: inbox, the file of the case in hand, the keyboard, and news as it comes. */
import { buildStrip } from "../exchange/strip.js";
import { el } from "../ui/dom.js";
import { listen } from "../ui/ear.js";
import { Live } from "../ui/live.js";
import { makeFile } from "./file.js";
import { makeInbox } from "./inbox.js";
import { bindKeys, helpSheet } from "./keys.js";
import { loadReference } from "./reference.js";
import { makeReport } from "./report.js";

const BURST_MS = 700; // news of one burst are read together
const LOOK_MS = 15_000; // where no news come by themselves
const SAFE_MS = 60_000; // where they come: whatever was missed is seen by then
const MINE = new Set(["to-accept", "to-dispatch", "handed-back", "to-inspect", "to-answer"]);

export async function start(root) {
  const reference = await loadReference();
  const { words } = reference;
  const report = reference.role === "department" ? null : makeReport(reference, { ondone: (code) => (inbox.fetchLook(), inbox.select(code)) });
  const button = (key, text, run) => el("button", { type: "button", class: "tool tool-small", onclick: run }, text, el("kbd", {}, key));
  const tools = [report && button("n", words.t("work.report.new"), () => report.open()), button("?", words.t("work.keys.short"), () => help.open())].filter(Boolean);
  const inbox = makeInbox(root.querySelector(".inbox"), reference, { onselect: opened, tools });
  const room = root.querySelector(".file-room");
  const file = makeFile(room, reference, { onacting: acting, onmoved: moved });
  const back = el("button", { type: "button", class: "tool file-back", onclick: () => showList(true) }, words.t("work.back"));
  room.before(back);
  room.append(el("p", { class: "empty" }, words.t("work.choose")));

  const warnings = report && buildStrip({ words, linked: true }); // for the people of the centre
  if (warnings) root.querySelector(".work-room").after(warnings.node);

  let link = "";
  let before = {};
  function opened(code) {
    showList(false);
    history.replaceState(null, "", `#${code}`);
    file.open(code);
  }

  /** On a phone either the list is seen or the file. */
  function showList(list) {
    root.toggleAttribute("data-file-open", !list);
  }

  /** What stood around a case when its deed began: news of it may come before the answer does. */
  function acting(code) {
    before = { reason: inbox.rowOf(code)?.reason, next: inbox.after(code) };
  }

  /** After a deed: stay where the case is still mine, else go on to the next one. */
  async function moved(code) {
    await inbox.fetchLook().catch(() => {});
    const row = inbox.rowOf(code);
    if (row && (row.reason === before.reason || MINE.has(row.reason))) return inbox.select(code);
    if (before.next && !matchMedia("(max-width: 820px)").matches) inbox.select(before.next);
  }

  // --- keys ----------------------------------------------------------------------------------------------------------

  const deeds = [
    { keys: ["j", "ArrowDown"], shown: ["j", "↓"], label: words.t("work.keys.next"), run: () => inbox.step(1) },
    { keys: ["k", "ArrowUp"], shown: ["k", "↑"], label: words.t("work.keys.previous"), run: () => inbox.step(-1) },
    { keys: ["Enter"], shown: ["↵"], label: words.t("work.keys.actions"), run: () => file.focusActions() },
    { keys: ["Escape"], shown: ["Esc"], label: words.t("work.keys.list"), run: () => (showList(true), inbox.focus()) },
    { keys: ["l"], label: words.t("work.keys.page"), run: () => file.code && location.assign(`/cases/${file.code}`) },
    { keys: ["P"], label: words.t("work.keys.print"), run: () => file.printLink() && window.open(file.printLink(), "_blank", "noopener") },
    { keys: ["/"], label: words.t("work.keys.search"), run: () => location.assign("/cases#search") },
    { keys: ["g"], label: words.t("work.keys.refresh"), run: () => (inbox.fetchLook(), file.refresh()) },
    ...(report ? [{ keys: ["n"], label: words.t("work.report.new"), run: () => report.open() }] : []),
    { keys: [..."0123456789"], shown: ["0", "…", "9"], label: words.t("work.keys.tabs"), run: ({ key }) => (key === "0" || reference.reasons[key - 1]) && inbox.narrow(reference.reasons[key - 1] ?? null) },
  ];
  const help = helpSheet(words, deeds, [...reference.forms.values()]);
  bindKeys({ deeds, act: file.press, help: help.open });

  // --- news ----------------------------------------------------------------------------------------------------------

  let begun = false;
  let waiting = 0;
  function news(fact) {
    if (fact.kind === "time.changed") reference.clock.set(fact);
    if (fact.kind === "warning.received") warnings?.refresh();
    if (!/^(case|order|clock)\./.test(fact.kind)) return;
    if (fact.case === file.code && !file.busy) file.refresh();
    else if (fact.case === file.code) file.fresh(true);
    waiting ||= setTimeout(() => {
      waiting = 0;
      inbox.fetchLook().catch(() => {});
    }, BURST_MS);
  }

  const wanted = decodeURIComponent(location.hash.slice(1));
  if (reference.push_url) {
    new Live({
      url: reference.push_url,
      topics: ["wall"],
      fetchSnapshot: inbox.fetchLook,
      onSnapshot: begin,
      onMessage: news,
      onState: linked,
      onForbidden: () => location.assign("/login?next=/desk"),
    }).start();
  } else {
    await look();
    begin();
    if (reference.desk_url) listen({ url: reference.desk_url, topic: "desk", onMessage: heard, onState: linked });
    setInterval(look, reference.desk_url ? SAFE_MS : LOOK_MS);
  }

  function linked(state) {
    inbox.say(state);
    if (state === link) return;
    link = state;
    warnings?.say(state);
    if (state === "live") warnings?.refresh();
  }

  /** A desk that sees a part of the county hears that something of its own has changed, and looks. */
  function heard(message) {
    if (message.kind === "desk.changed") waiting ||= setTimeout(() => ((waiting = 0), look()), BURST_MS);
  }

  async function look() {
    warnings?.refresh();
    try {
      await inbox.fetchLook();
      if (!reference.desk_url) inbox.say("live");
      if (file.code && !file.busy && !document.hidden) file.refresh();
    } catch (error) {
      if (error.forbidden) return location.assign("/login?next=/desk");
      inbox.say("lost");
    }
  }

  function begin() {
    if (begun) return;
    begun = true;
    const narrow = matchMedia("(max-width: 820px)").matches;
    if (wanted) inbox.select(wanted);
    else if (!narrow && inbox.first) inbox.select(inbox.first);
    if (!narrow) inbox.focus();
    root.dataset.ready = "yes";
  }
}
