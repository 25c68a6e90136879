"""Foreign cases on their way to the door: rows of a file as reports and moves, for imports and replays alike."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from config.columns import CaseMap, ForeignCase, RowRefused
from config.tabular import Row, Table
from dashboard.cli.parts import Parts
from models import tables
from models.directory import read as directory
from models.door import Deed, Door, Outcome, Report
from models.geodesy import wgs84
from models.moves import Actor, Refused, Role
from models.reference import put
from models.rules import Category, RuleBook

BATCH = 200
"""Rows in one transaction (reliability.md §1.4)."""
PAUSE = 0.005
"""Seconds between two transactions, in which people's own writes pass."""
_ADDRESS, _CODE, _NAME = 200, 64, 120


@dataclass(frozen=True)
class Reject:
    """A row that became no case, and why."""

    row: Row
    reason: str


def foreign_cases(table: Table, map_: CaseMap) -> Iterator[tuple[Row, ForeignCase] | Reject]:
    """Each row as a case, or as a reject; one row at a time."""
    for row in table.rows():
        if row.problem:
            yield Reject(row, row.problem)
            continue
        try:
            yield row, map_.case(row.cells)
        except RowRefused as error:
            yield Reject(row, str(error))


@dataclass(frozen=True)
class Names:
    """Our codes by what files call things: the code itself, else the one thing of that name."""

    categories: Mapping[str, str]
    departments: Mapping[str, str]
    areas: Mapping[str, str]

    @classmethod
    def of(cls, parts: Parts) -> Names:
        with parts.store.read() as connection:
            found = directory(connection)
        leaves = {code: row for code, row in found.categories.items() if row["leaf"]}
        return cls(_by_name(leaves), _by_name(found.departments, "short"), _by_name(found.areas))


def _by_name(rows: Mapping[str, Mapping[str, Any]], *more: str) -> dict[str, str]:
    """Names that two things share name neither."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for code, row in rows.items():
        for name in {str(row[key]) for key in ("name", *more) if row.get(key)}:
            twice |= {name} & found.keys()
            found[name] = code
    return {name: code for name, code in found.items() if name not in twice} | {code: code for code in rows}


class Feeder:
    """Puts foreign cases through the door, with categories and departments made where the map allows it."""

    def __init__(self, parts: Parts, map_: CaseMap) -> None:
        self._parts = parts
        self._map = map_
        self._book = parts.rules()
        self._known_areas = parts.rules().places
        self._names = Names.of(parts)
        self.actor = Actor(map_.client, Role.SYSTEM)
        self.door = Door(parts.store, lambda: self._book, parts.vault)
        self.made_categories: list[str] = []
        self.made_departments: list[str] = []

    @property
    def book(self) -> RuleBook:
        """The rule book with what was made along the way."""
        return self._book

    def codes(self, case: ForeignCase) -> tuple[str, str | None]:
        """Our codes of the case's category and department."""
        category = self._names.categories.get(case.category) or _code(case.category)
        return category, (
            self._names.departments.get(case.department) or _code(case.department)
        ) if case.department else None

    def refusal(self, case: ForeignCase, now: datetime) -> str | None:
        """Why this case would not be taken; None where it would. Asks the rule book only."""
        category, department = self.codes(case)
        if category not in self._book.categories and not self._map.create.categories:
            return f"{self._map.columns.category}: there is no category {case.category!r}"
        if department and department not in self._book.departments and not self._map.create.departments:
            return f"{self._map.columns.department}: there is no department {case.department!r}"
        if case.reported_at > now:
            return f"{self._map.columns.reported_at}: {case.reported_at.isoformat()} lies in the future"
        if case.closed_at is not None and case.closed_at < case.reported_at:
            return f"{self._map.columns.closed_at}: closed before it was reported"
        if len(case.external_id) > _NAME:
            return f"{self._map.columns.external_id}: longer than {_NAME} characters"
        return None

    def notice(self, case: ForeignCase, dry_run: bool) -> None:
        """Make the case's category and department where they are new; in a dry run only in this rule book."""
        category, department = self.codes(case)
        if category not in self._book.categories:
            self.made_categories.append(category)
            leaf = Category(category, case.category, None, case.level, None, None)
            self._book = replace(self._book, categories={**self._book.categories, category: leaf})
            if not dry_run:
                self._put(tables.category, _category_row(category, case.category, case.level, self._map.origin))
        if department and department not in self._book.departments:
            self.made_departments.append(department)
            self._book = replace(self._book, departments=self._book.departments | {department})
            if not dry_run:
                self._put(tables.department, _department_row(department, str(case.department)))

    def _put(self, table: Any, row: Mapping[str, Any]) -> None:
        with self._parts.store.write() as connection:
            put(connection, table, [row])

    def report(self, deed: Deed, case: ForeignCase) -> Outcome:
        """File the case at its own time, and take it to the stage the file names where that is on the way.

        Raises:
            Refused: the door does not take it.
        """
        category, department = self.codes(case)
        longitude, latitude = case.longitude, case.latitude
        if longitude is not None and latitude is not None:
            longitude, latitude = wgs84(longitude, latitude, self._map.file.frame)
        report = Report(
            category=category,
            description=case.description or case.category,
            source=case.source,
            longitude=longitude,
            latitude=latitude,
            frame=self._map.file.frame if longitude is not None else None,
            area=self._area(case),
            address=case.address[:_ADDRESS],
            level=case.level,
            client=self._map.client,
            external_id=case.external_id,
            due_at=case.due_at,
            department=department,
            keeps_own_clock=bool(self._map.columns.due_at),
        )
        outcome = deed.report(report, self.actor, case.reported_at)
        if outcome.created and case.closed_at is None:
            self._carry_on(deed, outcome.case.code, case, department)
        return outcome

    def _area(self, case: ForeignCase) -> str | None:
        """The printed area where we know it; a case without any place is kept at the county itself."""
        named = self._names.areas.get(case.area or "")
        if named is not None:
            return named
        if case.longitude is not None:
            return None
        return self._book.county if self._book.county in self._known_areas else None

    def _carry_on(self, deed: Deed, code: str, case: ForeignCase, department: str | None) -> None:
        """An open case stands where the file says; when it came there the file does not say, so at once."""
        steps = {"filed": ["file"], "dispatched": ["dispatch"], "handling": ["dispatch", "receipt"]}
        steps["feedback"] = [*steps["handling"], "feedback"]
        if department is None:
            return
        for action in steps.get(case.stage, []):
            fields = {"department": department, "note": case.closing or "—"}
            deed.move(code, action, self.actor, case.reported_at, fields)

    def close(self, deed: Deed, code: str, case: ForeignCase) -> bool:
        """Close the case at its own time; False where it was closed before."""
        assert case.closed_at is not None
        try:
            deed.move(code, "close-at-source", self.actor, case.closed_at, {"note": case.closing})
        except Refused:
            return False
        return True


def _code(text: str) -> str:
    """A code from a file's text: the text itself, shortened with a mark of its own where it is too long."""
    return text if len(text) <= _CODE else f"{text[: _CODE - 9]}#{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _category_row(code: str, name: str, level: int, origin: str) -> dict[str, Any]:
    return {
        "code": code,
        "parent": None,
        "name": name[:_NAME],
        "name_en": name[:_NAME],
        "department": None,
        "level": level,
        "limit_amount": None,
        "limit_unit": None,
        "source": origin[:200],
        "leaf": True,
    }


def _department_row(code: str, name: str) -> dict[str, Any]:
    short = name[:60]
    return {"code": code, "name": name[:_NAME], "name_en": name[:_NAME], "short": short, "short_en": short}
