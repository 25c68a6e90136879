/** Shapes out of GeoJSON: outlines, middles, distances. Pure. */

/** The county as a slab under everything: its own shape a few times more, each so many rem lower, and darker. */
export const SLAB = [[0.95, "#04101f"], [0.72, "#0b2340"], [0.36, "#0e2a4a"]];

/** All rings of a Polygon or MultiPolygon. */
export function rings(geometry) {
  if (geometry.type === "Polygon") return geometry.coordinates;
  if (geometry.type === "MultiPolygon") return geometry.coordinates.flat();
  return [];
}

/** Every corner of a collection's outer rings. */
export function corners(collection) {
  return collection.features.flatMap((feature) => rings(feature.geometry).flat());
}

function ringArea(ring) {
  let area = 0;
  for (let i = 0; i + 1 < ring.length; i += 1) area += ring[i][0] * ring[i + 1][1] - ring[i + 1][0] * ring[i][1];
  return area / 2;
}

function largestRing(geometry) {
  return rings(geometry).reduce((best, ring) => (Math.abs(ringArea(ring)) > Math.abs(ringArea(best)) ? ring : best), [[0, 0]]);
}

/** Whether a point lies inside a ring. */
export function inside(ring, [x, y]) {
  let is = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [[xi, yi], [xj, yj]] = [ring[i], ring[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) is = !is;
  }
  return is;
}

/** Square of the distance from a point to the nearest edge, in degrees of latitude. */
function clearance(ring, [x, y], shrink) {
  let best = Infinity;
  for (let i = 0; i + 1 < ring.length; i += 1) {
    const [ax, ay, bx, by] = [(ring[i][0] - x) * shrink, ring[i][1] - y, (ring[i + 1][0] - x) * shrink, ring[i + 1][1] - y];
    const [dx, dy] = [bx - ax, by - ay];
    const along = Math.max(0, Math.min(1, -(ax * dx + ay * dy) / (dx * dx + dy * dy || 1)));
    best = Math.min(best, (ax + along * dx) ** 2 + (ay + along * dy) ** 2);
  }
  return best;
}

/** Where a name has most room: of a fine lattice over the shape, the point furthest from its edge. */
export function roomiest(feature) {
  const ring = largestRing(feature.geometry);
  const [xs, ys] = [ring.map((corner) => corner[0]), ring.map((corner) => corner[1])];
  const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const shrink = Math.cos((south * Math.PI) / 180);
  let best = { point: middle(feature), room: -1 };
  for (let i = 1; i < 24; i += 1) {
    for (let j = 1; j < 24; j += 1) {
      const point = [west + ((east - west) * i) / 24, south + ((north - south) * j) / 24];
      if (!inside(ring, point)) continue;
      const room = clearance(ring, point, shrink);
      if (room > best.room) best = { point, room };
    }
  }
  return best.point;
}

/** The middle of a feature: the centre of gravity of its largest ring. */
export function middle(feature) {
  const largest = largestRing(feature.geometry);
  const area = ringArea(largest);
  if (!area) return largest[0];
  let [x, y] = [0, 0];
  for (let i = 0; i + 1 < largest.length; i += 1) {
    const cross = largest[i][0] * largest[i + 1][1] - largest[i + 1][0] * largest[i][1];
    x += (largest[i][0] + largest[i + 1][0]) * cross;
    y += (largest[i][1] + largest[i + 1][1]) * cross;
  }
  return [x / (6 * area), y / (6 * area)];
}

/** Metres between two places, on a sphere; good to 0.5 % here. */
export function distance([lon1, lat1], [lon2, lat2]) {
  const rad = Math.PI / 180;
  const x = (lon2 - lon1) * rad * Math.cos(((lat1 + lat2) / 2) * rad);
  const y = (lat2 - lat1) * rad;
  return 6_371_000 * Math.hypot(x, y);
}

/** A ring with every corner moved inwards by some metres, along the mean of its two edges' normals. */
function shrunkRing(ring, metres) {
  const [east, north] = [111_320 * Math.cos((ring[0][1] * Math.PI) / 180), 110_574];
  const flat = ring.slice(0, -1).map(([x, y]) => [x * east, y * north]);
  const inward = ringArea(ring) > 0 ? 1 : -1;
  const moved = flat.map(([x, y], i) => {
    const [px, py] = flat[(i + flat.length - 1) % flat.length];
    const [nx, ny] = flat[(i + 1) % flat.length];
    const normals = [[x - px, y - py], [nx - x, ny - y]].map(([dx, dy]) => {
      const length = Math.hypot(dx, dy) || 1;
      return [(-dy / length) * inward, (dx / length) * inward];
    });
    const [mx, my] = [normals[0][0] + normals[1][0], normals[0][1] + normals[1][1]];
    // At a sharp corner the mean normal grows without bound: it is held to twice the distance.
    const grow = metres / Math.max(0.5, (mx * mx + my * my) / 2);
    return [(x + mx * grow) / east, (y + my * grow) / north];
  });
  return [...moved, moved[0]];
}

/** The same shapes a little smaller, so that columns side by side stay apart. Holes and small shapes are left as they are. */
export function shrunk(collection, metres) {
  const features = collection.features.map((feature) => {
    const { type, coordinates } = feature.geometry;
    const polygon = ([outer, ...holes]) => [Math.abs(ringArea(outer)) * 1.1e10 > (metres * 12) ** 2 ? shrunkRing(outer, metres) : outer, ...holes];
    const moved = type === "Polygon" ? polygon(coordinates) : coordinates.map(polygon);
    return { ...feature, geometry: { type, coordinates: moved } };
  });
  return { type: "FeatureCollection", features };
}
