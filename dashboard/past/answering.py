"""`/live/past?day=2026-11-20`: everything a browser needs to run a past day without asking again.

A past day does not change any more (what is learned of it later is entered later), so that an answer is made once and kept.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request

from config.sentences import say
from dashboard.problems import Problem, demand_whole_county
from dashboard.services import Services, services, visitor
from models import desk
from models.past import reading, records
from models.past.day import MINUTE, Bounds, bounds, series
from models.past.lives import micros
from models.past.reading import Marked, PastDay, Told

DIFFERENCES = 12
"""Differences that are told one by one."""
BEFORE = 20
"""Cases that a feed begins with at midnight."""
NEWS = frozenset({"report", "breach", "escalate"})
"""What brings a case into the feed (`assets/wall/feed.js`)."""


def answered() -> Response:
    """The answer to a request.

    Raises:
        Problem: 403 for whoever is bound to a part of the county; 422 where the day cannot be shown.
    """
    demand_whole_county(visitor())
    parts = services()
    day = wanted(parts, request.args.get("day", ""))
    key = day, _today(parts), parts.directory().version  # the newest past day moves on
    body = parts.shelves.past.of(key, lambda: _packed(parts, day))
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = Response(body if packed else gzip.decompress(body), mimetype="application/json")
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.cache_control.no_store = True
    return response


# --- which day -------------------------------------------------------------------------------------------------------


def wanted(parts: Services, text: str) -> date:
    """The day that is asked for; the newest past one where none is named.

    Raises:
        Problem: 422; `reason` says why: `form`, `future`, `today`, `before`, or `empty` where no case was ever reported.
    """
    moment = parts.moment()
    today = _today(parts)
    with parts.store.read() as connection:
        came = reading.first_day(connection)
    if came is None:
        raise _refused("There is no past day yet: no case was ever reported.", "empty")
    first = came.astimezone(moment.zone).date()
    try:
        day = date.fromisoformat(text) if text else date.fromordinal(today.toordinal() - 1)
    except ValueError:
        raise _refused(say("Expected a day such as 2026-11-20, not {text!r}.", text=text[:40]), "form") from None
    if day > today:
        raise _refused(
            say("{day} lies in the future; today is {today}.", day=day, today=today), "future", today=str(today)
        )
    if day == today:
        raise _refused(say("{day} is today and not over; the wall and the overview show it live.", day=day), "today")
    if day < first:
        raise _refused(
            say("{day} lies before the first case, which was reported on {first}.", day=day, first=first),
            "before",
            first=str(first),
        )
    return day


def _refused(sentence: str, reason: str, **more: str) -> Problem:
    return Problem(422, sentence, field="day", reason=reason, **more)


# --- the day ---------------------------------------------------------------------------------------------------------


def _packed(parts: Services, day: date) -> bytes:
    """The day as gzipped JSON."""
    text = json.dumps(made(parts, day), ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), 5, mtime=0)


def made(parts: Services, day: date) -> dict[str, Any]:
    """A past day for the browser."""
    zone, towns = parts.zone, parts.directory().towns
    there = bounds(_midnight(day, zone), zone)
    with desk.steady(parts.store) as connection:
        told = reading.read(connection, there, towns)
        record = records.of_day(connection, day)
        differing = [] if record is None else records.compared(connection, record, zone, towns, told)
        earlier = reading.before(connection, there, BEFORE)
        marked = reading.marked(connection, there)
        came = reading.first_day(connection)
    assert came is not None
    return {
        "day": str(day),
        "first": str(came.astimezone(zone).date()),
        "last": str(date.fromordinal(_today(parts).toordinal() - 1)),
        "start": there.start // 1000,
        "end": (there.end - 1) // 1000,
        "frame": MINUTE // 1000,
        "frames": len(there.frames),
        "towns": list(towns),
        "series": series(told.lives, told.ground),
        "record": None
        if record is None
        else {
            "at": micros(record.at) // 1000,
            "differences": differing[:DIFFERENCES],
            "differing": len(differing),
        },
        "emergencies": [_emergency(one) for one in marked],
        **_news(told, there, earlier),
    }


def _emergency(one: Marked) -> dict[str, Any]:
    """What the screens showed of an emergency; times in ms."""
    ends = {name: None if at is None else at // 1000 for name, at in (("ended", one.ended), ("gone", one.gone))}
    levels = [[at // 1000, level] for at, level in one.levels]
    return {
        "number": one.number, "title": one.title, "drill": one.drill, "began": one.began // 1000, **ends, "levels": levels
    }  # fmt: skip


def _today(parts: Services) -> date:
    return parts.moment().now.astimezone(parts.zone).date()


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _news(told: PastDay, day: Bounds, earlier: Sequence[Any]) -> dict[str, Any]:
    """The day's feed: the cases that are in it, and what happened to them, in order."""
    wanted = {one.case for one in told.news if one.action in NEWS}
    rows = {row.id: row for row in earlier} | {number: told.cases[number] for number in wanted}
    places = {number: place for place, number in enumerate(rows)}
    stages = _stages(told, day.start)
    before = [
        [
            micros(row.reported_at) // 1000,
            places[row.id],
            "report",
            stages.get(row.id, row.stage),
            None,
            row.level,
            row.department,
        ]
        for row in reversed(earlier)
    ]
    return {
        "cases": [_case(row) for row in rows.values()],
        "news": before + [_line(one, places) for one in told.news if one.case in places],
    }


def _stages(told: PastDay, at: int) -> Mapping[int, str]:
    """In which stage each case stood at an instant."""
    found = {}
    for life in told.lives:
        stood = [turn for turn in life.turns if turn.at <= at]
        if stood:
            found[life.case.id] = stood[-1].stage
    return found


def _case(row: Any) -> list[Any]:
    return [row.code, row.title, row.category, row.source, row.area, row.town, micros(row.reported_at) // 1000]


def _line(one: Told, places: Mapping[int, int]) -> list[Any]:
    due = None if one.due is None else one.due // 1000
    rung = [one.detail.get("rung")] if one.action == "escalate" else []
    return [one.at // 1000, places[one.case], one.action, one.stage, due, one.level, one.department, *rung]
