"""What was told to a person: listed, counted, grouped in a flood, opened and received by name. The count is the list."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, select, true, update

from config.sentences import say
from models import tables as t
from models.emergencies import tables as et
from models.filters import FilterRefused
from models.ladder import tables as lt
from models.ladder.floods import MOST, Counted, Group, grouped
from models.ladder.people import INBOX

PAGE = 50
WINDOW = timedelta(minutes=10)
LOOKED_AT = 5_000
"""Open entries that are grouped at once; older ones are a list to be asked for."""
STATES = ("open", "all")


@dataclass(frozen=True)
class InboxFilter:
    """What a list shows. None means everything; a group's filter lists exactly its members. `until` is left out."""

    state: str = "open"
    level: int | None = None
    reason: str | None = None
    department: str | None = None
    town: str | None = None
    emergency: str | None = None
    """The number of an emergency; empty: of none."""
    since: datetime | None = None
    until: datetime | None = None

    def where(self, account: str) -> ColumnElement[bool]:
        """The whole condition, for one account's inbox."""
        n = lt.notification.c
        parts = [mine(account), is_open() if self.state == "open" else true()]
        if self.level is not None:
            parts.append(n.level == self.level)
        for column, value in ((n.reason, self.reason), (n.department, self.department), (n.town, self.town)):
            if value is not None:
                parts.append(column.is_(None) if value == "" else column == value)
        if self.emergency is not None:
            parts.append(n.emergency_id == _emergency(self.emergency) if self.emergency else n.emergency_id.is_(None))
        if self.since is not None:
            parts.append(n.at >= self.since)
        if self.until is not None:
            parts.append(n.at < self.until)
        return and_(*parts)


@dataclass(frozen=True)
class Bundle:
    """A group of a flood with the filter that lists its members."""

    group: Group
    members: InboxFilter


@dataclass(frozen=True)
class InboxPage:
    """One page, newest first; `total` counts the whole list, `next` is the key of the following page."""

    rows: Sequence[Row[Any]]
    total: int
    next: str | None


def mine(account: str) -> ColumnElement[bool]:
    """What was told to this account in the inbox. The only way into the table from a page."""
    return and_(lt.delivery.c.channel == INBOX, lt.delivery.c.recipient == account)


def is_open() -> ColumnElement[bool]:
    """Neither received by this person nor settled by anybody."""
    return and_(lt.UNREAD, lt.notification.c.settled_at.is_(None))


def _emergency(number: str) -> Any:
    return select(et.emergency.c.id).where(et.emergency.c.number == number).scalar_subquery()


_JOINED = lt.delivery.join(lt.notification, lt.notification.c.id == lt.delivery.c.notification_id)
_NUMBER = (
    select(et.emergency.c.number)
    .where(et.emergency.c.id == lt.notification.c.emergency_id)
    .scalar_subquery()
    .label("emergency")
)
_ROW = (
    lt.delivery.c.id,
    lt.delivery.c.notification_id,
    lt.delivery.c.opened_at,
    lt.delivery.c.acknowledged_at,
    *(
        lt.notification.c[name]
        for name in (
            "kind", "reason", "rung", "level", "department", "town", "title", "at", "due_at", "ack_due_at",
            "settled_at", "settled_by", "escalation_id", "message_id",
        )
    ),
    _NUMBER,
    t.cases.c.code,
    t.cases.c.stage,
)  # fmt: skip


def unread(connection: Connection, accounts: Collection[str]) -> Mapping[str, int]:
    """How many open entries each account has: the length of its list."""
    d = lt.delivery.c
    rows = connection.execute(
        select(d.recipient, func.count())
        .select_from(_JOINED)
        .where(d.channel == INBOX, d.recipient.in_(list(accounts)), is_open())
        .group_by(d.recipient)
    )
    return dict.fromkeys(accounts, 0) | {name: int(count) for name, count in rows}


def page(
    connection: Connection, account: str, wanted: InboxFilter, *, after: str | None = None, size: int = PAGE
) -> InboxPage:
    """One page of an account's inbox, newest first, by keyset.

    Raises:
        FilterRefused: the key or the state is not valid.
    """
    if wanted.state not in STATES:
        raise FilterRefused(
            "state",
            say(
                "There is no state {state!r}; expected one of {expected}.",
                state=wanted.state,
                expected=", ".join(STATES),
            ),
        )
    where = wanted.where(account)
    total = connection.execute(select(func.count()).select_from(_JOINED).where(where)).scalar_one()
    d = lt.delivery.c
    query = (
        select(*_ROW).select_from(_JOINED.outerjoin(t.cases, t.cases.c.id == lt.notification.c.case_id)).where(where)
    )
    if after is not None:
        if not after.isascii() or not after.isdigit() or len(after) > 18:
            raise FilterRefused(
                "after", say("{after!r} is no page key; expected the `next` of the page before.", after=after)
            )
        query = query.where(d.id < int(after))
    rows = connection.execute(query.order_by(d.id.desc()).limit(size + 1)).all()
    more = len(rows) > size
    return InboxPage(rows[:size], int(total), str(rows[size - 1].id) if more else None)


