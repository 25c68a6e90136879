/** Duty: signing a sheet (pressed twice), printing, and the page's age. */
import { watchAge } from "../desk/age.js";
import { post, wordsOf } from "../desk/post.js";
import { isSecond } from "../ui/twice.js";

export function start(root) {
  const say = wordsOf(root);
  watchAge(root, say);
  for (const form of root.querySelectorAll("form[data-sign]")) form.addEventListener("submit", (event) => sign(event, say));
  root.querySelector("[data-print]")?.addEventListener("click", () => print());
  const day = root.querySelector("form.filters");
  day?.addEventListener("change", (event) => event.target.tagName === "SELECT" && day.requestSubmit());
}

async function sign(event, say) {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button[type=submit]");
  if (!isSecond(button, say("duty.sure"))) return;
  button.disabled = true;
  const done = await post(form.dataset.sign, Object.fromEntries(new FormData(form)), say, "duty");
  button.disabled = false;
  if (done.ok) location.assign(`/duty/${done.body.number}`);
  else form.querySelector(".form-word").textContent = done.reason;
}
