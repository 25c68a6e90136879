"""Forecasts and suggestions read into the shapes of the API, for its routes and for the pages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.api import forecast_shapes as shapes
from dashboard.services import Services
from models.calendars import instant_of
from models.directory import Names
from models.filters import Moment
from models.forecast import late
from models.forecast.lessons import CATEGORY, DEPARTMENT, facts
from models.forecast.shelf import Learned
from models.forecast.survival import Score


def rows(parts: Services, connection: Any, cases: Sequence[Any], moment: Moment) -> Mapping[int, dict[str, Any]]:
    """Case id → the fields of a list's row that say whether it will be late."""
    living = [case for case in cases if _is_running(case, moment)]
    if not living:
        return {}
    model, book = parts.shelf.late(), parts.rules()
    watched = late.watched(connection, [case.id for case in living])
    found = {}
    for case in living:
        used = late.used(book, case, moment.now)
        chance = None if used is None else model.chance(case.department, used)
        found[case.id] = {
            "will_be_late": late.is_likely(case, watched.get(case.id), moment.now),
            "late_chance": None if chance is None else round(chance.chance, 3),
            "late_basis": "history" if model.by_history(case.department) else "rule",
        }
    return found


def of_case(parts: Services, connection: Any, case: Any, moment: Moment) -> shapes.Forecast | None:
    """The whole answer for one case; None where it is over, due, or without a deadline."""
    used = late.used(parts.rules(), case, moment.now) if _is_running(case, moment) else None
    if used is None:
        return None
    model = parts.shelf.late()
    chance = model.chance(case.department, used)
    score = model.score(case.department)
    likely = late.is_likely(case, late.watched(connection, [case.id]).get(case.id), moment.now)
    return shapes.Forecast(
        basis="rule" if chance is None else "history",
        likely=likely,
        used=round(used, 4),
        chance=None if chance is None else round(chance.chance, 4),
        own=None if chance is None else round(chance.own, 4),
        county=None if chance is None else round(chance.county, 4),
        weight=None if chance is None else round(chance.weight, 4),
        cases=None if chance is None else chance.cases,
        score=None if score is None else brier(case.department, score),
    )


def _is_running(case: Any, moment: Moment) -> bool:
    return case.closed_at is None and case.due_at is not None and bool(case.due_at >= moment.now)


def brier(department: str | None, score: Score) -> shapes.BrierScore:
    """The scores of a department, or of the whole."""
    return shapes.BrierScore(
        department=department,
        judged=score.judged,
        late=score.late,
        history=_rounded(score.model),
        rule=_rounded(score.rule),
        plain_rule=_rounded(score.plain),
        used="history" if score.beats_the_rule else "rule",
    )


def _rounded(score: float) -> float | None:
    return None if math.isnan(score) else round(score, 4)


def back_test(parts: Services) -> shapes.BackTestAnswer:
    """The back-test of the estimate in force; empty before the first learning."""
    model = parts.shelf.late()
    test = model.test
    if test is None:
        return shapes.BackTestAnswer(
            learned_at=None, first=None, last=None, looks=0, whole=None, departments=[], calibration=[]
        )
    return shapes.BackTestAnswer(
        learned_at=model.fitted_at,
        first=instant_of(test.first),
        last=instant_of(test.last),
        looks=test.looks,
        whole=brier(None, test.whole),
        departments=[brier(name, score) for name, score in sorted(test.departments.items())],
        calibration=[
            shapes.CalibrationRow(forecast=round(forecast, 4), late=round(share, 4), judged=count)
            for forecast, share, count in test.calibration
        ],
    )


# --- suggestions -----------------------------------------------------------------------------------------------------


def suggested(
    parts: Services, text: str, *, category: str | None, area: str | None, source: str | None
) -> shapes.Suggestion:
    """Categories for a text, and departments for it: by the category where a person has chosen one."""
    directory = parts.directory()
    by_category, by_department = parts.shelf.suggesting(CATEGORY), parts.shelf.suggesting(DEPARTMENT)
    leaves = {code: row for code, row in directory.categories.items() if row["leaf"]}
    categories = _known(by_category.model.best(text, most=6), leaves)
    town = directory.areas.get(area or "", {}).get("town")
    departments = by_department.model.best(text, facts(category, town, source), most=6)
    first = leaves.get(category or (categories[0].code if categories else ""), {}).get("department")
    if not departments and first:
        departments = [first]
    return shapes.Suggestion(
        categories=categories,
        departments=_known(departments, directory.departments),
        category_measured=_measured(by_category),
        department_measured=_measured(by_department),
        learned_from=by_category.rows,
        learned_at=by_category.fitted_at,
    )


def _known(codes: Sequence[str], names: Names) -> list[shapes.SuggestedCode]:
    """The first three that still exist."""
    rows = [names[code] for code in codes if code in names][:3]
    return [shapes.SuggestedCode(code=row["code"], name=row["name"], name_en=row["name_en"]) for row in rows]


def _measured(learned: Learned) -> shapes.Measured | None:
    return shapes.Measured(**learned.measured) if learned.measured else None
