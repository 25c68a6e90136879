"""The cases behind a figure of the evaluation, as a condition on lists: a figure always equals the list it opens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, and_, exists, not_, select

from config.evaluation import MARKS
from config.sentences import say
from models import tables as t
from models.evaluation import tables as e
from models.evaluation.folding import bits
from models.evaluation.periods import Period, PeriodRefused

Part = Literal["of", "hits", "miss"]
BYS = ("county", "town", "community", "grid", "department")
LONGEST = 400


class ListingRefused(Exception):
    """Not a list of the evaluation. The text says what was expected."""


@dataclass(frozen=True)
class Listing:
    """The cases of one cell: of a place or department in a period, those that an indicator counts.

    `of` is its denominator, `hits` its numerator, `miss` the difference. Cases that a granted appeal took out of the
    indicator are in none of them.
    """

    period: Period
    by: str
    code: str
    indicator: str
    denominator: tuple[str, ...]
    numerator: tuple[str, ...]
    part: Part

    def __str__(self) -> str:
        below, above = "+".join(self.denominator), "+".join(self.numerator)
        return "~".join((str(self.period), self.by, self.code, self.indicator, below, above, self.part))

    @classmethod
    def read(cls, text: str) -> Listing:
        """What `str` wrote.

        Raises:
            ListingRefused: it is not that.
        """
        parts = text.split("~")
        if len(parts) != 7 or len(text) > LONGEST:
            raise ListingRefused(
                "Expected PERIOD~BY~CODE~INDICATOR~DENOMINATOR~NUMERATOR~PART, as the evaluation writes it."
            )
        period, by, code, indicator, below, above, part = parts
        denominator, numerator = tuple(below.split("+")), tuple(above.split("+"))
        unknown = [mark for mark in (*denominator, *numerator) if mark not in MARKS]
        if unknown or by not in BYS or part not in ("of", "hits", "miss"):
            came = unknown[0] if unknown else (by if by not in BYS else part)
            raise ListingRefused(say("The evaluation has no {came!r}.", came=came))
        try:
            return cls(Period.read(period), by, code, indicator, denominator, numerator, part)  # type: ignore[arg-type]
        except PeriodRefused as error:
            raise ListingRefused(str(error)) from error

    def condition(self) -> ColumnElement[bool]:
        """On `cases`."""
        months = [str(month) for month in self.period.months]
        table = e.order if self.by == "department" else e.case
        column = {"town": "town", "community": "community", "grid": "area", "department": "department"}.get(self.by)
        below = bits(self.denominator)
        above = below | bits(self.numerator)
        wanted = [table.c.month.in_(months), table.c.marks.op("&")(below) == below]
        if column:
            wanted.append(table.c[column] == self.code)
        if self.part != "of":
            hit = table.c.marks.op("&")(above) == above
            wanted.append(hit if self.part == "hits" else not_(hit))
        a = e.appeal.c
        taken = and_(
            a.case_id == table.c.case_id,
            a.month == table.c.month,
            a.indicator == self.indicator,
            a.decision == "granted",
        )
        return t.cases.c.id.in_(select(table.c.case_id).where(*wanted, not_(exists(select(1).where(taken)))))


def where(text: str) -> ColumnElement[bool]:
    """The condition of a written listing.

    Raises:
        ListingRefused: it is none.
    """
    return Listing.read(text).condition()
