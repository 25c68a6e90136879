/** `/emergencies`: starting one (choose plan and level, say why, hold the button), and a list that reloads on news. */
import { el, setHidden, setText } from "../ui/dom.js";
import { freshKey } from "../ui/key.js";
import { levelSign, listen, reasonOf, send, wordsFor } from "./common.js";
import { drawMap } from "./map.js";

const HOLD = 1_500;

export function start(root) {
  const words = wordsFor(root);
  const room = root.querySelector(".emergency-form-room");
  const button = root.querySelector("[data-start]");
  let busy = false;
  let first = true;
  listen(root.dataset.push, {
    changed(message) {
      if (message && message.kind === "emergency.moved" && !["start", "end", "withdraw", "level"].includes(message.action)) return;
      if (!first && !busy) setTimeout(() => !busy && location.reload(), message ? 150 : 1_500);
      first = false;
    },
  });
  if (!button) return;
  const origin = JSON.parse(root.dataset.from ?? "{}");
  const open = () => {
    busy = true;
    button.hidden = true;
    setHidden(room, false);
    buildForm(room, root, words, origin, () => {
      busy = false;
      button.hidden = false;
      setHidden(room, true);
      room.replaceChildren();
    });
  };
  button.addEventListener("click", open);
  if (Object.keys(origin).length) open();
}

function buildForm(holder, root, words, origin, close) {
  const plans = JSON.parse(root.dataset.plans);
  const t = words.t;
  const chosen = { plan: plans.find((plan) => plan.code === origin.plan) ?? null, level: null, answers: {} };
  const place = { longitude: origin.longitude ? Number(origin.longitude) : null, latitude: origin.latitude ? Number(origin.latitude) : null };
  const cards = el("div", { class: "plan-cards", role: "radiogroup", "aria-label": t("emergency.form.plan") },
    ...plans.map((plan) => el("button", { type: "button", class: "plan-card", role: "radio", "aria-checked": "false", "data-plan": plan.code, onclick: () => choose(plan) },
      el("b", {}, plan.name), el("span", {}, `${t("emergency.form.departments")} ${plan.departments.length} · ${t("emergency.form.tasks")} ${plan.steps.length}`))));
  const levels = el("div", { class: "level-choices", role: "radiogroup", "aria-label": t("emergency.form.level") });
  const about = el("p", { class: "faint plan-about" });
  const questions = el("div", { class: "start-questions" });
  const note = el("textarea", { rows: 2, maxlength: 2000, required: true, placeholder: t("emergency.form.note_hint"), "aria-label": t("emergency.form.note") });
  const title = el("input", { type: "text", maxlength: 120, "aria-label": t("emergency.form.title"), value: origin.title ?? "" });
  const life = el("input", { type: "checkbox", name: "life" });
  const drill = el("input", { type: "checkbox", name: "drill" });
  const where = el("p", { class: "start-where" });
  const map = el("div", { class: "start-map" });
  const word = el("p", { class: "form-word", role: "alert" });
  const hold = el("button", { type: "button", class: "hold", "data-hold": "yes" }, el("span", { class: "hold-bar" }), el("span", { class: "hold-text" }, t("emergency.hold", { n: HOLD / 1000 })));
  const rule = t(root.dataset.second ? "emergency.form.second" : "emergency.form.window", { n: root.dataset.window });

  function choose(plan) {
    chosen.plan = plan;
    chosen.answers = {};
    for (const card of cards.children) card.setAttribute("aria-checked", String(card.dataset.plan === plan.code));
    levels.replaceChildren(...plan.levels.map((one) => el("button", { type: "button", class: "level-choice", role: "radio", "aria-checked": "false", "data-level": one.level, onclick: () => rank(one.level) }, levelSign(words, one.level), el("span", {}, one.when))));
    chosen.level = null;
    callsAt(4);
    questions.replaceChildren(...plan.questions.map(question));
    show();
  }

  function question(one) {
    const options = one.options.map((option) => el("button", { type: "button", class: "tool tool-small", "aria-pressed": "false", onclick: (event) => {
      const same = chosen.answers[one.code] === option.code;
      if (same) delete chosen.answers[one.code];
      else chosen.answers[one.code] = option.code;
      for (const other of event.target.parentElement.children) other.setAttribute("aria-pressed", String(!same && other === event.target));
    } }, option.text));
    return el("div", { class: "start-question" }, el("span", {}, one.text), el("span", { class: "start-options" }, ...options));
  }

  function rank(level) {
    chosen.level = level;
    for (const one of levels.children) one.setAttribute("aria-checked", String(Number(one.dataset.level) === level));
    callsAt(level);
  }

  /** Whom the plan calls at this level, and whom only when it is raised. */
  function callsAt(level) {
    const names = (wanted) => chosen.plan.departments.filter((one) => wanted === level <= one.from_level).map((one) => one.name).join("、");
    const later = names(false);
    setText(about, `${t("emergency.form.departments")}：${names(true)}${later ? `；${t("emergency.form.departments_later")}：${later}` : ""}`);
  }

  function show() {
    const from = origin.case ? `${t("emergency.origin.case")} ${origin.case}` : origin.camera ? `${t("emergency.origin.camera")} ${origin.camera}` : origin.origin === "cap" ? `${t("emergency.origin.cap")} ${origin.reference ?? ""}` : "";
    const point = place.longitude === null ? (origin.warned ? t("emergency.form.warned") : from ? "" : t("emergency.form.point")) : `${place.longitude}, ${place.latitude}`;
    setText(where, [from, point].filter(Boolean).join(" · "));
    if (origin.case || origin.camera) return map.replaceChildren();
    const warned = place.longitude === null && origin.warned?.radius_m ? origin.warned : { longitude: null, latitude: null, radius_m: 0 };
    map.dataset.warned = warned.longitude === null ? "" : "yes";
    return drawMap(map, { ...warned, perimeter: warned.shape, cases: [], cameras: [] }, words, (longitude, latitude) => {
      Object.assign(place, { longitude, latitude });
      show();
    }).then((view) => view && place.longitude !== null && pin(map, view, place));
  }

  holdToStart(hold, words, () => {
    if (!chosen.plan || !chosen.level) return t("emergency.form.must_plan");
    if (!note.value.trim()) return t("emergency.form.must_note");
    return null;
  }, word, async (key) => {
    const body = { plan: chosen.plan.code, level: chosen.level, note: note.value.trim(), title: title.value.trim(), life: life.checked, drill: drill.checked, answers: chosen.answers };
    if (origin.case) Object.assign(body, { origin: "case", reference: origin.case });
    else if (origin.camera) Object.assign(body, { origin: "camera", reference: origin.camera });
    else if (origin.origin === "cap") Object.assign(body, { origin: "cap", reference: origin.reference ?? "", ...(place.longitude === null ? {} : place) });
    else if (place.longitude !== null) Object.assign(body, { origin: "point", ...place });
    else if (origin.area) body.area = origin.area;
    if (origin.address) body.address = origin.address;
    const answer = await send("/api/v1/emergencies", body, key);
    if (answer.ok) return location.assign(`/emergencies/${answer.body.number}`);
    return setText(word, reasonOf(answer, words));
  });

  holder.replaceChildren(el("section", { class: "panel start-form", "aria-label": t("emergency.start") },
    el("div", { class: "panel-head" }, el("h2", {}, t("emergency.start")), el("div", { class: "panel-scope" }, el("button", { type: "button", class: "tool tool-small", onclick: close }, t("emergency.cancel_button")))),
    el("div", { class: "start-grid" },
      el("div", { class: "start-left" }, el("h3", {}, t("emergency.form.plan")), cards, el("h3", {}, t("emergency.form.level")), levels, about, questions),
      el("div", { class: "start-right" },
        el("label", {}, el("span", {}, t("emergency.form.note")), note),
        el("label", {}, el("span", {}, t("emergency.form.title")), title),
        el("h3", {}, t("emergency.form.where")), where, map,
        el("label", { class: "start-check" }, life, el("span", {}, t("emergency.form.life"))),
        el("label", { class: "start-check" }, drill, el("span", {}, t("emergency.form.drill"))),
        el("p", { class: "faint" }, rule), word, hold))));
  if (chosen.plan) choose(chosen.plan);
  else show();
}

