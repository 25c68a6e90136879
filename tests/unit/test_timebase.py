"""County time runs with its speed and never past what has been fed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.timebase import Timebase

REAL = datetime(2026, 11, 22, 8, tzinfo=UTC)
COUNTY = datetime(2025, 8, 1, tzinfo=UTC)


@given(st.floats(0.001, 1e6), st.floats(0, 86_400))
def test_real_is_the_inverse_of_county(speed: float, seconds: float) -> None:
    line = Timebase(REAL, COUNTY, speed)
    later = REAL + timedelta(seconds=seconds)
    back = line.real(line.county(later))
    assert back is not None
    assert abs((back - later).total_seconds()) < 0.01


def test_county_time_stops_at_the_ceiling() -> None:
    ceiling = COUNTY + timedelta(hours=1)
    line = Timebase(REAL, COUNTY, 3600, ceiling)
    assert line.county(REAL + timedelta(seconds=0.5)) < ceiling
    assert line.county(REAL + timedelta(days=1)) == ceiling
    assert line.real(ceiling + timedelta(seconds=1)) is None


def test_a_county_that_stands_still_never_reaches_a_later_instant() -> None:
    line = Timebase(REAL, COUNTY, 0)
    assert line.county(REAL + timedelta(days=400)) == COUNTY
    assert line.real(COUNTY + timedelta(seconds=1)) is None
