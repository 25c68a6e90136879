/**
 * What stands behind a figure: definition, source, as-of and the list. Opens on hover, focus or tap of anything that
 * carries a figure; on a touch screen the first tap opens it and its link leads on.
 */
import { el, rem, setHidden, setText } from "../ui/dom.js";
import { FIGURE_LISTS, listOf } from "./links.js";

const HOLDERS = "[data-figure], tr[data-department], tr[data-town]";
const ORIGINS = { "cameras-online": "cameras", "cameras-total": "cameras", "latency-p95": "wall", "warnings-in-force": "warnings" };

export function buildPopover(root, { words, clock, reference }) {
  const title = el("b", { class: "pop-title" });
  const value = el("span", { class: "pop-value" });
  const definition = el("p", { class: "pop-definition" });
  const origin = el("span");
  const asOf = el("span", { class: "num" });
  const link = el("a", { class: "pop-link" }, words.t("wall.popover.open_list"), " →");
  const node = el("div", { class: "popover", role: "tooltip", id: "wall-popover", hidden: true },
    el("div", { class: "pop-head" }, title, value), definition,
    el("div", { class: "pop-facts" },
      el("span", { class: "pop-key" }, words.t("wall.popover.origin")), origin,
      el("span", { class: "pop-key" }, words.t("wall.popover.as_of")), asOf),
    link);
  root.append(node);
  let holder = null;

  function describe(target) {
    const { figure, department, town } = target.dataset;
    if (figure) {
      const own = reference.definitions?.figure?.[figure];
      return {
        title: words.t(`wall.figure.${figure}`),
        definition: own ?? words.t(`wall.definition.${figure}`),
        origin: words.t(`wall.origin.${ORIGINS[figure] ?? "cases"}`),
        list: FIGURE_LISTS[figure],
      };
    }
    const kind = department ? "department" : "town";
    const thing = department ? reference.departments.find((one) => one.code === department) : reference.areas[town];
    return {
      title: words.name(thing) || department || town,
      definition: words.t(`wall.definition.${kind}`),
      origin: words.t("wall.origin.cases"),
      list: listOf("open", department ? { department } : { area: town }),
    };
  }

  /** @param anchor a rectangle in the window; @param told `{title, value, definition, origin, asOf, list}` */
  function show(anchor, told) {
    setText(title, told.title);
    setText(value, told.value ?? "");
    setText(definition, told.definition);
    setText(origin, told.origin);
    setText(asOf, told.asOf ? words.clock(clock.county(told.asOf)) : words.unknown);
    setHidden(link, !told.list);
    if (told.list) link.href = told.list;
    setHidden(node, false);
    const gap = 0.5 * rem();
    const left = Math.min(Math.max(gap, anchor.left), innerWidth - node.offsetWidth - gap);
    const below = anchor.bottom + gap + node.offsetHeight < innerHeight;
    node.style.left = `${left}px`;
    node.style.top = `${below ? anchor.bottom + gap : Math.max(gap, anchor.top - gap - node.offsetHeight)}px`;
  }

  function hide() {
    if (holder) holder.removeAttribute("aria-describedby");
    holder = null;
    setHidden(node, true);
  }

  function open(target) {
    if (target === holder) return;
    hide();
    holder = target;
    const at = Date.parse(target.dataset.asOf);
    show(target.getBoundingClientRect(), { ...describe(target), asOf: Number.isFinite(at) ? at : null });
    target.setAttribute("aria-describedby", node.id);
  }

  root.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch" || node.contains(event.target)) return;
    const target = event.target.closest(HOLDERS);
    if (target) open(target);
    else if (holder) hide();
  });
  root.addEventListener("pointerleave", hide);
  root.addEventListener("focusin", (event) => {
    const target = event.target.closest(HOLDERS);
    if (target) open(target);
    else if (!node.contains(event.target)) hide();
  });
  root.addEventListener("click", (event) => {
    if (event.pointerType !== "touch" || node.contains(event.target)) return;
    const target = event.target.closest(HOLDERS);
    if (!target) return hide();
    if (target !== holder) open(target);
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());

  return { show, hide };
}
