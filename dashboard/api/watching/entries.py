"""The register for the administrator: entries, masks with their review, legal holds, the catalogue as a file."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

from flask import Response, g, jsonify, request
from flask_openapi3.blueprint import APIBlueprint

from config.sentences import say
from dashboard.api.watching import shapes
from dashboard.api.watching.opening import SENTENCES
from dashboard.cli.rejects import harmless
from dashboard.problems import Problem
from dashboard.services import services, visitor
from models import accounts
from models.timebase import real_now
from models.watching import masks, pictures, register
from models.watching.catalogue import COLUMNS, exported
from models.watching.register import subjects
from models.watching.rights import Purpose, gaps, plain_roles, refusal
from streams.addresses import (
    AddressRefusedError,
    AddressRules,
    PlaylistRefusedError,
    RemoteAddress,
    parsed,
    refuse_host,
)
from streams.health_rules import Thresholds
from streams.inforce import masks_in_force

LONGEST_HOLD = timedelta(days=3660)


def register_routes(api: APIBlueprint) -> None:
    """Add the routes."""
    api.post("/cameras/<camera>/masks", summary="Masks, reviewed today", responses={200: shapes.EntryAnswer})(_masks)
    api.post("/cameras/<camera>/register", summary="Change an entry", responses={200: shapes.EntryAnswer})(_entry)
    api.post(
        "/cameras/<camera>/actions/<action>",
        summary="`relearn`: its picture is as it should be from now on",
        responses={200: shapes.Relearned},
    )(_relearn)
    api.get("/cameras/catalogue.csv", summary="The catalogue as CSV, without passwords")(_catalogue)
    api.post("/holds", summary="Place a legal hold", responses={201: shapes.HoldRow})(_hold)
    api.post("/holds/<hold>/actions/<action>", summary="`lift`", responses={200: shapes.HoldRow})(_lift)


def _masks(path: shapes.CameraPath, body: shapes.MaskBody) -> Response:
    """Answered when they are in force: from then on no picture under other masks leaves its worker. Saving is reviewing."""
    if sentence := masks.fault(body.masks):
        raise Problem(422, sentence, field="masks")
    today = real_now().astimezone(services().zone).date()
    values = {"masks": masks.plain(body.masks), "mask_review": today, "mask_reviewer": visitor().name}
    answer = _changed(path.camera, values, body.version, "masks", body.note)
    answer.in_force = _in_force(path.camera, masks.plain(body.masks))
    return jsonify(answer.model_dump(mode="json"))


def _in_force(camera: str, saved: Any) -> bool:
    """Whether the streams process says so, asked with the saver's own credentials. False: it did not answer."""
    address = services().probes.get("video", "").replace("tcp://", "ws://", 1)
    header = "Authorization" if g.by_token else "Cookie"
    return masks_in_force(address, {header: request.headers.get(header, "")}, camera, saved) if address else False


def _entry(path: shapes.CameraPath, body: shapes.EntryBody) -> Response:
    """What is not named stays as it is. Addresses are judged here, and again whenever they are opened."""
    values = body.model_dump(exclude={"version", "note"}, exclude_none=True)
    for name in ("address", "main_address"):
        if values.get(name):
            _demand_allowed(values[name], name)
    if values.get("credentials") and ":" not in values["credentials"]:
        raise Problem(422, "Expected user:password.", field="credentials")
    if "shown_to" in values:
        try:
            values["shown_to"] = plain_roles(values["shown_to"])
        except ValueError as error:
            raise Problem(422, str(error), field="shown_to") from error
    if "thresholds" in values:
        try:
            Thresholds().adjusted(values["thresholds"])
        except ValueError as error:
            raise Problem(422, str(error), field="thresholds") from error
    _demand_known(values)
    return jsonify(_changed(path.camera, values, body.version, "register", body.note).model_dump(mode="json"))


def _relearn(path: shapes.CameraActPath, body: shapes.RelearnBody) -> Response:
    """A camera that was turned, cleaned or refocused on purpose: what was usual of it is learned anew, and the faults of
    its picture are gone as soon as it is known again, about a minute later. The history says who declared it."""
    if path.action != "relearn":
        raise Problem(404, say("There is no action {action!r}; expected relearn.", action=path.action), field="action")
    who, now = visitor(), real_now()
    with services().store.write() as connection:
        why = refusal(who.role, who.area, subjects(connection, now.date()).get(path.camera), Purpose.MAINTENANCE)
        if why == "unknown":
            raise Problem(404, "There is no such camera.", field="camera")
        if why:
            raise Problem(403, SENTENCES[why], field="camera", reason=why)
        register.change(
            connection,
            path.camera,
            {"learned_at": now},
            vault=services().vault,
            actor=who.actor,
            now=now,
            act="relearn",
            note=body.note,
        )
    return jsonify(shapes.Relearned(camera=path.camera, learned_at=now).model_dump(mode="json"))


