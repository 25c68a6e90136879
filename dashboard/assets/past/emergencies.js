/**
 * The emergencies of a past day: those whose mark was on the screens at the moment shown, each with its level then and a way
 * to the replay of its room at that moment. A drill says so, and is in no figure.
 */
import { el, setAttribute, setHidden, setText } from "../ui/dom.js";

/** How an emergency stood at a moment: its state and level; null where it had no mark. Pure. */
export function standingAt(one, now) {
  if (one.began > now || (one.gone !== null && one.gone <= now)) return null;
  const level = one.levels.filter(([at]) => at <= now).at(-1)?.[1] ?? one.levels[0]?.[1] ?? null;
  return { state: one.ended !== null && one.ended <= now ? "ended" : "running", level };
}

export function buildEmergencies(day, words) {
  const box = el("div", { class: "past-emergencies", "aria-label": words.t("past.emergency.title"), role: "group" });
  const rows = day.emergencies.map((one) => {
    const [level, state] = [el("b"), el("i")];
    const node = el("a", { class: "past-emergency", href: "#", "data-emergency": one.number, "data-drill": one.drill ? "yes" : null }, level, one.drill ? el("em", {}, words.t("past.emergency.drill")) : null, el("span", {}, one.title), state);
    return { one, node, level, state };
  });
  box.append(...rows.map((row) => row.node));
  return {
    node: box,
    write(now) {
      let shown = 0;
      for (const { one, node, level, state } of rows) {
        const then = standingAt(one, now);
        setHidden(node, !then);
        if (!then) continue;
        shown += 1;
        setText(level, ["", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ"][then.level] ?? "—");
        setText(state, words.t(`past.emergency.${then.state}`));
        setAttribute(node, "data-state", then.state);
        setAttribute(node, "href", `/emergencies/${encodeURIComponent(one.number)}/review?at=${new Date(now).toISOString()}`);
      }
      setHidden(box, !shown);
    },
  };
}