def newest(connection: Connection, account: str, wanted: InboxFilter) -> Row[Any] | None:
    """The newest entry of a list."""
    query = select(*_ROW).select_from(_JOINED.outerjoin(t.cases, t.cases.c.id == lt.notification.c.case_id))
    return connection.execute(query.where(wanted.where(account)).order_by(lt.delivery.c.id.desc()).limit(1)).first()


def bundles(connection: Connection, account: str, wanted: InboxFilter) -> tuple[list[Bundle], int]:
    """The open entries as at most ten groups for each ten minutes that hold more than ten, and how many were left out
    because they are older than the newest `LOOKED_AT`.

    A window with ten entries or fewer gives a group of one for each.
    """
    n = lt.notification.c
    rows = connection.execute(
        select(n.reason, n.level, n.department, n.town, n.at, _NUMBER)
        .select_from(_JOINED)
        .where(wanted.where(account))
        .order_by(n.at.desc())
        .limit(LOOKED_AT)
    ).all()
    windows: dict[datetime, list[Counted]] = {}
    for row in rows:
        begins = row.at - timedelta(seconds=row.at.timestamp() % WINDOW.total_seconds())
        one = Counted(row.reason, row.level, row.department, row.town, 1, row.at, row.at, row.emergency or "")
        windows.setdefault(begins, []).append(one)
    found = [
        Bundle(group, _members(wanted, group, begins))
        for begins, alarms in windows.items()
        for group in grouped(alarms, MOST)
    ]
    total = connection.execute(select(func.count()).select_from(_JOINED).where(wanted.where(account))).scalar_one()
    return found, int(total) - len(rows)


def _members(wanted: InboxFilter, group: Group, begins: datetime) -> InboxFilter:
    return replace(
        wanted,
        level=group.level,
        reason=group.reason,
        department=group.department,
        town=group.town,
        emergency=group.emergency,
        since=begins,
        until=begins + WINDOW,
    )


def open_rows(connection: Connection, account: str, wanted: InboxFilter, limit: int) -> Sequence[Row[Any]]:
    """Open entries of a list with what acknowledging needs, locked; at most `limit`."""
    query = select(*_ROW).select_from(_JOINED.outerjoin(t.cases, t.cases.c.id == lt.notification.c.case_id))
    where = and_(replace(wanted, state="open").where(account))
    return connection.execute(query.where(where).order_by(lt.delivery.c.id).limit(limit)).all()


def some(connection: Connection, account: str, ids: Collection[int]) -> Sequence[Row[Any]]:
    """These entries, as far as they are this account's own."""
    query = select(*_ROW).select_from(_JOINED.outerjoin(t.cases, t.cases.c.id == lt.notification.c.case_id))
    return connection.execute(query.where(mine(account), lt.delivery.c.id.in_(list(ids)))).all()


def opened(connection: Connection, account: str, ids: Collection[int], now: datetime) -> None:
    """Keep when this person first saw these entries."""
    first = and_(mine(account), lt.delivery.c.id.in_(list(ids)), lt.delivery.c.opened_at.is_(None))
    connection.execute(update(lt.delivery).where(first).values(opened_at=now))


def received(connection: Connection, account: str, ids: Collection[int], now: datetime) -> int:
    """Receipt by name: who received what, and when. Returns how many had not been received before."""
    fresh = and_(mine(account), lt.delivery.c.id.in_(list(ids)), lt.delivery.c.acknowledged_at.is_(None))
    values = {"acknowledged_at": now, "opened_at": func.coalesce(lt.delivery.c.opened_at, _at(now))}
    return int(connection.execute(update(lt.delivery).where(fresh).values(values)).rowcount)


def _at(now: datetime) -> Any:
    return bindparam(None, now, type_=t.Utc())


def proof(connection: Connection, case_id: int) -> Sequence[Any]:
    """Of a case: what was told to whom, how it went, who opened and received it when. Oldest first."""
    d, n = lt.delivery.c, lt.notification.c
    columns = (
        n.kind, n.step, n.rung, n.at, n.settled_at, n.settled_by, d.channel, d.recipient, d.state, d.tries, d.sent_at,
        d.outcome, d.opened_at, d.acknowledged_at,
    )  # fmt: skip
    return connection.execute(
        select(*columns).select_from(_JOINED).where(n.case_id == case_id).order_by(n.id, d.id)
    ).all()
