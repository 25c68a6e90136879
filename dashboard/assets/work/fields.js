/**
 * One field of a form, by the kind that the table of moves gives it: text, department, departments, area, case, category,
 * instant, choice, count. Each has a name, a label, a place for its fault, and a way to read and to set its value.
 */
import { el, setText } from "../ui/dom.js";
import { instantOf, localText } from "./reference.js";

/** @returns `{name, node, read(), write(value), fault(text), first}`; `first` takes the focus. */
export function buildField(field, reference) {
  const { words } = reference;
  const control = (KINDS[field.kind] ?? KINDS.text)(field, reference);
  const fault = el("p", { class: "field-fault", role: "alert" });
  const label = el("span", { class: "field-label" }, field.label, field.required ? null : el("i", {}, words.t("work.optional")));
  const tag = control.group ? "fieldset" : "label";
  const title = control.group ? el("legend", {}, label) : label;
  const node = el(tag, { class: "field", "data-field": field.name, "data-kind": field.kind }, title, control.node, fault);
  return {
    name: field.name,
    label: field.label,
    required: field.required,
    node,
    first: control.first ?? control.node,
    read: control.read,
    write: control.write,
    fault(text) {
      setText(fault, text ?? "");
      node.toggleAttribute("data-bad", Boolean(text));
      (control.first ?? control.node).setAttribute("aria-invalid", String(Boolean(text)));
    },
  };
}

const plain = (node, more = {}) => ({ node, read: () => node.value || undefined, write: (value) => (node.value = value ?? ""), ...more });

const KINDS = {
  text: (field) => plain(el("textarea", { name: field.name, rows: 3, maxlength: 2000 })),

  line: (field) => plain(el("input", { type: "text", name: field.name, maxlength: field.most ?? 200, autocomplete: "off" })),

  department: (field, reference) => plain(select(field, departmentOptions(reference))),

  departments: (field, reference) => manyOf(field, departmentOptions(reference)),

  area: (field, reference) => plain(select(field, areaGroups(reference))),

  category: (field, reference) => plain(select(field, categoryGroups(reference))),

  source: (field, reference) => plain(select(field, Object.entries(reference.sources).map(([code, row]) => [code, reference.words.name(row)]))),

  case: (field) => plain(el("input", { type: "text", name: field.name, maxlength: 64, autocomplete: "off", class: "num" })),

  choice: (field) => plain(select(field, field.options)),

  count: (field) => {
    const node = el("input", { type: "number", name: field.name, min: 0, step: 1 });
    return { node, read: () => (node.value === "" ? undefined : Number(node.value)), write: (value) => (node.value = value ?? "") };
  },

  number: (field) => {
    const node = el("input", { type: "number", name: field.name, step: "any" });
    return { node, read: () => (node.value === "" ? undefined : Number(node.value)), write: (value) => (node.value = value ?? "") };
  },

  instant: (field, reference) => {
    const zone = reference.county.timezone;
    const node = el("input", { type: "datetime-local", name: field.name });
    return {
      node,
      read: () => instantOf(node.value, zone) ?? undefined,
      write: (value) => (node.value = value ? localText(Date.parse(value), zone) : ""),
    };
  },
};

function select(field, options) {
  const empty = el("option", { value: "" }, field.empty ?? "—");
  return el("select", { name: field.name, class: "desk-select" }, empty, ...options.map(option));
}

function option([value, words]) {
  return Array.isArray(words) ? el("optgroup", { label: value }, ...words.map(option)) : el("option", { value }, words);
}

function manyOf(field, options) {
  const boxes = options.map(([value, words]) => {
    const box = el("input", { type: "checkbox", name: field.name, value });
    return { box, label: el("label", { class: "check" }, box, words) };
  });
  const node = el("div", { class: "checks" }, ...boxes.map(({ label }) => label));
  return {
    node,
    group: true,
    first: boxes[0]?.box,
    read: () => {
      const chosen = boxes.filter(({ box }) => box.checked).map(({ box }) => box.value);
      return chosen.length ? chosen : undefined;
    },
    write: (values) => boxes.forEach(({ box }) => (box.checked = (values ?? []).includes(box.value))),
  };
}

function departmentOptions({ departments, words }) {
  return departments.map((row) => [row.code, words.name(row)]);
}

function areaGroups({ areas, words }) {
  const towns = Object.entries(areas).filter(([, row]) => row.level === "town");
  const grids = Object.entries(areas).filter(([, row]) => row.level === "grid");
  const under = (town) => grids.filter(([code, row]) => row.parent === town || code.startsWith(town)).map(([code, row]) => [code, words.name(row)]);
  return towns.map(([code, row]) => [words.name(row), [[code, words.name(row)], ...under(code)]]);
}

function categoryGroups({ tree, categories, words }) {
  const groups = new Map();
  for (const leaf of tree) {
    if (!groups.has(leaf.top)) groups.set(leaf.top, []);
    groups.get(leaf.top).push([leaf.code, words.name(categories[leaf.code])]);
  }
  return [...groups].map(([top, leaves]) => [words.name(categories[top]), leaves]);
}
