/**
 * The room of an emergency. Its own picture comes from `/live/emergencies/<number>`; the push socket says when to fetch it
 * again. A panel is built anew only when what it shows has changed; clocks run in place. Departments get `answer.js`.
 */
import { openTiles } from "../cameras/tiles.js";
import { el, setAttribute, setText } from "../ui/dom.js";
import { freshKey } from "../ui/key.js";
import { demandAnswer, oneAtATime } from "../ui/once.js";
import { buildAnswer } from "./answer.js";
import { ask, countyClock, levelSign, listen, reasonOf, send, twice, wordsFor } from "./common.js";
import { drawMap } from "./map.js";
import { ACTION, STAGES, cellOf, ordered } from "./matrix.js";
import { keeper, taskOf, tellForm } from "./pieces.js";
import { reportsPanel } from "./reports.js";

export function start(root) {
  const words = wordsFor(root);
  const clock = countyClock();
  const holder = root.querySelector(".emergency-room");
  const page = { root, words, clock, number: root.dataset.emergency, ticks: new Map(), act };
  const view = root.dataset.role === "department" ? buildAnswer(holder, page) : buildRoom(holder, page);
  const refresh = oneAtATime(async () => {
    const answer = await fetch(`/live/emergencies/${page.number}`, { headers: { Accept: "application/json" }, cache: "no-store", signal: AbortSignal.timeout(8_000) });
    if (answer.status === 401) return location.assign("/login");
    demandAnswer(answer);
    if (!answer.ok) return undefined;
    const { mine, room, county_at: at, speed } = await answer.json();
    clock.hear(at, speed);
    page.mine = mine;
    page.room = room;
    view.write(room, mine);
    tick();
    root.dataset.version = String(room.version);
    return undefined;
  }, 800);

  /** Do one thing; null when done, or a sentence that says why not. */
  async function act(action, body = {}, key = freshKey()) {
    const answer = await send(`/api/v1/emergencies/${page.number}/actions/${action}`, body, key);
    refresh();
    return answer.ok ? null : reasonOf(answer, words);
  }

  function tick() {
    const now = clock.now();
    for (const ticks of page.ticks.values()) for (const one of ticks) one(now);
  }

  setInterval(tick, 1_000);
  listen(root.dataset.push, {
    changed: (message) => (message === null || message.emergency === page.number) && refresh(),
    state: (state) => {
      root.dataset.link = state;
      view.link(state);
    },
  });
  refresh();
}

function panel(title, name, tools = null) {
  const body = el("div", { class: "panel-body" });
  const scope = el("div", { class: "panel-scope" }, tools);
  return { body, scope, node: el("section", { class: `panel room-${name}`, "aria-label": title }, el("div", { class: "panel-head" }, el("h2", {}, title), scope), body) };
}

