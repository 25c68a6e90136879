/** Messages: written to those that are picked, answered, received. Text stays in the form until it is on its way. */
import { watchAge } from "../desk/age.js";
import { post, wordsOf } from "../desk/post.js";

export function start(root) {
  const say = wordsOf(root);
  watchAge(root, say);
  for (const pick of root.querySelectorAll("button[data-pick]")) {
    pick.addEventListener("click", () => pick.setAttribute("aria-pressed", String(pick.getAttribute("aria-pressed") !== "true")));
  }
  const form = root.querySelector("form[data-form]");
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, form.dataset.form === "reply" ? replyOf(form, root) : messageOf(form), say);
  });
  const receive = root.querySelector("button[data-receive-message]");
  receive?.addEventListener("click", async () => {
    receive.disabled = true;
    const done = await post(`/api/v1/messages/${receive.dataset.receiveMessage}/actions/receipt`, {}, say, "ladder.page");
    if (done.ok) location.reload();
    receive.disabled = false;
  });
}

function picked(form, name) {
  return [...form.querySelectorAll(`[data-picks=${name}] [aria-pressed=true]`)].map((pick) => pick.dataset.pick);
}

function messageOf(form) {
  const given = new FormData(form);
  const grids = String(given.get("grids") ?? "").split(/[\s,，、;；]+/).filter(Boolean);
  const body = { subject: given.get("subject"), body: given.get("body"), departments: picked(form, "departments"), areas: [...picked(form, "areas"), ...grids] };
  if (given.get("remind_minutes")) body.remind_minutes = Number(given.get("remind_minutes"));
  return body;
}

function replyOf(form, root) {
  return { subject: `Re: ${form.dataset.subject}`.slice(0, 120), body: new FormData(form).get("body"), reply_to: Number(root.dataset.message) };
}

async function send(form, body, say) {
  const [button, word] = [form.querySelector("button[type=submit]"), form.querySelector(".form-word")];
  if (!body.reply_to && !body.departments.length && !body.areas.length) return (word.textContent = say("ladder.page.nobody"));
  button.disabled = true;
  word.textContent = say("ladder.page.sending");
  const done = await post("/api/v1/messages", body, say, "ladder.page");
  if (done.ok) return location.assign(body.reply_to ? location.href : `/messages/${done.body.id}`);
  button.disabled = false;
  word.textContent = say("ladder.page.failed", { reason: done.reason });
}
