"""Frames: GCJ-02 is taken back to within a centimetre, the others stay."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.geodesy import gcj02, wgs84

CENTIMETRE = 1e-7  # degrees of latitude, near enough


@given(st.floats(75, 135), st.floats(3, 53))
def test_gcj02_there_and_back_is_exact_to_a_centimetre(longitude: float, latitude: float) -> None:
    back = wgs84(*gcj02(longitude, latitude), "GCJ-02")
    assert abs(back[0] - longitude) < CENTIMETRE
    assert abs(back[1] - latitude) < CENTIMETRE


def test_gcj02_differs_from_wgs84_by_some_hundred_metres_in_china() -> None:
    longitude, _ = gcj02(116.397, 39.909)
    assert 0.004 < longitude - 116.397 < 0.008


def test_other_frames_and_other_countries_stay_as_they_are() -> None:
    assert wgs84(112.9, 30.4, "CGCS2000") == (112.9, 30.4)
    assert wgs84(-71.06, 42.35, "GCJ-02") == (-71.06, 42.35)
