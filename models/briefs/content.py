"""What a brief says: counts of its days beside those before, what stands at the cut, who and where. Each count is the
length of a list: a window of `models.overview.windows` for what happened, a state of `models.filters` for what stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from models import tables as t
from models.briefs.schedule import Span
from models.camera_health import rates
from models.directory import Directory
from models.evaluation.books import County
from models.filters import Moment, predicate
from models.messages import iso
from models.overview import comparing, ranking
from models.overview.comparing import midnight
from models.overview.windows import Window

FLOWS = ("reported", "closed", "closed-in-time", "closed-late", "lapsed", "escalated")
"""What happened in the days of the brief."""
STOCKS = ("open", "overdue", "due-soon", "unreceipted", "escalated")
"""What stands at the cut."""
GRAVEST = 10
CATEGORIES = 8
c = t.cases.c


@dataclass(frozen=True)
class Ground:
    """What a brief is made from, besides the store."""

    moment: Moment
    directory: Directory
    county: County


def content(connection: Connection, ground: Ground, span: Span) -> dict[str, Any]:
    """The whole brief as plain values. Call it on a steady connection: all of it as of one moment."""
    moment = ground.moment
    since, until = _bounds(span, moment)
    started = connection.execute(select(func.min(c.reported_at))).scalar()
    return {
        "kind": span.kind,
        "first": span.first.isoformat(),
        "last": span.last.isoformat(),
        "since": iso(since),
        "until": iso(until),
        "cut_at": iso(moment.now),
        "title": _names(ground.directory.county, "centre") or _names(ground.directory.county, "name"),
        "flows": [_flow(connection, moment, span, event, started) for event in FLOWS],
        "stocks": [{"name": name, "count": _count(connection, predicate(name, moment))} for name in STOCKS],
        "levels": [_level(connection, moment, level) for level in range(1, 5)],
        "days": _days(connection, moment, span),
        "departments": _by(connection, moment, since, until, "department", ground.directory.departments),
        "towns": _by(connection, moment, since, until, "town", ground.directory.areas),
        "categories": _categories(connection, ground, since, until),
        "gravest": _gravest(connection, ground),
        "ranking": _ranking(connection, ground, span) if span.kind == "monthly" else None,
        "cameras": _cameras(connection, span),
    }


def _names(row: Mapping[str, Any] | None, key: str = "name") -> dict[str, str]:
    if not row or not row.get(key):
        return {}
    return {"zh": str(row[key]), "en": str(row.get(f"{key}_en") or row[key])}


def _bounds(span: Span, moment: Moment) -> tuple[datetime, datetime]:
    return midnight(span.first, moment.zone), midnight(span.after, moment.zone)


def _count(connection: Connection, condition: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.count()).select_from(t.cases).where(condition)).scalar_one())


def _flow(connection: Connection, moment: Moment, span: Span, event: str, started: datetime | None) -> dict[str, Any]:
    window = Window(event, *_bounds(span, moment))

    def past(other: Span) -> int | None:
        """None where the county's records do not reach back to that day."""
        since, until = _bounds(other, moment)
        known = started is not None and started.astimezone(moment.zone).date() <= other.first
        return _count(connection, Window(event, since, until).condition()) if known else None

    now = _count(connection, window.condition())
    return {
        "name": event,
        "count": now,
        "window": str(window),
        "before": past(span.before),
        "last_year": past(span.last_year),
    }


def _level(connection: Connection, moment: Moment, level: int) -> dict[str, Any]:
    here = and_(predicate("open", moment), c.level == level)
    return {"level": level, "count": _count(connection, here)}


def _days(connection: Connection, moment: Moment, span: Span) -> list[dict[str, Any]]:
    """For the chart: the days of the span; of a daily brief, the fortnight that ends with it."""
    last = midnight(span.last, moment.zone)
    days = max(14, (span.after - span.first).days)
    return [
        {"day": day.day.isoformat(), "reported": day.reported, "closed": day.closed}
        for day in comparing.trend(connection, last, moment.zone, days)
    ]


def _grouped(connection: Connection, column: Any, condition: ColumnElement[bool]) -> dict[str, int]:
    rows = connection.execute(select(column, func.count()).where(condition, column.is_not(None)).group_by(column))
    return {row[0]: int(row[1]) for row in rows}


