"""The county's channels: added, listed, taken away. Addresses hold keys and passwords, so they are sealed at rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, insert, select, update

from config.sentences import say
from models import tables as t
from models.ladder import tables as lt
from models.vault import Vault


def add(
    connection: Connection,
    vault: Vault,
    name: str,
    kind: str,
    host: str,
    address: str,
    now: datetime,
    *,
    department: str | None = None,
    contact: str | None = None,
) -> None:
    """A new channel. Its kind and host were checked before (`alerts.channels`).

    Raises:
        ValueError: in a sentence: the name is taken, the department does not exist, a contact without a department.
    """
    if not name.isprintable() or not 0 < len(name) <= 64 or any(char.isspace() for char in name) or name == "inbox":
        raise ValueError("A channel's name has 1 to 64 characters without spaces, and is not 'inbox'.")
    if connection.execute(select(lt.channel.c.name).where(lt.channel.c.name == name)).first():
        raise ValueError(
            say("There is, or was, a channel called {name!r} already; its deliveries keep its name.", name=name)
        )
    if contact and not department:
        raise ValueError("A contact belongs to a department; name it too.")
    _known_department(connection, department)
    values = {"name": name, "kind": kind, "host": host, "address": vault.seal(address), "created_at": now}
    connection.execute(insert(lt.channel).values(**values, department=department, contact=contact))


def _known_department(connection: Connection, code: str | None) -> None:
    if (
        code is not None
        and not connection.execute(select(t.department.c.code).where(t.department.c.code == code)).first()
    ):
        raise ValueError(say("There is no department {code!r}.", code=code))


def listed(connection: Connection) -> Sequence[Any]:
    """All channels by name, without their addresses."""
    k = lt.channel.c
    columns = (k.name, k.kind, k.host, k.department, k.contact, k.enabled, k.created_at, k.removed_at)
    return connection.execute(select(*columns).order_by(k.name)).all()


def one(connection: Connection, name: str) -> Row[Any]:
    """A living channel with its sealed address.

    Raises:
        ValueError: there is none.
    """
    k = lt.channel.c
    found = connection.execute(select(lt.channel).where(k.name == name, k.removed_at.is_(None))).first()
    if found is None:
        raise ValueError(say("There is no channel called {name!r}.", name=name))
    return found


def remove(connection: Connection, name: str, now: datetime) -> None:
    """Take a channel away: its address is forgotten, what waits for it has failed.

    Raises:
        ValueError: there is none.
    """
    one(connection, name)
    gone = update(lt.channel).where(lt.channel.c.name == name)
    connection.execute(gone.values(removed_at=now, enabled=False, address=""))
    waits = update(lt.delivery).where(lt.delivery.c.channel == name, lt.WAITING)
    connection.execute(waits.values(state="failed", outcome="channel removed", claimed_until=None))


def name_contact(connection: Connection, department: str, role: str, account: str, *, stands: bool = True) -> None:
    """Say that an account stands for a department's contact, or (`stands` False) no longer does.

    Raises:
        ValueError: there is no such department, or the account is not one of its own.
    """
    _known_department(connection, department)
    a, k = t.account.c, lt.contact.c
    known = select(a.name).where(a.name == account, a.department == department, a.role == "department")
    if connection.execute(known).first() is None:
        raise ValueError(
            say("{account!r} is no account of the department {department!r}.", account=account, department=department)
        )
    key = and_(k.department == department, k.role == role, k.account == account)
    connection.execute(delete(lt.contact).where(key))
    if stands:
        connection.execute(insert(lt.contact).values(department=department, role=role, account=account))


def contacts(connection: Connection) -> Sequence[Row[Any]]:
    """Who stands for which contact."""
    return connection.execute(select(lt.contact).order_by(*lt.contact.primary_key.columns)).all()
