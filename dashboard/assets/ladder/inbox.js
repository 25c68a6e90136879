/** The inbox: an entry is received with one press; a group, which many entries hang on, with two. */
import { watchAge } from "../desk/age.js";
import { post, wordsOf } from "../desk/post.js";
import { isSecond } from "../ui/twice.js";

const ADDRESS = "/api/v1/inbox/actions/receipt";

export function start(root) {
  const say = wordsOf(root);
  watchAge(root, say);
  const word = root.querySelector(".mail-word");
  for (const button of root.querySelectorAll("button[data-receive]")) {
    button.addEventListener("click", () => receive(button, { ids: [Number(button.dataset.receive)] }, word, say));
  }
  for (const button of root.querySelectorAll("button[data-receive-group]")) {
    button.addEventListener("click", () => isSecond(button, say("ladder.page.sure")) && receive(button, { group: groupOf(button) }, word, say));
  }
}

/** The group of a button as the API names it. */
function groupOf({ dataset }) {
  const group = { level: Number(dataset.level), since: dataset.since, until: dataset.until, count: Number(dataset.count) };
  for (const name of ["reason", "department", "town", "emergency"]) if (name in dataset) group[name] = dataset[name];
  return group;
}

async function receive(button, body, word, say) {
  button.disabled = true;
  word.textContent = say("ladder.page.sending");
  const done = await post(ADDRESS, body, say, "ladder.page");
  if (done.ok) return location.reload();
  button.disabled = false;
  word.textContent = say("ladder.page.failed", { reason: done.reason });
}
