/** The page of one case: its file over the whole width, with the same forms and letters as on the desk. */
import { makeFile } from "./file.js";
import { bindKeys, helpSheet } from "./keys.js";
import { loadReference } from "./reference.js";
import { watchAge } from "../desk/age.js";

export async function start(root) {
  const reference = await loadReference();
  const { words } = reference;
  const file = makeFile(root.querySelector(".file-room"), reference);
  await file.open(root.dataset.case);
  watchAge(root, words.t);
  const deeds = [
    { keys: ["Enter"], shown: ["↵"], label: words.t("work.keys.actions"), run: () => file.focusActions() },
    { keys: ["g"], label: words.t("work.keys.refresh"), run: () => file.refresh() },
    { keys: ["P"], label: words.t("work.keys.print"), run: () => file.printLink() && window.open(file.printLink(), "_blank", "noopener") },
  ];
  const help = helpSheet(words, deeds, [...reference.forms.values()]);
  bindKeys({ deeds, act: file.press, help: help.open });
  root.dataset.ready = "yes";
}
