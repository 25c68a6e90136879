"""CAP 1.2 over HTTP: our emergencies out (one as XML, all as an Atom feed), warnings of others in and as a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from xml.etree.ElementTree import Element, SubElement, tostring

from flask import Flask, Response, jsonify, request
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, Field

from config.sentences import say
from dashboard.api.emergency_shapes import EmergencyPath
from dashboard.api.shapes import BIGGEST, Shape
from dashboard.problems import Problem
from dashboard.services import services, visitor
from models.exchange import cap, incoming, outgoing, rooms
from models.exchange.outgoing import Issuer
from models.messages import Instant, iso
from models.timebase import real_now

STRIP = 6
STRIP_FIELDS = ("event", "headline", "colour", "area")
ATOM = "http://www.w3.org/2005/Atom"


class WarningQuery(Shape):
    """A list of warnings that came in, newest first."""

    state: Literal["in-force", "accepted", "refused", "all"] = "all"
    before: int | None = Field(None, ge=1, le=BIGGEST, description="the `next` of the page before")
    limit: int = Field(50, ge=1, le=200)


class WarningRow(BaseModel):
    """A message that came in, accepted or refused with its reason."""

    id: int
    feed: str
    received_at: Instant
    state: str
    code: str = Field(description="of a refusal")
    reason: str
    identifier: str | None
    sender: str | None
    sent: Instant | None
    status: str | None
    kind: str | None
    event: str
    headline: str
    severity: str | None
    colour: str | None = Field(description="the statutory one: red, orange, yellow, blue")
    area: str
    polygons: list[Any]
    expires: Instant | None
    ended_by: int | None
    in_force: bool = Field(description="whether it is in the list `state=in-force` now")


class WarningPage(BaseModel):
    """One page; `total` is the length of the whole list."""

    warnings: list[WarningRow]
    total: int
    next: int | None
    as_of: Instant


def register(api: APIBlueprint) -> None:
    """Add the routes of the API."""
    api.get("/warnings", summary="Warnings that came in (CAP 1.2)", responses={200: WarningPage})(_listed)
    message = {"description": "The message", "content": {cap.MEDIA_TYPE: {"schema": {"type": "string"}}}}
    api.get("/emergencies/<number>/cap.xml", summary="The newest CAP 1.2 message", responses={200: message})(
        _cap_message
    )


def mount(server: Flask) -> None:
    """Add the routes that speak XML."""
    server.add_url_rule("/cap/emergencies.atom", "cap_feed", _feed)
    server.add_url_rule("/cap/warnings", "cap_take", _take, methods=["POST"])
    server.add_url_rule("/live/warnings", "live_warnings", _in_force)


def page(query: WarningQuery) -> WarningPage:
    """A page of the list, counted at the same moment."""
    real = real_now()
    with services().store.read() as connection:
        rows = incoming.listed(connection, query.state, real, before=query.before, size=query.limit + 1)
        total = incoming.count(connection, query.state, real)
    more = len(rows) > query.limit
    found = [
        WarningRow(**{name: getattr(row, name) for name in WarningRow.model_fields}) for row in rows[: query.limit]
    ]
    return WarningPage(warnings=found, total=total, next=found[-1].id if more else None, as_of=real)


def _in_force() -> Response:
    """What the strip of the wall and the desk shows: the gravest warnings in force, and how many there are."""
    real = real_now()
    with services().store.read() as connection:
        found = incoming.in_force(connection, real, STRIP)
    shown = [
        {"id": row.id, "exercise": row.status == "Exercise", **{name: getattr(row, name) for name in STRIP_FIELDS}}
        for row in found.gravest
    ]
    ends = iso(found.ends) if found.ends else None
    return jsonify(as_of=iso(real), total=found.total, ends=ends, warnings=shown)


def _listed(query: WarningQuery) -> Response:
    """What came in by feeds and by `POST /cap/warnings`, refused ones with their reason."""
    return jsonify(page(query).model_dump(mode="json"))


def _take() -> tuple[Response, int]:
    """One CAP message as the body; 201 accepted, 200 known already, 422 refused (and listed as such)."""
    parts, raw = services(), request.get_data(cache=False)
    feed = f"@{visitor().name}"[:64]
    taken, facts = parts.door.deed(lambda deed: incoming.take(deed, feed, raw, language=parts.language))
    parts.news.publish(facts)
    if not taken.accepted:
        raise Problem(422, taken.reason, field="body", code=taken.code, warning=taken.id)
    return jsonify({"warning": taken.id, "accepted": True}), 201 if taken.new else 200


def _cap_message(path: EmergencyPath) -> Response:
    """The newest CAP message of an emergency."""
    with services().store.read() as connection:
        found = rooms.one(connection, path.number, visitor().actor)
    told = _messages(found) if found else []
    if not told:
        raise Problem(
            404, say("There is no CAP message of an emergency {number!r}.", number=path.number), field="number"
        )
    return Response(cap.build(told[-1]), mimetype=cap.MEDIA_TYPE)


def _messages(found: tuple[Any, Sequence[Any]]) -> list[cap.Alert]:
    row, log = found
    area = services().directory().areas.get(row.area or row.town or "", {})
    places = {"zh-CN": str(area.get("name", "")), "en": str(area.get("name_en") or area.get("name", ""))}
    return outgoing.messages(row, log, issuer(), places)


def issuer() -> Issuer:
    """The county's centre."""
    county = services().directory().county
    name = str(county.get("centre") or county.get("name", ""))
    english = str(county.get("centre_en") or county.get("name_en") or name)
    return Issuer(str(county.get("code", "county")), {"zh-CN": name, "en": english}, services().zone)


def _feed() -> Response:
    """All messages of the newest emergencies as an Atom feed (RFC 4287), newest first, each whole in its entry."""
    with services().store.read() as connection:
        found = rooms.newest(connection, visitor().actor)
    told = sorted((one for room in found for one in _messages(room)), key=lambda one: one.sent, reverse=True)
    base = services().addresses.public_url or request.host_url.rstrip("/")
    return Response(atom(told, issuer(), f"{base}/cap/emergencies.atom", base), mimetype="application/atom+xml")


def atom(told: Sequence[cap.Alert], by: Issuer, own: str, base: str) -> bytes:
    """The feed's document."""
    root = Element(f"{{{ATOM}}}feed")
    _say(root, "id", f"urn:gridcommand:{by.code}:emergencies")
    _say(root, "title", by.names["zh-CN"])
    _say(root, "updated", iso(told[0].sent if told else real_now()))
    _say(_say(root, "author"), "name", by.names["zh-CN"])
    _say(root, "link", href=own, rel="self")
    for alert in told:
        entry = _say(root, "entry")
        info = alert.infos[0]
        _say(entry, "id", f"urn:gridcommand:{by.code}:{alert.identifier}")
        _say(entry, "title", f"{'【演练】' if alert.status == 'Exercise' else ''}{info.headline}")
        _say(entry, "updated", iso(alert.sent))
        _say(entry, "summary", f"{info.event} {alert.kind}")
        _say(entry, "link", href=f"{base}/api/v1/emergencies/{alert.incidents}/cap.xml", type=cap.MEDIA_TYPE)
        _say(entry, "content", type=cap.MEDIA_TYPE).append(cap.element_of(alert))
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _say(parent: Element, name: str, text: str | None = None, **attributes: str) -> Element:
    child = SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    child.text = text
    return child
