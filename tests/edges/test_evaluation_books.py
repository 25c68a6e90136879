"""The books of the months on real stores: kept up by facts, closed once, recomputed alike, and equal to their lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import SECRET
from desk_harness import GRID
from sqlalchemy import delete, select, update

from models import outbox, queries
from models import tables as t
from models.door import Door, Report, verified
from models.evaluation import analysis, appeals, books
from models.evaluation.books import County
from models.evaluation.listing import Listing
from models.evaluation.periods import Month, Period
from models.evaluation.reading import Counties, Question, answer
from models.evaluation.scoring import counted
from models.filters import CaseFilter, FilterRefused, Moment
from models.moves import Actor, Refused, Role
from models.rules import Rules
from models.store import Store
from models.vault import Vault

ZONE = ZoneInfo("Asia/Shanghai")
OPERATOR, LEADER, SYSTEM = (Actor(str(role), role) for role in (Role.OPERATOR, Role.LEADER, Role.SYSTEM))
DEPARTMENT = Actor("cg-desk", Role.DEPARTMENT, department="cg")
MONTH = Month(2026, 5)
BEGIN = datetime(2026, 5, 4, 1, tzinfo=UTC)
LATER = datetime(2026, 6, 10, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class Ground:
    """A county with a door, and what the books must know of it."""

    store: Store
    door: Door
    counties: Counties

    @property
    def county(self) -> County:
        return self.counties()

    def case(self, at: datetime, *, department: str = "cg", **more: Any) -> str:
        """A case reported and dispatched."""
        values = {"category": "010101", "description": "垃圾成堆", "source": "hotline", "area": GRID, **more}
        code = str(self.door.report(Report(**values), SYSTEM, at).case.code)
        self.door.move(code, "dispatch", OPERATOR, at + 10 * MINUTE, {"department": department})
        return code

    def handled(self, at: datetime, within: timedelta, **more: Any) -> str:
        """A case closed so long after its report."""
        code = self.case(at, **more)
        department = Actor("desk", Role.DEPARTMENT, department=more.get("department", "cg"))
        self.door.move(code, "receipt", department, at + 20 * MINUTE)
        self.door.move(code, "feedback", department, at + within - 5 * MINUTE, {"note": "已处理"})
        self.door.move(code, "close", OPERATOR, at + within)
        return code

    def bring(self, now: datetime, month: Month = MONTH) -> books.Book:
        return books.bring(self.store, self.county, month, now)[0]

    def agree(self, month: Month = MONTH) -> None:
        """What is kept equals what the traces say now."""
        with self.store.read() as connection:
            kept = books.kept(connection, month)
            anew, _ = books.recomputed(connection, self.county, month)
        assert +kept == +anew and kept

    def ask(self, by: Any = "area", now: datetime = LATER, **more: Any) -> Any:
        codes = {"area": (TOWN,), "department": ("cg", "zj"), "post": ("dispatcher",)}[by]
        question = Question(Period.read(str(MONTH)), by, more.pop("codes", codes), **more)
        return answer(self.store, self.county, question, now)


TOWN = "990100100"


@pytest.fixture
def ground(county_store: Store) -> Iterator[Ground]:
    rules = Rules(county_store, ZONE)
    yield Ground(county_store, Door(county_store, rules, Vault(SECRET)), Counties(county_store, rules))


def test_a_closed_month_recomputes_to_the_same_figures_whatever_happens_afterwards(ground: Ground) -> None:
    dice = Random(7)
    codes = [ground.case(BEGIN + dice.uniform(0, 20) * DAY, department=dice.choice(["cg", "zj"])) for _ in range(24)]
    for number in range(12):
        ground.handled(BEGIN + number * DAY, dice.choice([2 * HOUR, 30 * DAY]))
    assert ground.bring(LATER).closed
    with ground.store.read() as connection:
        before = books.kept(connection, MONTH)
    after = LATER + DAY
    for code, fate in zip(codes, dice.choices(["close", "back", "void", "rework"], k=24), strict=True):
        holder = Actor("desk", Role.DEPARTMENT, department=_department(ground.store, code))
        if fate in ("back", "void"):
            ground.door.move(code, "hand-back", holder, after, {"note": "不属本单位职责"})
            more = {"note": "重复"} if fate == "void" else {"department": "zj"}
            ground.door.move(code, "void" if fate == "void" else "dispatch", OPERATOR, after + HOUR, more)
            continue
        ground.door.move(code, "receipt", holder, after)
        ground.door.move(code, "feedback", holder, after + HOUR, {"note": "已处理"})
        ground.door.move(code, "rework" if fate == "rework" else "close", OPERATOR, after + 2 * HOUR, {"note": "重做"})
    ground.door.tick(after + 3 * HOUR, 1000)
    assert ground.bring(after + DAY).closed
    with ground.store.read() as connection:
        assert books.kept(connection, MONTH) == before
    ground.agree()


def _department(store: Store, code: str) -> str:
    with store.read() as connection:
        return str(connection.execute(select(t.cases.c.department).where(t.cases.c.code == code)).scalar_one())


def test_a_deadline_moved_later_is_told_by_the_trace_to_the_past_month(ground: Ground) -> None:
    code = ground.case(BEGIN)
    assert ground.bring(LATER).closed
    with ground.door.transaction() as (deed, _):
        case = deed.locked(code)
        assert case is not None
        from models.door.writing import Step
        from models.moves import Stage

        deed.apply(case, {"due_at": case.due_at + 90 * DAY}, Step("extend", Stage(case.stage), OPERATOR, LATER + DAY))
    ground.agree()
    with ground.store.write() as connection:  # the planted fault: the trace does not say what the deadline was
        connection.execute(update(t.trace).where(t.trace.c.action == "extend").values(detail={}))
    with pytest.raises(AssertionError):
        ground.agree()


def test_a_running_month_follows_what_happens_and_deadlines_that_pass(ground: Ground) -> None:
    code = ground.handled(BEGIN, 2 * HOUR)
    now = BEGIN + 3 * HOUR
    assert not ground.bring(now).closed
    assert _due(ground) == 0  # not due before its deadline has come
    with ground.store.read() as connection:
        due_at = connection.execute(select(t.cases.c.due_at).where(t.cases.c.code == code)).scalar_one()
    assert books.bring(ground.store, ground.county, MONTH, due_at + HOUR)[1] == 1
    assert _due(ground) == 1
    other = ground.case(due_at + 2 * HOUR)
    assert books.bring(ground.store, ground.county, MONTH, due_at + 3 * HOUR)[1] == 1
    ground.door.move(other, "hand-back", DEPARTMENT, due_at + 4 * HOUR, {"note": "不属职责"})
    ground.bring(due_at + 5 * HOUR)
    ground.agree()
    assert books.bring(ground.store, ground.county, MONTH, due_at + 5 * HOUR)[1] == 0


def _due(ground: Ground) -> int:
    with ground.store.read() as connection:
        sums = books.kept(connection, MONTH)
    return counted({marks: number for (by, _, marks), number in sums.items() if by == "county"}, ["due"])


def test_facts_that_the_outbox_has_forgotten_are_caught_up_from_the_cases(ground: Ground) -> None:
    ground.case(BEGIN)
    ground.bring(BEGIN + HOUR)
    ground.case(BEGIN + 2 * HOUR)
    ground.case(BEGIN + 3 * HOUR)
    with ground.store.write() as connection:
        last = outbox.last_number(connection)
        connection.execute(delete(t.outbox).where(t.outbox.c.number < last))
    ground.bring(BEGIN + 4 * HOUR)
    ground.agree()


def test_a_late_entry_after_the_closing_does_not_change_the_month(ground: Ground) -> None:
    code = ground.case(BEGIN)
    assert ground.bring(LATER).closed
    ground.door.move(code, "receipt", DEPARTMENT, LATER + DAY, {"happened_at": BEGIN + HOUR})
    ground.agree()


def test_every_figure_equals_the_list_that_it_opens(ground: Ground) -> None:
    dice = Random(3)
    for number in range(30):
        if dice.random() < 0.3:
            code = ground.case(BEGIN + number * 12 * HOUR, department=dice.choice(["cg", "zj"]))
            if dice.random() < 0.5:
                holder = Actor("desk", Role.DEPARTMENT, department=_department(ground.store, code))
                ground.door.move(code, "hand-back", holder, BEGIN + number * 12 * HOUR + HOUR, {"note": "不属职责"})
        else:
            ground.handled(BEGIN + number * 12 * HOUR, dice.choice([2 * HOUR, 20 * DAY]))
    checked = 0
    for by, key in (("area", "town"), ("department", "department")):
        found = ground.ask(by)
        for row in found.rows:
            for indicator in (one for one in found.version.indicators if not one.asked):  # people have no list of cases
                one = row.now.shares[indicator.code]
                for part, number in (("of", one.of), ("hits", one.hits), ("miss", one.of - one.hits)):
                    cell = Listing(
                        found.question.period, key, row.code, indicator.code, indicator.denominator,
                        indicator.numerator, part,
                    )  # fmt: skip
                    assert listed(ground, str(cell)) == number, (row.code, indicator.code, part)
                    checked += number > 0
    assert checked > 20


def listed(ground: Ground, text: str) -> int:
    with ground.store.read() as connection:
        return queries.count(connection, CaseFilter(evaluation=text), LEADER, Moment(LATER, ZONE))


@pytest.mark.parametrize("text", ["x", "a~b~c~d~e~f~g", "2026-05~town~x~closing~due~closed~all", "~" * 6, "2026-05~town~'~closing~due~clozed~of"])  # fmt: skip
def test_a_list_that_cannot_be_is_refused_and_names_its_field(text: str) -> None:
    with pytest.raises(FilterRefused) as refused:
        CaseFilter(evaluation=text).where(Moment(LATER, ZONE))
    assert refused.value.field == "evaluation"


# --- appeals ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def late(ground: Ground) -> str:
    """Eleven cases in time and one that was late."""
    for number in range(11):
        ground.handled(BEGIN + number * DAY, 2 * HOUR)
    code = ground.handled(BEGIN, 20 * DAY)
    assert ground.bring(LATER).closed
    return code


def ask_for(ground: Ground, code: str, actor: Actor = DEPARTMENT, now: datetime = LATER, **more: Any) -> int:
    values = {"indicator": "closing-in-time", "reason": "现场施工由上级统一停工", **more}
    with ground.door.transaction() as (deed, _):
        return appeals.appeal(deed, ground.county, code, MONTH, values["indicator"], values["reason"], actor, now)


def test_an_appeal_counts_from_its_decision_on_and_is_in_the_trace(ground: Ground, late: str) -> None:
    plain = ground.ask().rows[0]
    number = ask_for(ground, late)
    assert ground.ask().rows[0].now == plain.now  # asking changes nothing
    with ground.door.transaction() as (deed, _):
        appeals.decide(deed, number, "granted", "情况属实，同意剔除", LEADER, LATER + HOUR)
    row = ground.ask().rows[0]
    assert (row.now.shares["closing-in-time"].of, plain.now.shares["closing-in-time"].of) == (11, 12)
    assert row.plain == plain.now and (row.now.score or 0) > (plain.now.score or 0)
    assert row.now.shares["closing"].of == 12
    assert ground.ask("department").rows[0].now.shares["closing-in-time"].of == 11
    cell = Listing(Period.read(str(MONTH)), "town", TOWN, "closing-in-time", ("due",), ("closed-in-time",), "of")
    assert listed(ground, str(cell)) == 11
    ground.agree()  # the books themselves stay as they were
    with ground.store.read() as connection:
        assert verified(connection, late)
        lines = queries.trace(connection, _id(ground.store, late))
        mine = appeals.appeals(connection, [MONTH], DEPARTMENT)
    assert [line.action for line in lines][-2:] == ["appeal", "decide-appeal"]
    assert [(row.case_code, row.decision, row.reason) for row in mine] == [(late, "granted", "现场施工由上级统一停工")]


def _id(store: Store, code: str) -> int:
    with store.read() as connection:
        return int(connection.execute(select(t.cases.c.id).where(t.cases.c.code == code)).scalar_one())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"actor": LEADER}, "role"),
        ({"actor": Actor("zj", Role.DEPARTMENT, department="zj")}, "case"),
        ({"reason": " 无 "}, "reason"),
        ({"indicator": "nothing"}, "indicator"),
        ({"indicator": "satisfied"}, "case"),
    ],
)
def test_an_appeal_that_cannot_be_is_refused_and_names_its_field(
    ground: Ground, late: str, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        ask_for(ground, late, **change)
    assert refused.value.field == field


def test_an_appeal_is_decided_once_and_only_by_a_leader(ground: Ground, late: str) -> None:
    number = ask_for(ground, late)
    with pytest.raises(Refused, match="already"):
        ask_for(ground, late)
    for actor, decision, field in ((OPERATOR, "granted", "role"), (LEADER, "perhaps", "decision")):
        with pytest.raises(Refused) as refused, ground.door.transaction() as (deed, _):
            appeals.decide(deed, number, decision, "不同意申诉", actor, LATER)
        assert refused.value.field == field
    with ground.door.transaction() as (deed, _):
        appeals.decide(deed, number, "refused", "理由不成立", LEADER, LATER)
    with pytest.raises(Refused, match="already"), ground.door.transaction() as (deed, _):
        appeals.decide(deed, number, "granted", "改变主意", LEADER, LATER)
    assert ground.ask().rows[0].plain is None
    ask_for(ground, late)  # after a refusal one may ask again


# --- comparisons, small samples, analysis ----------------------------------------------------------------------------


def test_periods_are_compared_and_small_samples_get_no_grade(ground: Ground) -> None:
    for number in range(12):
        ground.handled(BEGIN - 30 * DAY + number * 12 * HOUR, 20 * DAY)
        ground.handled(BEGIN + number * 12 * HOUR, 2 * HOUR)
    ground.handled(BEGIN, HOUR, department="zj")
    found = ground.ask("department")
    ours, theirs = found.rows
    assert ours.now.grade == "A" and (ours.before.score or 0) < (ours.now.score or 0)
    assert ours.last_year.sample == 0 and ours.last_year.score is None
    assert (theirs.now.small, theirs.now.grade, theirs.now.sample) == (True, None, 1)
    assert found.closed and found.whole is not None and found.whole.now.sample == 13
    assert [str(month) for month, _ in found.trend][-2:] == ["2026-04", "2026-05"]
    quarter = Question(Period.read("2026-Q2"), "department", ("cg",))
    assert answer(ground.store, ground.county, quarter, LATER).rows[0].now.sample == 24
    assert ground.ask("post").rows[0].now.grade == "A"


def test_more_than_a_page_may_wait_for_is_left_to_the_worker(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        ground.case(BEGIN + number * HOUR)
    monkeypatch.setattr(books, "AT_ONCE", 3)
    assert MONTH in ground.ask().waiting
    assert books.keep_up(ground.store, ground.county, LATER) >= 4
    assert ground.ask().waiting == []


def test_hotspots_open_the_cases_they_count(ground: Ground) -> None:
    now = BEGIN + 12 * DAY
    for week in range(1, 9):
        for number in range(3):
            ground.case(now - week * 7 * DAY + number * HOUR, category="010102", address="东门")
    for number in range(14):
        ground.case(now - number * 10 * MINUTE, address="西街 3 号")
    assert analysis.keep_up(ground.store, ZONE) > 0
    assert analysis.keep_up(ground.store, ZONE) == 0
    with ground.store.read() as connection:
        found = analysis.sheet(connection, ZONE, "week", now.astimezone(ZONE).date(), now)
        [spot] = [one for one in found.spots if one.cell.key == (GRID, "010101")]
        assert spot.direction == "more" and spot.cell.now == 14 and spot.cell.past == 0 and found.spans >= 7
        since, until = (analysis.instant(day, ZONE) for day in (found.span.first, found.span.last))
        wanted = CaseFilter(area=GRID, category="010101", since=since, until=until)
        assert queries.count(connection, wanted, LEADER, Moment(now, ZONE)) == 14
        [repeat] = [one for one in found.repeats if one.address == "西街 3 号"]
        wanted = CaseFilter(area=GRID, category="010101", address="西街 3 号", since=since, until=until)
        assert queries.count(connection, wanted, LEADER, Moment(now, ZONE)) == repeat.cases == 14
