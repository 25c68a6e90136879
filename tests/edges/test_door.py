"""The one door on real databases: row, trace and outbox together, contiguous numbers, keys, clocks, the ladder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from models import outbox, queries
from models import tables as t
from models.accounts import audit
from models.door import Conflict, Door, Outcome, Report, ticking, verified
from models.door.reporting import Reported
from models.door.writing import Step, Writing
from models.figures import snapshot
from models.filters import STATES, CaseFilter, Moment
from models.moves import Actor, Refused, Role, Stage
from models.rules import Rules
from models.store import Store
from models.vault import Vault

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 18, 2, 30, tzinfo=UTC)  # a Wednesday, 10:30 in the county
OPERATOR = Actor("operator", Role.OPERATOR)


@pytest.fixture
def rules(county_store: Store) -> Rules:
    return Rules(county_store, ZONE)


@pytest.fixture
def door(county_store: Store, rules: Rules) -> Door:
    return Door(county_store, rules, Vault("a secret for tests"))


@pytest.fixture
def leaf(rules: Rules) -> Callable[[str], str]:
    def by_unit(unit: str) -> str:
        return next(code for code, category in sorted(rules().categories.items()) if category.limit_unit == unit)

    return by_unit


def a_report(category: str, **more: object) -> Report:
    return Report(category, "人民路井盖丢失，请尽快处理", "grid", area="990100", **more)  # type: ignore[arg-type]


def test_a_report_is_row_trace_and_outbox_or_nothing(
    door: Door, county_store: Store, leaf: Callable[[str], str]
) -> None:
    outcome = door.report(a_report(leaf("urgent_hour")), OPERATOR, NOW)
    with county_store.read() as connection:
        assert outbox.facts_after(connection, 0)[0][0] == int(outcome.facts[0].id) == 1
        assert next(line.action for line in queries.trace(connection, outcome.case.id)) == "report"
        before = outbox.last_number(connection)
    with pytest.raises(Refused), door.transaction() as (deed, _facts):
        deed.report(a_report(leaf("urgent_hour")), OPERATOR, NOW)
        deed.report(a_report("no-such-category"), OPERATOR, NOW)
    with county_store.read() as connection:
        assert outbox.last_number(connection) == before
        assert connection.execute(select(func.count()).select_from(t.cases)).scalar_one() == 1


def test_numbers_are_contiguous_under_writers_at_once(
    door: Door, county_store: Store, leaf: Callable[[str], str]
) -> None:
    category = leaf("work_day")

    def write() -> None:
        for _ in range(15):
            door.report(a_report(category), OPERATOR, NOW)

    threads = [Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with county_store.read() as connection:
        numbers = [number for number, _ in outbox.facts_after(connection, 0)]
    assert len(numbers) >= 90
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_repeated_external_id_is_the_same_case(door: Door, leaf: Callable[[str], str]) -> None:
    first = door.report(a_report(leaf("work_day"), client="hotline", external_id="A-1"), OPERATOR, NOW)
    again = door.report(a_report(leaf("work_day"), client="hotline", external_id="A-1"), OPERATOR, NOW)
    other = door.report(a_report(leaf("work_day"), client="another", external_id="A-1"), OPERATOR, NOW)
    assert (first.created, again.created, other.created) == (True, False, True)
    assert again.case.code == first.case.code != other.case.code
    assert not again.facts


def test_one_key_for_two_different_reports_is_refused(door: Door, leaf: Callable[[str], str]) -> None:
    door.report(a_report(leaf("work_day"), client="c", idempotency_key="k", request_hash="1"), OPERATOR, NOW)
    with pytest.raises(Refused) as refusal:
        door.report(a_report(leaf("work_day"), client="c", idempotency_key="k", request_hash="2"), OPERATOR, NOW)
    assert refusal.value.field == "Idempotency-Key"


def test_reports_of_one_moment_get_each_its_own_answer(door: Door, leaf: Callable[[str], str]) -> None:
    good = leaf("work_day")
    door.report(a_report(good, client="c", external_id="old"), OPERATOR, NOW)
    asked = [
        a_report(good, client="c", external_id="new"),
        a_report("no-such-category", client="c", external_id="wrong"),
        a_report(good, client="c", external_id="old"),
        a_report(good, client="c", external_id="new"),
        a_report(good),
    ]
    with door.transaction() as (deed, facts):
        answers = deed.report_all([Reported(one, OPERATOR, NOW) for one in asked])
    assert isinstance(answers[1], Refused)
    new, old, again, other = (answers[place] for place in (0, 2, 3, 4))
    assert isinstance(new, Outcome) and isinstance(old, Outcome)
    assert isinstance(again, Outcome) and isinstance(other, Outcome)
    assert [one.created for one in (new, old, again, other)] == [True, False, False, True]
    assert again.case.code == new.case.code and old.case.external_id == "old"
    assert [fact.case for fact in facts] == [new.case.code, other.case.code]  # type: ignore[attr-defined]


def test_the_loop_runs_from_report_to_close_and_proves_its_trace(
    door: Door, county_store: Store, rules: Rules, leaf: Callable[[str], str]
) -> None:
    case = door.report(a_report(leaf("work_day")), OPERATOR, NOW).case
    department = rules().categories[case.category].department
    steps = [
        ("file", {}),
        ("dispatch", {"department": department}),
        ("receipt", {}),
        ("feedback", {"note": "已处置"}),
        ("rework", {"note": "未清理干净"}),
        ("feedback", {"note": "已重新清理"}),
        ("close", {}),
    ]
    for action, fields in steps:
        outcome = door.move(case.code, action, OPERATOR, NOW + timedelta(hours=1), fields)
    assert outcome.case.in_time is True
    assert outcome.case.reworked == 1
    with county_store.read() as connection:
        assert verified(connection, case.code)
    with county_store.write() as connection:
        connection.execute(update(t.trace).where(t.trace.c.number == 3).values(note="nothing happened"))
    with county_store.read() as connection:
        assert not verified(connection, case.code)


def test_clocks_warn_breach_and_climb_each_once(door: Door, leaf: Callable[[str], str]) -> None:
    case = door.report(a_report(leaf("urgent_hour"), level=2), OPERATOR, NOW).case
    kinds = []
    for moment in (case.soon_at, case.due_at, case.due_at + timedelta(hours=9), case.due_at + timedelta(hours=40)):
        for _ in range(3):  # asked again at the same moment nothing happens twice
            kinds += [(fact.kind, getattr(fact, "rung", None)) for fact in door.tick(moment)[1]]  # type: ignore[attr-defined]
    assert [fact for fact in kinds if fact[0] != "case.moved"] == [
        ("clock.warned", None),
        ("clock.breached", None),
        ("case.escalated", 1),
        ("case.escalated", 2),
        ("case.escalated", 3),
    ]


def test_an_acknowledged_escalation_never_climbs(door: Door, leaf: Callable[[str], str]) -> None:
    case = door.report(a_report(leaf("urgent_hour"), level=2), OPERATOR, NOW).case
    escalated = door.tick(case.due_at)[1][-1]
    fact = door.move(case.code, "acknowledge", OPERATOR, case.due_at, {"escalation": escalated.escalation}).facts[0]  # type: ignore[attr-defined]
    assert fact.acknowledged_by == "operator"  # type: ignore[attr-defined]
    assert door.tick(case.due_at + timedelta(days=9)) == (0, [])
    with pytest.raises(Refused, match="acknowledged by operator already"):
        door.move(case.code, "acknowledge", OPERATOR, NOW, {"escalation": escalated.escalation})  # type: ignore[attr-defined]


def test_a_limit_beyond_the_known_calendars_is_flagged_not_guessed(door: Door, leaf: Callable[[str], str]) -> None:
    case = door.report(a_report(leaf("work_day")), OPERATOR, datetime(2026, 12, 31, 9, tzinfo=UTC)).case
    assert (case.due_at, case.due_basis) == (None, "unknown-year")


def test_every_figure_equals_the_list_behind_it(
    door: Door, county_store: Store, rules: Rules, leaf: Callable[[str], str]
) -> None:
    grids = sorted(code for code in rules().places._codes)
    for number in range(60):
        at = NOW - timedelta(hours=number)
        category = leaf("urgent_hour" if number % 3 else "work_day")
        case = door.report(Report(category, f"第 {number} 件", "grid", area=grids[number]), OPERATOR, at).case
        if number % 4 == 0:
            door.move(case.code, "dispatch", OPERATOR, at, {"department": case.department or "D"})
        if number % 5 == 0:
            door.move(case.code, "close-at-source", Actor("12345", Role.SYSTEM), at + timedelta(minutes=9))
    while door.tick(NOW)[0]:
        pass
    moment = Moment(NOW, ZONE)
    with county_store.read() as connection:
        figures = snapshot(connection, moment, 1, NOW, []).figures
        counted = {state: queries.count(connection, CaseFilter(state), OPERATOR, moment) for state in STATES}
        for row in figures.departments:
            wanted = CaseFilter("overdue", department=row.code)
            assert row.overdue == queries.count(connection, wanted, OPERATOR, moment)
    for name in ("open", "overdue", "due_soon", "unreceipted", "escalated", "reported_today", "closed_today"):
        assert getattr(figures.county, name) == counted[name.replace("_", "-")], name
    assert figures.county.overdue > 0
    assert figures.county.open == sum(figures.levels.values())
    assert sum(figures.trend.reported) == 24 - (NOW.minute < 30)


def test_a_stale_version_changes_nothing(door: Door, county_store: Store, leaf: Callable[[str], str]) -> None:
    code = door.report(a_report(leaf("work_day")), OPERATOR, NOW).case.code
    with pytest.raises(Conflict), door.transaction() as (deed, _facts):
        stale = deed.locked(code)
        deed.move(code, "file", OPERATOR, NOW)
        assert stale is not None
        deed.apply(stale, {"stage": "void"}, Step("void", Stage(stale.stage), OPERATOR, NOW))
    with county_store.read() as connection:
        case = queries.case(connection, code, OPERATOR)
    assert case is not None
    assert case.stage == "reported"


def test_audit_lines_chain(county_store: Store) -> None:
    for number in range(3):
        with county_store.write() as connection:
            audit(connection, "admin", "admin", "account.added", NOW, object=f"user{number}")
    with county_store.read() as connection:
        rows = connection.execute(select(t.audit).order_by(t.audit.c.id)).all()
    assert [row.id for row in rows] == [1, 2, 3]
    assert len({row.hash for row in rows}) == 3


def test_a_case_that_cannot_be_judged_does_not_hold_up_the_clocks_of_others(
    door: Door, leaf: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = door.report(a_report(leaf("urgent_hour"), level=3), OPERATOR, NOW).case
    sound = door.report(a_report(leaf("urgent_hour"), level=3), OPERATOR, NOW + timedelta(minutes=1)).case
    judged = ticking.tick_one

    def stumbles(work: Writing, case: object, now: datetime) -> None:
        if case.code == broken.code:  # type: ignore[attr-defined]
            raise ValueError("a row nobody foresaw")
        judged(work, case, now)  # type: ignore[arg-type]

    monkeypatch.setattr(ticking, "tick_one", stumbles)
    late = sound.due_at + timedelta(minutes=1)
    told = door.tick(late)[1]
    assert {fact.case for fact in told} == {sound.code}  # type: ignore[attr-defined]
    monkeypatch.setattr(ticking, "tick_one", judged)
    assert door.tick(late)[0] == 0  # put off, not asked again and again
    later = door.tick(late + timedelta(minutes=1))[1]
    assert broken.code in {fact.case for fact in later}  # type: ignore[attr-defined]
