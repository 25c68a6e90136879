"""When a worker looks again, and when a publisher tries again: functions of values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.news import Breaker
from alerts.worker import BURST, LONGEST, pause_after, pause_until
from models.timebase import Timebase

REAL = datetime(2026, 11, 18, 2, 30, tzinfo=UTC)
COUNTY = datetime(2017, 10, 1, 0, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_living_county_sleeps_until_the_clock_is_due_and_a_second_at_most() -> None:
    assert pause_until(REAL + 0.3 * SECOND, REAL, None, REAL) == pytest.approx(0.3)
    assert pause_until(REAL + 500 * SECOND, REAL, None, REAL) == LONGEST
    assert pause_until(None, REAL, None, REAL) == LONGEST
    assert pause_until(REAL - SECOND, REAL, None, REAL) == 0


def test_a_replay_sleeps_until_the_real_instant_of_its_county_instant() -> None:
    line = Timebase(REAL, COUNTY, speed=3600.0)
    assert pause_until(COUNTY + 1800 * SECOND, COUNTY, line, REAL) == pytest.approx(0.5)


def test_a_county_whose_time_stands_still_is_looked_at_again_later() -> None:
    line = Timebase(REAL, COUNTY, speed=60.0, ceiling=COUNTY + 10 * SECOND)
    assert pause_until(COUNTY + 11 * SECOND, COUNTY, line, REAL) == LONGEST
    assert pause_until(COUNTY + 11 * SECOND, COUNTY, Timebase(REAL, COUNTY, 0.0), REAL) == LONGEST


@given(st.floats(-1e5, 1e5), st.floats(0.1, 1e5), st.floats(-1e4, 1e4))
def test_no_pause_is_negative_or_longer_than_the_longest(ahead: float, speed: float, drift: float) -> None:
    line = Timebase(REAL, COUNTY, speed)
    assert 0 <= pause_until(COUNTY + ahead * SECOND, COUNTY, line, REAL + drift * SECOND) <= LONGEST


def test_pictures_take_an_eighth_of_a_core_at_most() -> None:
    assert pause_after(0.01) == BURST
    assert pause_after(0.5) == 4.0


def test_a_breaker_lets_one_try_after_a_pause_that_grows() -> None:
    now = 0.0
    breaker = Breaker((0.2, 2.0), clock=lambda: now)
    assert breaker.may_try()
    assert breaker.failed()
    assert not breaker.may_try()
    now = 0.21
    assert breaker.may_try()
    assert not breaker.may_try()  # one caller at a time
    assert not breaker.failed()
    now = 0.3
    assert not breaker.may_try()
    now = 0.7
    assert breaker.may_try()
    assert breaker.worked()
    assert not breaker.worked()
    assert breaker.may_try()
    assert breaker.may_try()
