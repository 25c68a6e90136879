/**
 * The visible watermark: who looks, when, what for. Into a canvas it is painted over each picture; over a video it is a
 * layer of its own that is written anew every second. It hinders nobody from seeing, and no photo of the screen is without.
 */

const TILT = -0.42; // radians
const SVG = "http://www.w3.org/2000/svg";

/** `duty · 2026-11-25 22:10:03 · 案件 YZ…`, in the county's time (Sweden writes it this way), as pictures that are kept have it. */
export function watermarkText(viewer, purpose, now = new Date()) {
  const local = now.toLocaleString("sv-SE", { hourCycle: "h23", timeZone: document.documentElement.dataset.zone });
  return [viewer, local, purpose].filter(Boolean).join(" · ");
}

/** Paint it over a picture: tilted and faint all over, plain at the foot. */
export function stamp(brush, width, height, text) {
  const size = Math.max(11, Math.round(height / 24));
  brush.save();
  brush.font = `${size}px ${FONT}`;
  brush.textBaseline = "alphabetic";
  brush.shadowColor = "rgba(0, 0, 0, 0.55)";
  brush.shadowBlur = 2;
  brush.fillStyle = "rgba(255, 255, 255, 0.2)";
  brush.save();
  brush.translate(width / 2, height / 2);
  brush.rotate(TILT);
  const reach = Math.hypot(width, height) / 2;
  const step = brush.measureText(text).width + size * 4;
  const line = Math.max(size * 5, height / 3.2);
  let row = 0;
  for (let y = -reach; y < reach; y += line) {
    for (let x = -reach - ((row % 2) * step) / 2; x < reach; x += step) brush.fillText(text, x, y);
    row += 1;
  }
  brush.restore();
  brush.restore();
}

const FONT = '"GovNum", "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", sans-serif';

/** A layer over `room` that keeps the text current. Returns what takes it away. */
export function overlay(room, text) {
  const layer = document.createElementNS(SVG, "svg");
  layer.setAttribute("class", "watermark");
  layer.setAttribute("aria-hidden", "true");
  room.append(layer);

  function draw() {
    const { clientWidth: width, clientHeight: height } = room;
    if (!width || !height) return;
    layer.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const size = Math.max(12, Math.round(height / 30));
    const words = text();
    const step = words.length * size * 0.62 + size * 4;
    const marks = [];
    const reach = Math.hypot(width, height) / 2;
    let row = 0;
    for (let y = -reach; y < reach; y += Math.max(size * 6, height / 4)) {
      for (let x = -reach - ((row % 2) * step) / 2; x < reach; x += step) marks.push(mark(x, y, size, words));
      row += 1;
    }
    const group = document.createElementNS(SVG, "g");
    group.setAttribute("transform", `translate(${width / 2} ${height / 2}) rotate(${(TILT * 180) / Math.PI})`);
    group.append(...marks);
    layer.replaceChildren(group);
  }

  draw();
  const timer = setInterval(draw, 1000);
  return () => {
    clearInterval(timer);
    layer.remove();
  };
}

function mark(x, y, size, words) {
  const node = document.createElementNS(SVG, "text");
  node.setAttribute("x", x.toFixed(0));
  node.setAttribute("y", y.toFixed(0));
  node.setAttribute("font-size", size);
  node.textContent = words;
  return node;
}
