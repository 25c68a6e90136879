"""Working calendars: office hours, seasons, holidays, make-up days, unknown years, zones that change their clocks."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_calendars import BOSTON, CHINA, CHINA_SEASONS, KNOWN_YEARS, boston, local

from models.calendars import (
    ALL_YEAR,
    Calendar,
    CalendarError,
    Rested,
    Season,
    UnknownYear,
    Worked,
    instant_of,
    seconds_of,
    wall_reached,
    wall_reading,
    wall_second,
)

UTC_ZONE = ZoneInfo("UTC")
KNOWN_DAYS = st.dates(date(2004, 1, 1), date(2026, 12, 31))


def test_every_day_since_2004_works_or_rests_as_the_official_notices_say() -> None:
    day = date(2004, 1, 1)
    while day.year in KNOWN_YEARS:
        assert CHINA.works(day) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


def test_office_hours_are_wall_times_given_as_utc_instants() -> None:
    assert CHINA.working_spans(date(2026, 3, 9)) == (
        (datetime(2026, 3, 9, 0, 0, tzinfo=UTC), datetime(2026, 3, 9, 4, 0, tzinfo=UTC)),
        (datetime(2026, 3, 9, 6, 0, tzinfo=UTC), datetime(2026, 3, 9, 10, 0, tzinfo=UTC)),
    )


@pytest.mark.parametrize(
    "rest", [date(2026, 3, 8), date(2026, 2, 17), date(2025, 10, 8), date(2026, 1, 2), date(2026, 9, 25)]
)
def test_weekends_and_holidays_have_no_office_hours(rest: date) -> None:
    assert CHINA.working_spans(rest) == ()


@pytest.mark.parametrize(
    "sunday_or_saturday", [date(2025, 1, 26), date(2025, 9, 28), date(2025, 10, 11), date(2026, 2, 14)]
)
def test_a_make_up_day_works_like_any_other(sunday_or_saturday: date) -> None:
    assert sunday_or_saturday.weekday() >= 5
    assert len(CHINA.working_spans(sunday_or_saturday)) == 2


@pytest.mark.parametrize(
    ("day", "closing"),
    [
        (date(2026, 4, 30), "2026-04-30 18:00"),
        (date(2026, 5, 6), "2026-05-06 18:30"),
        (date(2026, 9, 30), "2026-09-30 18:30"),
        (date(2026, 10, 8), "2026-10-08 18:00"),
        (date(2026, 1, 5), "2026-01-05 18:00"),
    ],
)
def test_each_season_has_its_own_hours_and_may_run_across_new_year(day: date, closing: str) -> None:
    assert CHINA_SEASONS.working_spans(day)[-1][1] == local(closing)


def test_a_year_without_an_official_calendar_is_refused_with_what_to_do() -> None:
    with pytest.raises(UnknownYear, match=r"no official calendar for 2027.*gridcommand import calendar") as refusal:
        CHINA.working_spans(date(2027, 1, 4))
    assert refusal.value.year == 2027
    assert pickle.loads(pickle.dumps(refusal.value)).year == 2027


def test_a_calendar_of_no_years_refuses_every_year() -> None:
    empty = Calendar(UTC_ZONE)
    with pytest.raises(UnknownYear, match="2026"):
        empty.works(date(2026, 1, 5))
    with pytest.raises(UnknownYear):
        empty.reading(0)
    with pytest.raises(UnknownYear):
        empty.reached(0)


def test_the_last_second_of_the_known_years_is_known_and_the_next_day_is_not() -> None:
    CHINA.reading(seconds_of(local("2027-01-01 00:00")))
    with pytest.raises(UnknownYear, match="2027"):
        CHINA.reading(seconds_of(local("2027-01-01 00:00:01")))
    with pytest.raises(UnknownYear, match="2003"):
        CHINA.reading(seconds_of(local("2003-12-31 23:59:59")))


@given(KNOWN_DAYS)
def test_a_day_reads_on_the_face_what_its_spans_hold(day: date) -> None:
    midnight = seconds_of(local(f"{day} 00:00"))
    held = sum((end - start).total_seconds() for start, end in CHINA_SEASONS.working_spans(day))
    assert CHINA_SEASONS.reading(midnight + 86_400) - CHINA_SEASONS.reading(midnight) == held


@given(st.integers(seconds_of(local("2004-01-01 00:00")), seconds_of(local("2026-12-31 23:59"))))
def test_the_face_of_office_hours_is_undone_by_its_inverse(second: int) -> None:
    reading = CHINA.reading(second)
    if reading:
        reached = CHINA.reached(reading)
        assert reached <= second
        assert CHINA.reading(reached) == reading
        assert CHINA.reading(reached - 1) == reading - 1


@given(KNOWN_DAYS, st.integers(0, 40 * 86_400), st.integers(0, 86_399))
def test_a_stretch_names_every_day_once_and_holds_the_time_worked(day: date, length: int, offset: int) -> None:
    begin = seconds_of(local(f"{day} 00:00")) + offset
    end = min(begin + length, seconds_of(local("2027-01-01 00:00")))
    steps = CHINA.stretch(begin, end)
    worked = [step for step in steps if isinstance(step, Worked)]
    assert sum(step.seconds for step in worked) == CHINA.reading(end) - CHINA.reading(begin)
    assert all(step.whole == (step.seconds == 28_800) for step in worked)
    assert all(
        step.holidays + step.weekends == (step.last - step.first).days + 1 for step in steps if isinstance(step, Rested)
    )
    edges = [(step.first, step.last) if isinstance(step, Rested) else (step.day, step.day) for step in steps]
    assert all(before[1] < after[0] for before, after in pairwise(edges))


def test_a_stretch_that_ends_in_a_run_of_rest_names_only_the_whole_days_before_its_end() -> None:
    steps = CHINA.stretch(seconds_of(local("2025-09-30 16:00")), seconds_of(local("2025-10-03 10:00")))
    assert [step.kind for step in steps] == ["worked", "rested"]
    assert steps[1] == Rested(date(2025, 10, 1), date(2025, 10, 2), holidays=2, weekends=0)
    within = CHINA.stretch(seconds_of(local("2025-10-02 16:00")), seconds_of(local("2025-10-04 10:00")))
    assert within == [Rested(date(2025, 10, 2), date(2025, 10, 3), holidays=2, weekends=0)]


def test_a_day_may_end_at_midnight() -> None:
    desk = Calendar.of("Asia/Shanghai", (), [2026], [("01-01", "12-31", ("00:00-08:00", "16:00-24:00"))])
    assert desk.working_spans(date(2026, 3, 9))[1] == (local("2026-03-09 16:00"), local("2026-03-10 00:00"))


# Clocks that are set forward and back -------------------------------------------------------------------------------


def night_desk(zone: str, hours: str, *years: int) -> Calendar:
    return Calendar(
        ZoneInfo(zone),
        (Season((1, 1), (12, 31), tuple(span(text) for text in hours.split())),),
        years=frozenset(years),
        weekend=frozenset(),
    )


def span(text: str) -> tuple[time, time]:
    opens, closes = text.split("-")
    return time.fromisoformat(opens), time.fromisoformat(closes)


def hours_of(calendar: Calendar, day: date) -> float:
    return sum((end - start).total_seconds() for start, end in calendar.working_spans(day)) / 3600


def test_office_hours_keep_their_wall_time_when_clocks_change() -> None:
    before, after = date(2026, 3, 6), date(2026, 3, 9)
    assert BOSTON.working_spans(before)[0][0] == datetime(2026, 3, 6, 14, 0, tzinfo=UTC)
    assert BOSTON.working_spans(after)[0][0] == datetime(2026, 3, 9, 13, 0, tzinfo=UTC)
    assert hours_of(BOSTON, before) == hours_of(BOSTON, after) == 8


@pytest.mark.parametrize(
    ("hours", "forward", "back"),
    [
        ("00:00-08:00", 7, 9),
        ("01:00-02:30", 1, 2.5),
        ("02:15-02:45", 0, 0.5),
        ("00:00-01:30", 1.5, 2.5),
        ("03:00-04:00", 1, 1),
        ("00:00-00:00", 23, 25),
    ],
)
def test_night_hours_are_as_long_as_they_really_last(hours: str, forward: float, back: float) -> None:
    desk = night_desk("America/New_York", hours, 2026)
    assert hours_of(desk, date(2026, 3, 8)) == forward
    assert hours_of(desk, date(2026, 11, 1)) == back


def test_a_skipped_midnight_a_half_hour_change_and_a_lost_day_are_all_counted_right() -> None:
    beirut = night_desk("Asia/Beirut", "00:00-08:00", 2021)
    assert hours_of(beirut, date(2021, 3, 28)) == 7
    lord_howe = night_desk("Australia/Lord_Howe", "00:00-08:00", 2021)
    assert hours_of(lord_howe, date(2021, 10, 3)) == 7.5
    assert hours_of(lord_howe, date(2021, 4, 4)) == 8.5
    apia = night_desk("Pacific/Apia", "08:00-12:00", 2011)
    assert [hours_of(apia, date(2011, 12, day)) for day in (29, 30, 31)] == [4, 0, 4]
    assert apia.reading(seconds_of(datetime(2011, 12, 31, 9, tzinfo=UTC))) > 0


def test_a_wall_time_shown_twice_or_never_has_a_known_second() -> None:
    twice, never = (datetime.fromisoformat(text) for text in ("2026-11-01 01:30", "2026-03-08 02:30"))
    assert wall_second(twice, BOSTON.zone) == seconds_of(boston("2026-11-01 01:30"))
    assert wall_second(twice, BOSTON.zone, second_pass=True) == seconds_of(boston("2026-11-01 01:30", fold=1))
    assert wall_second(never, BOSTON.zone) == seconds_of(boston("2026-03-08 03:00"))


def test_the_wall_stands_still_for_the_repeated_hour_when_clocks_are_set_back() -> None:
    midnight = seconds_of(boston("2026-11-01 00:00"))
    shown = [wall_reading(midnight + minute * 60, BOSTON.zone) - midnight for minute in range(5 * 60)]
    minutes = [reading // 60 - shown[0] // 60 for reading in shown]
    assert minutes == [*range(120), *[120] * 60, *range(120, 240)]


@given(st.integers(seconds_of(boston("2026-03-07 12:00")), seconds_of(boston("2026-03-09 12:00"))))
def test_the_wall_is_undone_by_its_inverse_when_clocks_are_set_forward(second: int) -> None:
    assert wall_reached(wall_reading(second, BOSTON.zone), BOSTON.zone) == second


# Refusals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        ([("01-01", "06-30", ("08:00-12:00",))], "07-01 has 0"),
        ([("01-01", "12-31", ("08:00-12:00",)), ("05-01", "05-31", ("08:00-12:00",))], "05-01 has 2"),
        ([("01-01", "02-28", ("08:00-12:00",)), ("03-01", "12-31", ("08:00-12:00",))], "02-29 has 0"),
        ([("01-01", "12-31", ())], "has no office hours"),
        ([("01-01", "12-31", ("08:00-12:00", "11:00-18:00"))], "must follow each other"),
        ([("01-01", "12-31", ("14:00-12:00",))], "must follow each other"),
        ([("01-01", "12-31", ("08:00-08:00",))], "must follow each other"),
        ([("01-01", "12-31", ("22:00-00:00", "23:00-23:30"))], "must follow each other"),
        ([("01-01", "12-31", ("eight-twelve",))], "office hours such as 08:00-12:00, not 'eight-twelve'"),
        ([("13-01", "12-31", ("08:00-12:00",))], "month and day such as 05-01, not '13-01'"),
    ],
)
def test_office_hours_that_cannot_be_are_refused_in_a_sentence(
    hours: list[tuple[str, str, tuple[str, ...]]], sentence: str
) -> None:
    with pytest.raises(CalendarError, match=sentence):
        Calendar.of("Asia/Shanghai", (), [2026], hours)


def test_a_calendar_that_contradicts_itself_is_refused_in_a_sentence() -> None:
    day = date(2026, 10, 10)
    with pytest.raises(CalendarError, match="2026-10-10 is named as both"):
        Calendar.of("Asia/Shanghai", [(day, "holiday"), (day, "workday")], [2026])
    with pytest.raises(CalendarError, match="expected 'holiday' or 'workday'"):
        Calendar.of("Asia/Shanghai", [(day, "feast")], [2026])
    with pytest.raises(CalendarError, match="after 2024 comes 2026"):
        Calendar.of("Asia/Shanghai", (), [2024, 2026])
    with pytest.raises(CalendarError, match="between 1970 and 2199"):
        Calendar.of("Asia/Shanghai", (), [20260])
    with pytest.raises(CalendarError, match="some working seconds"):
        Calendar.of("Asia/Shanghai", (), [2026], work_day_hours=0)


def test_a_naive_instant_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="expected an instant with a zone"):
        seconds_of(datetime(2026, 3, 9, 8))  # noqa: DTZ001 (that is the point)


def test_seconds_and_instants_are_each_others_inverse_and_parts_of_seconds_are_dropped() -> None:
    assert instant_of(seconds_of(local("2026-03-09 08:00:07"))) == local("2026-03-09 08:00:07")
    assert seconds_of(local("2026-03-09 08:00:07.999999")) == seconds_of(local("2026-03-09 08:00:07"))


def test_calendars_of_equal_values_are_equal() -> None:
    assert Calendar(UTC_ZONE) == Calendar(UTC_ZONE, ALL_YEAR)
    assert CHINA != CHINA_SEASONS
