/**
 * The file of a case: fetched as a part of a page, with the forms of what this reader may do now. When somebody else was
 * quicker, it says what changed, and what was typed stays where it is.
 *
 *   const file = makeFile(room, reference, { onmoved });
 *   await file.open(code); file.refresh(); file.run(action); file.close();
 */
import { openTiles } from "../cameras/tiles.js";
import { el, setText } from "../ui/dom.js";
import { dressed } from "../ui/files.js";
import { actionOf, reason, tell } from "./api.js";
import { buildForm } from "./form.js";
import { drawPlace } from "./place.js";
import { offerMerge } from "./merge.js";

export function makeFile(room, reference, { onacting = () => {}, onmoved = () => {}, onopened = () => {} } = {}) {
  const { words } = reference;
  const state = { code: null, coming: null, letter: null, article: null, form: null, action: null, photos: null, stop: () => {}, asked: 0 };

  async function fetched(code) {
    try {
      const answer = await fetch(`/live/files/${encodeURIComponent(code)}`);
      return { ok: answer.ok, status: answer.status, body: answer.ok ? await answer.text() : await answer.json().catch(() => ({})) };
    } catch {
      return { ok: false, status: 0, body: {} };
    }
  }

  async function open(code) {
    if (code !== state.code) closeForm();
    const number = ++state.asked;
    state.coming = code;
    if (code !== state.code) room.dataset.waiting = "yes";
    const answer = await fetched(code);
    if (number !== state.asked) return false; // somebody has gone on to another case in the meantime
    delete room.dataset.waiting;
    const letter = code === state.code ? null : state.letter;
    Object.assign(state, { coming: null, letter: null });
    if (!answer.ok) {
      room.replaceChildren(el("p", { class: "empty" }, words.t(answer.status === 404 ? "desk.problem.404" : "case.network")));
      Object.assign(state, { code, article: null });
      return false;
    }
    if (code !== state.code) closeForm(); // a form belongs to the case that it was opened for, and to no other
    show(code, answer.body);
    if (letter) press(letter);
    return true;
  }

  function show(code, html) {
    const scrolled = code === state.code ? room.scrollTop : 0;
    const holder = document.createElement("template");
    holder.innerHTML = html;
    const article = holder.content.firstElementChild;
    const typing = state.form?.node.contains(document.activeElement) ? document.activeElement : null;
    state.stop();
    Object.assign(state, { code, article });
    room.replaceChildren(article);
    decorate(article);
    room.scrollTop = scrolled;
    typing?.focus({ preventScroll: true });
    onopened(code, article);
  }

  const possible = () => JSON.parse(state.article?.dataset.actions ?? "[]").filter((name) => reference.forms.has(name));

  function decorate(article) {
    const place = article.querySelector(".file-do");
    const buttons = possible().map((name) => actionButton(reference.forms.get(name)));
    const bar = el("div", { class: "file-actions", role: "toolbar", "aria-label": words.t("case.actions") }, ...buttons);
    place.append(buttons.length ? bar : el("p", { class: "faint" }, words.t("case.no_actions")), el("div", { class: "file-form" }));
    if (state.form) keepForm();
    for (const form of article.querySelectorAll("form[data-escalation]")) form.addEventListener("submit", (event) => acknowledge(event, form));
    const photos = article.querySelector(".photo-form");
    if (photos) buildPhotos(photos);
    for (const button of article.querySelectorAll("[data-merge]")) offerMerge(button, { reference, article, run, possible });
    const later = [drawPlace(article.querySelector(".file-map"), reference), watch(article)];
    for (const button of article.querySelectorAll("[data-end]")) button.addEventListener("click", () => run(button.dataset.end, { note: button.dataset.note }));
    for (const button of article.querySelectorAll("[data-suggest]")) button.addEventListener("click", () => take(button.dataset));
    state.stop = () => later.forEach((stop) => stop.then((end) => end?.()));
  }

  function actionButton(move) {
    const key = move.key && el("kbd", {}, move.key);
    return el("button", { type: "button", class: "tool", "data-do": move.action, "aria-expanded": "false", onclick: () => run(move.action) }, move.label, key);
  }

  // --- forms ---------------------------------------------------------------------------------------------------------

  /** A letter of the keyboard: at once, or as soon as the case that was just chosen is there. Whether it means anything. */
  function press(letter) {
    if (state.coming !== null && state.coming !== state.code) {
      const known = [...reference.forms.values()].some((move) => move.key === letter);
      if (known) state.letter = letter;
      return known;
    }
    const action = possible().find((name) => reference.forms.get(name).key === letter);
    if (action) run(action);
    return Boolean(action);
  }

  /** Take an action up: send at once what needs no word, else show its form. `given` fills fields in. */
  function run(action, given = {}) {
    if (!possible().includes(action)) return false;
    const move = reference.forms.get(action);
    if (move.at_once) return void act(action, {}).then((answer) => answer.ok || changedOrFailed(answer));
    if (state.action === action) return void (state.form.fill(given), state.form.focus());
    closeForm();
    const from = JSON.parse(state.article.dataset.given);
    state.action = action;
    state.photos = move.photos ? photoField() : null;
    state.form = buildForm({
      move, reference, beside: state.photos?.node, draft: `${state.code}:${action}`, given: { ...from, ...given }, oncancel: closeForm,
      send: (values) => act(action, values),
    });
    keepForm();
    state.form.focus();
    return true;
  }

  /** Put the open form where it belongs in the file that is shown now. */
  function keepForm() {
    const still = possible().includes(state.action);
    const room_ = state.article.querySelector(".file-form");
    room_.replaceChildren(state.form.node);
    state.form.allow(still);
    for (const button of state.article.querySelectorAll("[data-do]")) button.setAttribute("aria-expanded", String(button.dataset.do === state.action));
    if (!still) state.form.say(words.t("work.no_longer", { action: reference.forms.get(state.action).label }));
  }

  function closeForm() {
    state.form?.node.remove();
    Object.assign(state, { form: null, action: null, photos: null });
    for (const button of state.article?.querySelectorAll("[data-do]") ?? []) button.setAttribute("aria-expanded", "false");
  }

  /** A suggestion goes into the form of the move that sets it; a person sends it. */
  function take({ suggest, code }) {
    run(suggest === "category" ? "classify" : possible().includes("dispatch") ? "dispatch" : "adjudicate", { [suggest]: code });
  }

  async function act(action, values) {
    const code = state.code;
    onacting(code);
    const refused = await upload(state.photos?.input.files ?? [], (text) => state.form?.say(text));
    if (refused) return refused;
    const version = reference.versioned ? { version: Number(state.article.dataset.version) } : {};
    const answer = await tell(actionOf(code, action), { ...values, ...version });
    if (answer.ok) {
      closeForm();
      await open(code);
      onmoved(code, action, answer.body);
    } else if (answer.status === 409) await showChanges(answer);
    return answer;
  }

  /** Somebody was quicker: the file as it is now, what came in between, and the form with its words as they were. */
  async function showChanges(answer) {
    const known = Number(state.article.dataset.trace);
    const focus = document.activeElement;
    const fresh = await fetched(state.code);
    if (!fresh.ok) return;
    show(state.code, fresh.body);
    const lines = [...state.article.querySelectorAll(".trace li")].filter((line) => Number(line.dataset.number) > known);
    const box = state.article.querySelector(".file-changed");
    box.replaceChildren(
      el("b", {}, words.t(lines.length ? "work.changed" : "case.failed", { reason: answer.body.detail ?? "" })),
      el("ol", { class: "trace" }, ...lines.reverse().map((line) => line.cloneNode(true))),
      el("p", {}, state.form ? words.t(possible().includes(state.action) ? "work.changed_again" : "work.changed_kept") : ""),
    );
    if (focus?.isConnected) focus.focus();
  }

  function changedOrFailed(answer) {
    const box = state.article.querySelector(".file-changed");
    if (answer.status !== 409) box.replaceChildren(el("b", {}, words.t("case.failed", { reason: reason(answer, words) })));
  }

  async function acknowledge(event, form) {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    const answer = await tell(actionOf(state.code, "acknowledge"), { escalation: Number(form.dataset.escalation) });
    if (answer.ok) {
      await open(state.code);
      return onmoved(state.code, "acknowledge", answer.body);
    }
    button.disabled = false;
    setText(form.querySelector(".form-word"), words.t("case.failed", { reason: reason(answer, words) }));
  }

  // --- photos, cameras -----------------------------------------------------------------------------------------------

  function pictures() {
    const input = el("input", { type: "file", name: "file", accept: "image/jpeg,image/png,image/webp", multiple: true });
    return { input, picked: dressed(input, { choose: words.t("work.file_choose"), none: words.t("work.file_none") }) };
  }

  /** Photos that go along with a move: kept before the move is made, so that nobody reads of them and finds none. */
  function photoField() {
    const { input, picked } = pictures();
    return { input, node: el("label", { class: "field", "data-field": "photos" }, el("span", { class: "field-label" }, words.t("case.photos"), el("i", {}, words.t("work.optional"))), picked) };
  }

  /** Send pictures one by one; the answer of the first that is refused, or nothing. */
  async function upload(files, say) {
    for (const [number, picture] of [...files].entries()) {
      say(words.t("work.photo_sending", { n: number + 1, of: files.length }));
      const body = new FormData();
      body.set("file", picture);
      const answer = await tell(`/api/v1/cases/${encodeURIComponent(state.code)}/attachments`, body);
      if (!answer.ok) return { ...answer, body: { ...answer.body, detail: `${picture.name}: ${reason(answer, words)}` } };
    }
    return null;
  }

  /** Dash has no file input that posts a plain form, so the module brings its own. */
  function buildPhotos(place) {
    const { input, picked } = pictures();
    const word = el("p", { class: "form-word", role: "status" });
    const go = el("button", { class: "tool", type: "submit" }, place.dataset.send);
    const form = el("form", { class: "action-form" }, el("label", { class: "file-field" }, el("span", {}, place.dataset.label), picked), go, word);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!input.files.length) return void input.focus();
      go.disabled = true;
      const refused = await upload(input.files, (text) => setText(word, text));
      go.disabled = false;
      if (refused) return setText(word, words.t("case.failed", { reason: refused.body.detail }));
      open(state.code);
    });
    place.prepend(form);
  }

  async function watch(article) {
    const tiles = article.querySelectorAll(".tile[data-camera]");
    if (!tiles.length || !reference.video_url) return null;
    const cameras = Array.from(tiles, (tile) => tile.dataset.camera);
    const wanted = { kind: "live", purpose: "case", reference: state.code, plan: "file", cameras };
    const watching = await openTiles({ wanted, tiles, url: reference.video_url, t: words.t, viewer: reference.user ?? "" });
    return () => watching.stop();
  }

  return {
    open,
    press,
    close: () => (state.stop(), closeForm()),
    refresh: () => (state.code ? open(state.code) : Promise.resolve(false)),
    get code() {
      return state.code;
    },
    get busy() {
      return Boolean(state.form);
    },
    focusActions: () => state.article?.querySelector("[data-do]")?.focus(),
    fresh: (fact) => state.article?.toggleAttribute("data-outdated", fact),
    printLink: () => state.article?.querySelector(".order-number")?.href,
  };
}
