/**
 * What other authorities warn of and is in force, in one line: the gravest first, each on the plate of its statutory colour
 * with the colour in words, so that no plate is taken for a clock; the number is that of the list at `/warnings`. Where
 * nothing is in force there is no strip. It looks again when a warning came and when the first of them ends.
 */
import { el, setAttribute, setHidden, setText } from "../ui/dom.js";
import { demandAnswer, oneAtATime } from "../ui/once.js";

const LONGEST = 3_600_000;

/**
 * @param linked whether the reader may open the list
 * @param slotOf (node, text) → what makes the number a figure that ages by itself; without it `say` tells whether the line is live
 */
export function buildStrip({ words, linked, slotOf }) {
  const t = words.t;
  const total = el("b", { class: "num" });
  const count = el("span", { class: "warning-count" }, t("exchange.strip.title"), " ", total);
  const signs = el("span", { class: "warning-signs" });
  const about = { class: "warning-strip", "aria-label": t("exchange.strip.label"), hidden: true };
  const node = linked ? el("a", { ...about, href: "/warnings" }, count, signs) : el("div", { ...about, role: "region" }, count, signs);
  const slot = slotOf?.(count, total);
  if (!slot) setAttribute(count, "data-figure", "warnings-in-force");
  let timer = 0;
  let painted = "";

  const refresh = oneAtATime(async () => {
    const answer = await fetch("/live/warnings", { headers: { Accept: "application/json" }, cache: "no-store", signal: AbortSignal.timeout(8_000) });
    demandAnswer(answer);
    if (answer.ok) paint(await answer.json());
  }, 2_000);

  function paint({ as_of, total: number, ends, warnings }) {
    clearTimeout(timer);
    if (ends) timer = setTimeout(refresh, Math.min(LONGEST, Math.max(0, Date.parse(ends) - Date.parse(as_of)) + 500));
    if (slot) slot.write(number, words.number(number));
    else {
      setText(total, words.number(number));
      for (const [name, value] of Object.entries({ "data-value": number, "data-as-of": as_of, "data-state": "live" })) setAttribute(count, name, value);
    }
    const wanted = JSON.stringify(warnings);
    if (wanted !== painted) signs.replaceChildren(...warnings.map(sign));
    painted = wanted;
    setHidden(node, number === 0);
  }

  function sign({ colour, event, headline, area, exercise }) {
    return el("span", { class: "warning-sign", "data-colour": colour ?? "none", title: [headline, area].filter(Boolean).join(" · ") },
      el("b", {}, t(`exchange.colour.${colour ?? "none"}`)), event || headline, exercise ? el("i", {}, t("exchange.strip.exercise")) : null);
  }

  return {
    node,
    refresh: () => void refresh(),
    /** @param state "live" | … of the connection that tells of new warnings */
    say: (state) => void (slot || setAttribute(count, "data-state", state === "live" ? "live" : "stale")),
  };
}
