"""An emergency as CAP messages: begun (Alert), another level or all clear (Update), its mark cancelled (Cancel). Pure.

The messages follow from the room's row and its append-only log alone, so that asking twice gives the same messages with the
same identifiers. A drill is `Exercise`. What is said is what screens show: the masked title, no names, no contacts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from models.exchange.cap import CATEGORIES, COLOURED, COLOURS, Alert, Area, Circle, Info, severity_of

LANGUAGES = {"zh-CN": "", "en": "_en"}


@dataclass(frozen=True)
class Issuer:
    """Who says it: the county's code and the centre's names."""

    code: str
    names: Mapping[str, str]
    """Language → name of the centre."""
    zone: ZoneInfo

    @property
    def sender(self) -> str:
        """Unique and without spaces, as the standard wants it."""
        return f"gridcommand@{self.code}"


@dataclass(frozen=True)
class _Turn:
    """A moment that is told."""

    at: datetime
    kind: str
    level: int
    over: bool = False


def messages(row: Any, log: Sequence[Any], issuer: Issuer, places: Mapping[str, str]) -> list[Alert]:
    """All messages of an emergency, oldest first; none for one that never began.

    Args:
        row: of the table `emergency`. log: its log, oldest first. places: language → name of its area.
    """
    told: list[Alert] = []
    for number, turn in enumerate(_turns(row, log), 1):
        infos = tuple(_info(row, turn, language, issuer, places) for language in LANGUAGES)
        told.append(
            Alert(
                identifier=f"{row.number}.{number}",
                sender=issuer.sender,
                sent=turn.at.astimezone(issuer.zone).replace(microsecond=0),
                status="Exercise" if row.drill else "Actual",
                kind=turn.kind,
                scope="Restricted",
                restriction="responders of the county",
                note="演练 Exercise" if row.drill else None,
                references=tuple(one.reference for one in told),
                incidents=row.number,
                infos=infos,
            )
        )
    return told


def _turns(row: Any, log: Sequence[Any]) -> list[_Turn]:
    if row.running_at is None:
        return []
    levels = [line for line in log if line.act == "level"]
    earlier = [line.detail["level"] for line in log if line.act != "level" and "level" in line.detail]
    first = int(earlier[0]) if earlier else row.level
    turns = [_Turn(row.running_at, "Alert", first)]
    turns += [_Turn(line.at, "Update", int(line.detail.get("level", row.level))) for line in levels]
    if row.ended_at is not None:
        turns.append(_Turn(row.ended_at, "Update", row.level, over=True))
    if row.cancelled_at is not None:
        turns.append(_Turn(row.cancelled_at, "Cancel", row.level, over=True))
    return turns


def _info(row: Any, turn: _Turn, language: str, issuer: Issuer, places: Mapping[str, str]) -> Info:
    plan, suffix = row.plan_body, LANGUAGES[language]
    category = plan.get("category") if plan.get("category") in CATEGORIES else "Other"
    event = plan.get(f"name{suffix}") or plan["name"]
    colour = (("colour", COLOURS[turn.level]),) if category in COLOURED else ()
    return Info(
        language=language,
        categories=(category,),
        event=event,
        responses=("AllClear",) if turn.over else ("Execute",),
        urgency="Past" if turn.over else "Immediate",
        severity=severity_of(turn.level),
        certainty="Observed",
        effective=turn.at.astimezone(issuer.zone),
        onset=row.happened_at.astimezone(issuer.zone),
        sender_name=issuer.names[language] or None,
        headline=row.title or event,
        parameters=(("level", str(turn.level)), *colour),
        areas=(_area(row, places[language]),),
    )


def _area(row: Any, place: str) -> Area:
    circles: tuple[Circle, ...] = ()
    polygons = tuple(tuple((latitude, longitude) for latitude, longitude in ring) for ring in row.perimeter)
    if row.latitude is not None and row.longitude is not None and not polygons:
        circles = (Circle((round(row.latitude, 5), round(row.longitude, 5)), row.radius_m / 1000),)
    geocodes = (("GB/T 2260", row.area),) if row.area else ()
    return Area(place or row.address or row.number, polygons=polygons, circles=circles, geocodes=geocodes)
