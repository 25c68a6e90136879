"""`POST /reports`: the door of the product for everything that somebody saw."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from flask import Response, g, jsonify
from flask_openapi3.blueprint import APIBlueprint

from config.sentences import say
from dashboard.api.shapes import ReportAnswer, ReportBody, ReportHeader
from dashboard.services import services, visitor
from models import desk
from models.accounts import Visitor
from models.door import Outcome, Report
from models.filters import client_of
from models.geodesy import wgs84
from models.moves import Refused, Role

AHEAD = timedelta(minutes=5)
"""How far a client's clock may be ahead of ours."""


def register(api: APIBlueprint) -> None:
    """Add the route."""
    api.post("/reports", summary="Report a case", responses={200: ReportAnswer, 201: ReportAnswer})(_report)


def _report(body: ReportBody, header: ReportHeader) -> tuple[Response, int]:
    """201 with the new case; 200 with the known one for this client's repeated `external_id` or `Idempotency-Key`."""
    outcome = accept(body, visitor(), by_token=g.by_token, key=header.idempotency_key)
    return jsonify(answer(outcome).model_dump(mode="json")), 201 if outcome.created else 200


def accept(body: ReportBody, who: Visitor, *, by_token: bool, key: str | None) -> Outcome:
    """Through the door, and out to the gateways once it is on disk.

    Raises:
        Refused: something in it does not exist or cannot be.
    """
    now = services().clock.now()
    if body.happened_at is not None and body.happened_at > now + AHEAD:
        raise Refused("This has not happened yet: happened_at lies in the future.", "happened_at")
    source = _source(body.source, who, by_token)
    outcome = services().door.report(_filed(body, who, source, by_token, key), who.actor, now)
    services().news.publish(outcome.facts)
    services().measures.reported(outcome.created)
    return outcome


def _source(named: str | None, who: Visitor, by_token: bool) -> str:
    if by_token or who.role is not Role.GRID:
        return named or "system"
    if named not in (None, "grid"):
        raise Refused(say("A grid worker reports as the source 'grid', not {named!r}.", named=named), "source")
    return "grid"


def _filed(body: ReportBody, who: Visitor, source: str, by_token: bool, key: str | None) -> Report:
    frame = None if body.longitude is None else body.frame or "WGS-84"
    longitude, latitude = body.longitude, body.latitude
    if longitude is not None and latitude is not None and frame is not None:
        longitude, latitude = wgs84(longitude, latitude, frame)
    reporter = body.reporter
    return Report(
        category=body.category,
        description=body.description,
        source=source,
        longitude=longitude,
        latitude=latitude,
        frame=frame,
        area=body.area,
        address=body.address,
        level=body.level,
        client=who.name if by_token else client_of(who.name),
        external_id=body.external_id,
        idempotency_key=key,
        request_hash=_hash(body) if key is not None else None,
        happened_at=body.happened_at,
        reporter_name=reporter.name if reporter else None,
        reporter_phone=reporter.phone if reporter else None,
    )


def _hash(body: ReportBody) -> str:
    return hashlib.sha256(body.model_dump_json().encode()).hexdigest()


def answer(outcome: Outcome) -> ReportAnswer:
    """The contract's answer to a report."""
    case = outcome.case
    return ReportAnswer(
        code=case.code,
        stage=case.stage,
        area=case.area,
        department=case.department,
        due_at=case.due_at,
        reported_at=case.reported_at,
        event_id=outcome.facts[0].id if outcome.facts else _told(outcome),
        uncovered=case.uncovered,
    )


def _told(outcome: Outcome) -> str | None:
    with services().store.read() as connection:
        return desk.report_events(connection, [outcome.case]).get(outcome.case.code)
