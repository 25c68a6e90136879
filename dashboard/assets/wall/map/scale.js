/** From a number of open cases to one of five classes and to a height. Pure. */

/** The breaks of the reference are made for places of up to ten cases; busier counties get the same five classes, wider. */
const BASE = 10;
const TOPS = [10, 20, 30, 50, 80, 100, 200, 300, 500, 800, 1000, 2000, 5000, 10_000, 50_000, 100_000];

/** The round number that heights and classes are measured by; it falls back only when far too large, so it does not flutter. */
export function topFor(most, before = BASE) {
  const wanted = TOPS.find((top) => most <= top) ?? TOPS.at(-1);
  if (wanted > before) return wanted;
  return most < before * 0.4 ? wanted : before;
}

/** The four lower bounds of classes 1–4 for a top: `[1, 3, 5, 7]` at ten. Class 0 is "none". */
export function breaksFor(ramp, top) {
  const [first, ...others] = ramp;
  return [first, ...others.map((bound) => Math.max(2, Math.round((bound * top) / BASE)))];
}

/** 0 … 4 */
export function classOf(open, breaks) {
  let kind = 0;
  while (kind < breaks.length && open >= breaks[kind]) kind += 1;
  return kind;
}

/** The words of the legend: "0", "1–2", "3–4", "5–6", "≥ 7". */
export function labelsFor(breaks) {
  const middle = breaks.slice(0, -1).map((low, i) => (breaks[i + 1] - 1 > low ? `${low}–${breaks[i + 1] - 1}` : `${low}`));
  return ["0", ...middle, `≥ ${breaks.at(-1)}`];
}

/** Height of a column as a share of the tallest, 0 … 1; gently bent, so that one case is already seen. */
export function heightOf(open, top) {
  return open <= 0 ? 0 : Math.min(1, open / top) ** 0.85;
}

/** 0 calm, 1 due soon, 2 overdue. */
export function stateOf([, soon, overdue]) {
  return overdue > 0 ? 2 : soon > 0 ? 1 : 0;
}
