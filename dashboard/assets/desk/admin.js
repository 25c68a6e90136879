/** Administration: what changes something is pressed twice, and a new password is shown once. */
import { watchAge } from "./age.js";
import { post, wordsOf } from "./post.js";

const SURE = 4_000; // ms in which the second press counts

export function start(root) {
  const say = wordsOf(root);
  watchAge(root, say);
  const word = root.querySelector(".admin-word");
  for (const button of root.querySelectorAll("button[data-post]")) {
    button.addEventListener("click", () => pressed(button, word, say));
  }
  const form = root.querySelector("form[data-form=account]");
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    add(form, word, say);
  });
}

async function pressed(button, word, say) {
  if (!button.dataset.sure) return askAgain(button, say);
  const done = await post(button.dataset.post, {}, say, "admin");
  tell(word, done, say);
}

/** The first press of a button that changes something. */
export function askAgain(button, say) {
  const before = button.textContent;
  button.dataset.sure = "yes";
  button.textContent = say("admin.sure");
  setTimeout(() => {
    delete button.dataset.sure;
    button.textContent = before;
  }, SURE);
}

async function add(form, word, say) {
  const body = {};
  for (const [name, value] of new FormData(form)) if (value) body[name] = value;
  tell(word, await post("/api/v1/accounts", body, say, "admin"), say);
}

function tell(word, done, say) {
  word.dataset.state = done.ok ? "good" : "bad";
  if (!done.ok) word.textContent = say("admin.failed", { reason: done.reason });
  else if (done.body.password) showPassword(word, done.body, say);
  else location.reload();
}

function showPassword(word, body, say) {
  const secret = document.createElement("code");
  secret.textContent = body.password;
  const hint = document.createElement("span");
  hint.textContent = say("admin.password_hint");
  word.replaceChildren(say("admin.password", { name: body.name }), secret, hint);
}
