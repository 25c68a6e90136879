"""The proof of a deadline as a document: its shape, its written form, its own arithmetic, its words.

A derivation holds the facts (start, limit, pauses, extensions) and every stretch of time that counted or did
not. It is plain values only, so it can be stored beside the case, sent by the API, added up without a calendar
(`adds_up`), worked out anew with one (`models.clocks.recompute`) and read aloud (`in_words`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, TypeAdapter, ValidationError

from models.calendars import HOUR, SECOND, Rested, Span, Unit, Worked


class DerivationError(ValueError):
    """What was read is no derivation. The text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A suspension (挂账): the clock stood still from `began_at` to `ended_at`; None while it still does."""

    began_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """A stretch of continuous time, or of the wall clock, that counted."""

    from_at: datetime
    to_at: datetime
    seconds: int
    """Seconds on the unit's scale; for calendar days, seconds of the wall clock."""
    kind: Literal["counted"] = "counted"


@dataclass(frozen=True, slots=True)
class Paused:
    """A suspension and what it kept out of the count."""

    from_at: datetime
    to_at: datetime | None
    seconds: int
    """Seconds on the unit's scale that did not count because of it; 0 while it is open."""
    kind: Literal["paused"] = "paused"


Step = Annotated[Counted | Worked | Rested | Paused, Field(discriminator="kind")]


@dataclass(frozen=True)
class Derivation:
    """Why a deadline is what it is. Instants are UTC and whole seconds; days and words are of `zone`."""

    zone: str
    unit: Unit
    amount: str
    """The limit in units, as "4", "0.25" or "1/3"."""
    unit_seconds: int
    """What one unit is, in seconds of its scale."""
    start_at: datetime
    pauses: tuple[Pause, ...]
    """Suspensions after the start, joined where they overlap."""
    extensions: tuple[datetime, ...]
    """When each extension was granted; each adds one original limit."""
    total_seconds: int
    """The limit and its extensions, in seconds of the unit's scale."""
    steps: tuple[Step, ...]
    due_at: datetime | None
    """None while an open suspension keeps the case from being due."""
    left_seconds: int
    """What is left to count after the resumption; 0 where `due_at` is known."""


_ADAPTER: TypeAdapter[Derivation] = TypeAdapter(Derivation)


def as_json(derivation: Derivation) -> dict[str, Any]:
    """The derivation as plain JSON values; `from_json` reads it back to an equal one."""
    return dict(_ADAPTER.dump_python(derivation, mode="json"))


def from_json(written: Mapping[str, Any]) -> Derivation:
    """What `as_json` wrote.

    Raises:
        DerivationError: naming the first field that is missing or wrong.
    """
    try:
        return _ADAPTER.validate_python(dict(written))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DerivationError(f"This is no derivation of a deadline: {place}: {first['msg']}.") from error


def adds_up(derivation: Derivation) -> bool:
    """Is the document true to itself, without any calendar?

    What counted must sum to the total less what is left, follow in order without overlap, hold as many seconds
    as its ends say, stay out of every suspension and, where there is a due time, end at it.
    """
    counted = list(_counted(derivation.steps))
    days = (step for step in derivation.steps if isinstance(step, Worked))
    return (
        sum(span.seconds for span in counted) == derivation.total_seconds - derivation.left_seconds
        and all(day.seconds == sum(span.seconds for span in day.spans) for day in days)
        and all(sooner.to_at <= later.from_at for sooner, later in pairwise(counted))
        and all(derivation.start_at <= span.from_at < span.to_at for span in counted)
        and (derivation.unit is Unit.CALENDAR_DAY or all(map(_true_length, counted)))
        and not any(_inside(span, pause) for span in counted for pause in derivation.pauses)
        and (derivation.due_at is None) == (derivation.left_seconds > 0)
        and (derivation.due_at is None or (bool(counted) and counted[-1].to_at == derivation.due_at))
    )


def _counted(steps: Iterable[Step]) -> Iterator[Span | Counted]:
    for step in steps:
        if isinstance(step, Worked):
            yield from step.spans
        elif isinstance(step, Counted):
            yield step


def _true_length(span: Span | Counted) -> bool:
    return (span.to_at - span.from_at) // SECOND == span.seconds


def _inside(span: Span | Counted, pause: Pause) -> bool:
    return span.to_at > pause.began_at and (pause.ended_at is None or span.from_at < pause.ended_at)


@dataclass(frozen=True, slots=True)
class _Days:
    """Full ordinary working days in a row, ordinary weekends between them left out: one line of words."""

    first: date
    last: date
    count: int
    weekends: int
    seconds: int


def in_words(derivation: Derivation, texts: Mapping[str, str]) -> list[str]:
    """The derivation as sentences, one a line; full ordinary working days in a row share one.

    Args:
        texts: the templates `clocks.*` of one language (`config/texts/clocks.*.toml`).

    Raises:
        KeyError: a template is missing.
    """
    return list(_Words(texts, ZoneInfo(derivation.zone)).lines(derivation))


