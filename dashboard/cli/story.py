"""Thirty days of an invented county: which case comes when, what becomes of it, and what is left open now. Pure.

The end is made to measure: about 300 open cases, a few overdue, some due soon, at whatever hour the demonstration is
started; office clocks stand still at night, so chance alone would not do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from dashboard.cli import past
from dashboard.cli.invention import Invented, Inventor

DAYS = 30
LAST_DAY = 520
"""Reports in the last 24 hours."""
GROWTH = 1.25
"""How many times fewer each day before, as in a county that has just gone live."""
OPEN, OVERDUE, SOON = 300, 9, 20
PILED_UP, AGAIN = 18, 5
"""What an analysis is to find: so many reports of rubbish in one grid, and of one building site by night, in `LATELY`."""
RUBBISH, NOISE, SITE = "010101", "010302", "农贸市场西侧工地"
LATELY = timedelta(hours=60)
HOURS = (2, 1, 1, 1, 1, 2, 5, 10, 15, 17, 16, 14, 9, 9, 14, 16, 15, 13, 10, 8, 7, 6, 4, 3)
"""How reports share out over the hours of a day."""
SAID = ("satisfied", "fairly", "dissatisfied", "unreached")
"""What people say when they are called back."""
_NEVER = timedelta(days=3650)

Deadline = Callable[[str, datetime], tuple[datetime | None, datetime | None]]
"""Category and start → (due, soon)."""


@dataclass(frozen=True, slots=True)
class Life:
    """One case as planned. `closes_at` behind the end of the story: it is open there."""

    number: int
    report: Invented
    reported_at: datetime
    due_at: datetime | None
    soon_at: datetime | None
    closes_at: datetime
    urgent: bool

    def clock(self, now: datetime) -> str:
        """`overdue`, `soon` or `fine`."""
        if self.due_at is None or self.soon_at is None or now < self.soon_at:
            return "fine"
        return "overdue" if self.due_at < now else "soon"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: `action` is "report" or a move; `actor` says whose it is."""

    at: datetime
    number: int
    action: str
    actor: str
    fields: Mapping[str, str]


def moments(now: datetime, zone: ZoneInfo, dice: Random) -> list[datetime]:
    """When the reports come, oldest first: more by day than by night, more lately than long ago."""
    found = []
    for hours_ago in range(DAYS * 24):
        start = now - timedelta(hours=hours_ago + 1)
        per_day = LAST_DAY / GROWTH ** (hours_ago / 24)
        share = HOURS[start.astimezone(zone).hour] / sum(HOURS)
        found += [start + timedelta(hours=dice.random()) for _ in range(_poisson(per_day * share, dice))]
    return sorted(found)


def _poisson(mean: float, dice: Random) -> int:
    """Knuth's product of uniforms; the means here are below 60."""
    bound, product, count = math.exp(-mean), dice.random(), 0
    while product > bound:
        product *= dice.random()
        count += 1
    return count


def lives(
    now: datetime, zone: ZoneInfo, inventor: Inventor, deadline: Deadline, urgent: frozenset[str], dice: Random
) -> list[Life]:
    """All cases of the story, by the time of their report.

    Args:
        urgent: categories whose clock also runs at night; a few of their cases come due in the next hour.
    """
    reports = [(at, inventor.report()) for at in [*past.moments(now, zone, HOURS, dice), *moments(now, zone, dice)]]
    reports += _troubles(now, inventor, dice)
    departments = {leaf.code: str(leaf.department) for leaf in inventor.leaves}
    leaves = [leaf for leaf in inventor.leaves if leaf.code in urgent and (leaf.level or 4) >= 2]
    for index in range(6):
        leaf = leaves[(index * 5) % len(leaves)]
        report = inventor.report(leaf)
        due_at, _ = deadline(leaf.code, now)
        limit = (due_at or now) - now
        reports.append((now - limit + timedelta(minutes=2 + 9 * index), report))
    reports.sort(key=lambda pair: pair[0])
    planned = []
    for number, (at, report) in enumerate(reports):
        due_at, soon_at = deadline(report.category, at)
        close = at + _lasts(at, due_at, past.late_share(departments.get(report.category, ""), at), dice)
        close = close if report.category in urgent else _by_day(close, due_at, zone, dice)
        planned.append(Life(number, report, at, due_at, soon_at, close, report.category in urgent))
    return _measured(planned, now, dice)


