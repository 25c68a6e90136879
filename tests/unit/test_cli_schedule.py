"""A replay hands out everything once, in order, and never before county time is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from config.columns import ForeignCase
from dashboard.cli.schedule import Schedule, events_of, held
from models.timebase import Timebase

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
SECONDS = st.integers(0, 5_000)


def case(number: int, reported: int, lasts: int | None) -> tuple[int, ForeignCase]:
    at = START + timedelta(seconds=reported)
    values: dict[str, Any] = dict.fromkeys(ForeignCase.__dataclass_fields__)
    values |= {"external_id": str(number), "reported_at": at}
    values["closed_at"] = None if lasts is None else at + timedelta(seconds=lasts)
    return number, ForeignCase(**values)


CASES = st.lists(st.tuples(SECONDS, st.none() | SECONDS), min_size=1, max_size=60)


@given(CASES, st.lists(st.integers(0, 900), max_size=40), st.integers(1, 7))
def test_every_event_comes_once_in_order_and_never_early(
    planned: list[tuple[int, int | None]], pauses: list[int], limit: int
) -> None:
    events = events_of(case(number, *one) for number, one in enumerate(planned))
    schedule = Schedule(events)
    now, taken = START, []
    for pause in [*pauses, 100_000]:
        now += timedelta(seconds=pause)
        while batch := schedule.take(now, limit):
            assert len(batch) <= limit
            assert all(event.at <= now for event in batch)
            taken += batch
        assert schedule.next_at is None or schedule.next_at > now
    assert taken == events
    assert schedule.finished


@given(CASES)
def test_a_case_is_reported_before_it_is_closed(planned: list[tuple[int, int | None]]) -> None:
    events = events_of(case(number, *one) for number, one in enumerate(planned))
    seen: set[int] = set()
    for event in events:
        assert event.closing == (event.row in seen)
        seen.add(event.row)


def test_county_time_is_held_at_the_next_row_and_stands_still_at_the_end() -> None:
    pace = Timebase(START, START, 3600.0)
    nxt = START + timedelta(hours=2)
    line = held(pace, START, nxt)
    assert line.county(START + timedelta(seconds=1)) == START + timedelta(hours=1)
    assert line.county(START + timedelta(days=1)) == nxt
    still = held(pace, nxt, None)
    assert still.county(START + timedelta(days=9)) == nxt


def test_events_before_a_moment_are_counted_without_those_at_it() -> None:
    schedule = Schedule(events_of([case(1, 0, None), case(2, 10, None), case(3, 10, None), case(4, 20, None)]))
    assert schedule.before(START + timedelta(seconds=10)) == 1
    assert schedule.before(START + timedelta(seconds=11)) == 3
