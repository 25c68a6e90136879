"""Reads areas from GeoJSON: the county's own file, and foreign ones through a map file (`config.columns`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import shapely
from shapely.errors import ShapelyError

from config import tiling
from config.columns import AreaMap, properties_in
from config.county import Area, CountyRules
from config.sentences import say
from config.tables import Collected, Feature, Findings, Problem, features_of, likely

PROPERTIES = (
    "code",
    "name",
    "name_en",
    "level",
    "parent",
    "kind",
    "households",
    "valid_from",
    "valid_to",
    "covers",
    "label",
)
GRID_KINDS = ("basic", "exclusive")
WGS84_NAMES = ("CRS84", "4326", "4490")
"""Parts of the names of frames that are degrees on WGS-84 (or CGCS2000, the same to a few centimetres)."""


def county_areas(path: Path, rules: CountyRules, findings: Findings) -> dict[str, Area]:
    """The county's own areas: every row checked by itself, then the tree; the geometry is not (see `config.tiling`)."""
    collected = features_of(path, findings)
    if collected is None or _refuses_frame(collected, findings):
        return {}
    areas = _by_code((_area(feature, feature.properties, findings) for feature in collected.features), findings)
    for feature in collected.features:
        _check_properties(feature, findings)
    _check_each(areas.values(), rules, findings)
    _check_tree(areas, rules, findings)
    _check_covers(areas, findings)
    return areas


def area_features(path: Path, area_map: AreaMap) -> tuple[list[Area], list[Problem]]:
    """Areas of a foreign GeoJSON file, read as the map file says, and every fault with its line.

    A file that is not in degrees gives one fault and no area. A feature with a fault is left out; the others are there.
    """
    findings = Findings(path.name)
    collected = features_of(path, findings)
    if collected is None or _refuses_frame(collected, findings):
        return [], findings.problems
    areas = []
    for feature in collected.features:
        before = len(findings.problems)
        area = _area(feature, _filled(feature, area_map, findings), findings)
        if area and area_map.mend:
            area = _mended(area)
        sentence = tiling.shape_sentence(area.shape) if area and len(findings.problems) == before else None
        if sentence:
            findings.add(feature.line, "geometry", sentence)
        if area and len(findings.problems) == before:
            areas.append(area)
    return list(_by_code(areas, findings).values()), findings.problems


def _filled(feature: Feature, area_map: AreaMap, findings: Findings) -> dict[str, Any]:
    """The properties of an area, each template filled from the feature's own."""
    filled: dict[str, Any] = {}
    for name, template in area_map.templates().items():
        absent = [key for key in properties_in(template) if feature.properties.get(key) is None]
        if absent:
            there = ", ".join(feature.properties)
            findings.add(
                feature.line,
                name,
                say(
                    "Expected a property {absent!r} to make {what!r}; there are {there}.",
                    absent=absent[0],
                    what=template,
                    there=there,
                ),
            )
        else:
            filled[name] = template.format_map(feature.properties).strip()
    filled["parent"] = filled.get("parent") or None
    return filled | {"covers": [], "valid_to": None, "households": _number(filled.get("households"))}


def _number(text: Any) -> Any:
    return int(text) if isinstance(text, str) and text.isdigit() else text


def _mended(area: Area) -> Area:
    """The area with a valid shape, unless mending would move more than a thousandth of it."""
    shape = tiling.mended(area.shape)
    return replace(area, shape=shape, label=_label(shape, {})) if shape is not None else area


# ---------------------------------------------------------------------------------------------- one feature


def _refuses_frame(collected: Collected, findings: Findings) -> bool:
    """Is the file not in WGS-84 degrees? Says so once for the whole file."""
    crs = _frame_name(collected.members.get("crs"))
    if crs and not crs.endswith(WGS84_NAMES):
        findings.add(1, "crs", say("Expected WGS-84 (urn:ogc:def:crs:OGC:1.3:CRS84); the file says {crs!r}.", crs=crs))
        return True
    for feature in collected.features:
        shape = _shape(feature)
        sentence = tiling.frame_sentence(shape.bounds) if shape is not None and not shape.is_empty else None
        if sentence:
            findings.add(feature.line, "geometry", sentence)
            return True
    return False


