"""Reference data as the files say it: the way back from nouns to CSV, GeoJSON and TOML, so that an export can be edited
and read again by the same validator (`config.reference`). Pure.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tomli_w

from config.county import Area, CountyRules, Department
from config.plans import Plan
from config.reference import (
    CALENDAR_COLUMNS,
    CATEGORY_COLUMNS,
    DEPARTMENT_COLUMNS,
    DUTY_CHANGE_COLUMNS,
    DUTY_COLUMNS,
    POST_COLUMNS,
    SOURCE_COLUMNS,
)
from config.tables import adapter

COLUMNS: Mapping[str, Sequence[str]] = {
    "departments": DEPARTMENT_COLUMNS,
    "categories": CATEGORY_COLUMNS,
    "calendar": CALENDAR_COLUMNS,
    "sources": SOURCE_COLUMNS,
    "posts": POST_COLUMNS,
    "duty": DUTY_COLUMNS,
    "duty-changes": DUTY_CHANGE_COLUMNS,
    "areas": ("code", "name", "name_en", "level", "parent", "kind", "households", "valid_from", "valid_to"),
}
"""The columns of each kind; of areas the properties that a form can change (the outline comes from a file)."""
KEYS: Mapping[str, Sequence[str]] = {
    "calendar": ("date",),
    "posts": ("area", "post"),
    "duty": ("weekday", "starts", "role"),
    "duty-changes": ("day", "starts", "role"),
    "ladder": ("role",),
    "stages": ("category",),
    "pressing": ("rule",),
}
"""What tells rows apart, where it is not `code`."""

Cells = dict[str, str]


def key_of(kind: str, cells: Mapping[str, str]) -> tuple[str, ...]:
    """What tells this row from the others of its kind."""
    return tuple(cells.get(name, "") for name in KEYS.get(kind, ("code",)))


def columns_of(kind: str, rules: CountyRules) -> list[str]:
    """The columns of a kind in this county: a department has one more for each rung of the ladder."""
    rungs = [rung.role for rung in rules.escalation.rungs] if kind == "departments" else []
    return [*COLUMNS[kind], *rungs]


def rows_of_nouns(kind: str, nouns: Sequence[Any]) -> list[Cells]:
    """Each noun as the cells of its row."""
    made: Mapping[str, Callable[[Any], Cells]] = {"departments": _department, "categories": _category, "areas": _area}
    plain = made.get(kind) or (lambda noun: {name: _cell(_value(noun, name)) for name in COLUMNS[kind]})
    return [plain(noun) for noun in nouns]


def csv_of(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    """Rows as CSV, header first."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(columns), extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def geojson_of(areas: Sequence[Area]) -> str:
    """Areas as a feature collection with one feature a line, so that a fault's line is a feature's."""
    lines = ",\n".join(json.dumps(_feature(area), ensure_ascii=False) for area in areas)
    return f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n'


def toml_of(rules: CountyRules) -> str:
    """What county.toml says, without its comments."""
    return tomli_w.dumps(plain_rules(rules))


def plain_rules(rules: CountyRules) -> dict[str, Any]:
    """The same as tables, lists and plain values; what is not said is left out."""
    plain = adapter(CountyRules).dump_python(rules, mode="json", exclude_none=True)
    for hours in plain["office_hours"]:
        if hours.get("season"):
            hours["season"] = [f"{month:02}-{day:02}" for month, day in hours["season"]]
    made: dict[str, Any] = _short_times(plain)
    return made


def toml_of_plan(plan: Plan) -> str:
    """A plan as its file says it, without comments: a block for each level, role, department, question and step, so that a
    fault's line is that of its block."""
    plain = adapter(Plan).dump_python(plan, mode="json", exclude_defaults=True)
    blocks = {name: value for name, value in plain.items() if isinstance(value, dict | list)}
    pieces = [_lines_of({name: value for name, value in plain.items() if name not in blocks})]
    for name, value in blocks.items():
        found = [(f"[[{name}]]", one) for one in value] if isinstance(value, list) else [(f"[{name}]", value)]
        pieces += [f"{head}\n{_lines_of(one)}" for head, one in found]
    return "\n".join(pieces)


def _lines_of(values: Mapping[str, Any]) -> str:
    return "".join(f"{name} = {_toml_value(value)}\n" for name, value in values.items())


def _toml_value(value: Any) -> str:
    """A text, number, list or small table on one line. JSON's strings are TOML's, but for one sign."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml_value(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _short_times(value: Any) -> Any:
    """Times as people write them: 08:00, not 08:00:00."""
    if isinstance(value, dict):
        return {name: _short_times(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_short_times(one) for one in value]
    if isinstance(value, str) and len(value) == 8 and value[2] == ":" and value.endswith(":00"):
        return value[:5]
    return value


def _value(noun: Any, name: str) -> Any:
    return noun.day if name == "date" else getattr(noun, name)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if hasattr(value, "strftime") and hasattr(value, "hour"):
        return f"{value:%H:%M}"
    return str(value)


def _department(department: Department) -> Cells:
    contacts = {contact.role: contact.phone for contact in department.contacts}
    return {name: getattr(department, name) for name in DEPARTMENT_COLUMNS} | contacts


def _category(category: Any) -> Cells:
    cells = {name: _cell(getattr(category, name)) for name in CATEGORY_COLUMNS}
    return cells | {"co_departments": ";".join(category.co_departments)}


def _area(area: Area) -> Cells:
    return {name: _cell(getattr(area, name)) for name in COLUMNS["areas"]}


def _feature(area: Area) -> dict[str, Any]:
    properties = {name: getattr(area, name) for name in COLUMNS["areas"]}
    days = {name: day.isoformat() if (day := properties[name]) else None for name in ("valid_from", "valid_to")}
    more = {"covers": list(area.covers), "label": list(area.label)}
    return {"type": "Feature", "properties": properties | days | more, "geometry": area.geometry}
