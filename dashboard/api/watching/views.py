"""Opening cameras: the ledger's line comes first. Then live views with tickets, single pictures, snapshots to a case."""

from __future__ import annotations

from datetime import datetime

from flask import Response, g, jsonify, request
from flask_openapi3.blueprint import APIBlueprint

from config.sentences import say
from dashboard import casefile, photos
from dashboard.api.shapes import AttachmentRow
from dashboard.api.watching import shapes
from dashboard.api.watching.opening import Opened, as_words, opened, tickets
from dashboard.problems import Problem
from dashboard.services import services, visitor
from dashboard.stamped import stamped
from models import attachments, queries
from models.timebase import real_now
from models.watching import ledger, pictures
from models.watching.ledger import Opening
from models.watching.rights import Purpose
from streams.still import NoStillError, Still, masked_still


def register(api: APIBlueprint) -> None:
    """Add the routes."""
    api.post(
        "/views",
        summary="Open cameras: writes the ledger, then lets the gateway show them",
        responses={201: shapes.ViewAnswer},
    )(_views)
    api.post(
        "/views/<view>/actions/<action>",
        summary="`end`: nothing more is shown under this line of one's own",
        responses={200: shapes.ViewEnded},
    )(_end)
    api.post("/cameras/<camera>/stills", summary="One masked picture, watermarked, as JPEG")(_still)
    api.post(
        "/cameras/<camera>/snapshots",
        summary="A masked picture into a case",
        responses={201: AttachmentRow},
    )(_snapshot)


def _views(body: shapes.ViewBody) -> tuple[Response, int]:
    """The line covers these cameras until `until`; a wall renews it with each session and each plan."""
    who = visitor()
    cameras = tuple(body.cameras) or _patrolled(body.plan.removeprefix(shapes.PATROL))
    wanted = Opening(body.kind, body.purpose, cameras, body.reference, body.note, body.plan)
    done = opened(who, wanted, body.view)
    answer = shapes.ViewAnswer(**as_words(done, who, tickets(who, done) if body.kind == "live" else {}))
    return jsonify(answer.model_dump(mode="json")), 201


def _end(path: shapes.ViewPath) -> Response:
    """Said by a page that is left, so that the ledger knows how long somebody looked. Ending twice is ending once."""
    if path.action != "end":
        raise Problem(404, say("There is no action {action!r}; expected end.", action=path.action), field="action")
    with services().store.write() as connection:
        ended = ledger.end(connection, path.view, visitor().name, real_now())
    return jsonify(shapes.ViewEnded(view=path.view, ended=ended).model_dump(mode="json"))


def _patrolled(name: str) -> tuple[str, ...]:
    """The cameras of a plan of patrol; `all`, which is always there, has every one."""
    plan = services().patrol.get(name)
    if plan is None and name != "all":
        raise Problem(422, say("There is no plan of patrol {name!r}.", name=name), field="plan")
    return (plan.cameras if plan else ()) or tuple(services().directory().cameras)


def _still(path: shapes.CameraPath, body: shapes.Reason) -> Response:
    """A picture for the mask editor or a report: masks burnt in by the worker, watermark burnt in here."""
    who = visitor()
    done = opened(who, Opening("still", body.purpose, (path.camera,), body.reference, body.note))
    still = _picture(path.camera)
    photo = stamped(still.jpeg, watermark(done, still.at, who.name))
    response = Response(photo.jpeg, mimetype=photos.MEDIA_TYPE)
    response.headers["X-GC-View"] = str(done.view)
    return response


def _snapshot(path: shapes.CameraPath, body: shapes.SnapshotBody) -> tuple[Response, int]:
    """The picture becomes a photo of the case; it goes after its time, unless a legal hold keeps it."""
    who, parts = visitor(), services()
    done = opened(who, Opening("snapshot", Purpose.CASE, (path.camera,), body.case, body.note))
    still = _picture(path.camera)
    photo = stamped(still.jpeg, watermark(done, still.at, who.name))
    digest = photos.keep(photo, parts.data)
    now = real_now()
    with parts.store.write() as connection:
        case = queries.case(connection, body.case, who.actor)
        if case is None:
            raise casefile.no_case(body.case)
        row = attachments.attach(
            connection, case.id, digest=digest, media_type=photos.MEDIA_TYPE, width=photo.width, height=photo.height,
            size=len(photo.jpeg), actor=who.actor, now=now,
        )  # fmt: skip
        pictures.note(connection, path.camera, digest, body.case, done.view, who.actor, now)
    return jsonify(casefile.attachment(row).model_dump(mode="json")), 201


def watermark(done: Opened, at: datetime, viewer: str) -> str:
    """`duty · 2026-11-25 22:10:03 · case:YZ…`, in the county's time."""
    local = at.astimezone(services().zone)
    return f"{viewer} · {local:%Y-%m-%d %H:%M:%S} · {done.purpose} · #{done.view}"


def _picture(camera: str) -> Still:
    """Asked of the gateway with the visitor's own credentials, so that it judges him as it judges any viewer.

    Raises:
        Problem: 409 where there is no live picture.
    """
    address = services().probes["video"].replace("tcp://", "ws://", 1) + "/tiles"
    header = "Authorization" if g.by_token else "Cookie"
    try:
        return masked_still(address, {header: request.headers.get(header, "")}, camera)
    except NoStillError as error:
        raise Problem(409, str(error), field="camera") from error
