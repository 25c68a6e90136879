/** Webhooks: what changes something is pressed twice; a new secret is shown once and stays until somebody leaves the page. */
import { watchAge } from "../desk/age.js";
import { askAgain } from "../desk/admin.js";
import { post, wordsOf } from "../desk/post.js";

export function start(root) {
  const say = wordsOf(root);
  watchAge(root, say);
  const word = root.querySelector(".admin-word");
  for (const button of root.querySelectorAll("button[data-post]")) button.addEventListener("click", () => press(button, word, say));
  const form = root.querySelector("form[data-form=webhook]");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    add(form, word, say);
  });
}

async function press(button, word, say) {
  if (!button.dataset.sure) return askAgain(button, say);
  const body = button.dataset.number ? { number: Number(button.dataset.number) } : {};
  const done = await post(button.dataset.post, body, say, "admin");
  return done.ok ? location.reload() : refuse(word, done, say);
}

async function add(form, word, say) {
  const given = new FormData(form);
  const body = { name: given.get("name").trim(), url: given.get("url").trim(), kinds: given.getAll("kinds") };
  const done = await post("/api/v1/webhooks", body, say, "admin");
  if (!done.ok) return refuse(word, done, say);
  word.dataset.state = "good";
  const secret = document.createElement("code");
  secret.textContent = done.body.secret;
  const hint = document.createElement("span");
  hint.textContent = say("webhooks.secret_hint");
  word.replaceChildren(say("webhooks.secret", { name: done.body.name }), secret, hint);
  return form.reset();
}

function refuse(word, done, say) {
  word.dataset.state = "bad";
  word.textContent = say("admin.failed", { reason: done.reason });
}
