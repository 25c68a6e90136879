"""The clock algebra: when a case is due, how much of its time is left, and the derivation that proves it.

Rules: domain.md §4. Each unit counts on a face of its own (`models.calendars.Scale`): every second for
紧急工作时, the seconds of office hours for 工作时 and 工作日, the wall clock for 自然日. A clock spends its limit
on that face. A suspension (挂账) leaves out what the same face shows for it; an extension (延期) adds one more
original limit and so survives any suspension; a rework (返工) changes nothing, for the clock keeps its start.
All is whole seconds in integers: what happened within a second happened at its beginning.

`due` and the other questions refuse with `UnknownYear` where working time would have to be guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from models.calendars import DAY, Calendar, CalendarError, Scale, Unit, UnknownYear, instant_of, seconds_of
from models.derivations import Counted, Derivation, Pause, Paused, Step

__all__ = [
    "Calendar",
    "CalendarError",
    "ClockError",
    "Deadline",
    "Derivation",
    "Exact",
    "Limit",
    "Pause",
    "Shares",
    "State",
    "Unit",
    "UnknownYear",
    "due",
    "elapsed",
    "mark",
    "recompute",
    "remaining",
    "share_left",
    "state",
]

Exact = Fraction | Decimal | int
LONGEST = 100 * 366 * DAY
"""Seconds of a hundred years: a longer limit is a slip of the pen."""
ONE_DAY = timedelta(days=1)


class ClockError(ValueError):
    """A limit, share or pause that cannot be. The text is a sentence: what was expected and what came."""


class State(StrEnum):
    """Clock colours (domain.md §4), always shown with text and shape. Not the statutory warning colours."""

    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"
    PAUSED = "paused"


class Shares(NamedTuple):
    """The shares of a clock's time left at which it turns yellow and orange."""

    yellow: Exact = Fraction(1, 2)
    orange: Exact = Fraction(1, 5)


SHARES = Shares()


@dataclass(frozen=True, slots=True)
class Limit:
    """So many of a unit; 15 minutes are `Limit(Fraction(1, 4), Unit.URGENT_HOUR)`.

    Raises:
        ClockError: the amount is a float (which is not exact), not above 0, or beyond a hundred years.
    """

    amount: Exact
    unit: Unit

    def __post_init__(self) -> None:
        _exact(self.amount, "the amount of a limit")
        if not 0 < self.amount <= LONGEST:
            raise ClockError(f"the amount of a limit must be above 0 and within a hundred years, not {self.amount}")

    def seconds(self, calendar: Calendar) -> int:
        """The limit in seconds of its unit's scale.

        Raises:
            ClockError: it is no whole number of seconds, or longer than a hundred years.
        """
        seconds = Fraction(self.amount) * calendar.seconds_per(self.unit)
        if seconds.denominator != 1:
            raise ClockError(f"a limit must be whole seconds; {self.amount} {self.unit} are {seconds} seconds")
        if seconds > LONGEST:
            raise ClockError(f"a limit must be within a hundred years, not {self.amount} {self.unit}")
        return int(seconds)


Gap = tuple[int, int | None]
"""A pause in whole seconds; None while it is open."""


@dataclass(frozen=True)
class _Clock:
    """One clock: its facts in whole seconds, pauses in order and apart from each other."""

    start: int
    limit: Limit
    calendar: Calendar
    gaps: tuple[Gap, ...]
    extensions: tuple[datetime, ...]

    @cached_property
    def scale(self) -> Scale:
        return self.calendar.scale(self.limit.unit)

    @cached_property
    def total(self) -> int:
        return self.limit.seconds(self.calendar) * (1 + len(self.extensions))

    def goal(self, spend: int) -> int | None:
        """What the face shows when `spend` seconds are spent; None where an open pause comes first.

        A pause that begins when all is spent comes too late: a suspension does not undo a breach.
        """
        goal = self.scale.reading(self.start) + spend
        for began, ended in self.gaps:
            stopped = self.scale.reading(began)
            if stopped >= goal:
                break
            if ended is None:
                return None
            goal += self.scale.reading(ended) - stopped
        return goal

    def expiry(self) -> int | None:
        goal = self.goal(self.total)
        return None if goal is None else self.scale.reached(goal)

    def mark(self, share: Exact) -> int | None:
        """The first second at which at most `share` of the total is left; None where there is no expiry."""
        if self.goal(self.total) is None:
            return None
        goal = self.goal(self.total - int(self.total * Fraction(share)))
        return None if goal is None else max(self.start, self.scale.reached(goal))

    def spent(self, until: int) -> int:
        return _spent(self.scale, self.start, until, self.gaps)


