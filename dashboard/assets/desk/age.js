/** A page that was computed once says when it gets old: its figures turn `stale` after a minute, with their age beside. */

const OLD = 60_000;

/** Watch the age of a page; `say` knows `desk.stale`. The age counts from loading, so that a replayed county is no matter. */
export function watchAge(root, say) {
  const line = root.querySelector(".desk-age .age");
  if (!line) return;
  const loaded = performance.now();
  setInterval(() => {
    const age = performance.now() - loaded;
    if (age < OLD) return;
    for (const element of [line, ...root.querySelectorAll("[data-figure]")]) element.dataset.state = "stale";
    line.textContent = say("desk.stale", { n: Math.floor(age / 60_000) });
  }, 5_000);
}
