"""The whole loop through the one door, on both databases: orders, clocks, transfers, duplicates, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import SECRET
from sqlalchemy import select

from models import desk, queries
from models import tables as t
from models.clocks import recompute
from models.door import Door, Outcome, Overtaken, Report, verified
from models.filters import CaseFilter, Moment
from models.moves import Actor, Refused, Role
from models.orderlists import OrderFilter, page
from models.reference import put_calendar
from models.rules import Rules
from models.store import Store
from models.vault import Vault

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 18, 2, 30, tzinfo=UTC)  # a Wednesday, 10:30 in the county
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
GRID = "990100100001001"
OPERATOR, LEADER = Actor("operator", Role.OPERATOR), Actor("leader", Role.LEADER)
WORKER = Actor("worker", Role.GRID, area=GRID)
CG, GA, ZJ = (Actor(f"{code}-desk", Role.DEPARTMENT, department=code) for code in ("cg", "ga", "zj"))
URGENT, WORK_DAY = "urgent_hour", "work_day"


class Desk:
    """The door with a case on it, and the county's time in hand."""

    def __init__(self, store: Store) -> None:
        self.store, self.now = store, NOW
        self.rules = Rules(store, ZONE, refresh=0)
        self.door = Door(store, self.rules, Vault(SECRET))
        self.code = ""

    def report(self, unit: str = WORK_DAY, actor: Actor = OPERATOR, **more: Any) -> Any:
        leaves = sorted(self.rules().categories.items())
        category = next(code for code, leaf in leaves if leaf.limit_unit == unit and leaf.level > 2)
        report = Report(**{"category": category, "description": "井盖松动", "source": "grid", "area": GRID, **more})
        case = self.door.report(report, actor, self.now).case
        self.code = case.code
        return case

    def do(self, action: str, actor: Actor = OPERATOR, code: str | None = None, **fields: Any) -> Outcome:
        return self.door.move(code or self.code, action, actor, self.now, fields)

    def dispatched(self, *co: str, received: bool = True, **more: Any) -> Any:
        case = self.do("dispatch", department="cg", co_departments=list(co), **more).case
        return self.do("receipt", CG).case if received else case

    def row(self, code: str | None = None) -> Any:
        with self.store.read() as connection:
            return connection.execute(select(t.cases).where(t.cases.c.code == (code or self.code))).one()

    def orders(self) -> list[Any]:
        with self.store.read() as connection:
            return list(queries.orders(connection, self.row().id))

    def trace(self, code: str | None = None) -> list[str]:
        with self.store.read() as connection:
            assert verified(connection, code or self.code)
            return [line.action for line in queries.trace(connection, self.row(code).id)]

    def count(self, state: str, actor: Actor = OPERATOR) -> int:
        with self.store.read() as connection:
            return queries.count(connection, CaseFilter(state), actor, Moment(self.now, ZONE))

    def tick(self) -> list[str]:
        kinds = []
        while True:
            looked, facts = self.door.tick(self.now)
            kinds += [fact.kind for fact in facts]  # type: ignore[attr-defined]
            if not looked:
                return kinds


@pytest.fixture
def at(county_store: Store) -> Desk:
    return Desk(county_store)


@pytest.fixture
def here(sqlite_county: Store) -> Desk:
    return Desk(sqlite_county)


def test_the_whole_loop_from_report_to_evaluation(at: Desk) -> None:
    case = at.report(actor=WORKER)
    assert (case.owner_kind, case.owner, case.held_level) == ("area", GRID, "grid")
    at.do("accept")
    at.do("request-verification")
    assert at.count("verifying") == 1
    assert at.do("verify", WORKER, finding="confirmed", note="属实").case.verification == "confirmed"
    at.do("file")
    at.dispatched("zj")
    at.do("receipt", ZJ)
    assert at.do("feedback", CG, note="已修").case.stage == "handling"  # a part is still open
    assert at.do("feedback", ZJ, note="已配合").case.stage == "feedback"
    at.do("request-inspection")
    assert at.do("inspect", WORKER, finding="failed", note="未修好").case.stage == "feedback"
    with pytest.raises(Refused, match="last inspection failed"):
        at.do("close")
    assert at.do("rework", note="重修", departments=["cg"]).case.reworked == 1
    assert at.do("feedback", CG, note="已重修").case.stage == "feedback"
    closed = at.do("close").case
    assert (closed.stage, closed.resolved_level, closed.in_time) == ("closed", "county", True)
    assert at.do("return-call", satisfaction="satisfied").case.satisfaction == "satisfied"
    assert at.do("evaluate", LEADER, score=95).case.evaluated_at == at.now
    assert at.rules().label(at.row()) == ("综合评价", "Evaluate")
    assert len(at.trace()) == 17


