"""Map files: how a foreign file's columns are read. Two kinds so far, cases (CSV) and areas (GeoJSON).

A map file is TOML; `config/maps/*.toml` explain every key at their top. Reading a row is a pure function of the map and
the row's texts, so that an import, a replay and a test read it the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal, NoReturn
from zoneinfo import ZoneInfo

from pydantic import Field

from config.county import SOURCES, STRICT, Code
from config.tables import Findings, ReferenceError, line_of_key, typed_toml

Frame = Literal["WGS-84", "GCJ-02", "CGCS2000"]
Stage = Literal["reported", "filed", "dispatched", "handling", "feedback", "closed", "void", "suspended"]
Columns = tuple[Code, ...]


class RowRefused(Exception):
    """A foreign row that cannot become a case; the text is the reason for the reject list."""


@dataclass(frozen=True)
class FileForm:
    """How the file itself is written."""

    __pydantic_config__ = STRICT
    encoding: Literal["utf-8", "gb18030"]
    timezone: str
    """Zone of times that carry no offset of their own."""
    frame: Frame
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    times: tuple[Annotated[str, Field(pattern="%")], ...] = ()
    """How times are written that are not ISO 8601, such as `%Y/%m/%d %H:%M`; tried in order."""


@dataclass(frozen=True)
class CaseColumns:
    """Names of the file's columns; an empty name or list means that the file has none."""

    __pydantic_config__ = STRICT
    external_id: Code
    reported_at: Code
    category: Code
    description: Annotated[Columns, Field(min_length=1)]
    closing: Columns = ()
    department: str = ""
    status: str = ""
    closed_at: str = ""
    due_at: str = ""
    longitude: str = ""
    latitude: str = ""
    address: str = ""
    area: str = ""
    source: str = ""


@dataclass(frozen=True)
class CaseValues:
    """The file's values and ours. What is not named: refused (status), the default (source), kept (the others)."""

    __pydantic_config__ = STRICT
    category: Mapping[str, str] = field(default_factory=dict)
    department: Mapping[str, str] = field(default_factory=dict)
    status: Mapping[str, Stage] = field(default_factory=dict)
    source: Mapping[str, str] = field(default_factory=dict)
    area: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CaseDefaults:
    __pydantic_config__ = STRICT
    level: Annotated[int, Field(ge=1, le=4)]
    source: Code
    category: Code
    """For rows whose category is empty."""


@dataclass(frozen=True)
class CaseCreation:
    """May the import make categories and departments that it does not know, with the file's text as code and name?"""

    __pydantic_config__ = STRICT
    categories: bool
    departments: bool


@dataclass(frozen=True)
class CaseCounty:
    """The county that `gridcommand demo --cases` makes for a file, so that it can be shown without one of our own."""

    __pydantic_config__ = STRICT
    code: Code
    name: Code
    name_en: Code
    centre: Code
    centre_en: Code
    subtitle: str
    subtitle_en: str
    timezone: str
    """The zone its days are counted in."""
    areas: Code
    """Its grids: a GeoJSON file, relative to the file of cases."""
    areas_map: Code
    """Name of the map in `config/maps` that reads it."""


@dataclass(frozen=True)
class ForeignCase:
    """A row of a foreign file in our terms. Instants are UTC."""

    external_id: str
    reported_at: datetime
    category: str
    description: str
    closing: str
    """What was said when it was closed: known at `closed_at`, not before."""
    department: str | None
    stage: Stage
    """Where the file says it stands now; `closed` and `closed_at` belong together but files do break that."""
    closed_at: datetime | None
    due_at: datetime | None
    longitude: float | None
    latitude: float | None
    address: str
    area: str | None
    """The area printed in the file; a hint beside the point, not the truth."""
    source: str
    level: int


