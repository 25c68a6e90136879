/** The county's shapes, fetched once and indexed: who is who, which grid lies in which town, where a name has room. */
import { corners, middle, roomiest, shrunk } from "./geometry.js";

/** How far columns stand back from their borders, as a share of the county's width. */
const GAP = 0.0016;

async function shapes(level) {
  const answer = await fetch(`/map/areas.geojson?level=${level}`);
  if (!answer.ok) throw new Error(`the ${level} shapes answered ${answer.status}`);
  const collection = await answer.json();
  collection.features.forEach((feature, i) => (feature.id ??= i + 1));
  return collection;
}

/** Fetches all three levels; rejects where one cannot be had. */
export async function fetchPlaces() {
  const [county, towns, grids] = await Promise.all([shapes("county"), shapes("town"), shapes("grid")]);
  return new Places({ county, towns, grids });
}

export class Places {
  #features = { grids: new Map(), towns: new Map() };
  #middles = new Map();

  constructor(geo) {
    this.geo = geo;
    for (const level of ["grids", "towns"]) {
      for (const feature of geo[level].features) {
        this.#features[level].set(feature.properties.code, feature);
        this.#middles.set(feature.properties.code, middle(feature));
      }
    }
    this.outline = corners(geo.county.features.length ? geo.county : geo.grids);
    const longitudes = this.outline.map(([longitude]) => longitude);
    const [west, east] = [longitudes.reduce((a, b) => Math.min(a, b)), longitudes.reduce((a, b) => Math.max(a, b))];
    /** Width of the county in metres: heights and gaps are shares of it. */
    this.span = (east - west) * 111_320 * Math.cos((this.outline[0][1] * Math.PI) / 180);
    this.gap = this.span * GAP;
  }

  count(level) {
    return this.#features[level].size;
  }

  codes(level) {
    return this.#features[level].keys();
  }

  feature(level, code) {
    return this.#features[level].get(code);
  }

  middle(code) {
    return this.#middles.get(code) ?? null;
  }

  /** The town that a grid lies in, however deep the tree; null for none. */
  town(grid) {
    return this.#features.grids.get(grid)?.properties.town ?? null;
  }

  /** A feature's shape, drawn back from its borders where it stands as a column. */
  shape(feature, raised) {
    return raised ? shrunk({ features: [feature] }, this.gap).features[0].geometry : feature.geometry;
  }

  /** What is named on the map: the towns; where there are none and the grids are few, the grids. Larger towns weigh more. */
  named() {
    const level = this.count("towns") ? "towns" : this.count("grids") <= 40 ? "grids" : null;
    if (!level) return [];
    const sizes = new Map();
    for (const grid of this.codes("grids")) sizes.set(this.town(grid), (sizes.get(this.town(grid)) ?? 0) + 1);
    return this.geo[level].features.map((feature) => labelOf(feature, sizes.get(feature.properties.code) ?? 1));
  }

  /** The names of the grids around a place, for a map that looks close: the nearest first, so many at most. */
  near([longitude, latitude], most) {
    const squeeze = Math.cos((latitude * Math.PI) / 180);
    const far = ({ properties }) => {
      const [x, y] = this.#middles.get(properties.code) ?? [Infinity, Infinity];
      return Math.hypot((x - longitude) * squeeze, y - latitude);
    };
    return this.geo.grids.features.map((feature) => [far(feature), feature]).sort((a, b) => a[0] - b[0]).slice(0, most).map(([, feature], n) => labelOf(feature, most - n));
  }
}

function labelOf(feature, weight) {
  const { code, name } = feature.properties;
  return { code, name, at: roomiest(feature), weight };
}
