/** Departments by urgency, and towns likewise where the wall is wide enough to show them. */
import { setText } from "../ui/dom.js";
import { buildRows } from "./rows.js";

/** "超期 1:35" or "0:24": how far the earliest deadline is away. */
function deadline(words) {
  return (row, now) => {
    if (row.next === null) return words.unknown;
    const left = row.next - now;
    return left < 0 ? words.t("common.clock.overdue", { time: words.duration(left) }) : words.duration(left);
  };
}

function amounts(words, keys) {
  const column = {
    open: { key: "open", state: "open" },
    soon: { key: "soon", field: "due_soon", state: "due-soon" },
    overdue: { key: "overdue", state: "overdue" },
    unreceipted: { key: "unreceipted", state: "unreceipted" },
  };
  return keys.map((key) => ({
    ...column[key],
    title: words.t(`wall.departments.${key}`),
    show: (row) => words.number(row[column[key].field ?? key]),
  }));
}

function restLine(words, key) {
  return (rows) => {
    const open = rows.reduce((total, row) => total + row.open, 0);
    return `${words.t(key, { n: rows.length })} · ${words.t("wall.departments.open")} ${words.number(open)}`;
  };
}

/** The full Chinese name where its column holds it, else the short one; English always short. */
function nameThatFits(department, words, letters) {
  return words.language !== "en" && department.name.length <= letters ? department.name : words.short(department);
}

export function buildDepartments(panel, { words, truth, clock, reference }) {
  const known = new Map(reference.departments.map((department) => [department.code, department]));
  const table = buildRows(panel.body, {
    attribute: "department", narrow: "department", truth, clock,
    heading: words.t("wall.departments.name"),
    columns: [
      ...amounts(words, ["open", "soon", "overdue", "unreceipted"]),
      { key: "next", field: "next", state: "open", title: words.t("wall.departments.next"), show: deadline(words) },
    ],
    title: (code, letters) => (known.has(code) ? nameThatFits(known.get(code), words, letters) : code),
    restText: restLine(words, "wall.departments.rest"),
    emptyText: words.t("wall.departments.empty"),
  });
  truth.line(panel.age, "figures");
  truth.area(panel.node, "figures");
  return {
    write(figures) {
      setText(panel.scope, words.t("wall.departments.scope", { n: reference.departments.length }));
      const held = new Map(figures.departments.map((row) => [row.code, row]));
      const none = { open: 0, due_soon: 0, overdue: 0, unreceipted: 0, next_due_at: null };
      const codes = new Set([...known.keys(), ...held.keys()]);
      table.write([...codes].map((code) => {
        const row = held.get(code) ?? none;
        return { ...row, code, next: row.next_due_at ? Date.parse(row.next_due_at) : null };
      }));
    },
  };
}

export function buildTowns(panel, { words, truth, clock, reference }) {
  const name = (code) => words.name(reference.areas[code]) || code;
  const table = buildRows(panel.body, {
    attribute: "town", narrow: "area", truth, clock,
    heading: words.t("wall.towns.name"),
    columns: [
      ...amounts(words, ["open", "soon", "overdue"]),
      { key: "today", field: "reported_today", state: "reported-today", title: words.t("wall.towns.reported"), show: (row) => words.number(row.reported_today) },
    ],
    title: name,
    restText: restLine(words, "wall.departments.rest"),
    emptyText: "",
  });
  truth.line(panel.age, "figures");
  truth.area(panel.node, "figures");
  return {
    write(figures) {
      const towns = Object.entries(figures.towns);
      setText(panel.scope, words.t("wall.towns.scope", { n: towns.length }));
      table.write(towns.map(([code, counts]) => ({ ...counts, code, next: null })));
    },
  };
}