def test_twice_handed_back_leaves_only_adjudication_which_binds(at: Desk) -> None:
    at.report()
    for number in (1, 2):
        at.dispatched(received=False)
        case = at.do("hand-back", CG, note="不属于本部门").case
        assert (case.owner_kind, case.handed_back) == ("centre", number)
        assert all(order.withdrawn_at for order in at.orders())
    assert case.stage == "adjudication" and at.count("adjudication") == 1
    with pytest.raises(Refused, match=r"possible now for operator: .*adjudicate"):
        at.dispatched()
    with pytest.raises(Refused, match="note"):
        at.do("adjudicate", LEADER, department="ga")
    at.do("adjudicate", LEADER, department="ga", note="由公安主办")
    with pytest.raises(Refused, match="adjudicated"):
        at.do("hand-back", GA, note="不办")
    assert at.do("receipt", GA).case.stage == "handling"


def test_a_co_handlers_hand_back_leaves_the_case_with_the_lead(here: Desk) -> None:
    here.report()
    here.dispatched("zj")
    case = here.do("hand-back", ZJ, note="无力协办").case
    assert (case.stage, case.owner, case.handed_back) == ("handling", "cg", 0)
    assert here.do("feedback", CG, note="独自办完").case.stage == "feedback"


def test_the_first_department_owns_the_case_until_the_other_accepts(at: Desk) -> None:
    at.report()
    at.dispatched()
    assert at.do("transfer", CG, department="ga", note="属公安").case.owner == "cg"
    with pytest.raises(Refused, match="offered already"):
        at.do("transfer", CG, department="zj", note="或住建")
    with pytest.raises(Refused, match="no case"):
        at.do("accept-transfer", ZJ)
    assert at.do("decline-transfer", GA, note="不属").case.owner == "cg"
    at.do("transfer", CG, department="ga", note="请再考虑")
    assert at.count("transfer-offered", GA) == 1  # it sees what it is offered
    case = at.do("accept-transfer", GA).case
    assert (case.owner, case.department, case.stage, case.transfer_to) == ("ga", "ga", "handling", None)
    assert at.do("feedback", GA, note="已办").case.stage == "feedback"
    with pytest.raises(Refused, match="no case"):
        at.do("urge", Actor("x", Role.DEPARTMENT, department="cg"))


def test_each_part_has_its_own_order_receipt_and_clock(at: Desk) -> None:
    at.report()
    at.do("dispatch", department="cg", co_departments=["zj", "ga"], co_limit=2, co_unit="work_hour")
    case = at.row()
    lead, *co = at.orders()
    assert (lead.part, lead.due_at) == ("lead", case.due_at)
    assert [order.due_at for order in co] == [datetime(2026, 11, 18, 6, 30, tzinfo=UTC)] * 2  # 10:30 + 1½ h, lunch, ½ h
    assert {order.receipt_due_at for order in (lead, *co)} == {at.now + HOUR}
    assert at.do("receipt", ZJ).case.stage == "dispatched"
    assert at.do("receipt", CG).case.stage == "handling"
    with pytest.raises(Refused, match="waits for that receipt"):
        at.do("receipt", CG)
    at.now += 5 * HOUR
    with at.store.read() as connection:
        moment = at.now
        late = page(connection, OrderFilter("late"), OPERATOR, moment)
        assert {row.department for row in late.rows} == {"zj", "ga"} and late.total == 2
        assert page(connection, OrderFilter("receipt-late"), GA, moment).total == 1
        assert page(connection, OrderFilter(), ZJ, moment).total == 1
        first = page(connection, OrderFilter(), OPERATOR, moment, size=2)
        rest = page(connection, OrderFilter(), OPERATOR, moment, size=2, after=first.next)
        assert len(first.rows) == 2 and len(rest.rows) == 1 and rest.next is None


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"department": "nobody"}, "department"),
        ({"department": "cg", "co_departments": ["nobody"]}, "co_departments"),
        ({"department": "cg", "co_departments": ["cg"]}, "co_departments"),
        ({"department": "cg", "co_departments": ["zj"], "co_limit": 2}, "co_limit"),
        ({"department": "cg", "co_departments": ["zj"], "co_limit": 2, "co_unit": "week"}, "co_unit"),
    ],
)
def test_an_order_that_cannot_be_is_refused_and_changes_nothing(here: Desk, fields: dict[str, Any], field: str) -> None:
    here.report()
    with pytest.raises(Refused) as refusal:
        here.do("dispatch", **fields)
    assert refusal.value.field == field and here.row().stage == "reported" and not here.orders()


