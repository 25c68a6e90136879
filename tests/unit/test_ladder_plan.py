"""The ladder as a pure function: worked examples by hand, and what must hold for every history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calendars import Calendar, Unit
from models.clocks import Limit, due, mark
from models.ladder.plan import (
    Alarm,
    History,
    Kind,
    Ladder,
    Rung,
    Step,
    answer_due,
    day_after,
    heard_from,
    ladder_of,
    next_step,
    share_mark,
)

ZONE = ZoneInfo("Asia/Shanghai")
DAYS = [
    (date(2026, 1, 1), "holiday"),
    (date(2026, 10, 1), "holiday"),
    (date(2026, 10, 2), "holiday"),
    (date(2026, 10, 10), "workday"),
]
CALENDAR = Calendar.of("Asia/Shanghai", DAYS, [2026])
LADDER = Ladder(
    rungs=(
        Rung("coordinator", wait=timedelta(minutes=30)),
        Rung("deputy_head", wait=timedelta(minutes=60), again=1),
        Rung("head", wait=timedelta(minutes=120), again=2),
    ),
    quiet=(time(22), time(7)),
)
FOUR_HOURS = Limit(4, Unit.WORK_HOUR)


def at(text: str) -> datetime:
    """Local time of the county."""
    return datetime.strptime(text, "%m-%d %H:%M").replace(year=2026, tzinfo=ZONE).astimezone(UTC)


START = at("11-18 09:00")  # a Wednesday: 3 h until noon, 1 h after 14:00
DUE = at("11-18 15:00")


def case(**changes: object) -> History:
    """A case of level 3 that came and went to its department at nine, due at 15:00."""
    plain = History(
        level=3, clock_from=START, due_at=DUE, limit=FOUR_HOURS, department="cg", issued_at=START, receipt_at=START
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def told(**moments: str) -> dict[str, datetime]:
    """`urge_1="11-18 11:00"` → {"urge-1": …}."""
    return {name.replace("_", "-"): at(text) for name, text in moments.items()}


EXPIRED = told(urge_1="11-18 11:00", urge_2="11-18 14:12", supervise_1="11-18 15:00")
CALLED = EXPIRED | told(contact_1="11-18 15:00")
AFTER = CALLED | told(notice_1="11-19 08:00")
EXAMPLES = [
    # what has happened → what comes next, and when (worked out by hand)
    ("half of four working hours is left at eleven", case(), "urge-1", "11-18 11:00"),
    ("a fifth (48 min) is left at 14:12", case(told=told(urge_1="11-18 11:00")), "urge-2", "11-18 14:12"),
    (
        "supervision at expiry",
        case(told=told(urge_1="11-18 11:00", urge_2="11-18 14:12")),
        "supervise-1",
        "11-18 15:00",
    ),
    ("the first contact at expiry", case(told=EXPIRED), "contact-1", "11-18 15:00"),
    ("no receipt: urged after an hour", case(receipt_at=None), "receipt-1", "11-18 10:00"),
    ("… and half an hour later", case(receipt_at=None, told=told(receipt_1="11-18 10:03")), "receipt-2", "11-18 10:33"),
    (
        "received: not urged for receipt",
        case(receipt_at=at("11-18 10:20"), told=told(receipt_1="11-18 10:03")),
        "urge-1",
        "11-18 11:00",
    ),
    (
        "with nobody yet: no urge, expiry all the same",
        case(department=None, issued_at=None),
        "supervise-1",
        "11-18 15:00",
    ),
    ("dispatched after half: only the later share", case(issued_at=at("11-18 11:30")), "urge-2", "11-18 14:12"),
    (
        "30 min of working time later the second contact",
        case(told=AFTER, called_at_expiry=True, alarm=Alarm(1, at("11-18 15:30"))),
        "contact-2",
        "11-18 15:30",
    ),
    (
        "the second is told again before the third is called",
        case(told=AFTER | told(contact_2="11-18 15:30"), called_at_expiry=True, alarm=Alarm(2, at("11-18 16:30"))),
        "again-2-1",
        "11-18 16:30",
    ),
    (
        "then the head",
        case(told=AFTER | told(again_2_1="11-18 16:30"), called_at_expiry=True, alarm=Alarm(2, at("11-18 17:30"))),
        "contact-3",
        "11-18 17:30",
    ),
    (
        "the head is told twice more",
        case(told=AFTER | told(again_3_1="11-19 09:30"), called_at_expiry=True, alarm=Alarm(3, at("11-19 11:30"))),
        "again-3-2",
        "11-19 11:30",
    ),
    (
        "then the ladder is at its end",
        case(
            told=AFTER | told(again_3_1="11-19 09:30", again_3_2="11-19 11:30"),
            called_at_expiry=True,
            alarm=Alarm(3, at("11-19 15:30")),
        ),
        None,
        None,
    ),
    (
        "the written notice comes the day after",
        case(told=CALLED, called_at_expiry=True, alarm=Alarm(1, at("11-19 09:00"))),
        "notice-1",
        "11-19 08:00",
    ),
    (
        "answered: neither climbs nor is noticed",
        case(told=CALLED, called_at_expiry=True, alarm=Alarm(1, at("11-18 15:30"), acknowledged=True)),
        None,
        None,
    ),
    ("paused: nothing", case(paused=True), None, None),
    ("ended: nothing", case(ended=True), None, None),
    ("no deadline and received: nothing", case(due_at=None), None, None),
    (
        "a direct report climbs before expiry",
        case(level=1, issued_at=None, alarm=Alarm(1, at("11-18 09:30")), told=told(contact_1="11-18 09:00")),
        "contact-2",
        "11-18 09:30",
    ),
    (
        "an answered direct report: expiry is a new alarm",
        case(level=1, alarm=Alarm(1, None, acknowledged=True), told=told(contact_1="11-18 09:00") | EXPIRED),
        "contact-2",
        "11-18 15:00",
    ),
]


@pytest.mark.parametrize(("history", "key", "moment"), [row[1:] for row in EXAMPLES], ids=[row[0] for row in EXAMPLES])
def test_worked_examples(history: History, key: str | None, moment: str | None) -> None:
    step = next_step(LADDER, history, START, CALENDAR)
    assert (step.key, step.at) == (key, at(moment or "")) if step else key is None


def test_of_two_shares_that_passed_unseen_only_the_last_is_urged() -> None:
    step = next_step(LADDER, case(), at("11-18 14:30"), CALENDAR)
    assert step == Step(Kind.URGE, 2, at("11-18 14:12"))
    following = next_step(LADDER, case(told={"urge-2": at("11-18 14:30")}), at("11-18 14:30"), CALENDAR)
    assert following == Step(Kind.SUPERVISE, 1, DUE)


def test_a_worker_that_was_away_urges_once_and_not_for_every_time_it_missed() -> None:
    before = case(receipt_at=None, due_at=None, told=told(receipt_1="11-18 10:00"))
    late = at("11-18 13:47")
    step = next_step(LADDER, before, late, CALENDAR)
    assert step == Step(Kind.RECEIPT, 2, at("11-18 10:30"))
    after = replace(before, told={**before.told, "receipt-2": late})
    assert next_step(LADDER, after, late, CALENDAR) == Step(Kind.RECEIPT, 3, late + timedelta(minutes=30))


ANSWERS = [
    # level, called → to be answered by: 30 min of office hours, plain time for what is grave
    (3, "11-18 15:00", "11-18 15:30"),
    (3, "11-18 11:45", "11-18 14:15"),
    (4, "11-20 17:50", "11-23 08:20"),  # Friday evening → Monday
    (3, "09-30 18:20", "10-05 08:30"),  # before the holiday of this calendar; plain office hours all year
    (3, "10-10 08:00", "10-10 08:30"),  # a Saturday on which one works
    (2, "11-20 17:50", "11-20 18:20"),
    (1, "11-21 03:00", "11-21 03:30"),
]


@pytest.mark.parametrize(("level", "called", "answered"), ANSWERS)
def test_a_contact_answers_in_working_time_and_what_is_grave_in_plain_time(
    level: int, called: str, answered: str
) -> None:
    assert answer_due(LADDER, 1, at(called), level, CALENDAR) == at(answered)


def test_a_year_without_a_calendar_makes_the_ladder_wait_in_plain_time_and_never_for_ever() -> None:
    far = datetime(2031, 5, 5, 12, tzinfo=UTC)
    assert answer_due(LADDER, 1, far, 4, CALENDAR) == far + timedelta(minutes=30)
    assert day_after(far, CALENDAR) == far + timedelta(days=1)
    assert share_mark(case(due_at=far, clock_from=far - timedelta(hours=10)), Fraction(1, 5), CALENDAR) == (
        far - timedelta(hours=2)
    )


@pytest.mark.parametrize(
    ("expired", "noticed"),
    [("11-18 15:00", "11-19 08:00"), ("11-20 15:00", "11-23 08:00"), ("10-09 17:00", "10-10 08:00")],
)
def test_the_written_notice_opens_with_the_next_working_day(expired: str, noticed: str) -> None:
    assert day_after(at(expired), CALENDAR) == at(noticed)


QUIET = [
    (3, "11-18 21:59", "11-18 21:59"),
    (3, "11-18 22:00", "11-19 07:00"),
    (4, "11-19 06:59", "11-19 07:00"),
    (3, "11-19 07:00", "11-19 07:00"),
    (2, "11-18 23:30", "11-18 23:30"),
]


@pytest.mark.parametrize(("level", "now", "heard"), QUIET)
def test_what_is_not_grave_waits_for_the_morning(level: int, now: str, heard: str) -> None:
    assert heard_from(LADDER, level, at(now), ZONE) == at(heard)


def test_a_county_says_what_its_ladder_is() -> None:
    document = {
        "urge": {"repeat_minutes": 10, "shares": [0.2, 0.4], "most": 3},
        "stages": {"receipt": 15},
        "escalation": {
            "takeover_level": 1,
            "quiet_hours": ["21:00:00", "06:00:00"],
            "notice": False,
            "rungs": [{"role": "chief", "acknowledge_minutes": 5, "time": "plain", "again": 4}],
        },
    }
    ladder = ladder_of(document)
    assert ladder == Ladder(
        shares=(Fraction(2, 5), Fraction(1, 5)),
        receipt_within=timedelta(minutes=15),
        every=timedelta(minutes=10),
        most=3,
        rungs=(Rung("chief", wait=timedelta(minutes=5), working=False, again=4),),
        notice=False,
        grave=1,
        quiet=(time(21), time(6)),
    )
    assert len(ladder_of({}).rungs) == 3  # a county that says nothing has the ladder of the field


# --- for every history -----------------------------------------------------------------------------------------------

histories = st.builds(
    lambda level, minutes, unit, amount, issued, receipt, away: (level, minutes, unit, amount, issued, receipt, away),
    st.integers(1, 4),
    st.integers(0, 60 * 24 * 60),
    st.sampled_from(list(Unit)),
    st.integers(1, 6),
    st.one_of(st.none(), st.integers(0, 600)),
    st.one_of(st.none(), st.integers(0, 900)),
    st.integers(1, 3000),
)


def lived(ladder: Ladder, history: History, start: datetime, pace: timedelta, answer: int | None) -> list[Step]:
    """What a worker that looks at the clock every `pace` takes until nothing is left; contact `answer` answers."""
    taken: list[Step] = []
    now = start
    for _ in range(200):
        step = next_step(ladder, history, now, CALENDAR)
        if step is None:
            return taken
        now = max(now, step.at)
        step = next_step(ladder, history, now, CALENDAR) or step
        taken.append(step)
        alarm = history.alarm
        if step.kind in (Kind.CONTACT, Kind.AGAIN):
            due_at = answer_due(ladder, step.number, now, history.level, CALENDAR)
            alarm = Alarm(step.number, due_at, acknowledged=step.number == answer)
        expiry = history.called_at_expiry or (step.kind is Kind.CONTACT and step.at == history.due_at)
        history = replace(history, alarm=alarm, called_at_expiry=expiry, told={**history.told, step.key: now})
        now += pace
    raise AssertionError("the ladder never ended")


def built(values: tuple[int, int, Unit, int, int | None, int | None, int]) -> tuple[History, datetime, timedelta]:
    level, minutes, unit, amount, issued, receipt, away = values
    start = at("03-02 08:00") + timedelta(minutes=minutes)
    limit = Limit(amount, unit)
    due_at = due(start, limit, CALENDAR).due_at
    issued_at = None if issued is None else start + timedelta(minutes=issued)
    receipt_at = issued_at + timedelta(minutes=receipt) if issued_at and receipt is not None else None
    history = History(level, start, due_at, limit, "cg" if issued_at else None, issued_at, receipt_at)
    return history, start, timedelta(minutes=away)


@given(histories, st.one_of(st.none(), st.integers(1, 3)))
def test_every_ladder_ends_takes_each_step_once_and_calls_the_contacts_in_order(
    values: tuple[int, int, Unit, int, int | None, int | None, int], answer: int | None
) -> None:
    history, start, away = built(values)
    steps = lived(LADDER, history, start, away, answer)
    keys = [step.key for step in steps]
    assert len(keys) == len(set(keys))
    assert [step.number for step in steps if step.kind is Kind.CONTACT] == list(range(1, (answer or 3) + 1))
    assert keys.count("supervise-1") == 1
    assert all(step.at < (history.due_at or step.at) for step in steps if step.kind in (Kind.URGE, Kind.RECEIPT))
    if answer is not None:  # an answered rung never climbs, nor is it told again
        called = keys.index(f"contact-{answer}")
        assert [step.kind for step in steps[called + 1 :] if step.kind in (Kind.CONTACT, Kind.AGAIN)] == []


@given(histories)
def test_a_paused_or_ended_case_takes_no_step_whatever_was_told(
    values: tuple[int, int, Unit, int, int | None, int | None, int],
) -> None:
    history, start, _away = built(values)
    assert next_step(LADDER, replace(history, paused=True), start, CALENDAR) is None
    assert next_step(LADDER, replace(history, ended=True), start, CALENDAR) is None


@given(histories, st.sampled_from([Fraction(1, 2), Fraction(1, 5), Fraction(1, 10)]))
def test_a_share_worked_back_from_the_due_time_is_the_clock_s_own_mark(
    values: tuple[int, int, Unit, int, int | None, int | None, int], share: Fraction
) -> None:
    history, start, _away = built(values)
    assert history.limit
    own = mark(start, history.limit, CALENDAR, share)
    assert own is not None
    assert abs((share_mark(history, share, CALENDAR) - own).total_seconds()) <= 1


def test_a_ladder_that_forgets_an_answer_would_be_noticed() -> None:
    """The planted fault: whoever reads the history leaves the answer out."""
    answered = case(told=AFTER, called_at_expiry=True, alarm=Alarm(1, at("11-18 15:30"), acknowledged=True))
    forgetful = replace(answered, alarm=Alarm(1, at("11-18 15:30")))
    assert next_step(LADDER, answered, DUE, CALENDAR) is None
    assert next_step(LADDER, forgetful, DUE, CALENDAR) == Step(Kind.CONTACT, 2, at("11-18 15:30"))
