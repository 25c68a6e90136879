"""What a list or a count means: one predicate per figure, used by both, so that a count always equals its list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true

from config.sentences import say
from models import tables as t
from models.evaluation.listing import Listing, ListingRefused
from models.forecast.late import will_be_late
from models.indexing import plain
from models.moves import Actor, Role, Stage
from models.overview.windows import Window, WindowRefused
from models.search.ask import Search, Unsearchable, search

c = t.cases.c

STATES = (
    "open",
    "overdue",
    "due-soon",
    "will-be-late",
    "unreceipted",
    "escalated",
    "to-accept",
    "to-dispatch",
    "handed-back",
    "adjudication",
    "extension-asked",
    "handling",
    "to-inspect",
    "reported-today",
    "closed-today",
    "closed",
    "void",
    "uncovered",
    "no-deadline",
    "paused",
    "stage-late",
    "to-call",
    "verifying",
    "transfer-offered",
    "supervised",
    "merged",
    "reopened",
    "all",
)
"""What may be asked for as `state`; each name but `all` is also the name of a figure."""
TABS = (*STATES[: STATES.index("stage-late")], "all")
"""Those that a list always offers; the others are for the desk's inbox and for links."""
ENDLESS = frozenset({"all", "closed", "void"})
"""States that grow with the years: their lists are counted up to a bound and then said to be over it."""

PAST = ENDLESS | {"reported-today", "closed-today"}
"""States that are not of open cases alone, and may hold very many."""
BY_FIELD = PAST - {"closed-today"}
"""States whose lists are read by the index of a field, which goes on in the order of reports. What was closed today is read
by that of closings: it is a day's worth, however many cases of all years a town or a department has."""
CLOSED_TOO = PAST | {"to-call"}
"""States that are not of open cases alone."""


LEADING = ("area", "category", "department", "source", "level")
"""Fields whose indexes have a list in its order of time, the one that leaves the fewest cases first; a town comes later."""
Look = Callable[[ColumnElement[Any]], ColumnElement[Any]]
LONGEST_CLIENT = 64


