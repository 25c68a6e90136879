"""Who is told: the accounts and channels behind a department's desk, a contact of the ladder, or the centre."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from models import tables as t
from models.ladder import tables as lt
from models.ladder.plan import Kind
from models.moves import Role

INBOX = "inbox"
"""The channel that is always there."""
NOBODY = ""
"""The recipient that stands where nobody could be told; such a delivery has failed from the beginning."""
CALLS = frozenset({Kind.CONTACT, Kind.AGAIN})


@dataclass(frozen=True)
class People:
    """Everybody who can be told something. Read once per transaction."""

    accounts: Sequence[Any] = ()
    contacts: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    channels: Sequence[Any] = ()

    def of_department(self, department: str, role: str | None = None) -> list[str]:
        """The accounts of a department, or those that stand for one of its contacts where any is named."""
        named = self.contacts.get((department, role), ()) if role else ()
        enabled = [row.name for row in self.accounts if row.role == Role.DEPARTMENT and row.department == department]
        return [name for name in enabled if name in named] or enabled

    def of_centre(self, places: Iterable[str | None], *roles: Role) -> list[str]:
        """The centre's accounts with one of these roles; one that is bound to an area only where that is meant."""
        here = {place for place in places if place} | {None}
        return [row.name for row in self.accounts if row.role in roles and row.area in here and row.department is None]

    def channels_of(self, department: str | None, role: str | None) -> list[str]:
        """The channels of a desk (no role) or of a contact; without a department, the centre's."""
        return [row.name for row in self.channels if (row.department, row.contact) == (department, role)]


def read(connection: Connection) -> People:
    """Everybody, as the database has them now."""
    a, k = t.account.c, lt.channel.c
    roles = (Role.DEPARTMENT, Role.DUTY, Role.OPERATOR, Role.LEADER)
    contacts: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in connection.execute(select(lt.contact)):
        contacts[row.department, row.role] = (*contacts.get((row.department, row.role), ()), row.account)
    return People(
        accounts=connection.execute(
            select(*(a.name, a.role, a.area, a.department))
            .where(a.role.in_([str(role) for role in roles]), a.disabled.is_(False))
            .order_by(a.name)
        ).all(),
        contacts=contacts,
        channels=connection.execute(
            select(*(k.name, k.department, k.contact)).where(k.enabled, k.removed_at.is_(None)).order_by(k.name)
        ).all(),
    )


def told(
    people: People, kind: Kind, holder: str | None, role: str | None, places: Iterable[str | None]
) -> list[tuple[str, str]]:
    """`(channel, recipient)` of everybody who hears of a step. Pure.

    A contact is called together with those on duty. What no department holds, and what reaches nobody there, goes to the
    centre: a step that nobody hears is told as failed, and somebody hears that. The clock of a stage is the centre's to
    watch; where nothing moved, its leaders hear of it, and a department's contact.

    Args:
        holder: the department that has the case in hand; None where the centre has.
        role: the contact's role, for the steps that call one.
    """
    places = list(places)
    if kind is Kind.STAGE:
        holder = None
    elif kind is Kind.HIGHER:
        contacts = people.of_department(holder, role) if holder is not None else []
        higher = people.of_centre(places, Role.LEADER, Role.DUTY)
        return _pairs(contacts + higher, people.channels_of(holder, role) if holder is not None else [])
    calls = kind in CALLS
    if holder is None:
        accounts, channels = people.of_centre(places, Role.DUTY, Role.OPERATOR), people.channels_of(None, None)
        return _pairs(accounts, channels)
    accounts = people.of_department(holder, role if calls else None)
    channels = people.channels_of(holder, role if calls else None)
    missing = [] if accounts else [(INBOX, NOBODY)]
    if calls:
        accounts += people.of_centre(places, Role.DUTY)
        channels += people.channels_of(None, None)
    if missing:
        accounts += people.of_centre(places, Role.DUTY, Role.OPERATOR)
    return list(dict.fromkeys(_pairs(accounts, channels) + missing))


def _pairs(accounts: Iterable[str], channels: Iterable[str]) -> list[tuple[str, str]]:
    return [(INBOX, name) for name in dict.fromkeys(accounts)] + [(name, name) for name in channels] or [
        (INBOX, NOBODY)
    ]