@dataclass(frozen=True)
class CaseMap:
    """How a CSV file of cases is read."""

    __pydantic_config__ = STRICT
    kind: Literal["cases"]
    client: Code
    """Whose numbers `external_id` are: a repeated one of the same client is the same case."""
    origin: str
    """Where the file comes from and under which licence."""
    file: FileForm
    columns: CaseColumns
    values: CaseValues
    defaults: CaseDefaults
    create: CaseCreation
    county: CaseCounty | None = None

    def needed_columns(self) -> list[str]:
        """Every column the map reads, to be compared with a file's header before the first row."""
        single = [value for value in vars(self.columns).values() if isinstance(value, str) and value]
        return list(dict.fromkeys([*single, *self.columns.description, *self.columns.closing]))

    def case(self, row: Mapping[str, str]) -> ForeignCase:
        """One row as a case.

        Raises:
            RowRefused: naming column, what was expected and what came.
        """
        names = self.columns
        longitude, latitude = self._place(row)
        return ForeignCase(
            external_id=required(row, names.external_id),
            reported_at=self._instant(row, names.reported_at) or _refuse_empty(names.reported_at),
            category=_ours(row, names.category, self.values.category) or self.defaults.category,
            description=_joined(row, names.description),
            closing=_joined(row, names.closing),
            department=_ours(row, names.department, self.values.department) or None,
            stage=self._stage(row),
            closed_at=self._instant(row, names.closed_at),
            due_at=self._instant(row, names.due_at),
            longitude=longitude,
            latitude=latitude,
            address=cell(row, names.address),
            area=_ours(row, names.area, self.values.area) or None,
            source=self.values.source.get(cell(row, names.source), self.defaults.source),
            level=self.defaults.level,
        )

    def _instant(self, row: Mapping[str, str], column: str) -> datetime | None:
        return instant(row, column, self.file)

    def _stage(self, row: Mapping[str, str]) -> Stage:
        """As the file says; without a column of its own, a closing time means closed."""
        if not self.columns.status:
            return "closed" if cell(row, self.columns.closed_at) else "reported"
        text = cell(row, self.columns.status)
        if text not in self.values.status:
            expected = ", ".join(self.values.status)
            raise RowRefused(f"{self.columns.status}: expected one of {expected}; came {text!r}")
        return self.values.status[text]

    def _place(self, row: Mapping[str, str]) -> tuple[float, float] | tuple[None, None]:
        longitude = _degrees(row, self.columns.longitude, 180)
        latitude = _degrees(row, self.columns.latitude, 90)
        return (longitude, latitude) if longitude is not None and latitude is not None else (None, None)


def instant(row: Mapping[str, str], column: str, form: FileForm) -> datetime | None:
    """The time in a cell, UTC; None where it is empty.

    Raises:
        RowRefused: it is written in no way that is known.
    """
    text = cell(row, column)
    if not text:
        return None
    moment = _iso(text)
    for way in form.times:
        moment = moment or _written(text, way)
    if moment is None:
        also = f", or as {', '.join(form.times)}" if form.times else ""
        raise RowRefused(f"{column}: expected a time such as 2026-07-06 06:30:51+00{also}; came {text!r}")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(form.timezone))
    return moment.astimezone(UTC)


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _written(text: str, way: str) -> datetime | None:
    try:
        return datetime.strptime(text, way)  # noqa: DTZ007  (the caller gives it the file's zone)
    except ValueError:
        return None


def _ours(row: Mapping[str, str], column: str, values: Mapping[str, str]) -> str:
    """Our code for what a cell says; what is not named is kept."""
    text = cell(row, column)
    return values.get(text, text)


def cell(row: Mapping[str, str], column: str) -> str:
    """The text of a cell; empty where the file has no such column."""
    return (row.get(column) or "").strip() if column else ""


def _joined(row: Mapping[str, str], columns: Columns) -> str:
    """The columns' texts, each once, in order."""
    texts = [cell(row, column) for column in columns]
    return ": ".join(dict.fromkeys(text for text in texts if text))


def required(row: Mapping[str, str], column: str) -> str:
    """The text of a cell that must say something.

    Raises:
        RowRefused: it is empty.
    """
    return cell(row, column) or _refuse_empty(column)


def _refuse_empty(column: str) -> NoReturn:
    raise RowRefused(f"{column}: expected a value; the cell is empty")