def _itself(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return column


def client_of(name: str) -> str:
    """The client that an account's own reports come from; no token can be called so."""
    return f"@{name}"[:LONGEST_CLIENT]


class FilterRefused(Exception):
    """A filter asks for something that does not exist. `field` names the parameter."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True)
class Moment:
    """County time and the zone its days are counted in."""

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> datetime:
        """The start of the local day, UTC."""
        local = self.now.astimezone(self.zone)
        return datetime.combine(local.date(), time(), self.zone).astimezone(self.now.tzinfo)

    @property
    def yesterday(self) -> datetime:
        """The start of the local day before."""
        return replace(self, now=self.today - timedelta(hours=1)).today

    @property
    def month(self) -> datetime:
        """The start of the local month, UTC."""
        local = self.now.astimezone(self.zone)
        return datetime.combine(local.date().replace(day=1), time(), self.zone).astimezone(self.now.tzinfo)


def unanswered() -> ColumnElement[bool]:
    """The case has an escalation that nobody has acknowledged."""
    return exists(select(1).where(t.escalation.c.case_id == c.id, t.UNANSWERED))


def supervised() -> ColumnElement[bool]:
    """The case has a supervision that nobody has concluded."""
    o = t.orders.c
    waits = (o.case_id == c.id, o.kind == "supervise", o.concluded_at.is_(None), o.withdrawn_at.is_(None))
    return exists(select(1).where(*waits))


def is_open() -> ColumnElement[bool]:
    """Not closed and not void: closing and voiding both set `closed_at`."""
    return t.OPEN


def burning() -> ColumnElement[bool]:
    """Open and on its own: what was merged into another case is handled with that one, whose clock counts."""
    return and_(is_open(), c.stage != Stage.MERGED)


def to_call() -> ColumnElement[bool]:
    """Closed, and its reporter is to be called (回访)."""
    return and_(t.TO_CALL, c.called_at.is_(None))


_PREDICATES: dict[str, Callable[[Moment], ColumnElement[bool]]] = {
    "open": lambda m: is_open(),
    "overdue": lambda m: and_(burning(), c.due_at < m.now),
    "due-soon": lambda m: and_(burning(), c.soon_at <= m.now, c.due_at >= m.now),
    "will-be-late": lambda m: and_(will_be_late(m.now), c.stage != Stage.MERGED),
    "unreceipted": lambda m: and_(is_open(), c.stage == Stage.DISPATCHED),
    "escalated": lambda m: and_(burning(), unanswered()),
    "to-accept": lambda m: and_(is_open(), c.stage == Stage.REPORTED),
    "to-dispatch": lambda m: and_(is_open(), c.stage.in_((Stage.ACCEPTED, Stage.FILED)), c.handed_back == 0),
    "handed-back": lambda m: and_(is_open(), c.stage == Stage.FILED, c.handed_back > 0),
    "adjudication": lambda m: and_(is_open(), c.stage == Stage.ADJUDICATION),
    "extension-asked": lambda m: and_(is_open(), c.extension_asked_at.is_not(None)),
    "handling": lambda m: and_(is_open(), c.stage == Stage.HANDLING),
    "to-inspect": lambda m: and_(is_open(), c.stage.in_((Stage.FEEDBACK, Stage.INSPECTING))),
    "reported-today": lambda m: and_(c.reported_at >= m.today, c.reported_at <= m.now),
    "closed-today": lambda m: and_(c.closed_at >= m.today, c.closed_at <= m.now, c.stage == Stage.CLOSED),
    "closed": lambda m: c.stage == Stage.CLOSED,
    "void": lambda m: c.stage == Stage.VOID,
    "uncovered": lambda m: and_(is_open(), c.uncovered.is_(True)),
    "no-deadline": lambda m: and_(burning(), c.due_at.is_(None)),
    "stage-late": lambda m: and_(burning(), c.stage_due_at < m.now),
    "to-call": lambda m: to_call(),
    "verifying": lambda m: and_(is_open(), c.stage == Stage.VERIFYING),
    "paused": lambda m: and_(is_open(), c.stage == Stage.SUSPENDED),
    "transfer-offered": lambda m: and_(is_open(), c.transfer_to.is_not(None)),
    "supervised": lambda m: and_(is_open(), supervised()),
    "merged": lambda m: and_(is_open(), c.stage == Stage.MERGED),
    "reopened": lambda m: and_(is_open(), c.reopened > 0),
    "all": lambda m: true(),
}


def predicate(state: str, moment: Moment) -> ColumnElement[bool]:
    """The condition behind a figure's name.

    Raises:
        FilterRefused: there is no such state.
    """
    if state not in _PREDICATES:
        raise FilterRefused(
            "state",
            say("There is no state {state!r}; expected one of {expected}.", state=state, expected=", ".join(STATES)),
        )
    return _PREDICATES[state](moment)


@dataclass(frozen=True)
class CaseFilter:
    """What a list shows. Empty means everything; codes are exact."""

    state: str = "all"
    department: str | None = None
    area: str | None = None
    """A grid, a town, or any area: the area itself, or (for a town) every grid below it."""
    is_town: bool | None = None
    """Whether `area` is a town, where that was found out: one index then has the list in its order."""
    category: str | None = None
    source: str | None = None
    stage: str | None = None
    level: int | None = None
    q: str | None = None
    """Words that the text of a case must all have (title, description and address, masked), or a number typed out."""
    address: str | None = None
    """Exactly this address."""
    evaluation: str | None = None
    """The cases behind a figure of the evaluation (`models.evaluation.listing`)."""
    window: str | None = None
    """The cases behind a figure of a span of time (`models.overview.windows`)."""
    since: datetime | None = None
    until: datetime | None = None

    def _in_area(self, code: str) -> ColumnElement[bool]:
        """The cases of a grid, or of a whole town; of either where it is not known which it is."""
        here = self._leading == "area"
        area, town = (c.area, c.town) if here else (plain(c.area), plain(c.town))
        if self.is_town is None:
            return or_(area == code, town == code)
        return town == code if self.is_town else area == code

    @property
    def _leading(self) -> str | None:
        """The field by whose index the list is read; None: by that of the open cases, or by one of time."""
        if self.state not in BY_FIELD:
            return None
        order = LEADING if not self.is_town else ("category", "department", "area", "source", "level")
        return next((name for name in order if getattr(self, name) not in (None, "")), None)

    @property
    def search(self) -> Search | None:
        """What the words ask for.

        Raises:
            FilterRefused: nothing in them can be looked up.
        """
        try:
            return search(self.q) if self.q else None
        except Unsearchable as error:
            raise FilterRefused("q", str(error)) from error

    def where(self, moment: Moment, found: ColumnElement[bool] | None = None) -> ColumnElement[bool]:
        """The whole condition.

        Args:
            found: the condition for `q`, where the quickest one was found out already (`Search.condition`).

        Raises:
            FilterRefused: the filter cannot be.
        """
        asked, leading = self.search, self._leading
        parts = [predicate(self.state, moment)]
        if asked is not None:
            parts.append(asked.any_way if found is None else found)
        for name in (*LEADING[1:], "stage"):
            value = getattr(self, name)
            if value is not None:
                column = c[name] if name == leading else plain(c[name])
                parts.append(c[name].is_(None) if value == "" else column == value)
        if self.area is not None:
            parts.append(self._in_area(self.area))
        if self.address is not None:
            parts.append(c.address == self.address)
        if self.evaluation:
            parts.append(_evaluated(self.evaluation))
        if self.window:
            parts.append(_within(self.window))
        if self.since is not None:
            parts.append(c.reported_at >= self.since)
        if self.until is not None:
            parts.append(c.reported_at < self.until)
        return and_(*parts)


def _evaluated(text: str) -> ColumnElement[bool]:
    try:
        return Listing.read(text).condition()
    except ListingRefused as error:
        raise FilterRefused("evaluation", str(error)) from error


def _within(text: str) -> ColumnElement[bool]:
    try:
        return Window.read(text).condition()
    except WindowRefused as error:
        raise FilterRefused("window", str(error)) from error


def scope(actor: Actor, *, among_open: bool = False) -> ColumnElement[bool]:
    """Which cases a role may know of at all (design.md §4): denied unless a line here allows it.

    Args:
        among_open: the statement asks for open cases only, which have an index of their own.
    """
    by: Look = plain if among_open else _itself
    if actor.role in (Role.DUTY, Role.OPERATOR, Role.LEADER, Role.DISPLAY, Role.SYSTEM):
        here = true() if actor.area is None else or_(by(c.area) == actor.area, by(c.town) == actor.area)
        return here if actor.department is None else and_(here, by(c.department) == actor.department)
    if actor.role is Role.DEPARTMENT and actor.department:
        o = t.orders.c
        part = select(o.case_id).where(o.department == actor.department, t.CO, o.withdrawn_at.is_(None))
        return or_(by(c.department) == actor.department, c.transfer_to == actor.department, by(c.id).in_(part))
    if actor.role is Role.GRID:
        own = _reported_by(actor.name, by)
        return or_(own, by(c.area) == actor.area) if actor.area else own
    return false()


def _reported_by(name: str, by: Look) -> ColumnElement[bool]:
    """What somebody reported: under an account's own name as client (`dashboard.api.reports`), so that the index of what
    each client sent has it; or past the API, under none."""
    mine = by(c.reported_by) == name
    return or_(and_(by(c.client) == client_of(name), mine), and_(c.client.is_(None), mine))
