/** A department's answer on a phone: the next step as one big button, pressed twice; its tasks; what it sees at the place. */
import { el, setText } from "../ui/dom.js";
import { ask, levelSign, twice } from "./common.js";
import { ACTION, STAGES, cellOf, nextStage } from "./matrix.js";
import { keeper, taskOf, tellForm } from "./pieces.js";

export function buildAnswer(holder, page) {
  const { words } = page;
  const t = words.t;
  const nodes = Object.fromEntries(["head", "step", "tasks", "tell", "log"].map((name) => [name, el("section", { class: `answer-${name}` })]));
  const word = el("p", { class: "form-word", role: "alert" });
  holder.classList.add("answer");
  holder.append(nodes.head, nodes.step, word, nodes.tasks, nodes.tell, nodes.log);
  const keep = keeper(page);

  function write(room, mine) {
    const party = room.parties.find((one) => one.department === mine.department);
    if (!party) return;
    const tasks = room.tasks.filter((one) => one.department === mine.department && one.state !== "needless");
    keep("head", nodes.head, [room.title, room.level, room.state, room.place, room.note, room.parties.find((one) => one.lead)], () => headOf(room));
    keep("step", nodes.step, [party, room.state], (ticks) => stepOf(room, mine, party, ticks));
    keep("tasks", nodes.tasks, tasks, (ticks) => tasks.length ? [el("h2", {}, t("emergency.phone_page.my_tasks")), el("ul", { class: "room-task-list" }, ...tasks.map((task) => taskOf(page, task, mine, ticks)))] : []);
    keep("tell", nodes.tell, [], () => (mine.actions.includes("tell") ? [el("h2", {}, t("emergency.phone_page.tell")), tellForm(page)] : []));
    keep("log", nodes.log, room.log, () => [el("h2", {}, t("emergency.panel.log")), el("ol", { class: "emergency-log" }, ...[...room.log].reverse().slice(0, 12).map((line) => el("li", {}, el("span", { class: "num" }, words.minute(Date.parse(line.at))), el("span", {}, line.text))))]);
  }

  function headOf(room) {
    const lead = room.parties.find((one) => one.lead);
    return [
      el("div", { class: "room-title" }, levelSign(words, room.level), el("h1", {}, room.title), room.drill ? el("span", { class: "drill-tag" }, t("emergency.drill")) : null),
      el("p", {}, room.place || t("emergency.no_place")),
      el("p", { class: "faint" }, room.note),
      lead ? el("p", { class: "faint" }, `${t("emergency.lead")} ${lead.name} · ${t("emergency.phone")} `, el("a", { href: `tel:${lead.phone}`, class: "num" }, lead.phone)) : null,
    ];
  }

  function stepOf(room, mine, party, ticks) {
    const cells = STAGES.map((stage) => cellOf(party, stage, words, [], () => {}));
    ticks.push(...cells.map((cell) => cell.tick));
    const track = el("ol", { class: "answer-track" }, ...STAGES.map((stage, index) => el("li", {}, el("span", {}, t(`emergency.progress.${stage}`)), cells[index].node)));
    const stage = nextStage(party);
    const action = stage && ACTION[stage];
    if (!action || !mine.actions.includes(action)) {
      const done = { done: "emergency.phone_page.all_done", released: "emergency.phone_page.released" }[party.state];
      return [track, el("p", { class: "answer-done" }, done ? t(done) : t(`emergency.state.${room.state}`))];
    }
    const big = el("button", { type: "button", class: "answer-big", "data-act": action }, t(`emergency.do.${action}`));
    const deed = async (body = {}) => {
      big.disabled = true;
      const said = await page.act(action, body);
      big.disabled = false;
      setText(word, said ?? "");
    };
    if (action === "finish") big.addEventListener("click", () => ask(words, t("emergency.do.finish"), [{ name: "note", label: t("emergency.phone_page.result"), kind: "area", required: true }], (values) => page.act(action, values)));
    else twice(big, words, () => deed());
    return [el("p", { class: "answer-ask" }, t(`emergency.phone_page.ask_${action}`)), big, track];
  }

  return { write, link: (state) => (holder.dataset.link = state) };
}
