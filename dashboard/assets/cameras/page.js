/** What the pages of cameras share: what the server told the page, and a small button. */
import { el } from "../ui/dom.js";

/** The JSON of `data-about`. */
export function aboutOf(root) {
  return JSON.parse(root.dataset.about ?? "{}");
}

/** A button that does something; disabled while it does. */
export function button(words, act, attributes = {}) {
  const node = el("button", { type: "button", class: "tool", ...attributes }, words);
  node.addEventListener("click", async () => {
    node.disabled = true;
    try {
      await act(node);
    } finally {
      node.disabled = false;
    }
  });
  return node;
}

/** A labelled field; `type` is an input's, or `area` for several lines. */
export function field(name, words, value = "", attributes = {}) {
  const input = el("input", { name, type: "text", class: "desk-select", autocomplete: "off", ...attributes });
  input.value = value ?? "";
  return el("label", { class: "field" }, el("span", {}, words), input);
}