@dataclass(frozen=True)
class Deadline:
    """An answer of `due`, with its proof, which is worked out when it is asked for.

    `due_at` is None while an open suspension holds a clock that had not run out.
    """

    due_at: datetime | None
    _clock: _Clock = field(repr=False)

    @cached_property
    def derivation(self) -> Derivation:
        """Why it is due then: plain values that can be stored, added up, recomputed and read aloud."""
        return _derive(self._clock)


def due(
    start: datetime,
    limit: Limit,
    calendar: Calendar,
    pauses: Iterable[Pause] = (),
    extensions: Iterable[datetime] = (),
) -> Deadline:
    """When a clock that began at `start` runs out: the first second at which nothing of its limit is left.

    Args:
        pauses: suspensions, in any order; one may be open. One that begins after expiry changes nothing.
        extensions: when each was granted; each adds one original limit. That it was asked for before expiry,
            how often and by whom, is for the table of moves to say.

    Raises:
        UnknownYear: working time is needed in a year without an official calendar.
        ClockError: a limit of no whole seconds, a pause that ends before it begins.
    """
    clock = _clock(start, limit, calendar, pauses, extensions)
    expiry = clock.expiry()
    return Deadline(None if expiry is None else instant_of(expiry), clock)


def mark(
    start: datetime,
    limit: Limit,
    calendar: Calendar,
    share: Exact,
    pauses: Iterable[Pause] = (),
    extensions: Iterable[datetime] = (),
) -> datetime | None:
    """The first instant at which at most `share` (0 to 1) of the clock's time is left.

    None whenever `due` gives no due time, so a suspended case is neither due soon nor overdue.

    Raises:
        UnknownYear, ClockError: as `due`; also for a share that is a float or not between 0 and 1.
    """
    _share(share)
    second = _clock(start, limit, calendar, pauses, extensions).mark(share)
    return None if second is None else instant_of(second)


def elapsed(start: datetime, now: datetime, unit: Unit, calendar: Calendar, pauses: Iterable[Pause] = ()) -> int:
    """Seconds of the unit's scale spent from `start` until `now`, suspensions left out; 0 before the start.

    Raises:
        UnknownYear: working time is needed in a year without an official calendar.
    """
    begin = seconds_of(start)
    return _spent(calendar.scale(unit), begin, seconds_of(now), _gaps(pauses, begin))


def remaining(
    start: datetime,
    now: datetime,
    limit: Limit,
    calendar: Calendar,
    pauses: Iterable[Pause] = (),
    extensions: Iterable[datetime] = (),
) -> int:
    """Seconds of the unit's scale left at `now`; below 0 by how much it is overdue. Raises as `due`."""
    clock = _clock(start, limit, calendar, pauses, _granted(extensions, now))
    return clock.total - clock.spent(seconds_of(now))


def share_left(
    start: datetime,
    now: datetime,
    limit: Limit,
    calendar: Calendar,
    pauses: Iterable[Pause] = (),
    extensions: Iterable[datetime] = (),
) -> Fraction:
    """The exact share of time left at `now`: 1 at the start, 0 when it has run out. Raises as `due`."""
    clock = _clock(start, limit, calendar, pauses, _granted(extensions, now))
    return max(Fraction(0), Fraction(clock.total - clock.spent(seconds_of(now)), clock.total))