function buildRoom(holder, page) {
  const { words } = page;
  const t = words.t;
  const head = el("header", { class: "room-head" });
  const notice = el("div", { class: "room-notice", role: "status" });
  const parts = {};
  for (const name of ["matrix", "questions", "tasks", "map", "cameras", "roles", "reports", "cases", "grids", "log"]) parts[name] = panel(t(`emergency.panel.${name}`), name);
  const mapHolder = el("div", { class: "room-map-holder" });
  const tiles = el("div", { class: "file-tiles" });
  parts.map.body.append(mapHolder);
  parts.cameras.body.append(tiles);
  holder.append(head, notice, el("div", { class: "room-grid" },
    el("div", { class: "room-column" }, parts.matrix.node, parts.roles.node, parts.reports.node),
    el("div", { class: "room-column" }, parts.map.node, parts.cameras.node, el("div", { class: "room-pair" }, parts.cases.node, parts.grids.node)),
    el("div", { class: "room-column" }, parts.questions.node, parts.tasks.node, parts.log.node)));
  const keep = keeper(page);
  let watching = null;
  let placed = "";

  function write(room, mine) {
    document.title = `${room.title} · ${room.number}`;
    keep("head", head, [room.title, room.level, room.state, room.place, room.lead_name, room.roles, room.conference, room.life, room.ratified], (ticks) => headOf(page, room, mine, ticks));
    keep("notice", notice, [room.state, room.confirm_due_at, room.second, room.ratified, room.life, room.cancelled_by], (ticks) => noticeOf(page, room, mine, ticks));
    keep("matrix", parts.matrix.body, room.parties, (ticks) => [matrixOf(page, room, mine, ticks)]);
    keep("questions", parts.questions.body, [room.questions, room.objectives], () => questionsOf(page, room, mine));
    keep("tasks", parts.tasks.body, room.tasks, (ticks) => [tasksOf(page, room, mine, ticks)]);
    keep("tasks-scope", parts.tasks.scope, room.tasks.length, () => [mine.actions.includes("add-task") ? el("button", { type: "button", class: "tool tool-small", onclick: () => addTask(page, room) }, t("emergency.do.add-task")) : null]);
    keep("roles", parts.roles.body, room.roles, () => rolesOf(page, room, mine));
    keep("reports", parts.reports.body, [room.reports, room.timers], (ticks) => reportsPanel(page, room, mine, ticks));
    keep("cases", parts.cases.body, room.cases, () => room.cases.length ? room.cases.slice(0, 8).map((one) => nearRow(one, words)) : [el("p", { class: "faint case-note" }, t("emergency.none_near"))]);
    keep("grids", parts.grids.body, room.grids, () => room.grids.length ? room.grids.slice(0, 8).map((one) => el("div", { class: "near-grid" }, el("div", { class: "near-row" }, el("b", {}, one.name), el("span", { class: "num faint" }, `${words.number(one.metres)} m`)), el("div", { class: "faint" }, one.posts.map((post) => `${post.name} ${post.filled}`).join(" · ")))) : [el("p", { class: "faint case-note" }, t("emergency.none_near"))]);
    keep("log", parts.log.body, room.log, () => logOf(page, room, mine));
    setText(parts.map.scope, t("emergency.radius", { n: words.number(room.radius_m) }));
    const place = JSON.stringify([room.longitude, room.latitude, room.radius_m, room.perimeter, room.cases, room.cameras]);
    if (place !== placed) {
      placed = place;
      drawMap(mapHolder, room, words);
    }
    showCameras(room);
  }

  async function showCameras(room) {
    const wanted = room.cameras.map((one) => one.id).join(" ");
    if (tiles.dataset.cameras === wanted) return;
    tiles.dataset.cameras = wanted;
    watching?.stop();
    watching = null;
    if (!room.cameras.length) return tiles.replaceChildren(el("p", { class: "faint case-note" }, t("emergency.none_near")));
    const nodes = room.cameras.map((one) => el("figure", { class: "tile", "data-camera": one.id, "data-state": "connecting" },
      el("div", { class: "tile-picture" }), el("span", { class: "tile-dot", "aria-hidden": "true" }), el("span", { class: "tile-note" }, t("common.camera.connecting")),
      el("figcaption", { class: "tile-name", title: one.name }, el("span", {}, one.name), el("span", { class: "num" }, one.metres === null ? "" : `${one.metres} m`))));
    tiles.replaceChildren(...nodes);
    const opened = await openTiles({ wanted: { cameras: room.cameras.map((one) => one.id), purpose: "emergency", reference: room.number }, tiles: nodes, url: page.root.dataset.video, t: words.t, viewer: page.mine.name });
    if (tiles.dataset.cameras !== wanted) return opened.stop(); // meanwhile others are shown
    watching = opened;
    return undefined;
  }

  return {
    write,
    link(state) {
      setAttribute(holder, "data-link", state);
    },
  };
}

// --- head ------------------------------------------------------------------------------------------------------------

