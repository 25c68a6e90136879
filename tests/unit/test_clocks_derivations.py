"""The proof of a deadline: it adds up, travels as JSON, notices another calendar and tampering, and can be read."""

from __future__ import annotations

import json
import string
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_calendars import BOSTON, CHINA, CHINA_SEASONS, boston, local

from models.calendars import Rested, Worked
from models.clocks import Deadline, Limit, Pause, Unit, due, recompute
from models.derivations import Counted, DerivationError, Paused, adds_up, as_json, from_json, in_words

TEXTS = Path(__file__).parents[2] / "config" / "texts"
SECOND = timedelta(seconds=1)


def texts(language: str) -> dict[str, str]:
    with (TEXTS / f"clocks.{language}.toml").open("rb") as file:
        return {f"clocks.{key}": text for key, text in tomllib.load(file)["clocks"].items()}


CHINESE, ENGLISH = texts("zh-CN"), texts("en")


def national_day() -> Deadline:
    """Four working days over National Day 2025, suspended for six hours, extended once."""
    return due(
        local("2025-09-26 16:30"),
        Limit(4, Unit.WORK_DAY),
        CHINA,
        [Pause(local("2025-10-09 09:00"), local("2025-10-09 15:00"))],
        [local("2025-09-28 09:00")],
    )


def any_deadline(
    start: int, quarters: int, unit: Unit, shifts: list[tuple[int, int]], extensions: int, still: bool
) -> Deadline:
    begin = local("2010-01-01 00:00") + timedelta(seconds=start)
    pauses = [
        Pause(begin + timedelta(seconds=shift), begin + timedelta(seconds=shift + length)) for shift, length in shifts
    ]
    if still and pauses:
        pauses.append(Pause(begin + timedelta(days=9)))
    return due(begin, Limit(Fraction(quarters, 4), unit), CHINA_SEASONS, pauses, [begin] * extensions)


deadlines = st.builds(
    any_deadline,
    st.integers(0, 16 * 365 * 86_400),
    st.integers(1, 80),
    st.sampled_from(Unit),
    st.lists(st.tuples(st.integers(0, 10 * 86_400), st.integers(0, 10 * 86_400)), max_size=3),
    st.integers(0, 2),
    st.booleans(),
)


# The document -------------------------------------------------------------------------------------------------------


def test_the_steps_name_every_span_every_rest_and_every_pause() -> None:
    steps = national_day().derivation.steps
    assert [step.kind for step in steps] == [
        *["worked", "rested", "worked", "worked", "worked", "rested", "worked", "paused", "worked"],
        *["worked", "worked", "rested", "worked", "worked", "worked"],
    ]
    first, sunday, holiday, pause = steps[0], steps[2], steps[5], steps[7]
    assert isinstance(first, Worked) and (first.seconds, first.whole) == (5400, False)
    assert isinstance(sunday, Worked) and (sunday.day, sunday.make_up) == (date(2025, 9, 28), True)
    assert [span.seconds for span in sunday.spans] == [14_400, 14_400]
    assert holiday == Rested(date(2025, 10, 1), date(2025, 10, 8), holidays=8, weekends=0)
    assert pause == Paused(local("2025-10-09 09:00"), local("2025-10-09 15:00"), 4 * 3600)


def test_continuous_time_is_one_stretch_between_pauses() -> None:
    start = local("2026-02-16 22:00")
    pause = Pause(start + timedelta(hours=1), start + timedelta(hours=4))
    steps = due(start, Limit(2, Unit.URGENT_HOUR), CHINA, [pause]).derivation.steps
    assert steps == (
        Counted(start, start + timedelta(hours=1), 3600),
        Paused(start + timedelta(hours=1), start + timedelta(hours=4), 10_800),
        Counted(start + timedelta(hours=4), start + timedelta(hours=5), 3600),
    )


def test_a_suspended_clock_tells_what_is_left() -> None:
    still = [Pause(local("2026-03-09 10:00"))]
    derivation = due(local("2026-03-09 08:00"), Limit(1, Unit.WORK_DAY), CHINA, still).derivation
    assert (derivation.due_at, derivation.left_seconds) == (None, 6 * 3600)
    assert adds_up(derivation)
    assert recompute(derivation, CHINA) is None


def test_a_pause_after_the_due_time_is_no_step_of_the_proof() -> None:
    late = [Pause(local("2026-03-09 13:00"))]
    derivation = due(local("2026-03-09 08:00"), Limit(4, Unit.WORK_HOUR), CHINA, late).derivation
    assert [step.kind for step in derivation.steps] == ["worked"]
    assert adds_up(derivation)
    assert recompute(derivation, CHINA) == local("2026-03-09 12:00")


