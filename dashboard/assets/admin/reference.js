/**
 * Reference data: the table of a kind with a form for a row, its file in and out, and what an edit would change before
 * it is stored. The server judges every edit as the whole file; faults come back with line and field.
 */
import { watchAge } from "../desk/age.js";
import { post, wordsOf } from "../desk/post.js";
import { drawFaults } from "./areas.js";
import { make } from "./make.js";

const SHOWN = 200; // rows drawn at once; the search narrows them

export async function start(root) {
  const say = wordsOf(root);
  watchAge(root, say);
  const page = new ReferencePage(root, say);
  await page.load();
}

class ReferencePage {
  constructor(root, say) {
    Object.assign(this, { root, say, address: root.dataset.address });
    this.names = JSON.parse(root.dataset.columns);
    this.values = JSON.parse(root.dataset.values);
    this.word = root.querySelector(".admin-word");
    this.side = root.querySelector(".ref-side");
    this.box = root.querySelector(".ref-table");
    root.querySelector(".ref-year")?.addEventListener("change", (event) => event.target.form.submit());
    this.offerImport(root.querySelector(".ref-import"));
  }

  async load() {
    const answer = await fetch(this.address);
    if (!answer.ok) return this.tell("bad", this.say("refdata.network"));
    this.table = await answer.json();
    if (this.table.text !== null) this.showText(this.table.text);
    else this.showTable();
    const map = this.root.querySelector(".ref-map");
    if (map) drawFaults(map, this.say);
  }

  // --- the table -------------------------------------------------------------------------------------------------------

  showTable() {
    const find = make("input", { type: "search", placeholder: this.say("refdata.find"), "aria-label": this.say("refdata.find") });
    find.addEventListener("input", () => this.drawRows(find.value.trim().toLowerCase()));
    const add = this.table.addable ? this.button("refdata.add", () => this.showForm(null)) : "";
    this.root.querySelector(".ref-find").replaceChildren(find, add);
    const head = make("tr", {}, ...this.table.columns.map((name) => make("th", { scope: "col" }, this.nameOf(name))), make("th"));
    this.body = make("tbody");
    this.foot = make("p", { class: "faint ref-count" });
    this.box.replaceChildren(make("table", { class: "desk-table" }, make("thead", {}, head), this.body));
    this.box.after(this.foot);
    this.box.tabIndex = 0;
    this.drawRows("");
  }

  drawRows(wanted) {
    const found = this.table.rows.filter((row) => !wanted || Object.entries(row).some(([name, cell]) => `${cell} ${this.valueOf(name, cell)}`.toLowerCase().includes(wanted)));
    this.body.replaceChildren(...found.slice(0, SHOWN).map((row) => this.row(row)));
    this.foot.textContent = this.say(found.length > SHOWN ? "refdata.more" : "refdata.rows", { n: found.length, shown: SHOWN });
  }

  row(row) {
    const cells = this.table.columns.map((name) => this.cell(name, row[name] ?? ""));
    const edit = this.button("refdata.edit", () => this.showForm(row), "tool tool-small");
    return make("tr", { "data-key": this.keyOf(row).join(" ") }, ...cells, make("td", { class: "buttons" }, edit));
  }

  /** What a code is called; the code itself, which files say, is told on pointing at it. */
  cell(name, value) {
    const called = this.valueOf(name, value);
    return make("td", { title: called === value ? value : `${called} · ${value}` }, called);
  }

  keyOf = (row) => this.table.keys.map((name) => row[name] ?? "");
  nameOf = (name) => this.names[name] ?? name;

  /** What a code is called, or several that are parted by semicolons. */
  valueOf(name, value) {
    const known = this.values[name] ?? {};
    const codes = value.split(/;\s*/);
    return codes.some((code) => code in known) ? codes.map((code) => known[code] ?? code).join(this.say("refdata.and")) : value;
  }

  headOf = (row) => this.table.keys.map((name) => this.valueOf(name, row[name] ?? "")).join(" ");

  // --- the form of a row -----------------------------------------------------------------------------------------------

