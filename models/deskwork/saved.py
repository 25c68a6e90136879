"""Filters that a person keeps under a name of their own: a few per account, seen by nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from config.sentences import say
from models.deskwork.tables import saved_filter
from models.moves import Refused

MOST = 20
"""Filters of one account."""


def kept(connection: Connection, account: str) -> Sequence[Row[Any]]:
    """The filters of an account, oldest first."""
    f = saved_filter.c
    return connection.execute(select(saved_filter).where(f.account == account).order_by(f.at, f.name)).all()


def keep(connection: Connection, account: str, name: str, query: str, now: datetime) -> None:
    """Keep a filter; one of the same name is replaced.

    Raises:
        Refused: the account has its full number.
    """
    f = saved_filter.c
    connection.execute(delete(saved_filter).where(f.account == account, f.name == name))
    there = connection.execute(select(func.count()).select_from(saved_filter).where(f.account == account)).scalar_one()
    if there >= MOST:
        raise Refused(
            say(
                "An account keeps at most {MOST} filters, and this one has {there}; remove one first.",
                MOST=MOST,
                there=there,
            ),
            "name",
        )
    connection.execute(insert(saved_filter).values(account=account, name=name, query=query, at=now))


def forget(connection: Connection, account: str, name: str) -> bool:
    """Remove a filter; whether there was one."""
    f = saved_filter.c
    return bool(connection.execute(delete(saved_filter).where(f.account == account, f.name == name)).rowcount)
