"""The clock algebra: laws that hold for every clock, the known mistakes of a peer, zones, refusals, speed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from known_calendars import BOSTON, CHINA, CHINA_SEASONS, boston, local

from models.calendars import Calendar
from models.clocks import (
    ClockError,
    Exact,
    Limit,
    Pause,
    Shares,
    State,
    Unit,
    UnknownYear,
    due,
    elapsed,
    mark,
    recompute,
    remaining,
    share_left,
    state,
)
from models.derivations import adds_up

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
WORKING = (Unit.WORK_HOUR, Unit.WORK_DAY)

units = st.sampled_from(Unit)
calendars = st.sampled_from([CHINA, CHINA_SEASONS])
amounts = st.integers(1, 80).map(lambda quarters: Fraction(quarters, 4))
limits = st.builds(Limit, amounts, units)
starts = st.integers(0, 16 * 365 * 86_400).map(lambda seconds: local("2010-01-01 00:00") + timedelta(seconds=seconds))
"""From 2010 to 2025: with 100 days of limit, pause and extension none leaves the known years."""
shifts = st.integers(0, 20 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
spans = st.lists(st.tuples(shifts, shifts), max_size=3)


def pauses_after(start: datetime, chosen: list[tuple[timedelta, timedelta]]) -> list[Pause]:
    return [Pause(start + begin, start + begin + length) for begin, length in chosen]


def due_at(*facts: Any) -> datetime:
    answer = due(*facts).due_at
    assert answer is not None
    return answer


# Laws ---------------------------------------------------------------------------------------------------------------


@given(starts, shifts, limits, calendars)
def test_who_starts_later_is_never_due_sooner(
    start: datetime, later: timedelta, limit: Limit, calendar: Calendar
) -> None:
    assert due_at(start, limit, calendar) <= due_at(start + later, limit, calendar)


@given(starts, limits, amounts, calendars)
def test_a_longer_limit_is_due_later(start: datetime, limit: Limit, more: Fraction, calendar: Calendar) -> None:
    longer = Limit(Fraction(limit.amount) + more, limit.unit)
    assert due_at(start, limit, calendar) < due_at(start, longer, calendar)


@given(starts, limits, amounts, calendars)
def test_two_limits_one_after_the_other_are_their_sum(
    start: datetime, limit: Limit, more: Fraction, calendar: Calendar
) -> None:
    whole = Limit(Fraction(limit.amount) + more, limit.unit)
    between = due_at(start, limit, calendar)
    assert due_at(between, Limit(more, limit.unit), calendar) == due_at(start, whole, calendar)


@given(starts, limits, calendars, spans)
def test_at_the_due_time_exactly_the_limit_is_spent_and_a_second_before_it_was_not(
    start: datetime, limit: Limit, calendar: Calendar, chosen: list[tuple[timedelta, timedelta]]
) -> None:
    pauses = pauses_after(start, chosen)
    at = due_at(start, limit, calendar, pauses)
    total = limit.seconds(calendar)
    assert elapsed(start, at, limit.unit, calendar, pauses) == total
    assert elapsed(start, at - SECOND, limit.unit, calendar, pauses) == total - 1
    assert remaining(start, at, limit, calendar, pauses) == 0


@given(starts, st.builds(Limit, amounts, st.sampled_from(WORKING)), calendars, spans)
def test_a_working_deadline_falls_inside_office_hours(
    start: datetime, limit: Limit, calendar: Calendar, chosen: list[tuple[timedelta, timedelta]]
) -> None:
    at = due_at(start, limit, calendar, pauses_after(start, chosen))
    day = (at - SECOND).astimezone(calendar.zone).date()
    assert any(opens < at <= closes for opens, closes in calendar.working_spans(day))


@given(starts, shifts, shifts, units, calendars)
def test_time_spent_adds_up_over_any_cut(
    start: datetime, first: timedelta, second: timedelta, unit: Unit, calendar: Calendar
) -> None:
    cut, end = start + first, start + first + second
    both = elapsed(start, cut, unit, calendar) + elapsed(cut, end, unit, calendar)
    assert both == elapsed(start, end, unit, calendar)


@given(starts, limits, calendars, shifts, shifts)
def test_a_pause_freezes_the_clock_and_nothing_else(
    start: datetime, limit: Limit, calendar: Calendar, begin: timedelta, length: timedelta
) -> None:
    began, ended = start + begin, start + begin + length
    assume(began < due_at(start, limit, calendar))
    left = remaining(start, began, limit, calendar)
    pauses = [Pause(began, ended)]
    for now in (began, began + length / 2, ended):
        assert remaining(start, now, limit, calendar, pauses) == left
    left_over = Limit(Fraction(left, calendar.seconds_per(limit.unit)), limit.unit)
    assert due_at(start, limit, calendar, pauses) == due_at(ended, left_over, calendar)


@given(starts, st.builds(Limit, amounts, st.sampled_from(WORKING)), calendars, shifts)
def test_a_pause_outside_office_hours_changes_no_working_deadline(
    start: datetime, limit: Limit, calendar: Calendar, later: timedelta
) -> None:
    evening = (start + later).replace(hour=11, minute=0)  # 19:00 in Shanghai
    night = Pause(evening, evening + 4 * HOUR)
    assert due_at(start, limit, calendar, [night]) == due_at(start, limit, calendar)


@given(starts, limits, calendars, spans, shifts)
def test_pauses_may_come_in_any_order_in_pieces_or_twice(
    start: datetime, limit: Limit, calendar: Calendar, chosen: list[tuple[timedelta, timedelta]], cut: timedelta
) -> None:
    pauses = pauses_after(start, chosen)
    pieces = [
        piece
        for pause in reversed(pauses)
        for middle in [min(pause.began_at + cut, pause.ended_at or pause.began_at)]
        for piece in (Pause(middle, pause.ended_at), Pause(pause.began_at, middle), pause)
    ]
    assert due_at(start, limit, calendar, pieces) == due_at(start, limit, calendar, pauses)


@given(starts, limits, calendars, spans, st.integers(1, 2))
def test_an_extension_survives_every_suspension(
    start: datetime, limit: Limit, calendar: Calendar, chosen: list[tuple[timedelta, timedelta]], times: int
) -> None:
    pauses = pauses_after(start, chosen)
    extended = due_at(start, limit, calendar, pauses, [start + SECOND] * times)
    assert extended == due_at(start, Limit(limit.amount * (1 + times), limit.unit), calendar, pauses)


@given(starts, limits, calendars, spans, st.integers(0, 2))
def test_marks_come_in_order_and_exactly_at_their_share(
    start: datetime, limit: Limit, calendar: Calendar, chosen: list[tuple[timedelta, timedelta]], times: int
) -> None:
    facts = (pauses_after(start, chosen), [start] * times)
    marks = [mark(start, limit, calendar, Fraction(share, 10), *facts) for share in (10, 5, 2, 0)]
    known = [at for at in marks if at is not None]
    assert known == sorted(known) and len(known) == 4
    assert (known[0], known[-1]) == (start, due_at(start, limit, calendar, *facts))
    for share, at in ((Fraction(1, 2), known[1]), (Fraction(1, 5), known[2])):
        assert share_left(start, at, limit, calendar, *facts) <= share
        assert share_left(start, at - SECOND, limit, calendar, *facts) > share


@given(starts, limits, calendars, spans, st.integers(0, 2), shifts)
def test_the_colour_is_what_the_share_left_says(
    start: datetime,
    limit: Limit,
    calendar: Calendar,
    chosen: list[tuple[timedelta, timedelta]],
    times: int,
    later: timedelta,
) -> None:
    now = start + later
    facts = (limit, calendar, pauses_after(start, chosen), [start] * times)
    shown = state(start, now, *facts)
    known = [pause for pause in facts[2] if pause.began_at <= now]
    share = share_left(start, now, *facts)
    if shown is State.PAUSED:
        assert any(pause.ended_at is None or now < pause.ended_at for pause in known)
    elif shown is State.RED:
        assert share == 0
    else:
        ranks = {State.GREEN: share > Fraction(1, 2), State.YELLOW: share > Fraction(1, 5), State.ORANGE: True}
        assert shown is next(colour for colour, true in ranks.items() if true)


@given(starts, limits, calendars, spans, st.integers(0, 2), st.booleans())
def test_every_deadline_proves_itself_and_recomputes_to_the_same_second(
    start: datetime,
    limit: Limit,
    calendar: Calendar,
    chosen: list[tuple[timedelta, timedelta]],
    times: int,
    still_open: bool,
) -> None:
    pauses = pauses_after(start, chosen)
    if pauses and still_open:
        pauses[-1] = Pause(pauses[-1].began_at)
    deadline = due(start, limit, calendar, pauses, [start] * times)
    assert adds_up(deadline.derivation)
    assert deadline.derivation.due_at == deadline.due_at
    assert recompute(deadline.derivation, calendar) == deadline.due_at


@given(starts, limits, calendars, spans)
def test_parts_of_a_second_change_nothing(
    start: datetime, limit: Limit, calendar: Calendar, chosen: list[tuple[timedelta, timedelta]]
) -> None:
    part = timedelta(microseconds=999_999)
    pauses = pauses_after(start, chosen)
    shaken = [Pause(pause.began_at + part, pause.ended_at and pause.ended_at + part) for pause in pauses]
    assert due_at(start + part, limit, calendar, shaken) == due_at(start, limit, calendar, pauses)


# The known mistakes of a published peer (domain.md §4) --------------------------------------------------------------


def test_mistake_of_a_peer_a_pause_is_not_added_as_wall_clock_time() -> None:
    """Paused from Friday 17:00 to Monday 09:00: 64 hours on the wall, 2 working hours."""
    weekend = Pause(local("2026-03-13 17:00"), local("2026-03-16 09:00"))
    answer = due_at(local("2026-03-13 16:00"), Limit(4, Unit.WORK_HOUR), CHINA, [weekend])
    assert answer == local("2026-03-16 12:00")


def test_mistake_of_a_peer_an_extension_is_not_lost_on_resume() -> None:
    start, limit = local("2026-03-09 08:00"), Limit(1, Unit.WORK_DAY)
    pause = Pause(local("2026-03-09 14:00"), local("2026-03-10 14:00"))
    for granted in (local("2026-03-09 09:00"), local("2026-03-10 10:00"), local("2026-03-11 09:00")):
        assert due_at(start, limit, CHINA, [pause], [granted]) == local("2026-03-11 18:00")


def test_mistake_of_a_peer_next_years_holidays_are_known_too() -> None:
    """New Year 2026: 1 to 3 January rest, Sunday the 4th works."""
    answer = due_at(local("2025-12-31 17:00"), Limit(4, Unit.WORK_HOUR), CHINA)
    assert answer == local("2026-01-04 11:00")
    this_year_only = replace(CHINA, years=frozenset(range(2004, 2026)))
    with pytest.raises(UnknownYear, match="2026"):
        due(local("2025-12-31 17:00"), Limit(4, Unit.WORK_HOUR), this_year_only)


def test_mistake_of_a_peer_a_paused_case_is_never_shown_as_overdue() -> None:
    start, limit = local("2026-03-09 08:00"), Limit(4, Unit.WORK_HOUR)
    still = [Pause(local("2026-03-09 11:59"))]
    for now in (local("2026-03-09 12:01"), local("2026-03-30 09:00"), local("2026-12-01 09:00")):
        assert state(start, now, limit, CHINA, still) is State.PAUSED
    assert due(start, limit, CHINA, still).due_at is None
    assert mark(start, limit, CHINA, Fraction(1, 5), still) is None


def test_mistake_of_a_peer_a_warning_comes_before_every_breach() -> None:
    start, limit = local("2026-03-09 08:00"), Limit(1, Unit.WORK_DAY)
    yellow, orange = (mark(start, limit, CHINA, share) for share in (Decimal("0.5"), Decimal("0.2")))
    assert yellow == local("2026-03-09 12:00")  # 4 of 8 working hours
    assert orange == local("2026-03-09 16:24")  # 6 h 24 min of 8 working hours
    assert due_at(start, limit, CHINA) == local("2026-03-09 18:00")


def test_mistake_of_a_peer_nobody_polls_for_a_colour_it_changes_at_instants_known_beforehand() -> None:
    start, limit = local("2026-03-09 08:00"), Limit(1, Unit.WORK_DAY)
    at = due_at(start, limit, CHINA)
    yellow, orange = (mark(start, limit, CHINA, share) for share in (Fraction(1, 2), Fraction(1, 5)))
    assert yellow and orange
    turns = [
        (yellow - SECOND, State.GREEN),
        (yellow, State.YELLOW),
        (orange - SECOND, State.YELLOW),
        (orange, State.ORANGE),
        (at, State.ORANGE),
        (at + timedelta(microseconds=1), State.RED),
    ]
    assert [state(start, now, limit, CHINA) for now, _ in turns] == [colour for _, colour in turns]


# Suspension, extension, rework in detail ----------------------------------------------------------------------------


def test_a_suspension_does_not_hide_a_breach_that_came_before_it() -> None:
    start, limit = local("2026-03-09 08:00"), Limit(4, Unit.WORK_HOUR)
    late = [Pause(local("2026-03-09 15:00"))]
    assert due_at(start, limit, CHINA, late) == local("2026-03-09 12:00")
    assert state(start, local("2026-03-10 09:00"), limit, CHINA, late) is State.RED


def test_a_colour_of_the_past_knows_nothing_of_later_suspensions_and_extensions() -> None:
    start, limit = local("2026-03-09 08:00"), Limit(4, Unit.WORK_HOUR)
    pauses = [Pause(local("2026-03-09 10:00"), local("2026-03-09 16:00"))]
    granted = [local("2026-03-09 17:00")]
    colours = [
        state(start, local(f"2026-03-09 {now}"), limit, CHINA, pauses, granted)
        for now in ("09:00", "11:00", "16:30", "17:30")
    ]
    assert colours == [State.GREEN, State.PAUSED, State.YELLOW, State.GREEN]
    assert share_left(start, local("2026-03-09 16:30"), limit, CHINA, pauses, granted) == Fraction(3, 8)
    assert remaining(start, local("2026-03-09 16:30"), limit, CHINA, pauses, granted) == 5400
    assert remaining(start, local("2026-03-09 17:00"), limit, CHINA, pauses, granted) == 18_000
    assert share_left(start, local("2026-03-09 17:00"), limit, CHINA, pauses, granted) == Fraction(5, 8)


def test_a_clock_that_has_not_begun_has_spent_nothing() -> None:
    start, before = local("2026-03-09 10:00"), local("2026-03-09 08:00")
    assert elapsed(start, before, Unit.WORK_HOUR, CHINA) == 0
    assert share_left(start, before, Limit(1, Unit.WORK_DAY), CHINA) == 1
    assert state(start, before, Limit(1, Unit.WORK_DAY), CHINA) is State.GREEN


def test_a_pause_before_the_start_counts_only_from_the_start() -> None:
    start, limit = local("2026-03-09 08:00"), Limit(4, Unit.WORK_HOUR)
    running_in = Pause(local("2026-03-02 08:00"), local("2026-03-09 09:00"))
    long_over = Pause(local("2026-03-02 08:00"), local("2026-03-03 09:00"))
    assert due_at(start, limit, CHINA, [running_in]) == local("2026-03-09 15:00")
    assert due_at(start, limit, CHINA, [long_over]) == local("2026-03-09 12:00")


def test_an_open_pause_swallows_whatever_is_said_to_follow_it() -> None:
    start, limit = local("2026-03-09 08:00"), Limit(1, Unit.WORK_DAY)
    pauses = [Pause(local("2026-03-09 10:00")), Pause(local("2026-03-09 14:00"), local("2026-03-09 15:00"))]
    assert due(start, limit, CHINA, pauses).due_at is None
    assert remaining(start, local("2026-03-20 10:00"), limit, CHINA, pauses) == 6 * 3600


def test_a_rework_goes_on_with_the_same_clock() -> None:
    """Feedback on Monday, the inspection fails on Tuesday: what was spent before stays spent."""
    start, failed, now = local("2026-03-09 08:00"), local("2026-03-10 11:00"), local("2026-03-11 09:00")
    spent = elapsed(start, failed, Unit.WORK_DAY, CHINA) + elapsed(failed, now, Unit.WORK_DAY, CHINA)
    assert elapsed(start, now, Unit.WORK_DAY, CHINA) == spent == 17 * 3600


def test_an_overdue_case_counts_below_zero_in_its_own_unit() -> None:
    start, limit = local("2026-03-13 14:00"), Limit(4, Unit.WORK_HOUR)
    assert remaining(start, local("2026-03-16 09:30"), limit, CHINA) == -5400
    assert share_left(start, local("2026-03-16 09:30"), limit, CHINA) == 0


def test_shares_are_configurable() -> None:
    start, limit, now = local("2026-03-09 08:00"), Limit(10, Unit.URGENT_HOUR), local("2026-03-09 15:00")
    assert state(start, now, limit, CHINA) is State.YELLOW
    assert state(start, now, limit, CHINA, shares=Shares(Decimal("0.6"), Decimal("0.4"))) is State.ORANGE


def test_minutes_and_seconds_are_exact() -> None:
    assert due_at(local("2026-03-09 23:50:30"), Limit(Fraction(1, 4), Unit.URGENT_HOUR), CHINA) == local(
        "2026-03-10 00:05:30"
    )
    assert due_at(local("2026-03-09 17:59:59"), Limit(Fraction(1, 3600), Unit.WORK_HOUR), CHINA) == local(
        "2026-03-09 18:00"
    )
    assert due_at(local("2026-03-09 17:59:59"), Limit(Fraction(2, 3600), Unit.WORK_HOUR), CHINA) == local(
        "2026-03-10 08:00:01"
    )


def test_a_working_day_is_as_many_hours_as_the_calendar_says() -> None:
    seven = replace(CHINA, work_day_seconds=7 * 3600)
    assert due_at(local("2026-03-09 08:00"), Limit(1, Unit.WORK_DAY), seven) == local("2026-03-09 17:00")


# Years without an official calendar ---------------------------------------------------------------------------------


def test_the_last_second_of_the_known_years_can_be_a_deadline_and_the_next_is_refused() -> None:
    start = local("2026-12-31 16:00")
    assert due_at(start, Limit(2, Unit.WORK_HOUR), CHINA) == local("2026-12-31 18:00")
    with pytest.raises(UnknownYear, match="2027"):
        due(start, Limit(Fraction(7201, 3600), Unit.WORK_HOUR), CHINA)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: due(local("2027-03-01 09:00"), Limit(1, Unit.WORK_DAY), CHINA),
        lambda: due(local("2003-03-03 09:00"), Limit(1, Unit.WORK_DAY), CHINA),
        lambda: mark(local("2026-12-31 09:00"), Limit(15, Unit.WORK_DAY), CHINA, Fraction(1, 5)),
        lambda: elapsed(local("2026-12-31 09:00"), local("2027-01-05 09:00"), Unit.WORK_HOUR, CHINA),
        lambda: state(local("2026-12-31 09:00"), local("2026-12-31 10:00"), Limit(3, Unit.WORK_DAY), CHINA),
        lambda: due(
            local("2026-12-01 09:00"),
            Limit(1, Unit.WORK_DAY),
            CHINA,
            [Pause(local("2026-12-01 10:00"), local("2027-02-01 09:00"))],
        ),
    ],
)
def test_working_time_in_an_unknown_year_is_refused_never_guessed(ask: Callable[[], object]) -> None:
    with pytest.raises(UnknownYear):
        ask()


def test_continuous_units_need_no_official_calendar() -> None:
    start = local("2027-02-05 22:00")
    assert due_at(start, Limit(4, Unit.URGENT_HOUR), CHINA) == local("2027-02-06 02:00")
    assert due_at(start, Limit(3, Unit.CALENDAR_DAY), CHINA) == local("2027-02-08 22:00")


def test_an_open_pause_needs_no_calendar_for_the_years_to_come() -> None:
    still = [Pause(local("2026-12-31 10:00"))]
    assert due(local("2026-12-31 09:00"), Limit(15, Unit.WORK_DAY), CHINA, still).due_at is None


def test_a_known_deadline_still_has_its_colour_when_the_year_after_is_unknown() -> None:
    start, limit = local("2026-12-30 09:00"), Limit(1, Unit.WORK_DAY)
    assert state(start, local("2027-03-01 09:00"), limit, CHINA) is State.RED


# Clocks that are set forward and back -------------------------------------------------------------------------------


def test_continuous_hours_are_real_hours_when_clocks_change() -> None:
    day = Limit(24, Unit.URGENT_HOUR)
    assert due_at(boston("2026-03-07 12:00"), day, BOSTON) == boston("2026-03-08 13:00")
    assert due_at(boston("2025-11-01 12:00"), day, BOSTON) == boston("2025-11-02 11:00")


def test_calendar_days_keep_the_time_of_day_when_clocks_change() -> None:
    day = Limit(1, Unit.CALENDAR_DAY)
    assert due_at(boston("2026-03-07 12:00"), day, BOSTON) == boston("2026-03-08 12:00")
    assert due_at(boston("2025-11-01 12:00"), day, BOSTON) == boston("2025-11-02 12:00")
    assert elapsed(boston("2026-03-07 12:00"), boston("2026-03-08 12:00"), Unit.CALENDAR_DAY, BOSTON) == 86_400


def test_a_calendar_day_that_would_end_in_skipped_time_ends_at_the_jump() -> None:
    assert due_at(boston("2026-03-07 02:30"), Limit(1, Unit.CALENDAR_DAY), BOSTON) == boston("2026-03-08 03:00")
    assert due_at(boston("2026-03-06 02:30"), Limit(2, Unit.CALENDAR_DAY), BOSTON) == boston("2026-03-08 03:00")
    assert due_at(boston("2026-03-07 02:30"), Limit(2, Unit.CALENDAR_DAY), BOSTON) == boston("2026-03-09 02:30")


def test_a_calendar_day_that_ends_in_a_repeated_hour_ends_at_its_first_showing() -> None:
    assert due_at(boston("2025-11-01 01:30"), Limit(1, Unit.CALENDAR_DAY), BOSTON) == boston("2025-11-02 01:30")


def test_working_hours_follow_the_wall_when_clocks_change() -> None:
    """Friday 16:00 in winter time, Monday in summer time: the office opens at 09:00 on its own clock."""
    limit = Limit(2, Unit.WORK_HOUR)
    assert due_at(boston("2026-03-06 16:00"), limit, BOSTON) == boston("2026-03-09 10:00")
    assert due_at(boston("2026-03-06 16:00"), limit, BOSTON) == datetime(2026, 3, 9, 14, 0, tzinfo=UTC)


@example(39_600, 0, Limit(Fraction(13, 2), Unit.CALENDAR_DAY), "2026-03-06 00:00")  # ends in an hour never shown
@given(
    st.integers(0, 4 * 86_400),
    st.integers(0, 2 * 86_400),
    limits,
    st.sampled_from(["2026-03-06 00:00", "2025-10-31 00:00"]),
)
def test_no_clock_change_lets_a_later_start_be_due_sooner(first: int, later: int, limit: Limit, anchor: str) -> None:
    start = (boston(anchor) + timedelta(seconds=first)).astimezone(UTC)
    short = Limit(Fraction(limit.amount) / 4, limit.unit)
    assert due_at(start, short, BOSTON) <= due_at(start + timedelta(seconds=later), short, BOSTON)
    assert adds_up(due(start, short, BOSTON).derivation)
    assert recompute(due(start, short, BOSTON).derivation, BOSTON) == due_at(start, short, BOSTON)


# Refusals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [0.5, True, "4", None])
def test_an_amount_that_is_not_exact_is_refused(amount: Any) -> None:
    with pytest.raises(ClockError, match="must be an int, a Decimal or a Fraction"):
        Limit(amount, Unit.WORK_HOUR)


@pytest.mark.parametrize("amount", [0, -1, Decimal("-0.5"), 10**12])
def test_an_amount_out_of_range_is_refused(amount: Decimal | int) -> None:
    with pytest.raises(ClockError, match="must be above 0 and within a hundred years"):
        Limit(amount, Unit.WORK_HOUR)


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity"])
def test_an_amount_that_is_no_number_is_refused(amount: str) -> None:
    with pytest.raises(ClockError, match="must be a number"):
        Limit(Decimal(amount), Unit.WORK_HOUR)


def test_a_limit_must_be_whole_seconds_and_within_a_hundred_years() -> None:
    with pytest.raises(ClockError, match="must be whole seconds"):
        Limit(Fraction(1, 7), Unit.WORK_HOUR).seconds(CHINA)
    with pytest.raises(ClockError, match="within a hundred years"):
        Limit(40_000, Unit.CALENDAR_DAY).seconds(CHINA)


def test_facts_that_cannot_be_are_refused_in_a_sentence() -> None:
    start, limit = local("2026-03-09 08:00"), Limit(1, Unit.WORK_DAY)
    with pytest.raises(ClockError, match="must not end before it begins"):
        due(start, limit, CHINA, [Pause(local("2026-03-09 10:00"), local("2026-03-09 09:00"))])
    with pytest.raises(ValueError, match="expected an instant with a zone"):
        due(start.replace(tzinfo=None), limit, CHINA)
    for share in (0.2, True):
        with pytest.raises(ClockError, match="a share must be an int, a Decimal or a Fraction"):
            mark(start, limit, CHINA, share)  # type: ignore[arg-type]
    with pytest.raises(ClockError, match="between 0 and 1, not 2"):
        mark(start, limit, CHINA, 2)
    with pytest.raises(ClockError, match="0 < orange < yellow < 1"):
        state(start, start, limit, CHINA, shares=Shares(Fraction(1, 5), Fraction(1, 2)))


# Speed --------------------------------------------------------------------------------------------------------------


def test_a_hundred_thousand_deadlines_with_their_derivations_take_less_than_ten_seconds() -> None:
    chance = random.Random(4)
    samples: list[tuple[Exact, Unit]] = [
        (Fraction(1, 4), Unit.URGENT_HOUR),
        (2, Unit.URGENT_HOUR),
        (4, Unit.WORK_HOUR),
        (1, Unit.WORK_DAY),
        (4, Unit.WORK_DAY),
        (13, Unit.WORK_DAY),
        (15, Unit.WORK_DAY),
        (7, Unit.CALENDAR_DAY),
    ]
    limits = [Limit(amount, unit) for amount, unit in samples]
    spent, loops = [], []
    for _ in range(10):
        began = time.process_time()
        assert sum(number * number for number in range(1_000_000))
        loops.append(time.process_time() - began)
        began = time.process_time()
        for _ in range(10_000):
            start = local("2010-01-01 00:00") + timedelta(seconds=chance.randrange(16 * 365 * 86_400))
            pause = start + HOUR * chance.randrange(100)
            pauses = [Pause(pause, pause + HOUR * chance.randrange(100))] if chance.random() < 0.3 else []
            extensions = [start] if chance.random() < 0.2 else []
            deadline = due(start, chance.choice(limits), CHINA, pauses, extensions)
            assert deadline.derivation.steps
        spent.append(time.process_time() - began)
    # 137 loops when this was written, whatever else the machine did; idle it took 3.6 to 4.0 s, so that 10 s are 350.
    print(f"{10 * min(spent):.1f} s, {10 * min(spent) / min(loops):.0f} loops")
    assert 10 * min(spent) < 350 * min(loops)


def test_the_first_known_day_and_the_last_are_part_of_the_proof() -> None:
    first = due(local("2004-01-01 00:00"), Limit(1, Unit.WORK_DAY), CHINA)
    assert first.due_at == local("2004-01-02 18:00")  # New Year's Day rests
    assert adds_up(first.derivation)
    last = due(local("2026-12-31 08:00"), Limit(1, Unit.WORK_DAY), CHINA)
    assert last.derivation.due_at == local("2026-12-31 18:00")
    assert CHINA.works(date(2026, 12, 31))
