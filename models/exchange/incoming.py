"""Warnings that come in: each kept once, accepted or refused with its reason; updates and cancels end what they name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, case, func, insert, or_, select, update

from models.door.writing import Writing
from models.exchange import cap
from models.exchange import tables as xt
from models.exchange.cap import Alert, CapRefused
from models.exchange.perimeters import Perimeter, perimeter_of
from models.exchange.xml import XmlRefused
from models.messages import WarningReceived

PAGE = 50
ENDING = ("Update", "Cancel")
UNTOLD = timedelta(days=1)
"""How long a warning that names no end is in force."""
w = xt.warning.c


@dataclass(frozen=True)
class Taken:
    """What became of a message. `new` is False for one that is known already: nothing was written."""

    id: int
    accepted: bool
    code: str = ""
    reason: str = ""
    new: bool = True


def take(work: Writing, feed: str, raw: bytes, *, link: str = "", language: str = "zh-CN") -> Taken:
    """Keep a message, whatever it is; a new one of the standard's shape is told to everybody.

    Args:
        feed: by which way it came. link: under which address it was found there.
    """
    digest = hashlib.sha256(raw).hexdigest()
    known = work.db.execute(select(xt.warning).where(w.digest == digest)).first()
    if known is not None:
        return _known(known)
    kept = {"feed": feed, "link": link, "received_at": work.real, "digest": digest}
    try:
        alert = cap.parse(raw)
        again = _same(work.db, alert)
        if again is not None:
            return _known(again)
        refs = _endable(work.db, alert)
    except XmlRefused as refusal:
        return _refused(work.db, kept, refusal.code, str(refusal))
    text = cap.build(alert).decode()
    number = _inserted(work.db, kept | _columns(alert, language) | {"state": "accepted", "raw": text})
    for ref in refs:
        _end(work.db, ref.id, number)
    _end_by_earlier(work.db, alert, number)
    _tell(work, number)
    return Taken(number, True)


def refuse(work: Writing, feed: str, mark: str, code: str, reason: str, *, link: str = "") -> Taken:
    """Write down what could not even be fetched or cut out of its feed; `mark` stands for its content.

    The same refusal is listed once.
    """
    digest = hashlib.sha256(mark.encode()).hexdigest()
    known = work.db.execute(select(xt.warning).where(w.digest == digest)).first()
    if known is not None:
        return _known(known)
    kept = {"feed": feed, "link": link[:500], "received_at": work.real, "digest": digest}
    return _refused(work.db, kept, code, reason)


def _known(row: Row[Any]) -> Taken:
    return Taken(row.id, row.state == "accepted", row.code, row.reason, new=False)


def _refused(db: Connection, kept: dict[str, Any], code: str, reason: str) -> Taken:
    number = _inserted(db, kept | {"state": "refused", "code": code, "reason": reason[:300]})
    return Taken(number, False, code, reason[:300])


def _inserted(db: Connection, values: dict[str, Any]) -> int:
    return int(db.execute(insert(xt.warning).values(**values).returning(w.id)).scalar_one())


def _same(db: Connection, alert: Alert) -> Row[Any] | None:
    """The same message by its three names, in other bytes."""
    names = and_(w.sender == alert.sender, w.identifier == alert.identifier, w.sent == alert.sent)
    return db.execute(select(xt.warning).where(names)).first()


def _endable(db: Connection, alert: Alert) -> Sequence[Row[Any]]:
    """The messages here that it updates or cancels.

    Raises:
        CapRefused: one of them is another sender's.
    """
    if alert.kind not in ENDING or not alert.references:
        return []
    foreign = [ref for ref in alert.references if ref.sender != alert.sender]
    if foreign:
        raise CapRefused(
            "other-sender", f"{alert.sender} may not {alert.kind.lower()} a message of {foreign[0].sender}."
        )
    names = [and_(w.identifier == ref.identifier, w.sent == ref.sent) for ref in alert.references[:100]]
    where = and_(w.sender == alert.sender, w.state == "accepted", w.ended_by.is_(None), or_(*names))
    return db.execute(select(xt.warning).where(where)).all()


def _end(db: Connection, number: int, by: int) -> None:
    db.execute(update(xt.warning).where(w.id == number, w.ended_by.is_(None)).values(ended_by=by))


def _end_by_earlier(db: Connection, alert: Alert, number: int) -> None:
    """A feed lists the newest first: what ends this message may have come before it."""
    mark = _mark(alert.sender, alert.identifier, alert.sent)
    later = and_(w.sender == alert.sender, w.state == "accepted", w.kind.in_(ENDING), w.sent >= alert.sent)
    for row in db.execute(select(w.id, w.refs).where(later, w.id != number).order_by(w.id.desc()).limit(1_000)):
        if mark in row.refs:
            _end(db, number, row.id)
            return


def _mark(sender: str, identifier: str, sent: datetime) -> str:
    return f"{sender},{identifier},{int(sent.timestamp())}"


def _columns(alert: Alert, language: str) -> dict[str, Any]:
    info = alert.info(language)
    areas = info.areas if info else ()
    return {
        "identifier": alert.identifier,
        "sender": alert.sender,
        "sent": alert.sent,
        "status": alert.status,
        "kind": alert.kind,
        "event": (info.event if info else "")[:200],
        "headline": ((info.headline or info.event) if info else alert.note or "")[:300],
        "severity": info.severity if info else None,
        "colour": info.colour if info else None,
        "area": "、".join(area.description for area in areas)[:300],
        "polygons": [[list(point) for point in polygon] for area in areas for polygon in area.polygons][:50],
        "expires": alert.expires(),
        "refs": [_mark(ref.sender, ref.identifier, ref.sent) for ref in alert.references],
    }


def _tell(work: Writing, number: int) -> None:
    row = work.db.execute(select(xt.warning).where(w.id == number)).one()
    work.draft(
        None,
        WarningReceived(
            at=work.real,
            warning=number,
            message=row.kind,
            status=row.status,
            event=row.event,
            headline=row.headline,
            severity=row.severity,
            colour=row.colour,
            sender=row.sender,
            area=row.area,
            sent=row.sent,
            expires=row.expires,
        ),
    )


# --- reading ---------------------------------------------------------------------------------------------------------

STATES = ("in-force", "accepted", "refused", "all")


def predicate(state: str, real: datetime) -> Any:
    """What a state of the list means; `in-force`: accepted, meant in earnest or as an exercise, not ended, not expired."""
    live = and_(w.state == "accepted", w.ended_by.is_(None), w.kind.in_(("Alert", "Update")))
    fresh = or_(w.expires > real, and_(w.expires.is_(None), w.sent > real - UNTOLD))
    known = {"accepted": w.state == "accepted", "refused": w.state == "refused", "all": w.id > 0}
    return and_(live, fresh, w.status.in_(("Actual", "Exercise"))) if state == "in-force" else known[state]


def listed(
    connection: Connection, state: str, real: datetime, *, before: int | None = None, size: int = PAGE
) -> Sequence[Row[Any]]:
    """The newest first; `before` is the id that the page before ended with.

    Raises:
        KeyError: there is no such state.
    """
    where = [predicate(state, real)] + ([w.id < before] if before is not None else [])
    columns = [
        *(column for column in xt.warning.c if column.name != "raw"),
        predicate("in-force", real).label("in_force"),
    ]
    return connection.execute(select(*columns).where(*where).order_by(w.id.desc()).limit(size)).all()


@dataclass(frozen=True)
class InForce:
    """What is in force at a moment: the gravest, how many there are, and when the first of all of them ends."""

    gravest: Sequence[Any]
    total: int
    ends: datetime | None


def in_force(connection: Connection, real: datetime, size: int) -> InForce:
    """As a screen with little room names them: in earnest before an exercise, the gravest colour first, then the newest."""
    grave = case({colour: place for place, colour in cap.COLOURS.items()}, value=w.colour, else_=len(cap.COLOURS) + 1)
    earnest = case((w.status == "Actual", 0), else_=1)
    where = predicate("in-force", real)
    shown = select(w.id, w.status, w.event, w.headline, w.colour, w.area).where(where)
    rows = connection.execute(shown.order_by(earnest, grave, w.id.desc()).limit(size)).all()
    untold = case((w.expires.is_(None), w.sent))
    sums = select(func.count(), func.min(w.expires), func.min(untold)).select_from(xt.warning).where(where)
    total, told, sent = connection.execute(sums).one()
    ends = [told] if told is not None else []
    ends += [sent + UNTOLD] if sent is not None else []
    return InForce(rows, int(total), min(ends, default=None))


def count(connection: Connection, state: str, real: datetime) -> int:
    """How long that list is."""
    return int(
        connection.execute(select(func.count()).select_from(xt.warning).where(predicate(state, real))).scalar_one()
    )


def one(connection: Connection, number: int) -> Row[Any] | None:
    """A message with its text."""
    return connection.execute(select(xt.warning).where(w.id == number)).first()


def named(connection: Connection, identifier: str) -> Row[Any] | None:
    """The newest accepted message of this identifier, with its text."""
    query = select(xt.warning).where(w.identifier == identifier, w.state == "accepted").order_by(w.id.desc())
    return connection.execute(query.limit(1)).first()


def area_of(connection: Connection, identifier: str, language: str = "zh-CN") -> Perimeter | None:
    """The area of the warning of this identifier; None where there is none, or it draws none."""
    row = named(connection, identifier)
    return perimeter_of(cap.parse(row.raw.encode()), language) if row is not None else None


def links(connection: Connection, feed: str, found: Sequence[str]) -> frozenset[str]:
    """Those of these addresses of a feed that were read already."""
    rows = connection.execute(select(w.link).where(w.feed == feed, w.link.in_(list(found))))
    return frozenset(rows.scalars())
