/** The auditor's page: filters in the address, and the check whether a log's chain is unbroken. It changes nothing. */
import { watchAge } from "../desk/age.js";
import { wordsOf } from "../desk/post.js";
import { el, setText } from "../ui/dom.js";

export function start(root) {
  const say = wordsOf(root);
  watchAge(root, say);
  filters(root.querySelector(".audit-filters"), root.dataset.log);
  const state = root.querySelector(".chain-state");
  root.querySelector("[data-act=chain]").addEventListener("click", async () => {
    setText(state, say("audit.chain.checking"));
    const answer = await fetch(`/api/v1/audit/${root.dataset.log}/chain`).then((one) => (one.ok ? one.json() : null), () => null);
    state.dataset.state = answer && !answer.faults.length ? "good" : "bad";
    if (!answer) setText(state, say("audit.chain.failed"));
    else if (answer.faults.length) setText(state, say("audit.chain.broken", { n: answer.faults.length, first: answer.faults[0] }));
    else setText(state, say("audit.chain.whole", { n: answer.lines }));
  });
}

function filters(room, log) {
  const { values, labels, acts } = JSON.parse(room.dataset.fields);
  const form = el("form", { class: "audit-form" });
  for (const name of ["who", "act", "object", "since", "until"]) {
    const control = name === "act"
      ? el("select", { name, class: "desk-select" }, el("option", { value: "" }, labels.act), ...acts.map(([code, text]) => el("option", { value: code }, text)))
      : el("input", { name, class: "desk-select", type: name === "since" || name === "until" ? "date" : "search", placeholder: labels[name] });
    control.value = values[name];
    control.setAttribute("aria-label", labels[name]);
    control.title = labels[name];
    if (name === "since" || name === "until") form.append(el("label", { class: "dated" }, el("span", {}, labels[name]), control));
    else form.append(control);
  }
  form.append(el("button", { type: "submit", class: "tool" }, labels.do));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const query = new URLSearchParams({ log });
    for (const [name, value] of new FormData(form)) if (value.trim()) query.set(name, value.trim());
    location.assign(`/audit?${query}`);
  });
  room.append(form);
}
