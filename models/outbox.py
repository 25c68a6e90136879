"""What gateways read: the tail of the outbox, and the picture that was computed last. It imports little, so that a gateway that was
killed is soon back.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from models import tables as t
from models.messages import Snapshot
from models.store import Store


def last_number(connection: Connection) -> int:
    """The number of the newest fact; 0 in an empty county."""
    number = connection.execute(select(t.counter.c.value).where(t.counter.c.name == "outbox")).scalar()
    return int(number or 0)


def facts_after(connection: Connection, number: int, limit: int = 500) -> list[tuple[int, str]]:
    """`(number, JSON)` of the facts behind `number`, in order, at most `limit`."""
    rows = select(t.outbox.c.number, t.outbox.c.body).where(t.outbox.c.number > number).order_by(t.outbox.c.number)
    return [(row.number, row.body) for row in connection.execute(rows.limit(limit))]


def first_kept(connection: Connection) -> int:
    """The number of the oldest fact that is still kept; what is older needs a snapshot. 1 in an empty county."""
    return int(connection.execute(select(func.min(t.outbox.c.number))).scalar() or 1)


def keep_picture(store: Store, snapshot: Snapshot, number: int) -> None:
    """Keep the picture in the database, where a gateway without Redis finds it."""
    with store.write() as connection:
        values = {"number": number, "at": snapshot.figures.at, "body": snapshot.model_dump_json()}
        changed = connection.execute(t.snapshot.update().where(t.snapshot.c.name == "county").values(**values))
        if not changed.rowcount:
            connection.execute(t.snapshot.insert().values(name="county", **values))


def kept_picture(connection: Connection) -> Snapshot | None:
    """The picture that was computed last, or None before the first."""
    body = connection.execute(select(t.snapshot.c.body).where(t.snapshot.c.name == "county")).scalar()
    return Snapshot.model_validate_json(body) if body else None
