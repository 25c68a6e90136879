"""The escalation ladder as a pure function: history in, the next step and its instant out (domain.md §5).

催办 before expiry at shares of the time left, and again and again until receipt; 督办 at expiry, its written notice the
day after; then the department's contacts in turn, each waiting for an answer in working time. What is grave waits in
plain time and knows no quiet hours. A county changes all of it in `county.toml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from models.calendars import Calendar, Unit, UnknownYear, instant_of, seconds_of
from models.clocks import Limit

DAYS_LOOKED_AT = 30
"""How far the next working day is looked for; the longest holiday of the field has eight days."""


class Kind(StrEnum):
    """The kinds of step, in the order in which they are taken when several are due at one instant."""

    URGE = "urge"  # 催办 before expiry, at a share of the time left
    RECEIPT = "receipt"  # 催办 of an order without receipt, repeated
    SUPERVISE = "supervise"  # 督办 at expiry
    CONTACT = "contact"  # a contact is called: a rung
    AGAIN = "again"  # … and told again where nobody answers
    NOTICE = "notice"  # the written notice of the supervision, the day after
    STAGE = "stage"  # a case stands in a stage for longer than the stage's clock allows
    HIGHER = "higher"  # … and stands there still


_ORDER = {kind: number for number, kind in enumerate(Kind)}


@dataclass(frozen=True)
class Rung:
    """A contact of the ladder: `wait` is how long it has to answer, `again` how often it is told anew before the next."""

    role: str
    name: str = ""
    name_en: str = ""
    wait: timedelta = timedelta(minutes=30)
    working: bool = True
    again: int = 0


@dataclass(frozen=True)
class Ladder:
    """A county's ladder. `quiet` are local times; what is graver than or as grave as `grave` does not know them."""

    shares: tuple[Fraction, ...] = (Fraction(1, 2), Fraction(1, 5))
    receipt_within: timedelta = timedelta(minutes=60)
    every: timedelta = timedelta(minutes=30)
    most: int = 8
    rungs: tuple[Rung, ...] = ()
    notice: bool = True
    grave: int = 2
    quiet: tuple[time, time] | None = None
    stages: frozenset[str] = frozenset()
    """Clocks of stages whose end is told."""
    higher: timedelta | None = None
    """So long afterwards it is told to who stands higher; None: it is not."""
    degree: str = "ordinary"
    """Of the supervision at expiry."""
    reply_within: timedelta = timedelta(hours=8)
    """… and how long, in working time, its reply may take."""


@dataclass(frozen=True)
class Alarm:
    """The highest rung that was called: when an answer is due, and whether one came."""

    rung: int
    ack_due_at: datetime | None
    acknowledged: bool = False


@dataclass(frozen=True)
class Stay:
    """The stage that a case stands in, by its clock: since when, and until when it may."""

    clock: str
    since: datetime
    due_at: datetime


@dataclass(frozen=True)
class History:
    """All that the ladder must know of a case. `told` says when each step (by its key) was taken."""

    level: int
    clock_from: datetime
    due_at: datetime | None
    limit: Limit | None = None
    department: str | None = None
    issued_at: datetime | None = None
    receipt_at: datetime | None = None
    paused: bool = False
    ended: bool = False
    alarm: Alarm | None = None
    called_at_expiry: bool = False
    stay: Stay | None = None
    told: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """What is to be done next. `number` counts within the kind; for the contacts it is the rung, from 1; for the clock
    of a stage it is the second at which the stay began, which no other stay of the case shares."""

    kind: Kind
    number: int
    at: datetime
    time: int = 1
    """For `again`: the how-manieth repetition of this rung."""

    @property
    def key(self) -> str:
        """Its name within the case: a step of this name is taken once."""
        return f"{self.kind}-{self.number}" + (f"-{self.time}" if self.kind is Kind.AGAIN else "")


def next_step(ladder: Ladder, history: History, now: datetime, calendar: Calendar) -> Step | None:
    """The step that comes next and its instant, which may lie in the past; None where none is left.

    A paused case takes none; an ended one only waits for its return call. An answered alarm never climbs; expiry after
    an answered direct report is an alarm of its own, which calls the next contact once.
    """
    if history.paused:
        return None
    steps = [step for step in _all_steps(ladder, history, now, calendar) if step.key not in history.told]
    return min(steps, key=lambda step: (step.at, _ORDER[step.kind]), default=None)


