/**
 * What is missing in a form, said under its field in the language of the page: the browser would say it in its own, and
 * would take a line of blanks for a text. Also said: that a text is as long as it may be, and that a file is no picture.
 */
import { el, setText } from "../ui/dom.js";

/** @param root holds the forms, now or later. say: words; `refused_<field>` names what is missing. */
export function tellFaults(root, say) {
  root.addEventListener("click", (event) => judge(event.target.closest("button.go")?.form), true);
  root.addEventListener("invalid", (event) => {
    event.preventDefault();
    const field = event.target;
    const first = !field.form.querySelector("[aria-invalid=true]");
    tell(field, known(say, `refused_${field.name}`) ?? say("refused_needed"));
    field.setAttribute("aria-invalid", "true");
    if (first) field.focus();
  }, true);
  root.addEventListener("input", ({ target }) => {
    const full = target.maxLength > 0 && target.value.length >= target.maxLength;
    clear(target);
    if (full) tell(target, say("full", { n: target.maxLength }));
  });
  root.addEventListener("change", async ({ target }) => {
    if (target.type !== "file") return;
    clear(target);
    if (!target.files[0] || (await isPicture(target.files[0]))) return;
    target.value = "";
    target.dispatchEvent(new Event("change", { bubbles: true }));
    tell(target, say("refused_file"));
  });
  root.addEventListener("reset", ({ target }) => [...target.elements].forEach(clear));
}

function known(say, key) {
  const text = say(key);
  return text === key ? null : text;
}

/** Blanks are nothing; a place is a position or a grid. */
function judge(form) {
  if (!form) return;
  for (const field of form.elements) {
    const nowhere = field.name === "area" && !form.elements.longitude?.value && !field.value;
    const blank = field.required && !field.value.trim();
    clear(field);
    field.setCustomValidity?.(nowhere || blank ? "missing" : "");
  }
}

/** By its first bytes, as the server looks at them: a name says nothing. */
async function isPicture(file) {
  const bytes = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  const text = String.fromCharCode(...bytes);
  return text.startsWith("\xff\xd8\xff") || text.startsWith("\x89PNG") || (text.startsWith("RIFF") && text.endsWith("WEBP"));
}

function tell(field, words) {
  const near = field.closest(".file-pick") ?? field;
  let word = near.parentNode.querySelector(":scope > .fault");
  if (!word) near.after((word = el("span", { class: "fault", role: "alert" })));
  setText(word, words);
}

function clear(field) {
  field.removeAttribute?.("aria-invalid");
  field.setCustomValidity?.("");
  const near = field.closest?.(".file-pick") ?? field;
  near.parentNode?.querySelector(":scope > .fault")?.remove();
}
