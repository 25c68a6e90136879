"""The county's reference data: `load` it whole and sound, or `check` it and read every fault with its line.

A county is a folder: `county.toml` (local numbers), `areas.geojson`, `departments.csv`, `categories.csv`,
`sources.csv`, a `calendar/` with one CSV file a year, and where there are any `posts.csv`, `cameras.csv`, `duty.csv`,
`duty_changes.csv`, `evaluation.toml` and `plans/` with one TOML file an emergency plan.
The nouns are in `config.county`, reading in `config.tables` and `config.area_files`, geometry in `config.tiling`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, time
from pathlib import Path
from typing import Any, TypeVar, cast

from config import gb28181, plans, tiling
from config.area_files import area_features, county_areas
from config.county import (
    SCENES,
    SOURCES,
    UNITS,
    Area,
    CalendarDay,
    Camera,
    Category,
    ClockShares,
    Contact,
    County,
    CountyRules,
    Department,
    Duty,
    DutyChange,
    Escalation,
    LabelSet,
    OfficeHours,
    Post,
    PostTitle,
    RoundSlot,
    Rung,
    Source,
    StaffingRule,
    StageLimits,
    Unit,
)
from config.evaluation import Formulas
from config.evaluation import faults as formula_faults
from config.labels import label_sets
from config.sentences import constant, say, term
from config.settings import HERE
from config.tables import Findings, Problem, ReferenceError, Row, likely, line_of_key, rows_of, text_of, typed_toml

__all__ = [
    "SCENES",
    "SOURCES",
    "UNITS",
    "Area",
    "CalendarDay",
    "Camera",
    "Category",
    "ClockShares",
    "Contact",
    "County",
    "CountyRules",
    "Department",
    "Duty",
    "DutyChange",
    "Escalation",
    "OfficeHours",
    "Post",
    "PostTitle",
    "Problem",
    "ReferenceError",
    "RoundSlot",
    "Rung",
    "Source",
    "StaffingRule",
    "StageLimits",
    "Unit",
    "area_features",
    "check",
    "load",
    "one_document",
    "one_table",
]

Coded = TypeVar("Coded", Department, Category, Source)

DEPARTMENT_COLUMNS = ("code", "name", "name_en", "short", "short_en", "desk", "desk_en", "deputy", "deputy_en", "phone")
CATEGORY_COLUMNS = (
    "code", "parent", "name", "name_en", "department", "co_departments", "level", "limit", "unit", "filing", "closing",
    "source",
)  # fmt: skip
LEAF_COLUMNS = ("department", "level", "limit", "unit", "filing", "closing", "source")
CAMERA_COLUMNS = (
    "id", "name", "name_en", "grid", "longitude", "latitude", "scene", "address", "purpose", "purpose_en",
    "legal_basis", "legal_basis_en", "owner", "sign", "mask_review", "focus",
)  # fmt: skip
ACCOUNTABLE = ("purpose", "legal_basis", "owner", "sign", "mask_review")
"""What must be known about a camera before it may be shown (domain.md §9)."""
DUTY_COLUMNS = ("weekday", "starts", "ends", "role", "name", "name_en", "holder", "holder_en", "phone")
DUTY_CHANGE_COLUMNS = ("day", "starts", "ends", "role", "name", "name_en", "holder", "holder_en", "phone", "reason")
DUTY_ROLES = ("leader", "chief")
POST_COLUMNS = ("area", "post", "required", "filled")
SOURCE_COLUMNS = ("code", "name", "name_en")
CALENDAR_COLUMNS = ("date", "kind", "name", "name_en", "source")

EVALUATION = "evaluation.toml"
DEFAULT_FORMULAS = HERE / "counties" / "yunze" / EVALUATION

FIXED_HOLIDAYS = ((1, 1), (5, 1), (10, 1), (10, 2), (10, 3))
"""Statutory holidays with a fixed date; the other four follow the moon and the sun."""
STATUTORY_DAYS = 11
"""The fewest holidays a whole year ever had (国务院 regulation since 2007; 13 since 2025)."""


def load(folder: Path, *, geometry_checks: bool = True) -> County:
    """The county in `folder`. Without geometry checks (for a start-up after `gridcommand check`) it is twice as fast.

    Raises:
        ReferenceError: with every fault found, each naming file, line, field, what was expected and what came.
    """
    county, problems = _read(folder, geometry_checks)
    if county is None or problems:
        raise ReferenceError(problems)
    return county


def check(folder: Path) -> list[Problem]:
    """Every fault of the county in `folder`, by file and line; empty when it can be loaded."""
    return sorted(_read(folder, geometry_checks=True)[1], key=lambda p: (p.file, p.line or 0, p.field))


def default_formulas() -> Formulas:
    """The formulas that come with the product.

    Raises:
        ReferenceError: the product's own file is broken.
    """
    findings = Findings(EVALUATION)
    formulas = typed_toml(DEFAULT_FORMULAS, Formulas, findings)
    if formulas is None:
        raise ReferenceError(findings.problems)
    return formulas


def formulas_of(path: Path, findings: Findings) -> Formulas | None:
    """The formulas of a file, and every fault that makes one wrong or unfair; None where it is no such file."""
    formulas = typed_toml(path, Formulas, findings)
    text = text_of(path, findings) or ""
    for keys, sentence in formula_faults(formulas) if formulas else ():
        findings.add(line_of_key(text, keys), ".".join(map(str, keys)), sentence)
    return formulas


def _read(folder: Path, geometry_checks: bool) -> tuple[County | None, list[Problem]]:
    findings = Findings("county.toml")
    rules = typed_toml(folder / "county.toml", CountyRules, findings)
    if rules is None:
        return None, findings.problems
    _check_rules(rules, folder / "county.toml", findings)
    files = _Files(folder, rules, findings.problems)
    areas = files.areas(geometry_checks)
    departments = files.departments()
    calendar, years = files.calendar()
    sets = label_sets(folder, findings.problems)
    _check_labels(rules, sets, folder / "county.toml", findings)
    own = {field.name: getattr(rules, field.name) for field in fields(CountyRules)}
    county = County(
        **own,
        folder=folder,
        areas=areas,
        posts=files.posts(areas),
        departments=departments,
        categories=files.categories(departments),
        sources=files.sources(),
        cameras=files.cameras(areas, departments, geometry_checks),
        calendar=calendar,
        calendar_years=years,
        duty=files.duty(),
        duty_changes=files.duty_changes(),
        evaluation=files.evaluation(),
        plans=plans.read(folder, departments, files.problems),
        label_sets=sets,
    )
    _check_stage_categories(county, findings)
    return county, files.problems


# -------------------------------------------------------------------------------------------------- county.toml


def _check_rules(rules: CountyRules, path: Path, findings: Findings) -> None:
    """What the types alone cannot say; each fault is put on the line of its key."""
    text = text_of(path, findings) or ""
    for keys, sentence in rule_faults(rules):
        findings.add(line_of_key(text, keys), ".".join(map(str, keys)), sentence)


def rule_faults(rules: CountyRules) -> Placed:
    """What the types alone cannot say: the path of each faulty key, and its sentence."""
    found = [_share_faults, _hour_faults, _place_faults, _code_faults, _round_faults, _staffing_faults]
    return [fault for faults in found for fault in faults(rules)]


def _check_labels(rules: CountyRules, sets: Mapping[str, LabelSet], path: Path, findings: Findings) -> None:
    if sets and rules.labels not in sets:
        line = line_of_key(text_of(path, findings) or "", ["labels"])
        findings.add(
            line,
            "labels",
            say(
                "There is no label set {labels!r}; expected one of {expected}.",
                labels=rules.labels,
                expected=", ".join(sets),
            ),
        )


def _check_stage_categories(county: County, findings: Findings) -> None:
    text = text_of(county.folder / "county.toml", findings) or ""
    for code in county.stages.categories:
        if code not in county.categories:
            line = line_of_key(text, ["stages", "categories", code])
            sentence = say("No category has the code {code!r}{hint}.", code=code, hint=likely(code, county.categories))
            findings.add(line, f"stages.categories.{code}", sentence)


Placed = list[tuple[list[int | str], str]]


def _share_faults(rules: CountyRules) -> Placed:
    yellow, orange = rules.clock.yellow, rules.clock.orange
    if orange < yellow:
        return []
    return [
        (
            ["clock", "orange"],
            say("Expected a share below yellow ({yellow:g}); came {orange:g}.", yellow=yellow, orange=orange),
        )
    ]


def _hour_faults(rules: CountyRules) -> Placed:
    faults: Placed = []
    for i, hours in enumerate(rules.office_hours):
        flat = [moment for span in hours.spans for moment in span]
        if flat != sorted(set(flat)):
            came = ", ".join(f"{starts:%H:%M}-{ends:%H:%M}" for starts, ends in hours.spans)
            faults.append(
                (
                    ["office_hours", i, "spans"],
                    say("Expected spans in order that do not overlap; came {came}.", came=came),
                )
            )
    regular = [hours for hours in rules.office_hours if hours.season is None]
    if len(regular) != 1:
        sentence = say("Expected exactly one [[office_hours]] without a season; there are {size}.", size=len(regular))
        faults.append((["office_hours"], sentence))
    return faults + _season_faults(rules)


def _season_faults(rules: CountyRules) -> Placed:
    faults: Placed = []
    year = [date.fromordinal(day) for day in range(date(2024, 1, 1).toordinal(), date(2025, 1, 1).toordinal())]
    seasonal = [(i, hours) for i, hours in enumerate(rules.office_hours) if hours.season]
    for n, (i, hours) in enumerate(seasonal):
        for _, other in seasonal[:n]:
            both = [day for day in year if hours.applies_on(day) and other.applies_on(day)]
            if both:
                sentence = say(
                    "Expected seasons that do not overlap; {name} has {day} too.",
                    name=other.name,
                    day=f"{both[0]:%m-%d}",
                )
                faults.append((["office_hours", i, "season"], sentence))
    return faults


def _place_faults(rules: CountyRules) -> Placed:
    west, south, east, north = rules.map.bounds
    x, y = rules.map.centre
    if not (west < east and south < north and max(abs(south), abs(north)) <= 90):
        came = f"{west:g}, {south:g}, {east:g}, {north:g}"
        return [(["map", "bounds"], say("Expected west < east and south < north in degrees; came {came}.", came=came))]
    if not (west <= x <= east and south <= y <= north):
        return [
            (["map", "centre"], say("Expected longitude and latitude within the bounds; came {x:g}, {y:g}.", x=x, y=y))
        ]
    return []


def _code_faults(rules: CountyRules) -> Placed:
    faults: Placed = []
    if not rules.code.startswith(rules.division_prefix):
        sentence = say(
            "Expected a code that begins {prefix}; came {code!r}.", prefix=rules.division_prefix, code=rules.code
        )
        faults.append((["code"], sentence))
    for key, codes in (
        ("tree.levels", list(rules.tree.levels)),
        ("post_titles", [title.code for title in rules.post_titles]),
        ("escalation.rungs", [rung.role for rung in rules.escalation.rungs]),
        ("rounds", [slot.code for slot in rules.rounds]),
        ("staffing", [str(formula.kind) for formula in rules.staffing]),
    ):
        again = [i for i, code in enumerate(codes) if code in codes[:i]]
        faults += [
            ([*key.split("."), i], say("Expected each once; {code!r} stands there twice.", code=codes[i]))
            for i in again
        ]
    return faults


def _round_faults(rules: CountyRules) -> Placed:
    return [
        (
            ["rounds", i, "ends"],
            say(
                "Expected a time after {starts}; came {ends}.", starts=f"{slot.starts:%H:%M}", ends=f"{slot.ends:%H:%M}"
            ),
        )
        for i, slot in enumerate(rules.rounds)
        if slot.ends <= slot.starts
    ]


def _staffing_faults(rules: CountyRules) -> Placed:
    known = [title.code for title in rules.post_titles]
    return [
        (
            ["staffing", i, "posts", n],
            say("No post title has the code {code!r}{hint}.", code=code, hint=likely(code, known)),
        )
        for i, formula in enumerate(rules.staffing)
        for n, code in enumerate(formula.posts)
        if code not in known
    ]


# ---------------------------------------------------------------------------------------------------- the files


@dataclass
class _Files:
    """The county's tables, read one by one; faults gather in `problems`."""

    folder: Path
    rules: CountyRules
    problems: list[Problem]

    def _rows(self, name: str, columns: Sequence[str], *, optional: bool = False) -> list[Row]:
        path = self.folder / name
        if optional and not path.exists():
            return []
        return rows_of(path, columns, Findings(name, self.problems))

    def areas(self, geometry_checks: bool) -> dict[str, Area]:
        findings = Findings("areas.geojson", self.problems)
        before = len(self.problems)
        areas = county_areas(self.folder / findings.file, self.rules, findings)
        if geometry_checks:
            _check_shapes(areas, findings)
            if len(self.problems) == before:
                for fault in tiling.faults(areas, self.rules.tree):
                    findings.add(fault.area.line, "geometry", fault.sentence)
        return areas

    def evaluation(self) -> Formulas:
        """The county's own formulas, or those that come with the product where it has none."""
        own = self.folder / EVALUATION
        findings = Findings(EVALUATION, self.problems)
        return formulas_of(own if own.exists() else DEFAULT_FORMULAS, findings) or default_formulas()

    def departments(self) -> dict[str, Department]:
        roles = [rung.role for rung in self.rules.escalation.rungs]
        rows = self._rows("departments.csv", [*DEPARTMENT_COLUMNS, *roles])
        return _by_code(rows, lambda row: _department(row, roles))

    def categories(self, departments: Mapping[str, Department]) -> dict[str, Category]:
        rows = self._rows("categories.csv", CATEGORY_COLUMNS)
        parents = {row.values["code"]: row.values["parent"] for row in rows}
        for row in rows:
            sentence = _category_parent_sentence(row.values["code"], parents)
            if sentence:
                row.fault("parent", sentence)
        return _by_code(rows, lambda row: _category(row, parents, departments))

    def sources(self) -> dict[str, Source]:
        rows = self._rows("sources.csv", SOURCE_COLUMNS)
        found = _by_code(rows, _source)
        missing = [code for code in SOURCES if code not in found]
        if rows and missing:
            findings = Findings("sources.csv", self.problems)
            findings.add(
                None,
                "code",
                say(
                    "Expected a row for each of {expected}; missing: {expected2}.",
                    expected=", ".join(SOURCES),
                    expected2=", ".join(missing),
                ),
            )
        return found

    def posts(self, areas: Mapping[str, Area]) -> tuple[Post, ...]:
        titles = [title.code for title in self.rules.post_titles]
        posts: dict[tuple[str, str], Post] = {}
        for row in self._rows("posts.csv", POST_COLUMNS, optional=True):
            area = _known(row, "area", areas, "area")
            post = Post(area, row.choice("post", titles), row.whole("required", 0), row.whole("filled", 0), row.line)
            earlier = posts.setdefault((post.area, post.post), post)
            if earlier is not post:
                row.fault(
                    "post",
                    say(
                        "{post} of {area} stands already on line {line}.",
                        post=post.post,
                        area=post.area,
                        line=earlier.line,
                    ),
                )
        return tuple(posts.values())

    def cameras(
        self, areas: Mapping[str, Area], departments: Mapping[str, Department], geometry_checks: bool
    ) -> dict[str, Camera]:
        cameras: dict[str, Camera] = {}
        for row in self._rows("cameras.csv", CAMERA_COLUMNS, optional=True):
            camera = _camera(row, self.rules.division_prefix, areas, departments)
            if camera.id in cameras:
                row.fault(
                    "id", say("The id {id} stands already on line {line}.", id=camera.id, line=cameras[camera.id].line)
                )
            elif geometry_checks:
                _check_camera_place(camera, row, areas)
            cameras.setdefault(camera.id, camera)
        return cameras

    def duty(self) -> tuple[Duty, ...]:
        return tuple(_duty(row) for row in self._rows("duty.csv", DUTY_COLUMNS, optional=True))

    def duty_changes(self) -> tuple[DutyChange, ...]:
        changes: dict[tuple[date, time, str], DutyChange] = {}
        for row in self._rows("duty_changes.csv", DUTY_CHANGE_COLUMNS, optional=True):
            change = _duty_change(row)
            earlier = changes.setdefault((change.day, change.starts, change.role), change)
            if earlier is not change:
                row.fault(
                    "day",
                    say(
                        "{role} of {day} at {starts} stands on line {line}.",
                        role=change.role,
                        day=change.day,
                        starts=f"{change.starts:%H:%M}",
                        line=earlier.line,
                    ),
                )
        return tuple(changes.values())

    def calendar(self) -> tuple[dict[date, CalendarDay], frozenset[int]]:
        days: dict[date, CalendarDay] = {}
        years = set()
        for path in sorted((self.folder / "calendar").glob("*.csv")):
            findings = Findings(f"calendar/{path.name}", self.problems)
            if not re.fullmatch(r"\d{4}", path.stem):
                findings.add(None, "", "Expected a file called after its year, such as 2026.csv.")
                continue
            years.add(int(path.stem))
            days |= _calendar_year(int(path.stem), rows_of(path, CALENDAR_COLUMNS, findings), findings)
        _check_years(years, Findings("calendar", self.problems))
        return days, frozenset(years)


