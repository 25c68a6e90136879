/** The editor of a register's entry: only what was changed is sent; secrets are never shown, and stay where nothing is typed. */
import { post, wordsOf } from "../desk/post.js";
import { el, setText } from "../ui/dom.js";
import { aboutOf, field } from "./page.js";

const FLAGS = new Set(["public", "focus"]);
const NUMBERS = new Set(["longitude", "latitude"]);
const WIDE = new Set(["address", "main_address", "legal_basis", "legal_basis_en", "purpose", "purpose_en"]);

export function start(root) {
  const say = wordsOf(root);
  const about = aboutOf(root);
  const room = root.querySelector(".entry-room");
  const word = el("p", { class: "form-word", role: "status", "aria-live": "polite" });
  const form = el("form", { class: "entry-form" });
  for (const [name, words] of Object.entries(about.labels)) form.append(fieldFor(name, words, about, say));
  form.append(field("note", say("watching.entry.note"), "", { maxlength: 200 }));
  form.append(el("div", { class: "entry-foot" }, el("button", { type: "submit", class: "tool tool-go" }, say("watching.entry.save")), word));
  room.append(form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const changed = changes(form, about);
    if (!Object.keys(changed).length) {
      setText(word, say("watching.entry.unchanged"));
      return;
    }
    const note = form.elements.note.value.trim();
    const body = { ...changed, version: about.version, ...(note ? { note } : {}) };
    const done = await post(`/api/v1/cameras/${about.camera}/register`, body, say, "watching.entry");
    word.dataset.state = done.ok ? "good" : "bad";
    setText(word, done.ok ? say("watching.entry.saved") : say("watching.entry.failed", { reason: done.reason }));
    if (done.ok) setTimeout(() => location.reload(), 600);
  });
}

function fieldFor(name, words, about, say) {
  const value = about.values[name];
  if (FLAGS.has(name)) return check(name, words, value);
  if (name === "owner") return choice(name, words, about.owners, value);
  if (name === "shown_to") {
    const boxes = about.roles.map(([role, text]) => check(`shown_to:${role}`, text, (value ?? []).includes(role)));
    return el("fieldset", { class: "field wide" }, el("legend", {}, words), ...boxes);
  }
  if (name === "thresholds") return limits(words, value ?? {}, about, say);
  if (name === "credentials") {
    const hint = say(about.secret ? "watching.entry.kept_secret" : "watching.entry.keep");
    return field(name, words, "", { type: "password", placeholder: hint, autocomplete: "new-password" });
  }
  const label = field(name, words, value ?? "", NUMBERS.has(name) ? { inputmode: "decimal" } : {});
  if (WIDE.has(name)) label.classList.add("wide");
  return label;
}

const SIDES = ["raise_after", "clear_after"];

/** The camera's own limits of health: an empty field is the usual one, which it shows. Of each fault, how long it must last
 *  and be gone, and whether it is judged at all. */
function limits(words, own, about, say) {
  const numbers = about.limits.map(([limit, text, usual]) => field(`limit:${limit}`, text, own[limit] ?? "", { inputmode: "decimal", placeholder: String(usual) }));
  const heads = ["fault", ...SIDES, "off"].map((name) => el("th", { scope: "col" }, say(`watching.entry.${name}`)));
  const rows = about.faults.map(([fault, text, ...usual]) => {
    const delays = SIDES.map((side, index) => {
      const input = el("input", { name: `${side}:${fault}`, class: "desk-select", type: "text", inputmode: "decimal", autocomplete: "off",
        placeholder: String(usual[index]), "aria-label": `${text} · ${say(`watching.entry.${side}`)}` });
      input.value = own[side]?.[fault] ?? "";
      return el("td", {}, input);
    });
    const off = check(`off:${fault}`, "", (own.off ?? []).includes(fault));
    off.querySelector("input").setAttribute("aria-label", `${text} · ${say("watching.entry.off")}`);
    return el("tr", {}, el("th", { scope: "row" }, text), ...delays, el("td", {}, off));
  });
  const table = el("table", { class: "desk-table entry-delays" }, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows));
  return el("fieldset", { class: "field wide entry-limits" }, el("legend", {}, words), el("div", { class: "entry-numbers" }, ...numbers), table);
}

/** What the form says of them; limits that it does not ask for stay. */
function limitsIn(form, about) {
  const next = { ...about.values.thresholds };
  for (const [limit] of about.limits) {
    const text = form.elements[`limit:${limit}`].value.trim();
    if (text) next[limit] = Number(text);
    else delete next[limit];
  }
  for (const side of SIDES) {
    const typed = about.faults.map(([fault]) => [fault, form.elements[`${side}:${fault}`].value.trim()]).filter(([, text]) => text);
    if (typed.length) next[side] = Object.fromEntries(typed.map(([fault, text]) => [fault, Number(text)]));
    else delete next[side];
  }
  const off = about.faults.map(([fault]) => fault).filter((fault) => form.elements[`off:${fault}`].checked);
  if (off.length) next.off = off;
  else delete next.off;
  return next;
}

const ordered = (limits) => JSON.stringify(Object.entries(limits ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));

function check(name, words, value) {
  const box = el("input", { type: "checkbox", name });
  box.checked = Boolean(value);
  return el("label", { class: "check" }, box, el("span", {}, words));
}

/** A value that is not among the choices (a unit that is gone) stays what it is until another is chosen. */
function choice(name, words, choices, value) {
  const options = !value || choices.some(([code]) => code === value) ? choices : [[value, value], ...choices];
  const select = el("select", { name, class: "desk-select" }, el("option", { value: "" }, "—"),
    ...options.map(([code, text]) => el("option", { value: code }, text)));
  select.value = value ?? "";
  return el("label", { class: "field" }, el("span", {}, words), select);
}

/** The fields that say something else than before. */
export function changes(form, about) {
  const found = {};
  for (const name of Object.keys(about.labels)) {
    const before = about.values[name];
    if (name === "shown_to") {
      const roles = about.roles.map(([role]) => role).filter((role) => form.elements[`shown_to:${role}`].checked);
      if (roles.join() !== (before ?? []).join()) found[name] = roles;
    } else if (name === "thresholds") {
      const next = limitsIn(form, about);
      if (ordered(next) !== ordered(before)) found[name] = next;
    } else if (FLAGS.has(name)) {
      if (form.elements[name].checked !== Boolean(before)) found[name] = form.elements[name].checked;
    } else {
      const text = form.elements[name].value.trim();
      if (text === String(before ?? "") || (name === "credentials" && !text)) continue;
      found[name] = NUMBERS.has(name) && text ? Number(text) : text;
    }
  }
  return found;
}
