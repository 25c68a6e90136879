/** The keyboard: one letter, one deed, wherever no one is typing; `?` shows them all. */
import { el } from "../ui/dom.js";

const TYPING = new Set(["INPUT", "TEXTAREA", "SELECT"]);

/** @param deeds `[{keys: ["j"], label, run(event)}]`; the letters of actions go to `act(letter)` → whether one was meant. */
export function bindKeys({ deeds, act = () => false, help }) {
  const byKey = new Map(deeds.flatMap((deed) => deed.keys.map((key) => [key, deed])));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.target instanceof HTMLElement && (TYPING.has(event.target.tagName) || event.target.isContentEditable)) return;
    if (event.key === "?") return void (event.preventDefault(), help());
    if (event.key === "Enter" && event.target.closest?.("a, button, summary")) return;
    const deed = byKey.get(event.key);
    if (deed) {
      event.preventDefault();
      deed.run(event);
    } else if (event.key.length === 1 && act(event.key)) event.preventDefault();
  });
}

/** The sheet of keys as a dialogue. */
export function helpSheet(words, deeds, forms) {
  const line = (keys, label) => el("div", { class: "key-line" }, el("dt", {}, ...keys.map((key) => el("kbd", {}, key))), el("dd", {}, label));
  const shown = deeds.filter((deed) => deed.label).map((deed) => line(deed.shown ?? deed.keys, deed.label));
  const moves = forms.filter((form) => form.key).map((form) => line([form.key], form.label));
  const close = el("button", { type: "button", class: "tool tool-small", onclick: () => sheet.close() }, words.t("work.close"));
  const sheet = el("dialog", { class: "key-sheet", "aria-label": words.t("work.keys.title") },
    el("header", {}, el("h2", {}, words.t("work.keys.title")), close),
    el("div", { class: "key-columns" },
      el("section", {}, el("h3", {}, words.t("work.keys.general")), el("dl", {}, ...shown)),
      el("section", {}, el("h3", {}, words.t("work.keys.moves")), el("dl", {}, ...moves), el("p", { class: "faint" }, words.t("work.keys.hint")))));
  document.querySelector(".desk").append(sheet);
  return { open: () => sheet.showModal() };
}
