"""Random histories through the one door: whatever was done, no case is ever without an owner, its trace verifies, its
deadline recomputes to the same second, the roll-ups equal a recount, and what is offered is taken.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import SECRET
from sqlalchemy import func, select, update

from models import desk
from models import tables as t
from models.calendars import Unit
from models.casetimes import extensions_of, pauses_of
from models.clocks import Limit, State, recompute, state
from models.derivations import adds_up
from models.door import Door, Report, standing_of, verified
from models.door.standing import living, orders_of
from models.moves import ENDED, Actor, Field, Move, Role, Stage, open_moves
from models.rules import RuleBook, Rules
from models.store import Store
from models.vault import Vault

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 18, 2, 30, tzinfo=UTC)  # a Wednesday, 10:30 in the county
GRID = "990100100001001"
DEPARTMENTS = ("cg", "ga", "zj")
ACTORS = (
    Actor("operator", Role.OPERATOR),
    Actor("operator", Role.OPERATOR),
    Actor("leader", Role.LEADER),
    Actor("duty", Role.DUTY),
    Actor("grid", Role.GRID, area=GRID),
    Actor("system", Role.SYSTEM),
    *(Actor(f"{code}-desk", Role.DEPARTMENT, department=code) for code in DEPARTMENTS),
)
RARE = {"close-at-source": 0.05, "void": 0.1, "settle-on-the-spot": 0.1, "settle-at-level": 0.2, "link": 0.2}
OFTEN = {"reopen": 5, "suspend": 3, "request-extension": 4, "grant-extension": 6, "feedback": 3, "close": 3}


class Walk:
    """A handful of cases and somebody who does whatever is possible."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store, self.dice, self.now = store, random.Random(seed), NOW
        self.rules: RuleBook = Rules(store, ZONE)()
        self.door = Door(store, lambda: self.rules, Vault(SECRET))
        self.done: list[str] = []
        categories = [self._leaf(unit) for unit in ("urgent_hour", "work_hour", "work_day")]
        self.codes = [self._report(category) for category in categories]

    def _leaf(self, unit: str) -> str:
        return next(code for code, leaf in sorted(self.rules.categories.items()) if leaf.limit_unit == unit)

    def _report(self, category: str) -> str:
        actor = self.dice.choice((ACTORS[4], ACTORS[5]))
        return self.door.report(Report(category, "井盖松动", "grid", area=GRID), actor, self.now).case.code

    def row(self, code: str) -> Any:
        with self.store.read() as connection:
            return connection.execute(select(t.cases).where(t.cases.c.code == code)).one()

    def step(self) -> None:
        """Let time pass, let the clocks act, do one of the moves that are offered."""
        self.now += timedelta(minutes=self.dice.choice((1, 7, 45, 300, 1500)), microseconds=self.dice.randrange(10**6))
        while self.door.tick(self.now)[0]:
            pass
        code, actor = self.dice.choice(self.codes), self.dice.choice(ACTORS)
        with self.store.read() as connection:
            case = connection.execute(select(t.cases).where(t.cases.c.code == code)).one()
            here = standing_of(connection, self.rules, case, orders_of(connection, case.id), self.now)
        moves = [move for move in open_moves(here, actor) if move.action != "acknowledge"]
        if actor.role is Role.DEPARTMENT and actor.department not in {case.department, case.transfer_to, *here.co}:
            return  # it may not know of the case
        if moves:
            weights = [RARE.get(move.action, OFTEN.get(move.action, 1)) for move in moves]
            move = self.dice.choices(moves, weights)[0]
            fields = self._fields(move, case)
            if fields is not None:
                self.door.move(code, move.action, actor, self.now, fields)
                self.done.append(move.action)

    def _fields(self, move: Move, case: Any) -> dict[str, Any] | None:
        fields = {field.name: self._value(field, case) for field in move.fields if field.required}
        if move.action in ("dispatch", "adjudicate") and self.dice.random() < 0.4:
            fields["co_departments"] = [code for code in DEPARTMENTS if code != fields["department"]][:1]
            if self.dice.random() < 0.5:
                fields |= {"co_limit": 4, "co_unit": "work_hour"}
        return None if None in fields.values() else fields

    def _value(self, field: Field, case: Any) -> Any:
        if field.kind == "choice":
            return self.dice.choice(field.options)
        others = [
            row for row in map(self.row, self.codes) if row.code != case.code and row.stage not in (*ENDED, "merged")
        ]
        values = {
            "text": lambda: "说明",
            "department": lambda: self.dice.choice([code for code in DEPARTMENTS if code != case.department]),
            "case": lambda: self.dice.choice(others).code if others else None,
            "category": lambda: self.dice.choice(sorted(self.rules.categories)),
            "instant": lambda: self.now + timedelta(minutes=self.dice.choice((30, 600, 4000))),
            "count": lambda: self.dice.randrange(100),
        }
        return values[field.kind]()