def _by_code(rows: Sequence[Row], made: Callable[[Row], Coded]) -> dict[str, Coded]:
    """The rows' nouns by code, in order; the first of two with the same code is kept."""
    found: dict[str, Coded] = {}
    for row in rows:
        noun = made(row)
        earlier = found.setdefault(noun.code, noun)
        if earlier is not noun and noun.code:
            row.fault("code", say("The code {code} stands already on line {line}.", code=noun.code, line=earlier.line))
    return found


def _known(row: Row, name: str, known: Mapping[str, Any], noun: str) -> str:
    """The code in a cell, which must be one of those known."""
    code = row.text(name)
    if code and code not in known:
        row.fault(
            name, say("No {noun} has the code {code!r}{hint}.", noun=term(noun), code=code, hint=likely(code, known))
        )
    return code


def _check_shapes(areas: Mapping[str, Area], findings: Findings) -> None:
    for area in areas.values():
        sentence = tiling.shape_sentence(area.shape)
        if sentence:
            findings.add(
                area.line,
                "geometry",
                say("{code} {name}: {sentence}", code=area.code, name=area.name, sentence=constant(sentence)),
            )


# --------------------------------------------------------------------------- departments, categories, sources


def _department(row: Row, roles: Sequence[str]) -> Department:
    texts = {name: row.text(name) for name in DEPARTMENT_COLUMNS}
    return Department(**texts, contacts=tuple(Contact(role, row.text(role)) for role in roles), line=row.line)


