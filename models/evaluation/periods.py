"""Months, quarters and years of the county's calendar, and the periods they are compared with. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from config.sentences import say

Kind = Literal["month", "quarter", "year"]
LENGTH: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}
_WRITTEN = re.compile(r"(\d{4})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?")
EARLIEST, LATEST = 1971, 9990


class PeriodRefused(Exception):
    """Not a period. The text says what was expected."""


@dataclass(frozen=True, order=True)
class Month:
    """A month of the county's calendar."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02d}"

    @classmethod
    def of(cls, at: datetime, zone: ZoneInfo) -> Month:
        """The month in which an instant falls."""
        local = at.astimezone(zone)
        return cls(local.year, local.month)

    @classmethod
    def read(cls, text: str) -> Month:
        """`2026-10` as it is stored."""
        year, number = text.split("-")
        return cls(int(year), int(number))

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    def start(self, zone: ZoneInfo) -> datetime:
        """Its first instant, UTC."""
        return datetime.combine(self.first, time(), zone).astimezone(UTC)

    def end(self, zone: ZoneInfo) -> datetime:
        """The first instant after it, UTC."""
        return self.plus(1).start(zone)

    def plus(self, months: int) -> Month:
        """So many months later; earlier with a negative number."""
        whole = self.year * 12 + self.number - 1 + months
        return Month(whole // 12, whole % 12 + 1)


@dataclass(frozen=True)
class Period:
    """One, three or twelve months."""

    kind: Kind
    first: Month

    def __str__(self) -> str:
        if self.kind == "month":
            return str(self.first)
        return f"{self.first.year}-Q{(self.first.number + 2) // 3}" if self.kind == "quarter" else str(self.first.year)

    @classmethod
    def read(cls, text: str) -> Period:
        """`2026-10`, `2026-Q4` or `2026`.

        Raises:
            PeriodRefused: it is none of them.
        """
        found = _WRITTEN.fullmatch(text)
        if not found or not EARLIEST <= int(found[1]) <= LATEST:
            raise PeriodRefused(
                say("Expected a period such as 2026-10, 2026-Q4 or 2026; came {text!r}.", text=text[:20])
            )
        year = int(found[1])
        if found[2]:
            return cls("month", Month(year, int(found[2])))
        return cls("quarter", Month(year, int(found[3]) * 3 - 2)) if found[3] else cls("year", Month(year, 1))

    @classmethod
    def around(cls, kind: Kind, month: Month) -> Period:
        """The period of this kind that holds a month."""
        length = LENGTH[kind]
        return cls(kind, Month(month.year, (month.number - 1) // length * length + 1))

    @property
    def months(self) -> tuple[Month, ...]:
        """Its months, in order."""
        return tuple(self.first.plus(n) for n in range(LENGTH[self.kind]))

    @property
    def before(self) -> Period:
        """The period before it, for 环比."""
        return Period(self.kind, self.first.plus(-LENGTH[self.kind]))

    @property
    def after(self) -> Period:
        """The period after it."""
        return Period(self.kind, self.first.plus(LENGTH[self.kind]))

    @property
    def last_year(self) -> Period:
        """The same period of the year before, for 同比."""
        return Period(self.kind, self.first.plus(-12))