def _all_steps(ladder: Ladder, history: History, now: datetime, calendar: Calendar) -> Iterator[Step]:
    if not history.ended:
        yield from _steps(ladder, history, now, calendar)
    yield from _stays(ladder, history)


def _stays(ladder: Ladder, history: History) -> Iterator[Step]:
    """The end of a stage's clock, told once for each stay; and once more, higher up, where the case does not go on."""
    stay = history.stay
    if stay is None or stay.clock not in ladder.stages:
        return
    number = int(stay.since.timestamp())
    yield Step(Kind.STAGE, number, stay.due_at)
    if ladder.higher is not None:
        yield Step(Kind.HIGHER, number, stay.due_at + ladder.higher)


def _steps(ladder: Ladder, history: History, now: datetime, calendar: Calendar) -> Iterator[Step]:
    if history.department is not None:
        yield from _urges(ladder, history, now, calendar)
    if history.due_at is not None:
        yield Step(Kind.SUPERVISE, 1, history.due_at)
        reached = history.alarm.rung if history.alarm else 0
        if not history.called_at_expiry and reached < len(ladder.rungs):
            yield Step(Kind.CONTACT, reached + 1, history.due_at)
        answered = history.alarm is not None and history.alarm.acknowledged and history.called_at_expiry
        if ladder.notice and not answered:
            yield Step(Kind.NOTICE, 1, day_after(history.due_at, calendar))
    yield from _climbs(ladder, history)


def _urges(ladder: Ladder, history: History, now: datetime, calendar: Calendar) -> Iterator[Step]:
    """What is due before expiry. Of several shares that have passed unseen only the last is urged."""
    due_at, issued_at = history.due_at, history.issued_at
    if due_at is not None and issued_at is not None and now < due_at:
        marks = enumerate((share_mark(history, share, calendar) for share in ladder.shares), 1)
        steps = [Step(Kind.URGE, number, at) for number, at in marks if issued_at < at < due_at]
        over = [step.number for step in steps if step.at <= now or step.key in history.told]
        yield from (step for step in steps if step.number >= max(over, default=0))
    if issued_at is not None and history.receipt_at is None:
        before = sorted(at for key, at in history.told.items() if key.startswith(f"{Kind.RECEIPT}-"))
        since = [at for at in before if at >= issued_at]
        at = since[-1] + ladder.every if since else issued_at + ladder.receipt_within
        if len(since) < ladder.most and (due_at is None or at < due_at):
            yield Step(Kind.RECEIPT, len(before) + 1, at)


def _climbs(ladder: Ladder, history: History) -> Iterator[Step]:
    alarm = history.alarm
    if alarm is None or alarm.acknowledged or alarm.ack_due_at is None or alarm.rung > len(ladder.rungs):
        return
    again = sum(1 for key in history.told if key.startswith(f"{Kind.AGAIN}-{alarm.rung}-"))
    if again < ladder.rungs[alarm.rung - 1].again:
        yield Step(Kind.AGAIN, alarm.rung, alarm.ack_due_at, again + 1)
    elif alarm.rung < len(ladder.rungs):
        yield Step(Kind.CONTACT, alarm.rung + 1, alarm.ack_due_at)


def share_mark(history: History, share: Fraction, calendar: Calendar) -> datetime:
    """When `share` of the limit is left: worked back from the due time, so that pauses and extensions are in it.

    A deadline that another system gave has no unit of ours: its share is of plain time.
    """
    assert history.due_at is not None
    if history.limit is not None:
        try:
            scale = calendar.scale(history.limit.unit)
            left = int(history.limit.seconds(calendar) * share)
            mark = instant_of(scale.reached(scale.reading(seconds_of(history.due_at)) - left))
            return max(mark, history.clock_from)
        except UnknownYear:
            pass
    return history.due_at - (history.due_at - history.clock_from) * float(share)