def _source(row: Row) -> Source:
    return Source(row.choice("code", SOURCES), row.text("name"), row.text("name_en"), row.line)


def _category(row: Row, parents: Mapping[str, str], departments: Mapping[str, Department]) -> Category:
    code = row.text("code")
    is_leaf = code not in parents.values()
    if not is_leaf:
        _refuse_leaf_cells(row)
    return Category(
        code=code,
        parent=row.values["parent"] or None,
        name=row.text("name"),
        name_en=row.text("name_en"),
        is_leaf=is_leaf,
        department=_known(row, "department", departments, "department") if is_leaf else None,
        co_departments=_co_departments(row, departments),
        level=row.whole("level", 1, 4) if is_leaf else None,
        limit=row.whole("limit", 1) if is_leaf else None,
        unit=cast(Unit, row.choice("unit", UNITS)) if is_leaf else None,
        filing=row.text("filing", required=is_leaf),
        closing=row.text("closing", required=is_leaf),
        source=row.text("source", required=is_leaf),
        line=row.line,
    )


def _refuse_leaf_cells(row: Row) -> None:
    for name in LEAF_COLUMNS:
        if row.values[name]:
            row.fault(
                name,
                say(
                    "Expected it empty, because other categories hang under this one; came {values!r}.",
                    values=row.values[name],
                ),
            )


