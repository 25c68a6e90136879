"""How things of an emergency are called in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from config.plans import Plan
from models.directory import Directory
from models.emergencies.drafting import Words


def words(texts: Mapping[str, str], language: str, directory: Directory, zone: ZoneInfo, plan: Plan | None) -> Words:
    """The words of one reader for one plan."""
    english = language == "en"

    def text(key: str, **values: object) -> str:
        return texts.get(key, key).format(**values)

    def named(thing: Mapping[str, Any] | None, code: str, short: bool = False) -> str:
        if not thing:
            return code
        names = (("short_en", "name_en", "short") if english else ("short",)) if short else ()
        names = (*names, *(("name_en",) if english else ()), "name")
        return str(next((thing[name] for name in names if thing.get(name)), code))

    def place(row: Any) -> str:
        areas = [directory.areas[code] for code in dict.fromkeys((row.town, row.area)) if code in directory.areas]
        return " · ".join([*(named(area, "") for area in areas), *([row.address] if row.address else [])])

    def length(seconds: float) -> str:
        minutes = int(seconds // 60)
        return f"{minutes // 60}:{minutes % 60:02d}"

    return Words(
        language=language,
        text=text,
        department=lambda code: named(directory.departments.get(code), code, short=True),
        time=lambda at: _time(at, zone),
        length=length,
        place=place,
        plan=lambda one: one.name_en if english else one.name,
        names=names_of(plan, english) if plan is not None else {},
    )


def _time(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%m-%d %H:%M}"


def names_of(plan: Plan, english: bool) -> dict[str, str]:
    """What a plan's codes are called: `question:…`, `option:question:…`, `role:…`, `objective:…`."""
    suffix = "_en" if english else ""
    found = {f"role:{one.code}": getattr(one, f"name{suffix}") for one in plan.roles}
    found |= {f"objective:{one.code}": getattr(one, f"text{suffix}") for one in plan.objectives}
    for question in plan.questions:
        found[f"question:{question.code}"] = getattr(question, f"text{suffix}")
        found |= {
            f"option:{question.code}:{option.code}": getattr(option, f"text{suffix}") for option in question.options
        }
    return found
