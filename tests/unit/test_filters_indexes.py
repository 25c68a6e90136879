"""Which index a list of cases is to be read by: a day's closings by their own, however much a town or a department holds."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.dialects import sqlite

from models.filters import CaseFilter, Moment, scope
from models.moves import Actor, Role

MOMENT = Moment(datetime(2026, 11, 26, 3, tzinfo=UTC), ZoneInfo("Asia/Shanghai"))


def said(condition: object) -> str:
    return str(condition.compile(dialect=sqlite.dialect()))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("field", "asked"),
    [("town", {"area": "990100100", "is_town": True}), ("department", {"department": "cg"}), ("level", {"level": 2})],
)
def test_what_was_closed_today_is_never_read_by_a_field_that_grows_with_the_years(
    field: str, asked: dict[str, object]
) -> None:
    closed = said(CaseFilter("closed-today", **asked).where(MOMENT, None))  # type: ignore[arg-type]
    assert f"+cases.{field} =" in closed
    reported = said(CaseFilter("reported-today", **asked).where(MOMENT, None))  # type: ignore[arg-type]
    assert (
        f"cases.{field} =" in reported and f"+cases.{field}" not in reported
    )  # its index goes on in the order of reports


def test_nor_by_the_scope_of_a_department() -> None:
    assert "+cases.department =" in said(scope(Actor("cg", Role.DEPARTMENT, department="cg"), among_open=True))