def _frame_name(crs: Any) -> str:
    """The name in the old `crs` member; empty where the file has none, which means WGS-84 (RFC 7946)."""
    match crs:
        case None:
            return ""
        case {"properties": {"name": str(name)}}:
            return name
        case _:
            return json.dumps(crs, ensure_ascii=False)


def _shape(feature: Feature) -> Any | None:
    """The geometry, or None where it is no geometry at all."""
    try:
        return shapely.geometry.shape(feature.geometry)
    except (ShapelyError, ValueError, TypeError, KeyError, AttributeError, IndexError):
        return None


def _area(feature: Feature, properties: Mapping[str, Any], findings: Findings) -> Area | None:
    """The area, with a finding for each unusable property; None without a code or a geometry."""
    texts = {name: _text(feature, properties, name, findings) for name in ("code", "name", "name_en", "level", "kind")}
    shape = _shape(feature)
    if shape is None:
        findings.add(feature.line, "geometry", "Expected a GeoJSON Polygon or MultiPolygon; it cannot be read as one.")
    households = properties.get("households")
    if not isinstance(households, int) or isinstance(households, bool) or households < 0:
        findings.add(
            feature.line,
            "households",
            say("Expected a whole number of at least 0; came {households!r}.", households=households),
        )
        households = 0
    valid_from = _day(feature, properties, "valid_from", findings) or date.min
    valid_to = _day(feature, properties, "valid_to", findings) if properties.get("valid_to") is not None else None
    if valid_to is not None and valid_to <= valid_from:
        findings.add(
            feature.line,
            "valid_to",
            say(
                "Expected a day after valid_from {valid_from}; came {valid_to}.",
                valid_from=valid_from,
                valid_to=valid_to,
            ),
        )
    if shape is None or not texts["code"]:
        return None
    return Area(
        **texts,
        parent=_parent(feature, properties, findings),
        households=households,
        valid_from=valid_from,
        valid_to=valid_to,
        covers=_covers(feature, properties, findings),
        label=_label(shape, properties),
        shape=shape,
        line=feature.line,
    )


def _text(feature: Feature, properties: Mapping[str, Any], name: str, findings: Findings) -> str:
    value = properties.get(name)
    if not isinstance(value, str) or not value.strip():
        findings.add(feature.line, name, say("Expected text; came {value!r}.", value=value))
        return ""
    return value.strip()


def _parent(feature: Feature, properties: Mapping[str, Any], findings: Findings) -> str | None:
    value = properties.get("parent")
    if value is None or isinstance(value, str):
        return value
    findings.add(
        feature.line,
        "parent",
        say("Expected the code of the area above as text, or null; came {value!r}.", value=value),
    )
    return None


def _covers(feature: Feature, properties: Mapping[str, Any], findings: Findings) -> tuple[str, ...]:
    value = properties.get("covers")
    if isinstance(value, list) and all(isinstance(code, str) for code in value):
        return tuple(value)
    findings.add(
        feature.line, "covers", say("Expected a list of codes, or an empty list; came {value!r}.", value=value)
    )
    return ()


def _day(feature: Feature, properties: Mapping[str, Any], name: str, findings: Findings) -> date | None:
    try:
        return date.fromisoformat(str(properties.get(name)))
    except ValueError:
        findings.add(
            feature.line, name, say("Expected a date such as 2026-01-01; came {what!r}.", what=properties.get(name))
        )
        return None


def _label(shape: Any, properties: Mapping[str, Any]) -> tuple[float, float]:
    """The point given, or one inside the shape."""
    match properties.get("label"):
        case [float(x) | int(x), float(y) | int(y)]:
            return float(x), float(y)
    if shape.is_empty or not shape.is_valid:
        return 0.0, 0.0
    point = shape.representative_point()
    return round(point.x, 6), round(point.y, 6)


# ----------------------------------------------------------------------------------------------- the county's


def _check_properties(feature: Feature, findings: Findings) -> None:
    for name in feature.properties:
        if name not in PROPERTIES:
            expected = ", ".join(PROPERTIES)
            findings.add(
                feature.line,
                name,
                say("Unknown property{hint}. Expected: {expected}.", hint=likely(name, PROPERTIES), expected=expected),
            )


def _by_code(areas: Iterable[Area | None], findings: Findings) -> dict[str, Area]:
    found: dict[str, Area] = {}
    for area in areas:
        if area is None:
            continue
        if area.code in found:
            findings.add(
                area.line,
                "code",
                say("The code {code} stands already on line {line}.", code=area.code, line=found[area.code].line),
            )
        else:
            found[area.code] = area
    return found


