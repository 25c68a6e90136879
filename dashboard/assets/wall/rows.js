/**
 * A table of things ranked by urgency (departments, towns): fixed columns, a fixed number of rows that fit the panel, and
 * one line for the rest so that the columns still add up. Rows are moved, never made anew; a new order is taken up at
 * most every `SETTLE` ms, so that two near-equal rows do not swap places four times a second.
 */
import { el, rem, setAttribute, setHidden, setText, stillness } from "../ui/dom.js";
import { listOf } from "./links.js";

const SETTLE = 3000;
const MOVE = { duration: 240, easing: "ease-out" };

/** Most overdue first, then most due soon, then the earliest deadline, then the most open. */
export function byUrgency(a, b) {
  const far = Infinity;
  return b.overdue - a.overdue || b.due_soon - a.due_soon || (a.next ?? far) - (b.next ?? far) || b.open - a.open || (a.code < b.code ? -1 : 1);
}

function cell(kind, link) {
  const number = el("span", { class: "num" });
  const holder = link ? el("a", { href: link, tabindex: -1 }, number) : number;
  return { node: el("td", { class: `c-${kind}` }, holder), number };
}

function buildRow(code, options) {
  const { attribute, narrow, columns, truth } = options;
  const name = el("a", { class: "row-name", href: listOf("open", { [narrow]: code }) });
  const cells = {};
  const node = el("tr", { [`data-${attribute}`]: code }, el("th", { scope: "row", class: "c-name" }, name));
  for (const column of columns) {
    cells[column.key] = cell(column.key, column.state && listOf(column.state, { [narrow]: code }));
    node.append(cells[column.key].node);
  }
  return { node, name, cells, slot: truth.slot(node, null, "figures", null), row: null };
}

/**
 * @param attribute the contract's data attribute of a row, `department` or `town`
 * @param narrow the list parameter that narrows `/cases` to a row
 * @param columns `[{key, state, title, show(row, county now)}]`; `state` names the list behind the column
 * @param title (code, letters) => name of the row in at most so many letters
 */
export function buildRows(body, options) {
  const { heading, columns, title, restText, emptyText, clock } = options;
  const rows = new Map();
  const list = el("tbody");
  const rest = el("p", { class: "rest", hidden: true });
  const empty = el("p", { class: "empty", hidden: true }, emptyText);
  const head = el("tr", {}, el("th", { scope: "col", class: "c-name" }, heading),
    ...columns.map((column) => el("th", { scope: "col", class: `c-${column.key}` }, column.title)));
  body.append(el("table", { class: "rows" }, el("thead", {}, head), list), rest, empty);
  let order = [];
  let settled = -Infinity;
  let latest = [];
  let letters = 8;
  /** In CSS pixels; asked of the page only when the panel has another size: asking after a change lays it out again. */
  let measured = { room: 0, least: 1, unit: 16, height: "" };

  /** How many rows fit; they then share the room exactly. */
  function capacity() {
    const { room, least, unit } = measured;
    const fit = Math.max(3, Math.floor(room / least));
    const height = `${Math.min(room / Math.min(fit, Math.max(order.length, 1)), least * 1.2) / unit}rem`;
    if (height !== measured.height) body.style.setProperty("--row", height);
    measured.height = height;
    return fit;
  }

  function reorder(sorted) {
    const now = performance.now();
    const codes = sorted.map((row) => row.code);
    const same = codes.length === order.length && codes.every((code, i) => code === order[i]);
    const known = codes.length === order.length && order.every((code) => rows.has(code));
    if (!same && known && now - settled < SETTLE) return;
    if (!same) settled = now;
    order = codes;
  }

  function move(visible) {
    const wanted = visible.map((code) => rows.get(code).node);
    if (wanted.length === list.children.length && wanted.every((node, i) => node === list.children[i])) return;
    const before = new Map(wanted.filter((node) => node.isConnected).map((node) => [node, node.offsetTop]));
    list.replaceChildren(...wanted);
    if (stillness()) return;
    for (const [node, top] of before) {
      const shift = top - node.offsetTop;
      if (shift) node.animate([{ transform: `translateY(${shift}px)` }, { transform: "none" }], MOVE);
    }
  }

  function writeRow(row) {
    if (!rows.has(row.code)) rows.set(row.code, buildRow(row.code, options));
    const kept = rows.get(row.code);
    setText(kept.name, title(row.code, letters));
    setAttribute(kept.node, "data-urgency", row.overdue ? "overdue" : row.due_soon ? "soon" : null);
    for (const key of ["open", "due_soon", "overdue", "unreceipted"]) setAttribute(kept.node, `data-${key.replace("_", "-")}`, row[key]);
    for (const column of columns) {
      const { number, node } = kept.cells[column.key];
      setText(number, column.show(row, clock.county()));
      setAttribute(node, "data-zero", row[column.field ?? column.key] ? null : "");
    }
    kept.slot.write(row.open);
  }

  function paint() {
    const fit = capacity();
    const shown = order.length > fit ? fit - 1 : order.length;
    move(order.slice(0, shown));
    const hidden = order.slice(shown);
    setHidden(rest, hidden.length === 0);
    if (hidden.length) setText(rest, restText(latest.filter((row) => hidden.includes(row.code))));
    setHidden(empty, order.length > 0);
  }

  /** The room for rows, how low one may be (the style sheet says), and how many letters the first column holds. */
  function measure() {
    const unit = rem();
    const least = (parseFloat(getComputedStyle(body).getPropertyValue("--row-least")) || 2.3) * unit;
    measured = { room: body.clientHeight - head.offsetHeight, least, unit, height: "" };
    const column = head.firstElementChild;
    const inner = column.clientWidth - parseFloat(getComputedStyle(column).paddingLeft);
    letters = Math.floor(inner / parseFloat(getComputedStyle(list).fontSize));
    for (const row of latest) writeRow(row);
    paint();
  }

  new ResizeObserver(measure).observe(body);
  return {
    /** @param wanted rows `{code, open, due_soon, overdue, unreceipted, next}`, `next` in county ms or null */
    write(wanted) {
      latest = wanted;
      for (const row of wanted) writeRow(row);
      reorder([...wanted].sort(byUrgency));
      paint();
    },
  };
}