def state(
    start: datetime,
    now: datetime,
    limit: Limit,
    calendar: Calendar,
    pauses: Iterable[Pause] = (),
    extensions: Iterable[datetime] = (),
    shares: Shares = SHARES,
) -> State:
    """The clock's colour at `now`, from what was known then: later pauses and extensions are left out.

    Red is strictly after the due time; yellow and orange begin with their marks. A suspended clock is paused,
    unless it had run out before: a suspension does not hide a breach.

    Raises:
        UnknownYear, ClockError: as `due`; also for shares out of order.
    """
    if not 0 < _share(shares.orange) < _share(shares.yellow) < 1:
        raise ClockError(f"expected 0 < orange < yellow < 1, not {shares.orange} and {shares.yellow}")
    clock = _clock(start, limit, calendar, _known(pauses, now), _granted(extensions, now))
    expiry, orange, yellow = clock.expiry(), clock.mark(shares.orange), clock.mark(shares.yellow)
    if expiry is None or orange is None or yellow is None:
        return State.PAUSED
    if now > instant_of(expiry):
        return State.RED
    if now >= instant_of(orange):
        return State.ORANGE
    return State.YELLOW if now >= instant_of(yellow) else State.GREEN


def recompute(derivation: Derivation, calendar: Calendar) -> datetime | None:
    """The due time worked out anew from the facts of a derivation; another than it says means another calendar.

    For working units by a second way: day by day along the calendar's office hours, without its index.

    Raises:
        UnknownYear: the calendar given does not know a year that is needed.
    """
    limit = Limit(Fraction(derivation.amount), derivation.unit)
    if derivation.unit in (Unit.WORK_HOUR, Unit.WORK_DAY):
        return _walked(derivation, limit.seconds(calendar) * (1 + len(derivation.extensions)), calendar)
    return due(derivation.start_at, limit, calendar, derivation.pauses, derivation.extensions).due_at


def _walked(derivation: Derivation, left: int, calendar: Calendar) -> datetime | None:
    day = derivation.start_at.astimezone(calendar.zone).date()
    last_pause = derivation.pauses[-1] if derivation.pauses else None
    stands_from = last_pause.began_at if last_pause and last_pause.ended_at is None else None
    while stands_from is None or day <= stands_from.astimezone(calendar.zone).date():
        for opens, closes in calendar.working_spans(day):
            for begin, end in _outside(max(opens, derivation.start_at), closes, derivation.pauses):
                seconds = seconds_of(end) - seconds_of(begin)
                if seconds >= left:
                    return begin + timedelta(seconds=left)
                left -= seconds
        day += ONE_DAY
    return None


def _outside(begin: datetime, end: datetime, pauses: Sequence[Pause]) -> Iterator[tuple[datetime, datetime]]:
    """What of a span lies outside all pauses, which are in order and apart from each other."""
    for pause in pauses:
        if pause.began_at >= end:
            break
        if begin < pause.began_at:
            yield begin, pause.began_at
        if pause.ended_at is None:
            return
        begin = max(begin, pause.ended_at)
    if begin < end:
        yield begin, end


def _clock(
    start: datetime, limit: Limit, calendar: Calendar, pauses: Iterable[Pause], extensions: Iterable[datetime]
) -> _Clock:
    begin = seconds_of(start)
    granted = tuple(sorted(instant_of(seconds_of(at)) for at in extensions))
    return _Clock(begin, limit, calendar, _gaps(pauses, begin), granted)


def _gaps(pauses: Iterable[Pause], start: int) -> tuple[Gap, ...]:
    """Pauses in whole seconds, cut at the start, in order, joined where they meet."""
    joined: list[Gap] = []
    for began, ended in sorted(map(_seconds, pauses), key=lambda gap: gap[0]):
        if ended is not None and ended <= start:
            continue
        if joined and (joined[-1][1] is None or began <= joined[-1][1]):
            previous = joined[-1]
            joined[-1] = (previous[0], _later(previous[1], ended))
        else:
            joined.append((max(began, start), ended))
    return tuple(joined)


def _seconds(pause: Pause) -> Gap:
    began, ended = seconds_of(pause.began_at), None if pause.ended_at is None else seconds_of(pause.ended_at)
    if ended is not None and ended < began:
        raise ClockError(f"a pause must not end before it begins; this one is {pause.began_at} to {pause.ended_at}")
    return began, ended


