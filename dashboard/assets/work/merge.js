/** A case that may be the same matter: its button begins the merge where the table of moves has one, else it only opens. */
export function offerMerge(button, { run, possible }) {
  if (!possible().includes("merge")) {
    button.remove();
    return;
  }
  button.addEventListener("click", () => run("merge", { into: button.dataset.merge }));
}