function headOf(page, room, mine, ticks) {
  const { words } = page;
  const t = words.t;
  const elapsed = el("b", { class: "num room-elapsed" });
  const began = Date.parse(room.running_at ?? room.started_at);
  const until = room.ended_at ? Date.parse(room.ended_at) : null;
  ticks.push((now) => setText(elapsed, words.countdown(Math.max(0, (until ?? now) - began))));
  const can = (action) => mine.actions.includes(action);
  const commander = room.roles.find((role) => role.code === "commander");
  const tool = (action, deed, kind = "") => (can(action) ? el("button", { type: "button", class: `tool ${kind}`, "data-act": action, onclick: deed }, t(`emergency.do.${action}`)) : null);
  const reasoned = (action, more = []) => () => ask(words, t(`emergency.do.${action}`), [...more, { name: "note", label: t("emergency.field.reason"), kind: "area", required: true }], (values) => page.act(action, values));
  return [
    el("div", { class: "room-title" },
      levelSign(words, room.level), el("h1", {}, room.title),
      room.drill ? el("span", { class: "drill-tag" }, t("emergency.drill")) : null,
      el("span", { class: "emergency-state", "data-state": room.state }, t(`emergency.state.${room.state}`)),
      room.life ? el("span", { class: "tag" }, t(room.ratified ? "emergency.life_tag" : "emergency.to_ratify")) : null),
    el("dl", { class: "room-facts" },
      ...fact(t("emergency.elapsed"), elapsed), ...fact(t("emergency.place"), room.place || t("emergency.no_place")),
      ...fact(t("emergency.lead"), room.lead_name), ...fact(t("emergency.commander"), commander?.holder ?? "—"), ...fact(t("emergency.reason"), room.note)),
    el("div", { class: "room-tools" },
      room.conference ? el("a", { class: "tool", href: room.conference, target: "_blank", rel: "noopener noreferrer" }, t("emergency.conference")) : null,
      tool("call", () => ask(words, t("emergency.do.call"), [{ name: "department", label: t("emergency.field.department"), kind: "choice", options: room.departments.map((one) => [one.code, one.name]), required: true }, { name: "note", label: t("emergency.field.note"), kind: "area" }], (values) => page.act("call", values))),
      tool("level", reasoned("level", [{ name: "level", label: t("emergency.field.level"), kind: "choice", value: room.level, options: [1, 2, 3, 4].map((one) => [one, t(`emergency.level.${one}`)]) }])),
      tool("perimeter", () => ask(words, t("emergency.do.perimeter"), [{ name: "radius_m", label: t("emergency.field.radius_m"), kind: "number", value: room.radius_m, required: true }], (values) => page.act("perimeter", values))),
      el("a", { class: "tool", href: `/emergencies/${room.number}/review` }, t("emergency.to_review")),
      tool("end", reasoned("end"), "tool-end"), tool("cancel", reasoned("cancel"), "tool-end")),
  ];
}

const fact = (name, value) => [el("dt", {}, name), el("dd", {}, value)];

function noticeOf(page, room, mine, ticks) {
  const { words } = page;
  const t = words.t;
  const can = (action) => mine.actions.includes(action);
  const reasoned = (action) => el("button", { type: "button", class: "tool", "data-act": action, onclick: () => ask(words, t(`emergency.do.${action}`), [{ name: "note", label: t("emergency.field.reason"), kind: "area", required: true }], (values) => page.act(action, values)) }, t(`emergency.do.${action}`));
  if (room.state === "pending") {
    const left = el("b", {});
    const due = room.confirm_due_at ? Date.parse(room.confirm_due_at) : null;
    ticks.push((now) => setText(left, due === null ? t("emergency.second_wanted") : t("emergency.window_left", { time: words.countdown(Math.max(0, due - now)) })));
    const confirm = can("confirm") ? twice(el("button", { type: "button", class: "tool tool-go", "data-act": "confirm" }, t("emergency.do.confirm")), words, () => page.act("confirm")) : null;
    return [left, confirm, can("withdraw") ? reasoned("withdraw") : null];
  }
  const ratify = can("ratify") ? el("button", { type: "button", class: "tool tool-go", "data-act": "ratify", onclick: () => ask(words, t("emergency.do.ratify"), [{ name: "finding", label: t("emergency.field.finding"), kind: "choice", options: [["approved", t("emergency.finding.approved")], ["rejected", t("emergency.finding.rejected")]] }, { name: "note", label: t("emergency.field.note"), kind: "area" }], (values) => page.act("ratify", values)) }, t("emergency.do.ratify")) : null;
  const hints = { ended: t("emergency.ended_hint"), cancelled: t("emergency.cancelled_hint", { name: room.cancelled_by, time: words.minute(Date.parse(room.cancelled_at)) }), withdrawn: t("emergency.withdrawn_hint", { name: room.cancelled_by, time: words.minute(Date.parse(room.cancelled_at)) }) };
  return [hints[room.state] ? el("span", {}, hints[room.state]) : ratify ? el("span", {}, t("emergency.to_ratify")) : null, ratify];
}

