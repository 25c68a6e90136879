"""Reads reference files so that every fault can name its file, line and field: CSV, TOML and GeoJSON.

Nothing here knows what the files mean. Faults are collected, not thrown one by one: whoever edits a county's files
wants the whole list at once.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import tomllib
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from config.sentences import PYDANTIC, constant, kept, say

Made = TypeVar("Made")


@dataclass(frozen=True, order=True)
class Problem:
    """One fault of a reference file: where it is, and a whole sentence with what was expected and what came."""

    file: str
    line: int | None
    """First line of the row, feature or key, counted from 1; None where the fault is of the file as a whole."""
    field: str
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return (
            say("{place}: {field}: {message}", place=place, field=self.field, message=constant(self.message))
            if self.field
            else say("{place}: {message}", place=place, message=constant(self.message))
        )


class ReferenceError(Exception):
    """Reference files that cannot be used; `problems` has every fault found. (Not the builtin of that name.)"""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass
class Findings:
    """Collects the faults of one file."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def add(self, line: int | None, name: str, message: str) -> None:
        self.problems.append(Problem(self.file, line, name, message))


# ------------------------------------------------------------------------------------------------------ text


def text_of(path: Path, findings: Findings) -> str | None:
    """The file's text (UTF-8, a byte order mark is allowed); None and a finding where there is none to read."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        findings.add(None, "", "The file is missing; expected it here.")
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        findings.add(raw[: error.start].count(b"\n") + 1, "", _encoding_sentence(raw, error))
        return None


def _encoding_sentence(raw: bytes, error: UnicodeDecodeError) -> str:
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return say(
            "Expected UTF-8; byte 0x{raw:02X} on this line belongs to no encoding known here.", raw=raw[error.start]
        )
    return "Expected UTF-8; this looks like GB18030, as Excel saves Chinese CSV. Save it again as “CSV UTF-8”."


# ------------------------------------------------------------------------------------------------------- CSV


@dataclass(frozen=True)
class Row:
    """One row of a CSV file. Each reader returns the value, or adds a finding and returns a harmless stand-in."""

    line: int
    values: Mapping[str, str]
    findings: Findings

    def fault(self, name: str, message: str) -> None:
        self.findings.add(self.line, name, message)

    def text(self, name: str, *, required: bool = True) -> str:
        value = self.values.get(name, "")
        if required and not value:
            self.fault(name, "Expected a value; the cell is empty.")
        return value

    def choice(self, name: str, allowed: Collection[str]) -> str:
        value = self.text(name)
        if value and value not in allowed:
            self.fault(
                name,
                say(
                    "Expected one of {expected}; came {value!r}{hint}.",
                    expected=", ".join(allowed),
                    value=value,
                    hint=likely(value, allowed),
                ),
            )
        return value

    def whole(self, name: str, lowest: int, highest: int | None = None) -> int:
        """A whole number in range."""
        value = self.text(name)
        least, span = "of at least {lowest}", "from {lowest} to {highest}"
        span = say(least, lowest=lowest) if highest is None else say(span, lowest=lowest, highest=highest)
        try:
            number = int(value)
        except ValueError:
            if value:
                self.fault(name, say("Expected a whole number {span}; came {value!r}.", span=span, value=value))
            return lowest
        if number < lowest or (highest is not None and number > highest):
            self.fault(name, say("Expected a whole number {span}; came {number}.", span=span, number=number))
            return lowest
        return number

    def degrees(self, name: str, limit: float) -> float:
        value = self.text(name)
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not abs(number) <= limit:
            self.fault(
                name,
                say(
                    "Expected WGS-84 degrees between -{limit:g} and {limit:g}; came {value!r}.",
                    limit=limit,
                    value=value,
                ),
            )
            return math.nan
        return number

    def day(self, name: str) -> date:
        value = self.text(name)
        try:
            return date.fromisoformat(value)
        except ValueError:
            if value:
                self.fault(name, say("Expected a date such as 2026-10-01; came {value!r}.", value=value))
            return date.min

    def clock(self, name: str) -> time:
        value = self.text(name)
        try:
            return time.fromisoformat(value)
        except ValueError:
            if value:
                self.fault(name, say("Expected a time such as 08:00; came {value!r}.", value=value))
            return time.min

    def several(self, name: str) -> tuple[str, ...]:
        """Values separated by semicolons; an empty cell has none."""
        return tuple(part.strip() for part in self.values.get(name, "").split(";") if part.strip())


def likely(value: str, allowed: Collection[str]) -> str:
    """` (did you mean …?)` where something known is spelled much alike, else nothing."""
    close = get_close_matches(value, list(allowed), 1)
    return say(" (did you mean {close!r}?)", close=close[0]) if close else ""


def rows_of(path: Path, columns: Sequence[str], findings: Findings) -> list[Row]:
    """The rows of a CSV file whose header has exactly these columns, in any order. Empty lines are passed over."""
    text = text_of(path, findings)
    if text is None:
        return []
    lines = _numbered_lines(text, findings)
    header = next(lines, (1, []))[1]
    if not _is_header_known(header, columns, findings):
        return []
    rows = []
    for line, cells in lines:
        if len(cells) != len(header):
            findings.add(
                line,
                "",
                say("Expected {columns} cells as in the header; came {size}.", columns=len(header), size=len(cells)),
            )
            continue
        rows.append(Row(line, dict(zip(header, cells, strict=True)), findings))
    if not rows:
        findings.add(None, "", "Expected at least one row under the header; there is none.")
    return rows


def _numbered_lines(text: str, findings: Findings) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it begins on; quoted cells may run over several lines."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            findings.add(
                begins, "", say("Expected CSV with commas and double quotes; the reader says: {error}.", error=error)
            )
            return
        if any(cell.strip() for cell in cells):
            yield begins, [cell.strip() for cell in cells]


def _is_header_known(header: Sequence[str], columns: Sequence[str], findings: Findings) -> bool:
    missing = [name for name in columns if name not in header]
    if missing:
        findings.add(
            1,
            missing[0],
            say(
                "Missing columns: {expected}. Expected: {expected2}.",
                expected=", ".join(missing),
                expected2=", ".join(columns),
            ),
        )
    for name in dict.fromkeys(header):
        if name not in columns:
            findings.add(
                1,
                name,
                say(
                    "Unknown column {name!r}{hint}. Expected: {expected}.",
                    name=name,
                    hint=likely(name, columns),
                    expected=", ".join(columns),
                ),
            )
        elif header.count(name) > 1:
            findings.add(
                1,
                name,
                say(
                    "Expected the column {name!r} once; it stands there {what} times.",
                    name=name,
                    what=header.count(name),
                ),
            )
    return sorted(header) == sorted(columns)


# ------------------------------------------------------------------------------------------------------ TOML


def adapter(made: type[Made]) -> TypeAdapter[Made]:
    """What checks and writes values of a type; made once, because making one costs more than reading a file with it."""
    kept: TypeAdapter[Made] = _adapter(cast(Hashable, made))
    return kept


@cache
def _adapter(made: Any) -> TypeAdapter[Any]:
    return TypeAdapter(made)


def typed_toml(path: Path, made: type[Made], findings: Findings) -> Made | None:
    """The TOML file as a (frozen) dataclass; None with findings, one per wrong key, where it does not fit."""
    text = text_of(path, findings)
    if text is None:
        return None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        spot = re.search(r"line (\d+)", str(error))
        findings.add(int(spot[1]) if spot else None, "", say("Expected TOML; the reader says: {error}.", error=error))
        return None
    try:
        return adapter(made).validate_python(raw)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            keys = keys_in(raw, fault["loc"])
            findings.add(line_of_key(text, keys), ".".join(map(str, keys)), toml_sentence(fault))
        return None


def optional_toml(file: Path, made: type[Made], refused: type[Exception]) -> Made:
    """A file that a county may have, as a dataclass; without it the dataclass's own defaults.

    Raises:
        refused: naming the file, the first faulty key, and what was expected there.
    """
    if not file.is_file():
        return made()
    findings = Findings(file.name)
    found = typed_toml(file, made, findings)
    if found is None:
        first = findings.problems[0]
        raise refused(f"{', '.join(part for part in (file.name, first.field) if part)}: {first.message}")
    return found


def keys_in(raw: Any, loc: Sequence[int | str]) -> list[int | str]:
    """The part of pydantic's location that is in the file (it also names types), and a last key that is missing."""
    keys: list[int | str] = []
    for key in loc:
        if isinstance(raw, list) and isinstance(key, int):
            keys.append(key)
            raw = raw[key] if key < len(raw) else None
        elif isinstance(raw, dict) and (key in raw or (isinstance(key, str) and key == loc[-1])):
            keys.append(key)
            raw = raw.get(key)
    return keys


