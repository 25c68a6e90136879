// What a demanding eye would find: words cut without an ellipsis, boxes outside the screen, panels or texts over each
// other, a scroll bar. Evaluates to a list of findings. An ellipsis is allowed only where a text comes from outside.
(() => {
  const MAY_BE_SHORTENED = ".feed-title, .feed-place, .pin-title, .pin-place, .tile-name, .alarm-facts dd, .alarm-title";
  const found = [];
  const told = (node) => `${node.className || node.tagName}: ${node.textContent.trim().slice(0, 40)}`;
  const seen = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && node.getClientRects().length > 0;

  const page = document.scrollingElement;
  if (page.scrollWidth > innerWidth + 1 || page.scrollHeight > innerHeight + 1) found.push(`the page scrolls: ${page.scrollWidth}×${page.scrollHeight}`);

  for (const node of document.querySelectorAll(".wall *")) {
    if (!(node instanceof HTMLElement) || !seen(node)) continue;
    const style = getComputedStyle(node);
    if (/(auto|scroll)/.test(style.overflowX + style.overflowY)) found.push(`scroll bar: ${told(node)}`);
    const ownText = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!ownText) continue;
    const box = node.getBoundingClientRect();
    if (box.left < -1 || box.right > innerWidth + 1 || box.top < -1 || box.bottom > innerHeight + 1) found.push(`outside: ${told(node)}`);
    if (node.scrollWidth > node.clientWidth + 1 && style.display !== "inline" && !node.matches(MAY_BE_SHORTENED)) found.push(`cut: ${told(node)}`);
    for (let around = node.parentElement; around && !around.matches(".wall"); around = around.parentElement) {
      if (getComputedStyle(around).overflowX !== "hidden" || around.matches(MAY_BE_SHORTENED) || node.matches(MAY_BE_SHORTENED)) continue;
      const frame = around.getBoundingClientRect();
      if (box.right > frame.right + 1 || box.left < frame.left - 1) found.push(`cut by ${around.className}: ${told(node)}`);
    }
  }

  // A label may have more room than its letters take: what counts is what is inked.
  const inked = (node) => {
    if (!node.matches(".card-label, .card-amount, .card-note, h2, .panel-scope > *")) return node.getBoundingClientRect();
    const range = document.createRange();
    range.selectNodeContents(node);
    const [across, down] = [range.getBoundingClientRect(), node.getBoundingClientRect()];
    return { left: across.left, right: across.right, top: down.top, bottom: down.bottom, width: across.width };
  };
  const apart = (selector) => {
    const boxes = [...document.querySelectorAll(selector)].filter(seen).map((node) => [node, inked(node)]).filter(([, box]) => box.width);
    boxes.forEach(([one, a], i) => {
      for (const [other, b] of boxes.slice(i + 1)) {
        if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1) found.push(`overlap: ${told(one)} / ${told(other)}`);
      }
    });
  };
  apart(".card");
  apart(".panel");
  apart(".map-label, .pin-card, .map-legend, .level-count, .map-note");
  apart(".wall-header > *");
  apart(".wall-header-live > *");
  apart(".card-label, .card-amount, .card-spark, .card-note, .card-small");
  apart(".panel-head > h2, .panel-tools > *, .panel-scope > *");
  return found;
})()
