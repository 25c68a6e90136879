"""Photos of a case: the row of a picture that is kept as a file under its own digest, and who may see it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from config.sentences import say
from models import tables as t
from models.filters import scope
from models.moves import Actor, Refused

MOST = 20
"""Photos of one case."""


def attach(
    connection: Connection,
    case_id: int,
    *,
    digest: str,
    media_type: str,
    width: int,
    height: int,
    size: int,
    actor: Actor,
    now: datetime,
) -> Row[Any]:
    """Note that a picture belongs to a case; the same picture twice is one row.

    Args:
        digest: SHA-256 of the stored file, in hexadecimal.
        width, height: in pixels. `size`: in bytes.

    Raises:
        Refused: the case has its full number of photos.
    """
    a = t.attachment.c
    connection.execute(select(t.cases.c.id).where(t.cases.c.id == case_id).with_for_update())
    known = connection.execute(select(t.attachment).where(a.case_id == case_id, a.digest == digest)).first()
    if known is not None:
        return known
    there = connection.execute(select(func.count()).select_from(t.attachment).where(a.case_id == case_id)).scalar_one()
    if there >= MOST:
        raise Refused(
            say("A case holds at most {MOST} photos, and this one has {there}.", MOST=MOST, there=there), "file"
        )
    values = {"case_id": case_id, "digest": digest, "media_type": media_type, "width": width, "height": height}
    new = insert(t.attachment).values(**values, size=size, at=now, actor=actor.name).returning(*t.attachment.c)
    return connection.execute(new).one()


def visible(connection: Connection, digest: str, actor: Actor) -> bool:
    """Whether a case that this actor may know of holds the picture."""
    holds = select(t.attachment.c.id).join(t.cases, t.cases.c.id == t.attachment.c.case_id)
    wanted = holds.where(t.attachment.c.digest == digest, scope(actor)).limit(1)
    return connection.execute(wanted).first() is not None
