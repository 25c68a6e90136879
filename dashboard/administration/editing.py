"""What an administrator's edit makes of a kind of reference data: its text, its faults, what would change, the storing."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from config import notices, ruled, tiling, written
from config.county import Area, CountyRules
from config.reference import one_document, one_table
from config.sentences import say
from config.tables import Problem
from dashboard.administration import planning
from dashboard.administration.changes import Change
from models import stored
from models.directory import Directory
from models.moves import Refused
from models.reference import county_rules, put_county, put_nouns
from models.rules import reference_version
from models.vault import Vault

KINDS = (
    "departments",
    "areas",
    "categories",
    "ladder",
    "stages",
    "pressing",
    "calendar",
    "county",
    "plans",
    "sources",
    "posts",
    "duty",
    "duty-changes",
)
"""What is edited here. Cameras have a page of their own; office hours, rounds and staffing are in `county`, as is all that
`ladder`, `stages` and `pressing` show as rows."""
TEXTS = ("county", "plans")
"""Kinds that are edited as the text of their file."""
Part = int | str | None
"""Which part of a kind: a year of `calendar`, the code of one of `plans`."""
WHOLE = ("calendar", "duty", "duty-changes", "ladder", "stages")
"""Kinds of which a row that is left out is gone; of the others rows stay, because cases may point to them."""
FILES = {"county": "county.toml", "areas": "areas.geojson"}
CLOCKED = ("calendar", "county", "stages", "pressing")
"""A change of these moves deadlines: open cases are worked out anew."""


@dataclass(frozen=True)
class Table:
    """A kind as it is stored now: what the page shows, and what an edit starts from."""

    kind: str
    version: int
    columns: Sequence[str]
    rows: Sequence[Mapping[str, str]]
    text: str


@dataclass(frozen=True)
class Verdict:
    """What came of judging an edit. Problems that name a `line` count it in the text that was judged."""

    problems: Sequence[Problem]
    changes: Sequence[Change]
    nouns: Any


def file_name(kind: str, part: Part) -> str:
    """What the file of a kind is called."""
    if kind == "plans":
        return planning.file_name(str(part or ""))
    return FILES.get(kind) or (f"{part}.csv" if kind == "calendar" else f"{kind.replace('-', '_')}.csv")


def table(connection: Any, kind: str, part: Part) -> Table:
    """A kind as the database has it."""
    rules, version = county_rules(connection), reference_version(connection)
    if kind == "county":
        return Table(kind, version, (), (), written.toml_of(rules))
    if kind == "plans":
        return Table(kind, version, (), (), planning.text_of(connection, str(part or "")))
    if kind in ruled.COLUMNS:
        said, columns = ruled.rows(kind, rules), ruled.COLUMNS[kind]
        return Table(kind, version, columns, said, written.csv_of(columns, said))
    nouns = stored.nouns(connection, kind, part if isinstance(part, int) else None)
    columns, rows = written.columns_of(kind, rules), written.rows_of_nouns(kind, nouns)
    text = written.geojson_of(nouns) if kind == "areas" else written.csv_of(columns, rows)
    return Table(kind, version, columns, rows, text)


def with_row(
    connection: Any, now: Table, key: Sequence[str], cells: Mapping[str, str] | None, part: Part
) -> tuple[str, int]:
    """The whole text with one row added, changed (`key` is its key before), or taken out, and the line of that row.

    Raises:
        Refused: rows of this kind cannot be taken out, or areas made in a form.
    """
    if now.kind == "pressing" and cells is None:
        raise Refused("This rule is always there; only its value changes.", "row")
    if cells is None and now.kind not in WHOLE:
        raise Refused("Rows of this kind stay, because cases may point to them; areas end by their validity.", "row")
    if now.kind == "areas":
        return _area_row(connection, key, cells or {})
    if now.kind == "ladder":
        rungs, at = ruled.put_rung(now.rows, "".join(key), cells)
        return written.csv_of(now.columns, rungs), at + 2 if cells is not None else 0
    rows, line = [], 0
    for row in now.rows:
        here = written.key_of(now.kind, row) == tuple(key)
        if not here or cells is not None:
            rows.append(dict(cells or {}) if here else dict(row))
        if here:
            line = len(rows) + 1
    if cells is not None and not line:
        rows.append(dict(cells))
        line = len(rows) + 1
    return written.csv_of(now.columns, rows), line


def _area_row(connection: Any, key: Sequence[str], cells: Mapping[str, str]) -> tuple[str, int]:
    areas: list[Area] = stored.nouns(connection, "areas")
    found = next((n for n, area in enumerate(areas) if (area.code,) == tuple(key)), None)
    if found is None:
        raise Refused("A new area comes with its outline, from a GeoJSON file.", "code")
    areas[found] = replace(areas[found], **_properties(cells))
    return written.geojson_of(areas), found + 2


def _properties(cells: Mapping[str, str]) -> dict[str, Any]:
    """Cells as an area's properties; what cannot be read stays text, for the validator to refuse by name."""
    made: dict[str, Any] = {name: cells.get(name, "") for name in ("name", "name_en", "kind")}
    made["households"] = int(cells["households"]) if cells.get("households", "").isdigit() else -1
    for name in ("valid_from", "valid_to"):
        text = cells.get(name, "")
        try:
            made[name] = date.fromisoformat(text) if text else None
        except ValueError:
            raise Refused(say("Expected a date such as 2026-10-01; came {text!r}.", text=text), name) from None
    return made


