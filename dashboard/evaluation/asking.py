"""What somebody asks of the evaluation, and how much of the county may answer them (design.md §4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from config.sentences import say
from dashboard.api.shapes import EvaluationQuery
from dashboard.problems import Problem
from dashboard.services import Services
from models.accounts import Visitor
from models.directory import Directory
from models.evaluation.periods import Month, Period, PeriodRefused
from models.evaluation.reading import Answer, Level, Question, answer
from models.evaluation.scoring import By
from models.moves import Role

EARLY = 7
"""Up to this day of a month the month before is shown first: the new one says nothing yet."""


def asked(parts: Services, who: Visitor, query: EvaluationQuery, now: datetime) -> Question:
    """The question behind a query string.

    Raises:
        Problem: 422 for a period, area or weight that cannot be; 403 for what the asker may not see.
    """
    directory, version = parts.directory(), parts.evaluation().formulas
    period = _period(query.period, now, parts)
    by = _by(who, query.by)
    weights = _weights(query.weights, frozenset(version.at(period.first.first).by_code))
    whole = who.area is None and who.department is None and who.role is not Role.DEPARTMENT
    if by == "department":
        codes = (who.department,) if who.department else tuple(directory.departments)
        return Question(period, by, codes, whole=whole, weights=weights)
    if by == "post":
        return Question(period, by, tuple(post.code for post in version.at(period.first.first).posts), whole=whole)
    level, codes = _areas(who, directory, query)
    return Question(period, by, codes, level=level, whole=whole, weights=weights)


def told(parts: Services, who: Visitor, query: EvaluationQuery) -> Answer:
    """The answer, as of now.

    Raises:
        Problem: see `asked`.
    """
    now = parts.clock.now()
    return answer(parts.store, parts.evaluation(), asked(parts, who, query, now), now)


def _period(text: str | None, now: datetime, parts: Services) -> Period:
    if text:
        try:
            return Period.read(text)
        except PeriodRefused as error:
            raise Problem(422, str(error), field="period") from error
    month = Month.of(now, parts.zone)
    return Period("month", month.plus(-1) if now.astimezone(parts.zone).day <= EARLY else month)


def _by(who: Visitor, wanted: By | None) -> By:
    """What may be asked by whom: a department sees itself, and who is bound to an area sees that area."""
    if who.department is not None or who.role is Role.DEPARTMENT:
        if who.department is None or wanted not in (None, "department"):
            raise Problem(
                403, say("{name} is bound to a department and sees only its own evaluation.", name=who.name), field="by"
            )
        return "department"
    if who.area is not None and wanted not in (None, "area"):
        raise Problem(
            403, say("{name} is bound to an area and sees only its own evaluation.", name=who.name), field="by"
        )
    return wanted or "area"


def _areas(who: Visitor, directory: Directory, query: EvaluationQuery) -> tuple[Level, tuple[str, ...]]:
    level, under = query.level, query.under or None
    if under is not None and (under not in directory.areas or directory.areas[under]["level"] != "town"):
        raise Problem(422, say("There is no town {under!r}; GET /api/v1/areas lists them.", under=under), field="under")
    mine = directory.areas.get(who.area or "")
    if who.area is not None:
        if mine is None or (under is not None and under != mine["town"]):
            raise Problem(403, say("{name} is bound to another area.", name=who.name), field="under")
        if mine["level"] != "town":
            return ("grid" if mine["level"] == "grid" else "community"), (who.area,)
        under = who.area
    if level == "town":
        return level, tuple(code for code in directory.towns if under in (None, code))
    found = [code for code, area in directory.areas.items() if area["level"] == level and under in (None, area["town"])]
    return level, tuple(found)


def _weights(text: str | None, known: frozenset[str]) -> Mapping[str, float] | None:
    """`closing:20,rework:5` of a what-if."""
    if not text:
        return None
    found: dict[str, float] = {}
    for part in text.split(","):
        code, _, number = part.partition(":")
        if code not in known:
            raise Problem(422, say("There is no indicator {code!r}.", code=code), field="weights")
        try:
            weight = float(number)
        except ValueError:
            weight = -1.0
        if not 0 <= weight <= 100:
            raise Problem(
                422,
                say("Expected a weight from 0 to 100 for {code}; came {number!r}.", code=code, number=number[:20]),
                field="weights",
            )
        found[code] = weight
    return found
