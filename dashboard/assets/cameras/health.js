/** Evidence pictures are pictures of cameras: they are shown once the ledger says who looks at them, and watermarked. */
import { watchAge } from "../desk/age.js";
import { wordsOf } from "../desk/post.js";
import { el, setText } from "../ui/dom.js";
import { hold, openViews } from "./open.js";
import { aboutOf } from "./page.js";

export function start(root) {
  const say = wordsOf(root);
  const about = aboutOf(root);
  watchAge(root, say);
  const show = root.querySelector("[data-act=evidence]");
  const word = root.querySelector(".form-word");
  let held = null;
  show.disabled = !about.cameras.length;
  show.addEventListener("click", async () => {
    const admin = !document.querySelector('.desk-nav a[href="/wall"]');
    const reason = admin ? { purpose: "maintenance", note: show.textContent } : { purpose: "inspection" };
    const wanted = { kind: "live", plan: "evidence", cameras: about.cameras.slice(0, 64), ...reason };
    held ??= hold(wanted); // until the page is left
    const answer = await openViews(wanted);
    word.dataset.state = answer.ok ? "good" : "bad";
    if (!answer.ok) {
      setText(word, answer.status ? say("watching.evidence.failed", { reason: answer.detail }) : say("watching.open.network"));
      return;
    }
    setText(word, say("watching.evidence.shown", { view: answer.view }));
    for (const card of root.querySelectorAll(".fault-card")) reveal(card, answer.cameras, say);
  });
}

function reveal(card, cameras, say) {
  const room = card.querySelector("[data-evidence]");
  if (!room || !cameras.includes(card.dataset.camera)) return;
  const picture = el("img", { src: `/cameras/evidence/${room.dataset.evidence}`, alt: card.querySelector("a")?.textContent ?? "" });
  picture.addEventListener("error", () => room.replaceChildren(say("watching.evidence.none")));
  room.replaceChildren(picture);
}
