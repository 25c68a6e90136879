"""The ledger: who opened which cameras, when, for what and until when. Written before the first frame; never edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select

from models import chain
from models.moves import Actor
from models.watching import tables as w
from models.watching.rights import Purpose

LASTS = {
    "live": timedelta(hours=2),
    "wall": timedelta(hours=8),
    "still": timedelta(minutes=1),
    "snapshot": timedelta(minutes=1),
}
"""Kind → how long a line is open. A wall session writes a line for itself and one for each new plan of cameras; it covers
every camera of the plan, however they take turns, and is renewed before it runs out."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What somebody wants to see, and why."""

    kind: str
    purpose: Purpose
    cameras: tuple[str, ...]
    reference: str = ""
    note: str = ""
    plan: str = ""


def write(
    connection: Connection, opening: Opening, who: Actor, now: datetime, address: str = ""
) -> tuple[int, datetime]:
    """Append the line; returns its number and until when it holds."""
    until = now + LASTS[opening.kind]
    line = {
        "at": now, "until": until, "viewer": who.name, "role": str(who.role), "kind": opening.kind,
        "purpose": str(opening.purpose), "reference": opening.reference, "note": opening.note,
        "cameras": list(opening.cameras), "plan": opening.plan, "address": address,
    }  # fmt: skip
    number = chain.append(connection, w.viewing, line)
    rows = [{"camera": camera, "viewing": number} for camera in dict.fromkeys(opening.cameras)]
    if rows:
        connection.execute(insert(w.viewed), rows)
    return number, until


def covered(connection: Connection, viewer: str, now: datetime) -> frozenset[str]:
    """The cameras of this viewer's open lines: what the gateway may send him at this moment."""
    v = w.viewing.c
    rows: Sequence[list[str]] = (
        connection.execute(select(v.cameras).where(v.viewer == viewer, v.until > now)).scalars().all()
    )
    return frozenset(camera for cameras in rows for camera in cameras)
