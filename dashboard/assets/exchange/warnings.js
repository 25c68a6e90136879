/** The warnings page: a new warning is on it within a second, because the gateway tells of it and the page is read anew. */
import { watchAge } from "../desk/age.js";
import { wordsOf } from "../desk/post.js";
import { listen } from "../ui/ear.js";

export function start(root) {
  watchAge(root, wordsOf(root));
  let last = root.dataset.after;
  listen({
    url: root.dataset.push, topic: "wall", after: () => last,
    onMessage: ({ id, kind }) => {
      last = id || last;
      if (kind === "warning.received" || kind === "snapshot.required") location.reload();
    },
  });
}