def _troubles(now: datetime, inventor: Inventor, dice: Random) -> list[tuple[datetime, Invented]]:
    """Two troubles that are no chance, so that an analysis of this county has something to find."""
    leaves = {leaf.code: leaf for leaf in inventor.leaves}
    towns = [ground for ground in inventor.grounds if ground.urban]
    if len(towns) < 2 or not leaves.keys() >= {RUBBISH, NOISE}:
        return []  # another county, which knows no such matters
    dirty, loud = dice.sample(towns, 2)
    found = [inventor.report(leaves[RUBBISH], dirty) for _ in range(PILED_UP)]
    found += [inventor.report(leaves[NOISE], loud, SITE) for _ in range(AGAIN)]
    return [(now - LATELY * dice.random(), report) for report in found]


def _lasts(at: datetime, due_at: datetime | None, late: float, dice: Random) -> timedelta:
    """How long handling takes: mostly well within the limit, now and then (`late`) beyond it."""
    limit = (due_at - at) if due_at else timedelta(days=2)
    share = dice.uniform(1.02, 1.4) if dice.random() < late else min(dice.betavariate(1.5, 3.2), 0.97)
    return max(limit * share, timedelta(minutes=25))


def _by_day(close: datetime, due_at: datetime | None, zone: ZoneInfo, dice: Random) -> datetime:
    """Offices close few cases at night: such a closing waits for the morning, where the deadline lets it."""
    local = close.astimezone(zone)
    if 7 <= local.hour < 20 or dice.random() < 0.1:
        return close
    morning = local.replace(hour=8, minute=0) + timedelta(days=local.hour >= 20, minutes=dice.uniform(0, 420))
    later = morning.astimezone(close.tzinfo)
    return close if due_at is not None and close <= due_at < later else later


def _measured(planned: Sequence[Life], now: datetime, dice: Random) -> list[Life]:
    """The same lives with enough, and not too many, open ones of each clock state."""
    found = list(planned)
    order = list(range(len(found)))
    dice.shuffle(order)
    for state, wanted in (("overdue", OVERDUE), ("soon", SOON)):
        _adjust(found, order, now, dice, state, wanted)
    _adjust(found, order, now, dice, "fine", OPEN - OVERDUE - SOON)
    return found


def _adjust(found: list[Life], order: Sequence[int], now: datetime, dice: Random, state: str, wanted: int) -> None:
    mine = [index for index in order if found[index].clock(now) == state and found[index].report.level > 1]
    if state == "overdue":  # the freshest: a county does not leave a case overdue for weeks
        mine.sort(key=lambda index: found[index].due_at or now, reverse=True)
        mine = [index for index in mine if found[index].report.level >= 3] or mine
    elif state == "soon":  # those whose clock runs at night come due while somebody watches
        mine.sort(key=lambda index: not found[index].urgent)
    still = [index for index in mine if found[index].closes_at > now]
    young = {index for index in still if now - found[index].reported_at < timedelta(minutes=40)}
    keep = (still if state != "overdue" else [index for index in mine[:wanted] if index in still])[:wanted]
    for index in set(_all_open(found, now, state)) - set(keep) - young:
        found[index] = replace(found[index], closes_at=_earlier(found[index], now, dice))
    missing = wanted - len(set(keep) | young)
    for index in [index for index in mine if found[index].closes_at <= now][: max(missing, 0)]:
        found[index] = replace(found[index], closes_at=now + _NEVER)


def _all_open(found: Sequence[Life], now: datetime, state: str) -> list[int]:
    return [index for index, life in enumerate(found) if life.closes_at > now and life.clock(now) == state]


