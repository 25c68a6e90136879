"""Bench only: what lies around a million cases: rounds of the grids, an inbox, an audit, a ledger, a hand-over sheet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, Table, insert, select, text

from models import tables as t
from models.duty import handover, ticks
from models.duty.rounds import slots_of
from models.duty.tables import handover as sheets
from models.duty.tables import round_tick
from models.filters import Moment
from models.ladder import tables as lt
from models.ladder.people import INBOX
from models.moves import Actor, Role
from models.timebase import real_now
from models.watching.tables import viewed, viewing

DAYS = 35
"""Days of rounds, so that every week and month that a page asks for has some."""
MADE = 0.93
ESCALATED = 120
TOLD = 20
"""Cases per entry of somebody's inbox. The newest `UNREAD` wait for an answer."""
UNREAD = 300
DONE = 5
"""Cases per line of the audit; a tenth as many lines of the ledger."""
BITE = 5_000
PEOPLE = ("operator", "duty", "leader", "cg")
ACTS = ("login", "login", "login", "logout", "export.cases", "account.disable", "token.create")
Row = dict[str, Any]


def make(connection: Connection, size: int, now: datetime, dice: Random) -> None:
    """All of it, in amounts that grow with the cases where they would."""
    _put(connection, round_tick, _rounds(connection, now, dice))
    _put(connection, t.escalation, _escalations(connection, now, dice))
    _put(connection, lt.notification, _told(connection, size, now))
    _put(connection, lt.delivery, _deliveries(connection, now, dice))
    _put(connection, t.audit, _acts(size, now, dice))
    lines = list(_viewings(size, now, dice))
    _put(connection, viewing, iter(lines))
    _put(connection, viewed, ({"camera": line["cameras"][0], "viewing": line["id"]} for line in lines))
    counts = {"audit": size // DONE, "viewing": size // DONE // 10}
    connection.execute(insert(t.counter), [{"name": name, "value": value} for name, value in counts.items()])


def sign(connection: Connection, moment: Moment) -> None:
    """A hand-over sheet with every list as it stands."""
    since = moment.now - timedelta(hours=12)
    lists = handover.lists(connection, moment, since, 2, Actor("duty", Role.DUTY))
    handover.make(
        connection, lists,
        since=since, cut_at=moment.now, real=real_now(), outgoing="王建国", account="duty", note="",
    )  # fmt: skip
    connection.execute(sheets.update().values(incoming="李芳", incoming_account="duty", received_at=real_now()))


def _put(connection: Connection, table: Table, rows: Iterator[Row]) -> None:
    bite: list[Row] = []
    for row in rows:
        bite.append(row)
        if len(bite) == BITE:
            connection.execute(insert(table), bite)
            bite = []
    if bite:
        connection.execute(insert(table), bite)


def _rounds(connection: Connection, now: datetime, dice: Random) -> Iterator[Row]:
    document = connection.execute(select(t.rules.c.body).where(t.rules.c.name == "county")).scalar_one()
    slots = slots_of(document)
    for grid in ticks.grids(connection):
        for slot in slots:
            for period in sorted({slot.period((now - timedelta(days=back)).date()) for back in range(DAYS)}):
                if dice.random() < MADE:
                    at = datetime.combine(period, slot.starts, now.tzinfo)
                    more = {"account": "grid", "finding": "井盖松动，已报" if dice.random() < 0.05 else ""}
                    yield {
                        "area": grid.code,
                        "slot": slot.code,
                        "period": period,
                        "happened_at": at,
                        "entered_at": at,
                        **more,
                    }


def _open(connection: Connection, most: int) -> list[Any]:
    return list(connection.execute(select(t.cases).where(t.OPEN).order_by(t.cases.c.id).limit(most)))


def _escalations(connection: Connection, now: datetime, dice: Random) -> Iterator[Row]:
    for case in _open(connection, ESCALATED):
        at = now - timedelta(hours=dice.uniform(1, 20))
        yield {"case_id": case.id, "rung": 1, "reason": "breach", "takeover": dice.random() < 0.5, "at": at}


def _told(connection: Connection, size: int, now: datetime) -> Iterator[Row]:
    amount = max(size // TOLD, 1)
    for number in range(1, amount + 1):
        waits = number > amount - UNREAD
        at = now - timedelta(minutes=2 * (amount - number))
        yield {
            "id": number, "kind": "notice", "case_id": number * (size // amount), "step": f"bench-{number}", "level": 2 + number % 3,
            "title": "超期未办结：东门农贸市场南侧垃圾成堆", "reason": "breach", "at": at, "settled_at": None if waits else at,
        }  # fmt: skip
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT setval(pg_get_serial_sequence('notification', 'id'), {amount})"))


def _deliveries(connection: Connection, now: datetime, dice: Random) -> Iterator[Row]:
    n = lt.notification.c
    for told in connection.execute(select(n.id, n.at, n.settled_at)).all():
        seen = told.settled_at
        yield {
            "notification_id": told.id, "channel": INBOX, "recipient": PEOPLE[told.id % 2], "state": "sent",
            "not_before": told.at, "next_try_at": told.at, "sent_at": told.at, "opened_at": seen, "acknowledged_at": seen,
        }  # fmt: skip


def _acts(size: int, now: datetime, dice: Random) -> Iterator[Row]:
    amount = size // DONE
    for number in range(1, amount + 1):
        yield {
            "id": number, "at": now - timedelta(minutes=amount - number), "actor": dice.choice(PEOPLE), "role": "operator",
            "act": dice.choice(ACTS), "object": "cases.csv", "address": "127.0.0.1", "detail": {}, "hash": "bench",
        }  # fmt: skip


def _viewings(size: int, now: datetime, dice: Random) -> Iterator[Row]:
    amount = size // DONE // 10
    for number in range(1, amount + 1):
        at = now - timedelta(minutes=10 * (amount - number))
        yield {
            "id": number, "at": at, "until": at + timedelta(minutes=5), "viewer": dice.choice(PEOPLE), "role": "operator",
            "kind": "live", "purpose": "case", "reference": f"B{dice.randint(1, size):09d}",
            "cameras": [f"C{dice.randint(1, 24):03d}"], "hash": "bench",
        }  # fmt: skip
