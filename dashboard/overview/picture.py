"""`/live/overview`: what the overview shows beside the live figures: comparisons, ranking, changes, instructions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, jsonify

from dashboard.problems import demand_whole_county
from dashboard.services import Services, services, visitor
from models import desk, queries
from models.accounts import Visitor
from models.camera_health import rates
from models.evaluation.books import County
from models.evaluation.scoring import Judged, Share
from models.filters import CaseFilter
from models.messages import iso
from models.moves import Role
from models.overview import comparing, directives, looks, ranking
from models.overview.comparing import Compared
from models.overview.directives import Standing
from models.overview.ranking import CountyShare, Place
from models.timebase import real_now

COMPARED: tuple[tuple[str, comparing.Event, comparing.Kind], ...] = (
    ("reported-today", "reported", "day"),
    ("closed-today", "closed", "day"),
    ("reported-month", "reported", "month"),
    ("closed-month", "closed", "month"),
)
KEPT = ("open", "overdue", "due_soon", "escalated")
"""Standing figures that a leader's look keeps, to tell later by how much they moved."""


OWN = ("open", "overdue", "due-soon", "escalated", "will-be-late")


def register(server: Flask) -> None:
    """Add the route."""
    server.add_url_rule("/live/overview", "live_overview", _answer)


def _answer() -> Response:
    who = visitor()
    demand_whole_county(who)
    parts = services()
    return jsonify(parts.shelves.picture.of("county", lambda: county(parts)) | own(parts, who))


def county(parts: Services) -> dict[str, Any]:
    """What is the same for everybody who sees the whole county; its `as_of` says when it was made."""
    moment, book = parts.moment(), parts.evaluation()
    codes = tuple(parts.directory().departments)
    with desk.steady(parts.store) as connection:
        compared = {
            name: comparing.compared(connection, event, kind, moment.now, moment.zone) for name, event, kind in COMPARED
        }
        found = ranking.ranking(connection, book, codes, moment.now)
        days = comparing.trend(connection, moment.now, moment.zone)
        today = moment.now.astimezone(moment.zone).date()
        sound = rates.by_day(connection, today - timedelta(days=6), today)
    return {
        "as_of": iso(moment.now),
        "at": iso(real_now()),
        "compared": {name: _compared(one) for name, one in compared.items()},
        "shares": {code: _share(one, found) for code, one in found.shares.items()},
        "ranking": {
            "period": str(found.period),
            "told": iso(found.told) if found.told else None,
            "small_sample": found.small_sample,
            "places": [_place(book, found, place) for place in found.places],
        },
        "trend": [
            {"day": day.day.isoformat(), "reported": day.reported, "closed": day.closed}
            | {"with_due": day.closed_with_due, "in_time": day.closed_in_time}
            for day in days
        ],
        "midnights": {
            day.isoformat(): iso(comparing.midnight(day, moment.zone))
            for day in (days[0].day + timedelta(days=n) for n in range(len(days) + 1))
        },
        "cameras": [{"day": day.isoformat(), "online": rate.online, "sound": rate.sound} for day, rate in sound],
    }


def _compared(one: Compared) -> dict[str, Any]:
    listed = urlencode({"state": "all", "window": str(one.window)})
    return {"now": one.now, "before": one.before, "last_year": one.last_year, "list": f"/cases?{listed}"}


def _value(share: Share) -> float | None:
    return None if share.value is None else round(share.value, 4)


def _share(one: CountyShare, found: ranking.Ranking) -> dict[str, Any]:
    return {
        "hits": one.now.hits,
        "of": one.now.of,
        "before": _value(one.before),
        "last_year": _value(one.last_year),
        "few": one.now.of < found.small_sample,
        "list": "/cases?" + urlencode({"state": "all", "evaluation": one.listing}),
    }


def _place(book: County, found: ranking.Ranking, place: Place) -> dict[str, Any]:
    missed = ranking.misses(book, found.period, found.execution, "department", place.code)
    share = place.now.shares[found.execution]
    return {
        "code": place.code,
        "rank": place.rank,
        "score": _score(place.now),
        "grade": place.now.grade,
        "small": place.now.small,
        "sample": place.now.sample,
        "before": _score(place.before),
        "last_year": _score(place.last_year),
        "in_time": _value(share),
        "missed": share.of - share.hits,
        "missed_list": "/cases?" + urlencode({"state": "all", "evaluation": missed}),
    }


def _score(judged: Judged) -> float | None:
    return None if judged.score is None else round(judged.score, 1)


def own(parts: Services, who: Visitor) -> dict[str, Any]:
    """What is this account's alone: what will be late (it may be asked about), its last look, its instructions."""
    moment, real = parts.moment(), real_now()
    now = comparing.whole_second(moment.now)
    with desk.steady(parts.store) as connection:
        found = queries.counts(connection, CaseFilter(), who.actor, moment, OWN)
        counted = {state.replace("-", "_"): number for state, number in found.items()}
        before = looks.fresh(connection, who.name, real)
    if before is None:
        figures = {name: counted[name] for name in (*KEPT, "will_be_late")}
        with parts.store.write() as connection:
            before = looks.looked(connection, who.name, figures, now, real)
    told: dict[str, Any] = {"at": iso(before.at) if before.at else None, "figures": before.figures, "changes": {}}
    with desk.steady(parts.store) as connection:
        if before.at is not None:
            since = max(before.at, now - looks.LONGEST)
            told |= {"since": iso(since), "changes": _changes(connection, who, since, now)}
            told["answered"] = directives.answered_since(connection, who.actor, since, now)
        mine = directives.standings(connection, who.actor) if who.role is Role.LEADER else []
    return {
        "will_be_late": counted["will_be_late"],
        "look": told,
        "may_instruct": who.role is Role.LEADER,
        "instructions": [_standing(one) for one in mine],
    }


def _changes(connection: Any, who: Visitor, since: Any, until: Any) -> Mapping[str, Any]:
    found = looks.changes(connection, who.actor, since, until)
    return {
        name: {"count": count, "list": "/cases?" + urlencode({"state": "all", "window": window})}
        for name, (count, window) in found.items()
    }


def _standing(one: Standing) -> dict[str, Any]:
    plain = asdict(one)
    return plain | {name: iso(plain[name]) if plain[name] else None for name in ("at", "reply_due", "answered_at")}
