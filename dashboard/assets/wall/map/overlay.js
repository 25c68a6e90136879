/**
 * Names, pins and flashes over the map, as HTML in the client's own fonts. Pins come first and find a place for their card
 * that covers neither another card nor a corner box; a town's name gives way to a pin and to a larger town.
 */
import { el, rem, setAttribute, setHidden, setText, stillness } from "../../ui/dom.js";
import { mark } from "../../ui/marks.js";

const FLASHES = 8;
const RING = [{ opacity: 1, transform: "scale(.25)" }, { opacity: 0.9, transform: "scale(.8)", offset: 0.5 }, { opacity: 0, transform: "scale(1)" }];
const STILL = [{ opacity: 1 }, { opacity: 1, offset: 0.8 }, { opacity: 0 }];

function meets(a, b, gap = 0) {
  return a.left < b.right + gap && b.left < a.right + gap && a.top < b.bottom + gap && b.top < a.bottom + gap;
}

const box = (left, top, width, height) => ({ left, top, right: left + width, bottom: top + height });

/** Whether a box lies inside the panel and meets none of the others. */
function free(wanted, size, taken, gap) {
  const inside = wanted.left >= gap && wanted.top >= gap && wanted.right <= size.width - gap && wanted.bottom <= size.height - gap;
  return inside && !taken.some((other) => meets(wanted, other, gap));
}

/** A box moved inside the panel, where it stuck out. */
function within(wanted, size, gap) {
  const [width, height] = [wanted.right - wanted.left, wanted.bottom - wanted.top];
  return box(Math.max(gap, Math.min(wanted.left, size.width - width - gap)), Math.max(gap, Math.min(wanted.top, size.height - height - gap)), width, height);
}

/** Where a card may stand, each with its price: near above its place is cheapest, below is dear. */
function* spots(anchor, width, height, unit) {
  for (const reach of [2.8, 4.2, 5.8, 7.6, 9.6, 12, 15, -3, -5.5]) {
    const top = anchor[1] - reach * unit - (reach > 0 ? height : 0);
    const price = reach > 0 ? reach : 10 - reach;
    for (const shift of [0, 1, 0.5, 0.25, 0.75]) {
      const aside = shift === 0 || shift === 1 ? 0 : 0.6;
      yield { price: price + aside, spot: box(anchor[0] - shift * width, top, width, height) };
    }
  }
}