def test_an_extension_is_asked_before_expiry_adds_one_limit_and_the_second_takes_a_leader(at: Desk) -> None:
    case = at.report(URGENT)
    at.dispatched()
    limit = case.due_at - case.clock_from.replace(microsecond=0)
    at.do("request-extension", CG, note="缺件")
    assert at.count("extension-asked") == 1
    with pytest.raises(Refused, match="asked for already"):
        at.do("request-extension", CG, note="缺件")
    at.now = case.due_at + MINUTE  # decided late: it was asked in time
    assert {"clock.breached", "case.escalated"} <= set(at.tick())
    once = at.do("grant-extension", note="同意").case
    assert (once.due_at, once.breached_at) == (case.due_at + limit, None)
    assert at.count("overdue") == at.count("escalated") == 0
    at.do("request-extension", CG, note="仍缺件")
    with pytest.raises(Refused, match="only a leader"):
        at.do("grant-extension")
    twice = at.do("grant-extension", LEADER).case
    assert twice.due_at == case.due_at + 2 * limit
    with pytest.raises(Refused, match="as often as may be"):
        at.do("request-extension", CG, note="还缺")
    assert at.orders()[0].due_at == at.row().due_at


def test_an_extension_after_expiry_is_refused_in_a_sentence(here: Desk) -> None:
    case = here.report(URGENT)
    here.dispatched()
    here.now = case.due_at + MINUTE
    with pytest.raises(Refused, match="deadline has passed"):
        here.do("request-extension", CG, note="晚了")
    with pytest.raises(Refused, match="deadline has passed"):
        here.do("suspend", note="晚了", until=here.now + HOUR)


def test_a_suspension_stops_every_clock_and_ends_by_itself_at_its_instant(at: Desk) -> None:
    case = at.report(URGENT)
    at.dispatched()
    at.now += 20 * MINUTE
    until = at.now + timedelta(days=3)
    at.do("suspend", LEADER, note="冻土", until=until)
    paused = at.row()
    assert (paused.due_at, paused.soon_at, paused.next_clock_at) == (None, None, until)
    assert at.count("paused") == 1 and at.orders()[0].due_at is None
    at.now = until - MINUTE
    assert at.tick() == [] and at.count("overdue") == at.count("escalated") == at.count("due-soon") == 0
    at.now = until + timedelta(seconds=50)  # the worker was late: the pause still ends at its instant
    assert at.tick()[0] == "case.moved"
    resumed = at.row()
    assert (resumed.stage, resumed.due_at) == ("handling", case.due_at + timedelta(days=3))
    assert at.orders()[0].due_at == resumed.due_at
    proof = desk.derivation(at.rules(), resumed)
    assert proof is not None and recompute(proof, at.rules().calendar) == resumed.due_at
    assert [(pause.began_at, pause.ended_at) for pause in proof.pauses] == [(until - timedelta(days=3), until)]
    assert at.trace()[-1] in ("resume", "warn")


def test_a_suspension_of_a_sources_clock_or_into_the_past_is_refused(here: Desk) -> None:
    here.report(due_at=NOW + HOUR, keeps_own_clock=True)
    here.dispatched()
    with pytest.raises(Refused, match="source system"):
        here.do("suspend", note="停", until=here.now + HOUR)
    here.report()
    here.dispatched()
    for until in (here.now, here.now + timedelta(days=400)):
        with pytest.raises(Refused) as refusal:
            here.do("suspend", note="停", until=until)
        assert refusal.value.field == "until"


def test_the_ladder_stands_still_with_the_clock(at: Desk) -> None:
    at.report(URGENT, level=1)
    at.do("file")
    with at.store.read() as connection:
        before = connection.execute(select(t.escalation)).one().ack_due_at
    at.do("suspend", note="停", until=at.now + timedelta(days=2))
    at.now += timedelta(days=1)
    assert at.tick() == []
    at.do("resume")
    with at.store.read() as connection:
        assert connection.execute(select(t.escalation)).one().ack_due_at == before + timedelta(days=1)