def faults(walk: Walk) -> list[str]:
    """What is wrong now; empty when every promise holds."""
    with walk.store.read() as connection:
        found = [fault for code in walk.codes for fault in _case_faults(walk, connection, code)]
        return found + _rollup_faults(connection)


def _case_faults(walk: Walk, connection: Any, code: str) -> list[str]:
    case = connection.execute(select(t.cases).where(t.cases.c.code == code)).one()
    orders = orders_of(connection, case.id)
    found = []
    if not verified(connection, code):
        found.append("its trace is broken")
    if not _owned(walk.rules, case):
        found.append(f"{case.owner_kind} {case.owner!r} owns it in stage {case.stage}")
    found += _clock_faults(walk, case)
    lead = [order for order in living(orders) if order.part == "lead"]
    held = case.stage in (Stage.DISPATCHED, Stage.HANDLING, Stage.FEEDBACK, Stage.INSPECTING)
    if held and [order.department for order in lead] != [case.department]:
        found.append(f"{case.stage} at {case.department} with lead orders to {[o.department for o in lead]}")
    if case.stage in (Stage.FEEDBACK, Stage.CLOSED) and any(order.done_at is None for order in living(orders)):
        found.append(f"{case.stage} while a part is not done")
    if (case.closed_at is not None) != (case.stage in ENDED):
        found.append(f"{case.stage} and closed at {case.closed_at}")
    return [f"{code}: {sentence} after {walk.done[-8:]}" for sentence in found]


def _owned(rules: RuleBook, case: Any) -> bool:
    known = {
        "centre": lambda: case.owner == rules.county,
        "department": lambda: case.owner in rules.departments and case.owner == case.department,
        "area": lambda: case.owner in rules.places,
        "case": lambda: case.owner == case.merged_into,
    }
    return case.owner_kind in known and known[case.owner_kind]()


def _clock_faults(walk: Walk, case: Any) -> list[str]:
    if case.stage == Stage.SUSPENDED and (case.due_at or case.soon_at or case.next_clock_at != case.resume_at):
        return ["it is suspended and a clock of it runs"]
    proof = desk.derivation(walk.rules, case)
    if case.due_basis != "rule" or proof is None:
        return []
    found = []
    if proof.due_at != case.due_at or recompute(proof, walk.rules.calendar) != case.due_at:
        found.append(
            f"due at {case.due_at}, derived {proof.due_at}, recomputed {recompute(proof, walk.rules.calendar)}"
        )
    if not adds_up(proof):
        found.append("its derivation does not add up")
    limit = Limit(case.limit_amount, Unit(case.limit_unit))
    colour = state(case.clock_from, walk.now, limit, walk.rules.calendar, pauses_of(case), extensions_of(case))
    if (colour is State.PAUSED) != (case.stage == Stage.SUSPENDED):
        found.append(f"its clock shows {colour} in stage {case.stage}")
    return found


def _rollup_faults(connection: Any) -> list[str]:
    c = t.cases.c
    for table in (t.daily, t.hourly):
        names = ("reported", "closed", "closed_with_due", "closed_in_time")
        kept = connection.execute(select(*(func.sum(table.c[name]) for name in names))).one()
        counts = (
            select(func.count()),
            select(func.count()).where(c.stage == Stage.CLOSED),
            select(func.count()).where(c.stage == Stage.CLOSED, c.in_time.is_not(None)),
            select(func.count()).where(c.stage == Stage.CLOSED, c.in_time.is_(True)),
        )
        counted = [connection.execute(query.select_from(t.cases)).scalar_one() for query in counts]
        if list(map(int, kept)) != counted:
            return [f"{table.name} keeps {list(kept)}, a recount gives {counted}"]
    return []


def walked(store: Store, seed: int, steps: int) -> Walk:
    walk = Walk(store, seed)
    for number in range(steps):
        walk.step()
        if number % 5 == 0 or number == steps - 1:
            assert faults(walk) == [], f"seed {seed}"
    return walk


def test_no_history_leaves_a_case_without_an_owner_or_a_proof(county_store: Store) -> None:
    done: set[str] = set()
    for seed in range(7 if county_store.sqlite else 2):
        done |= set(walked(county_store, seed, 80).done)
    assert len(done) >= 18, sorted(done)


@pytest.mark.parametrize(
    "change",
    [{"owner": ""}, {"due_at": NOW}, {"trace_count": 99}, {"closed_at": NOW}],
    ids=["no owner", "another deadline", "a line gone", "closed and living"],
)
def test_a_planted_fault_is_found(sqlite_county: Store, change: dict[str, Any]) -> None:
    walk = Walk(sqlite_county, 1)
    assert faults(walk) == []
    with sqlite_county.write() as connection:
        connection.execute(update(t.cases).where(t.cases.c.code == walk.codes[0]).values(change))
    assert faults(walk)
