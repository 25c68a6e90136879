"""A warning's area as an emergency's perimeter: a circle around all of it, its own shape beside it, bounded."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from models.exchange.cap import Alert, Area, Circle, Info
from models.exchange.perimeters import CORNERS, MOST, perimeter_of
from models.geodesy import distance

SQUARE = ((30.44, 112.86), (30.44, 112.92), (30.48, 112.92), (30.48, 112.86), (30.44, 112.86))
INFO = Info(("Met",), "暴雨", "Expected", "Severe", "Likely", language="zh-CN")


def alert(*areas: Area) -> Alert:
    sent = datetime(2026, 11, 18, 2, 30, tzinfo=UTC)
    return Alert("W-1", "met@example", sent, "Actual", "Alert", "Public", infos=(replace(INFO, areas=areas),))


def test_a_polygon_is_kept_and_its_circle_holds_every_corner_and_little_more() -> None:
    found = perimeter_of(alert(Area("东河镇", (SQUARE,))))
    assert found is not None and found.shape == (SQUARE,) and found.radius_m is not None
    far = [distance(found.longitude, found.latitude, longitude, latitude) for latitude, longitude in SQUARE]
    assert max(far) == pytest.approx(found.radius_m, rel=0.01)
    assert (found.longitude, found.latitude) == pytest.approx((112.89, 30.46), abs=1e-4)


def test_one_circle_stays_a_circle_and_a_mere_point_has_no_radius() -> None:
    circle = perimeter_of(alert(Area("库区", circles=(Circle((30.46, 112.89), 2.5),))))
    assert circle is not None and (circle.radius_m, circle.shape) == (2500, ())
    point = perimeter_of(alert(Area("库区", circles=(Circle((30.46, 112.89), 0),))))
    assert point is not None and (point.longitude, point.latitude, point.radius_m) == (112.89, 30.46, None)
    assert perimeter_of(alert(Area("全县"))) is None


def test_several_areas_are_one_perimeter_and_what_is_larger_than_a_perimeter_keeps_its_shape() -> None:
    found = perimeter_of(alert(Area("甲", (SQUARE,)), Area("乙", circles=(Circle((31.2, 113.6), 5),))))
    assert found is not None and len(found.shape) == 2 and found.radius_m == MOST


def test_a_shape_of_very_many_corners_is_told_more_coarsely() -> None:
    ring = tuple(
        (30.46 + 0.05 * math.sin(n / 10_000 * math.tau), 112.89 + 0.05 * math.cos(n / 10_000 * math.tau))
        for n in range(10_000)
    )
    found = perimeter_of(alert(Area("细", ((*ring, ring[0]),))))
    assert found is not None and 20 < len(found.shape[0]) <= CORNERS and found.shape[0][0] == found.shape[0][-1]