def test_warnings_come_at_the_configured_shares_each_once(here: Desk) -> None:
    book = replace(here.rules(), warnings=(0.5, 0.2))
    here.door = Door(here.store, lambda: book, Vault(SECRET))
    case = here.report(URGENT)
    length = case.due_at - case.clock_from
    told = {}
    for share in (0.4, 0.5, 0.6, 0.8, 0.9):
        here.now = case.clock_from + share * length
        told[share] = [kind for kind in here.tick() if kind == "clock.warned"]
    assert told == {0.4: [], 0.5: ["clock.warned"], 0.6: [], 0.8: ["clock.warned"], 0.9: []}


def test_a_level_handles_and_registers_or_raises_step_by_step(here: Desk) -> None:
    here.report(actor=WORKER)
    levels = []
    for _ in range(3):
        case = here.do("raise", WORKER, note="本级办不了").case
        levels.append((case.held_level, case.owner_kind))
    assert levels == [("community", "area"), ("town", "area"), ("county", "centre")]
    with pytest.raises(Refused, match="held by the county already"):
        here.do("raise", WORKER, note="再上")
    here.report(actor=WORKER)
    here.do("raise", WORKER, note="村里办")
    case = here.do("settle-at-level", note="村里办好").case
    assert (case.stage, case.resolved_level) == ("closed", "community")


def test_a_direct_report_skips_the_levels_and_calls_the_county(here: Desk) -> None:
    here.report(actor=WORKER)
    outcome = here.do("report-directly", WORKER, note="突发")
    assert (outcome.case.held_level, outcome.case.owner_kind) == ("county", "centre")
    assert [fact.kind for fact in outcome.facts] == ["case.moved", "case.escalated"]  # type: ignore[attr-defined]
    assert here.count("escalated") == 1


def test_duplicates_close_with_the_case_they_were_merged_into_and_both_traces_tell(at: Desk) -> None:
    main = at.report().code
    child = at.report(URGENT)
    at.do("merge", into=main, note="同一处")
    merged = at.row()
    assert (merged.stage, merged.owner_kind, merged.owner, merged.next_clock_at) == ("merged", "case", main, None)
    assert at.trace(main)[-1] == "take-in" and at.count("merged") == 1
    with pytest.raises(Refused, match="merge into that one"):
        at.do("merge", code=at.report().code, into=child.code)
    at.now = child.due_at + HOUR
    at.tick()
    other = at.report().code
    with pytest.raises(Refused, match="merged into this one"):
        at.do("merge", code=main, into=other)
    at.code = main
    at.dispatched()
    at.do("feedback", CG, note="已办")
    at.do("close")
    ended = at.row(child.code)
    assert (ended.stage, ended.in_time, ended.closed_at) == ("closed", False, at.now)
    assert at.trace(child.code)[-1] == "close-with"


@pytest.mark.parametrize("into", ["itself", "nowhere", "closed"])
def test_a_merge_that_cannot_be_is_refused(here: Desk, into: str) -> None:
    closed = here.report().code
    here.do("settle-on-the-spot", WORKER, note="已办")
    code = here.report().code
    target = {"itself": code, "nowhere": "X-1", "closed": closed}[into]
    with pytest.raises(Refused) as refusal:
        here.do("merge", into=target)
    assert refusal.value.field == "into"


def test_where_the_main_case_turns_out_void_its_duplicates_stand_alone_again(here: Desk) -> None:
    main = here.report().code
    child = here.report().code
    here.do("merge", into=main)
    here.do("void", code=main, note="误报")
    case = here.row(child)
    assert (case.stage, case.owner_kind, case.merged_into) == ("accepted", "centre", None)
    assert case.next_clock_at is not None


def test_reopening_takes_the_closed_count_back_and_the_time_between_does_not_count(at: Desk) -> None:
    case = at.report(URGENT)
    at.do("settle-on-the-spot", WORKER, note="已办")
    at.now += timedelta(days=40)
    again = at.do("reopen", LEADER, note="又坏了").case
    assert (again.stage, again.closed_at, again.reopened) == ("filed", None, 1)
    assert again.due_at == case.due_at + timedelta(days=40)
    with at.store.read() as connection:
        assert sum(connection.execute(select(t.daily.c.closed)).scalars()) == 0


