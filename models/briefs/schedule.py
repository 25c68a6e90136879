"""Which brief tells of which days, and when it is made. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from config.briefs import BriefRules
from models.evaluation.periods import Month

Kind = Literal["daily", "weekly", "monthly"]
KINDS: tuple[Kind, ...] = ("daily", "weekly", "monthly")


@dataclass(frozen=True)
class Span:
    """The days that a brief tells of: from `first` to `last`, both included."""

    kind: Kind
    first: date
    last: date

    @property
    def after(self) -> date:
        """The day behind it."""
        return self.last + timedelta(days=1)

    @property
    def before(self) -> Span:
        """As many days, or the month, before: 环比."""
        if self.kind == "monthly":
            return month_span(Month(self.first.year, self.first.month).plus(-1))
        days = (self.after - self.first).days
        return Span(self.kind, self.first - timedelta(days=days), self.last - timedelta(days=days))

    @property
    def last_year(self) -> Span:
        """同比: the same day, the same month; of a week, the one 52 weeks before, so that weekdays stay alike."""
        if self.kind == "monthly":
            return month_span(Month(self.first.year, self.first.month).plus(-12))
        if self.kind == "weekly":
            return Span(self.kind, self.first - timedelta(weeks=52), self.last - timedelta(weeks=52))
        leap = (self.first.month, self.first.day) == (2, 29)
        there = self.first.replace(year=self.first.year - 1, day=28 if leap else self.first.day)
        return Span(self.kind, there, there)


def month_span(month: Month) -> Span:
    """A whole month."""
    return Span("monthly", month.first, month.plus(1).first - timedelta(days=1))


def newest(rules: BriefRules, now: datetime, zone: ZoneInfo) -> list[tuple[Span, datetime]]:
    """Of each kind that is made, the span whose hour has come last, and that hour."""
    local = now.astimezone(zone)
    found: list[tuple[Span, datetime]] = []
    for kind in KINDS:
        if kind not in rules.off:
            day = _made_on(kind, rules, local)
            at = datetime.combine(day, _hour(kind, rules), zone).astimezone(now.tzinfo)
            found.append((span_of(kind, day), at))
    return found


def span_of(kind: Kind, made: date) -> Span:
    """The last whole day, week or month before a day."""
    if kind == "daily":
        return Span(kind, made - timedelta(days=1), made - timedelta(days=1))
    if kind == "weekly":
        monday = made - timedelta(days=made.weekday() + 7)
        return Span(kind, monday, monday + timedelta(days=6))
    return month_span(Month(made.year, made.month).plus(-1))


def _hour(kind: Kind, rules: BriefRules) -> time:
    return {"daily": rules.daily, "weekly": rules.weekly, "monthly": rules.monthly}[kind]


def _made_on(kind: Kind, rules: BriefRules, local: datetime) -> date:
    """The last day on which this kind was, or is, to be made by now."""
    today, come = local.date(), local.time() >= _hour(kind, rules)
    if kind == "daily":
        return today if come else today - timedelta(days=1)
    if kind == "weekly":
        back = (today.isoweekday() - rules.weekday) % 7
        return today - timedelta(days=back if back or come else 7)
    this = today.replace(day=rules.day)
    if today > this or (today == this and come):
        return this
    return Month(today.year, today.month).plus(-1).first.replace(day=rules.day)
