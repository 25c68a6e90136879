"""Urges and supervisions as numbered orders, by hand and by the clock; clocks of stages that run out; return calls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from conftest import SECRET
from sqlalchemy import select
from test_door_loop import CG, HOUR, MINUTE, NOW, URGENT, ZJ, ZONE, Desk

from models import tables as t
from models.door import Door
from models.ladder import inbox, people
from models.ladder import tables as lt
from models.ladder.receipt import receive
from models.moves import Refused
from models.rules import Rules
from models.store import Store
from models.vault import Vault


@pytest.fixture
def at(county_store: Store) -> Desk:
    return Desk(county_store)


@pytest.fixture
def here(sqlite_county: Store) -> Desk:
    return Desk(sqlite_county)


def side(desk: Desk, kind: str) -> list[Any]:
    return [order for order in desk.orders() if order.kind == kind]


def told(desk: Desk) -> list[str]:
    with desk.store.read() as connection:
        n = lt.notification.c
        rows = connection.execute(select(n.kind).where(n.case_id == desk.row().id).order_by(n.id))
        return [row.kind for row in rows]


def test_an_urge_is_a_numbered_order_that_the_receipt_answers(at: Desk) -> None:
    at.report()
    at.dispatched("zj", received=False)
    at.now += 5 * MINUTE
    outcome = at.do("urge", note="请尽快签收")
    urges = side(at, "urge")
    assert [(order.department, order.part, order.text) for order in urges] == [
        ("cg", "lead", "请尽快签收"),
        ("zj", "co", "请尽快签收"),
    ]
    assert all(order.number.startswith("CB-20261118-") for order in urges)
    assert at.row().urged == 1
    assert [fact.kind for fact in outcome.facts].count("order.issued") == 2  # type: ignore[attr-defined]
    assert told(at) == ["urge", "urge"]
    at.do("receive-order", CG, order=urges[0].number)
    at.do("reply", CG, order=urges[0].number, note="半小时内到场")
    answered = side(at, "urge")[0]
    assert (answered.receipt_by, answered.result) == ("cg-desk", "半小时内到场")
    at.do("receipt", ZJ)
    assert side(at, "urge")[1].done_by == "zj-desk"
    with at.store.read() as connection:
        assert connection.execute(select(lt.notification.c.settled_by).order_by(lt.notification.c.id)).scalars().all() == [
            "cg-desk", "zj-desk",
        ]  # fmt: skip
    with pytest.raises(Refused, match="Only the department"):
        at.do("reply", CG, note="又来")


def test_an_urge_to_who_has_no_part_is_refused_and_one_without_a_department_is_a_word_to_the_centre(here: Desk) -> None:
    here.report()
    here.do("accept")
    here.do("urge", note="尽快派遣")
    assert (here.orders(), here.row().urged) == ([], 1)
    here.dispatched()
    with pytest.raises(Refused, match="no part"):
        here.do("urge", department="zj")
    with pytest.raises(Refused, match="There is no department"):
        here.do("urge", department="nobody")


def test_the_clock_urges_under_one_number_until_receipt_and_supervises_under_another(at: Desk) -> None:
    at.report(URGENT)
    at.dispatched(received=False)
    for _ in range(3):
        at.now += timedelta(minutes=61 if at.now == NOW else 30)
        at.tick()
    urges = side(at, "urge")
    assert len(urges) == 1  # told again under the same number while nobody has received it
    assert (urges[0].issued_by, urges[0].receipt_due_at) == ("clock", None)
    assert at.row().urged == at.trace().count("urge") >= 2
    at.do("receipt", CG)
    assert side(at, "urge")[0].done_by == "cg-desk"
    at.now = at.row().due_at
    at.tick()
    (supervision,) = side(at, "supervise")
    assert supervision.number.startswith("DB-")
    assert (supervision.degree, supervision.issued_by, supervision.department) == ("ordinary", "clock", "cg")
    assert supervision.due_at > at.now
    at.tick()
    assert len(side(at, "supervise")) == 1
    at.do("feedback", CG, note="已补装")
    at.do("close")
    ended = side(at, "supervise")[0]
    assert ended.done_at is not None and ended.concluded_at is not None


def test_who_hands_a_case_back_is_let_off_but_a_persons_supervision_stays(here: Desk) -> None:
    here.report()
    here.dispatched(received=False)
    here.do("urge")
    here.do("supervise", degree="key", reply_due=here.now + HOUR, note="限时办理")
    here.do("hand-back", CG, note="不是我们的")
    assert side(here, "urge")[0].withdrawn_at is not None
    assert side(here, "supervise")[0].withdrawn_at is None


def test_an_inbox_entry_of_an_order_is_its_receipt(here: Desk) -> None:
    here.report()
    here.dispatched()
    add = {"name": "cg-desk", "role": "department", "password": "x", "department": "cg", "created_at": NOW}
    with here.store.write() as connection:
        connection.execute(t.account.insert(), add)
    here.do("supervise", degree="key", reply_due=here.now + HOUR, note="限时办理")
    with here.door.transaction() as (deed, _facts):
        page = inbox.page(deed.db, "cg-desk", inbox.InboxFilter())
        assert [row.reason for row in page.rows] == ["supervised"]
        receive(deed, CG, page.rows, here.now)
    assert side(here, "supervise")[0].receipt_by == "cg-desk"


# --- clocks of stages ------------------------------------------------------------------------------------------------


def test_a_stage_that_takes_too_long_is_told_once_for_each_stay_and_once_higher_up(at: Desk) -> None:
    at.report()
    at.now += 15 * MINUTE
    at.tick()
    at.tick()
    assert told(at) == ["stage"]
    at.now += 60 * MINUTE
    at.tick()
    assert told(at) == ["stage", "higher"]
    at.do("accept")
    with at.store.read() as connection:
        assert all(connection.execute(select(lt.notification.c.settled_at)).scalars())
    at.now += 20 * MINUTE
    at.tick()
    assert told(at) == ["stage", "higher", "stage"]
    assert at.trace()[-1] == "stage-late"
    assert at.count("stage-late") == 1


def test_a_stage_that_is_left_in_time_and_one_that_the_county_does_not_watch_tell_nothing(here: Desk) -> None:
    here.report()
    here.now += 14 * MINUTE
    here.do("accept")
    here.now += 14 * MINUTE
    here.do("dispatch", department="cg")
    here.do("receipt", CG)
    here.now += 30 * MINUTE
    here.tick()
    assert told(here) == []
    with here.store.write() as connection:
        body = dict(connection.execute(select(t.rules.c.body).where(t.rules.c.name == "county")).scalar_one())
        body["escalation"] = {**body["escalation"], "stages": {"clocks": ["accept"], "higher_minutes": 0}}
        connection.execute(t.rules.update().where(t.rules.c.name == "county").values(body=body))
        connection.execute(
            t.counter.update().where(t.counter.c.name == "reference").values(value=t.counter.c.value + 1)
        )
    here.do("feedback", CG, note="好了")
    here.now += 5 * HOUR
    here.tick()
    assert "stage" not in told(here)


def test_two_workers_tell_a_stage_once(at: Desk) -> None:
    at.report()
    at.now += 20 * MINUTE
    other = Door(at.store, Rules(at.store, ZONE, refresh=0), Vault(SECRET))
    other.tick(at.now)
    at.door.tick(at.now)
    assert told(at) == ["stage"]


def test_a_reporter_who_left_a_number_is_to_be_called_and_a_late_call_is_told(at: Desk) -> None:
    at.report(URGENT, reporter_name="陈某", reporter_phone="13800000000")
    at.do("settle-on-the-spot", note="当场处理")
    closed = at.row()
    assert closed.stage_due_at == at.now + timedelta(days=1)
    assert closed.next_clock_at == closed.stage_due_at
    assert at.count("to-call") == 1
    at.now = closed.stage_due_at
    at.tick()
    at.tick()
    assert told(at) == ["stage"]
    assert "breach" not in at.trace() and at.row().breached_at is None
    at.do("return-call", satisfaction="satisfied")
    assert (at.row().stage_due_at, at.row().next_clock_at, at.count("to-call")) == (None, None, 0)
    with at.store.read() as connection:
        assert connection.execute(select(lt.notification.c.settled_by)).scalars().all() == ["operator"]


def test_a_case_whose_reporter_left_nothing_waits_for_no_call(here: Desk) -> None:
    here.report()
    here.do("settle-on-the-spot", note="当场处理")
    assert (here.row().stage_due_at, here.count("to-call")) == (None, 0)


def test_a_merged_case_is_in_no_figure_that_burns(here: Desk) -> None:
    main = here.report(URGENT).code
    here.report(URGENT)
    here.do("merge", into=main)
    here.now = here.row(main).due_at + MINUTE
    assert [here.count(state) for state in ("open", "overdue", "merged", "stage-late")] == [2, 1, 1, 1]


def test_leaders_hear_what_the_centre_leaves_standing() -> None:
    from types import SimpleNamespace as Row

    accounts = [Row(name=role, role=role, area=None, department=None) for role in ("duty", "leader", "operator")]
    everybody = people.People(accounts=accounts)
    assert people.told(everybody, people.Kind.STAGE, "cg", None, []) == [("inbox", "duty"), ("inbox", "operator")]
    assert people.told(everybody, people.Kind.HIGHER, None, "coordinator", []) == [
        ("inbox", "duty"),
        ("inbox", "leader"),
    ]