def _later(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else max(one, other)


def _known(pauses: Iterable[Pause], now: datetime) -> Iterator[Pause]:
    """The pauses as they were known at `now`."""
    at = seconds_of(now)
    for pause in pauses:
        if seconds_of(pause.began_at) <= at:
            over = pause.ended_at is not None and seconds_of(pause.ended_at) <= at
            yield pause if over else Pause(pause.began_at)


def _granted(extensions: Iterable[datetime], now: datetime) -> list[datetime]:
    """The extensions as they were known at `now`."""
    return [granted for granted in extensions if seconds_of(granted) <= seconds_of(now)]


def _spent(scale: Scale, start: int, until: int, gaps: Iterable[Gap]) -> int:
    if until <= start:
        return 0
    spent = scale.reading(until) - scale.reading(start)
    for began, ended in gaps:
        if began < until:
            stop = until if ended is None else min(ended, until)
            spent -= scale.reading(stop) - scale.reading(began)
    return spent


def _exact(number: Exact, what: str) -> Exact:
    if isinstance(number, bool) or not isinstance(number, Fraction | Decimal | int):
        raise ClockError(f"{what} must be an int, a Decimal or a Fraction, which are exact, not {number!r}")
    if isinstance(number, Decimal) and not number.is_finite():
        raise ClockError(f"{what} must be a number, not {number}")
    return number


def _share(share: Exact) -> Exact:
    if not 0 <= _exact(share, "a share") <= 1:
        raise ClockError(f"a share must lie between 0 and 1, not {share}")
    return share


def _derive(clock: _Clock) -> Derivation:
    goal = clock.goal(clock.total)
    expiry = None if goal is None else clock.scale.reached(goal)
    left = 0 if goal is not None else clock.total - clock.spent(clock.gaps[-1][0])
    return Derivation(
        zone=clock.calendar.zone.key,
        unit=clock.limit.unit,
        amount=_plain(clock.limit.amount),
        unit_seconds=clock.calendar.seconds_per(clock.limit.unit),
        start_at=instant_of(clock.start),
        pauses=tuple(Pause(instant_of(began), _instant(ended)) for began, ended in clock.gaps),
        extensions=clock.extensions,
        total_seconds=clock.total,
        steps=tuple(_steps(clock, goal, expiry)),
        due_at=_instant(expiry),
        left_seconds=left,
    )


def _instant(second: int | None) -> datetime | None:
    return None if second is None else instant_of(second)


def _plain(amount: Exact) -> str:
    """ "4", "0.25", or "1/3" where no decimal number is exact."""
    exact = Fraction(amount)
    decimal = Decimal(exact.numerator) / exact.denominator
    return f"{decimal.normalize():f}" if Fraction(decimal) == exact else str(exact)


def _steps(clock: _Clock, goal: int | None, expiry: int | None) -> Iterator[Step]:
    at = clock.start
    for began, ended in clock.gaps:
        if expiry is not None and began >= expiry:
            break
        yield from _stretch(clock, at, began)
        kept_out = 0 if ended is None else clock.scale.reading(ended) - clock.scale.reading(began)
        yield Paused(instant_of(began), _instant(ended), kept_out)
        if ended is None:
            return
        at = ended
    if expiry is not None:
        yield from _stretch(clock, at, expiry, goal)


def _stretch(clock: _Clock, begin: int, end: int, goal: int | None = None) -> Iterator[Step]:
    """The steps of a stretch in which the clock ran. The last one ends at its `goal`: what the zone's clocks skipped behind
    it, where the limit ended in an hour that was never shown, is not counted."""
    if begin >= end:
        return
    if clock.limit.unit in (Unit.WORK_HOUR, Unit.WORK_DAY):
        yield from clock.calendar.stretch(begin, end)
    else:
        shown = clock.scale.reading(end)
        counted = (shown if goal is None else min(shown, goal)) - clock.scale.reading(begin)
        yield Counted(instant_of(begin), instant_of(end), counted)
