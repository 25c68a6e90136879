"""Emergencies: start, act, list, read. Everything goes through the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response, g, jsonify, request
from flask_openapi3.blueprint import APIBlueprint

from config.sentences import ROLES, say, term
from dashboard.api import emergency_shapes as shapes
from dashboard.emergencies.reading import known, no_emergency, told
from dashboard.emergencies.wording import words
from dashboard.problems import Problem
from dashboard.services import Services, services, visitor
from models import accounts, desk
from models.accounts import Visitor
from models.emergencies import listing, rooms
from models.emergencies.facade import Done, Emergencies, rules_of
from models.emergencies.moves import MOVES, open_moves
from models.emergencies.rooms import plan_body, standing_of
from models.emergencies.starting import Start
from models.exchange import incoming
from models.moves import Refused
from models.timebase import real_now


def register(api: APIBlueprint) -> None:
    """Add the routes."""
    api.get("/plans", summary="The county's emergency plans", responses={200: shapes.PlanList})(_emergency_plans)
    api.get("/emergencies", summary="List emergencies, newest first", responses={200: shapes.EmergencyPage})(
        _emergencies
    )
    api.post(
        "/emergencies",
        summary="Start an emergency: one action builds the room",
        responses={200: shapes.EmergencyAnswer, 201: shapes.EmergencyAnswer},
    )(_start_emergency)
    api.get("/emergencies/<number>", summary="One emergency, whole", responses={200: shapes.EmergencyWhole})(_emergency)
    api.post(
        "/emergencies/<number>/actions/<action>",
        summary="Do one thing in an emergency",
        responses={200: shapes.EmergencyAnswer},
    )(_act_in_emergency)


def _emergency_plans() -> Response:
    """Validated data: departments, clocks, steps and what they hang on."""
    with services().store.read() as connection:
        found = rooms.plans(connection)
    return jsonify(plans=[plan_body(plan) for plan in found.values()])


def _emergencies(query: shapes.EmergencyQuery) -> Response:
    """A department sees those that it was called to."""
    parts, who = services(), visitor()
    with desk.steady(parts.store) as connection:
        page = listing.page(connection, who.actor, query.state, query.drill, query.after, query.limit)
    answer = shapes.EmergencyPage(
        emergencies=[row(one) for one in page.rows], total=page.total, next=page.next, as_of=parts.clock.now()
    )
    return jsonify(answer.model_dump(mode="json"))


def row(one: Any) -> shapes.EmergencyRow:
    """A row as the API shows it."""
    return shapes.EmergencyRow(**{name: getattr(one, name) for name in shapes.EmergencyRow.model_fields})


def _start_emergency(header: shapes.EmergencyHeader, body: shapes.EmergencyBody) -> tuple[Response, int]:
    """201 for a new one; 200 for a repeated key. It waits for its confirmation, unless lives are at stake or it is a drill."""
    done = start(services(), visitor(), _placed(services(), Start(**body.model_dump())), header.idempotency_key)
    return jsonify(_answer(done)), 201 if done.created else 200


def _placed(parts: Services, wanted: Start) -> Start:
    """A start from a warning that names no place of its own has the warning's area for its perimeter."""
    if wanted.origin != "cap" or wanted.longitude is not None or wanted.area is not None:
        return wanted
    with parts.store.read() as connection:
        area = incoming.area_of(connection, wanted.reference, parts.language)
    if area is None:
        return wanted
    at = replace(wanted, longitude=area.longitude, latitude=area.latitude)
    return at if wanted.radius_m is not None else replace(at, perimeter=area.shape, radius_m=area.radius_m)


def start(parts: Services, who: Visitor, wanted: Start, key: str | None = None) -> Done:
    """Through the door, and out to the gateways once it is on disk.

    Raises:
        Refused: something in it does not exist or cannot be. Problem: 403 for the wrong role.
    """
    try:
        done = Emergencies(parts.door).start(wanted, who.actor, parts.clock.now(), key)
    except Refused as refusal:
        if refusal.field == "action":
            raise Problem(403, str(refusal), field="action") from refusal
        raise
    parts.news.publish(done.facts)
    _note(parts, who, "emergency.start", done)
    return done


def _emergency(path: shapes.EmergencyPath) -> Response:
    """Matrix, tasks, contacts, log, reports, what is around."""
    parts, who = services(), visitor()
    room = known(parts, who, path.number)
    _, confirmation = rules_of(parts.directory().county)
    actions = open_moves(standing_of(room, confirmation.second, parts.rules().departments), who.actor)
    return jsonify(room=told(parts, room, g.language), actions=actions)


def _act_in_emergency(
    path: shapes.EmergencyActionPath, header: shapes.EmergencyHeader, body: shapes.EmergencyActionBody
) -> Response:
    """A move of the table of emergencies; 409 where it is not the moment."""
    fields = body.model_dump(exclude_none=True)
    done = act(services(), visitor(), path.number, path.action, fields, header.idempotency_key)
    return jsonify(_answer(done))


def act(
    parts: Services, who: Visitor, number: str, action: str, fields: Mapping[str, Any], key: str | None = None
) -> Done:
    """Through the door, and out to the gateways once it is on disk.

    Raises:
        Problem: 404 for an emergency or action that is not there, 403 for another's action, 409 for the wrong moment.
    """
    move = MOVES.get(action)
    if move is None:
        raise Problem(
            404,
            say(
                "There is no action {action!r}; expected one of {expected}.",
                action=action[:32],
                expected=", ".join(MOVES),
            ),
            field="action",
        )
    room = known(parts, who, number)
    if who.role not in move.roles:
        raise Problem(
            403,
            say(
                "The role {role} may not {action}.",
                role=term(who.role, *ROLES),
                action=term(action, "emergency.do"),
            ),
            field="action",
        )
    given = dict(fields)
    if action == "draft-report":
        given["words"] = words(parts.catalogue.texts(g.language), g.language, parts.directory(), parts.zone, room.plan)
    try:
        done = Emergencies(parts.door).act(number, action, who.actor, parts.clock.now(), given, key)
    except Refused as refusal:
        if refusal.field == "number":
            raise no_emergency(number) from refusal
        if refusal.field == "action":
            raise Problem(409, str(refusal), field="action") from refusal
        raise
    parts.news.publish(done.facts)
    if action in ("end", "cancel", "confirm", "withdraw", "ratify"):
        _note(parts, who, f"emergency.{action}", done)
    return done


def _note(parts: Services, who: Visitor, act_: str, done: Done) -> None:
    """High-value acts are in the audit, too, with the address they came from."""
    if not done.created:
        return
    with parts.store.write() as connection:
        number = done.room.row.number
        address = request.remote_addr or ""
        accounts.audit(connection, who.name, who.role, act_, real_now(), object=number, address=address)


def _answer(done: Done) -> dict[str, Any]:
    events = [fact.id for fact in done.facts]
    answer = shapes.EmergencyAnswer(**row(done.room.row).model_dump(), events=events)
    return answer.model_dump(mode="json")
