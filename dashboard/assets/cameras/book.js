/** The register: legal holds are placed and lifted here by the administrator; lifting is pressed twice. */
import { watchAge } from "../desk/age.js";
import { post, wordsOf } from "../desk/post.js";
import { el, setText } from "../ui/dom.js";
import { isSecond } from "../ui/twice.js";
import { aboutOf, field } from "./page.js";

export function start(root) {
  const say = wordsOf(root);
  watchAge(root, say);
  if (aboutOf(root).admin) build(root, say);
}

function build(root, say) {
  const word = el("p", { class: "form-word", role: "status", "aria-live": "polite" });
  const kind = el("select", { name: "kind", class: "desk-select", "aria-label": say("watching.hold.kind") },
    ...["camera", "case", "emergency"].map((one) => el("option", { value: one }, say(`watching.hold.${one}`))));
  const form = el("form", { class: "hold-form" }, kind, field("object", say("watching.hold.object"), "", { required: true, maxlength: 64 }),
    field("reason", say("watching.hold.reason"), "", { required: true, maxlength: 500 }),
    field("until", say("watching.hold.until"), "", { type: "date", required: true }),
    el("button", { type: "submit", class: "tool" }, say("watching.hold.place")), word);
  root.querySelector(".hold-room").append(form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { object, reason, until } = form.elements;
    const body = { kind: kind.value, object: object.value.trim(), reason: reason.value.trim(), until: `${until.value}T23:59:59Z` };
    tell(await post("/api/v1/holds", body, say, "watching.open"));
  });
  for (const button of root.querySelectorAll("[data-lift]")) {
    button.addEventListener("click", async () => {
      if (!isSecond(button, say("watching.hold.sure"))) return;
      tell(await post(`/api/v1/holds/${button.dataset.lift}/actions/lift`, {}, say, "watching.open"));
    });
  }

  function tell(done) {
    word.dataset.state = done.ok ? "good" : "bad";
    setText(word, done.ok ? say("watching.hold.done") : say("watching.hold.failed", { reason: done.reason }));
    if (done.ok) setTimeout(() => location.reload(), 500);
  }
}
