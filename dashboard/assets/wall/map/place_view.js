/**
 * The view of a small place: its middle in the middle, all of it within the panel. In closed form: the approach by which a
 * county is fitted (`camera.js`) begins at a county's size and runs away from a circle of a kilometre.
 */
import { mercator } from "./camera.js";

const TILE = 512;
/** The share of the shorter side that the place takes; a tilted camera needs the rest. */
const SHARE = 0.78;
const CLOSEST = 16;

/** @param places `[[lon, lat], …]`, two of them apart at least; @param size `{width, height}` in CSS pixels */
export function placeView(places, pitch, size) {
  const [xs, ys] = [places.map((place) => place[0]), places.map((place) => place[1])];
  const center = [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
  const corners = places.map(mercator);
  const wide = Math.max(...corners.map(([x]) => x)) - Math.min(...corners.map(([x]) => x));
  const high = Math.max(...corners.map(([, y]) => y)) - Math.min(...corners.map(([, y]) => y));
  const room = SHARE * Math.max(80, Math.min(size.width, size.height));
  return { center, zoom: Math.min(CLOSEST, Math.log2(room / (Math.max(wide, high, 1e-9) * TILE))), pitch };
}