def _by(
    connection: Connection, moment: Moment, since: datetime, until: datetime, name: str, directory: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Departments or towns: what happened there, what stands there; the most overdue first."""
    column = c[name]
    counts = {
        "reported": _grouped(connection, column, Window("reported", since, until).condition()),
        "closed": _grouped(connection, column, Window("closed", since, until).condition()),
        "in_time": _grouped(connection, column, Window("closed-in-time", since, until).condition()),
        "open": _grouped(connection, column, predicate("open", moment)),
        "overdue": _grouped(connection, column, predicate("overdue", moment)),
    }
    codes = sorted({code for found in counts.values() for code in found})
    rows = [
        {"code": code, "name": _names(directory.get(code)) or {"zh": code, "en": code}}
        | {key: found.get(code, 0) for key, found in counts.items()}
        for code in codes
    ]
    return sorted(rows, key=lambda row: (-row["overdue"], -row["open"], row["code"]))


def _categories(connection: Connection, ground: Ground, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """What most was reported about."""
    found = _grouped(connection, c.category, Window("reported", since, until).condition())
    most = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:CATEGORIES]
    names = ground.directory.categories
    return [{"code": code, "name": _names(names.get(code)) or {"zh": code, "en": code}, "count": n} for code, n in most]


def _gravest(connection: Connection, ground: Ground) -> list[dict[str, Any]]:
    """The overdue cases that must be looked at first: by level, then by how long they are late."""
    rows = connection.execute(
        select(c.code, c.title, c.level, c.department, c.town, c.due_at)
        .where(predicate("overdue", ground.moment))
        .order_by(c.level, c.due_at)
        .limit(GRAVEST)
    )
    return [
        {
            "code": row.code,
            "title": row.title,
            "level": row.level,
            "department": _names(ground.directory.departments.get(row.department or "")),
            "town": _names(ground.directory.areas.get(row.town or "")),
            "late_seconds": int((ground.moment.now - row.due_at) / timedelta(seconds=1)),
        }
        for row in rows
    ]


def _ranking(connection: Connection, ground: Ground, span: Span) -> dict[str, Any]:
    """The month's evaluation as the books have it: lowest score first, small samples unranked."""
    codes = tuple(ground.directory.departments)
    middle = midnight(span.first + timedelta(days=20), ground.moment.zone)
    found = ranking.ranking(connection, ground.county, codes, middle)
    share = found.shares.get("closing-in-time")
    return {
        "period": str(found.period),
        "told": iso(found.told) if found.told else None,
        "hits": share.now.hits if share else 0,
        "of": share.now.of if share else 0,
        "places": [
            {
                "name": _names(ground.directory.departments.get(place.code)),
                "rank": place.rank,
                "score": None if place.now.score is None else round(place.now.score, 1),
                "grade": place.now.grade,
                "sample": place.now.sample,
            }
            for place in found.places
        ],
    }


def _cameras(connection: Connection, span: Span) -> dict[str, Any]:
    days = rates.by_day(connection, span.first, span.last)
    sound = [rate.sound for _, rate in days if rate.sound is not None]
    return {
        "total": int(connection.execute(select(func.count()).select_from(t.camera)).scalar_one()),
        "sound": round(sum(sound) / len(sound), 4) if sound else None,
    }


def listed(body: Mapping[str, Any]) -> Sequence[tuple[str, int, Mapping[str, str]]]:
    """Every count of a brief with the filter of the list behind it: `(what, count, filter)`; for pages and for proofs."""
    span = f"{body['since']}~{body['until']}"
    found: list[tuple[str, int, Mapping[str, str]]] = [
        *((f"flow.{one['name']}", one["count"], {"state": "all", "window": one["window"]}) for one in body["flows"]),
        *((f"stock.{one['name']}", one["count"], {"state": one["name"]}) for one in body["stocks"]),
        *(
            (f"level.{one['level']}", one["count"], {"state": "open", "level": str(one["level"])})
            for one in body["levels"]
        ),
    ]
    for rows, key in ((body["departments"], "department"), (body["towns"], "area")):
        for row in rows:
            for name, query in (
                ("reported", {"state": "all", "window": f"reported~{span}"}),
                ("closed", {"state": "all", "window": f"closed~{span}"}),
                ("in_time", {"state": "all", "window": f"closed-in-time~{span}"}),
                ("open", {"state": "open"}),
                ("overdue", {"state": "overdue"}),
            ):
                found.append((f"{key}.{row['code']}.{name}", row[name], {**query, key: row["code"]}))
    for row in body["categories"]:
        query = {"state": "all", "window": f"reported~{span}", "category": row["code"]}
        found.append((f"category.{row['code']}", row["count"], query))
    return found
