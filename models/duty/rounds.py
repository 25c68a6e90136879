"""Rounds as slots: which are due in a grid, whether they were made in time, and posts that are filled. A pure core.

Of a round only is known that it was made in a grid, in a slot, on a day: no position and no track (domain.md §7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from config.sentences import say
from models.moves import Refused

State = Literal["ahead", "open", "done", "late", "missed"]
DAYS_BACK = 7
"""How late a tick may still be entered: a phone that was without a network for a week loses nothing."""


@dataclass(frozen=True)
class Slot:
    """A round that is due in each grid once a day, week or month, between two local times."""

    code: str
    name: str
    name_en: str
    every: str
    starts: time
    ends: time

    def period(self, day: date) -> date:
        """The first day of the period that a day lies in."""
        if self.every == "week":
            return day - timedelta(days=day.weekday())
        return day.replace(day=1) if self.every == "month" else day

    def last(self, period: date) -> date:
        """The last day of a period."""
        if self.every == "week":
            return period + timedelta(days=6)
        if self.every == "month":
            return (period + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        return period

    def window(self, period: date, zone: Any) -> tuple[datetime, datetime]:
        """When it may be made: from its start on the first day to its end on the last, local instants."""
        return (
            datetime.combine(period, self.starts, zone),
            datetime.combine(self.last(period), self.ends, zone),
        )

    def state(self, period: date, made_at: datetime | None, now: datetime, zone: Any) -> State:
        """How it stands. `late`: it was made, but after its window."""
        opens, closes = self.window(period, zone)
        if made_at is not None:
            return "done" if made_at <= closes else "late"
        if now < opens:
            return "ahead"
        return "open" if now <= closes else "missed"


def slots_of(county: Mapping[str, Any]) -> tuple[Slot, ...]:
    """The slots of a stored county document."""
    return tuple(
        Slot(
            row["code"],
            row["name"],
            row["name_en"],
            row["every"],
            time.fromisoformat(row["starts"]),
            time.fromisoformat(row["ends"]),
        )
        for row in county.get("rounds", ())
    )


def slot_of(slots: Sequence[Slot], code: str) -> Slot:
    """A slot by its code.

    Raises:
        Refused: there is none.
    """
    for slot in slots:
        if slot.code == code:
            return slot
    raise Refused(
        say(
            "There is no round {code!r}; expected one of {expected}.",
            code=code,
            expected=", ".join(s.code for s in slots) or "none",
        ),
        "slot",
    )


def tickable(slot: Slot, happened_at: datetime, now: datetime, zone: Any) -> date:
    """The period that a round made at `happened_at` counts for.

    Raises:
        Refused: it lies outside the slot's hours, too far back or ahead.
    """
    local = happened_at.astimezone(zone)
    period = slot.period(local.date())
    opens, closes = slot.window(period, zone)
    if happened_at > now + timedelta(minutes=5):
        raise Refused("This round lies in the future.", "happened_at")
    if happened_at < now - timedelta(days=DAYS_BACK):
        raise Refused(
            say("A round can be entered for {DAYS_BACK} days; this one is older.", DAYS_BACK=DAYS_BACK), "happened_at"
        )
    if not opens <= local <= closes:
        raise Refused(
            say(
                "The round {code!r} is made from {starts} to {ends}; it was {made}.",
                code=slot.code,
                starts=f"{slot.starts:%H:%M}",
                ends=f"{slot.ends:%H:%M}",
                made=f"{local:%H:%M}",
            ),
            "slot",
        )
    return period


@dataclass(frozen=True)
class Tally:
    """How many rounds were due by now, and how many of them were made."""

    due: int
    done: int

    @property
    def share(self) -> float | None:
        """Between 0 and 1; None where nothing was due yet."""
        return self.done / self.due if self.due else None


def tally(states: Iterable[State]) -> Tally:
    """What is over or made counts; what is still open or ahead does not yet."""
    counted = [state for state in states if state in ("done", "late", "missed")]
    return Tally(len(counted), sum(state != "missed" for state in counted))


# --- posts -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Staffing:
    """A grid's posts against its formula. `fixed` are needed, `filled` of those posts are held; `extra` are the X."""

    formula: str
    fixed: int
    filled: int
    extra: int
    empty: bool
    """有格无人: every needed post that it requires is empty."""

    @property
    def short(self) -> int:
        """How many of the fixed posts are missing."""
        return max(0, self.fixed - self.filled)


def staffing(
    kind: str, posts: Mapping[str, tuple[int, int]], formulas: Sequence[Mapping[str, Any]], needed: frozenset[str]
) -> Staffing:
    """How a grid is staffed.

    Args:
        kind: community, village or exclusive. posts: title → (required, filled).
        formulas: the county's `staffing`; a kind without one asks for what the posts require themselves.
        needed: the titles without any of whom a grid is 有格无人.
    """
    formula = next((row for row in formulas if row["kind"] == kind), None)
    counted = set(formula["posts"]) if formula else set(posts)
    fixed = formula["fixed"] if formula else sum(required for required, _ in posts.values())
    wanted = [filled for title, (required, filled) in posts.items() if title in needed and required]
    return Staffing(
        formula=formula["name"] if formula else "",
        fixed=fixed,
        filled=sum(filled for title, (_, filled) in posts.items() if title in counted),
        extra=sum(filled for title, (_, filled) in posts.items() if title not in counted),
        empty=bool(wanted) and not any(wanted),
    )


def staffing_kind(area: Mapping[str, Any], areas: Mapping[str, Mapping[str, Any]]) -> str:
    """Which formula a grid falls under: its own kind where exclusive, else that of the community it lies in."""
    if area.get("kind") == "exclusive":
        return "exclusive"
    parent = areas.get(area.get("parent") or "", {})
    kinds = [parent.get("kind", "")] + [areas.get(code, {}).get("kind", "") for code in area.get("covers") or ()]
    return "village" if "village" in kinds else "community"