def _co_departments(row: Row, departments: Mapping[str, Department]) -> tuple[str, ...]:
    codes = row.several("co_departments")
    for code in codes:
        if code not in departments:
            row.fault(
                "co_departments",
                say("No department has the code {code!r}{hint}.", code=code, hint=likely(code, departments)),
            )
        elif code == row.values["department"] or codes.count(code) > 1:
            row.fault("co_departments", say("Expected each department once; {code!r} stands there again.", code=code))
    return codes


def _category_parent_sentence(code: str, parents: Mapping[str, str]) -> str | None:
    parent = parents.get(code, "")
    if parent and parent not in parents:
        return say("No category has the code {parent!r}{hint}.", parent=parent, hint=likely(parent, parents))
    seen = [code]
    while parents.get(seen[-1]):
        seen.append(parents[seen[-1]])
        if seen[-1] == code:
            return say(
                "{code} is its own ancestor ({expected}); expected a tree.", code=code, expected=" < ".join(seen)
            )
        if len(seen) > 3:
            return say(
                "Expected at most three levels of categories; {code} stands on level {size}.", code=code, size=len(seen)
            )
    return None


# ------------------------------------------------------------------------------------------- cameras and duty


def _camera(row: Row, prefix: str, areas: Mapping[str, Area], departments: Mapping[str, Department]) -> Camera:
    _check_camera_id(row, prefix)
    for name in ACCOUNTABLE:
        if not row.values[name]:
            row.fault(
                name, say("A camera without {what} cannot be shown; expected it here.", what=name.replace("_", " "))
            )
    grid = _known(row, "grid", areas, "grid")
    if grid in areas and areas[grid].level != "grid":
        row.fault(
            "grid",
            say(
                "Expected a grid; {grid} {name} is a {level}.",
                grid=grid,
                name=areas[grid].name,
                level=areas[grid].level,
            ),
        )
    owner = row.values["owner"]
    if owner and owner not in departments:
        row.fault(
            "owner", say("No department has the code {owner!r}{hint}.", owner=owner, hint=likely(owner, departments))
        )
    return Camera(
        id=row.values["id"],
        name=row.text("name"),
        name_en=row.text("name_en"),
        grid=grid,
        longitude=row.degrees("longitude", 180),
        latitude=row.degrees("latitude", 90),
        scene=_scene(row),
        address=_address(row),
        purpose=row.values["purpose"],
        purpose_en=row.text("purpose_en"),
        legal_basis=row.values["legal_basis"],
        legal_basis_en=row.text("legal_basis_en"),
        owner=owner,
        sign=row.values["sign"],
        mask_review=row.day("mask_review") if row.values["mask_review"] else date.min,
        focus=row.choice("focus", ("0", "1")) == "1",
        line=row.line,
    )


