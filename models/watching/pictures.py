"""Snapshots that were kept, and the legal holds that keep pictures longer than their time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from models.moves import Actor
from models.watching import tables as w

HOLDS = ("camera", "case", "emergency")
"""What a legal hold can be on."""


def note(connection: Connection, camera: str, digest: str, case: str, viewing: int, who: Actor, now: datetime) -> None:
    """Remember a snapshot, so that it is deleted when its time has come."""
    row = {"camera": camera, "digest": digest, "case_code": case, "viewing": viewing, "at": now, "actor": who.name}
    connection.execute(insert(w.camera_picture).values(**row))


def of_camera(connection: Connection, camera: str, size: int = 12) -> Sequence[Row[Any]]:
    """The newest snapshots of a camera that are still kept."""
    p = w.camera_picture.c
    wanted = select(w.camera_picture).where(p.camera == camera, p.deleted_at.is_(None))
    return connection.execute(wanted.order_by(p.id.desc()).limit(size)).all()


def hold(
    connection: Connection, kind: str, object: str, reason: str, until: datetime, who: Actor, now: datetime
) -> Row[Any]:
    """Place a legal hold: nothing of this camera, case or emergency is deleted until it ends or is lifted."""
    values = {"kind": kind, "object": object, "reason": reason, "until": until, "placed_at": now, "placed_by": who.name}
    return connection.execute(insert(w.legal_hold).values(**values).returning(*w.legal_hold.c)).one()


def lift(connection: Connection, number: int, who: Actor, now: datetime) -> Row[Any] | None:
    """Lift a hold before its end; None where there is none that is still in force."""
    h = w.legal_hold.c
    ended = update(w.legal_hold).where(h.id == number, h.lifted_at.is_(None), h.until > now)
    return connection.execute(ended.values(lifted_at=now, lifted_by=who.name).returning(*w.legal_hold.c)).first()


def holds(connection: Connection) -> Sequence[Row[Any]]:
    """Every hold, the newest first."""
    return connection.execute(select(w.legal_hold).order_by(w.legal_hold.c.id.desc()).limit(500)).all()


def held(connection: Connection, now: datetime) -> dict[str, frozenset[str]]:
    """Kind → objects that a hold in force keeps."""
    h = w.legal_hold.c
    rows = connection.execute(select(h.kind, h.object).where(h.lifted_at.is_(None), h.until > now)).all()
    return {kind: frozenset(row.object for row in rows if row.kind == kind) for kind in HOLDS}
