"""Parts of county.toml as rows, so that they can be edited in a form and as CSV: the ladder's rungs, the minutes of the
stages, the single values of clocks and urging. What comes in is judged with all the other rules. Pure but for the file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from config.county import CountyRules, StageClock
from config.reference import rule_faults
from config.sentences import say
from config.tables import Findings, Problem, Row, adapter, keys_in, likely, rows_of, toml_sentence
from config.written import KEYS, plain_rules

EVERY = "*"
"""The row of minutes that hold for all categories that have none of their own."""
RUNG = "rung"
"""Which step a row of the ladder is, counted from 1."""
VALUES = (
    "clock.yellow",
    "clock.orange",
    "clock.warnings",
    "clock.hours_per_work_day",
    "extension.times",
    "extension.leader_from",
    "hand_back.adjudicate_after",
    "urge.repeat_minutes",
    "urge.shares",
    "urge.most",
    "escalation.direct_level",
    "escalation.takeover_level",
    "escalation.quiet_hours",
    "escalation.notice",
    "escalation.supervise.degree",
    "escalation.supervise.reply_minutes",
    "escalation.stages.clocks",
    "escalation.stages.higher_minutes",
)
"""Single values, by the path of their key in county.toml."""
SEVERAL = {"clock.warnings", "urge.shares", "escalation.quiet_hours", "escalation.stages.clocks"}
"""Those that are lists; in a cell their parts are separated by semicolons."""
CHOICES: Mapping[str, Sequence[str]] = {
    "escalation.notice": ("true", "false"),
    "escalation.supervise.degree": ("ordinary", "key", "listed"),
    "escalation.direct_level": ("0", "1", "2", "3", "4"),
    "escalation.takeover_level": ("0", "1", "2", "3", "4"),
}
RANGES: Mapping[str, tuple[int, int | None]] = {
    "acknowledge_minutes": (1, None),
    "again": (0, 20),
    **dict.fromkeys(get_args(StageClock), (1, None)),
}
"""Whole numbers, from and to."""
COLUMNS: Mapping[str, Sequence[str]] = {
    "ladder": (RUNG, "role", "name", "name_en", "acknowledge_minutes", "time", "again"),
    "stages": ("category", *get_args(StageClock)),
    "pressing": ("rule", "value"),
}
"""The kinds that are edited here, and their columns."""

Cells = dict[str, str]
Plain = dict[str, Any]


def rows(kind: str, rules: CountyRules) -> list[Cells]:
    """What the county's rules say of this kind, a row each."""
    plain = plain_rules(rules)
    return _TOLD[kind](plain)


def _rungs(plain: Plain) -> list[Cells]:
    rungs = plain["escalation"]["rungs"]
    return [{RUNG: str(n)} | {name: _cell(value) for name, value in rung.items()} for n, rung in enumerate(rungs, 1)]


def _stages(plain: Plain) -> list[Cells]:
    stages = plain["stages"]
    found = [(EVERY, {name: value for name, value in stages.items() if name != "categories"})]
    found += sorted(stages.get("categories", {}).items())
    names = COLUMNS["stages"][1:]
    return [{"category": code} | {name: _cell(minutes.get(name)) for name in names} for code, minutes in found]


def _values(plain: Plain) -> list[Cells]:
    return [{"rule": rule, "value": _cell(_at(plain, rule))} for rule in VALUES]


_TOLD: Mapping[str, Callable[[Plain], list[Cells]]] = {"ladder": _rungs, "stages": _stages, "pressing": _values}


def _at(plain: Plain, rule: str) -> Any:
    found: Any = plain
    for key in rule.split("."):
        found = found[key]
    return found