def answer_due(ladder: Ladder, rung: int, at: datetime, level: int, calendar: Calendar) -> datetime:
    """Until when the contact of a rung has to answer. In a year without a calendar plain time counts: a ladder that
    waits for a calendar would be a ladder that forgets."""
    step = ladder.rungs[rung - 1]
    return at + step.wait if not step.working else _within(ladder, step.wait, at, level, calendar)


def reply_due(ladder: Ladder, at: datetime, level: int, calendar: Calendar) -> datetime:
    """Until when the supervision at expiry is to be answered: in working time like the contacts of the ladder."""
    return _within(ladder, ladder.reply_within, at, level, calendar)


def _within(ladder: Ladder, wait: timedelta, at: datetime, level: int, calendar: Calendar) -> datetime:
    if level <= ladder.grave:
        return at + wait
    try:
        scale = calendar.scale(Unit.WORK_HOUR)
        return instant_of(scale.reached(scale.reading(seconds_of(at)) + int(wait.total_seconds())))
    except UnknownYear:
        return at + wait


def day_after(due_at: datetime, calendar: Calendar) -> datetime:
    """The opening of the first working day after the local day of expiry; a day later where no calendar knows."""
    day = due_at.astimezone(calendar.zone).date()
    try:
        for ahead in range(1, DAYS_LOOKED_AT):
            spans = calendar.working_spans(day + timedelta(days=ahead))
            if spans:
                return spans[0][0].astimezone(due_at.tzinfo)
    except UnknownYear:
        pass
    return due_at + timedelta(days=1)


def heard_from(ladder: Ladder, level: int, now: datetime, zone: ZoneInfo) -> datetime:
    """From when a channel may ring: at once, or when the quiet hours end. The inbox makes no noise and never waits."""
    if ladder.quiet is None or level <= ladder.grave:
        return now
    begins, ends = ladder.quiet
    local = now.astimezone(zone)
    clock = local.time()
    quiet = begins <= clock < ends if begins <= ends else clock >= begins or clock < ends
    if not quiet:
        return now
    day = local.date() + timedelta(days=1 if clock >= ends else 0)
    return datetime.combine(day, ends, zone).astimezone(now.tzinfo)


def ladder_of(county: Mapping[str, Any]) -> Ladder:
    """The ladder that a county's stored document describes; what it does not say is as in `Ladder`."""
    urge, escalation = county.get("urge", {}), county.get("escalation", {})
    quiet = escalation.get("quiet_hours")
    stages, supervise = escalation.get("stages", {}), escalation.get("supervise", {})
    plain = Ladder()
    higher = stages.get("higher_minutes", 0)
    shares = sorted({Fraction(str(share)) for share in urge.get("shares", (0.5, 0.2))}, reverse=True)
    return Ladder(
        shares=tuple(shares),
        receipt_within=timedelta(minutes=county.get("stages", {}).get("receipt", 60)),
        every=timedelta(minutes=urge.get("repeat_minutes", 30)),
        most=urge.get("most", plain.most),
        rungs=tuple(_rung(rung) for rung in escalation.get("rungs", ())) or _PLAIN,
        notice=escalation.get("notice", True),
        grave=escalation.get("takeover_level", plain.grave),
        quiet=(_clock(quiet[0]), _clock(quiet[1])) if quiet and quiet[0] != quiet[1] else None,
        stages=frozenset(stages.get("clocks", ())),
        higher=timedelta(minutes=higher) if higher else None,
        degree=supervise.get("degree", plain.degree),
        reply_within=timedelta(minutes=supervise.get("reply_minutes", 480)),
    )


_PLAIN = tuple(
    Rung(role, wait=timedelta(minutes=minutes))
    for role, minutes in (("coordinator", 30), ("deputy_head", 60), ("head", 120))
)


def _rung(rung: Mapping[str, Any]) -> Rung:
    return Rung(
        role=rung["role"],
        name=rung.get("name", ""),
        name_en=rung.get("name_en", ""),
        wait=timedelta(minutes=rung["acknowledge_minutes"]),
        working=rung.get("time", "working") == "working",
        again=rung.get("again", 0),
    )


def _clock(text: str) -> time:
    return time.fromisoformat(text)
