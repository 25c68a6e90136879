"""Reference data into the database: idempotent, row by row, never deleting what a case may point to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from config.county import (
    Area,
    Camera,
    Category,
    County,
    CountyRules,
    Department,
    Duty,
    DutyChange,
    LabelSet,
    Post,
    Source,
)
from config.evaluation import Formulas
from config.plans import Plan
from config.tables import adapter
from models import tables as t
from models.rules import REFERENCE
from models.store import Store, upserting
from models.vault import Vault

EVALUATION = "evaluation"
"""The document of the formulas."""
PLANS = "plans"
"""The document of the emergency plans, by code."""


def put(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert or update rows by primary key; returns how many were given. Rows must name the same columns."""
    rows = [dict(row) for row in rows]
    if not rows:
        return 0
    key = [column.name for column in table.primary_key]
    dialect = upserting(connection.dialect.name)
    statement = dialect.insert(table)
    others = {name: statement.excluded[name] for name in rows[0] if name not in key}
    if others:
        connection.execute(statement.on_conflict_do_update(index_elements=key, set_=others), rows)
    else:
        connection.execute(statement.on_conflict_do_nothing(index_elements=key), rows)
    touched(connection)
    return len(rows)


def touched(connection: Connection) -> None:
    """Say that reference data has changed, so that every process reads its rule book anew."""
    counter = t.counter.c
    if not connection.execute(
        update(t.counter).where(counter.name == REFERENCE).values(value=counter.value + 1)
    ).rowcount:
        connection.execute(insert(t.counter).values(name=REFERENCE, value=1))


def put_areas(connection: Connection, areas: Sequence[Mapping[str, Any]]) -> int:
    """Areas in any order: parents go first, and each gets the code of the town it lies in.

    Raises:
        ValueError: a parent that is neither given nor stored.
    """
    given = {area["code"]: area for area in areas}
    stored = {row.code: row for row in connection.execute(select(t.area.c.code, t.area.c.parent, t.area.c.level))}
    ordered: dict[str, Mapping[str, Any]] = {}

    def add(code: str) -> None:
        area = given[code]
        parent = area.get("parent")
        if parent and parent not in ordered:
            if parent in given:
                add(parent)
            elif parent not in stored:
                raise ValueError(f"Area {code!r} names the parent {parent!r}, which does not exist.")
        ordered[code] = area

    for code in given:
        if code not in ordered:
            add(code)
    return put(connection, t.area, [{**area, "town": _town(area, given, stored)} for area in ordered.values()])


def _town(area: Mapping[str, Any], given: Mapping[str, Any], stored: Mapping[str, Any]) -> str | None:
    code: str | None = area["code"]
    while code is not None:
        here = given.get(code)
        level = here["level"] if here else stored[code].level
        if level == "town":
            return code
        code = here.get("parent") if here else stored[code].parent
    return None


def put_calendar(connection: Connection, days: Iterable[Mapping[str, Any]], years: Iterable[int]) -> int:
    """Calendar days and the years they complete."""
    put(connection, t.calendar_year, [{"year": year} for year in sorted(set(years))])
    return put(connection, t.calendar_day, days)


def put_document(connection: Connection, name: str, body: Any) -> None:
    """A whole document of the county: `county`, `duty` or `duty-changes`."""
    put(connection, t.rules, [{"name": name, "body": body}])


def store_county(store: Store, county: County, vault: Vault) -> None:
    """A whole county from its reference files, in one transaction."""
    with store.write() as connection:
        put_county(connection, county)
        put_document(connection, "labels", {one.code: _labels(one) for one in county.label_sets.values()})
        _put_roster(connection, "duty", Duty, county.duty)
        _put_roster(connection, "duty-changes", DutyChange, county.duty_changes)
        put_document(connection, EVALUATION, adapter(Formulas).dump_python(county.evaluation, mode="json"))
        put_document(connection, PLANS, adapter(dict[str, Plan]).dump_python(dict(county.plans), mode="json"))
        put_areas(connection, [_area(area) for area in county.areas.values()])
        put(connection, t.post, [_row(t.post, post) for post in county.posts])
        put(connection, t.department, [_department(department) for department in county.departments.values()])
        put(connection, t.category, [_category(category) for category in county.categories.values()])
        put(connection, t.source, [_row(t.source, source) for source in county.sources.values()])
        put_calendar(connection, [_row(t.calendar_day, day) for day in county.calendar.values()], county.calendar_years)
        put_cameras(connection, [_camera(camera) for camera in county.cameras.values()], vault)