@dataclass(frozen=True, slots=True)
class _Words:
    texts: Mapping[str, str]
    zone: ZoneInfo

    def lines(self, derivation: Derivation) -> Iterator[str]:
        yield self.say("start", at=self.at(derivation.start_at), zone=derivation.zone)
        yield from self.allowance(derivation)
        left = derivation.total_seconds
        for step in _joined(derivation.steps):
            left -= 0 if isinstance(step, Rested | Paused) else step.seconds
            yield self.line(step, self.duration(left))
        if derivation.due_at is None:
            yield self.say("stopped", left=self.duration(derivation.left_seconds))
        else:
            yield self.say("due", at=self.at(derivation.due_at))

    def allowance(self, derivation: Derivation) -> Iterator[str]:
        times = 1 + len(derivation.extensions)
        yield self.say(
            f"limit_{derivation.unit}",
            amount=derivation.amount,
            unit=self.duration(derivation.unit_seconds),
            duration=self.duration(derivation.total_seconds // times),
        )
        if derivation.extensions:
            granted = self.texts["clocks.and"].join(map(self.at, derivation.extensions))
            total = self.duration(derivation.total_seconds)
            yield self.say("extended", count=times - 1, at=granted, duration=total)

    def line(self, step: Step | _Days, left: str) -> str:
        match step:
            case Counted():
                return self.say("counted", **self.ends(step), duration=self.duration(step.seconds), left=left)
            case Worked():
                spans = self.texts["clocks.and"].join(self.hours(span) for span in step.spans)
                key = "worked_make_up" if step.make_up else "worked"
                return self.say(
                    key, day=self.day(step.day), spans=spans, duration=self.duration(step.seconds), left=left
                )
            case _Days():
                key = "worked_days_over_weekends" if step.weekends else "worked_days"
                return self.say(
                    key,
                    first=self.day(step.first),
                    last=self.day(step.last),
                    count=step.count,
                    weekends=step.weekends,
                    duration=self.duration(step.seconds),
                    left=left,
                )
            case Rested():
                return self.rest(step)
            case Paused():
                return self.pause(step)

    def rest(self, step: Rested) -> str:
        key = "rested_weekend" if not step.holidays else "rested_mixed" if step.weekends else "rested_holiday"
        days = self.day(step.first)
        if step.last != step.first:
            days = self.say("days", first=days, last=self.day(step.last))
        count = step.holidays + step.weekends
        return self.say(key, days=days, count=count, holidays=step.holidays, weekends=step.weekends)

    def pause(self, step: Paused) -> str:
        if step.to_at is None:
            return self.say("paused_open", start=self.at(step.from_at))
        return self.say(
            "paused",
            start=self.at(step.from_at),
            end=self.at(step.to_at),
            duration=self.duration(step.seconds),
        )

    def ends(self, step: Counted) -> dict[str, str]:
        return {"start": self.at(step.from_at), "end": self.at(step.to_at)}

    def say(self, key: str, **values: object) -> str:
        return self.texts[f"clocks.{key}"].format(**values)

    def at(self, moment: datetime) -> str:
        local = moment.astimezone(self.zone)
        return f"{self.day(local.date())} {_time_of(local)}"

    def day(self, day: date) -> str:
        return self.say("day", date=day.isoformat(), weekday=self.texts[f"clocks.weekday_{day.isoweekday()}"])

    def hours(self, span: Span) -> str:
        return f"{_time_of(span.from_at.astimezone(self.zone))}–{_time_of(span.to_at.astimezone(self.zone))}"

    def duration(self, seconds: int) -> str:
        hours, rest = divmod(seconds, HOUR)
        minutes, rest = divmod(rest, 60)
        parts = [("hours", hours), ("minutes", minutes), ("seconds", rest)]
        said = [self.say(key, n=number) for key, number in parts if number]
        return " ".join(said) or self.say("minutes", n=0)


def _time_of(local: datetime) -> str:
    return local.strftime("%H:%M:%S" if local.second else "%H:%M")


def _joined(steps: Iterable[Step]) -> Iterator[Step | _Days]:
    """The steps, with full ordinary working days in a row made one."""
    run: list[Worked] = []
    weekend: Rested | None = None
    for step in steps:
        if isinstance(step, Worked) and step.whole and not step.make_up:
            run.append(step)
            weekend = None
        elif isinstance(step, Rested) and not step.holidays and run and weekend is None:
            weekend = step
        else:
            yield from _run(run, weekend)
            run, weekend = [], None
            yield step
    yield from _run(run, weekend)


def _run(run: list[Worked], weekend: Rested | None) -> Iterator[Step | _Days]:
    if len(run) > 1:
        first, last = run[0].day, run[-1].day
        weekends = (last - first) // timedelta(days=1) + 1 - len(run)
        yield _Days(first, last, len(run), weekends, sum(day.seconds for day in run))
    else:
        yield from run
    if weekend:
        yield weekend