def _check_each(areas: Iterable[Area], rules: CountyRules, findings: Findings) -> None:
    west, south, east, north = rules.map.bounds
    room = shapely.box(west, south, east, north)
    for area in areas:
        if not area.code.isdigit() or not area.code.isascii():
            findings.add(area.line, "code", say("Expected digits only; came {code!r}.", code=area.code))
        elif not area.code.startswith(rules.division_prefix):
            findings.add(
                area.line,
                "code",
                say(
                    "Expected a code that begins {division_prefix}; came {code}.",
                    division_prefix=rules.division_prefix,
                    code=area.code,
                ),
            )
        if area.level not in rules.tree.levels:
            expected = ", ".join(rules.tree.levels)
            findings.add(
                area.line,
                "level",
                say("Expected one of {expected}; came {level!r}.", expected=expected, level=area.level),
            )
        if area.level == "grid" and area.kind not in GRID_KINDS:
            findings.add(
                area.line,
                "kind",
                say(
                    "Expected a grid to be one of {expected}; came {kind!r}.",
                    expected=", ".join(GRID_KINDS),
                    kind=area.kind,
                ),
            )
        if not area.shape.is_empty and not room.covers(shapely.box(*area.shape.bounds)):
            came = ", ".join(f"{value:.4f}" for value in area.shape.bounds)
            findings.add(
                area.line,
                "geometry",
                say(
                    "Expected it within the county's bounds {west}, {south}, {east}, {north}; came {came}.",
                    west=west,
                    south=south,
                    east=east,
                    north=north,
                    came=came,
                ),
            )


def _check_tree(areas: Mapping[str, Area], rules: CountyRules, findings: Findings) -> None:
    if rules.code not in areas:
        findings.add(
            None, "code", say("Expected an area with the county's code {code}; there is none.", code=rules.code)
        )
    for area in areas.values():
        sentence = _parent_sentence(area, areas, rules)
        if sentence:
            findings.add(area.line, "parent", sentence)


def _parent_sentence(area: Area, areas: Mapping[str, Area], rules: CountyRules) -> str | None:
    if area.parent is None:
        return (
            None
            if area.code == rules.code
            else say("Expected a parent; only the county {code} has none.", code=rules.code)
        )
    if area.code == rules.code:
        return say("Expected the county itself to have none; came {parent!r}.", parent=area.parent)
    parent = areas.get(area.parent)
    if parent is None:
        return say("No area has the code {parent!r}{hint}.", parent=area.parent, hint=likely(area.parent, areas))
    if _is_in_cycle(area, areas):
        return say("{code} is its own ancestor through {parent}; expected a tree.", code=area.code, parent=area.parent)
    levels = rules.tree.levels
    if area.level in levels and parent.level in levels and levels.index(parent.level) >= levels.index(area.level):
        return say(
            "Expected a parent above the level {level!r}; {code} is a {above!r}.",
            level=area.level,
            code=parent.code,
            above=parent.level,
        )
    return None


def _is_in_cycle(area: Area, areas: Mapping[str, Area]) -> bool:
    seen, here = {area.code}, area.parent
    while here is not None and here in areas and here not in seen:
        seen.add(here)
        here = areas[here].parent
    return here == area.code


def _check_covers(areas: Mapping[str, Area], findings: Findings) -> None:
    claimed = {area.parent: area for area in areas.values() if area.level == "grid"}
    for area in areas.values():
        for code in area.covers:
            covered = areas.get(code)
            if covered is None:
                findings.add(
                    area.line,
                    "covers",
                    say("No area has the code {code!r}{hint}.", code=code, hint=likely(code, areas)),
                )
            elif covered.parent != area.parent:
                findings.add(
                    area.line,
                    "covers",
                    say(
                        "Expected areas of the same parent {parent}; {code} has {other}.",
                        parent=area.parent,
                        code=code,
                        other=covered.parent,
                    ),
                )
            elif code in claimed:
                findings.add(
                    area.line,
                    "covers",
                    say(
                        "{code} has a grid already: {grid} on line {line}.",
                        code=code,
                        grid=claimed[code].code,
                        line=claimed[code].line,
                    ),
                )
            else:
                claimed[code] = area
