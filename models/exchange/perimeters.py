"""The area of a warning as the perimeter of an emergency that is started from it. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import shapely

from models.exchange.cap import Alert, Area, Point

METRES = 111_320.0
"""Metres of a degree of latitude."""
LEAST, MOST = 50, 20_000
"""Metres of a perimeter's radius, as the table of moves and the API have them."""
SIDES = 48
"""Corners of a circle that stands beside other shapes."""
CORNERS = 2_000
"""Corners that are kept of one perimeter; finer shapes are told more coarsely."""

Ring = tuple[Point, ...]


@dataclass(frozen=True)
class Perimeter:
    """A circle around the whole area, by which what is near is found, and the area's own shape.

    Attributes:
        radius_m: `MOST` at the most: of an area that is larger still, the shape says all.
        shape: rings of latitude and longitude; none where the area is this circle. `radius_m` is None of a mere point.
    """

    longitude: float
    latitude: float
    radius_m: int | None
    shape: tuple[Ring, ...] = ()


def perimeter_of(alert: Alert, language: str = "zh-CN") -> Perimeter | None:
    """The area that a warning names in this language, all of its polygons and circles; None where it draws none."""
    info = alert.info(language)
    areas = info.areas if info else ()
    rings = [polygon for area in areas for polygon in area.polygons]
    circles = [circle for area in areas for circle in area.circles]
    if not rings and len(circles) == 1:
        (latitude, longitude), metres = circles[0].centre, circles[0].radius * 1000
        return Perimeter(longitude, latitude, _bounded(metres) if metres > 0 else None)
    rings += [_ring(circle.centre, circle.radius * 1000) for circle in circles if circle.radius > 0]
    return _around(rings) if rings else _points(areas)


def _points(areas: Sequence[Area]) -> Perimeter | None:
    points = [circle.centre for area in areas for circle in area.circles]
    return Perimeter(points[0][1], points[0][0], None) if points else None


def _around(rings: Sequence[Ring]) -> Perimeter:
    middle = sum(latitude for ring in rings for latitude, _ in ring) / sum(map(len, rings))
    squeeze = max(0.01, math.cos(math.radians(middle)))
    plane = shapely.MultiPoint([(longitude * squeeze, latitude) for ring in rings for latitude, longitude in ring])
    circle = shapely.minimum_bounding_circle(plane)
    centre, radius = circle.centroid, shapely.minimum_bounding_radius(plane)
    kept = tuple(tuple((round(y, 5), round(x, 5)) for y, x in ring) for ring in _coarser(rings))
    return Perimeter(round(centre.x / squeeze, 6), round(centre.y, 6), _bounded(radius * METRES), kept)


def _coarser(rings: Sequence[Ring]) -> list[Ring]:
    """The same rings with at most `CORNERS` corners in all."""
    if sum(map(len, rings)) <= CORNERS:
        return list(rings)
    tolerance = 1e-5
    shapes = [shapely.Polygon(ring) for ring in rings]
    while sum(len(one.exterior.coords) for one in shapes) > CORNERS and tolerance < 1:
        shapes = [shapely.simplify(one, tolerance, preserve_topology=True) for one in shapes]
        tolerance *= 2
    return [tuple((y, x) for y, x in one.exterior.coords) for one in shapes]


def _bounded(metres: float) -> int:
    return min(MOST, max(LEAST, math.ceil(metres)))


def _ring(centre: Point, metres: float) -> Ring:
    latitude, longitude = centre
    squeeze = max(0.01, math.cos(math.radians(latitude)))
    corners = [2 * math.pi * n / SIDES for n in range(SIDES)]
    ring = [
        (latitude + math.sin(angle) * metres / METRES, longitude + math.cos(angle) * metres / METRES / squeeze)
        for angle in corners
    ]
    return (*ring, ring[0])