  showForm(row) {
    const key = row ? this.keyOf(row) : [];
    const fields = this.table.columns.map((name) => this.field(name, row?.[name] ?? "", row !== null, this.table.of_row[key[0]]));
    const form = make("form", { class: "action-form ref-form" }, ...fields);
    const edit = () => ({ key, row: Object.fromEntries(new FormData(form)), version: this.table.version });
    const buttons = [make("button", { type: "submit", class: "tool tool-go" }, this.say("refdata.preview"))];
    if (row && this.table.removable) buttons.push(this.button("refdata.remove", () => this.judge({ ...edit(), row: null }, null)));
    buttons.push(this.button("refdata.cancel", () => this.side.replaceChildren()));
    form.append(make("div", { class: "ref-buttons" }, ...buttons));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.judge(edit(), form);
    });
    this.side.replaceChildren(this.panel(row ? this.headOf(row) : this.say("refdata.add"), form));
    form.querySelector("input:not([readonly]), select")?.focus();
    this.side.scrollIntoView({ block: "nearest" });
  }

  field(name, value, existing, ofRow) {
    const choices = this.table.choices[name] ?? (name === "value" ? ofRow : undefined);
    const fixed = existing && (this.table.fixed.includes(name) || this.table.keys.includes(name));
    const input = choices && !fixed
      ? make("select", { name, class: "desk-select" }, ...choices.map((code) => make("option", { value: code, ...(code === value ? { selected: "" } : {}) }, this.optionOf(name, code))))
      : make("input", { name, value, type: "text", autocomplete: "off", ...(fixed ? { readonly: "" } : {}) });
    const called = (fixed || !choices) && this.valueOf(name, value) !== value ? make("span", { class: "faint" }, this.valueOf(name, value)) : "";
    return make("label", { "data-field": name }, make("span", {}, this.nameOf(name)), input, called, make("span", { class: "ref-fault", role: "alert" }));
  }

  optionOf(name, code) {
    const called = this.valueOf(name, code);
    return called !== code && /\d/.test(code) ? `${code} · ${called}` : called || "—";
  }

  // --- a whole file -----------------------------------------------------------------------------------------------------

  showText(text) {
    const area = make("textarea", { class: "ref-text", spellcheck: "false", "aria-label": this.say("refdata.edit") });
    area.value = text;
    const preview = this.button("refdata.preview", () => this.judge({ text: area.value, version: this.table.version }, null), "tool tool-go");
    // A plan is a file of its own, which can be taken out as a whole.
    const code = new URLSearchParams(this.address.split("?")[1]).get("plan");
    const remove = this.table.removable ? this.button("refdata.remove", () => this.judge({ key: [code], row: null, version: this.table.version }, null)) : "";
    this.box.replaceChildren(area, make("div", { class: "ref-buttons" }, preview, remove));
  }

  offerImport(label) {
    const input = make("input", { type: "file", accept: ".csv,.toml,.geojson,.json,text/*", class: "unseen" });
    label.append(input);
    input.addEventListener("change", async () => {
      const file = input.files[0];
      input.value = "";
      if (!file) return;
      const text = decode(await file.arrayBuffer());
      if (text === null) return this.tell("bad", this.say("refdata.unreadable", { name: file.name }));
      this.judge({ text, version: this.table.version }, null);
    });
  }

  // --- judging and storing ------------------------------------------------------------------------------------------------

  at(action) {
    const [path, query] = this.address.split("?");
    return `${path}/${action}${query ? `?${query}` : ""}`;
  }

  async judge(edit, form) {
    const done = await post(this.at("preview"), edit, this.say, "refdata");
    if (!done.ok) return this.tell("bad", done.reason);
    this.tell("", "");
    const { problems, changes } = done.body;
    for (const fault of this.side.querySelectorAll(".ref-fault")) fault.textContent = "";
    const elsewhere = problems.filter((problem) => !this.atField(form, problem));
    this.side.querySelector(".ref-verdict")?.remove();
    if (problems.length) {
      const intro = elsewhere.length ? this.say("refdata.faults", { n: problems.length }) : this.say("refdata.row_fault");
      this.side.append(this.verdict(intro, elsewhere.map((problem) => this.problem(problem)), "bad"));
    } else if (!changes.length) this.side.append(this.verdict(this.say("refdata.nothing"), [], ""));
    else this.side.append(this.verdict(this.say("refdata.changes", { n: changes.length }), changes.slice(0, SHOWN).map((one) => this.change(one)), "good", edit));
    this.side.querySelector(".ref-verdict").scrollIntoView({ block: "nearest" });
  }

  atField(form, problem) {
    const place = problem.here && form?.querySelector(`[data-field="${CSS.escape(problem.field)}"] .ref-fault`);
    if (place) place.textContent = problem.message;
    return Boolean(place);
  }

  problem({ line, field, message }) {
    const where = line ? this.say("refdata.line", { n: line }) : "";
    return make("li", {}, make("b", {}, [where, field].filter(Boolean).join(" · ")), " ", message);
  }

  change({ what, key, fields }) {
    const parts = Object.entries(fields).map(([name, [before, after]]) =>
      make("span", { class: "ref-change" }, this.nameOf(name), " ", make("del", {}, this.valueOf(name, before) || "—"), " → ", make("ins", {}, this.valueOf(name, after) || "—")));
    return make("li", { "data-what": what }, make("b", {}, `${this.say(`refdata.${what}`)} ${this.table.keys.length === 1 ? this.valueOf(this.table.keys[0], key) : key}`), ...parts);
  }

  verdict(intro, items, state, edit = null) {
    const list = items.length ? make("ol", {}, ...items) : "";
    const apply = edit ? this.button("refdata.apply", () => this.apply(edit), "tool tool-go") : "";
    return make("section", { class: "panel ref-verdict", "data-state": state }, make("p", { class: state }, intro), list, apply);
  }

  async apply(edit) {
    const done = await post(this.at("apply"), edit, this.say, "refdata");
    if (!done.ok) return this.tell("bad", done.reason);
    this.side.replaceChildren();
    this.foot?.remove();
    const moved = done.body.rederived;
    if (done.body.plan !== undefined && !this.address.endsWith(`=${done.body.plan}`)) return location.assign(`/admin/reference/plans?plan=${encodeURIComponent(done.body.plan)}`);
    await this.load();
    this.tell("good", moved === null ? this.say("refdata.done") : this.say("refdata.rederived", { n: moved }));
  }

  tell(state, text) {
    this.word.dataset.state = state;
    this.word.textContent = text;
  }

  button(key, pressed, className = "tool") {
    const made = make("button", { type: "button", class: className }, this.say(key));
    made.addEventListener("click", pressed);
    return made;
  }

  panel(title, ...children) {
    return make("section", { class: "panel", "aria-label": title }, make("div", { class: "panel-head" }, make("h2", {}, title)), ...children);
  }
}

/** UTF-8, or GB18030 as Excel saves it; null where it is neither. */
function decode(bytes) {
  for (const encoding of ["utf-8", "gb18030"]) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      // the next one
    }
  }
  return null;
}
