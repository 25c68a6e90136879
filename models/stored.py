"""Stored reference data as the nouns that its files are read into: for an export, and for judging one changed row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any

import shapely
from sqlalchemy import Connection, Row, delete, extract, select

from config.county import Area, CalendarDay, Category, Contact, Department, Duty, DutyChange, Post, Source
from models import tables as t
from models.reference import put_document, rosters

LINE = 0
"""What is stored stands on no line of a file."""


def nouns(connection: Connection, kind: str, year: int | None = None) -> list[Any]:
    """All of a kind (as `config.reference.TABLES` names them), in the order of their keys; of `calendar` one year's."""
    weekly, changes = rosters(connection)
    readers: Mapping[str, Callable[[], list[Any]]] = {
        "areas": lambda: [_area(row) for row in _rows(connection, t.area, t.area.c.code)],
        "departments": lambda: [_department(row) for row in _rows(connection, t.department, t.department.c.code)],
        "categories": lambda: [_category(row) for row in _rows(connection, t.category, t.category.c.code)],
        "sources": lambda: [
            Source(row.code, row.name, row.name_en, LINE) for row in _rows(connection, t.source, t.source.c.code)
        ],
        "posts": lambda: [
            Post(row.area, row.post, row.required, row.filled, LINE) for row in _rows(connection, t.post, t.post.c.area)
        ],
        "calendar": lambda: _days(connection, year),
        "duty": lambda: [Duty(**_timed(row)) for row in weekly],
        "duty-changes": lambda: [
            DutyChange(**_timed(row) | {"day": date.fromisoformat(row["day"])}) for row in changes
        ],
    }
    return readers[kind]()


def _rows(connection: Connection, table: Any, order: Any) -> list[Row[Any]]:
    return list(connection.execute(select(table).order_by(order)))


def _area(row: Row[Any]) -> Area:
    return Area(
        code=row.code,
        name=row.name,
        name_en=row.name_en,
        level=row.level,
        parent=row.parent,
        kind=row.kind,
        households=row.households or 0,
        valid_from=row.valid_from or date(1970, 1, 1),
        valid_to=row.valid_to,
        covers=tuple(row.covers or ()),
        label=tuple(row.label) if row.label else (0.0, 0.0),
        shape=shapely.geometry.shape(row.geometry) if row.geometry else shapely.Polygon(),
        line=LINE,
    )


def _department(row: Row[Any]) -> Department:
    names = ("code", "name", "name_en", "short", "short_en", "desk", "desk_en", "deputy", "deputy_en", "phone")
    contacts = tuple(Contact(**contact) for contact in row.contacts or ())
    return Department(**{name: getattr(row, name) for name in names}, contacts=contacts, line=LINE)


def _category(row: Row[Any]) -> Category:
    return Category(
        code=row.code,
        parent=row.parent,
        name=row.name,
        name_en=row.name_en,
        is_leaf=row.leaf,
        department=row.department,
        co_departments=tuple(row.co_departments or ()),
        level=row.level if row.leaf else None,
        limit=row.limit_amount,
        unit=row.limit_unit,
        filing=row.filing,
        closing=row.closing,
        source=row.source,
        line=LINE,
    )


def _days(connection: Connection, year: int | None) -> list[CalendarDay]:
    d = t.calendar_day.c
    wanted = select(t.calendar_day).where(extract("year", d.day) == year).order_by(d.day)
    return [
        CalendarDay(row.day, row.kind, row.name, row.name_en, row.source, LINE) for row in connection.execute(wanted)
    ]


def _timed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "starts": time.fromisoformat(row["starts"]), "ends": time.fromisoformat(row["ends"])}


def forget_year(connection: Connection, year: int) -> None:
    """Take the days of a year out, before they are put in anew."""
    connection.execute(delete(t.calendar_day).where(extract("year", t.calendar_day.c.day) == year))


def unknown_years(connection: Connection) -> int:
    """How many open cases have no deadline because they run into a year without an official calendar."""
    c = t.cases.c
    found = connection.execute(select(c.id).where(t.OPEN, c.due_basis == "unknown-year")).all()
    return len(found)


def forget_changes(connection: Connection) -> None:
    """Take every dated exception of the roster out."""
    put_document(connection, "duty-changes", [])
