/**
 * An escalation takes the screen and keeps it until somebody acknowledges by name. The gravest is shown; others wait and
 * are counted. What is shown follows the facts and, in the end, the figures: it survives a reload and ends on every wall
 * at once. While an emergency has the wall, alarms stand beside it, with their groups: a flood of them hides nothing of it.
 */
import { el, setAttribute, setHidden, setText } from "../ui/dom.js";
import { levelChip, mark } from "../ui/marks.js";
import { factNumber } from "../ui/live.js";
import { distance } from "./map/geometry.js";
import { buildTile, watch } from "./mosaic.js";

const ACTS = new Set(["duty", "operator"]);
/** After another case has taken the dialogue's place the button rests: nobody acknowledges what he has not read. */
const READ_FIRST = 1500;
const FAREWELL = 2600;
/** The figures may know of an acknowledgement a moment before its fact arrives, which says by whom. */
const GRACE = 1500;
const FAR = 15_000;

/** The nearest camera that may be shown, with its distance in metres; null where none is within reach. */
export function nearest(cameras, longitude, latitude) {
  if (!Number.isFinite(longitude) || !Number.isFinite(latitude)) return null;
  let best = null;
  for (const camera of cameras) {
    if (camera.registered === false || !Number.isFinite(camera.longitude)) continue;
    const metres = distance([longitude, latitude], [camera.longitude, camera.latitude]);
    if (metres <= FAR && (!best || metres < best.metres)) best = { camera, metres };
  }
  return best;
}

/** The waiting escalations: what facts and figures say, gravest first. Pure but for its own map. */
export class Waiting {
  #all = new Map();
  total = 0;

