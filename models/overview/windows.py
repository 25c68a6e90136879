"""What happened to cases within a span of time, as a condition on lists: a figure of a period equals the list it opens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select

from config.sentences import say
from models import tables as t
from models.messages import iso
from models.moves import Stage

c = t.cases.c
LONGEST = 100


class WindowRefused(Exception):
    """Not a window. The text says what was expected."""


def _between(column: ColumnElement[datetime], since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(column >= since, column < until)


def _closed(since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(_between(c.closed_at, since, until), c.stage == Stage.CLOSED)


def _lapsed(since: datetime, until: datetime) -> ColumnElement[bool]:
    late = or_(c.closed_at.is_(None), c.closed_at > c.due_at)
    return and_(_between(c.due_at, since, until), late, c.stage != Stage.VOID)


def _escalated(since: datetime, until: datetime) -> ColumnElement[bool]:
    return c.id.in_(select(t.escalation.c.case_id).where(_between(t.escalation.c.at, since, until)))


_CONDITIONS: dict[str, Callable[[datetime, datetime], ColumnElement[bool]]] = {
    "reported": lambda since, until: _between(c.reported_at, since, until),
    "closed": _closed,
    "closed-in-time": lambda since, until: and_(_closed(since, until), c.in_time.is_(True)),
    "closed-late": lambda since, until: and_(_closed(since, until), c.in_time.is_(False)),
    "lapsed": _lapsed,
    "escalated": _escalated,
}
EVENTS = tuple(_CONDITIONS)
"""`lapsed`: the deadline fell into the span and the case was not closed by then."""


@dataclass(frozen=True)
class Window:
    """An event of cases from `since` (included) to `until` (left out), UTC, in whole milliseconds."""

    event: str
    since: datetime
    until: datetime

    def __str__(self) -> str:
        return f"{self.event}~{iso(self.since)}~{iso(self.until)}"

    @classmethod
    def read(cls, text: str) -> Window:
        """What `str` wrote.

        Raises:
            WindowRefused: it is not that.
        """
        parts = text.split("~") if len(text) <= LONGEST else []
        if len(parts) != 3 or parts[0] not in EVENTS:
            raise WindowRefused(
                say("Expected EVENT~SINCE~UNTIL with an event of {expected}.", expected=", ".join(EVENTS))
            )
        try:
            since, until = (datetime.fromisoformat(part) for part in parts[1:])
        except ValueError as error:
            raise WindowRefused("Expected two instants in ISO 8601 with a zone, such as 2026-11-01T00:00Z.") from error
        if since.tzinfo is None or until.tzinfo is None:
            raise WindowRefused("The instants of a window need a zone, such as a Z at their end.")
        return cls(parts[0], since, until)

    def condition(self) -> ColumnElement[bool]:
        """On `cases`."""
        return _CONDITIONS[self.event](self.since, self.until)
