/**
 * Something that is fetched again and again, but never twice at a time: whoever asks while it runs makes it run once more
 * afterwards.
 *
 * @param deed an async function; when it throws it is tried again @param pause milliseconds later
 * @returns a function that asks for it
 */
export function oneAtATime(deed, pause) {
  let busy = false;
  let again = false;

  return async function run() {
    if (busy) return void (again = true);
    busy = true;
    try {
      await deed();
    } catch {
      setTimeout(run, pause); // the connection says so itself; the picture comes as soon as it can
    } finally {
      busy = false;
    }
    if (again) {
      again = false;
      run();
    }
    return undefined;
  };
}

/** An answer that says nothing yet because the server is busy or away: asking again can help. */
export function demandAnswer(answer) {
  if (answer.status >= 500 || answer.status === 429) throw new Error(`the answer was ${answer.status}`);
}