def _check_camera_id(row: Row, prefix: str) -> None:
    if sentence := gb28181.fault(row.values["id"], prefix):
        row.fault("id", sentence)


def _scene(row: Row) -> str:
    """Only the demonstration has scenes: a real camera's cell is empty."""
    return row.choice("scene", SCENES) if row.values["scene"] else ""


def _address(row: Row) -> str:
    address = row.text("address")
    scheme, _, rest = address.partition(":")
    if address and not (scheme == "demo" or rest.startswith("//")):
        row.fault(
            "address",
            say("Expected demo:SCENE or an address such as rtsp://host/path; came {address!r}.", address=address),
        )
    elif scheme == "demo" and rest not in SCENES:
        row.fault(
            "address",
            say(
                "Expected demo: with one of {expected}; came {rest!r}{hint}.",
                expected=", ".join(SCENES),
                rest=rest,
                hint=likely(rest, SCENES),
            ),
        )
    return address


def _check_camera_place(camera: Camera, row: Row, areas: Mapping[str, Area]) -> None:
    grid = areas.get(camera.grid)
    if grid is None or camera.longitude != camera.longitude or camera.latitude != camera.latitude:
        return
    away = tiling.metres_outside(grid.shape, camera.longitude, camera.latitude)
    if away > 0:
        row.fault(
            "grid",
            say(
                "Expected the camera inside {code} {name}; {longitude}, {latitude} lies {away:,.0f} m outside it.",
                code=grid.code,
                name=grid.name,
                longitude=camera.longitude,
                latitude=camera.latitude,
                away=away,
            ),
        )


