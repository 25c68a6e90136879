/** A report entered by hand at the desk: by telephone, letter or word of mouth, also later than it happened. */
import { el, setText } from "../ui/dom.js";
import { ask, tell } from "./api.js";
import { buildForm } from "./form.js";

const PAUSE_MS = 400; // of typing, before likes are looked for

export function makeReport(reference, { ondone }) {
  const { words } = reference;
  const t = (name) => words.t(`work.field.${name}`);
  const levels = [1, 2, 3, 4].map((level) => [String(level), words.t(`common.level.${level}`)]);
  const frames = ["WGS-84", "GCJ-02", "CGCS2000"].map((frame) => [frame, frame]);
  const move = {
    action: "report",
    label: words.t("work.report.save"),
    fields: [
      { name: "source", kind: "source", required: true, label: t("source") },
      { name: "category", kind: "category", required: true, label: t("category") },
      { name: "description", kind: "text", required: true, label: t("description") },
      { name: "area", kind: "area", required: false, label: t("area") },
      { name: "address", kind: "line", required: false, label: t("address") },
      { name: "longitude", kind: "number", required: false, label: t("longitude") },
      { name: "latitude", kind: "number", required: false, label: t("latitude") },
      { name: "frame", kind: "choice", required: false, label: t("frame"), options: frames },
      { name: "level", kind: "choice", required: false, label: t("level"), options: levels },
      { name: "happened_at", kind: "instant", required: false, label: t("happened_at") },
      { name: "reporter.name", kind: "line", required: false, label: t("reporter_name"), most: 60 },
      { name: "reporter.phone", kind: "line", required: false, label: t("reporter_phone"), most: 40 },
    ],
  };
  const form = buildForm({ move, reference, draft: "report", late: false, send, oncancel: () => sheet.close() });
  const hint = () => el("p", { class: "faint" }, words.t("work.alike.hint"));
  const likes = el("aside", { class: "report-likes", "aria-live": "polite" }, hint());
  const sheet = el("dialog", { class: "report-sheet", "aria-label": words.t("work.report.title") },
    el("header", {}, el("h2", {}, words.t("work.report.title")), el("p", { class: "faint" }, words.t("work.report.hint"))),
    el("div", { class: "report-room" }, form.node, likes));
  document.querySelector(".desk").append(sheet);

  async function send(values) {
    const body = {};
    for (const [name, value] of Object.entries(values)) {
      if (name.startsWith("reporter.")) (body.reporter ??= {})[name.slice(9)] = value;
      else body[name] = name === "level" ? Number(value) : value;
    }
    if (body.longitude === undefined) delete body.frame;
    const answer = await tell("/api/v1/reports", body);
    if (answer.ok) {
      form.node.reset();
      sheet.close();
      ondone(answer.body.code);
    }
    return answer;
  }

  // --- the same matter, perhaps ----------------------------------------------------------------------------------------

  let timer = 0;
  form.node.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  });

  async function look() {
    const { category, area, longitude, latitude, frame, description } = form.values();
    const placed = longitude !== undefined && latitude !== undefined;
    if (!category || !(area || placed)) return likes.replaceChildren(hint());
    const query = new URLSearchParams({ category });
    if (area) query.set("area", area);
    if (placed) for (const [name, value] of Object.entries({ longitude, latitude, frame })) if (value !== undefined) query.set(name, value);
    if (description) query.set("text", description.slice(0, 200));
    const { ok, body } = await ask(`/api/v1/duplicates?${query}`);
    likes.replaceChildren(el("h3", {}, words.t("work.alike.title")), ...(ok && body.cases.length ? body.cases.map(like) : [el("p", { class: "faint" }, words.t("work.alike.none"))]));
  }

  function like({ case: row, score, metres }) {
    const far = metres === null ? "" : words.t("work.metres", { n: words.number(metres) });
    const open = el("button", { type: "button", class: "tool tool-small", onclick: () => (sheet.close(), ondone(row.code)) }, words.t("work.alike.open"));
    const text = el("div", { class: "alike-title" });
    setText(text, row.title);
    return el("div", { class: "alike", "data-alike": row.code },
      el("div", { class: "alike-head" }, el("span", { class: "num" }, row.code), el("span", { class: "stage", "data-stage": row.stage }, words.t(`common.stage.${row.stage}`)), el("b", { class: "num alike-score" }, `${Math.round(score * 100)}%`)),
      text, el("div", { class: "alike-foot" }, el("span", { class: "faint" }, far), open));
  }

  return {
    open() {
      sheet.showModal();
      form.focus();
    },
  };
}