def _earlier(life: Life, now: datetime, dice: Random) -> datetime:
    """A closing time before now, and before the deadline where that is possible."""
    end = min(now, life.due_at or now)
    span = max(end - life.reported_at, timedelta(minutes=26))
    return life.reported_at + max(span * dice.uniform(0.05, 0.8), timedelta(minutes=25))


def steps_of(life: Life, department: str, now: datetime, inventor: Inventor, dice: Random) -> list[Step]:
    """Everything that happens to a case up to `now`, in order."""
    made = _Steps(life, inventor, dice)
    made.add(life.reported_at, "report", "source")
    minute = timedelta(minutes=1)
    lasts = min(life.closes_at, now + timedelta(days=1)) - life.reported_at
    quick = 0.25 if life.urgent else 1.0
    if life.report.source == "grid" and life.report.level == 4 and dice.random() < 0.12 and life.closes_at <= now:
        made.add(life.reported_at + dice.uniform(6, 40) * minute, "settle-on-the-spot", "grid", note="on_the_spot")
    elif dice.random() < 0.02 and life.closes_at <= now:
        made.add(life.reported_at + dice.uniform(5, 30) * minute, "void", "operator", note="void")
    else:
        _handled(made, life, department, min(lasts, timedelta(days=1)), quick, dice)
    return [step for step in made.steps if step.at <= now]


def _handled(made: _Steps, life: Life, department: str, lasts: timedelta, quick: float, dice: Random) -> None:
    at = life.reported_at
    ceiling = lasts / 8  # dispatch and receipt come in the first quarter of the case's life
    if dice.random() < 0.3:
        at += min(dice.uniform(1, 6) * quick * timedelta(minutes=1), ceiling / 2)
        made.add(at, "file", "operator")
    elif dice.random() < 0.17:
        made.add(at, "request-verification", "operator")
        at += min(dice.uniform(5, 42) * quick * timedelta(minutes=1), ceiling)
        made.add(at, "verify", "operator", note="verify", finding="confirmed")
        at += min(dice.uniform(1, 6) * quick * timedelta(minutes=1), ceiling)
    at += min(dice.uniform(2, 18) * quick * timedelta(minutes=1), ceiling)
    made.add(at, "dispatch", "operator", department=department)
    if dice.random() < 0.04:
        at += min(dice.uniform(5, 30) * timedelta(minutes=1), ceiling)
        made.add(at, "hand-back", department, note="hand_back")
        at += min(dice.uniform(3, 15) * timedelta(minutes=1), ceiling)
        made.add(at, "dispatch", "operator", department=department)
    at += min(dice.uniform(3, 45) * quick * timedelta(minutes=1), ceiling)
    made.add(at, "receipt", department)
    checked = min(dice.uniform(4, 40) * timedelta(minutes=1), (life.closes_at - at) / 3)
    if dice.random() < 0.03:
        made.add(at + (life.closes_at - checked - at) / 3, "feedback", department, note="feedback")
        made.add(at + (life.closes_at - checked - at) / 2, "rework", "operator", note="rework")
    made.add(life.closes_at - checked, "feedback", department, note="feedback")
    made.add(life.closes_at, "close", "operator")
    if dice.random() < (0.5 if life.report.source == "hotline" else 0.12):
        said = dice.choices(SAID, (62, 26, 8, 4))[0]
        made.add(
            life.closes_at + dice.uniform(2, 40) * timedelta(hours=1), "return-call", "operator", satisfaction=said
        )


class _Steps:
    """Collects the steps of one case."""

    def __init__(self, life: Life, inventor: Inventor, dice: Random) -> None:
        self._life, self._inventor, self._dice = life, inventor, dice
        self.steps: list[Step] = []

    def add(self, at: datetime, action: str, actor: str, note: str = "", **fields: str) -> None:
        if note:
            fields["note"] = self._inventor.note(note)
        self.steps.append(Step(at, self._life.number, action, actor, fields))