export function buildOverlay(container) {
  const labelRoom = el("div", { class: "map-labels" });
  const pinRoom = el("div", { class: "map-pins" });
  const flashRoom = el("div", { class: "map-flashes" });
  const node = el("div", { class: "map-overlay" }, labelRoom, flashRoom, pinRoom);
  container.append(node);
  let labels = [];
  const pins = new Map();
  const flashes = Array.from({ length: FLASHES }, () => el("i", { class: "flash" }));
  let nextFlash = 0;
  flashRoom.append(...flashes);

  function buildPin(key) {
    const title = el("b", { class: "pin-title" });
    const time = el("span", { class: "pin-time num" });
    const place = el("span", { class: "pin-place" });
    const sign = el("span", { class: "pin-sign" });
    const card = el("a", { class: "pin-card" }, sign, el("span", { class: "pin-line" }, title, time), place);
    const leader = el("i", { class: "pin-leader" });
    const foot = el("i", { class: "pin-foot" });
    const group = el("div", { class: "pin", "data-pin": key }, leader, foot, card);
    pinRoom.append(group);
    return { group, card, sign, title, time, place, leader, foot, state: null };
  }

  /** The cheapest spot that covers no other card and no corner box; covering a name costs extra. */
  function spotFor(anchor, width, height, unit, size, taken, names) {
    let best = null;
    for (const { price, spot } of spots(anchor, width, height, unit)) {
      const covers = names.filter((name) => meets(spot, name, 0.1 * unit)).length;
      const whole = price + 3.5 * covers + (free(spot, size, taken, 0.4 * unit) ? 0 : 1000);
      if (!best || whole < best.whole) best = { whole, spot };
    }
    return within(best.spot, size, 0.3 * unit);
  }

  function placePin(pin, project, size, taken, names, unit, keep) {
    const anchor = project(pin.at, pin.metres);
    const chosen = spotFor(anchor, pin.card.offsetWidth, pin.card.offsetHeight, unit, size, taken, names);
    const below = chosen.top > anchor[1];
    const edge = below ? chosen.top : chosen.bottom;
    pin.card.style.transform = `translate(${chosen.left}px, ${chosen.top}px)`;
    pin.leader.style.transform = `translate(${anchor[0]}px, ${Math.min(edge, anchor[1])}px)`;
    pin.leader.style.height = `${Math.abs(edge - anchor[1])}px`;
    pin.foot.style.transform = `translate(${anchor[0]}px, ${anchor[1]}px)`;
    keep.push(chosen, box(anchor[0] - 0.2 * unit, Math.min(edge, anchor[1]), 0.4 * unit, Math.abs(edge - anchor[1])));
  }

  function placeLabel(label, project, size, taken, unit, keep) {
    const [x, y] = project(label.at, 0);
    const [width, height] = [label.width, label.height];
    for (const [dx, dy] of [[0, 0], [0, -1.1], [0, 1.1], [-1.6, 0], [1.6, 0], [0, -2], [0, 2]]) {
      const spot = box(x - width / 2 + dx * unit, y - height / 2 + dy * unit, width, height);
      if (!free(spot, size, taken, 0.15 * unit)) continue;
      label.node.style.transform = `translate(${spot.left}px, ${spot.top}px)`;
      setAttribute(label.node, "data-hidden", null);
      keep.push(spot);
      return;
    }
    setAttribute(label.node, "data-hidden", "");
  }

  return {
    node,

    /** @param wanted `[{key, at, name, weight}]`: the heavier keeps its place */
    labels(wanted) {
      const sorted = [...wanted].sort((a, b) => b.weight - a.weight);
      labels = sorted.map((label) => {
        const counts = { open: el("b", { class: "num" }), overdue: el("b", { class: "num label-overdue" }), soon: el("b", { class: "num label-soon" }) };
        const node = el("span", { class: "map-label", "data-label": label.key }, el("span", {}, label.name), ...Object.values(counts));
        return { ...label, node, counts, said: "", width: 0, height: 0 };
      });
      labelRoom.replaceChildren(...labels.map((label) => label.node));
    },

    /** The numbers behind a name: open, and where they are told, overdue and due soon. */
    counts(read) {
      for (const label of labels) {
        const numbers = read(label.key);
        const said = Object.values(numbers).join("/");
        if (label.said === said) continue;
        label.said = said;
        label.width = 0;
        for (const [name, node] of Object.entries(label.counts)) {
          setText(node, numbers[name]);
          setHidden(node, numbers[name] === "");
        }
      }
    },

    /** @param wanted `[{key, at, metres, state, title, place, time, href}]` */
    pins(wanted) {
      const keys = new Set(wanted.map((pin) => pin.key));
      for (const [key, pin] of pins) {
        if (keys.has(key)) continue;
        pin.group.remove();
        pins.delete(key);
      }
      for (const told of wanted) {
        if (!pins.has(told.key)) pins.set(told.key, buildPin(told.key));
        const pin = pins.get(told.key);
        Object.assign(pin, { at: told.at, metres: told.metres });
        setText(pin.title, told.title);
        setText(pin.place, told.place);
        setText(pin.time, told.time);
        setAttribute(pin.card, "href", told.href);
        setAttribute(pin.group, "data-clock", told.state);
        if (pin.state !== told.state) pin.sign.replaceChildren(mark(told.state));
        pin.state = told.state;
      }
    },

    /** Everything to its place. @param reserved boxes in the corners that stay free */
    place(project, size, reserved) {
      const unit = rem();
      const feet = [...pins.values()].map((pin) => project(pin.at, pin.metres)).map(([x, y]) => box(x - 0.4 * unit, y - 0.4 * unit, 0.8 * unit, 0.8 * unit));
      for (const label of labels) if (!label.width) [label.width, label.height] = [label.node.offsetWidth, label.node.offsetHeight];
      const names = labels.map((label) => {
        const [x, y] = project(label.at, 0);
        return box(x - label.width / 2, y - label.height / 2, label.width, label.height);
      });
      const taken = [...reserved];
      for (const pin of pins.values()) placePin(pin, project, size, [...taken, ...feet], names, unit, taken);
      for (const label of labels) placeLabel(label, project, size, [...taken, ...feet], unit, taken);
    },

    /** News from a place: one quiet ring. */
    flash([x, y]) {
      const ring = flashes[nextFlash];
      nextFlash = (nextFlash + 1) % FLASHES;
      ring.style.translate = `${x}px ${y}px`; // no layout, whatever else has just been written
      ring.animate(stillness() ? STILL : RING, { duration: 1600, easing: "ease-out" });
    },

    hide: (hidden) => setHidden(node, hidden),
  };
}