// --- matrix ----------------------------------------------------------------------------------------------------------

function matrixOf(page, room, mine, ticks) {
  const { words } = page;
  const t = words.t;
  const onAct = (party, stage) => {
    const action = ACTION[stage];
    ask(words, `${party.name} · ${t(`emergency.do.${action}`)}`, [{ name: "note", label: t("emergency.field.note"), kind: "area", required: action === "finish" }], (values) => page.act(action, { ...values, department: party.department }));
  };
  const rows = ordered(room.parties, page.clock.now()).map((party) => {
    const cells = STAGES.map((stage) => cellOf(party, stage, words, mine.actions, onAct));
    ticks.push(...cells.map((cell) => cell.tick));
    const contacts = el("details", { class: "matrix-contacts" }, el("summary", {}, el("b", {}, party.name), party.lead ? el("span", { class: "tag" }, t("emergency.matrix.lead")) : null, party.state === "released" ? el("span", { class: "tag" }, t("emergency.progress.released")) : null),
      el("div", { class: "contact-lines" },
        el("span", {}, `${t("emergency.contact_desk")} ${party.desk} `, el("b", { class: "num" }, party.phone)),
        ...party.contacts.map((one) => el("span", {}, `${one.name} `, el("b", { class: "num" }, one.phone)))),
      mine.actions.includes("release") && party.state !== "released" && !party.lead ? el("button", { type: "button", class: "tool tool-small", onclick: () => ask(words, `${party.name} · ${t("emergency.do.release")}`, [{ name: "note", label: t("emergency.field.reason"), kind: "area", required: true }], (values) => page.act("release", { ...values, department: party.department })) }, t("emergency.do.release")) : null);
    return el("tr", { "data-department": party.department, "data-progress": party.state },
      el("th", { scope: "row" }, contacts, party.rung ? el("span", { class: "matrix-rung" }, `${t("emergency.matrix.silent")} · ${party.rung_name}`) : null),
      ...cells.map((cell) => el("td", {}, cell.node)),
      el("td", { class: "num matrix-tasks" }, party.tasks_all ? `${party.tasks_done}/${party.tasks_all}` : "—"));
  });
  return el("table", { class: "matrix" },
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("emergency.matrix.department")), ...STAGES.map((stage) => el("th", { scope: "col" }, t(`emergency.progress.${stage}`))), el("th", { scope: "col" }, t("emergency.panel.tasks")))),
    el("tbody", {}, ...rows));
}

// --- questions, objectives, tasks ------------------------------------------------------------------------------------

function questionsOf(page, room, mine) {
  const { words } = page;
  const open = mine.actions.includes("answer");
  const rows = room.questions.map((one) => el("div", { class: "start-question", "data-question": one.code },
    el("span", {}, one.text),
    el("span", { class: "start-options" }, ...one.options.map((option) => {
      const chosen = option.code === one.answer;
      const button = el("button", { type: "button", class: "tool tool-small", "aria-pressed": String(chosen), disabled: !open || chosen }, option.text);
      if (open && !chosen) button.addEventListener("click", () => page.act("answer", { question: one.code, answer: option.code }));
      return button;
    }))));
  const goals = room.objectives.map((one) => el("div", { class: "objective", "data-met": one.met_at ? "yes" : "" },
    el("i", { "aria-hidden": "true" }), el("span", {}, one.text),
    one.met_at ? el("span", { class: "num faint" }, words.minute(Date.parse(one.met_at)))
      : mine.actions.includes("objective") ? twice(el("button", { type: "button", class: "tool tool-small" }, words.t("emergency.do.objective")), words, () => page.act("objective", { objective: one.code })) : null));
  return [...rows, el("h3", { class: "room-sub" }, words.t("emergency.panel.objectives")), ...goals];
}

