"""The time machine on real stores: whatever is done to cases, the trace folded to a past moment says what was shown then."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import SECRET
from sqlalchemy import select

from models import tables as t
from models.directory import read as directory_of
from models.door import Door, Report
from models.moves import MOVES, Actor, Refused, Role
from models.past import records
from models.rules import Rules
from models.store import Store
from models.vault import Vault

ZONE = ZoneInfo("Asia/Shanghai")
BEGAN = datetime(2026, 11, 17, 15, 0, tzinfo=UTC)  # 23:00 in the county
DAYS = 3
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
GRIDS = ("990100100001001", "990100101204001", None)
DEPARTMENTS = ("cg", "ga", "zj")
PEOPLE = [Actor(str(role), role) for role in (Role.OPERATOR, Role.LEADER, Role.DUTY, Role.GRID, Role.SYSTEM)]
PEOPLE += [Actor(f"{code}-desk", Role.DEPARTMENT, department=code) for code in DEPARTMENTS]
LIKELY = (
    "dispatch",
    "receipt",
    "receipt",
    "feedback",
    "feedback",
    "close",
    "close",
    "request-extension",
    "grant-extension",
    "suspend",
    "resume",
    "reopen",
    "rework",
)


class County:
    """A county whose cases are moved at random, and looked at from time to time."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store, self.dice, self.now = store, Random(seed), BEGAN
        rules = Rules(store, ZONE)
        self.door, self.leaves = Door(store, rules, Vault(SECRET)), sorted(rules().categories)
        with store.read() as connection:
            self.towns = directory_of(connection).towns
        self.looks: list[dict[str, Any]] = []
        self.done: set[str] = set()

    def live(self, steps: int) -> None:
        for _ in range(steps):
            self.now += timedelta(seconds=self.dice.uniform(1, 2 * DAYS * 86_400 / steps))
            self.door.tick(self.now)
            deed = self.dice.random()
            if deed < 0.25:
                with suppress(Refused):
                    self.report(self.dice.choice(self.leaves))
            elif deed < 0.9:
                self.move()
            else:
                self.look()

    def report(self, leaf: str) -> None:
        level = self.dice.choice((None, 1, 2, 3, 4))
        own = self.dice.random() < 0.15
        more = {"keeps_own_clock": True, "due_at": self.now + self.dice.uniform(1, 30) * HOUR} if own else {}
        report = Report(leaf, "井盖松动", "grid", area=self.dice.choice(GRIDS), level=level, **more)
        if report.area is None:
            report = Report(leaf, "井盖松动", "grid", longitude=1.0, latitude=1.0, frame="WGS-84", level=level, **more)
        self.door.report(report, PEOPLE[0], self.now)

    def move(self) -> None:
        with self.store.read() as connection:
            cases = connection.execute(select(t.cases.c.code, t.cases.c.id, t.cases.c.department)).all()[-25:]
            calls = connection.execute(select(t.escalation.c.id, t.escalation.c.case_id).where(t.UNANSWERED)).all()
        if not cases:
            return
        dice = self.dice
        for _ in range(12):  # most moves are refused; some are made
            case = dice.choice(cases)
            action = dice.choice((*MOVES, *LIKELY))
            call = next((one.id for one in calls if one.case_id == case.id), 0)
            fields = {
                "note": "随机", "department": dice.choice(DEPARTMENTS), "finding": dice.choice(("confirmed", "passed", "failed")),
                "category": dice.choice(self.leaves), "level": dice.choice(("1", "3")),
                "until": self.now + dice.uniform(0.1, 30) * HOUR, "degree": "key", "reply_due": self.now + HOUR,
                "into": dice.choice(cases).code, "satisfaction": "satisfied", "score": 90, "escalation": call,
            }  # fmt: skip
            if dice.random() < 0.2:
                fields["happened_at"] = self.now - dice.uniform(0, 3) * HOUR
            may = [one for one in PEOPLE if one.role in MOVES[action].roles]
            own = [one for one in may if one.department == case.department and one.department]
            with suppress(Refused, KeyError):
                self.door.move(case.code, action, dice.choice(own or may), self.now, fields)
                self.done.add(action)
                return

    def look(self) -> None:
        seen = records.look(self.store, lambda: self.now, ZONE, self.towns, self.now)
        self.looks.append(seen)
        with self.store.write() as connection:
            records.keep(connection, seen)

    def compared(self, seen: dict[str, Any]) -> list[dict[str, Any]]:
        record: Any = type("Record", (), seen)
        with self.store.read() as connection:
            return records.compared(connection, record, ZONE, self.towns)


@pytest.fixture
def lived(county_store: Store) -> County:
    county = County(county_store, 7)
    county.live(420)
    return county


def test_the_trace_folded_to_a_moment_says_what_was_shown_then(lived: County) -> None:
    assert len(lived.looks) > 20 and {one["day"] for one in lived.looks} > {BEGAN.astimezone(ZONE).date()}
    wanted = {
        "dispatch",
        "receipt",
        "grant-extension",
        "suspend",
        "resume",
        "rework",
        "close",
        "void",
        "reopen",
        "merge",
        "classify",
    }
    assert wanted <= lived.done, wanted - lived.done
    for seen in lived.looks:
        assert lived.compared(seen) == [], seen["at"]
