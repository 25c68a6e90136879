/** Asking and telling the server. A refusal comes back whole, so that its field, its reason and what changed can be shown. */

const OWN = { "X-GC-CSRF": "1", Accept: "application/json" };

/** GET a JSON value; `{ok: false, status}` where there is none, status 0 without a connection. */
export async function ask(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    const body = await answer.json().catch(() => ({}));
    return { ok: answer.ok, status: answer.status, body };
  } catch {
    return { ok: false, status: 0, body: {} };
  }
}

/** POST a JSON value or a form's data. */
export async function tell(address, body) {
  const isForm = body instanceof FormData;
  const headers = isForm ? OWN : { ...OWN, "Content-Type": "application/json" };
  try {
    const answer = await fetch(address, { method: "POST", headers, body: isForm ? body : JSON.stringify(body) });
    return { ok: answer.ok, status: answer.status, body: await answer.json().catch(() => ({})) };
  } catch {
    return { ok: false, status: 0, body: {} };
  }
}

/** Why something was not done, in the reader's words. */
export function reason(answer, words) {
  const known = { 0: "case.network", 401: "case.expired", 403: "case.forbidden" }[answer.status];
  const other = answer.status === 409 ? words.t("case.conflict") : String(answer.status);
  return known ? words.t(known) : answer.body.detail ?? other;
}

/** The address of a case's action. */
export const actionOf = (code, action) => `/api/v1/cases/${encodeURIComponent(code)}/actions/${action}`;
