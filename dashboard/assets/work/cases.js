/**
 * The list of cases: filters that ask at once, filters kept under a name, and one action on many cases: one form, one
 * result per case, and what was refused stays selected with its reason.
 */
import { el, setAttribute, setText } from "../ui/dom.js";
import { watchAge } from "../desk/age.js";
import { start as startList } from "../desk/list.js";
import { actionOf, reason, tell } from "./api.js";
import { buildForm } from "./form.js";
import { bindKeys, helpSheet } from "./keys.js";
import { loadReference } from "./reference.js";

export async function start(root) {
  startList(root);
  const reference = await loadReference().catch(() => null);
  if (!reference) return; // a display has no desk: it only reads
  watchAge(root, reference.words.t);
  const bulk = buildBulk(root, reference);
  buildKept(root, reference);
  keyboard(root, reference, bulk);
  root.dataset.ready = "yes";
}

// --- one action on many cases ----------------------------------------------------------------------------------------

function buildBulk(root, reference) {
  const { words, forms } = reference;
  const table = root.querySelector("table.cases");
  if (!table || !forms.size) return null;
  const rows = [...table.querySelectorAll("tbody tr")];
  const chosen = () => rows.filter((row) => row.box.checked);
  const all = el("input", { type: "checkbox", "aria-label": words.t("work.bulk.all") });
  const count = el("b", { class: "num" });
  const buttons = el("span", { class: "file-actions", role: "toolbar", "aria-label": words.t("case.actions") });
  const room = el("div", { class: "bulk-form" });
  const results = el("ol", { class: "bulk-results", "aria-live": "polite" });
  const bar = el("section", { class: "bulk", hidden: true, "aria-label": words.t("work.bulk.title") },
    el("div", { class: "bulk-head" }, count, buttons, el("button", { type: "button", class: "tool tool-small", onclick: clear }, words.t("work.bulk.clear"))), room, results);
  root.querySelector(".desk-main").append(bar);

  for (const row of rows) {
    row.box = el("input", { type: "checkbox", "aria-label": words.t("work.bulk.choose", { code: row.dataset.case }) });
    row.firstElementChild.prepend(el("label", { class: "row-box" }, row.box));
    row.box.addEventListener("change", () => show());
  }
  all.addEventListener("change", () => {
    for (const row of rows) row.box.checked = all.checked;
    show();
  });
  table.querySelector("thead th").prepend(el("label", { class: "row-box" }, all));

  function show({ keep = false } = {}) {
    const picked = chosen();
    for (const row of rows) row.toggleAttribute("data-chosen", row.box.checked);
    all.checked = picked.length === rows.length;
    all.indeterminate = picked.length > 0 && !all.checked;
    bar.hidden = !picked.length && !results.childElementCount;
    setText(count, words.t("work.bulk.count", { n: picked.length }));
    const common = [...forms.values()].filter((move) => picked.length && picked.every((row) => move.start.includes(row.dataset.stage)));
    buttons.replaceChildren(...common.map((move) => el("button", { type: "button", class: "tool", "data-do": move.action, onclick: () => begin(move) }, move.label)));
    if (picked.length && !common.length) buttons.replaceChildren(el("span", { class: "faint" }, words.t("work.bulk.none")));
    if (!keep) room.replaceChildren();
  }

  function clear() {
    for (const row of rows) row.box.checked = false;
    results.replaceChildren();
    show();
  }

  function begin(move) {
    results.replaceChildren();
    const form = buildForm({ move, reference, send: (values) => carryOut(move, values, form), oncancel: () => room.replaceChildren() });
    room.replaceChildren(form.node);
    form.focus();
  }

  /** One case after the other, each in its own transaction; what went well is unchosen, what was refused says why. */
  async function carryOut(move, values, form) {
    const picked = chosen();
    let refused = 0;
    results.replaceChildren();
    for (const [number, row] of picked.entries()) {
      form.say(words.t("work.bulk.doing", { n: number + 1, of: picked.length }));
      const version = reference.versioned ? { version: Number(row.dataset.version) } : {};
      const answer = await tell(actionOf(row.dataset.case, move.action), { ...values, ...version });
      if (answer.ok) took(row, answer.body);
      else refused += 1;
      results.append(line(row, move, answer));
    }
    const text = words.t(refused ? "work.bulk.partly" : "work.bulk.done", { done: picked.length - refused, refused, action: move.label });
    results.prepend(el("li", { class: "bulk-sum", "data-refused": refused }, text));
    show({ keep: refused > 0 });
    if (!refused) return { ok: true };
    return { ok: false, status: 422, body: { detail: text } };
  }

  function took(row, body) {
    row.box.checked = false;
    row.dataset.stage = body.stage;
    row.dataset.version = body.version ?? Number(row.dataset.version) + 1;
    row.dataset.done = "yes";
    const stage = row.querySelector(".stage");
    setAttribute(stage, "data-stage", body.stage);
    setText(stage, words.t(`common.stage.${body.stage}`));
  }

  function line(row, move, answer) {
    const text = answer.ok ? words.t(`common.stage.${answer.body.stage}`) : answer.status === 409 && answer.body.detail ? answer.body.detail : reason(answer, words);
    return el("li", { "data-case": row.dataset.case, "data-ok": String(answer.ok) },
      el("i", { class: answer.ok ? "good" : "bad", "aria-hidden": "true" }, answer.ok ? "✓" : "✕"),
      el("a", { href: `/cases/${row.dataset.case}`, class: "num", target: "_blank" }, row.dataset.case), el("span", {}, text));
  }

  return { toggle: (row) => row?.box && ((row.box.checked = !row.box.checked), show()) };
}