@given(deadlines)
def test_a_derivation_survives_its_journey_through_json(deadline: Deadline) -> None:
    written = json.dumps(as_json(deadline.derivation))
    read = from_json(json.loads(written))
    assert read == deadline.derivation
    assert adds_up(read)
    assert recompute(read, CHINA_SEASONS) == deadline.due_at


def test_instants_are_written_in_utc() -> None:
    written = as_json(national_day().derivation)
    assert written["due_at"] == "2025-10-15T02:30:00Z"
    assert written["start_at"] == "2025-09-26T08:30:00Z"


def test_another_calendar_gives_another_due_time() -> None:
    """So a changed notice shows which open cases must be derived again."""
    derivation = national_day().derivation
    changed = replace(CHINA, holidays=CHINA.holidays | {date(2025, 10, 10)})
    assert recompute(derivation, CHINA) == derivation.due_at
    assert recompute(derivation, changed) == local("2025-10-16 10:30")


@pytest.mark.parametrize(
    "fault",
    [
        {"due_at": local("2025-10-15 10:31")},
        {"due_at": None},
        {"total_seconds": 64 * 3600 + 1},
        {"left_seconds": 60},
        {"start_at": local("2025-09-26 16:31")},
        {"pauses": (Pause(local("2025-10-09 08:59"), local("2025-10-09 15:00")),)},
        {"pauses": (Pause(local("2025-10-09 09:00")),)},
        {"steps": ()},
    ],
    ids=lambda fault: next(iter(fault)),
)
def test_a_tampered_derivation_does_not_add_up(fault: dict[str, Any]) -> None:
    assert adds_up(national_day().derivation)
    assert not adds_up(replace(national_day().derivation, **fault))


def test_a_tampered_step_does_not_add_up() -> None:
    derivation = national_day().derivation
    first = derivation.steps[0]
    assert isinstance(first, Worked)
    longer = replace(first.spans[0], to_at=first.spans[0].to_at + SECOND)
    for broken in (
        replace(first, seconds=first.seconds + 1),
        replace(first, spans=()),
        replace(first, spans=(longer,)),
        replace(first, spans=(replace(longer, seconds=longer.seconds + 1),)),
    ):
        assert not adds_up(replace(derivation, steps=(broken, *derivation.steps[1:])))
    assert not adds_up(replace(derivation, steps=derivation.steps[::-1]))
    assert not adds_up(replace(derivation, steps=derivation.steps[:-1]))


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"unit": "fortnight"}, "unit"),
        ({"due_at": "tomorrow"}, "due_at"),
        ({"steps": [{"kind": "slept"}]}, r"steps\.0"),
        ({"total_seconds": "many"}, "total_seconds"),
    ],
)
def test_what_is_no_derivation_is_refused_naming_the_field(fault: dict[str, Any], sentence: str) -> None:
    written = as_json(national_day().derivation) | fault
    with pytest.raises(DerivationError, match=f"This is no derivation of a deadline: {sentence}"):
        from_json(written)


def test_amounts_are_written_as_people_write_them() -> None:
    start = local("2026-03-09 08:00")
    written = [
        due(start, Limit(amount, Unit.WORK_HOUR), CHINA).derivation.amount
        for amount in (4, Fraction(1, 4), Fraction(1, 3), Fraction(10), 100)
    ]
    assert written == ["4", "0.25", "1/3", "10", "100"]


# The words ----------------------------------------------------------------------------------------------------------


def test_the_derivation_reads_in_chinese() -> None:
    assert in_words(national_day().derivation, CHINESE) == [
        "自 2025-09-26 周五 16:30 起算（时区 Asia/Shanghai）。",
        "时限 4 工作日，每个工作日按办公时间 8 小时计：共 32 小时。",
        "延期 1 次（批准于 2025-09-28 周日 09:00），每次加一个原时限：合计 64 小时。",
        "2025-09-26 周五 16:30–18:00：计 1 小时 30 分，余 62 小时 30 分。",
        "2025-09-27 周六 周末 1 天：不计。",
        "2025-09-28 周日（调休上班）08:00–12:00、14:00–18:00：计 8 小时，余 54 小时 30 分。",
        "2025-09-29 周一 至 2025-09-30 周二 共 2 个整工作日：计 16 小时，余 38 小时 30 分。",
        "2025-10-01 周三 至 2025-10-08 周三 法定节假日 8 天：不计。",
        "2025-10-09 周四 08:00–09:00：计 1 小时，余 37 小时 30 分。",
        "2025-10-09 周四 09:00 至 2025-10-09 周四 15:00 挂账：扣除 4 小时。",
        "2025-10-09 周四 15:00–18:00：计 3 小时，余 34 小时 30 分。",
        "2025-10-10 周五 08:00–12:00、14:00–18:00：计 8 小时，余 26 小时 30 分。",
        "2025-10-11 周六（调休上班）08:00–12:00、14:00–18:00：计 8 小时，余 18 小时 30 分。",
        "2025-10-12 周日 周末 1 天：不计。",
        "2025-10-13 周一 至 2025-10-14 周二 共 2 个整工作日：计 16 小时，余 2 小时 30 分。",
        "2025-10-15 周三 08:00–10:30：计 2 小时 30 分，余 0 分。",
        "到期时间：2025-10-15 周三 10:30。",
    ]