def _cell(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "; ".join(map(_cell, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def put_rung(now: Sequence[Mapping[str, str]], role: str, cells: Mapping[str, str] | None) -> tuple[list[Cells], int]:
    """The ladder with one rung put in at its number, moved or (without cells) taken out, counted anew; and where it
    stands then, from 0. What is no number stays at the end, to be refused there."""
    others = [dict(row) for row in now if row["role"] != role]
    if cells is None:
        return _counted(others), 0
    number = cells.get(RUNG, "").strip()
    if not (number.isdecimal() and int(number)):
        return [*_counted(others), dict(cells)], len(others)
    at = min(int(number), len(others) + 1) - 1
    return _counted([*others[:at], dict(cells), *others[at:]]), at


def _counted(rungs: Sequence[Cells]) -> list[Cells]:
    return [rung | {RUNG: str(n)} for n, rung in enumerate(rungs, 1)]


# --- judging ---------------------------------------------------------------------------------------------------------


def judged(
    path: Path, kind: str, rules: CountyRules, categories: Collection[str]
) -> tuple[CountyRules | None, list[Problem]]:
    """The county's rules with what this CSV says of its kind, and every fault with line and column."""
    findings = Findings(path.name)
    found = rows_of(path, COLUMNS[kind], findings)
    _twice(found, KEYS[kind][0])
    plain = plain_rules(rules)
    place = _TAKEN[kind](found, plain, categories)
    if findings.problems:
        return None, findings.problems
    try:
        made = adapter(CountyRules).validate_python(plain)
    except ValidationError as error:
        faults = [(keys_in(plain, fault["loc"]), _sentence(fault)) for fault in error.errors(include_url=False)]
    else:
        faults = rule_faults(made)
    placed = [(*place(keys), sentence) for keys, sentence in faults]
    for line, column, sentence in [
        one for one in placed if one[0]
    ] or placed:  # what only follows from others is not told
        findings.add(line, column, sentence)
    return (None if faults else made), findings.problems


Keys = Sequence[int | str]
Place = Callable[[Keys], tuple[int | None, str]]


def _sentence(fault: Any) -> str:
    is_missing = fault["type"] in ("missing", "missing_argument")
    return "Expected a value; the cell is empty." if is_missing else toml_sentence(fault)


def _twice(found: Sequence[Row], name: str) -> None:
    seen: set[str] = set()
    for row in found:
        if row.values[name] in seen:
            row.fault(name, say("Expected each once; {code!r} stands there twice.", code=row.values[name]))
        seen.add(row.values[name])


def _filled(row: Row, apart: str) -> dict[str, Any]:
    """What the row says; an empty cell says nothing."""
    said = {name: value for name, value in row.values.items() if value and name != apart}
    return said | {name: row.whole(name, *RANGES[name]) for name in said if name in RANGES}


def _take_rungs(found: Sequence[Row], plain: Plain, _: Collection[str]) -> Place:
    numbers = [row.whole(RUNG, 1) for row in found]
    for row, number in zip(found, numbers, strict=True):
        if numbers.count(number) > 1:
            row.fault(RUNG, say("Expected each once; {code!r} stands there twice.", code=number))
    order = sorted(range(len(found)), key=lambda at: numbers[at])
    plain["escalation"]["rungs"] = [_filled(found[at], RUNG) for at in order]

    def place(keys: Keys) -> tuple[int | None, str]:
        if list(keys[:2]) != ["escalation", "rungs"] or len(keys) < 3:
            return None, ""
        return found[order[int(keys[2])]].line, str(keys[3]) if len(keys) > 3 else "role"

    return place


def _take_stages(found: Sequence[Row], plain: Plain, categories: Collection[str]) -> Place:
    by_code = {row.values["category"]: row for row in found}
    for code, row in by_code.items():
        if code not in (EVERY, "") and code not in categories:
            row.fault(
                "category", say("No category has the code {code!r}{hint}.", code=code, hint=likely(code, categories))
            )
        row.text("category")
    if found and EVERY not in by_code:
        found[0].findings.add(None, "category", say("Expected a row {every} for all categories.", every=EVERY))
    minutes = {code: _filled(row, "category") for code, row in by_code.items()}
    plain["stages"] = minutes.pop(EVERY, {}) | {"categories": minutes}

    def place(keys: Keys) -> tuple[int | None, str]:
        if not keys or keys[0] != "stages":
            return None, ""
        code = str(keys[2]) if keys[1:2] == ["categories"] and len(keys) > 2 else EVERY
        return by_code[code].line, str(keys[-1]) if keys[-1] in COLUMNS["stages"] else "category"

    return place


def _take_values(found: Sequence[Row], plain: Plain, _: Collection[str]) -> Place:
    by_rule = {row.values["rule"]: row for row in found}
    for rule, row in by_rule.items():
        if rule not in VALUES:
            row.fault("rule", say("There is no rule {rule!r}{hint}.", rule=rule, hint=likely(rule, VALUES)))
            continue
        *above, last = rule.split(".")
        inside = _at(plain, ".".join(above))
        inside[last] = list(row.several("value")) if rule in SEVERAL else row.text("value")
        if rule == "escalation.quiet_hours" and len(inside[last]) != 2:
            row.fault(
                "value",
                say(
                    "Expected two times such as {example}; came {value!r}.",
                    example="22:00; 07:00",
                    value=row.values["value"],
                ),
            )

    def place(keys: Keys) -> tuple[int | None, str]:
        rule = next((one for one in by_rule if list(keys[: one.count(".") + 1]) == one.split(".")), "")
        return (by_rule[rule].line, "value") if rule else (None, "")

    return place


_TAKEN: Mapping[str, Callable[[Sequence[Row], Plain, Collection[str]], Place]] = {
    "ladder": _take_rungs,
    "stages": _take_stages,
    "pressing": _take_values,
}
