/** Who is on duty, by title: the shifts that run now, from a roster of some days that is asked for again every hour. */
import { el, setHidden, setText } from "../ui/dom.js";

const HOUR = 3_600_000;

export function buildDuty({ words, shifts }) {
  const text = el("span", { class: "duty-names" });
  const node = el("span", { class: "wall-duty", hidden: true }, el("span", { class: "duty-label" }, words.t("wall.header.duty")), text);
  let known = shifts;
  let asked = Date.now();
  let said = "";

  function tick(now) {
    const on = known.filter((shift) => Date.parse(shift.starts) <= now && now < Date.parse(shift.ends));
    const told = on.map((shift) => (words.language === "en" && shift.holder_en) || shift.holder).join(" · ");
    if (told !== said) {
      said = told;
      setText(text, told);
      text.title = on.map((shift) => `${words.name(shift)}: ${shift.holder} ${shift.phone}`).join("\n");
      setHidden(node, !told);
    }
    if (Date.now() - asked > HOUR) askAgain();
  }

  async function askAgain() {
    asked = Date.now();
    try {
      const answer = await fetch("/live/duty");
      if (answer.ok) known = (await answer.json()).duty;
    } catch {
      // the roster that is known holds for some days; the next hour asks again
    }
  }

  return { node, tick };
}