def test_the_derivation_reads_in_english() -> None:
    words = in_words(national_day().derivation, ENGLISH)
    assert words[0] == "The clock starts Fri 2025-09-26 16:30 (time zone Asia/Shanghai)."
    assert words[5] == "Sun 2025-09-28 (make-up working day) 08:00–12:00, 14:00–18:00: 8 h counted, 54 h 30 min left."
    assert words[7] == "Wed 2025-10-01 to Wed 2025-10-08, public holidays, 8 d: not counted."
    assert words[-1] == "Due Wed 2025-10-15 10:30."


def test_three_weeks_of_full_days_are_one_line_of_words() -> None:
    derivation = due(local("2026-01-09 20:00:05"), Limit(15, Unit.WORK_DAY), CHINA).derivation
    assert in_words(derivation, CHINESE) == [
        "自 2026-01-09 周五 20:00:05 起算（时区 Asia/Shanghai）。",
        "时限 15 工作日，每个工作日按办公时间 8 小时计：共 120 小时。",
        "2026-01-10 周六 至 2026-01-11 周日 周末 2 天：不计。",
        "2026-01-12 周一 至 2026-01-30 周五 共 15 个整工作日（其间周末 4 天不计）：计 120 小时，余 0 分。",
        "到期时间：2026-01-30 周五 18:00。",
    ]


def test_holidays_have_their_own_line_between_full_days() -> None:
    derivation = due(local("2025-04-02 08:00"), Limit(4, Unit.WORK_DAY), CHINA).derivation
    assert in_words(derivation, CHINESE)[2:-1] == [
        "2025-04-02 周三 至 2025-04-03 周四 共 2 个整工作日：计 16 小时，余 16 小时。",
        "2025-04-04 周五 至 2025-04-06 周日 法定节假日 3 天：不计。",
        "2025-04-07 周一 至 2025-04-08 周二 共 2 个整工作日：计 16 小时，余 0 分。",
    ]


def test_a_weekend_before_a_part_of_a_day_keeps_its_own_line() -> None:
    derivation = due(local("2026-03-09 10:00"), Limit(5, Unit.WORK_DAY), CHINA).derivation
    assert in_words(derivation, CHINESE)[2:-1] == [
        "2026-03-09 周一 10:00–12:00、14:00–18:00：计 6 小时，余 34 小时。",
        "2026-03-10 周二 至 2026-03-13 周五 共 4 个整工作日：计 32 小时，余 2 小时。",
        "2026-03-14 周六 至 2026-03-15 周日 周末 2 天：不计。",
        "2026-03-16 周一 08:00–10:00：计 2 小时，余 0 分。",
    ]


def test_a_suspended_clock_reads_as_standing_still() -> None:
    start = local("2026-05-01 03:00")
    words = in_words(
        due(start, Limit(2, Unit.URGENT_HOUR), CHINA, [Pause(start + timedelta(hours=1))]).derivation, CHINESE
    )
    assert words[-2:] == ["自 2026-05-01 周五 04:00 起挂账：停止计时。", "挂账期间不到期；恢复后尚余 1 小时。"]


def test_words_are_in_the_wall_time_of_the_county() -> None:
    words = in_words(due(boston("2026-03-07 12:00"), Limit(1, Unit.CALENDAR_DAY), BOSTON).derivation, ENGLISH)
    assert words[-2:] == [
        "Sat 2026-03-07 12:00 to Sun 2026-03-08 12:00: 24 h counted, 0 min left.",
        "Due Sun 2026-03-08 12:00.",
    ]


@given(deadlines, st.sampled_from([CHINESE, ENGLISH]))
def test_every_derivation_can_be_read_and_ends_with_its_answer(deadline: Deadline, texts: Mapping[str, str]) -> None:
    words = in_words(deadline.derivation, texts)
    assert all(words) and not any("{" in line for line in words)
    assert len(words) <= len(deadline.derivation.steps) + 4
    if deadline.due_at is not None:
        day = deadline.due_at.astimezone(CHINA_SEASONS.zone).date().isoformat()
        assert day in words[-1]


def test_both_languages_have_the_same_texts_with_the_same_places_to_fill() -> None:
    def places(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    assert CHINESE.keys() == ENGLISH.keys()
    for key, text in CHINESE.items():
        assert places(text) == places(ENGLISH[key]), key
