/** The queue: keeps what was written before anything is sent, sends it once, and shows how each entry stands. */
import { freshKey } from "../ui/key.js";
import { all, put, remove } from "./store.js";
import { send } from "./sending.js";

const TRY_AGAIN = 10_000; // ms between two tries while something waits

/**
 * @param phone the page's root. say: words. sent: called with each entry that has arrived.
 */
export function outbox(phone, say, { sent, mend }) {
  const owner = phone.dataset.user;
  const section = phone.querySelector(".queue");
  const list = section.querySelector("ol");
  let timer;
  let running = false;

  const keep = async (entry) => {
    await put(entry);
    await show();
  };

  async function add(entry) {
    await keep({ id: freshKey(), owner, at: Date.now(), state: "waiting", reason: "waiting", detail: "", ...entry });
    flush();
  }

  /** One at a time, and in one tab only where the browser can say so; the server knows repeated ones besides. */
  async function flush() {
    if (running) return;
    running = true;
    try {
      await (navigator.locks ? navigator.locks.request("gridcommand-phone", sendAll) : sendAll());
    } finally {
      running = false;
    }
    clearTimeout(timer);
    const left = (await all(owner)).some((entry) => entry.state === "waiting");
    if (left) timer = setTimeout(flush, TRY_AGAIN);
  }

  async function sendAll() {
    for (const entry of await all(owner)) {
      if (entry.state === "refused") continue;
      entry.state = "sending";
      await keep(entry);
      await send(entry, keep);
      if (entry.state === "sent") {
        await remove(entry.id);
        sent(entry);
        await show();
      } else if (entry.state === "waiting") break; // without a network the others need not be tried
    }
    await unstick();
  }

  /** What was being sent when the page was closed waits again. */
  async function unstick() {
    for (const entry of await all(owner)) if (entry.state === "sending") await keep({ ...entry, state: "waiting" });
  }

  async function show() {
    const entries = await all(owner);
    section.hidden = !entries.length;
    section.querySelector("[data-count=queue]").textContent = entries.length;
    list.replaceChildren(...entries.map(line));
    mark(entries);
  }

  function line(entry) {
    const item = document.createElement("li");
    item.dataset.entry = entry.id;
    item.dataset.state = entry.state;
    const title = document.createElement("b");
    title.textContent = entry.title;
    const row = document.createElement("span");
    row.className = "line";
    const word = document.createElement("span");
    word.className = "entry-state";
    word.textContent = wordOf(entry);
    row.append(word);
    if (entry.photo) row.append(Object.assign(document.createElement("span"), { className: "hint", textContent: say("photo_one") }));
    item.append(title, row);
    if (entry.state === "refused") item.append(choices(entry));
    return item;
  }

  function wordOf(entry) {
    if (entry.state === "sending") return say("being_sent");
    return entry.state === "refused" && entry.detail ? say("refused_word", { reason: entry.detail }) : say(entry.reason);
  }

  function choices(entry) {
    const row = document.createElement("span");
    row.className = "entry-choices";
    if (entry.kind === "report" && !entry.code) row.append(button("mend", async () => {
      await remove(entry.id);
      await show();
      mend(entry);
    }));
    const drop = button("drop", async () => {
      if (!drop.dataset.sure) {
        drop.dataset.sure = "yes";
        drop.textContent = say("drop_sure");
        return;
      }
      await remove(entry.id);
      await show();
    });
    row.append(drop);
    return row;
  }

  function button(key, pressed) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "small";
    made.textContent = say(key);
    made.addEventListener("click", pressed);
    return made;
  }

  /** Tasks and rounds that wait to be sent say so where they stand. */
  function mark(entries) {
    for (const place of phone.querySelectorAll("[data-task], .round")) {
      const { task, slot } = place.dataset;
      const waits = entries.some((entry) => (task ? entry.code === task : entry.slot === slot));
      place.toggleAttribute("data-waiting", waits);
    }
  }

  addEventListener("online", flush);
  document.addEventListener("visibilitychange", () => document.hidden || flush());
  unstick().then(show).then(flush);
  return { add, flush, show, count: async () => (await all(owner)).length };
}
