/**
 * One camera: it is shut until somebody says what for. Then the server writes its ledger and hands out a ticket, and the
 * live view begins, under a watermark. Each new connection asks anew; the line is the same, and ends when the view does.
 */
import { watchAge } from "../desk/age.js";
import { post, wordsOf } from "../desk/post.js";
import { watchLive } from "../live/player.js";
import { el, setText } from "../ui/dom.js";
import { isSecond } from "../ui/twice.js";
import { hold, openViews } from "./open.js";
import { aboutOf, field } from "./page.js";
import { drawMotion } from "./plot.js";
import { overlay, watermarkText } from "./watermark.js";

export function start(root) {
  const say = wordsOf(root);
  const about = aboutOf(root);
  watchAge(root, say);
  drawMotion(root.querySelector("[data-plot=motion]"), about.minutes, about, say);
  relearning(root, about, say);
  const form = root.querySelector("form[data-form=open]");
  if (form) stageOf(root, form, about, say);
}

/** What is seen now is as it should be: asked twice, since the faults of the picture go with it. */
function relearning(root, about, say) {
  const node = root.querySelector("[data-act=relearn]");
  const word = root.querySelector(".relearn-word");
  node?.addEventListener("click", async () => {
    if (!isSecond(node, say("watching.relearn.sure"))) return;
    node.disabled = true;
    const done = await post(`/api/v1/cameras/${about.camera}/actions/relearn`, {}, say, "watching.relearn");
    node.disabled = done.ok;
    word.dataset.state = done.ok ? "good" : "bad";
    setText(word, done.ok ? say("watching.relearn.done") : say("watching.relearn.failed", { reason: done.reason }));
  });
}

function stageOf(root, form, about, say) {
  const stage = root.querySelector(".camera-stage");
  const word = form.querySelector(".form-word");
  const act = (name) => root.querySelector(`[data-act=${name}]`);
  let running = null;

  const [reference, note] = form.querySelector(".open-fields").dataset.labels.split("|");
  const fields = form.querySelector(".open-fields");
  fields.append(field("reference", reference, "", { maxlength: 64 }), field("note", note, "", { maxlength: 200 }));
  const purpose = form.querySelector("select[name=purpose]");
  const named = () => ["case", "emergency"].includes(purpose.value);
  const fit = () => {
    fields.querySelector("[name=reference]").closest("label").hidden = !named();
  };
  purpose.addEventListener("change", fit);
  const query = new URLSearchParams(location.search);
  if (about.purposes.includes(query.get("purpose"))) purpose.value = query.get("purpose");
  fields.querySelector("[name=reference]").value = query.get("reference") ?? "";
  fit();

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    running?.end();
    const wanted = wish();
    const release = hold(wanted);
    const answer = await openViews(wanted);
    if (answer.ok) begin(answer, wanted, release);
    else {
      release();
      refuse(answer);
    }
  });
  act("close").addEventListener("click", close);
  act("full").addEventListener("click", () => stage.requestFullscreen?.());
  act("snapshot")?.addEventListener("click", snapshot);
  document.addEventListener("fullscreenchange", () => {
    if (running) play(document.fullscreenElement === stage ? "main" : "sub");
  });

  function wish() {
    const wanted = { kind: "live", cameras: [about.camera], purpose: purpose.value };
    if (named()) wanted.reference = form.elements.reference.value.trim();
    if (form.elements.note.value.trim()) wanted.note = form.elements.note.value.trim();
    return wanted;
  }

  function begin(answer, wanted, release) {
    const purposeWords = [say(`watching.purpose.${purpose.value}`), answer.purpose.split(":")[1]].filter(Boolean).join(" ");
    const lift = overlay(stage, () => watermarkText(about.viewer, purposeWords));
    running = { answer, wanted, fresh: true, view: null, end: () => { lift(); release(); running.view?.stop(); running = null; } };
    play("sub");
    setText(word, say("watching.open.opened", { view: answer.view }));
    delete word.dataset.state;
    for (const name of ["close", "full", "snapshot"]) if (act(name)) act(name).disabled = false;
  }

  function play(stream) {
    running.view?.stop();
    running.view = watchLive({ url: about.live, node: stage, stream, ticket, t: say });
  }

  /** A ticket lives for a minute and opens one connection; the next one asks again, under the same line of the ledger. */
  async function ticket() {
    if (running?.fresh) {
      running.fresh = false;
      return running.answer.tickets[about.camera];
    }
    const answer = await openViews(running?.wanted ?? wish());
    if (!answer.ok) throw new Error(reason(answer));
    if (running) running.answer = answer;
    return answer.tickets[about.camera];
  }

  function close() {
    running?.end();
    stage.dataset.state = "shut";
    for (const name of ["close", "full", "snapshot"]) if (act(name)) act(name).disabled = true;
    setText(word, say("watching.open.gone"));
  }

  function reason({ status, reason: why, detail }) {
    if (!status) return say("watching.open.network");
    return why ? say(`watching.refused.${why}`) : (detail ?? String(status));
  }

  function refuse(answer) {
    word.dataset.state = "bad";
    setText(word, say("watching.open.failed", { reason: reason(answer) }));
    const at = form.elements[answer.field];
    at?.focus?.();
  }

  async function snapshot() {
    const code = purpose.value === "case" ? form.elements.reference.value.trim() : prompt(reference)?.trim();
    if (!code) return;
    const done = await post(`/api/v1/cameras/${about.camera}/snapshots`, { case: code }, say, "watching.open");
    word.dataset.state = done.ok ? "good" : "bad";
    if (!done.ok) setText(word, say("watching.snapshot.failed", { reason: done.reason }));
    else word.replaceChildren(say("watching.snapshot.done"), " ", el("a", { href: `/cases/${encodeURIComponent(code)}` }, code));
  }
}