def _degrees(row: Mapping[str, str], column: str, limit: float) -> float | None:
    text = cell(row, column)
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise RowRefused(f"{column}: expected degrees; came {text!r}") from None
    if not abs(value) <= limit:
        raise RowRefused(f"{column}: expected degrees between -{limit:g} and {limit:g}; came {text!r}")
    return value


@dataclass(frozen=True)
class AreaTemplates:
    """Texts for each area; `{PROPERTY}` is replaced by that property of the feature."""

    __pydantic_config__ = STRICT
    code: Code
    name: Code
    name_en: Code
    level: Code
    kind: Code
    parent: str = ""
    """Empty: directly under the county."""
    households: str = "0"
    valid_from: str = "1970-01-01"


@dataclass(frozen=True)
class AreaMap:
    """How a GeoJSON file of areas is read."""

    __pydantic_config__ = STRICT
    kind: Literal["areas"]
    origin: str
    frame: Literal["WGS-84", "CGCS2000"]
    fields: AreaTemplates
    mend: bool = False
    """Mend rings that touch or cross themselves, where that changes the area by at most a thousandth."""

    def templates(self) -> dict[str, str]:
        return dict(vars(self.fields))


def properties_in(template: str) -> list[str]:
    """The names in braces.

    Raises:
        ValueError: for braces that do not pair, and for anything in them but a name.
    """
    names = []
    for _, name, form, conversion in Formatter().parse(template):
        if name is not None:
            if not name.isidentifier() or form or conversion:
                raise ValueError(f"expected only a property's name in braces; came {template!r}")
            names.append(name)
    return names


def load_map(path: Path) -> CaseMap | AreaMap:
    """Read a map file.

    Raises:
        ReferenceError: with every wrong key, its line, what was expected and what came.
    """
    findings = Findings(path.name)
    kind = typed_toml(path, _Kind, findings)
    loaded: CaseMap | AreaMap | None = None
    if kind is not None:
        loaded = typed_toml(path, CaseMap, findings) if kind.kind == "cases" else typed_toml(path, AreaMap, findings)
    if isinstance(loaded, CaseMap):
        _check_case_map(loaded, path, findings)
    elif loaded is not None:
        _check_area_map(loaded, path, findings)
    if loaded is None or findings.problems:
        raise ReferenceError(findings.problems)
    return loaded


@dataclass(frozen=True)
class _Kind:
    """The one key that says which kind of map a file is; the others are read in a second pass."""

    kind: Literal["cases", "areas"]


def check_zones(zones: Mapping[str, str], text: str, findings: Findings) -> None:
    """Each table's `timezone` is one that exists."""
    for table, zone in zones.items():
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            line = line_of_key(text, [table, "timezone"])
            findings.add(line, f"{table}.timezone", f"Expected a zone such as Asia/Shanghai; came {zone!r}.")


def _check_case_map(loaded: CaseMap, path: Path, findings: Findings) -> None:
    text = path.read_text(encoding="utf-8-sig")
    check_zones(
        {"file": loaded.file.timezone} | ({"county": loaded.county.timezone} if loaded.county else {}), text, findings
    )
    named = [(["values", "source", value], code) for value, code in loaded.values.source.items()]
    for keys, code in [(["defaults", "source"], loaded.defaults.source), *named]:
        if code not in SOURCES:
            expected = ", ".join(SOURCES)
            findings.add(line_of_key(text, keys), ".".join(keys), f"Expected one of {expected}; came {code!r}.")
    if loaded.columns.status and not loaded.values.status:
        line = line_of_key(text, ["values"])
        findings.add(
            line,
            "values.status",
            "Expected what each status of the file means (a stage such as closed); there is none.",
        )


def _check_area_map(loaded: AreaMap, path: Path, findings: Findings) -> None:
    text = path.read_text(encoding="utf-8-sig")
    for name, template in loaded.templates().items():
        try:
            properties_in(template)
        except ValueError:
            sentence = f"Expected text with names of properties in braces, such as {{WARD}}; came {template!r}."
            findings.add(line_of_key(text, ["fields", name]), f"fields.{name}", sentence)
