/** Building and changing elements. Nothing is written that is already so: an unchanged wall costs no layout. */

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "style") node.style.cssText = value; // the attribute itself would be refused by our own policy
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** An HTML element; attributes named `on…` are listeners, children are nodes or texts (never markup). */
export function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Write a text only where it differs. */
export function setText(node, text) {
  const wanted = String(text);
  if (node.textContent !== wanted) node.textContent = wanted;
}

/** Write an attribute only where it differs; null removes it. */
export function setAttribute(node, name, value) {
  if (value === null || value === undefined) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/** Show or hide without losing the element's place in the code. */
export function setHidden(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}

/** CSS pixels of one rem: the wall's unit, 16 at 1080p and 32 at 2160p. */
export function rem() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize);
}

const pace = { slow: false };

/** Told by whoever paints: whether a frame takes so long here that a movement would stand still in the middle of itself. */
export function setSlow(slow) {
  pace.slow = slow;
}

/** True where things should change without moving: a person asked for it, or the machine cannot draw a movement. */
export function stillness() {
  return pace.slow || matchMedia("(prefers-reduced-motion: reduce)").matches;
}
