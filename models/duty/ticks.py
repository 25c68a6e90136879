"""Rounds in the store: a tick is one row, however often a phone sends it; and the posts of each grid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from models import tables as t
from models.duty.rounds import Slot, State
from models.duty.tables import round_tick
from models.masking import masked
from models.store import upserting


def tick(
    connection: Connection, area: str, slot: str, period: date, *, happened_at: datetime, real: datetime, account: str,
    finding: str,
) -> tuple[Row[Any], bool]:  # fmt: skip
    """Note a round; the same one again is the row that is there, and False. Numbers of persons are masked in it."""
    dialect = upserting(connection.dialect.name)
    values = {"area": area, "slot": slot, "period": period, "happened_at": happened_at, "entered_at": real}
    row = dialect.insert(round_tick).values(**values, account=account, finding=masked(finding)).on_conflict_do_nothing()
    made = connection.execute(row.returning(round_tick.c.slot)).first() is not None
    c = round_tick.c
    wanted = select(round_tick).where(c.area == area, c.slot == slot, c.period == period)
    return connection.execute(wanted).one(), made


def put(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Many rounds at once; those that are there already stay as they are."""
    dialect = upserting(connection.dialect.name)
    if rows:
        connection.execute(dialect.insert(round_tick).on_conflict_do_nothing(), [dict(row) for row in rows])
    return len(rows)


Ticks = Mapping[tuple[str, str, date], Row[Any]]


def ticks(connection: Connection, since: date, until: date, areas: Sequence[str] | None = None) -> Ticks:
    """(grid, slot, period) → the tick, of the periods that begin on these days, both included."""
    c = round_tick.c
    wanted = select(round_tick).where(c.period >= since, c.period <= until)
    if areas is not None:
        wanted = wanted.where(c.area.in_(areas))
    return {(row.area, row.slot, row.period): row for row in connection.execute(wanted)}


def around(connection: Connection, slots: Sequence[Slot], day: date) -> Ticks:
    """(grid, slot, period) → the tick, of the periods that hold a day: at most one a grid and slot."""
    periods = {slot.period(day) for slot in slots}
    wanted = select(round_tick).where(round_tick.c.period.in_(periods))
    return {(row.area, row.slot, row.period): row for row in connection.execute(wanted)}


@dataclass(frozen=True)
class Cell:
    """One round of one grid."""

    slot: Slot
    period: date
    state: State
    made: Row[Any] | None


def cells(slots: Sequence[Slot], found: Ticks, area: str, day: date, now: datetime, zone: Any) -> list[Cell]:
    """The rounds of a grid whose periods hold this day."""
    row = []
    for slot in slots:
        period = slot.period(day)
        made = found.get((area, slot.code, period))
        row.append(Cell(slot, period, slot.state(period, made.happened_at if made else None, now, zone), made))
    return row


def first_day(day: date) -> date:
    """The earliest beginning of a period that holds this day."""
    return min(day - timedelta(days=day.weekday()), day.replace(day=1))


def posts(connection: Connection) -> Mapping[str, Mapping[str, tuple[int, int]]]:
    """Area → title → (required, filled)."""
    found: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for row in connection.execute(select(t.post)):
        found[row.area][row.post] = (row.required, row.filled)
    return found


def grids(connection: Connection) -> Sequence[Any]:
    """The grids in force, by code, with what the staffing formula asks of them."""
    a = t.area.c
    columns = (a.code, a.name, a.name_en, a.parent, a.town, a.kind, a.covers)
    wanted = select(*columns).where(a.level == "grid", a.valid_to.is_(None)).order_by(a.code)
    return connection.execute(wanted).all()


def kinds(connection: Connection) -> Mapping[str, Mapping[str, Any]]:
    """Code → kind of the areas above the grids."""
    a = t.area.c
    return {row.code: {"kind": row.kind} for row in connection.execute(select(a.code, a.kind).where(a.level != "grid"))}
