/** A list: empty fields stay out of the address, a changed choice asks at once, and the page says when it is old. */
import { watchAge } from "./age.js";
import { wordsOf } from "./post.js";

export function start(root) {
  watchAge(root, wordsOf(root));
  const form = root.querySelector("form.filters");
  if (!form) return;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(form);
  });
  form.addEventListener("change", (event) => {
    if (event.target.tagName === "SELECT") ask(form);
  });
}

function ask(form) {
  const wanted = new URLSearchParams({ state: form.querySelector("button[name=state]").value });
  for (const [name, value] of new FormData(form)) if (value) wanted.set(name, value);
  location.assign(`/cases?${wanted}`);
}
