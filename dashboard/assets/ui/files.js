/** A field for files that speaks the language of the page: the browser's own words are those of its system. */
import { el, setText } from "./dom.js";

/**
 * Put a file input behind a button of ours and a word that says what was chosen; it stays the field that it was.
 * `choose` is on the button, `none` stands beside it while nothing is chosen. Answers the node that holds it.
 */
export function dressed(input, { choose, none }) {
  const word = el("span", { class: "file-word" }, none);
  const node = el("span", { class: "file-pick" }, el("span", { class: "file-choose" }, choose), word);
  if (input.parentNode) input.before(node);
  node.prepend(input);
  const tell = () => setText(word, [...input.files].map((file) => file.name).join("、") || none);
  input.addEventListener("change", tell);
  input.form?.addEventListener("reset", () => setTimeout(tell));
  return node;
}