function pin(map, view, place) {
  const [x, y] = view.project([place.longitude, place.latitude]);
  const node = document.createElementNS("http://www.w3.org/2000/svg", "path");
  node.setAttribute("class", "room-centre");
  node.setAttribute("d", `M${x} ${y - 9}l9 9-9 9-9-9z`);
  map.querySelector("svg")?.append(node);
}

/** Held for its time it does its deed once; let go before, nothing. With the keyboard: hold Enter or space. */
function holdToStart(button, words, refusal, word, deed) {
  const key = freshKey();
  let timer = 0;
  const text = button.querySelector(".hold-text");
  const begin = () => {
    const said = refusal();
    setText(word, said ?? "");
    if (said || timer || button.disabled) return;
    button.dataset.holding = "yes";
    setText(text, words.t("emergency.holding"));
    timer = setTimeout(async () => {
      end();
      button.disabled = true;
      await deed(key);
      button.disabled = false;
    }, HOLD);
  };
  const end = () => {
    clearTimeout(timer);
    timer = 0;
    delete button.dataset.holding;
    setText(text, words.t("emergency.hold", { n: HOLD / 1000 }));
  };
  button.addEventListener("pointerdown", begin);
  for (const name of ["pointerup", "pointerleave", "pointercancel", "blur"]) button.addEventListener(name, end);
  button.addEventListener("keydown", (event) => ["Enter", " "].includes(event.key) && !event.repeat && begin());
  button.addEventListener("keyup", end);
}
