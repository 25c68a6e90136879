/** Reports upward: timers, drafts edited by a person, what was sent and where to print it. */
import { el, setAttribute, setText } from "../ui/dom.js";
import { ask, twice } from "./common.js";

export function reportsPanel(page, room, mine, ticks) {
  const { words } = page;
  const t = words.t;
  const can = (action) => mine.actions.includes(action);
  const timers = room.timers.filter((one) => one.kind !== "phone" || !one.done_at).map((one) => timerOf(one, words, ticks));
  const tools = el("div", { class: "report-tools" },
    can("draft-report") ? el("button", { type: "button", class: "tool tool-small tool-go", "data-act": "draft-report", onclick: (event) => once(event.target, () => page.act("draft-report")) }, t("emergency.do.draft-report")) : null,
    can("phone") ? el("button", { type: "button", class: "tool tool-small", "data-act": "phone", onclick: () => ask(words, t("emergency.do.phone"), [{ name: "to", label: t("emergency.field.to"), kind: "text", required: true }], (values) => page.act("phone", values)) }, t("emergency.do.phone")) : null);
  const rows = [...room.reports].reverse().map((one) => reportOf(page, room, one, mine));
  return [...timers, tools, ...(rows.length ? rows : [el("p", { class: "faint case-note" }, t("emergency.report.none"))])];
}

async function once(button, deed) {
  button.disabled = true;
  await deed();
  button.disabled = false;
}

function timerOf(timer, words, ticks) {
  const t = words.t;
  const due = Date.parse(timer.due_at);
  const said = el("span", { class: "num" });
  const node = el("div", { class: "report-timer", "data-kind": timer.kind }, el("i", { class: "cell-sign", "aria-hidden": "true" }), el("b", {}, t(`emergency.report.${timer.kind}`)), said);
  if (timer.done_at) {
    setAttribute(node, "data-clock", Date.parse(timer.done_at) <= due ? "in-time" : "late");
    setText(said, t("emergency.report.given", { time: words.minute(Date.parse(timer.done_at)) }));
  } else {
    ticks.push((now) => {
      setAttribute(node, "data-clock", now > due ? "overdue" : due - now < 300_000 ? "soon" : "running");
      setText(said, now > due ? t("emergency.report.overdue", { time: words.countdown(now - due) }) : `${t("emergency.report.due", { time: words.minute(due) })} · ${words.countdown(due - now)}`);
    });
  }
  return node;
}

function reportOf(page, room, report, mine) {
  const { words } = page;
  const t = words.t;
  const draft = !report.sent_at;
  const link = (kind, text) => el("a", { class: "tool tool-small", href: `/emergencies/${room.number}/reports/${report.number}${kind}` }, text);
  const acts = [];
  if (draft && mine.actions.includes("edit-report")) {
    acts.push(el("button", { type: "button", class: "tool tool-small", "data-act": "edit-report", onclick: () => edit(page, report) }, t("emergency.do.edit-report")));
    acts.push(el("button", { type: "button", class: "tool tool-small tool-go", "data-act": "send-report", onclick: () => ask(words, `${report.name} · ${t("emergency.do.send-report")}`, [{ name: "to", label: t("emergency.field.to"), kind: "text", required: true }], (values) => page.act("send-report", { ...values, report: report.number })) }, t("emergency.do.send-report")));
    acts.push(twice(el("button", { type: "button", class: "tool tool-small", "data-act": "discard-report" }, t("emergency.do.discard-report")), words, () => page.act("discard-report", { report: report.number })));
  }
  return el("article", { class: "report-card", "data-report": report.number, "data-kind": report.kind, "data-sent": draft ? "" : "yes" },
    el("header", {}, el("b", {}, report.name), el("span", { class: "num faint" }, t("emergency.report.number", { n: report.number })),
      el("span", { class: "faint" }, draft ? t("emergency.report.draft") : t("emergency.report.sent", { time: words.minute(Date.parse(report.sent_at)), name: report.sent_by, to: report.sent_to }))),
    el("details", { open: draft }, el("summary", {}, report.elements.map((one) => one.label).join(" · ")), el("dl", { tabindex: 0 }, ...report.elements.flatMap((one) => [el("dt", {}, one.label), el("dd", {}, one.text)]))),
    el("footer", {}, ...acts, link("", t("emergency.print")), link("/pdf", t("emergency.report.pdf")), link("/docx", t("emergency.report.word"))));
}

function edit(page, report) {
  const fields = report.elements.map((one) => ({ name: one.key, label: one.label, kind: "area", value: one.text, rows: Math.min(8, one.text.split("\n").length + 1) }));
  const dialog = ask(page.words, report.name, fields, (values) => {
    const elements = Object.fromEntries(report.elements.map((one) => [one.key, values[one.key] ?? ""]));
    return page.act("edit-report", { report: report.number, elements });
  });
  dialog.classList.add("emergency-dialog-wide");
}
