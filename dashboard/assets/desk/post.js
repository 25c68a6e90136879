/** Sending a change to the API, and saying in the reader's own words why it was not done. */

/** The page's words, as the server gave them to this page. */
export function wordsOf(root) {
  const texts = JSON.parse(root.dataset.words ?? "{}");
  return (key, values = {}) => (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/**
 * POST a JSON value or a form's data. Answers `{ok, body}`, or `{ok: false, reason}` with a word for a person.
 * `say` looks up `PREFIX.network`, `.expired`, `.forbidden` and `.conflict` under the given prefix. `key`: what is sent again
 * under the same one is done once.
 */
export async function post(address, body, say, prefix, key = null) {
  const isForm = body instanceof FormData;
  const headers = { "X-GC-CSRF": "1", Accept: "application/json" };
  if (!isForm) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  let answer;
  try {
    answer = await fetch(address, { method: "POST", headers, body: isForm ? body : JSON.stringify(body) });
  } catch {
    return { ok: false, reason: say(`${prefix}.network`) };
  }
  const read = await answer.json().catch(() => ({}));
  if (answer.ok) return { ok: true, body: read };
  return { ok: false, reason: reasonOf(answer.status, read, say, prefix) };
}

function reasonOf(status, problem, say, prefix) {
  const word = { 401: "expired", 403: "forbidden", 409: "conflict" }[status];
  for (const named of [problem.reason, word]) {
    const key = `${prefix}.${named}`;
    if (named && say(key) !== key) return say(key);
  }
  return problem.detail ?? String(status);
}