def put_county(connection: Connection, rules: CountyRules) -> None:
    """What county.toml says."""
    own = CountyRules(**{field.name: getattr(rules, field.name) for field in fields(CountyRules)})
    put_document(connection, "county", adapter(CountyRules).dump_python(own, mode="json"))


def _labels(one: LabelSet) -> Mapping[str, Any]:
    return {stage: list(label) for stage, label in one.stages.items()}


def _put_roster(connection: Connection, name: str, noun: type[Any], rows: Sequence[Any]) -> None:
    kind: Any = noun
    put_document(connection, name, [adapter(kind).dump_python(row, mode="json") for row in rows])


def _row(table: Table, noun: Any, **more: Any) -> dict[str, Any]:
    """The columns of a table that a noun has under the same name, and `more`."""
    return {column.name: getattr(noun, column.name) for column in table.c if hasattr(noun, column.name)} | more


def _area(area: Area) -> dict[str, Any]:
    return _row(t.area, area, covers=list(area.covers), label=list(area.label))


def _department(department: Department) -> dict[str, Any]:
    return _row(t.department, department, contacts=[asdict(contact) for contact in department.contacts])


def _category(category: Category) -> dict[str, Any]:
    return _row(
        t.category,
        category,
        co_departments=list(category.co_departments),
        level=category.level or 4,
        limit_amount=category.limit,
        limit_unit=category.unit,
        leaf=category.is_leaf,
    )


def _camera(camera: Camera) -> dict[str, Any]:
    return _row(t.camera, camera, area=camera.grid)


def put_cameras(connection: Connection, cameras: Iterable[Mapping[str, Any]], vault: Vault) -> int:
    """Cameras; their addresses are sealed, as they may hold a password. State columns stay as they are."""
    return put(connection, t.camera, [_sealed(camera, vault) for camera in cameras])


def _sealed(camera: Mapping[str, Any], vault: Vault) -> dict[str, Any]:
    """A camera with its addresses encrypted: each may hold a password."""
    sealed = {name: vault.seal(camera[name]) or "" for name in ("address", "main_address") if name in camera}
    return {**camera, **sealed}


def put_nouns(connection: Connection, nouns: Sequence[Any], vault: Vault) -> int:
    """Nouns of one kind into their table: rows by their key, whole rosters, or the days of whole years."""
    if not nouns:
        return 0
    writers: Mapping[type[Any], Callable[[], int]] = {
        Area: lambda: put_areas(connection, [_area(area) for area in nouns]),
        Department: lambda: put(connection, t.department, [_department(department) for department in nouns]),
        Category: lambda: put(connection, t.category, [_category(category) for category in nouns]),
        Camera: lambda: put_cameras(connection, [_camera(camera) for camera in nouns], vault),
        Source: lambda: put(connection, t.source, [_row(t.source, source) for source in nouns]),
        Post: lambda: put(connection, t.post, [_row(t.post, post) for post in nouns]),
        Duty: lambda: _put_whole(connection, "duty", nouns),
        DutyChange: lambda: _put_whole(connection, "duty-changes", nouns),
    }
    days = lambda: put_calendar(  # noqa: E731
        connection, [_row(t.calendar_day, day) for day in nouns], {day.day.year for day in nouns}
    )
    return writers.get(type(nouns[0]), days)()


def _put_whole(connection: Connection, name: str, nouns: Sequence[Any]) -> int:
    _put_roster(connection, name, type(nouns[0]), nouns)
    return len(nouns)


def county_rules(connection: Connection) -> CountyRules:
    """The stored county's own rules, as its county.toml said them."""
    document = connection.execute(select(t.rules.c.body).where(t.rules.c.name == "county")).scalar_one()
    known = {field.name: document[field.name] for field in fields(CountyRules) if field.name in document}
    known["office_hours"] = [{**hours, "season": _written(hours.get("season"))} for hours in known["office_hours"]]
    return adapter(CountyRules).validate_python(known)


def rosters(connection: Connection) -> tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]:
    """The stored weekly roster and its dated exceptions, as rows."""
    wanted = select(t.rules.c.name, t.rules.c.body).where(t.rules.c.name.in_(("duty", "duty-changes")))
    found = {row.name: row.body for row in connection.execute(wanted)}
    return found.get("duty") or (), found.get("duty-changes") or ()


def _written(season: Sequence[Sequence[int]] | None) -> list[str] | None:
    """A season's month-days as county.toml writes them."""
    return [f"{month:02}-{day:02}" for month, day in season] if season else None


def is_empty(connection: Connection) -> bool:
    """Whether no county has been stored yet."""
    return connection.execute(select(t.rules.c.name).limit(1)).first() is None
