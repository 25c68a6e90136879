/** Running emergencies, cameras, and what became of this leader's own instructions. */
import { el, setAttribute, setHidden, setText } from "../ui/dom.js";
import { fitting, keyed } from "./rows.js";

/** What an instruction is about, in words. */
export function aboutOf(one, { words, reference }) {
  if (one.about === "case") return words.t("overview.orders.on_case", { code: one.code });
  if (one.about === "figure") return words.t("overview.orders.on_figure", { name: words.t(`overview.figure.${one.code}`) });
  const department = reference.departments.find((row) => row.code === one.code);
  return words.t("overview.orders.on_department", { name: words.short(department) || one.code });
}

/** Whether an answer was due and has not come. */
export function isLate(one, clock) {
  return Boolean(one.reply_due) && !one.answered_at && one.state !== "concluded" && Date.parse(one.reply_due) < clock.county();
}

export function stateOf(one, { words, clock }) {
  if (isLate(one, clock)) return words.t("overview.orders.late");
  if (one.state === "received" && one.addressed > 1) return words.t("overview.orders.received", { n: one.received, all: one.addressed });
  return words.t(`overview.state.${one.state}`);
}

function tile(name, context, tone) {
  const { words, truth, sheet } = context;
  const value = el("b", { class: "num" }, words.unknown);
  const more = el("i", {});
  const node = el("button", { type: "button", class: "ov-tile", "data-tone": tone, "aria-haspopup": "dialog" }, el("span", {}, words.t(`overview.figure.${name}`)), el("span", { class: "ov-tile-value" }, value, more));
  node.addEventListener("click", () => sheet.figure(name));
  return { node, more, slot: truth.slot(node, name, "figures", value) };
}

/** "1,148 / 1,163" and the rate of sound cameras of the last whole day. */
export function soundOf(picture, words) {
  const days = picture?.cameras ?? [];
  const last = days.filter((day) => day.sound !== null);
  if (!last.length) return words.t("overview.cameras.no_rate");
  const today = picture.trend.at(-1).day;
  const whole = last.filter((day) => day.day !== today).at(-1);
  const rate = words.percent((whole ?? last.at(-1)).sound * 1000, 1000);
  return words.t(whole ? "overview.cameras.sound" : "overview.cameras.sound_today", { rate });
}

export function buildOrders(panel, context) {
  const { words, truth, sheet } = context;
  const emergencies = tile("emergencies", context, "red");
  const cameras = tile("cameras-online", context, "ok");
  const empty = el("p", { class: "ov-first" }, words.t("overview.orders.none"));
  const box = el("div", { class: "ov-orders-rows" });
  panel.body.append(el("div", { class: "ov-tiles" }, emergencies.node, cameras.node), box, empty);
  const all = el("button", { type: "button", class: "ov-more", hidden: true }, words.t("overview.orders.title"));
  all.addEventListener("click", () => sheet.orders());
  panel.scope.append(all);
  truth.area(panel.node, "picture");
  const fit = fitting(box);
  const rows = keyed(box, (one) => {
    const [about, text, told] = [el("b", {}), el("span", {}), el("i", {})];
    const node = el("button", { type: "button", class: "ov-order", "data-instruction": one.number, "aria-haspopup": "dialog" }, about, told, text);
    node.addEventListener("click", () => sheet.orders());
    return {
      node,
      write(now) {
        setText(about, aboutOf(now, context));
        setText(text, now.result || now.text);
        setText(told, stateOf(now, context));
        setAttribute(node, "data-state", isLate(now, context.clock) ? "late" : now.state);
      },
    };
  });

  return {
    write({ figures, picture }) {
      emergencies.slot.write(figures.emergencies, words.number(figures.emergencies));
      setAttribute(emergencies.node, "data-zero", figures.emergencies ? null : "");
      cameras.slot.write(figures.cameras_online, words.number(figures.cameras_online));
      setText(cameras.more, ` / ${words.number(figures.cameras_total)} · ${soundOf(picture, words)}`);
      if (!picture) return;
      const own = picture.instructions;
      setHidden(empty, own.length > 0 || !picture.may_instruct);
      setHidden(all, !picture.may_instruct);
      rows(own.map((one) => ({ ...one, key: one.number })));
      fit();
    },
  };
}
