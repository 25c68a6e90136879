/**
 * A form generated from one row of the table of moves. What is typed is never lost: a draft is kept for this tab until it
 * was sent, a fault is shown at its field, and a refusal leaves every word where it is.
 *
 *   const form = buildForm({ move, reference, given, draft, send });   // send(values) → answer of api.tell
 */
import { el, setText } from "../ui/dom.js";
import { reason } from "./api.js";
import { buildField } from "./fields.js";

const HAPPENED = "happened_at";

/** @param draft the name under which the draft is kept; @param given values that the form begins with */
export function buildForm({ move, reference, given = {}, draft = null, send, oncancel = null, late = true, beside = null }) {
  const { words } = reference;
  const listed = move.fields.map((field) => buildField(field, reference));
  const has = listed.some((field) => field.name === HAPPENED);
  const when = late && !has ? buildField({ name: HAPPENED, kind: "instant", required: false, label: words.t("work.field.happened_at") }, reference) : null;
  const fields = when ? [...listed, when] : listed;
  const word = el("p", { class: "form-word", role: "status" });
  const go = el("button", { type: "submit", class: "tool tool-go" }, words.t("case.do", { action: move.label }), el("kbd", {}, "↵"));
  const cancel = oncancel ? el("button", { type: "button", class: "tool", onclick: oncancel }, words.t("work.cancel"), el("kbd", {}, "Esc")) : null;
  const fold = (text, ...inside) => el("details", { class: "form-late" }, el("summary", {}, text), el("div", { class: "form-fold" }, ...inside));
  const more = when ? fold(words.t("work.late_entry"), when.node) : null;
  const aside = listed.filter((_, number) => move.fields[number].aside);
  const others = aside.length ? fold(aside.map((field) => field.label).join(" · "), ...aside.map((field) => field.node)) : null;
  const node = el("form", { class: "move-form", "data-action": move.action, novalidate: true },
    ...listed.filter((field) => !aside.includes(field)).map((field) => field.node), beside, others, more, el("div", { class: "form-foot" }, go, cancel, word));

  function values() {
    const read = {};
    for (const field of fields) {
      const value = field.read();
      if (value !== undefined) read[field.name] = value;
    }
    return read;
  }

  function fill(from) {
    for (const field of fields) if (field.name in from) field.write(from[field.name]);
  }

  /** The first empty field that must be filled, marked; null where all are. */
  function missing() {
    let first = null;
    for (const field of fields) {
      const empty = field.required && field.read() === undefined;
      field.fault(empty ? words.t("work.missing") : null);
      if (empty) first ??= field;
    }
    return first;
  }

  function refuse(answer) {
    const faults = answer.body.errors ?? [{ field: answer.body.field, detail: answer.body.detail }];
    let shown = false;
    if (answer.status === 422) {
      for (const { field: name, detail } of faults) {
        const field = fields.find((one) => one.name === name);
        if (!field) continue;
        field.fault(detail);
        const folded = field.node.closest("details");
        if (folded) folded.open = true;
        if (!shown) field.first.focus();
        shown = true;
      }
    }
    setText(word, shown ? words.t("work.look_at_fields") : words.t("case.failed", { reason: reason(answer, words) }));
  }

  async function submit(event) {
    event?.preventDefault();
    const empty = missing();
    if (empty) return void empty.first.focus();
    go.disabled = true;
    setText(word, words.t("case.sending"));
    const answer = await send(values());
    go.disabled = blocked;
    if (answer.ok) return forget();
    refuse(answer);
  }

  let blocked = false;
  const key = draft && `gc-draft:${draft}`;
  const remember = () => key && sessionStorage.setItem(key, JSON.stringify(values()));
  const forget = () => key && sessionStorage.removeItem(key);

  node.addEventListener("submit", submit);
  node.addEventListener("input", remember);
  node.addEventListener("change", remember);
  node.addEventListener("keydown", (event) => {
    const area = event.target.tagName === "TEXTAREA";
    if (event.key === "Enter" && !event.isComposing && event.target !== go && event.target !== cancel && (!area || event.ctrlKey || event.metaKey)) submit(event);
    if (event.key === "Escape" && oncancel) oncancel();
  });
  fill(given);
  const kept = key && sessionStorage.getItem(key);
  if (kept) fill(JSON.parse(kept));
  return {
    node,
    values,
    fill,
    submit,
    say: (text) => setText(word, text),
    /** Whether it may be sent: what was typed stays to be read and copied either way. */
    allow(may) {
      blocked = !may;
      go.disabled = blocked;
    },
    focus() {
      const empty = fields.find((field) => field.required && field.read() === undefined);
      (empty ?? fields[0])?.first.focus();
      if (!fields.length) go.focus();
    },
  };
}
