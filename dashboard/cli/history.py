"""The demonstration's past, told through the one door: every step at its own time, clocks ticking between."""

from __future__ import annotations

import contextlib
import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count
from random import Random

from config.reference import load
from config.settings import Settings
from dashboard.cli.foreign import BATCH
from dashboard.cli.invention import GRAVEST, Inventor
from dashboard.cli.parts import Parts, open_parts
from dashboard.cli.plan import DemoPlan
from dashboard.cli.rounds import tell_rounds
from dashboard.cli.story import DAYS, Life, Step, lives, steps_of
from dashboard.cli.terminal import progress, say
from models.directory import read as read_directory
from models.door import Deed, Report
from models.messages import CaseEscalated, Message
from models.moves import Actor, Refused, Role

CLIENT = "demo-history"
COARSEST, COARSE, FINE = timedelta(hours=24), timedelta(hours=4), timedelta(minutes=20)
"""How long the clocks wait between two ticks of the story: long ago, in its thirty days, and on its last one."""


def tell(settings: Settings, plan: DemoPlan) -> None:
    """Thirty busy days, and a thin year before them, up to the demonstration's first start. An interrupted telling goes on at the next start."""
    dice = Random(plan.seed)  # noqa: S311 - a story, not a secret
    inventor = Inventor(load(settings.county, geometry_checks=False), dice)
    say("Telling fourteen months of history …")
    with open_parts(settings) as parts:
        planned = _planned(parts, inventor, plan.began, dice)
        teller = _Teller(parts, planned, plan.began, dice)
        departments = {leaf.code: str(leaf.department) for leaf in inventor.leaves}
        steps = sorted(
            (step for life in planned for step in _steps(life, departments, plan.began, inventor, dice)),
            key=lambda step: step.at,
        )
        with progress("history", len(steps)) as show:
            for told in teller.through(steps):
                show(told)
        with parts.store.read() as connection:
            directory = read_directory(connection)
        tell_rounds(parts, directory, plan.began, dice)


def _planned(parts: Parts, inventor: Inventor, began: datetime, dice: Random) -> list[Life]:
    book = parts.rules()

    def deadline(category: str, start: datetime) -> tuple[datetime | None, datetime | None]:
        due_at, soon_at, _ = book.deadline(book.category(category), start)
        return due_at, soon_at

    urgent = frozenset(leaf.code for leaf in inventor.leaves if leaf.unit == "urgent_hour")
    return lives(began, book.zone, inventor, deadline, urgent, dice)


def _steps(life: Life, departments: dict[str, str], now: datetime, inventor: Inventor, dice: Random) -> Sequence[Step]:
    return steps_of(life, departments[life.report.category], now, inventor, dice)


def _window(ago: timedelta) -> timedelta:
    return FINE if ago < timedelta(days=1) else (COARSE if ago < timedelta(days=DAYS) else COARSEST)


class _Teller:
    """Carries out the steps, a few hundred in a transaction, and answers escalations a while after they arise."""

    def __init__(self, parts: Parts, planned: Sequence[Life], end: datetime, dice: Random) -> None:
        self._parts, self._planned, self._end, self._dice = parts, planned, end, dice
        self._codes: dict[int, str] = {}
        self._answers: list[tuple[datetime, int, str, int]] = []
        self._order = count()

    def through(self, steps: Sequence[Step]) -> Iterator[int]:
        """Do them all; yields how many are done after each transaction."""
        done = 0
        for batch, until in self._batches(steps):
            with self._parts.door.transaction() as (deed, facts):
                for step in batch:
                    self._do(deed, step)
                self._answer(deed, until)
                deed.tick(until)
            self._notice(facts, until)
            done += len(batch)
            yield done

    def _batches(self, steps: Sequence[Step]) -> Iterator[tuple[list[Step], datetime]]:
        """Steps that go into one transaction, and the moment at which clocks tick behind them. What takes the wall at
        once ends its batch, so that it can be answered before its own clock climbs on."""
        batch: list[Step] = []
        start = steps[0].at
        for step in steps:
            window = _window(self._end - start)
            if step.at - start >= window or len(batch) >= BATCH:
                yield batch, batch[-1].at if len(batch) >= BATCH else start + window
                batch, start = [], step.at
            batch.append(step)
            if step.action == "report" and self._planned[step.number].report.level == GRAVEST:
                yield batch, step.at
                batch = []
        yield batch, self._end

    def _do(self, deed: Deed, step: Step) -> None:
        life = self._planned[step.number]
        if step.action == "report":
            self._codes[step.number] = deed.report(_report(life), _source_actor(life), step.at).case.code
            return
        with contextlib.suppress(Refused):  # done by an earlier, interrupted telling
            deed.move(self._codes[step.number], step.action, _mover(step.actor, life), step.at, step.fields)

    def _notice(self, facts: Sequence[Message], at: datetime) -> None:
        for fact in facts:
            if isinstance(fact, CaseEscalated) and fact.acknowledged_at is None:
                wait = timedelta(minutes=self._dice.uniform(2, 15))
                heapq.heappush(self._answers, (at + wait, next(self._order), fact.case, fact.escalation))

    def _answer(self, deed: Deed, until: datetime) -> None:
        while self._answers and self._answers[0][0] <= until:
            at, _, code, escalation = heapq.heappop(self._answers)
            with contextlib.suppress(Refused):  # it was answered with another rung of the same case
                deed.move(code, "acknowledge", Actor("duty", Role.DUTY), at, {"escalation": escalation})


def _source_actor(life: Life) -> Actor:
    """Who brings a case in: a client system of its source, or the grid worker."""
    if life.report.source == "grid":
        return Actor("grid", Role.GRID)
    return Actor(f"{CLIENT}-{life.report.source}", Role.SYSTEM)


def _mover(name: str, life: Life) -> Actor:
    """Who moves it: the operator, the grid worker who brought it, or the desk of a department."""
    if name == "operator":
        return Actor("operator", Role.OPERATOR)
    if name == "grid":
        return _source_actor(life)
    return Actor(f"{name}-desk", Role.DEPARTMENT, department=name)


def _report(life: Life) -> Report:
    told = life.report
    return Report(
        category=told.category,
        description=told.description,
        source=told.source,
        longitude=told.longitude,
        latitude=told.latitude,
        frame="WGS-84",
        address=told.address,
        client=CLIENT,
        external_id=f"history-{life.number}",
    )
