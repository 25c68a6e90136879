/** Webhooks: as all administration; the secret of a new one is shown once and stays until somebody leaves the page. */
import { watchAge } from "../desk/age.js";
import { tell, wire } from "../desk/admin.js";
import { post, wordsOf } from "../desk/post.js";

export function start(root) {
  const say = wordsOf(root);
  watchAge(root, say);
  const word = root.querySelector(".admin-word");
  wire(root, word, say);
  const form = root.querySelector("form[data-form=webhook]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    const body = { name: given.get("name").trim(), url: given.get("url").trim(), kinds: given.getAll("kinds") };
    const done = await post("/api/v1/webhooks", body, say, "admin");
    tell(word, done, say);
    if (done.ok) form.reset();
  });
}
