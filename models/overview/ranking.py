"""Who is behind: departments by the score of the running period, and the county's shares; from the kept sums alone.

Nobody is ranked by how much is reported there: the order is that of the evaluation's score, and whoever has too few cases
for one stands behind the others, marked, without a rank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from models.evaluation import books
from models.evaluation.books import County
from models.evaluation.listing import Listing
from models.evaluation.periods import Month, Period
from models.evaluation.reading import COUNTY, Question, excluded, heard, tallies
from models.evaluation.scoring import Judged, Share, judge

EARLY = 7
"""Up to this day of a month the month before is told: the new one says nothing yet."""
SHARES = ("closing-in-time", "satisfied")


@dataclass(frozen=True)
class Place:
    """A department: its rank from the lowest score (1 is furthest behind), None where its sample is too small."""

    code: str
    rank: int | None
    now: Judged
    before: Judged
    last_year: Judged


@dataclass(frozen=True)
class CountyShare:
    """One indicator of the whole county, beside the period before and the year before; `listing` opens its cases."""

    code: str
    now: Share
    before: Share
    last_year: Share
    listing: str


@dataclass(frozen=True)
class Ranking:
    """A period told up to `told` (county time; None: nothing is written of it yet)."""

    period: Period
    told: datetime | None
    places: Sequence[Place]
    shares: Mapping[str, CountyShare]
    small_sample: int
    execution: str
    """The indicator whose share stands beside the score."""


def period_of(now: datetime, county: County) -> Period:
    """The running month; in its first days the one before."""
    month = Month.of(now, county.zone)
    return Period("month", month.plus(-1) if now.astimezone(county.zone).day <= EARLY else month)


def ranking(connection: Connection, county: County, departments: Sequence[str], now: datetime) -> Ranking:
    """The ranking as the books stand; whoever keeps the books is the alerts process."""
    period = period_of(now, county)
    version = county.formulas.at(period.first.first)
    spans = (period, period.before, period.last_year)
    by_department = Question(period, "department", tuple(departments))
    judged: list[dict[str, Judged]] = []
    for span in spans:
        sums, gone = tallies(connection, span, by_department), excluded(connection, span, by_department)
        said = heard(connection, span, by_department, version, county.zone)
        judged.append(
            {
                code: judge(
                    version,
                    code,
                    sums.get(code, {}),
                    by="department",
                    excluded=gone.get(code, ()),
                    asked=said.get(code),
                )
                for code in departments
            }
        )
    whole = Question(period, "post", (COUNTY,))
    county_sums = [tallies(connection, span, whole).get(COUNTY, {}) for span in spans]
    county_gone = [excluded(connection, span, whole).get(COUNTY, ()) for span in spans]
    county_said = [heard(connection, span, whole, version, county.zone).get(COUNTY) for span in spans]
    all_ = [
        judge(version, COUNTY, sums, by="area", excluded=gone, asked=said)
        for sums, gone, said in zip(county_sums, county_gone, county_said, strict=True)
    ]
    kept = books.kept_books(connection, period.months)
    told = [book.told for book in kept.values() if book.told is not None]
    return Ranking(
        period=period,
        told=max(told, default=None),
        places=placed([(judged[0][code], judged[1][code], judged[2][code]) for code in departments]),
        shares={
            code: CountyShare(
                code,
                all_[0].shares[code],
                all_[1].shares[code],
                all_[2].shares[code],
                listing=_listing(county, period, code),
            )
            for code in SHARES
            if code in version.by_code
        },
        small_sample=version.small_sample,
        execution=version.score.execution,
    )


def placed(rows: Sequence[tuple[Judged, Judged, Judged]]) -> list[Place]:
    """The lowest score first; small samples last, unranked; who had no case at all is left out. Pure."""
    scored = sorted((row for row in rows if row[0].score is not None), key=lambda row: (row[0].score, row[0].code))
    small = sorted((row for row in rows if row[0].score is None and row[0].sample), key=lambda row: row[0].code)
    ranked = [Place(row[0].code, number, *row) for number, row in enumerate(scored, 1)]
    return ranked + [Place(row[0].code, None, *row) for row in small]


def _listing(county: County, period: Period, code: str, by: str = "county", of: str = "") -> str:
    indicator = county.formulas.at(period.first.first).by_code[code]
    return str(Listing(period, by, of, code, tuple(indicator.denominator), tuple(indicator.numerator), "of"))


def misses(county: County, period: Period, code: str, by: str, of: str) -> str:
    """The list of those that an indicator counts against a department: due, and not closed in time."""
    indicator = county.formulas.at(period.first.first).by_code[code]
    return str(Listing(period, by, of, code, tuple(indicator.denominator), tuple(indicator.numerator), "miss"))
