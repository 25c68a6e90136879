/** Diagonal stripes (overdue) or dots (due soon): the second sign beside the colour, as a small tile to fill with. */
const SIZE = 16;

/** @param kind "overdue" | "soon"; @returns an OffscreenCanvas of 16 × 16 pixels */
export function hatch(kind, colours) {
  const tile = new OffscreenCanvas(SIZE, SIZE);
  const pen = tile.getContext("2d");
  pen.fillStyle = colours[kind];
  pen.fillRect(0, 0, SIZE, SIZE);
  pen.strokeStyle = pen.fillStyle = colours[`${kind}_dark`];
  pen.lineWidth = 4;
  if (kind === "overdue") {
    for (const shift of [-SIZE, 0, SIZE]) {
      pen.beginPath();
      pen.moveTo(shift - 2, SIZE + 2);
      pen.lineTo(shift + SIZE + 2, -2);
      pen.stroke();
    }
  } else {
    for (const [x, y] of [[4, 4], [12, 12]]) {
      pen.beginPath();
      pen.arc(x, y, 2.3, 0, 2 * Math.PI);
      pen.fill();
    }
  }
  return tile;
}
