/** What changed since this leader last looked: how often each thing happened, each opening its list. */
import { el, setAttribute, setHidden, setText } from "../ui/dom.js";

/** "19 hours", "12 minutes", "3 days" */
export function ageOf(ms, words) {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 60) return words.t("overview.age.minutes", { n: minutes });
  return minutes < 2880 ? words.t("overview.age.hours", { n: Math.floor(minutes / 60) }) : words.t("common.days", { d: Math.floor(minutes / 1440) });
}

const ROWS = ["lapsed", "escalated", "reported", "closed", "open", "answered"];

export function buildChanges(panel, { words, truth, clock, sheet }) {
  const first = el("p", { class: "ov-first", hidden: true }, words.t("overview.look.first"));
  const box = el("div", { class: "ov-changes" });
  panel.body.append(first, box);
  truth.area(panel.node, "picture");
  const rows = ROWS.map((name) => {
    const count = el("b", { class: "num" });
    const node = el("a", { class: "ov-change", "data-change": name, role: "button" }, el("span", {}, words.t(`overview.look.${name}`)), count, el("i", { "aria-hidden": "true" }, "›"));
    if (name === "answered") node.addEventListener("click", (event) => (event.preventDefault(), sheet.orders()));
    const slot = truth.slot(count, `change-${name}`, "picture");
    box.append(node);
    return { name, node, slot };
  });

  /** How the open cases have moved since. */
  function moved(look, figures) {
    const [before, now] = [look.figures.open ?? NaN, figures.county.open];
    return { count: now, list: "/cases?state=open", words: words.t("overview.look.moved", { before: words.number(before), now: words.number(now) }) };
  }

  return {
    write({ picture, figures }) {
      if (!picture) return;
      const { look } = picture;
      const known = look.at !== null;
      setHidden(first, known);
      setHidden(box, !known);
      setText(panel.scope, known ? words.t("overview.look.since", { time: words.moment(Date.parse(look.since), clock.county()).slice(0, 11), age: ageOf(Date.parse(picture.as_of) - Date.parse(look.since), words) }) : "");
      if (!known) return;
      for (const { name, node, slot } of rows) {
        const change = name === "answered" ? { count: look.answered, list: "#" } : name === "open" ? moved(look, figures) : look.changes[name];
        slot.write(change.count, change.words ?? words.number(change.count));
        setAttribute(node, "href", change.list);
        setAttribute(node, "role", name === "answered" ? "button" : null);
        setAttribute(node, "data-some", change.count ? "" : null);
      }
    },
  };
}
