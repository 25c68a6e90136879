/** The evaluation: charts open their rows, what-if asks the API (the formula lives there alone), appeals are sent. */
import { watchAge } from "../desk/age.js";
import { post, wordsOf } from "../desk/post.js";

const PAUSE = 250; // ms after the last move of a slider

export function start(root) {
  const say = wordsOf(root);
  watchAge(root, say);
  const form = root.querySelector("form.what-if");
  if (form) whatIf(root, form, say);
  for (const one of root.querySelectorAll("form[data-appeal-form], form[data-decide]")) {
    one.addEventListener("submit", (event) => {
      event.preventDefault();
      send(one, event.submitter, say);
    });
  }
  root.querySelector("[data-print]")?.addEventListener("click", () => window.print());
}

// --- what-if ---------------------------------------------------------------------------------------------------------

function whatIf(root, form, say) {
  const known = JSON.parse(form.dataset.weights);
  const sliders = known.map((one) => slider(form, one));
  const reset = element("button", { type: "button", className: "tool tool-small", textContent: say("evaluation.reset") });
  form.append(reset, element("p", { className: "form-word", role: "status" }));
  let timer;
  let asked = 0;
  const ask = async () => {
    const changed = sliders.some((input, at) => Number(input.value) !== known[at].weight);
    show(root, changed);
    if (!changed) return;
    const mine = ++asked;
    const weights = sliders.map((input, at) => `${known[at].code}:${input.value}`).join(",");
    const answer = await fetch(`${form.dataset.ask}&weights=${encodeURIComponent(weights)}`).catch(() => null);
    if (mine !== asked) return; // a later question is on its way
    form.querySelector(".form-word").textContent = answer?.ok ? "" : say("case.network");
    if (answer?.ok) fill(root, await answer.json(), say);
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  reset.addEventListener("click", () => {
    sliders.forEach((input, at) => {
      input.value = known[at].weight;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
  });
}

function slider(form, one) {
  const input = element("input", { type: "range", min: 0, max: 60, step: 1, value: one.weight, name: one.code });
  const value = element("output", { className: "num", textContent: one.weight });
  input.addEventListener("input", () => (value.textContent = input.value));
  const label = element("label");
  label.append(element("span", { textContent: one.name }), input, value);
  form.append(label);
  return input;
}

function show(root, on) {
  for (const cell of root.querySelectorAll(".what-if-column")) cell.hidden = !on;
}

function fill(root, answer, say) {
  const rows = [...answer.rows, ...(answer.whole ? [answer.whole] : [])];
  for (const row of rows) {
    const cell = root.querySelector(`[data-what-if="${CSS.escape(row.code)}"]`);
    if (!cell) continue;
    const known = row.what_if !== null;
    cell.textContent = known ? `${row.what_if.toFixed(1)} ${row.what_if_grade}` : say("evaluation.what_if_none");
    cell.dataset.value = known ? row.what_if : "";
    cell.dataset.way = !known || row.what_if === row.score ? "same" : row.what_if > row.score ? "up" : "down";
  }
}

// --- appeals ---------------------------------------------------------------------------------------------------------

async function send(form, button, say) {
  const word = form.querySelector(".form-word");
  const body = Object.fromEntries([...new FormData(form)].filter(([name]) => name !== "act"));
  word.textContent = say("case.sending");
  const base = "/api/v1/evaluation/appeals";
  const address = form.dataset.decide ? `${base}/${form.dataset.decide}/actions/${button.value}` : base;
  const done = await post(address, body, say, "case");
  if (done.ok) location.reload();
  else word.textContent = say("case.failed", { reason: done.reason });
}

function element(tag, values = {}) {
  return Object.assign(document.createElement(tag), values);
}
