"""Do areas tile? Pure geometry: overlaps, gaps, overhangs and points in areas, measured in m².

Shapes come in WGS-84 degrees. They are measured on a plane scaled at the latitude of the county's middle: for a county
of 100 km that is right to about one part in a hundred, and the same for all shapes, so sums compare exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely import STRtree

from config.county import Area, TreeRules
from config.sentences import say

METRES_PER_DEGREE = 111_320.0
"""Of latitude, and of longitude at the equator: the mean of WGS-84 to half a per cent."""


@dataclass(frozen=True)
class Fault:
    """A place where areas do not tile: the area it is reported at, the sentence, and the piece of ground itself."""

    area: Area
    sentence: str
    kind: str
    """`overlap`, `overhang`, `gap`, `empty` or `unlike`."""
    piece: Any = None
    """shapely geometry in WGS-84 degrees; None where a whole level is missing."""


def frame_sentence(bounds: Sequence[float]) -> str | None:
    """Why bounds (west, south, east, north) cannot be WGS-84 degrees, longitude first, or None if they can."""
    west, south, east, north = bounds
    first, second = max(abs(west), abs(east)), max(abs(south), abs(north))
    if first <= 180 and second <= 90:
        return None
    if first <= 90 and second <= 180:
        return say(
            "Expected WGS-84 degrees with longitude first; these look exchanged, with latitude first (the first number runs from {west:g} to {east:g}, the second from {south:g} to {north:g}).",
            west=west,
            east=east,
            south=south,
            north=north,
        )
    return say(
        "Expected WGS-84 degrees (longitude -180 to 180, latitude -90 to 90); these coordinates run from ({west:,.0f}, {south:,.0f}) to ({east:,.0f}, {north:,.0f}), so they look like a projected frame, such as EPSG:2249 in feet or Gauss-Krüger in metres. Transform the file to EPSG:4326 and import it again.",
        west=west,
        south=south,
        east=east,
        north=north,
    )


def shape_sentence(shape: Any) -> str | None:
    """Why this is no usable area, or None. The reason names the place."""
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        return say("Expected a Polygon or MultiPolygon; came a {geom_type}.", geom_type=shape.geom_type)
    if shape.is_empty:
        return "Expected a Polygon with an area; it is empty."
    if not shape.is_valid:
        return say("Expected a valid polygon; {what} (longitude latitude).", what=shapely.is_valid_reason(shape))
    return None


def mended(shape: Any) -> Any | None:
    """A valid form of a polygon whose rings touch or cross themselves; None where nothing alike comes of it."""
    if shape.is_valid or shape.is_empty:
        return shape
    parts = shapely.get_parts(shapely.make_valid(shape, method="structure", keep_collapsed=False))
    whole = shapely.union_all([part for part in parts.tolist() if part.geom_type in ("Polygon", "MultiPolygon")])
    return whole if abs(whole.area - shape.area) <= 0.001 * shape.area else None


@dataclass(frozen=True)
class Plane:
    """Areas laid flat, in metres."""

    scale: tuple[float, float]
    """Metres per degree of longitude and latitude."""
    flat: Mapping[str, Any]
    """Shapes by the code of their area."""

    @classmethod
    def of(cls, areas: Sequence[Area]) -> Plane:
        shapes = np.array([area.shape for area in areas], dtype=object)
        bounds = shapely.total_bounds(shapes)
        scale = _scale_at((bounds[1] + bounds[3]) / 2)
        flat = shapely.transform(shapes, lambda points: points * scale)
        return cls(scale, {area.code: shape for area, shape in zip(areas, flat, strict=True)})

    def shapes(self, codes: Iterable[str]) -> Any:
        return np.array([self.flat[code] for code in codes], dtype=object)

    def degrees(self, piece: Any) -> Any:
        """A flat piece, in degrees again."""
        return shapely.transform(piece, lambda points: points / self.scale)

    def near(self, piece: Any) -> str:
        """A point of a flat piece, in degrees."""
        point = piece.representative_point()
        return f"{point.x / self.scale[0]:.5f}, {point.y / self.scale[1]:.5f}"


def _scale_at(latitude: float) -> tuple[float, float]:
    return METRES_PER_DEGREE * math.cos(math.radians(latitude)), METRES_PER_DEGREE


def faults(areas: Mapping[str, Area], rules: TreeRules) -> Iterator[Fault]:
    """What keeps the areas in force from tiling: overlaps, overhangs, gaps, joint grids unlike what they cover.

    `areas` must be a sound tree of valid shapes.
    """
    now = [area for area in areas.values() if area.valid_to is None]
    if not now:
        return
    plane = Plane.of(now)
    for level in rules.levels[1:]:
        members = [area for area in now if area.level == level]
        if members:
            yield from _overlaps(members, plane, rules.tolerance_m2)
            yield from _overhangs(members, areas, plane, rules.tolerance_m2)
            yield from _gaps(members, areas, plane, rules)
    yield from _unlike_covered(now, areas, plane, rules.tolerance_m2)


def _overlaps(members: Sequence[Area], plane: Plane, tolerance: float) -> Iterator[Fault]:
    shapes = plane.shapes(area.code for area in members)
    one, other = STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    common = shapely.intersection(shapes[one], shapes[other])
    sizes = shapely.area(common)
    for i in np.flatnonzero(sizes > tolerance).tolist():
        a, b = members[one[i]], members[other[i]]
        sentence = (
            f"{_named(b)} overlaps {_named(a)} by {sizes[i]:,.0f} m² near {plane.near(common[i])}; "
            f"expected at most {tolerance:g} m²."
        )
        yield Fault(b, sentence, "overlap", plane.degrees(common[i]))


def _overhangs(members: Sequence[Area], areas: Mapping[str, Area], plane: Plane, tolerance: float) -> Iterator[Fault]:
    inner = [area for area in members if area.parent in plane.flat]
    shapes = plane.shapes(area.code for area in inner)
    parents = plane.shapes(str(area.parent) for area in inner)
    outside = np.flatnonzero(~shapely.covered_by(shapes, parents))
    over = shapely.difference(shapes[outside], parents[outside])
    for i, piece in zip(outside.tolist(), over, strict=True):
        if piece.area > tolerance:
            area, parent = inner[i], areas[str(inner[i].parent)]
            sentence = (
                f"{_named(area)} reaches out of {_named(parent)} by {piece.area:,.0f} m² near {plane.near(piece)}; "
                f"expected at most {tolerance:g} m²."
            )
            yield Fault(area, sentence, "overhang", plane.degrees(piece))


def _gaps(members: Sequence[Area], areas: Mapping[str, Area], plane: Plane, rules: TreeRules) -> Iterator[Fault]:
    """Area of a container that no member covers.

    The container is the deepest level above under which every member hangs: grids may hang under a community or, where
    they are joint, under a town, so it is towns that grids must fill.
    """
    level, container = members[0].level, _container_level(members, areas, rules.levels)
    inside: dict[str, list[str]] = {code: [] for code in plane.flat if areas[code].level == container}
    for area in members:
        above = next(up for up in chain(area, areas) if up.level == container)
        inside.setdefault(above.code, []).append(area.code)
    for code, codes in inside.items():
        if codes:
            yield from _gap(areas[code], level, plane.shapes(codes), plane, rules.tolerance_m2)
        elif level not in rules.optional_levels:
            sentence = f"{_named(areas[code])} has no area of level {level!r}; expected some that cover it."
            yield Fault(areas[code], sentence, "empty", areas[code].shape)


def _gap(area: Area, level: str, shapes: Any, plane: Plane, tolerance: float) -> Iterator[Fault]:
    if area.code not in plane.flat or abs(plane.flat[area.code].area - shapely.area(shapes).sum()) <= tolerance:
        return
    left = shapely.difference(plane.flat[area.code], shapely.union_all(shapes))
    if left.area > tolerance:
        sentence = (
            f"{_named(area)} is not covered by its areas of level {level!r}: {left.area:,.0f} m² are left open near "
            f"{plane.near(left)}; expected at most {tolerance:g} m²."
        )
        yield Fault(area, sentence, "gap", plane.degrees(left))


def _unlike_covered(now: Sequence[Area], areas: Mapping[str, Area], plane: Plane, tolerance: float) -> Iterator[Fault]:
    for area in now:
        covered = [code for code in area.covers if code in plane.flat]
        if not covered:
            continue
        unlike = shapely.symmetric_difference(plane.flat[area.code], shapely.union_all(plane.shapes(covered)))
        if unlike.area > tolerance:
            names = ", ".join(_named(areas[code]) for code in covered)
            sentence = f"{_named(area)} says it covers {names} but differs from them by {unlike.area:,.0f} m²."
            yield Fault(area, sentence, "unlike", plane.degrees(unlike))


def _container_level(members: Sequence[Area], areas: Mapping[str, Area], levels: Sequence[str]) -> str:
    above = [{up.level for up in chain(area, areas)[1:]} for area in members]
    common = set.intersection(*above)
    return next((level for level in reversed(levels) if level in common), levels[0])


def chain(area: Area, areas: Mapping[str, Area]) -> list[Area]:
    """The area and everything above it, in a tree without cycles."""
    found = [area]
    while found[-1].parent is not None:
        found.append(areas[found[-1].parent])
    return found


def _named(area: Area) -> str:
    return f"{area.code} {area.name}"


def metres_outside(shape: Any, longitude: float, latitude: float) -> float:
    """How far a point is from an area, 0 inside it."""
    scale = _scale_at(latitude)
    flat = shapely.transform(np.array([shape, shapely.Point(longitude, latitude)]), lambda points: points * scale)
    return float(shapely.distance(flat[0], flat[1]))
