"""What the wall fetches: names once, a whole picture at the start and after a gap, outlines for the map."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Response, g, jsonify, request

from config.sentences import say
from dashboard.problems import Problem, demand_whole_county
from dashboard.services import Services, county_card, own_host, services, visitor
from models import desk, figures, outbox, queries
from models.accounts import Visitor
from models.directory import Directory, outlines
from models.door import case_fields
from models.duty import roster
from models.messages import CaseReported, Snapshot, iso
from models.moves import Role
from models.reference import rosters
from models.timebase import real_now

LEVELS = ("county", "town", "grid")
FEED = 20
DUTY_DAYS = 3
"""Days ahead that a screen knows the roster of."""
RAMP = (1, 3, 5, 7)
"""Open cases from which a grid takes the next colour (look.md: 0, 1–2, 3–4, 5–6, ≥ 7)."""


def register(server: Flask) -> None:
    """Add the routes."""
    server.add_url_rule("/live/reference", "live_reference", _reference)
    server.add_url_rule("/live/snapshot", "live_snapshot", _snapshot)
    server.add_url_rule("/live/duty", "live_duty", lambda: jsonify(duty=shifts(services())))
    server.add_url_rule("/map/areas.geojson", "map_areas", _outlines)


# --- names -----------------------------------------------------------------------------------------------------------


def _reference() -> Response:
    return jsonify(reference(services(), visitor(), g.language, request.scheme, own_host()))


def reference(parts: Services, who: Visitor, language: str, scheme: str, host: str) -> dict[str, Any]:
    """Everything that does not change by the minute: names, texts, gateways, the county's clock."""
    directory = parts.directory()
    line = parts.clock.line()
    now = real_now()
    return {
        "county": county_card(parts),
        "language": language,
        "texts": dict(parts.catalogue.texts(language)),
        "role": str(who.role),
        "user": who.name,
        **names(directory, who.role),
        "push_url": parts.addresses.push(scheme, host),
        "video_url": parts.addresses.video(scheme, host),
        "time": {
            "county_at": iso(line.county(now) if line else now),
            "at": iso(now),
            "speed": line.speed if line else 1.0,
        },
        "ramp": list(RAMP),
        "duty": shifts(parts),
    }


def names(directory: Directory, role: Role) -> dict[str, Any]:
    """What codes are called, as screens need it; cameras that this role may not see count as not registered."""
    return {
        "departments": [
            _only(department, "code", "name", "name_en", "short", "short_en")
            for department in directory.departments.values()
        ],
        "categories": {code: _only(leaf, "name", "name_en") for code, leaf in directory.categories.items()},
        "areas": {
            code: _only(area, "name", "name_en", "level", "parent")
            for code, area in directory.areas.items()
            if area["level"] in ("town", "grid")
        },
        "sources": {code: _only(source, "name", "name_en") for code, source in directory.sources.items()},
        "cameras": [
            _only(camera, "id", "name", "name_en", "area", "longitude", "latitude", "focus")
            | {"registered": camera["registered"] and (not camera["shown_to"] or role in camera["shown_to"])}
            for camera in directory.cameras.values()
        ],
    }


def _only(row: Mapping[str, Any], *wanted: str) -> dict[str, Any]:
    return {name: row[name] for name in wanted}


def shifts(parts: Services) -> list[dict[str, Any]]:
    """The shifts of the next days, by title: a wall shows those that run, and asks again every hour."""
    today = parts.clock.now().astimezone(parts.zone).date()
    with parts.store.read() as connection:
        weekly, changes = rosters(connection)
    days = (today + timedelta(days=ahead) for ahead in range(-1, DUTY_DAYS))
    found = [shift for day in days for shift in roster.shifts_of(day, weekly, changes, parts.zone) if shift.holder]
    names = ("role", "name", "name_en", "holder", "holder_en", "phone")
    return [
        {name: getattr(shift, name) for name in names} | {"starts": iso(shift.starts), "ends": iso(shift.ends)}
        for shift in found
    ]


# --- the picture -----------------------------------------------------------------------------------------------------


def _snapshot() -> Response:
    demand_whole_county(visitor())
    return jsonify(snapshot(services(), visitor()))


def snapshot(parts: Services, who: Visitor) -> dict[str, Any]:
    """The figures, the map and the newest cases as of one moment; facts behind `id` are what came after it."""
    moment, real, towns = parts.moment(), real_now(), parts.directory().towns
    with desk.steady(parts.store) as connection:
        number = outbox.last_number(connection)
        picture = figures.snapshot(connection, moment, number, real, towns)
        newest = queries.feed(connection, who.actor, FEED)
        ids = desk.report_events(connection, newest)
    return {"id": str(number), **_plain(picture), "feed": [_told(case, ids) for case in newest]}


def _plain(picture: Snapshot) -> dict[str, Any]:
    return picture.model_dump(mode="json")


def _told(case: Any, ids: Mapping[str, str]) -> dict[str, Any]:
    at: datetime = case.entered_at
    fact = CaseReported(**case_fields(case, at), id=ids.get(case.code, ""), uncovered=case.uncovered)
    return fact.model_dump(mode="json")


# --- outlines --------------------------------------------------------------------------------------------------------


def _drawn(parts: Services, level: str) -> tuple[bytes, str]:
    """The compressed GeoJSON and its entity tag."""
    with parts.store.read() as connection:
        body = collection(outlines(connection, level))
    return body, hashlib.sha256(body).hexdigest()[:32]


def collection(features: Sequence[Mapping[str, Any]]) -> bytes:
    """A gzipped GeoJSON FeatureCollection; the same bytes for the same features."""
    text = json.dumps(
        {"type": "FeatureCollection", "features": features}, ensure_ascii=False, separators=(",", ":")
    ).encode()
    return gzip.compress(text, 6, mtime=0)


def _outlines() -> Response:
    level = request.args.get("level", "grid")
    if level not in LEVELS:
        raise Problem(
            422,
            say("There is no map of this level; expected one of {expected}.", expected=", ".join(LEVELS)),
            field="level",
        )
    parts = services()
    body, tag = parts.shelves.outlines.of((parts.directory().version, level), lambda: _drawn(parts, level))
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = Response(body if packed else gzip.decompress(body), mimetype="application/geo+json")
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.cache_control.no_cache = True
    response.set_etag(tag + ("-gz" if packed else ""))
    response.make_conditional(request)
    return response
