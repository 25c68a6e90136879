/** Administration: what changes something is pressed twice, and a new password is shown once. */
import { el } from "../ui/dom.js";
import { isSecond } from "../ui/twice.js";
import { watchAge } from "./age.js";
import { post, wordsOf } from "./post.js";

export function start(root) {
  const say = wordsOf(root);
  watchAge(root, say);
  const word = root.querySelector(".admin-word");
  wire(root, word, say);
  const form = root.querySelector("form[data-form=account]");
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    add(form, word, say);
  });
}

/** Buttons that change something by one request, pressed twice. */
export function wire(root, word, say) {
  for (const button of root.querySelectorAll("button[data-post]")) {
    button.addEventListener("click", () => pressed(button, word, say));
  }
}

async function pressed(button, word, say) {
  if (!isSecond(button, say("admin.sure"))) return;
  const body = button.dataset.number ? { number: Number(button.dataset.number) } : {};
  tell(word, await post(button.dataset.post, body, say, "admin"), say);
}

async function add(form, word, say) {
  const body = {};
  for (const [name, value] of new FormData(form)) if (value) body[name] = value;
  tell(word, await post("/api/v1/accounts", body, say, "admin"), say);
}

/** What became of a request: why it was refused, a secret that is shown once, or the page anew. */
export function tell(word, done, say) {
  word.dataset.state = done.ok ? "good" : "bad";
  if (!done.ok) word.textContent = say("admin.failed", { reason: done.reason });
  else if (done.body.password) showOnce(word, done.body.password, say("admin.password", { name: done.body.name }), say("admin.password_hint"));
  else if (done.body.secret) showOnce(word, done.body.secret, say("webhooks.secret", { name: done.body.name }), say("webhooks.secret_hint"));
  else location.reload();
}

function showOnce(word, secret, title, hint) {
  word.replaceChildren(title, el("code", {}, secret), el("span", {}, hint));
}
