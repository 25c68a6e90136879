/**
 * What every page of emergencies needs: words and the county's clock, a deed that is sent until it has arrived (each with
 * its key, so that it happens once), the socket that says that something changed, and small forms.
 */
import { el, setText } from "../ui/dom.js";
import { listen as hear } from "../ui/ear.js";
import { freshKey } from "../ui/key.js";
import { isSecond } from "../ui/twice.js";
import { makeWords } from "../ui/words.js";

const TRIES = 18;
const LONGEST_WAIT = 4_000;
/** A request that says nothing for so long went to a server that has died; its key makes sending it again harmless. */
const PATIENCE = 8_000;

export function wordsFor(root) {
  const texts = JSON.parse(root.dataset.words ?? "{}");
  return makeWords({ texts, language: root.dataset.language ?? document.documentElement.lang, zone: root.dataset.zone ?? "Asia/Shanghai" });
}

/** The county's time, as the server last told it. */
export function countyClock() {
  let [told, at, pace] = [Date.now(), performance.now(), 1];
  return {
    hear(text, speed = 1) {
      [told, at, pace] = [Date.parse(text), performance.now(), speed];
    },
    now: () => told + (performance.now() - at) * pace,
  };
}

/**
 * POST under a key. Without a connection, or while the server comes back, the same deed is sent again with the same key;
 * the server does it once. Answers `{ok, status, body}`.
 */
export async function send(address, body, key = freshKey()) {
  const headers = { "X-GC-CSRF": "1", Accept: "application/json", "Content-Type": "application/json", "Idempotency-Key": key };
  let last = { ok: false, status: 0, body: {} };
  for (let tries = 0; tries < TRIES; tries += 1) {
    try {
      const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(body), signal: AbortSignal.timeout(PATIENCE) });
      last = { ok: answer.ok, status: answer.status, body: await answer.json().catch(() => ({})) };
      if (answer.status < 500) return last;
    } catch {
      last = { ok: false, status: 0, body: {} };
    }
    await new Promise((done) => setTimeout(done, Math.min(LONGEST_WAIT, 400 * 2 ** tries)));
  }
  return last;
}

/** Why something was not done, in the reader's words; what the server says about a field is said as it is. */
export function reasonOf(answer, words) {
  const known = { 0: "network", 401: "expired", 403: "forbidden" }[answer.status];
  const said = answer.body.detail ?? "";
  if (known) return words.t(`emergency.${known}`);
  return answer.status === 409 ? `${words.t("emergency.conflict")} ${said}` : said || String(answer.status);
}

/** Hear of emergencies for ever. `changed(message)` on every fact and, with null, after every (re)connection. */
export function listen(url, { changed, state = () => {} }) {
  hear({
    url, topic: "emergencies", calm: false, onState: state,
    onOpen: () => changed(null),
    onMessage: (message) => message.kind.startsWith("emergency.") && changed(message),
    onUnknown: () => location.assign("/login"),
  });
}

/** The response level: a Roman number in a frame, whose weight grows with it. */
export function levelSign(words, level) {
  return el("span", { class: "response-level", "data-level": level }, words.t(`emergency.level.${level}`));
}

/** A button that has to be pressed twice within four seconds. */
export function twice(button, words, deed, again = "emergency.phone_page.again") {
  button.addEventListener("click", () => isSecond(button, words.t(again)) && deed());
  return button;
}

/**
 * Ask for fields in a dialogue. `fields`: [{name, label, kind: text|area|choice|number, options: [[value, text]], value,
 * required}]; `go(values)` answers null when done, or a sentence that says why not.
 */
export function ask(words, title, fields, go) {
  const word = el("p", { class: "form-word", role: "alert" });
  const inputs = fields.map((field) => [field, inputOf(field)]);
  const button = el("button", { type: "submit", class: "tool tool-go" }, words.t("emergency.confirm_button"));
  const form = el("form", { class: "emergency-ask" },
    el("header", {}, el("h2", {}, title)),
    ...inputs.map(([field, input]) => el("label", {}, el("span", {}, field.label), input)),
    word,
    el("footer", {}, el("button", { type: "button", class: "tool", onclick: () => dialog.close() }, words.t("emergency.cancel_button")), button));
  const dialog = el("dialog", { class: "emergency-dialog", "aria-label": title }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = {};
    for (const [field, input] of inputs) {
      const value = input.value.trim();
      if (value) values[field.name] = field.kind === "number" ? Number(value) : value;
    }
    button.disabled = true;
    const said = await go(values);
    button.disabled = false;
    if (said) setText(word, said);
    else dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  inputs[0]?.[1].focus();
  return dialog;
}

function inputOf(field) {
  const own = { name: field.name, required: field.required };
  if (field.kind === "choice") {
    const options = field.options.map(([value, text]) => el("option", { value, selected: String(field.value) === String(value) }, text));
    return el("select", own, ...options);
  }
  if (field.kind === "area") {
    const area = el("textarea", { ...own, rows: field.rows ?? 3, maxlength: 2000 });
    area.value = field.value ?? "";
    return area;
  }
  const input = el("input", { ...own, type: field.kind === "number" ? "number" : "text", step: "any", maxlength: 300, autocomplete: "off" });
  input.value = field.value ?? "";
  return input;
}
