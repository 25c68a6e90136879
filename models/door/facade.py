"""The one door for change: `Door` opens transactions on the store, `Deed` is one of them in the making."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, and_, or_, select, update

from models import tables as t
from models.camera_health.events import standing
from models.door import clocks, moving, reporting, ticking
from models.door.reporting import Report, Reported
from models.door.together import Together
from models.door.writing import Outcome, Writing
from models.messages import CameraChanged, Message, TimeChanged
from models.moves import Actor, Refused
from models.numbers import Numbers
from models.rules import RuleBook
from models.store import Store
from models.timebase import Timebase, real_now, set_timebase
from models.vault import Vault

A = TypeVar("A")
WORKING = ("work_hour", "work_day")
"""Units that need a calendar."""
BREATH = 0.005
"""Seconds between two transactions of a long job."""


class Rederived(NamedTuple):
    """How many open cases were looked at, and of how many the deadline moved."""

    looked: int
    moved: int


class Deed(Writing):
    """One write transaction in the making. Made by `Door`, never kept."""

    def report(self, report: Report, actor: Actor, now: datetime) -> Outcome:
        """File one report. See `models.door.reporting.report_all`."""
        outcome = self.report_all([Reported(report, actor, now)])[0]
        if isinstance(outcome, Refused):
            raise outcome
        return outcome

    def report_all(self, reported: Sequence[Reported]) -> list[Outcome | Refused]:
        """See `models.door.reporting.report_all`."""
        return reporting.report_all(self, reported)

    def move(
        self, code: str, action: str, actor: Actor, now: datetime, fields: Mapping[str, Any] | None = None
    ) -> Outcome:
        """See `models.door.moving.move`."""
        return moving.move(self, code, action, actor, now, fields)

    def tick(self, now: datetime, limit: int = 200) -> int:
        """See `models.door.ticking.tick`."""
        return ticking.tick(self, now, limit)

    def open_by_rule(self, after: int, limit: int = 200) -> Sequence[int]:
        """Keys of open cases behind `after` whose deadline comes from the calendar of working days."""
        c = t.cases.c
        known = and_(t.OPEN, c.due_basis.in_(("rule", "unknown-year")), c.limit_unit.in_(WORKING))
        return self.db.execute(select(c.id).where(known, c.id > after).order_by(c.id).limit(limit)).scalars().all()

    def rederive(self, key: int, now: datetime) -> bool:
        """Work one case's deadline out anew; whether it moved. See `models.door.clocks.rederive`."""
        case = self.db.execute(select(t.cases).where(t.cases.c.id == key, t.OPEN).with_for_update()).first()
        return case is not None and clocks.rederive(self, case, now) is not None

    def camera_changed(self, camera: str, state: str, reason: str | None, since: datetime) -> None:
        """Keep a camera's new state and tell everybody. Unknown cameras are ignored (they were just removed)."""
        values = {"state": state, "reason": reason, "since": since}
        changed = and_(
            t.camera.c.id == camera,
            or_(t.camera.c.state != state, t.camera.c.reason.is_distinct_from(reason)),
        )
        if self.db.execute(update(t.camera).where(changed).values(values)).rowcount:
            self._tell_camera(camera, state, reason, since)

    def camera_judged(self, camera: str) -> None:
        """Tell everybody that faults of a camera were raised or cleared, with the state it has."""
        k = t.camera.c
        row = self.db.execute(select(k.state, k.reason, k.since).where(k.id == camera)).first()
        if row:
            self._tell_camera(camera, row.state, row.reason, row.since or self.real)

    def _tell_camera(self, camera: str, state: str, reason: str | None, since: datetime) -> None:
        faults = tuple(sorted(standing(self.db, camera)))
        told = CameraChanged(at=self.real, camera=camera, state=state, reason=reason, since=since, faults=faults)
        self.draft(None, told)

    def set_time(self, line: Timebase | None) -> None:
        """Set the county's clock and tell everybody."""
        set_timebase(self.db, line)
        county_at = line.county(self.real) if line else self.real
        self.draft(None, TimeChanged(at=self.real, county_at=county_at, speed=line.speed if line else 1.0))

    def keep_time(self, line: Timebase | None) -> None:
        """Move the county's clock on without telling anybody: its pace is the same, only its ceiling has moved."""
        set_timebase(self.db, line)