def _demand_known(values: dict[str, Any]) -> None:
    directory = services().directory()
    if values.get("area") and values["area"] not in directory.areas:
        raise Problem(422, say("There is no area {area!r}.", area=values["area"]), field="area")
    if values.get("owner") and values["owner"] not in directory.departments:
        raise Problem(422, say("There is no department {owner!r}.", owner=values["owner"]), field="owner")


def _demand_allowed(address: str, name: str) -> None:
    if address.startswith("demo:"):
        return  # the demonstration's own streams; elsewhere nothing answers to it
    rules: AddressRules = services().camera_rules
    try:
        place = parsed(address, rules)
        if isinstance(place, RemoteAddress):
            _demand_host(place.host, rules)
    except PlaylistRefusedError as error:
        raise Problem(422, str(error), field=name, reason="playlist") from error
    except AddressRefusedError as error:
        raise Problem(422, str(error), field=name) from error


def _demand_host(host: str, rules: AddressRules) -> None:
    """A host written as numbers is judged at once; a name, whenever the worker has asked where it lies."""
    try:
        refuse_host(ip_address(host), rules)
    except ValueError:
        return


def _changed(camera: str, values: dict[str, Any], version: int, act: str, note: str) -> shapes.EntryAnswer:
    parts, now = services(), real_now()
    with parts.store.write() as connection:
        try:
            changes = register.change(
                connection, camera, values, vault=parts.vault, actor=visitor().actor, now=now, version=version,
                act=act, note=note,
            )  # fmt: skip
        except KeyError as error:
            raise Problem(404, "There is no such camera.", field="camera") from error
        except register.OutOfDate as error:
            raise Problem(409, str(error), field="version", by=error.by, fields=list(error.fields)) from error
        row = register.entry(connection, camera)
        assert row is not None
        left = gaps(row._mapping, now.date(), register.privacy(connection).review_days)
    return shapes.EntryAnswer(camera=camera, version=row.version, changed=sorted(changes), gaps=list(left))


# --- the catalogue as a file -----------------------------------------------------------------------------------------


def _catalogue() -> Response:
    """Every camera as the import takes it; addresses without user and password. The export is in the audit."""
    who, now = visitor(), real_now()
    with services().store.write() as connection:
        rows = exported(connection, services().vault)
        detail = {"rows": len(rows)}
        accounts.audit(
            connection, who.name, who.role, "export.cameras", now, object="cameras",
            address=request.remote_addr or "", detail=detail,
        )  # fmt: skip
    return csv_answer("cameras.csv", COLUMNS, ([row[name] for name in COLUMNS] for row in rows))


def csv_answer(name: str, columns: Any, rows: Any) -> Response:
    """A CSV that spreadsheets open right: UTF-8 with a mark, no cell that runs as a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([harmless(str(cell)) for cell in row] for row in rows)
    response = Response(out.getvalue().encode("utf-8-sig"), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# --- legal holds -----------------------------------------------------------------------------------------------------


def _hold(body: shapes.HoldBody) -> tuple[Response, int]:
    """Nothing of the camera, case or emergency is deleted until it ends. Both placing and lifting are in the audit."""
    who, now = visitor(), real_now()
    if not now < body.until <= now + LONGEST_HOLD:
        raise Problem(422, "A legal hold ends in the future, within ten years.", field="until")
    with services().store.write() as connection:
        if body.kind == "camera" and register.entry(connection, body.object) is None:
            raise Problem(422, "There is no such camera.", field="object")
        row = pictures.hold(connection, body.kind, body.object, body.reason, body.until, who.actor, now)
        _audit(connection, "hold.place", row)
    return jsonify(_hold_row(row)), 201


def _lift(path: shapes.HoldPath) -> Response:
    if path.action != "lift":
        raise Problem(404, say("There is no action {action!r}; expected lift.", action=path.action), field="action")
    with services().store.write() as connection:
        row = pictures.lift(connection, path.hold, visitor().actor, real_now())
        if row is None:
            raise Problem(404, "There is no legal hold of this number in force.", field="hold")
        _audit(connection, "hold.lift", row)
    return jsonify(_hold_row(row))


def _audit(connection: Any, act: str, row: Any) -> None:
    who = visitor()
    detail = {"hold": row.id, "kind": row.kind, "until": row.until.isoformat(), "reason": row.reason}
    accounts.audit(
        connection, who.name, who.role, act, real_now(), object=row.object, address=request.remote_addr or "",
        detail=detail,
    )  # fmt: skip


def _hold_row(row: Any) -> dict[str, Any]:
    return shapes.HoldRow(**row._mapping).model_dump(mode="json")