def toml_sentence(fault: Mapping[str, Any]) -> str:
    if fault["type"] in ("missing", "missing_argument"):
        return "The key is missing; expected it here."
    if fault["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return say("The key is not known here; came {input!r}.", input=fault["input"])
    said = fault["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    values = {name: str(value) for name, value in fault.get("ctx", {}).items()}
    said = kept(f"{said[0].upper()}{said[1:]}", f"{PYDANTIC}{fault['type']}", values)
    return say("{said}; came {input!r}.", said=said, input=fault["input"])


def line_of_key(text: str, keys: Sequence[int | str]) -> int | None:
    """The line where a TOML key stands, or the nearest table above it that is there; None for the file as a whole."""
    best: tuple[int, int | None] = (0, None)
    table: list[int | str] = []
    seen: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        here: list[int | str] = []
        if header := re.match(r"\s*(\[\[?)\s*([\w.\-\"]+)\s*\]", line):
            here = table = _table_path(header[2].replace('"', "").split("."), header[1] == "[[", seen)
        elif key := re.match(r"\s*(?:\"([^\"]*)\"|([\w\-.]+))\s*=", line):
            here = [*table, *([key[1]] if key[2] is None else key[2].split("."))]
        depth = min(len(here), len(keys))
        if depth > best[0] and here[:depth] == list(keys[:depth]) and len(here) <= len(keys) + 1:
            best = depth, number
    return best[1]


def _table_path(names: list[str], is_array: bool, seen: dict[tuple[str, ...], int]) -> list[int | str]:
    """A table's path with the running index of each array of tables on the way."""
    if is_array:
        key = tuple(names)
        seen[key] = seen.get(key, -1) + 1
        for inner in [other for other in seen if len(other) > len(key) and other[: len(key)] == key]:
            del seen[inner]  # arrays inside begin anew with each entry of the outer one
    path: list[int | str] = []
    for depth, name in enumerate(names, 1):
        path.append(name)
        if tuple(names[:depth]) in seen:
            path.append(seen[tuple(names[:depth])])
    return path


# --------------------------------------------------------------------------------------------------- GeoJSON


@dataclass(frozen=True)
class Feature:
    line: int
    properties: dict[str, Any]
    geometry: Any


@dataclass(frozen=True)
class Collected:
    """A feature collection: its other members (such as `crs`) and its features with the lines they begin on."""

    members: dict[str, Any]
    features: list[Feature]


def features_of(path: Path, findings: Findings) -> Collected | None:
    """A GeoJSON feature collection with line numbers, whatever its layout; None and a finding where it is none."""
    text = text_of(path, findings)
    if text is None:
        return None
    try:
        members, features = _scanned(text)
    except json.JSONDecodeError as error:
        findings.add(
            error.lineno,
            "",
            say("Expected JSON; the reader says: {msg} (column {colno}).", msg=error.msg, colno=error.colno),
        )
        return None
    if members.get("type") != "FeatureCollection" or features is None:
        findings.add(
            1, "type", say("Expected a GeoJSON FeatureCollection; came type {what!r}.", what=members.get("type"))
        )
        return None
    return Collected(members, features)


def _scanned(text: str) -> tuple[dict[str, Any], list[Feature] | None]:
    decoder = json.JSONDecoder()
    members: dict[str, Any] = {}
    features: list[Feature] | None = None
    at = _expect(text, 0, "{")
    while not text.startswith("}", at):
        key, at = decoder.raw_decode(text, at)
        at = _expect(text, at, ":")
        if key == "features" and text.startswith("[", at):
            features, at = _scanned_features(text, at, decoder)
        else:
            members[str(key)], at = decoder.raw_decode(text, at)
        at = _after_value(text, at, "}")
    return members, features


def _scanned_features(text: str, at: int, decoder: json.JSONDecoder) -> tuple[list[Feature], int]:
    features = []
    at = _expect(text, at, "[")
    line, counted = 1, 0
    while not text.startswith("]", at):
        line, counted = line + text.count("\n", counted, at), at
        value, at = decoder.raw_decode(text, at)
        whole = value if isinstance(value, dict) else {}
        properties = whole.get("properties")
        features.append(Feature(line, properties if isinstance(properties, dict) else {}, whole.get("geometry")))
        at = _after_value(text, at, "]")
    return features, at + 1


SPACE = re.compile(r"\s*")


def _expect(text: str, at: int, sign: str) -> int:
    """Behind the sign and the white space around it."""
    at = _skip(text, at)
    if not text.startswith(sign, at):
        raise json.JSONDecodeError(f"expecting {sign!r}", text, at)
    return _skip(text, at + 1)


def _after_value(text: str, at: int, closing: str) -> int:
    """At the next value, or at the closing bracket."""
    at = _skip(text, at)
    if text.startswith(closing, at):
        return at
    return _expect(text, at, ",")


def _skip(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return found.end() if found else at
