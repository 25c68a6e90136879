"""`GET /cameras/evidence/<digest>`: a fault's masked picture, to whoever has an open line in the ledger for its camera."""

from __future__ import annotations

import re

from flask import Flask, Response

from dashboard import photos
from dashboard.problems import Problem
from dashboard.services import services, visitor
from dashboard.stamped import stamped
from models.timebase import real_now
from models.watching.ledger import covered
from models.watching.register import subjects
from models.watching.retention import path_of
from models.watching.rights import may_see
from models.watching.sights import camera_of_evidence

_DIGEST = re.compile(r"^[0-9a-f]{64}$")


def register(server: Flask) -> None:
    """Add the route."""
    server.add_url_rule("/cameras/evidence/<digest>", "evidence", _show)


def _show(digest: str) -> Response:
    """Watermarked with its viewer; as secret as the live picture of the same camera."""
    if not _DIGEST.match(digest):
        raise _nothing()
    who, now = visitor(), real_now()
    with services().store.read() as connection:
        row = camera_of_evidence(connection, digest)
        known = subjects(connection, now.date()).get(row.camera) if row else None
        open_ = covered(connection, who.name, now)
    file = path_of(services().data, "evidence", digest)
    if row is None or row.camera not in open_ or not may_see(who.role, who.area, known) or not file.is_file():
        raise _nothing()
    local = now.astimezone(services().zone)
    photo = stamped(file.read_bytes(), f"{who.name} · {local:%Y-%m-%d %H:%M:%S} · {row.fault}")
    response = Response(photo.jpeg, mimetype=photos.MEDIA_TYPE)
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    response.headers["Cache-Control"] = "no-store"
    return response


def _nothing() -> Problem:
    return Problem(404, "There is no such picture for you.", field="digest")
