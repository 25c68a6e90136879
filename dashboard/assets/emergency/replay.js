/** The review's replay: matrix and tasks as they stood at a moment, at 1 to 120 times the speed, from the recorded times. */
import { el, setText } from "../ui/dom.js";
import { wordsFor } from "./common.js";
import { STAGES, cellOf } from "./matrix.js";

const SPEEDS = [1, 5, 20, 60, 120];

/** A party as it stood at a moment: only what had been reached by then. Pure. */
export function partyAt(party, now) {
  const then = { ...party, state: "called" };
  for (const stage of STAGES) {
    const at = party[`${stage}_at`];
    if (at && Date.parse(at) <= now) then.state = stage;
    else then[`${stage}_at`] = null;
  }
  return then;
}

/** How a task stood at a moment. Pure. */
export function taskAt(task, now) {
  if (task.ended_at && Date.parse(task.ended_at) <= now) return task.state;
  return task.opened_at && Date.parse(task.opened_at) <= now ? "open" : "waiting";
}

export async function start(root) {
  const words = wordsFor(root);
  const t = words.t;
  const holder = root.querySelector(".emergency-replay");
  const [from, to] = [Date.parse(root.dataset.from), Math.max(Date.parse(root.dataset.to), Date.parse(root.dataset.from) + 1_000)];
  const answer = await fetch(`/live/emergencies/${root.dataset.emergency}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const { room } = await answer.json();
  const lines = [...root.querySelectorAll(".emergency-log li[data-at]")];
  const asked = Date.parse(new URLSearchParams(location.search).get("at") ?? "");
  let now = Number.isNaN(asked) ? to : Math.min(to, Math.max(from, asked)); // the time machine leads to its own moment
  let playing = false;
  let last = 0;
  const slider = el("input", { type: "range", min: from, max: to, step: 1_000, value: now, "aria-label": t("emergency.review.replay") });
  const time = el("b", { class: "num" });
  const play = el("button", { type: "button", class: "tool tool-go", "data-play": "yes" }, t("emergency.review.play"));
  const speed = el("select", { "aria-label": t("emergency.review.speed") }, ...SPEEDS.map((one) => el("option", { value: one, selected: one === 60 }, `${one}×`)));
  const table = el("div", { class: "replay-matrix" });
  const counts = el("p", { class: "num faint replay-tasks" });
  holder.append(el("div", { class: "replay-bar" }, play, speed, slider, time), table, counts);

  function show() {
    slider.value = String(now);
    setText(time, words.clock(now));
    holder.dataset.at = new Date(now).toISOString();
    const shown = room.parties.filter((one) => Date.parse(one.called_at) <= now);
    table.replaceChildren(el("table", { class: "matrix" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("emergency.matrix.department")), ...STAGES.map((stage) => el("th", { scope: "col" }, t(`emergency.progress.${stage}`))))),
      el("tbody", {}, ...shown.map((party) => {
        const then = partyAt(party, now);
        const cells = STAGES.map((stage) => cellOf(then, stage, words, [], () => {}));
        for (const cell of cells) cell.tick(now);
        return el("tr", { "data-department": party.department, "data-progress": then.state }, el("th", { scope: "row" }, party.name), ...cells.map((cell) => el("td", {}, cell.node)));
      }))));
    const states = room.tasks.map((task) => taskAt(task, now));
    setText(counts, ["open", "waiting", "done", "skipped"].map((state) => `${t(`emergency.task.${state}`)} ${states.filter((one) => one === state).length}`).join(" · "));
    for (const line of lines) line.hidden = Date.parse(line.dataset.at) > now;
  }

  function step(at) {
    if (!playing) return;
    now = Math.min(to, now + (at - last) * Number(speed.value));
    last = at;
    show();
    if (now >= to) stop();
    else setTimeout(() => requestAnimationFrame(step), 100);
  }

  function stop() {
    playing = false;
    setText(play, t("emergency.review.play"));
  }

  play.addEventListener("click", () => {
    if (playing) return stop();
    if (now >= to) now = from;
    playing = true;
    setText(play, t("emergency.review.pause"));
    last = performance.now();
    requestAnimationFrame(step);
    return undefined;
  });
  slider.addEventListener("input", () => {
    now = Number(slider.value);
    show();
  });
  show();
}