def test_supervision_and_instruction_are_orders_with_receipt_reply_and_conclusion(at: Desk) -> None:
    at.report()
    at.dispatched()
    with pytest.raises(Refused, match="future"):
        at.do("supervise", degree="key", reply_due=at.now, note="速办")
    outcome = at.do("supervise", degree="key", reply_due=at.now + HOUR, note="速办")
    issued = outcome.facts[-1]
    assert (issued.kind, issued.order_kind, issued.addressee) == ("order.issued", "supervise", "cg")  # type: ignore[attr-defined]
    at.do("instruct", LEADER, note="请住建配合", department="zj")
    assert at.count("open", ZJ) == 1 and at.count("supervised") == 1
    at.do("receive-order", CG)
    assert at.do("reply", ZJ, note="已派人").case.stage == "handling"
    with pytest.raises(Refused, match="No order"):
        at.do("reply", CG, order="PB-1", note="编号错")
    at.do("reply", CG, note="已办妥")
    at.do("conclude-order", LEADER)
    supervision, instruction = at.orders()[1:]
    assert supervision.concluded_by == "leader" and supervision.result == "已办妥" and supervision.degree == "key"
    assert instruction.receipt_by == "zj-desk" and instruction.concluded_at is None
    assert at.count("supervised") == 0


def test_a_late_entry_keeps_both_times_and_is_never_in_the_future_or_before_the_report(here: Desk) -> None:
    case = here.report()
    here.now += HOUR
    done = here.now - 10 * MINUTE
    here.do("accept", happened_at=done)
    with here.store.read() as connection:
        line = queries.trace(connection, case.id)[-1]
    assert line.happened_at == done and line.entered_at > done
    for wrong in (here.now + MINUTE, case.happened_at - MINUTE):
        with pytest.raises(Refused) as refusal:
            here.do("file", happened_at=wrong)
        assert refusal.value.field == "happened_at"


def test_whoever_comes_second_is_told_who_did_what_since(at: Desk) -> None:
    seen = at.report().version
    at.do("accept", Actor("first", Role.OPERATOR))
    with pytest.raises(Overtaken) as late:
        at.do("file", version=seen, note="我的话")
    assert [(line.action, line.actor) for line in late.value.lines] == [("accept", "first")]
    assert late.value.version == at.row().version == seen + 1
    at.do("file", version=late.value.version)


def test_classifying_anew_moves_limit_department_and_deadline(here: Desk) -> None:
    case = here.report()
    other = next(
        c for c in here.rules().categories.values() if c.limit_unit == URGENT and c.department != case.department
    )
    moved = here.do("classify", category=other.code, level="3").case
    assert (moved.category, moved.department, moved.level) == (other.code, other.department, 3)
    assert moved.due_at == here.rules().deadline(other, case.clock_from)[0]
    with pytest.raises(Refused) as refusal:
        here.do("classify", category="no-such")
    assert refusal.value.field == "category"


def test_a_stage_has_a_clock_of_its_own_and_the_trace_says_whether_it_was_kept(here: Desk) -> None:
    case = here.report()
    assert case.stage_due_at == here.now + 15 * MINUTE
    here.now += 20 * MINUTE
    assert here.count("stage-late") == 1
    accepted = here.do("accept").case
    assert accepted.stage_due_at == here.now + 15 * MINUTE
    with here.store.read() as connection:
        assert queries.trace(connection, case.id)[-1].detail["stage_in_time"] is False


def test_a_changed_calendar_moves_open_deadlines_with_a_line_and_a_fact(at: Desk) -> None:
    case = at.report()
    urgent = at.report(URGENT)
    at.code = case.code
    day = case.due_at.astimezone(ZONE).date()
    row = {"day": day, "kind": "holiday", "name": "临时放假", "name_en": "Day off", "source": "test"}
    with at.store.write() as connection:
        put_calendar(connection, [row], [2026])
    told: list[Any] = []
    found = at.door.rederive(at.now, told.extend)
    assert found == (1, 1)
    moved = at.row()
    assert moved.due_at > case.due_at and moved.due_at.astimezone(ZONE).date() > day
    assert [(fact.action, fact.case) for fact in told] == [("rederive", case.code)]
    assert at.trace()[-1] == "rederive" and at.row(urgent.code).due_at == urgent.due_at
    proof = desk.derivation(at.rules(), moved)
    assert proof is not None and proof.due_at == moved.due_at
    assert at.door.rederive(at.now) == (1, 0)  # the second time nothing moves


def test_a_year_whose_calendar_comes_later_gives_its_cases_their_deadline(here: Desk) -> None:
    here.now = datetime(2026, 12, 31, 9, tzinfo=UTC)
    assert here.report().due_basis == "unknown-year"
    with here.store.write() as connection:
        put_calendar(connection, [], [2027])
    assert here.door.rederive(here.now) == (1, 1)
    case = here.row()
    assert case.due_basis == "rule" and case.due_at.astimezone(ZONE).date() >= date(2027, 1, 1)
    assert case.next_clock_at is not None
