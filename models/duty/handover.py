"""Hand-over sheets (交接班): the lists as they stand at the cut, signed by who goes and by who comes, never changed again.

A sheet's numbers are the lengths of its own lists: both are kept together, so that they agree for good (promise: a
figure equals the list behind it), whatever becomes of the cases afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, or_, select, update

from config.sentences import say
from models import tables as t
from models.chain import chained
from models.duty.tables import handover
from models.filters import Moment, is_open, predicate, scope
from models.messages import iso
from models.moves import Actor, Refused

CASE_SECTIONS = ("new", "overdue", "due-soon", "will-be-late", "refused-twice", "unreceipted", "escalated")
SECTIONS = (*CASE_SECTIONS, "cameras-down")
FIRST_SHIFT = timedelta(hours=12)
"""How far the first sheet of all looks back for what is new."""

c = t.cases.c
_COLUMNS = (c.id, c.code, c.title, c.level, c.department, c.stage, c.due_at, c.town, c.area)
_ORDER = (c.due_at.is_(None), c.due_at, c.id)


def _conditions(moment: Moment, since: datetime, adjudicate_after: int) -> Mapping[str, ColumnElement[bool]]:
    return {
        "new": and_(c.reported_at > since, c.reported_at <= moment.now),
        "overdue": predicate("overdue", moment),
        "due-soon": predicate("due-soon", moment),
        "will-be-late": predicate("will-be-late", moment),
        "refused-twice": and_(is_open(), c.handed_back >= adjudicate_after),
        "unreceipted": predicate("unreceipted", moment),
        "escalated": predicate("escalated", moment),
    }


def lists(
    connection: Connection, moment: Moment, since: datetime, adjudicate_after: int, actor: Actor
) -> dict[str, list[Any]]:
    """Every list of a sheet as it stands now, of what this actor may know of.

    Call it on a steady connection: all of them as of one moment.
    """
    found: dict[str, list[Any]] = {
        name: [_case(row) for row in connection.execute(_cases(_of(name, actor, condition)))]
        for name, condition in _conditions(moment, since, adjudicate_after).items()
    }
    return found | {"cameras-down": _cameras(connection, actor)}


@dataclass(frozen=True)
class Part:
    """Some rows of a list, and how long the whole of it is."""

    rows: Sequence[Mapping[str, Any]]
    total: int

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]], size: int, first: int = 0) -> Part:
        """A piece of a list that is at hand as a whole."""
        return cls(rows[first : first + size], len(rows))


def heads(
    connection: Connection, moment: Moment, since: datetime, adjudicate_after: int, actor: Actor, size: int
) -> dict[str, Part]:
    """The first rows of every list of a sheet and the length of each: the same lists as `lists`, for a page.

    Call it on a steady connection.
    """
    keys = {
        name: _keys(connection, _of(name, actor, condition))
        for name, condition in _conditions(moment, since, adjudicate_after).items()
    }
    rows = _by_key(connection, {key for mine in keys.values() for key in mine[:size]})
    found = {name: Part([rows[key] for key in mine[:size]], len(mine)) for name, mine in keys.items()}
    return found | {"cameras-down": Part.of(_cameras(connection, actor), size)}


def part(
    connection: Connection, name: str, moment: Moment, since: datetime, adjudicate_after: int, actor: Actor, *,
    first: int, size: int,
) -> Part:  # fmt: skip
    """Rows of one list of a sheet, from the `first` on.

    Raises:
        KeyError: there is no such list.
    """
    if name == "cameras-down":
        return Part.of(_cameras(connection, actor), size, first)
    keys = _keys(connection, _of(name, actor, _conditions(moment, since, adjudicate_after)[name]))
    wanted = keys[first : first + size]
    rows = _by_key(connection, wanted)
    return Part([rows[key] for key in wanted], len(keys))


def _of(name: str, actor: Actor, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(scope(actor, among_open=name != "new"), condition)


def _keys(connection: Connection, condition: ColumnElement[bool]) -> Sequence[int]:
    """The ids of a list in its order: what counts it and what a page of it is taken from."""
    return connection.execute(select(c.id).where(condition).order_by(*_ORDER)).scalars().all()


def _by_key(connection: Connection, keys: Collection[int]) -> Mapping[int, dict[str, Any]]:
    return {row.id: _case(row) for row in connection.execute(select(*_COLUMNS).where(c.id.in_(keys)))}


def _cameras(connection: Connection, actor: Actor) -> list[dict[str, Any]]:
    return [_camera(row) for row in connection.execute(_cameras_down(actor))]


def _cases(condition: ColumnElement[bool]) -> Any:
    return select(*_COLUMNS).where(condition).order_by(*_ORDER)


def _cameras_down(actor: Actor) -> Any:
    k, a = t.camera.c, t.area.c
    wanted = select(k.id, k.name, k.name_en, k.state, k.reason, k.since).where(k.state != "live").order_by(k.id)
    if actor.area is None:
        return wanted
    return wanted.where(k.area.in_(select(a.code).where(or_(a.code == actor.area, a.town == actor.area))))


def _case(row: Any) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in ("code", "title", "level", "department", "stage", "town", "area")}
    return plain | {"due_at": iso(row.due_at) if row.due_at else None}


def _camera(row: Any) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in ("id", "name", "name_en", "state", "reason")}
    return plain | {"since": iso(row.since) if row.since else None}


def last_cut(connection: Connection, now: datetime) -> datetime:
    """From when on something is new: the cut of the newest sheet, or half a day ago before the first."""
    found = connection.execute(select(handover.c.cut_at).order_by(handover.c.id.desc()).limit(1)).scalar()
    return found or now - FIRST_SHIFT


def make(
    connection: Connection,
    body: Mapping[str, Any],
    *,
    since: datetime,
    cut_at: datetime,
    real: datetime,
    outgoing: str,
    account: str,
    note: str,
) -> int:
    """Keep a sheet that who goes has signed; its hash holds it together. Returns its number.

    Raises:
        Refused: another sheet waits for its receipt, or no name was given.
    """
    if not outgoing:
        raise Refused("A hand-over is signed with a name.", "outgoing")
    waiting = connection.execute(select(handover.c.id).where(handover.c.received_at.is_(None))).scalar()
    if waiting is not None:
        raise Refused(say("Sheet {waiting} waits to be taken over; sign that one first.", waiting=waiting), "outgoing")
    kept = {"since": since, "cut_at": cut_at, "outgoing": outgoing, "outgoing_account": account, "note": note}
    values = {**kept, "body": dict(body), "entered_at": real}
    seal = chained("", kept | {"body": dict(body)})
    made = connection.execute(insert(handover).values(**values, hash=seal)).inserted_primary_key
    assert made is not None
    return int(made[0])


def receive(connection: Connection, number: int, *, real: datetime, incoming: str, account: str, note: str) -> None:
    """Sign a sheet as who comes.

    Raises:
        Refused: there is no such sheet, it was taken over before, or the same person would sign twice.
    """
    sheet = one(connection, number)
    if sheet is None:
        raise Refused(say("There is no hand-over sheet {number}.", number=number), "number")
    if sheet.received_at is not None:
        raise Refused(
            say("Sheet {number} was taken over by {incoming} before.", number=number, incoming=sheet.incoming), "number"
        )
    if not incoming or incoming == sheet.outgoing:
        raise Refused("Who comes signs with a name of their own, not that of who goes.", "incoming")
    still = and_(handover.c.id == number, handover.c.received_at.is_(None))
    values = {"incoming": incoming, "incoming_account": account, "incoming_note": note, "received_at": real}
    if not connection.execute(update(handover).where(still).values(values)).rowcount:
        raise Refused(say("Sheet {number} was taken over by somebody else just now.", number=number), "number")


def one(connection: Connection, number: int) -> Row[Any] | None:
    """A sheet by its number."""
    return connection.execute(select(handover).where(handover.c.id == number)).first()


def newest(connection: Connection, size: int = 30) -> Sequence[Row[Any]]:
    """The newest sheets, without their lists."""
    columns = [column for column in handover.c if column.name != "body"]
    return connection.execute(select(*columns).order_by(handover.c.id.desc()).limit(size)).all()


def unbroken(sheet: Row[Any]) -> bool:
    """Whether a sheet is still what was signed."""
    names = ("since", "cut_at", "outgoing", "outgoing_account", "note", "body")
    return bool(sheet.hash == chained("", {name: getattr(sheet, name) for name in names}))