def judged(connection: Any, now: Table, text: str, directory: Directory, part: Part) -> Verdict:
    """The faults of a text, and what it would change; nothing is stored."""
    if now.kind == "county":
        return _judged_county(now, text)
    if now.kind == "plans":
        return Verdict(*planning.judged(connection, text, directory.departments))
    if now.kind == "calendar" and isinstance(part, int) and notices.looks_like(text):
        try:
            text = notices.csv_of_notice(text, part)
        except notices.NoticeError as error:
            return Verdict([Problem(file_name(now.kind, part), None, "text", str(error))], [], None)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / file_name(now.kind, part)
        file.write_text(text, encoding="utf-8")
        if now.kind in ruled.COLUMNS:
            return _judged_rules(now, file, county_rules(connection), directory)
        if now.kind == "duty-changes" and not _has_rows(text):
            return Verdict((), _changes(now, []), [])
        areas = {code: SimpleNamespace(**area) for code, area in directory.areas.items()}
        nouns, problems = one_table(file, now.kind, county_rules(connection), areas, directory.departments)
    if not problems and now.kind == "areas":
        problems = _new_tiling_faults(connection, nouns, file.name)
    return Verdict(problems, [] if problems else _changes(now, written.rows_of_nouns(now.kind, nouns)), nouns)


def excused(connection: Any, now: Table, verdict: Verdict, line: int) -> Verdict:
    """The verdict on one row of `departments`, without the empty telephones of the others: a rung that is new leaves one in
    every department, and they are filled row by row."""
    if now.kind != "departments" or not line or not verdict.problems:
        return verdict
    rungs = {rung.role for rung in county_rules(connection).escalation.rungs}
    empty = {(at, role) for at, row in enumerate(now.rows, 2) for role in rungs if not row.get(role)}
    left = [one for one in verdict.problems if one.line == line or (one.line, one.field) not in empty]
    changes = [] if left else _changes(now, written.rows_of_nouns(now.kind, verdict.nouns))
    return Verdict(left, changes, verdict.nouns)


def _has_rows(text: str) -> bool:
    return sum(any(cell.strip() for cell in row) for row in csv.reader(io.StringIO(text))) > 1


def _judged_county(now: Table, text: str) -> Verdict:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / FILES["county"]
        file.write_text(text, encoding="utf-8")
        rules, problems = one_document(file)
    if rules is None or problems:
        return Verdict(problems, [], None)
    return Verdict((), _lines(now.text, written.toml_of(rules)), rules)


def _judged_rules(now: Table, file: Path, rules: CountyRules, directory: Directory) -> Verdict:
    found, problems = ruled.judged(file, now.kind, rules, directory.categories)
    return Verdict(problems, [] if found is None else _changes(now, ruled.rows(now.kind, found)), found)


def _lines(before: str, after: str) -> list[Change]:
    """Lines of county.toml that differ, table by table."""
    old, new = _keyed(before), _keyed(after)
    return [
        Change("changed", key, {key: (old.get(key, ""), new.get(key, ""))})
        for key in dict.fromkeys([*old, *new])
        if old.get(key) != new.get(key)
    ]


def _keyed(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    here, seen = "", 0
    for line in text.splitlines():
        if line.startswith("["):
            here = line.strip("[]")
            seen = seen + 1 if line.startswith("[[") else 0
        elif " = " in line:
            name, _, value = line.partition(" = ")
            found[f"{here}{f'#{seen}' if seen else ''}.{name.strip()}".strip(".")] = value
    return found


def _changes(now: Table, rows: Sequence[Mapping[str, str]]) -> list[Change]:
    old = {written.key_of(now.kind, row): row for row in now.rows}
    new = {written.key_of(now.kind, row): row for row in rows}
    found = [Change("added", " ".join(key), {}) for key in new if key not in old]
    for key in old.keys() & new.keys():
        fields = {name: (old[key].get(name, ""), new[key].get(name, "")) for name in now.columns}
        other = {name: pair for name, pair in fields.items() if pair[0] != pair[1]}
        if other:
            found.append(Change("changed", " ".join(key), other))
    if now.kind in WHOLE:
        found += [Change("removed", " ".join(key), {}) for key in old if key not in new]
    return sorted(found, key=lambda change: (change.what, change.key))


# --- areas -----------------------------------------------------------------------------------------------------------


def _tree(areas: Sequence[Area], rules: CountyRules) -> list[tiling.Fault]:
    return list(tiling.faults({area.code: area for area in areas}, rules.tree))


def tiling_faults(connection: Any) -> list[tiling.Fault]:
    """Where the stored areas overlap, leave gaps or reach out of what they belong to."""
    return _tree(stored.nouns(connection, "areas"), county_rules(connection))


def _new_tiling_faults(connection: Any, nouns: Sequence[Area], name: str) -> list[Problem]:
    """Faults that this edit would bring; those that are stored already do not stand in its way."""
    rules = county_rules(connection)
    old: list[Area] = stored.nouns(connection, "areas")
    known = {fault.sentence for fault in _tree(old, rules)}
    merged = {area.code: area for area in old} | {area.code: area for area in nouns}
    found = [fault for fault in _tree(list(merged.values()), rules) if fault.sentence not in known]
    return [Problem(name, fault.area.line or None, "geometry", fault.sentence) for fault in found]


# --- storing ---------------------------------------------------------------------------------------------------------


def store(connection: Any, now: Table, verdict: Verdict, vault: Vault, part: Part) -> None:
    """Put judged nouns in, in the transaction of this connection."""
    if now.kind == "county" or now.kind in ruled.COLUMNS:
        put_county(connection, verdict.nouns)
        return
    if now.kind == "plans":
        planning.store(connection, verdict.nouns, str(part or ""))
        return
    if now.kind == "calendar" and isinstance(part, int):
        stored.forget_year(connection, part)
    if now.kind == "duty-changes" and not verdict.nouns:
        stored.forget_changes(connection)
    put_nouns(connection, verdict.nouns, vault)
