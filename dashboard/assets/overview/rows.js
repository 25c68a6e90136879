/** Rows of touchable height: only as many as fit whole are shown, so that nothing is cut and nothing scrolls. */

/** @param most children beyond this never show; calls `told(shown, all)` whenever that changes */
export function fitting(box, told = () => {}) {
  let last = "";

  function fit() {
    const room = box.clientHeight;
    let shown = 0;
    const rows = [...box.children];
    let used = 0;
    for (const row of rows) {
      row.hidden = false;
      used += row.offsetHeight;
      if (used > room + 1 && shown > 0) break;
      shown += 1;
    }
    rows.forEach((row, i) => (row.hidden = i >= shown));
    const now = `${shown}/${rows.length}`;
    if (now === last) return;
    last = now;
    told(shown, rows.length);
  }

  new ResizeObserver(fit).observe(box);
  return fit;
}

/** Keep an ordered list of keyed rows: nodes are moved and kept, made only for new keys. */
export function keyed(box, make) {
  const known = new Map();
  return (items) => {
    const wanted = new Set(items.map((item) => item.key));
    for (const [key, row] of known) {
      if (wanted.has(key)) continue;
      row.node.remove();
      known.delete(key);
    }
    let moved = false;
    items.forEach((item, i) => {
      if (!known.has(item.key)) known.set(item.key, make(item));
      const row = known.get(item.key);
      if (box.children[i] !== row.node) {
        box.insertBefore(row.node, box.children[i] ?? null);
        moved = true;
      }
      row.write(item);
    });
    return moved;
  };
}
