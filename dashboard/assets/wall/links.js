/** Which list stands behind a figure: the same words as the server's filters, so that a count equals its list. */

/** @param state a state of `/cases`; @param narrow e.g. `{department: "01"}` or `{area: "990100100"}` */
export function listOf(state, narrow = {}) {
  return `/cases?${new URLSearchParams({ state, ...narrow })}`;
}

/** The list behind a county figure; a figure without a list is not here. */
export const FIGURE_LISTS = {
  "reported-today": listOf("reported-today"),
  "closed-today": listOf("closed-today"),
  open: listOf("open"),
  overdue: listOf("overdue"),
  "due-soon": listOf("due-soon"),
  unreceipted: listOf("unreceipted"),
  escalated: listOf("escalated"),
  paused: listOf("paused"),
  adjudication: listOf("adjudication"),
  "cameras-online": "/cameras",
  "cameras-total": "/cameras",
  "warnings-in-force": "/warnings",
  "level-1": listOf("open", { level: 1 }),
  "level-2": listOf("open", { level: 2 }),
  "level-3": listOf("open", { level: 3 }),
  "level-4": listOf("open", { level: 4 }),
};