def _duty(row: Row) -> Duty:
    return Duty(
        weekday=row.whole("weekday", 1, 7),
        starts=row.clock("starts") or time.min,
        ends=row.clock("ends") or time.min,
        role=row.choice("role", DUTY_ROLES),
        name=row.text("name"),
        name_en=row.text("name_en"),
        holder=row.text("holder"),
        holder_en=row.text("holder_en"),
        phone=row.text("phone"),
        line=row.line,
    )


def _duty_change(row: Row) -> DutyChange:
    """A holder that is empty strikes the shift; with one, its English name and its telephone must be there too."""
    held = bool(row.values["holder"])
    return DutyChange(
        day=row.day("day"),
        starts=row.clock("starts") or time.min,
        ends=row.clock("ends") or time.min,
        role=row.choice("role", DUTY_ROLES),
        name=row.text("name"),
        name_en=row.text("name_en"),
        holder=row.values["holder"],
        holder_en=row.text("holder_en", required=held),
        phone=row.text("phone", required=held),
        reason=row.text("reason"),
        line=row.line,
    )


# --------------------------------------------------------------------------------------------------- calendar


def _calendar_year(year: int, rows: Sequence[Row], findings: Findings) -> dict[date, CalendarDay]:
    days: dict[date, CalendarDay] = {}
    for row in rows:
        day = _calendar_day(row, year)
        if day.day in days:
            row.fault("date", say("{day} stands already on line {line}.", day=day.day, line=days[day.day].line))
        days.setdefault(day.day, day)
    if rows:
        _check_year(year, days, findings)
    return {day: entry for day, entry in days.items() if day.year == year}


