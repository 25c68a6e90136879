"""The archive of briefs: made once, kept with a hash, told to leaders and over the centre's channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, and_, func, or_, select

from models import tables as t
from models.briefs.schedule import Kind, Span
from models.briefs.tables import brief
from models.chain import chained
from models.ladder import people, talk
from models.moves import Role
from models.store import upserting

b = brief.c
SENDER = "briefs"
"""Who a brief's message is from: no account."""


def missing(connection: Connection, spans: Sequence[Span], zone: ZoneInfo) -> list[Span]:
    """Those that are not in the archive yet, and have something to tell: the county had its first report by then, counted
    in days of `zone`."""
    rows = connection.execute(select(b.kind, b.first).where(b.first >= _oldest(spans)))
    kept = {(row.kind, row.first) for row in rows}
    wanted = [span for span in spans if (span.kind, span.first) not in kept]
    started = connection.execute(select(func.min(t.cases.c.reported_at))).scalar() if wanted else None
    if started is None:
        return []
    first = started.astimezone(zone).date()
    return [span for span in wanted if first <= span.last]


def _oldest(spans: Sequence[Span]) -> Any:
    return min(span.first for span in spans)


def keep(connection: Connection, span: Span, body: Mapping[str, Any], cut_at: datetime, real: datetime) -> int | None:
    """Keep a brief; returns its number, or None where somebody kept the same one just now."""
    values = {"kind": span.kind, "first": span.first, "last": span.last, "cut_at": cut_at, "made_at": real}
    dialect = upserting(connection.dialect.name)
    row = dialect.insert(brief).values(**values, body=dict(body), hash=_seal(body))
    made = connection.execute(row.on_conflict_do_nothing(index_elements=["kind", "first"]).returning(b.id)).scalar()
    return None if made is None else int(made)


def _seal(body: Mapping[str, Any]) -> str:
    return chained("", {"body": dict(body)})


def unbroken(row: Row[Any]) -> bool:
    """Whether a brief still says what it said when it was made."""
    return bool(row.hash == _seal(row.body))


def one(connection: Connection, number: int) -> Row[Any] | None:
    """A brief by its number."""
    return connection.execute(select(brief).where(b.id == number)).first()


def newest(connection: Connection, kind: Kind | None = None, size: int = 60, after: int | None = None) -> Sequence[Any]:
    """The newest briefs, without what they say; behind the one of the number `after`, which ended the page before. Nothing
    where there is no such brief."""
    rows = select(b.id, b.kind, b.first, b.last, b.cut_at, b.made_at)
    rows = rows if kind is None else rows.where(b.kind == kind)
    if after is not None:
        edge = connection.execute(select(b.first, b.last).where(b.id == after)).first()
        if edge is None:
            return []
        same_day = or_(b.first > edge.first, and_(b.first == edge.first, b.id < after))
        rows = rows.where(or_(b.last < edge.last, and_(b.last == edge.last, same_day)))
    return connection.execute(rows.order_by(b.last.desc(), b.first, b.id.desc()).limit(size)).all()


def tell(connection: Connection, title: str, text: str, now: datetime, real: datetime) -> int:
    """Send a brief to every leader's inbox and over the centre's channels; how many inboxes got it."""
    a = t.account.c
    leaders = select(a.name).where(a.role == str(Role.LEADER), a.disabled.is_(False), a.area.is_(None))
    names = list(connection.execute(leaders.order_by(a.name)).scalars())
    channels = people.read(connection).channels_of(None, None)
    if names or channels:
        talk.announce(connection, SENDER, title, text, names, channels, now, real)
    return len(names)
