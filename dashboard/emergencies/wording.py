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
        hours, minutes = divmod(int(seconds // 60), 60)
        return text("emergency.draft.hours" if hours else "emergency.draft.minutes", h=hours, m=minutes)

    return Words(
        language=language,
        text=text,
        department=lambda code: named(directory.departments.get(code), code, short=True),
        time=lambda at: _time(at, zone),
        date=lambda at: _date(at, zone, english),
        length=length,
        place=place,
        plan=lambda one: one.name_en if english else one.name,
        names=names_of(plan, english) if plan is not None else {},
    )


def title_of(row: Any, language: str) -> str:
    """What an emergency is called; one that was given no name has its plan's, which knows both languages."""
    plan = row.plan_body
    return str(plan["name_en"] if language == "en" and row.title == plan["name"] else row.title)


def _time(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%m-%d %H:%M}"


def _date(at: datetime, zone: ZoneInfo, english: bool) -> str:
    local = at.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M}" if english else f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


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