  /** The figures' list is the truth as of their fact number; only newer facts stand beside it. */
  replace(escalations, total, known) {
    for (const [key, one] of this.#all) {
      const number = factNumber(one.id);
      if (number === null || number <= known) this.#all.delete(key);
    }
    for (const one of escalations) if (!this.#all.has(one.escalation)) this.#all.set(one.escalation, { ...one, id: String(known) });
    this.total = Math.max(total, this.#all.size);
  }

  /** One fact: a rung was climbed, or acknowledged. A case waits on its highest rung only. */
  take(fact) {
    for (const [key, one] of this.#all) if (one.case === fact.case && key !== fact.escalation) this.#all.delete(key);
    const change = Number(Boolean(fact.takeover && !fact.acknowledged_at)) - Number(this.#all.has(fact.escalation));
    if (fact.acknowledged_at) this.#all.delete(fact.escalation);
    else if (fact.takeover) this.#all.set(fact.escalation, fact);
    this.total = Math.max(this.total + change, this.#all.size);
  }

  has(escalation) {
    return this.#all.has(escalation);
  }

  /** The case came to its end: nothing of it waits any more. */
  closed(code) {
    for (const [key, one] of this.#all) if (one.case === code) this.#all.delete(key);
  }

  /** The one to show: the gravest; among equals the one shown already, then the oldest. */
  first(shown) {
    const sorted = [...this.#all.values()].sort((a, b) => a.level - b.level || (b.escalation === shown) - (a.escalation === shown) || a.escalation - b.escalation);
    return sorted[0] ?? null;
  }

  get size() {
    return Math.max(this.total, this.#all.size);
  }
}

export function buildEscalation(root, context) {
  const { words, clock, reference, sound } = context;
  const may = ACTS.has(reference.role);
  const waiting = new Waiting();
  const reason = el("b", { class: "alarm-reason", id: "alarm-reason" });
  const more = el("span", { class: "alarm-more num" });
  const title = el("h2", { class: "alarm-title", id: "alarm-title" });
  const facts = {};
  const list = el("dl", { class: "alarm-facts" }, ...["place", "reported", "department", "due"].flatMap((key) => {
    facts[key] = el("dd");
    return [el("dt", {}, words.t(`wall.escalation.${key}`)), facts[key]];
  }));
  const steps = ladder().map((name, i) => {
    const state = el("span", { class: "step-state" });
    return { node: el("li", { class: "step" }, el("span", { class: "step-name" }, `${i + 1} ${name}`), state), state };
  });
  const count = el("div", { class: "alarm-count num" });
  const countWord = el("div", { class: "alarm-count-word" });
  const cameraWord = el("div", { class: "alarm-camera-word" });
  const cameraRoom = el("div", { class: "alarm-camera" });
  const acknowledge = el("button", { class: "act act-first", type: "button", onclick: act }, words.t("wall.escalation.acknowledge", { name: reference.user }));
  const open = el("a", { class: "act" }, words.t("wall.escalation.open_case"));
  const mute = el("button", { class: "act", type: "button", onclick: () => (sound.mute(), tick()) });
  const failed = el("p", { class: "alarm-failed", role: "alert", hidden: true });
  const who = el("div", { class: "alarm-who" }, el("b", {}, words.t("wall.escalation.who", { name: words.t("common.role.duty") })), el("span"));
  const groups = el("ul", { class: "alarm-groups", "aria-label": words.t("ladder.wall.groups"), hidden: true });
  const farewell = el("div", { class: "alarm-farewell", hidden: true }, mark("check"), el("span"));
  const dialog = el("div", { class: "alarm", role: "alertdialog", "aria-modal": "true", "aria-labelledby": "alarm-reason alarm-title", tabindex: -1 },
    el("div", { class: "alarm-band" }, mark("escalated"), reason, more),
    el("div", { class: "alarm-body" },
      el("div", { class: "alarm-left" }, title, list, el("ol", { class: "ladder", "aria-label": words.t("wall.escalation.ladder") }, ...steps.map((step) => step.node)),
        failed, may ? el("div", { class: "alarm-acts" }, acknowledge, open, mute) : who),
      el("div", { class: "alarm-right" }, countWord, count, cameraWord, cameraRoom)),
    groups,
    farewell);
  const shade = el("div", { class: "shade", hidden: true }, dialog);
  root.append(shade);
  let shown = null;
  let parting = 0;
  let leaving = 0;
  let stopCamera = () => {};
  let focusBefore = null;

  /** A flood: what waits, in a handful of groups that add up to all of it; levels are never mixed. */
  function writeGroups(found) {
    const total = found.reduce((sum, group) => sum + group.count, 0);
    setAttribute(groups, "data-value", total);
    setHidden(groups, total < 2);
    const wanted = JSON.stringify(found);
    if (groups.dataset.shown === wanted) return;
    groups.dataset.shown = wanted;
    groups.replaceChildren(...found.map((group) => {
      const department = reference.departments.find((one) => one.code === group.department);
      const where = [department && words.short(department), words.name(reference.areas[group.town])].filter(Boolean).join(" · ");
      return el("li", { "data-level": group.level, "data-count": group.count }, levelChip(group.level, words),
        el("b", {}, words.t(`ladder.reason.${group.reason ?? "several"}`)), el("span", {}, where || words.t("ladder.page.several")), el("b", { class: "num" }, `× ${words.number(group.count)}`));
    }));
  }

  function ladder() {
    if (reference.ladder?.length) return reference.ladder.map((rung) => words.name(rung));
    return [1, 2, 3].map((rung) => words.t(`wall.escalation.step_${rung}`));
  }

  function place(fact) {
    const names = [reference.areas[fact.town], reference.areas[fact.area]].map((area) => words.name(area));
    return [...new Set(names.filter(Boolean))].join(" · ") || words.t("wall.escalation.no_place");
  }

  function source(fact) {
    return words.name(reference.sources[fact.source]) || words.t(`common.source.${fact.source}`);
  }

  function write(fact) {
    setAttribute(dialog, "data-escalation", fact.escalation);
    setAttribute(dialog, "data-case", fact.case);
    setAttribute(dialog, "data-level", fact.level);
    setText(reason, words.t(`wall.escalation.${fact.reason}`));
    title.replaceChildren(levelChip(fact.level, words), fact.title);
    setText(facts.place, place(fact));
    setText(facts.reported, `${source(fact)} · ${words.moment(Date.parse(fact.reported_at), clock.county())}`);
    const department = reference.departments.find((one) => one.code === fact.department);
    setText(facts.department, `${department ? words.name(department) : words.t("wall.escalation.no_department")} · ${words.t(`common.stage.${fact.stage}`)}`);
    steps.forEach(({ node, state }, i) => {
      const kind = i + 1 < fact.rung ? "done" : i + 1 === fact.rung ? "now" : "next";
      setAttribute(node, "data-step", kind);
      setAttribute(node, "aria-current", kind === "now" ? "step" : null);
      setText(state, kind === "next" && i !== fact.rung ? "" : words.t(`wall.escalation.step_${kind}`));
    });
    open.href = `/cases/${encodeURIComponent(fact.case)}`;
    setText(who.lastChild, words.t("wall.escalation.where", { url: `${location.host}/cases/${fact.case}` }));
  }

  async function showCamera(fact) {
    stopCamera();
    stopCamera = () => {};
    const found = nearest(reference.cameras, fact.longitude, fact.latitude);
    if (!found) {
      setText(cameraWord, words.t("wall.escalation.camera"));
      cameraRoom.replaceChildren(el("p", { class: "empty" }, words.t("wall.escalation.no_camera")));
      return;
    }
    const far = found.metres < 950
      ? words.t("wall.escalation.metres", { n: Math.max(10, Math.round(found.metres / 10) * 10) })
      : words.t("wall.escalation.kilometres", { n: (found.metres / 1000).toFixed(1) });
    setText(cameraWord, `${words.t("wall.escalation.camera")} · ${words.t("wall.escalation.camera_far", { distance: far })}`);
    const tile = buildTile(found.camera, words);
    cameraRoom.replaceChildren(tile);
    const watching = await watch([tile], context, null, "escalation");
    stopCamera = () => watching.stop();
  }

  /** Shows the gravest, or leaves the screen; the one shown keeps its place for a moment after it has ended. */
  function show() {
    if (parting || leaving) return;
    if (shown && !waiting.has(shown.escalation)) {
      leaving = setTimeout(() => {
        leaving = 0;
        present();
      }, GRACE);
      return;
    }
    present();
  }

  function present() {
    const first = waiting.first(shown?.escalation);
    const others = waiting.size - 1;
    setText(more, others > 0 ? words.t("wall.escalation.more", { n: words.number(others) }) : "");
    sound.alarm(first ? first.level : null);
    if (!first) return hide();
    const changed = first.escalation !== shown?.escalation;
    const opened = shade.hidden;
    shown = first;
    write(first);
    if (changed) {
      setHidden(failed, true);
      setText(acknowledge, words.t("wall.escalation.acknowledge", { name: reference.user }));
      rest(opened ? 0 : READ_FIRST);
      showCamera(first);
    }
    setHidden(shade, false);
    if (opened) focusBefore = document.activeElement;
    if (opened) stand();
    tick();
  }

  /** Over everything; beside the emergency while one has the wall. */
  function stand() {
    const beside = context.root.hasAttribute("data-emergency");
    setAttribute(dialog, "aria-modal", beside ? null : "true");
    context.root.classList.toggle("is-alarmed", !beside);
    for (const part of context.root.children) part.inert = !beside && part !== root;
    if (!beside) (may ? acknowledge : dialog).focus({ preventScroll: true });
  }

  new MutationObserver(() => shade.hidden || stand()).observe(context.root, { attributeFilter: ["data-emergency"] });

  function rest(length) {
    acknowledge.disabled = length > 0;
    if (length) setTimeout(() => (acknowledge.disabled = false), length);
  }

  function hide() {
    if (shade.hidden) return;
    shown = null;
    stopCamera();
    stopCamera = () => {};
    setHidden(shade, true);
    context.root.classList.remove("is-alarmed");
    for (const part of context.root.children) part.inert = false;
    focusBefore?.focus?.({ preventScroll: true });
  }

  function tick() {
    if (!shown) return;
    const now = clock.county();
    const due = shown.due_at ? Date.parse(shown.due_at) : null;
    setText(facts.due, due === null ? words.t("wall.escalation.no_due")
      : `${words.moment(due, now)} · ${words.t(due < now ? "common.clock.overdue" : "common.clock.left", { time: words.duration(due - now) })}`);
    setAttribute(facts.due, "data-clock", due !== null && due < now ? "overdue" : null);
    const left = shown.ack_due_at ? Date.parse(shown.ack_due_at) - now : null;
    setText(countWord, words.t(left === null ? "wall.escalation.countdown_none" : left < 0 ? "wall.escalation.countdown_over" : "wall.escalation.countdown"));
    setText(count, left === null ? words.unknown : words.countdown(left));
    setAttribute(count, "data-late", left !== null && left < 0 ? "" : null);
    const quiet = sound.muted();
    setText(mute, quiet ? words.t("wall.escalation.muted", { time: words.countdown(quiet + 999) }) : words.t("wall.escalation.mute"));
    mute.disabled = quiet > 0;
  }

  async function act() {
    const { case: code, escalation } = shown;
    acknowledge.disabled = true;
    setHidden(failed, true);
    setText(acknowledge, words.t("wall.escalation.acknowledging"));
    try {
      const answer = await fetch(`/api/v1/cases/${encodeURIComponent(code)}/actions/acknowledge`, {
        method: "POST", headers: { "Content-Type": "application/json", "X-GC-CSRF": "1" }, body: JSON.stringify({ escalation }),
      });
      if (answer.ok) return;
      const problem = await answer.json().catch(() => ({}));
      refuse(escalation, problem.detail ?? problem.title ?? answer.status);
    } catch {
      refuse(escalation, words.t("wall.escalation.failed_network"));
    }
  }

  function refuse(escalation, why) {
    if (shown?.escalation !== escalation) return;
    setText(failed, words.t("wall.escalation.failed", { reason: why }));
    setHidden(failed, false);
    setText(acknowledge, words.t("wall.escalation.acknowledge", { name: reference.user }));
    acknowledge.disabled = false;
  }

  /** Says who took it, then goes on to the next or leaves the screen. */
  function part(fact) {
    setText(farewell.lastChild, words.t("wall.escalation.acknowledged", { name: fact.acknowledged_by ?? words.unknown, time: words.clock(Date.parse(fact.acknowledged_at)) }));
    setHidden(farewell, false);
    sound.alarm(null);
    clearTimeout(leaving);
    clearTimeout(parting);
    leaving = 0;
    parting = setTimeout(() => {
      setHidden(farewell, true);
      parting = 0;
      present();
    }, FAREWELL);
  }

  setInterval(tick, 250);
  return {
    figures(figures) {
      waiting.replace(figures.escalations, figures.escalations_total, factNumber(figures.id) ?? 0);
      writeGroups(figures.escalation_groups ?? []);
      show();
    },

    fact(fact) {
      if (fact.stage === "closed" || fact.stage === "void") waiting.closed(fact.case);
      if (fact.kind === "case.escalated") waiting.take(fact);
      if (fact.acknowledged_at && fact.escalation === shown?.escalation) part(fact);
      else show();
    },
  };
}
