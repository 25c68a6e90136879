"""Promise 6: three processes × moves on ten cases, on both databases: nothing lost, every illegal move refused.

The history is judged afterwards by replaying the traces against the table of moves. The broken twin (it reads, decides
and writes without looking whether somebody else has written in between) must fail the same judgement.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import SECRET
from sqlalchemy import insert, select, update

from models import tables as t
from models.chain import chained
from models.door import Conflict, Door, Report, verified
from models.moves import ENDED, MOVES, Actor, Refused, Role, Stage, Standing, check
from models.rules import Rules
from models.store import Store
from models.vault import Vault

GRID, DEPARTMENT = "990100100001001", "cg"
PROCESSES = 3
MOVES_EACH = 200
CASES = 10
NOW = datetime(2026, 11, 18, 2, 30, tzinfo=UTC)  # a Wednesday, 10:30 in the county
ZONE = ZoneInfo("Asia/Shanghai")
OPERATOR = Actor("operator", Role.OPERATOR)
ODDS = {"file": 9, "dispatch": 9, "receipt": 9, "hand-back": 9, "feedback": 9, "rework": 9, "urge": 9, "close": 1}
ODDS |= {"accept": 9, "classify": 3, "adjudicate": 9, "request-inspection": 5, "inspect": 5, "suspend": 5, "resume": 9}
ODDS |= {"request-extension": 5, "grant-extension": 5, "supervise": 3, "reply": 3}
"""How often each move is tried; one that ends a case is rare, so that the others go on."""
LATER = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)
FIELDS = {"department": DEPARTMENT, "note": "说明", "until": LATER, "reply_due": LATER, "degree": "key"}
FIELDS |= {"finding": "passed", "category": "010102"}


@dataclass(frozen=True)
class Tried:
    """What one process did: accepted moves by case, and how many were refused or came too late."""

    accepted: dict[str, list[str]]
    refused: int
    conflicts: int


def door_of(store: Store) -> Door:
    return Door(store, Rules(store, ZONE), Vault(SECRET))


def careful(store: Store, door: Door, code: str, action: str) -> None:
    door.move(code, action, OPERATOR, NOW, FIELDS)


def careless(store: Store, door: Door, code: str, action: str) -> None:
    """The broken twin: read, decide, and write later what was decided then."""
    with store.read() as connection:
        case = connection.execute(select(t.cases).where(t.cases.c.code == code)).one()
    part = frozenset({DEPARTMENT})
    standing = Standing(Stage(case.stage), department=case.department, unreceipted=part, undone=part)
    _, stage = check(action, standing, OPERATOR, FIELDS)
    time.sleep(0.002)
    with store.write() as connection:
        last = connection.execute(select(t.cases).where(t.cases.c.code == code).with_for_update()).one()
        line = {
            "action": action,
            "from_stage": case.stage,
            "to_stage": str(stage),
            "actor": "operator",
            "role": "operator",
            "happened_at": NOW,
            "entered_at": NOW,
            "note": "",
            "detail": {},
        }
        head = chained(last.trace_head, {**line, "case": code, "number": last.trace_count + 1})
        connection.execute(insert(t.trace).values(**line, case_id=case.id, number=last.trace_count + 1, hash=head))
        values = {"stage": str(stage), "version": case.version + 1, "trace_head": head}
        values["trace_count"] = last.trace_count + 1
        values["closed_at"] = NOW if stage in ENDED else None
        connection.execute(update(t.cases).where(t.cases.c.id == case.id).values(values))


def work(url: str, codes: list[str], seed: int, move: Callable[..., None], answers: Any) -> None:
    """One process: moves at random, legal or not."""
    store, dice = Store(url), random.Random(seed)
    door = door_of(store)
    accepted: dict[str, list[str]] = {code: [] for code in codes}
    refused = conflicts = 0
    for _ in range(MOVES_EACH):
        code, action = dice.choice(codes), dice.choices(list(ODDS), list(ODDS.values()))[0]
        try:
            move(store, door, code, action)
            accepted[code].append(action)
        except Refused:
            refused += 1
        except Conflict:
            conflicts += 1
    store.close()
    answers.put(Tried(accepted, refused, conflicts))


def tried(store: Store, codes: list[str], move: Callable[..., None]) -> list[Tried]:
    """Let the processes loose, all at once."""
    context, url = multiprocessing.get_context("spawn"), store.url.render_as_string(hide_password=False)
    answers = context.Queue()
    parts = [context.Process(target=work, args=(url, codes, seed, move, answers)) for seed in range(PROCESSES)]
    for part in parts:
        part.start()
    found = [answers.get(timeout=120) for _ in parts]
    for part in parts:
        part.join(30)
        assert part.exitcode == 0
    return found


def faults(store: Store, codes: list[str], answers: list[Tried]) -> list[str]:
    """What is wrong with the history; empty when every accepted move is there, legal, and none is there twice."""
    found: list[str] = []
    for code in codes:
        with store.read() as connection:
            case = connection.execute(select(t.cases).where(t.cases.c.code == code)).one()
            lines = connection.execute(
                select(t.trace).where(t.trace.c.case_id == case.id).order_by(t.trace.c.number)
            ).all()
            if not verified(connection, code):
                found.append(f"{code}: the chain of its trace is broken")
        found += [f"{code}: {fault}" for fault in _illegal(case, lines)]
        told = sorted(action for answer in answers for action in answer.accepted[code])
        kept = sorted(line.action for line in lines if line.role == "operator")
        if told != kept:
            found.append(f"{code}: {len(told)} moves were accepted and {len(kept)} are kept")
        if case.version != case.trace_count - lines[0].number + 1:
            found.append(f"{code}: version {case.version} after {case.trace_count} lines: an update was lost")
    return found


def _illegal(case: Any, lines: Any) -> list[str]:
    found, stage = [], Stage.REPORTED
    for line in lines[1:]:
        move = MOVES.get(line.action)
        if line.from_stage != stage:
            found.append(f"line {line.number} begins at {line.from_stage}, and the case stood at {stage}")
        if move is not None and stage not in move.start:
            found.append(f"line {line.number}: {line.action} from {stage} is not in the table of moves")
        if move is not None and line.to_stage not in move.leads_to(stage):
            found.append(f"line {line.number}: {line.action} led to {line.to_stage}")
        stage = Stage(line.to_stage)
    if case.stage != stage:
        found.append(f"it stands at {case.stage}, and its trace ends at {stage}")
    return found


@pytest.fixture
def codes(county_store: Store) -> list[str]:
    door = door_of(county_store)
    report = Report(category="010101", description="垃圾成堆", source="hotline", area=GRID)
    return [door.report(report, Actor("hotline", Role.SYSTEM), NOW).case.code for _ in range(CASES)]


@pytest.mark.timeout(240)
def test_no_move_is_lost_and_no_illegal_one_is_taken(county_store: Store, codes: list[str]) -> None:
    answers = tried(county_store, codes, careful)
    assert faults(county_store, codes, answers) == []
    assert sum(answer.refused for answer in answers) > 100
    accepted = sum(len(actions) for answer in answers for actions in answer.accepted.values())
    assert accepted > 50
    with county_store.read() as connection:
        numbers = list(connection.execute(select(t.outbox.c.number).order_by(t.outbox.c.number)).scalars())
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.timeout(240)
def test_the_broken_twin_fails_the_same_judgement(county_store: Store, codes: list[str]) -> None:
    answers = tried(county_store, codes, careless)
    assert faults(county_store, codes, answers)
