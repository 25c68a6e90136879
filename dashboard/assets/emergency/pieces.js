/** What the room and a department's phone share: panels that are kept, tasks with their clocks, news from the place. */
import { el, setAttribute, setText } from "../ui/dom.js";
import { ask, twice } from "./common.js";

/** Keeps a panel as it is while what it shows is the same; else builds it anew and its clocks with it. */
export function keeper(page) {
  const seen = new Map();
  return (name, node, shown, build) => {
    const text = JSON.stringify([shown, page.mine.actions, page.mine.roles]);
    if (seen.get(name) === text) return;
    seen.set(name, text);
    const ticks = [];
    page.ticks.set(name, ticks);
    node.replaceChildren(...build(ticks).filter(Boolean));
  };
}

/** A task with its clock and what this reader may do with it. */
export function taskOf(page, task, mine, ticks) {
  const { words } = page;
  const t = words.t;
  const clock = el("span", { class: "num task-clock" });
  const node = el("li", { class: "room-task", "data-task": task.code, "data-state": task.state });
  if (task.state === "open") {
    const due = Date.parse(task.due_at);
    const opened = Date.parse(task.opened_at);
    ticks.push((now) => {
      const state = now > due ? "overdue" : due - now <= (due - opened) * 0.2 ? "soon" : "running";
      setAttribute(node, "data-clock", state);
      setText(clock, t(now > due ? "emergency.matrix.late" : "emergency.matrix.left", { time: words.countdown(now - due) }));
    });
  } else if (task.ended_at) setText(clock, words.minute(Date.parse(task.ended_at)));
  const mayDo = task.state === "open" && mine.actions.includes("do");
  const maySkip = ["open", "waiting"].includes(task.state) && mine.actions.includes("skip");
  node.append(
    el("i", { class: "task-sign", "aria-hidden": "true" }),
    el("div", { class: "task-main" },
      el("div", { class: "task-text" }, task.life ? el("span", { class: "tag tag-life" }, t("emergency.life_tag")) : null, task.text),
      el("div", { class: "task-facts" }, el("span", {}, task.name), el("span", {}, t(`emergency.task.${task.state}`)), task.waits ? el("span", { class: "faint" }, `← ${task.waits}`) : null, clock, task.result ? el("span", { class: "faint" }, task.result) : null)),
    ...[mayDo ? twice(el("button", { type: "button", class: "tool tool-small tool-go", "data-act": "do" }, t("emergency.do.do")), words, () => page.act("do", { task: task.code })) : null,
      maySkip ? el("button", { type: "button", class: "tool tool-small", "data-act": "skip", onclick: () => ask(words, `${t("emergency.do.skip")} · ${task.text}`, [{ name: "note", label: t("emergency.field.reason"), kind: "area", required: true }], (values) => page.act("skip", { ...values, task: task.code })) }, t("emergency.do.skip")) : null].filter(Boolean));
  return node;
}

/** What somebody reports from the place, and what it is about. Words that are being typed survive a new picture. */
export function tellForm(page) {
  if (page.telling) return page.telling;
  const { words } = page;
  const t = words.t;
  const about = el("select", { "aria-label": t("emergency.field.element") }, ...["situation", "extent", "losses", "trend", "leaders", "advice"].map((one) => el("option", { value: one }, t(`emergency.element.${one}`))));
  const text = el("input", { type: "text", maxlength: 2000, required: true, placeholder: t("emergency.do.tell"), "aria-label": t("emergency.do.tell") });
  const word = el("p", { class: "form-word", role: "alert" });
  page.telling = el("form", { class: "tell-form" }, about, text, el("button", { type: "submit", class: "tool" }, t("emergency.phone_page.send")), word);
  page.telling.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = await page.act("tell", { note: text.value.trim(), element: about.value });
    setText(word, said ?? "");
    if (!said) text.value = "";
  });
  return page.telling;
}
