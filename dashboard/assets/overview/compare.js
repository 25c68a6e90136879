/** Figures beside others: changes in per cent, in points, in cases. Pure. What cannot be compared is "—", never 0. */

const sign = (n) => (n > 0 ? "+" : n < 0 ? "−" : "±");

/** Below so many a percentage says more of chance than of work. */
const FEW = 10;

/** 112 against 100 → "+12%" */
export function change(now, before, words) {
  if (before === null || before === undefined || now === null) return words.unknown;
  if (!before) return now ? words.unknown : "±0%";
  if (before < FEW && now !== before) return words.unknown;
  const percent = (now / before - 1) * 100;
  return `${sign(Math.round(percent))}${Math.abs(percent).toFixed(0)}%`;
}

/** 0.965 against 0.951 → "+1.4 points" */
export function points(now, before, words) {
  if (now === null || before === null || before === undefined) return words.unknown;
  const moved = Math.round((now - before) * 1000) / 10;
  return `${sign(moved)}${Math.abs(moved).toFixed(1)}`;
}

/** +3 → "+3 since the last look" */
export function signed(moved, words) {
  if (!Number.isFinite(moved)) return "";
  if (!moved) return words.t("overview.look.same");
  return words.t("overview.look.delta", { n: `${sign(moved)}${words.number(Math.abs(moved))}` });
}
