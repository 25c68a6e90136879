/**
 * Keeps drawing from taking the time that news needs. Changes are gathered and drawn together: at once after a quiet
 * spell, then so seldom that drawing takes a small share of the time. What a drawing costs is measured as it happens.
 */
const SHARE = 8;
const SOONEST = 230;
const LATEST = 2800;

/** @param draw draws what is waiting, and resolves when it is on the screen; @returns a function that asks for a drawing */
export function makePace(draw) {
  let cost = 30;
  let last = -Infinity;
  let timer = 0;

  async function go() {
    timer = 0;
    last = performance.now();
    await draw();
    const took = Math.min(1500, performance.now() - last);
    cost += (took - cost) * 0.3;
  }

  return function soon() {
    if (timer) return;
    const pause = Math.min(LATEST, Math.max(SOONEST, (cost - 40) * SHARE));
    timer = setTimeout(go, Math.max(0, last + pause - performance.now()));
  };
}
