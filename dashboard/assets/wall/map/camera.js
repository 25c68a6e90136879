/**
 * Where a place stands on the screen: the map's own projection as plain arithmetic (web Mercator, a camera that is tilted
 * and looks north), and the view that makes a county fill its panel. Pure functions; MapLibre draws with the same numbers.
 */
const TILE = 512;
const EARTH = 40_075_016.68;
/** MapLibre's default lens: 2·atan(1/3), in degrees. */
export const LENS = 36.86989764584402;

/** Mercator in the unit square, y southwards. */
export function mercator([longitude, latitude]) {
  const sine = Math.sin((latitude * Math.PI) / 180);
  return [longitude / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

/** Longitude and latitude of a Mercator place. */
export function unmercator([x, y]) {
  return [(x - 0.5) * 360, (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI];
}

/** What all arithmetic of a view stands on: pixels of the world, its middle, its tilt, how far the eye is away. */
function lens(view, size) {
  const scale = TILE * 2 ** view.zoom;
  const tilt = (view.pitch * Math.PI) / 180;
  return {
    scale,
    middle: mercator(view.center),
    sine: Math.sin(tilt),
    cosine: Math.cos(tilt),
    distance: size.height / 2 / Math.tan((LENS * Math.PI) / 360),
    perMetre: scale / (EARTH * Math.cos((view.center[1] * Math.PI) / 180)),
  };
}

/**
 * @param view `{center: [lon, lat], zoom, pitch}` with pitch in degrees; @param size `{width, height}` in CSS pixels
 * @returns (Mercator place, metres above ground) => [x, y] in CSS pixels from the panel's top left
 */
export function ground(view, size) {
  const { scale, middle, sine, cosine, distance, perMetre } = lens(view, size);
  return ([mx, my], metres = 0) => {
    const [east, south, up] = [(mx - middle[0]) * scale, (my - middle[1]) * scale, metres * perMetre];
    const grow = distance / (distance - south * sine - up * cosine);
    return [size.width / 2 + east * grow, size.height / 2 + (south * cosine - up * sine) * grow];
  };
}

/** The same for a place given as [lon, lat]. */
export function projector(view, size) {
  const project = ground(view, size);
  return (place, metres = 0) => project(mercator(place), metres);
}

/** The way back: ([x, y] in CSS pixels, metres above ground) => the Mercator place that is seen there. */
export function unproject(view, size) {
  const { scale, middle, sine, cosine, distance, perMetre } = lens(view, size);
  return ([x, y], metres = 0) => {
    const [right, down, up] = [x - size.width / 2, y - size.height / 2, metres * perMetre];
    const south = (down * (distance - up * cosine) + distance * up * sine) / (distance * cosine + down * sine);
    const grow = distance / (distance - south * sine - up * cosine);
    return [middle[0] + right / grow / scale, middle[1] + south / scale];
  };
}

/** The rectangle on screen around some places, each with its height: `[left, top, right, bottom]`. */
function extent(project, places) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [longitude, latitude, metres = 0] of places) {
    const [x, y] = project([longitude, latitude], metres);
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return [left, top, right, bottom];
}

/** The share of the shorter side that a small place takes; a tilted camera needs the rest. */
const SHARE = 0.78;
const CLOSEST = 16;

/**
 * The view of a place of any size, in closed form: its middle in the middle, all of it within the panel.
 * @param places `[[lon, lat], …]`, two of them apart at least; @param size `{width, height}` in CSS pixels
 */
export function placeView(places, pitch, size) {
  const [xs, ys] = [places.map((place) => place[0]), places.map((place) => place[1])];
  const center = [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
  const corners = places.map(mercator);
  const wide = Math.max(...corners.map(([x]) => x)) - Math.min(...corners.map(([x]) => x));
  const high = Math.max(...corners.map(([, y]) => y)) - Math.min(...corners.map(([, y]) => y));
  const room = SHARE * Math.max(80, Math.min(size.width, size.height));
  return { center, zoom: Math.min(CLOSEST, Math.log2(room / (Math.max(wide, high, 1e-9) * TILE))), pitch };
}

/**
 * The view in which some places just fill the panel inside its margins. A tilted camera makes the far side smaller, so the
 * answer is approached from there: measure, zoom and shift, measure again.
 * @param places `[[lon, lat, metres?], …]`, e.g. the county's outline; @param margin `{top, right, bottom, left}` in pixels
 */
export function fitted(places, pitch, size, margin) {
  const room = [Math.max(40, size.width - margin.left - margin.right), Math.max(40, size.height - margin.top - margin.bottom)];
  let view = placeView(places, pitch, size);
  for (let round = 0; round < 24; round += 1) {
    const [left, top, right, bottom] = extent(projector(view, size), places);
    const zoom = view.zoom + Math.log2(Math.min(room[0] / (right - left), room[1] / (bottom - top)));
    const scale = TILE * 2 ** view.zoom;
    const [x, y] = mercator(view.center);
    // The middle of what is seen must come to the middle of the room; further away a pixel is worth more ground.
    const dx = (left + right) / 2 - (margin.left + room[0] / 2);
    const dy = (top + bottom) / 2 - (margin.top + room[1] / 2);
    const slant = Math.max(0.2, Math.cos((pitch * Math.PI) / 180));
    view = { center: unmercator([x + dx / scale, y + dy / scale / slant]), zoom, pitch };
  }
  return view;
}

/**
 * The view that shows the whole county in its panel, as low and large as it can stand without running into the boxes in
 * the corners.
 * @param boxes `[{left, top, right, bottom}, …]` in pixels of the panel, with the air they want; @param unit pixels of a rem
 */
export function homeView(outline, pitch, size, boxes, unit) {
  const foot = Math.max(1.2 * unit, ...boxes.map((box) => size.height - box.top).filter((high) => high < size.height / 2));
  let view = null;
  for (const bottom of [1.4 * unit, foot * 0.35, foot * 0.7, foot]) {
    view = fitted(outline, pitch, size, { top: (pitch ? 3 : 1.2) * unit, right: 1.5 * unit, bottom, left: 1.5 * unit });
    const project = projector(view, size);
    const meets = outline.some((place) => {
      const [x, y] = project(place);
      return boxes.some((box) => x > box.left && x < box.right && y > box.top - unit && y < box.bottom);
    });
    if (!meets) break;
  }
  return view;
}
