"""What a notification says over a channel: one thing in full, many things as a handful of groups. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from alerts.channels.sending import Letter
from models.ladder.floods import Counted, grouped

IN_FULL = 3
"""Up to so many are told one by one; more are told as groups, the gravest of them still by name."""
GRAVE = 2
NAMED = 10


@dataclass(frozen=True)
class Tongue:
    """The language that channels speak: the catalogue's texts, and names of departments and towns."""

    texts: Mapping[str, str]
    zone: ZoneInfo
    department: Callable[[str | None], str]
    town: Callable[[str | None], str]

    def text(self, key: str, **values: object) -> str:
        """The catalogue's text with its placeholders filled."""
        return self.texts.get(key, key).format(**values)


def letter(rows: Sequence[Any], tongue: Tongue) -> Letter:
    """What is said of these rows of `deliveries.claim`, which are of one channel; briefs are said whole."""
    briefs = [row for row in rows if row.kind == "brief"]
    if briefs:
        others = [row for row in rows if row.kind != "brief"]
        said = letter(others, tongue) if others else None
        texts = [said.text] if said else []
        return Letter(said.title if said else briefs[0].title, "\n\n".join([*texts, *(row.text for row in briefs)]))
    if len(rows) == 1:
        return _one(rows[0], tongue)
    title = tongue.text("ladder.told.many", n=len(rows))
    if len(rows) <= IN_FULL:
        lines = [_line(row, tongue) for row in rows]
    else:
        grave = [row for row in rows if row.level <= GRAVE]
        lines = [_line(row, tongue) for row in grave[:NAMED]]
        if len(grave) > NAMED:
            lines.append(tongue.text("ladder.told.more", n=len(grave) - NAMED))
        counted = [Counted(row.reason, row.level, row.department, row.town, 1, row.at, row.at) for row in rows]
        lines += [_group(group, tongue) for group in grouped(counted)]
    return Letter(title, "\n".join([*lines, tongue.text("ladder.told.footer")]))


def _one(row: Any, tongue: Tongue) -> Letter:
    if row.code is None:
        of_emergency = getattr(row, "emergency_id", None) is not None
        title = tongue.text("ladder.told.emergency" if of_emergency else "ladder.told.message", title=row.title)
        return Letter(title, tongue.text("ladder.told.footer"))
    level, what = tongue.text(f"common.level.{row.level}"), tongue.text(f"ladder.kind.{row.kind}")
    title = tongue.text("ladder.told.subject", level=level, what=what, code=row.code)
    return Letter(title, f"{_line(row, tongue)}\n{tongue.text('ladder.told.footer')}")


def _line(row: Any, tongue: Tongue) -> str:
    line = tongue.text(
        "ladder.told.line",
        what=tongue.text(f"ladder.kind.{row.kind}"),
        level=tongue.text(f"common.level.{row.level}"),
        code=row.code or "",
        title=row.title,
        department=tongue.department(row.department),
    )
    return f"{line} {tongue.text('ladder.told.due', time=_time(row.due_at, tongue))}" if row.due_at else line


def _time(moment: datetime, tongue: Tongue) -> str:
    return f"{moment.astimezone(tongue.zone):%m-%d %H:%M}"


def _group(group: Any, tongue: Tongue) -> str:
    names = [
        tongue.department(group.department) if group.department else "",
        tongue.town(group.town) if group.town else "",
    ]
    where = tongue.text("ladder.told.where", names=" ".join(filter(None, names))) if any(names) else ""
    return tongue.text(
        "ladder.told.group",
        level=tongue.text(f"common.level.{group.level}"),
        reason=tongue.text(f"ladder.reason.{group.reason or 'several'}"),
        n=group.count,
        where=where,
    )
