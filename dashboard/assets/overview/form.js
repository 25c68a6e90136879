/** Writing an instruction: on a case it becomes an order, on a department or a figure a message; both with receipt and result. */
import { post } from "../desk/post.js";
import { el, setText } from "../ui/dom.js";
import { freshKey } from "../ui/key.js";

const PHRASES = ["phrase_1", "phrase_2", "phrase_3"];
const DAY = 86_400_000;
const WORDS = "overview.form";

/** 销号; answers with the reason where it was refused. */
export async function conclude(number, words) {
  const done = await post(`/api/v1/instructions/${number}/actions/conclude`, {}, words.t, WORDS);
  return done.reason ? words.t("overview.form.failed", { reason: done.reason }) : "";
}

/** The instants that a reply may be due by; those that have passed are not offered. */
function dues(clock, words, state) {
  const now = clock.county();
  const midnight = Date.parse(state.picture?.midnights[words.date(now)] ?? "");
  if (!Number.isFinite(midnight)) return [["due_none", null]];
  return [["due_none", null], ["due_today", midnight + 18 * 3_600_000], ["due_tomorrow", midnight + DAY + 12 * 3_600_000], ["due_days", midnight + 3 * DAY + 18 * 3_600_000]].filter(([, at]) => at === null || at > now + 600_000);
}

/** @param target `{about, code, …}`: a case, a department, or a figure with its value */
export function buildForm(target, { words, clock, names, state, done }) {
  const t = (key, values) => words.t(`overview.form.${key}`, values);
  const text = el("textarea", { name: "text", rows: 4, maxlength: 4000, required: true });
  const phrases = el("div", { class: "ov-picks" }, ...PHRASES.map((key) => {
    const pick = el("button", { type: "button", class: "ov-pick" }, t(key));
    pick.addEventListener("click", () => {
      text.value = [text.value.trim(), t(key)].filter(Boolean).join(words.language === "en" ? " " : "");
      text.focus();
    });
    return pick;
  }));
  let due = null;
  const dueButtons = dues(clock, words, state).map(([key, at]) => {
    const pick = el("button", { type: "button", class: "ov-pick", "aria-pressed": at === null ? "true" : "false" }, t(key));
    pick.addEventListener("click", () => {
      due = at;
      for (const one of dueButtons) one.setAttribute("aria-pressed", String(one === pick));
    });
    return pick;
  });
  const chosen = new Set();
  const homeless = target.about === "case" && !target.department; // no department holds it: one must be named
  const to = target.about === "figure" || homeless ? addressees() : null;
  const word = el("p", { class: "ov-word", role: "status" });
  const send = el("button", { type: "submit", class: "ov-go ov-primary" }, t("send"));
  const form = el("form", { class: "ov-form" },
    el("label", {}, el("span", {}, t("text")), text), el("p", { class: "ov-faint" }, t("dictate")), phrases, to,
    el("fieldset", {}, el("legend", {}, t("due")), el("div", { class: "ov-picks" }, ...dueButtons)), el("div", { class: "ov-ways" }, send), word);
  const key = freshKey();
  form.addEventListener("submit", sent);

  /** Departments of a figure; those with overdue cases first. None chosen: the centre. */
  function addressees() {
    const late = new Map((state.figures?.departments ?? []).map((row) => [row.code, row.overdue]));
    const codes = [...names.keys()].sort((a, b) => (late.get(b) ?? 0) - (late.get(a) ?? 0));
    const centre = el("button", { type: "button", class: "ov-pick", "aria-pressed": "true", hidden: homeless }, t("to_centre"));
    const picks = codes.map((code) => {
      const pick = el("button", { type: "button", class: "ov-pick", "aria-pressed": "false", "data-pick": code }, words.short(names.get(code)));
      pick.addEventListener("click", () => {
        const had = chosen.delete(code);
        if (homeless) chosen.clear();
        if (!had) chosen.add(code);
        for (const one of picks) one.setAttribute("aria-pressed", String(chosen.has(one.dataset.pick)));
        centre.setAttribute("aria-pressed", String(chosen.size === 0));
      });
      return pick;
    });
    centre.addEventListener("click", () => {
      chosen.clear();
      picks.forEach((pick) => pick.setAttribute("aria-pressed", "false"));
      centre.setAttribute("aria-pressed", "true");
    });
    return el("fieldset", {}, el("legend", {}, t("to")), el("div", { class: "ov-picks" }, centre, ...picks));
  }

  async function sent(event) {
    event.preventDefault();
    if (!text.value.trim()) return setText(word, t("empty"));
    if (homeless && !chosen.size) return setText(word, t("choose"));
    send.disabled = true;
    setText(word, t("sending"));
    const reply_due = due === null ? {} : { reply_due: new Date(due).toISOString() };
    const answer = target.about === "case"
      ? await post(`/api/v1/cases/${target.code}/actions/instruct`, { note: text.value.trim(), ...(target.department || homeless ? { department: target.department ?? [...chosen][0] } : {}), ...reply_due }, words.t, WORDS)
      : await post("/api/v1/instructions", { about: target.about, code: target.code, text: text.value.trim(), departments: [...chosen], ...(target.value === null || target.value === undefined ? {} : { value: target.value }), ...(target.as_of ? { as_of: target.as_of } : {}), ...reply_due }, words.t, WORDS, key);
    send.disabled = false;
    if (answer.reason) return setText(word, t("failed", { reason: answer.reason }));
    form.replaceChildren(el("p", { class: "ov-sent", role: "status" }, t("sent", { number: answer.body.number ?? target.code })));
    done();
  }

  return form;
}