// --- filters kept under a name ---------------------------------------------------------------------------------------

function buildKept(root, reference) {
  const { words } = reference;
  const place = root.querySelector(".kept-filters");
  if (!place) return;
  for (const kept of place.querySelectorAll(".kept")) {
    const name = kept.dataset.kept;
    const remove = el("button", { type: "button", class: "kept-remove", "aria-label": words.t("work.kept.remove", { name }) }, "×");
    remove.addEventListener("click", async () => {
      const answer = await tell(`/api/v1/filters/${encodeURIComponent(name)}/actions/remove`, {});
      if (answer.ok) kept.remove();
    });
    kept.append(remove);
  }
  const name = el("input", { type: "text", maxlength: 40, placeholder: words.t("work.kept.name"), "aria-label": words.t("work.kept.name") });
  const word = el("span", { class: "form-word", role: "status" });
  const form = el("form", { class: "kept-new" }, name, el("button", { type: "submit", class: "tool tool-small" }, words.t("work.kept.keep")), word);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!name.value.trim()) return name.focus();
    const answer = await tell("/api/v1/filters", { name: name.value, query: root.dataset.query });
    if (answer.ok) location.reload();
    else setText(word, reason(answer, words));
  });
  place.append(form);
}

// --- the keyboard ----------------------------------------------------------------------------------------------------

function keyboard(root, reference, bulk) {
  const { words } = reference;
  const rows = [...root.querySelectorAll("tr[data-case]")];
  let here = -1;
  const go = (by) => {
    if (!rows.length) return;
    rows[here]?.removeAttribute("data-here");
    here = Math.min(rows.length - 1, Math.max(0, here + by));
    rows[here].setAttribute("data-here", "");
    rows[here].scrollIntoView({ block: "nearest" });
    rows[here].querySelector("a")?.focus({ preventScroll: true });
  };
  const search = root.querySelector("#search");
  const deeds = [
    { keys: ["j"], label: words.t("work.keys.next"), run: () => go(1) },
    { keys: ["k"], label: words.t("work.keys.previous"), run: () => go(-1) },
    { keys: ["x"], label: words.t("work.keys.choose"), run: () => bulk?.toggle(rows[here]) },
    { keys: ["/"], label: words.t("work.keys.search"), run: () => search?.focus() },
  ];
  bindKeys({ deeds, help: helpSheet(words, deeds, []).open });
  if (location.hash === "#search") search?.focus();
}