class Door:
    """Opens transactions on the store; each method is one deed, committed when it returns."""

    def __init__(self, store: Store, rules: Callable[[], RuleBook], vault: Vault) -> None:
        self._store = store
        self._rules = rules
        self._vault = vault
        self._numbers = None if store.sqlite else Numbers(store).next
        self._reports: Together[Reported, Outcome] = Together(
            lambda those: self._done(lambda deed: deed.report_all(those))
        )

    def report(self, report: Report, actor: Actor, now: datetime) -> Outcome:
        """File one report; those that come at the same moment share a transaction. See `models.door.reporting.report_all`.

        Raises:
            Refused: the category or area is unknown, or a key was used before for something else.
        """
        return self._reports.do(Reported(report, actor, now))

    def move(
        self, code: str, action: str, actor: Actor, now: datetime, fields: Mapping[str, Any] | None = None
    ) -> Outcome:
        """See `models.door.moving.move`."""
        return self._done(lambda deed: deed.move(code, action, actor, now, fields))

    def tick(self, now: datetime, limit: int = 200) -> tuple[int, list[Message]]:
        """See `models.door.ticking.tick`; also returns the facts to publish."""
        with self.transaction() as (deed, facts):
            looked = deed.tick(now, limit)
        return looked, facts

    def rederive(self, now: datetime, tell: Callable[[list[Message]], object] = lambda facts: None) -> Rederived:
        """Work every open case's deadline out anew after a calendar has changed; each one that moves gets a trace line
        and a fact. In transactions of at most 200 cases with a pause between, in which people's own writes pass.

        Args:
            tell: is handed the facts of each transaction once they are on disk.
        """
        looked = moved = last = 0
        while True:
            with self.transaction() as (deed, facts):
                ids = deed.open_by_rule(last)
                moved += sum(deed.rederive(key, now) for key in ids)
            tell(facts)
            if not ids:
                return Rederived(looked, moved)
            looked, last = looked + len(ids), ids[-1]
            time.sleep(BREATH)

    def camera_changed(self, camera: str, state: str, reason: str | None, since: datetime) -> list[Message]:
        """See `Deed.camera_changed`."""
        with self.transaction() as (deed, facts):
            deed.camera_changed(camera, state, reason, since)
        return facts

    def set_time(self, line: Timebase | None) -> list[Message]:
        """See `Deed.set_time`."""
        with self.transaction() as (deed, facts):
            deed.set_time(line)
        return facts

    @contextmanager
    def transaction(self) -> Iterator[tuple[Deed, list[Message]]]:
        """Several deeds in one transaction; the list holds the numbered facts once the block has ended."""
        facts: list[Message] = []
        rules = self._rules()
        with self._store.write() as connection:
            deed = Deed(connection, rules, self._vault, real_now(), self._numbers)
            yield deed, facts
            facts.extend(deed.finish())

    def deed(self, work: Callable[[Deed], A]) -> tuple[A, list[Message]]:
        """Any work in one transaction, run again from its start where the database asks for it; with the facts to publish."""
        rules = self._rules()

        def transaction(connection: Connection) -> tuple[A, list[Message]]:
            deed = Deed(connection, rules, self._vault, real_now(), self._numbers)
            answer = work(deed)
            return answer, deed.finish()

        done: tuple[A, list[Message]] = self._store.run(transaction)
        return done

    def _done(self, work: Callable[[Deed], A]) -> A:
        return self.deed(work)[0]
