"""Suggestions in the store: lessons from closed cases and the names of categories, the models kept with their accuracy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from models import tables as t
from models.directory import Directory
from models.forecast.late import keep
from models.forecast.suggesting import Lesson, Model, learn, measured, packed
from models.masking import masked
from models.moves import Stage
from models.store import Store

CATEGORY, DEPARTMENT = "category", "department"
RECENT = 4_000
"""Closed cases that are learned from, the newest."""
c = t.cases.c


def cold(directory: Directory) -> tuple[list[Lesson], list[Lesson]]:
    """What the names of categories teach, before any case does: of categories, and of departments."""
    leaves = [row for row in directory.categories.values() if row["leaf"]]
    categories = [Lesson(_named(directory, leaf), leaf["code"], weight=2) for leaf in leaves]
    departments = [
        Lesson(_named(directory, leaf), leaf["department"], (("category", leaf["code"]),), weight=2)
        for leaf in leaves
        if leaf["department"]
    ]
    return categories, departments


def _named(directory: Directory, leaf: Mapping[str, Any]) -> str:
    parent = directory.categories.get(leaf["parent"] or "", {})
    return f"{leaf['name']} {leaf['name_en']} {parent.get('name', '')} {leaf['filing']}"


def of_cases(connection: Connection) -> tuple[list[Lesson], list[Lesson]]:
    """What the newest closed cases teach, in order of time: people had confirmed their categories and departments."""
    columns = (c.description, c.category, c.department, c.town, c.source)
    rows = connection.execute(
        select(*columns).where(c.stage == Stage.CLOSED).order_by(c.closed_at.desc()).limit(RECENT)
    ).all()
    rows = rows[::-1]
    texts = [masked(row.description) for row in rows]
    categories = [Lesson(text, row.category) for text, row in zip(texts, rows, strict=True)]
    departments = [
        Lesson(text, row.department, facts(row.category, row.town, row.source))
        for text, row in zip(texts, rows, strict=True)
        if row.department
    ]
    return categories, departments


def facts(category: str | None, town: str | None, source: str | None) -> tuple[tuple[str, str], ...]:
    """What is known of a case besides its text, as the model of departments takes it."""
    known = (("category", category), ("town", town), ("source", source))
    return tuple((name, value) for name, value in known if value)


def learn_all(store: Store, directory: Directory, now: datetime, real: datetime) -> None:
    """Learn both models from the store and keep them, each with its accuracy on cases it had not seen."""
    with store.read() as connection:
        taught = of_cases(connection)
    found = [_learned(always, lessons) for always, lessons in zip(cold(directory), taught, strict=True)]
    with store.write() as connection:
        for name, (model, figures), lessons in zip((CATEGORY, DEPARTMENT), found, taught, strict=True):
            keep(connection, name, real, now, len(lessons), figures, packed(model))


def _learned(always: Sequence[Lesson], lessons: Sequence[Lesson]) -> tuple[Model, dict[str, Any]]:
    tested = measured(lessons, always, most=RECENT)
    figures = {} if tested is None else {"rows": tested.rows, "top1": tested.top1, "top3": tested.top3}
    return learn([*always, *lessons]), figures


def untaught(directory: Directory) -> Iterator[tuple[str, Model]]:
    """The models of a county that has closed no case yet."""
    for name, lessons in zip((CATEGORY, DEPARTMENT), cold(directory), strict=True):
        yield name, learn(lessons)