const ORDER = { open: 0, waiting: 1, done: 2, skipped: 3, needless: 4 };

function tasksOf(page, room, mine, ticks) {
  const sorted = [...room.tasks].sort((a, b) => ORDER[a.state] - ORDER[b.state] || b.life - a.life || Date.parse(a.due_at ?? 0) - Date.parse(b.due_at ?? 0));
  return el("ul", { class: "room-task-list", tabindex: 0, "aria-label": page.words.t("emergency.panel.tasks") }, ...sorted.map((task) => taskOf(page, task, mine, ticks)));
}

function addTask(page, room) {
  const t = page.words.t;
  const options = room.parties.filter((one) => one.state !== "released").map((one) => [one.department, one.name]);
  ask(page.words, t("emergency.do.add-task"), [
    { name: "department", label: t("emergency.field.department"), kind: "choice", options, required: true },
    { name: "note", label: t("emergency.field.task_note"), kind: "area", required: true },
    { name: "minutes", label: t("emergency.field.minutes"), kind: "number", value: 30, required: true },
  ], (values) => page.act("add-task", values));
}

// --- roles, near, log ------------------------------------------------------------------------------------------------

function rolesOf(page, room, mine) {
  const { words } = page;
  const t = words.t;
  return room.roles.map((role) => {
    const acts = [];
    if (role.offered_to === mine.name && mine.actions.includes("accept-role")) {
      acts.push(twice(el("button", { type: "button", class: "tool tool-small tool-go", "data-act": "accept-role" }, t("emergency.do.accept-role")), words, () => page.act("accept-role", { role: role.code })));
      acts.push(el("button", { type: "button", class: "tool tool-small", onclick: () => ask(words, t("emergency.do.decline-role"), [{ name: "note", label: t("emergency.field.reason"), kind: "area", required: true }], (values) => page.act("decline-role", { ...values, role: role.code })) }, t("emergency.do.decline-role")));
    } else if (role.offered_to && mine.actions.includes("recall-role")) {
      acts.push(twice(el("button", { type: "button", class: "tool tool-small" }, t("emergency.do.recall-role")), words, () => page.act("recall-role", { role: role.code })));
    } else if (mine.actions.includes("offer-role")) {
      const options = room.people.filter((one) => one.name !== role.holder).map((one) => [one.name, `${one.name} · ${one.role}`]);
      acts.push(el("button", { type: "button", class: "tool tool-small", "data-act": "offer-role", onclick: () => ask(words, `${role.name} · ${t("emergency.do.offer-role")}`, [{ name: "account", label: t("emergency.field.account"), kind: "choice", options, required: true }], (values) => page.act("offer-role", { ...values, role: role.code })) }, t("emergency.do.offer-role")));
    }
    return el("div", { class: "role-row", "data-role-code": role.code }, el("span", { class: "faint" }, role.name), el("b", {}, role.holder ?? "—"), role.offered_to ? el("span", { class: "tag" }, `→ ${role.offered_to}`) : null, el("span", { class: "role-acts" }, ...acts));
  });
}

const nearRow = (one, words) => el("a", { class: "near-row", href: `/cases/${one.code}` }, el("span", { class: "level", "data-level": one.level }, words.t(`common.level.${one.level}`)), el("b", {}, one.title), el("span", { class: "num faint" }, `${one.metres} m`));

function logOf(page, room, mine) {
  const { words } = page;
  const t = words.t;
  const form = mine.actions.includes("tell") ? tellForm(page) : null;
  const lines = [...room.log].reverse().map((line) => el("li", { "data-line": line.id, "data-act": line.act }, el("span", { class: "num" }, words.clock(Date.parse(line.at))), el("span", {}, line.text)));
  return [form, el("ol", { class: "emergency-log", tabindex: 0, "aria-label": t("emergency.panel.log") }, ...lines)];
}