def _calendar_day(row: Row, year: int) -> CalendarDay:
    day = row.day("date")
    kind = row.choice("kind", ("holiday", "workday"))
    if day != date.min and day.year != year:
        row.fault("date", say("Expected a day of {year}, as the file is called; came {day}.", year=year, day=day))
    if kind == "workday" and day != date.min and day.isoweekday() < 6:
        row.fault(
            "date",
            say(
                "Expected a make-up working day to be a Saturday or Sunday; {day} is a {weekday}.",
                day=day,
                weekday=f"{day:%A}",
            ),
        )
    known = cast(Any, kind)
    return CalendarDay(day, known, row.text("name"), row.text("name_en"), row.text("source"), row.line)


def _check_year(year: int, days: Mapping[date, CalendarDay], findings: Findings) -> None:
    """Is the year whole? A year of which only a part is known gives false deadlines."""
    holidays = {day for day, entry in days.items() if entry.kind == "holiday"}
    missing = [date(year, *fixed) for fixed in FIXED_HOLIDAYS if date(year, *fixed) not in holidays]
    if missing:
        names = ", ".join(map(str, missing))
        findings.add(None, "date", say("Expected a whole year with its fixed holidays; missing: {names}.", names=names))
    elif len(holidays) < STATUTORY_DAYS:
        findings.add(
            None,
            "date",
            say(
                "Expected at least {least} holidays in a whole year; there are {size}.",
                least=STATUTORY_DAYS,
                size=len(holidays),
            ),
        )


