"""Cases: lists, the whole of one, its moves and its photos. What a visitor may see is decided by the queries."""

from __future__ import annotations

from flask import Response, g, jsonify, request
from flask_openapi3.blueprint import APIBlueprint

from config.sentences import ROLES, say, term
from dashboard import casefile, photos
from dashboard.api import shapes
from dashboard.problems import Problem
from dashboard.services import services, visitor
from models import accounts, attachments, queries
from models.accounts import Visitor
from models.door import Outcome, Overtaken
from models.filters import CaseFilter
from models.moves import MOVES, Refused, Role
from models.timebase import real_now


def register(api: APIBlueprint) -> None:
    """Add the routes."""
    api.get("/cases", summary="List and search cases", responses={200: shapes.CasePage})(_list)
    api.get("/cases/<code>", summary="One case and its trace", responses={200: shapes.CaseWhole})(_one)
    api.post("/cases/<code>/actions/<action>", summary="Take a case one step", responses={200: shapes.MoveAnswer})(_act)
    api.post(
        "/cases/<code>/attachments",
        summary="Add a photo (multipart/form-data, field `file`)",
        responses={200: shapes.AttachmentRow, 201: shapes.AttachmentRow},
        openapi_extensions=_UPLOAD,
    )(_attach)


_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


def _list(query: shapes.CaseQuery) -> Response:
    """A page by keyset: hand back `next` as `after`. `total` is the length of the whole list, and equals the figure; a list
    that grows with the years is counted up to a bound (`total_exact`)."""
    wanted = CaseFilter(**query.model_dump(exclude={"after", "limit"}))
    found = casefile.page(services(), visitor(), wanted, after=query.after, size=query.limit, sort=query.sort)
    return jsonify(found.model_dump(mode="json"))


def _one(path: shapes.CodePath) -> Response:
    """Everything that happened to a case, and why it is due when it is due."""
    return jsonify(casefile.whole(services(), visitor(), path.code).model_dump(mode="json"))


def _act(path: shapes.ActionPath, body: shapes.ActionBody) -> Response:
    """A move of the table; 409 where the case stands elsewhere, or somebody was quicker."""
    outcome = act(path.code, path.action, visitor(), body)
    case = outcome.case
    if g.by_token:
        _note_token_use(path.action, case.code)
    moved = shapes.MoveAnswer(
        code=case.code,
        stage=case.stage,
        department=case.department,
        due_at=case.due_at,
        events=[fact.id for fact in outcome.facts],
    )
    return jsonify(moved.model_dump(mode="json"))


def _note_token_use(action: str, code: str) -> None:
    """A person's moves are in the trace under the person's name; for a token's, the audit keeps from where it came."""
    who, address = visitor(), request.remote_addr or ""
    with services().store.write() as connection:
        accounts.audit(connection, who.name, who.role, f"token.{action}", real_now(), object=code, address=address)


def act(code: str, action: str, who: Visitor, body: shapes.ActionBody) -> Outcome:
    """Through the door, and out to the gateways once it is on disk.

    Raises:
        Problem: 404 for a case unknown to this visitor, 403 for another's action, 409 for the wrong moment.
    """
    _demand_role(action, who)
    now = services().clock.now()
    try:
        outcome = services().door.move(code, action, who.actor, now, body.model_dump(exclude_none=True))
    except Overtaken as late:
        raise _overtaken(late, body) from late
    except Refused as refusal:
        if refusal.field == "code":
            raise casefile.no_case(code) from refusal
        if refusal.field == "action":
            raise Problem(409, str(refusal), field="action") from refusal
        raise
    services().news.publish(outcome.facts)
    return outcome


def _overtaken(late: Overtaken, body: shapes.ActionBody) -> Problem:
    """Who did what since, and the caller's own words, so that nothing typed is lost."""
    since = [casefile.line_since(line) for line in late.lines]
    yours = body.model_dump(mode="json", exclude_none=True)
    return Problem(409, str(late), field="version", version=late.version, since=since, yours=yours)


def _demand_role(action: str, who: Visitor) -> None:
    move = MOVES.get(action)
    if move is None:
        raise Problem(
            404,
            say("There is no action {action!r}; expected one of {expected}.", action=action, expected=", ".join(MOVES)),
            field="action",
        )
    if who.role not in move.roles:
        raise Problem(
            403,
            say(
                "The role {role} may not {action}.",
                role=term(who.role, *ROLES),
                action=term(action, "case.action"),
            ),
            field="action",
        )


def _attach(path: shapes.CodePath) -> tuple[Response, int]:
    """The picture is decoded apart, cleaned of what the camera wrote into it, and stored as JPEG of ≤ 2048 px."""
    upload = request.files.get("file")
    if upload is None:
        raise Problem(422, "Expected multipart/form-data with the picture in the field 'file'.", field="file")
    row, created = attach(path.code, visitor(), upload.read())
    return jsonify(row.model_dump(mode="json")), 201 if created else 200


def attach(code: str, who: Visitor, raw: bytes) -> tuple[shapes.AttachmentRow, bool]:
    """Clean and keep a photo of a case; the flag says whether the case had it not yet.

    Raises:
        Problem: 404 for a case unknown to this visitor; 4xx for what is no picture we take.
    """
    parts, now = services(), real_now()
    with parts.store.read() as connection:
        case = queries.case(connection, code, who.actor)
    if case is None or not _own(case.client, who):
        raise casefile.no_case(code)
    photo = photos.clean(raw)
    digest = photos.keep(photo, parts.data)
    with parts.store.write() as connection:
        row = attachments.attach(
            connection,
            case.id,
            digest=digest,
            media_type=photos.MEDIA_TYPE,
            width=photo.width,
            height=photo.height,
            size=len(photo.jpeg),
            actor=who.actor,
            now=now,
        )
    return casefile.attachment(row), row.at == now


def _own(client: str | None, who: Visitor) -> bool:
    """A client system adds photos to what it has reported itself; people, to what they may see."""
    return who.role is not Role.SYSTEM or client == who.name
