/** What changes something is pressed twice: after the first press a button asks, and for four seconds a second one counts. */
import { setText } from "./dom.js";

const SURE = 4_000;
const asking = new WeakMap(); // button → how it becomes itself again

/** Whether this press is the second one. After a first one the button says `again` until it has been pressed or waited for. */
export function isSecond(button, again) {
  const back = asking.get(button);
  if (back) {
    back();
    return true;
  }
  const before = button.textContent;
  const itself = () => {
    clearTimeout(timer);
    asking.delete(button);
    delete button.dataset.sure;
    setText(button, before);
  };
  const timer = setTimeout(itself, SURE);
  asking.set(button, itself);
  button.dataset.sure = "yes";
  setText(button, again);
  return false;
}