def _check_years(years: set[int], findings: Findings) -> None:
    if not years:
        findings.add(None, "", "Expected at least one year such as calendar/2026.csv; there is none.")
        return
    missing = sorted(set(range(min(years), max(years))) - years)
    if missing:
        names = ", ".join(map(str, missing))
        findings.add(
            None,
            "",
            say(
                "Expected the years from {first} to {last} without a break; missing: {names}.",
                first=min(years),
                last=max(years),
                names=names,
            ),
        )


# ------------------------------------------------------------------------------------- one table of a stored county


@dataclass
class _OneFile(_Files):
    """A county of which one table is read from a file of any name, the rest being known already."""

    path: Path

    def _rows(self, name: str, columns: Sequence[str], *, optional: bool = False) -> list[Row]:
        return rows_of(self.path, columns, Findings(self.path.name, self.problems))


TABLES = (
    "areas", "departments", "categories", "cameras", "calendar", "sources", "posts", "duty", "duty-changes",
)  # fmt: skip
"""What `one_table` reads."""


def one_table(
    path: Path, kind: str, rules: CountyRules, areas: Mapping[str, Any], departments: Mapping[str, Any]
) -> tuple[list[Any], list[Problem]]:
    """The nouns of one file in the county's own form, and every fault; for a county that is stored already.

    Args:
        kind: one of `TABLES`; `calendar` is one year, its file called after it (2027.csv).
        areas, departments: those that are known, by code; of an area `level` is asked.
    """
    problems: list[Problem] = []
    file = _OneFile(path.parent, rules, problems, path)
    if kind == "areas":
        return list(_areas_of(path, rules, Findings(path.name, problems)).values()), problems
    if kind == "calendar":
        return list(_days_of(path, Findings(path.name, problems)).values()), problems
    readers: Mapping[str, Callable[[], Any]] = {
        "departments": lambda: file.departments().values(),
        "categories": lambda: file.categories(cast(Any, departments)).values(),
        "cameras": lambda: file.cameras(cast(Any, areas), cast(Any, departments), geometry_checks=False).values(),
        "sources": lambda: file.sources().values(),
        "posts": lambda: file.posts(cast(Any, areas)),
        "duty": file.duty,
        "duty-changes": file.duty_changes,
    }
    return list(readers[kind]()), problems


def _areas_of(path: Path, rules: CountyRules, findings: Findings) -> Mapping[str, Area]:
    areas = county_areas(path, rules, findings)
    _check_shapes(areas, findings)
    return areas


def _days_of(path: Path, findings: Findings) -> Mapping[date, CalendarDay]:
    if re.fullmatch(r"\d{4}", path.stem):
        return _calendar_year(int(path.stem), rows_of(path, CALENDAR_COLUMNS, findings), findings)
    findings.add(None, "", "Expected a file called after its year, such as 2027.csv.")
    return {}


def one_document(path: Path) -> tuple[CountyRules | None, list[Problem]]:
    """What a county.toml of any name says, and every fault with its line."""
    findings = Findings(path.name)
    rules = typed_toml(path, CountyRules, findings)
    if rules is not None:
        _check_rules(rules, path, findings)
    return rules, findings.problems
