/** The file of a case: its forms go to the API, and the page is loaded anew when something was done. */
import { watchAge } from "./age.js";
import { post, wordsOf } from "./post.js";

export function start(root) {
  const say = wordsOf(root);
  const base = `/api/v1/cases/${encodeURIComponent(root.dataset.case)}`;
  watchAge(root, say);
  for (const form of root.querySelectorAll("form[data-action]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      act(form, base, say);
    });
  }
  const place = root.querySelector(".photo-form");
  if (place) buildPhotoForm(place, base, say);
}

async function act(form, base, say) {
  const body = {};
  for (const [name, value] of new FormData(form)) if (value) body[name] = value;
  if (form.dataset.escalation) body.escalation = Number(form.dataset.escalation);
  await send(form, `${base}/actions/${form.dataset.action}`, body, say);
}

async function send(form, address, body, say) {
  const [button, word] = [form.querySelector("button"), form.querySelector(".form-word")];
  button.disabled = true;
  word.textContent = say("case.sending");
  const done = await post(address, body, say, "case");
  if (done.ok) return location.reload();
  button.disabled = false;
  word.textContent = say("case.failed", { reason: done.reason });
}

/** Dash has no file input that posts a plain form, so the page brings its own. */
function buildPhotoForm(place, base, say) {
  const form = document.createElement("form");
  form.className = "action-form";
  form.innerHTML = `<label class="file"><span></span><input type="file" name="file" accept="image/jpeg,image/png,image/webp" required></label>
    <button class="tool" type="submit"></button><p class="form-word" role="status"></p>`;
  form.querySelector("span").textContent = place.dataset.label;
  form.querySelector("button").textContent = place.dataset.send;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, `${base}/attachments`, new FormData(form), say);
  });
  place.prepend(form);
}
