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


RENEWED_BEFORE = timedelta(minutes=3)
"""A line that ends sooner is not continued: whoever goes on writes the next one."""
_OPEN = ~select(w.viewing_end.c.id).where(w.viewing_end.c.viewing == w.viewing.c.id).exists()


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


def continued(connection: Connection, number: int, opening: Opening, who: Actor, now: datetime) -> datetime | None:
    """Until when a line that is open already covers this same opening; None where a new line is to be written.

    A page that shows its tiles anew, or whose connection broke, goes on looking: that is no second viewing. Everything but
    the note must be the same, and enough of its time left (`RENEWED_BEFORE`).
    """
    v = w.viewing.c
    row = connection.execute(select(w.viewing).where(v.id == number, v.viewer == who.name, _OPEN)).first()
    if row is None or row.until - now < RENEWED_BEFORE:
        return None
    then = Opening(row.kind, Purpose(row.purpose), tuple(row.cameras), row.reference, opening.note, row.plan)
    return row.until if then == opening else None


def end(connection: Connection, number: int, viewer: str, now: datetime) -> bool:
    """End one's own line before its time: nothing more is shown under it. False where there is none that is open."""
    v = w.viewing.c
    open_ = select(v.id).where(v.id == number, v.viewer == viewer, v.until > now, _OPEN).with_for_update()
    if connection.execute(open_).first() is None:
        return False
    chain.append(connection, w.viewing_end, {"viewing": number, "at": now})
    return True


def ends(connection: Connection, numbers: Sequence[int]) -> dict[int, datetime]:
    """When these lines were ended, of those that were."""
    e = w.viewing_end.c
    found = connection.execute(select(e.viewing, e.at).where(e.viewing.in_(numbers)))
    return {row.viewing: row.at for row in found}


def covered(connection: Connection, viewer: str, now: datetime) -> frozenset[str]:
    """The cameras of this viewer's open lines: what the gateway may send him at this moment."""
    v = w.viewing.c
    rows: Sequence[list[str]] = (
        connection.execute(select(v.cameras).where(v.viewer == viewer, v.until > now, _OPEN)).scalars().all()
    )
    return frozenset(camera for cameras in rows for camera in cameras)
