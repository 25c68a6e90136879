/**
 * Figures of the past: the same slots as `wall/truth.js`, whose state is `past` and whose as-of is the moment shown. They
 * can be neither live nor stale.
 */
import { setAttribute, setText } from "../ui/dom.js";

export class PastTruth {
  #words;
  #now;
  #nodes = new Set();
  #lines = new Set();

  /** @param now the moment shown, ms */
  constructor(words, now) {
    this.#words = words;
    this.#now = now;
  }

  heard() {}

  listen() {}

  asOf() {
    return this.#now();
  }

  state() {
    return "past";
  }

  age() {
    return 0;
  }

  slot(node, figure, _source, text = node) {
    if (figure) node.dataset.figure = figure;
    this.#nodes.add(node);
    setAttribute(node, "data-value", "");
    setAttribute(node, "data-state", "past");
    return {
      node,
      write: (value, shown) => {
        setAttribute(node, "data-value", value ?? "");
        setAttribute(node, "data-as-of", new Date(this.#now()).toISOString());
        if (text && shown !== undefined) setText(text, shown);
      },
    };
  }

  line(node) {
    this.#lines.add(node);
    setAttribute(node, "data-state", "past");
  }

  area(element) {
    setAttribute(element, "data-state", "past");
  }

  /** The moment shown has moved. */
  tick() {
    const words = this.#words;
    const text = words.t("past.as_of", { day: words.date(this.#now()).slice(5), time: words.minute(this.#now()) });
    for (const line of this.#lines) setText(line, text);
  }
}
