"""Emergencies on real databases: one action builds the room, everything is logged and told in the same transaction,
clocks climb a silent department's ladder once, drills are in no figure, a repeated key does nothing again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, update

from models import chain
from models import tables as t
from models.door import Door
from models.emergencies import listing
from models.emergencies import tables as et
from models.emergencies.facade import Done, Emergencies
from models.emergencies.scoring import score
from models.emergencies.starting import Start
from models.figures import snapshot
from models.filters import Moment
from models.ladder import inbox
from models.ladder import tables as lt
from models.moves import Actor, Refused, Role
from models.rules import Rules
from models.store import Store
from models.vault import Vault

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 18, 2, 30, tzinfo=UTC)
OPERATOR = Actor("operator", Role.OPERATOR)
DUTY = Actor("duty", Role.DUTY)
WATER = Actor("sl-desk", Role.DEPARTMENT, department="sl")
FIRE = Actor("xf-desk", Role.DEPARTMENT, department="xf")


def later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.fixture
def emergencies(county_store: Store) -> Emergencies:
    people = (("operator", Role.OPERATOR, None), ("duty", Role.DUTY, None), ("sl-desk", Role.DEPARTMENT, "sl"))
    rows = [
        {"name": name, "role": str(role), "password": "-", "department": department, "created_at": NOW}
        for name, role, department in (*people, ("xf-desk", Role.DEPARTMENT, "xf"))
    ]
    with county_store.write() as connection:
        connection.execute(insert(t.account), rows)
    return Emergencies(Door(county_store, Rules(county_store, ZONE), Vault("a secret for tests")))


def flood(**more: Any) -> Start:
    given = {"origin": "point", "longitude": 112.886, "latitude": 30.469, "life": True} | more
    return Start("flood", 2, "云水河一号水位超警，联系人 13812345678", **given)


def acts(done: Done, store: Store) -> list[str]:
    with store.read() as connection:
        return [line.act for line in listing.log(connection, done.room.row.id)]


def test_one_action_builds_the_whole_room_and_tells_it_in_one_transaction(
    emergencies: Emergencies, county_store: Store
) -> None:
    done = emergencies.start(flood(), OPERATOR, NOW)
    room = done.room
    assert (room.row.state, room.row.number, room.row.lead) == ("running", "E20261118-0001", "sl")
    assert "138" not in room.row.note
    assert next(one.department for one in room.parties) == "sl" and len(room.parties) == 11
    assert all(one.state == "called" and one.received_due_at > NOW for one in room.parties)
    assert {one.code for one in room.tasks if one.state == "open"} >= {"check-dike", "materials"}
    assert {one.code: one.state for one in room.tasks}["rescue-trapped"] == "waiting"
    assert [fact.kind for fact in done.facts] == ["emergency.started"]  # type: ignore[attr-defined]
    assert acts(done, county_store) == ["start", "begin"]
    with county_store.read() as connection:
        assert inbox.unread(connection, ["sl-desk"])["sl-desk"] == 1
        assert not list(chain.faults(connection, et.log, "The log"))


def test_a_start_waits_for_its_window_and_can_be_taken_back_or_begins_by_itself(emergencies: Emergencies) -> None:
    first = emergencies.start(flood(life=False), OPERATOR, NOW)
    assert first.room.row.state == "pending" and not first.room.parties
    assert (
        emergencies.act(first.room.row.number, "withdraw", DUTY, later(0.5), {"note": "误报"}).room.row.state
        == "withdrawn"
    )
    second = emergencies.start(flood(life=False), OPERATOR, later(1))
    with pytest.raises(Refused, match="second person"):
        emergencies.act(second.room.row.number, "confirm", OPERATOR, later(1.1))
    assert emergencies.tick(later(1.5))[0] == 0
    assert [fact.kind for fact in emergencies.tick(later(2))[1]] == ["emergency.started"]  # type: ignore[attr-defined]
    third = emergencies.start(flood(life=False), OPERATOR, later(3))
    assert emergencies.act(third.room.row.number, "confirm", DUTY, later(3.1)).room.row.confirmed_by == "duty"


def test_departments_answer_tasks_follow_answers_and_skips_tell_the_supervisor(
    emergencies: Emergencies, county_store: Store
) -> None:
    number = emergencies.start(flood(), OPERATOR, NOW).room.row.number
    emergencies.act(number, "receive", WATER, later(1))
    with county_store.read() as connection:
        entry = inbox.page(connection, "sl-desk", inbox.InboxFilter("all")).rows[0]
        assert entry.acknowledged_at == entry.opened_at == later(1)
    with pytest.raises(Refused, match="is received; expected called"):
        emergencies.act(number, "receive", WATER, later(1.2))
    with pytest.raises(Refused, match="answers for itself"):
        emergencies.act(number, "receive", FIRE, later(1.2), {"department": "sl"})
    room = emergencies.act(number, "answer", WATER, later(5), {"question": "trapped", "answer": "yes"}).room
    states = {one.code: one for one in room.tasks}
    assert states["rescue-trapped"].state == "open" and states["rescue-trapped"].due_at == later(35)
    room = emergencies.act(number, "do", DUTY, later(6), {"task": "materials"}).room
    assert {one.code: one.state for one in room.tasks}["shore-up"] == "open"
    with pytest.raises(Refused, match="'note' must be given"):
        emergencies.act(number, "skip", WATER, later(7), {"task": "check-dike"})
    emergencies.act(number, "skip", WATER, later(7), {"task": "check-dike", "note": "已由上游站核实"})
    with county_store.read() as connection:
        assert next(row.reason for row in inbox.page(connection, "operator", inbox.InboxFilter()).rows) == "skipped"
    room = emergencies.act(number, "answer", OPERATOR, later(8), {"question": "trapped", "answer": "no"}).room
    assert {one.code: one.state for one in room.tasks}["rescue-trapped"] == "needless"


def test_a_silent_department_climbs_its_ladder_each_step_once(emergencies: Emergencies, county_store: Store) -> None:
    done = emergencies.start(Start("fire", 3, "火情", life=True), OPERATOR, NOW)
    for minute in (0.5, 1, 1, 3, 5, 7, 9, 40):
        emergencies.tick(later(minute))
    emergencies.tick(later(40))
    n = lt.notification.c
    of_fire = next(one.id for one in done.room.parties if one.department == "xf")
    with county_store.read() as connection:
        rows = connection.execute(select(n.step, n.rung).where(n.step.like(f"p{of_fire}-%")).order_by(n.id)).all()
    steps = [row.step.split(":")[1] for row in rows if not row.step.endswith(("departed", "arrived", "done"))]
    assert steps[:3] == ["urge-1", "supervise-1", "contact-1"]
    assert steps.count("contact-2") == steps.count("contact-3") == 1
    emergencies.act(done.room.row.number, "receive", FIRE, later(41))
    with county_store.read() as connection:
        open_ = select(n.id).where(n.department == "xf", n.reason == "silent", n.settled_at.is_(None))
        assert not connection.execute(open_).all()


def test_who_is_sent_home_has_no_task_until_called_again_and_then_climbs_a_ladder_of_its_own(
    emergencies: Emergencies, county_store: Store
) -> None:
    done = emergencies.start(flood(), OPERATOR, NOW)
    number = done.room.row.number
    fire = next(one.id for one in done.room.parties if one.department == "xf")
    emergencies.act(number, "answer", OPERATOR, later(1), {"question": "trapped", "answer": "yes"})
    for minute in (3, 5, 9):
        emergencies.tick(later(minute))
    emergencies.act(number, "release", OPERATOR, later(10), {"department": "xf", "note": "先回"})
    room = emergencies.act(number, "answer", OPERATOR, later(11), {"question": "evacuate", "answer": "no"}).room
    assert {one.code: one.state for one in room.tasks}["rescue-trapped"] == "needless"
    n = lt.notification.c
    told = select(n.step).where(n.step.like(f"p{fire}-%")).order_by(n.id)
    with county_store.read() as connection:
        before = connection.execute(told).scalars().all()
    assert "contact-1" in {step.split(":")[1] for step in before}
    room = emergencies.act(number, "call", OPERATOR, later(60), {"department": "xf"}).room
    assert {one.code: one.state for one in room.tasks}["rescue-trapped"] == "open"
    party = next(one for one in room.parties if one.department == "xf")
    emergencies.tick(party.called_at + (party.received_due_at - party.called_at) * 0.7)
    with county_store.read() as connection:
        after = connection.execute(told).scalars().all()
    assert [step.split(":")[1] for step in after[len(before) :]] == ["urge-1"]


def test_a_raised_level_calls_whom_the_plan_wants_from_there_on_and_gives_them_their_tasks(
    emergencies: Emergencies, county_store: Store
) -> None:
    done = emergencies.start(replace(flood(), level=4, departments=("gs",)), OPERATOR, NOW)
    number = done.room.row.number
    later_ones = {"mz", "dx"}  # of level III and graver; gs is one, too, but was named at the start
    assert not later_ones & {one.department for one in done.room.parties}
    assert not {"telecom", "ask-support"} & {one.code for one in done.room.tasks}
    assert {one.code: one.state for one in done.room.tasks}["water"] == "open"
    emergencies.act(number, "release", OPERATOR, later(1), {"department": "gs", "note": "水源无恙"})
    raised = emergencies.act(number, "level", OPERATOR, later(10), {"level": "3", "note": "堤脚渗水"})
    parties = {one.department: one for one in raised.room.parties}
    assert later_ones <= set(parties) and parties["gs"].state == "released"  # sent home by name, called by name
    assert parties["dx"].called_at == later(10) and parties["dx"].received_due_at > later(10)
    tasks = {one.code: one for one in raised.room.tasks}
    assert tasks["telecom"].state == "open" and tasks["telecom"].due_at == later(55) and "ask-support" not in tasks
    (fact,) = raised.facts
    assert later_ones <= set(fact.departments) and fact.action == "level"  # type: ignore[attr-defined]
    with county_store.read() as connection:
        lines = listing.log(connection, raised.room.row.id)
        told = select(lt.notification.c.department).where(lt.notification.c.reason == "called")
        assert later_ones <= set(connection.execute(told.where(lt.notification.c.at == later(10))).scalars())
        assert not list(chain.faults(connection, et.log, "The log"))
    assert {line.department for line in lines if line.act == "call"} == later_ones
    gravest = emergencies.act(number, "level", OPERATOR, later(12), {"level": "1", "note": "堤防告急"}).room
    support = next(one for one in gravest.tasks if one.code == "ask-support")
    assert support.state == "open" and support.due_at == later(32)
    with county_store.read() as connection:
        lines = listing.log(connection, raised.room.row.id)
        reasons = select(lt.notification.c.reason).where(lt.notification.c.department == "yj")
        assert "task" in connection.execute(reasons).scalars().all()
    assert [(line.department, line.detail["task"]) for line in lines if line.act == "plan-task"] == [
        ("yj", "ask-support")
    ]
    before = len(gravest.tasks), len(gravest.parties)
    emergencies.act(number, "level", OPERATOR, later(14), {"level": "4", "note": "水位回落"})
    again = emergencies.act(number, "level", OPERATOR, later(16), {"level": "1", "note": "又涨"}).room
    assert (len(again.tasks), len(again.parties)) == before  # nobody is called and nothing is asked twice


def test_who_is_called_by_name_has_what_the_plan_wants_of_it(emergencies: Emergencies) -> None:
    number = emergencies.start(replace(flood(), level=4), OPERATOR, NOW).room.row.number
    room = emergencies.act(number, "call", OPERATOR, later(5), {"department": "dx"}).room
    assert {one.code: one.due_at for one in room.tasks}["telecom"] == later(50)


def test_command_is_handed_over_only_with_consent(emergencies: Emergencies) -> None:
    number = emergencies.start(flood(), OPERATOR, NOW).room.row.number
    with pytest.raises(Refused, match="commander, operator, or a leader"):
        emergencies.act(number, "end", Actor("other", Role.OPERATOR), later(1), {"note": "结束"})
    emergencies.act(number, "offer-role", OPERATOR, later(1), {"role": "commander", "account": "duty"})
    with pytest.raises(Refused, match="No role was offered"):
        emergencies.act(number, "accept-role", OPERATOR, later(2), {"role": "commander"})
    room = emergencies.act(number, "accept-role", DUTY, later(2), {"role": "commander"}).room
    assert next(one.holder for one in room.roles if one.role == "commander") == "duty"


def test_the_mark_goes_only_when_ratified_and_cancelled_by_name_and_drills_are_in_no_figure(
    emergencies: Emergencies, county_store: Store
) -> None:
    def count() -> int:
        with county_store.read() as connection:
            picture = snapshot(connection, Moment(later(9), ZONE), 0, later(9), [])
            assert picture.figures.emergencies == len(listing.running(connection))
            return picture.figures.emergencies

    number = emergencies.start(flood(), OPERATOR, NOW).room.row.number
    drill = emergencies.start(flood(drill=True, life=False), OPERATOR, NOW).room.row
    assert (drill.state, drill.number) == ("running", "D20261118-0001")
    assert count() == 1
    emergencies.act(number, "end", OPERATOR, later(5), {"note": "险情解除"})
    assert count() == 1
    with pytest.raises(Refused, match="must be ratified"):
        emergencies.act(number, "cancel", OPERATOR, later(6), {"note": "解除"})
    with pytest.raises(Refused, match="second person"):
        emergencies.act(number, "ratify", OPERATOR, later(6), {"finding": "approved"})
    emergencies.act(number, "ratify", Actor("leader", Role.LEADER), later(6), {"finding": "approved"})
    done = emergencies.act(number, "cancel", DUTY, later(7), {"note": "解除"})
    assert done.facts[0].kind == "emergency.cancelled" and done.room.row.cancelled_by == "duty"  # type: ignore[attr-defined]
    assert count() == 0


def test_a_repeated_key_does_nothing_again_and_another_body_is_refused(
    emergencies: Emergencies, county_store: Store
) -> None:
    first = emergencies.start(flood(), OPERATOR, NOW, "k-1")
    again = emergencies.start(flood(), OPERATOR, later(1), "k-1")
    assert again.room.row.number == first.room.row.number and not again.created and not again.facts
    with pytest.raises(Refused, match="used before"):
        emergencies.start(flood(drill=True), OPERATOR, later(1), "k-1")
    number = first.room.row.number
    emergencies.act(number, "receive", WATER, later(1), None, "k-2")
    emergencies.act(number, "receive", WATER, later(2), None, "k-2")
    assert acts(first, county_store).count("receive") == 1


def test_an_edited_line_of_the_log_is_found(emergencies: Emergencies, county_store: Store) -> None:
    emergencies.start(flood(), OPERATOR, NOW)
    with county_store.write() as connection:
        connection.execute(update(et.log).where(et.log.c.id == 1).values(note="anders"))
    with county_store.read() as connection:
        assert list(chain.faults(connection, et.log, "The log")) == ["The log: line 1 was changed."]


def test_a_drill_from_a_script_scores_a_prompt_response_above_one_with_a_silent_department(
    sqlite_county: Store, tmp_path: Any
) -> None:
    from desk_harness import settings_for

    from dashboard.cli.drill import _play
    from dashboard.cli.parts import Parts
    from models.emergencies import rooms
    from models.emergencies.scripts import scripted
    from models.timebase import CountyClock

    rules, vault = Rules(sqlite_county, ZONE), Vault("a secret for tests")
    door = Door(sqlite_county, rules, vault)
    settings = settings_for(sqlite_county, tmp_path)
    parts = Parts(settings, sqlite_county, rules, vault, door, CountyClock(sqlite_county))
    with sqlite_county.read() as connection:
        plan = rooms.plans(connection)["fire"]
    scores = {}
    for silent in ((), ("xf",)):
        wanted = Start("fire", 3, "脚本演练", drill=True, speed=240)
        _play(parts, wanted, scripted(plan, wanted.level, silent), 240, 12)
        with sqlite_county.read() as connection:
            row = listing.page(connection, OPERATOR, "past").rows[0]
            room = rooms.read(connection, row)
            scores[silent] = score(room.parties, room.tasks, row.ended_at)
            assert row.drill and row.state == "cancelled" and listing.count_running(connection) == 0
    assert scores[()].late == scores[()].missed == 0 < scores[()].in_time
    assert scores[("xf",)].late > 0
