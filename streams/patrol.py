"""Patrol (轮巡): which cameras a screen shows now and next, by plan. Pure: time comes as an argument.

A patrol goes round in groups of as many cameras as a screen has tiles. Each round is ordered anew when it begins: open
cases near by first, faulty cameras last. The group that comes next is sent ahead, so that its pictures are there when its turn
comes. (Nothing has to be started for it: every camera of the register is watched all the time, by its key pictures.) An
emergency takes the screen over; when it is over, the patrol goes on with the group that it was taken from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

SIZES = (4, 9, 16, 25)
AHEAD_SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Sight:
    """What counts for a camera's place in a round. `open_cases`: near it. `faulty`: not live, or with a fault."""

    camera: str
    open_cases: int = 0
    urgent_cases: int = 0
    faulty: bool = False
    focus: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """`cameras` in the order of the register or the plan; `dwell`: seconds a group is shown; `by_risk`: see `ordered`."""

    cameras: tuple[str, ...]
    tiles: int = 9
    dwell: float = 20.0
    by_risk: bool = True


@dataclass(frozen=True, slots=True)
class Patrol:
    """Where a patrol is. `round`: the cameras in the order of this round. `first`: index of the group shown.
    `until`: monotonic second at which it changes. `held`: cameras that an emergency shows instead; `left`: seconds
    that the group it was taken from had still to be shown."""

    round: tuple[str, ...] = ()
    first: int = 0
    until: float = 0.0
    held: tuple[str, ...] = ()
    left: float = 0.0


def ordered(cameras: Sequence[str], sights: Mapping[str, Sight]) -> tuple[str, ...]:
    """A round by risk: urgent cases, open cases, key cameras, then as listed; faulty ones last, in the same order."""

    def rank(place: int) -> tuple[bool, int, int, bool, int]:
        sight = sights.get(cameras[place], Sight(cameras[place]))
        return (sight.faulty, -sight.urgent_cases, -sight.open_cases, not sight.focus, place)

    return tuple(cameras[place] for place in sorted(range(len(cameras)), key=rank))


def begun(plan: Plan, sights: Mapping[str, Sight], now: float) -> Patrol:
    """A patrol at the beginning of a round."""
    return Patrol(_round(plan, sights), 0, now + plan.dwell)


def _round(plan: Plan, sights: Mapping[str, Sight]) -> tuple[str, ...]:
    return ordered(plan.cameras, sights) if plan.by_risk else plan.cameras


def ticked(patrol: Patrol, plan: Plan, sights: Mapping[str, Sight], now: float) -> Patrol:
    """Time has passed. The next group where its time has come (one, however long nobody asked); a new round after the
    last. While an emergency holds the screen nothing moves."""
    if patrol.held:
        return patrol
    if frozenset(patrol.round) != frozenset(plan.cameras):
        return begun(plan, sights, now)  # cameras have come or gone: no group may show one that has
    if now < patrol.until:
        return patrol
    first = patrol.first + plan.tiles
    if first >= len(patrol.round):
        return begun(plan, sights, now)
    return replace(patrol, first=first, until=now + plan.dwell)


def overridden(patrol: Patrol, cameras: Sequence[str], plan: Plan, now: float) -> Patrol:
    """An emergency shows its cameras from now on, the nearest first; more than there are tiles are left out. No cameras:
    it is over, and the patrol goes on where it was, for as long as its group had left and two seconds at least."""
    if cameras:
        left = patrol.left if patrol.held else max(0.0, patrol.until - now)
        return replace(patrol, held=tuple(dict.fromkeys(cameras))[: plan.tiles], left=left)
    if not patrol.held:
        return patrol
    return replace(patrol, held=(), until=now + max(2.0, patrol.left), left=0.0)


def shown(patrol: Patrol, plan: Plan) -> tuple[str, ...]:
    """The cameras on the screen."""
    return patrol.held or patrol.round[patrol.first : patrol.first + plan.tiles]


def ahead(patrol: Patrol, plan: Plan, now: float) -> tuple[str, ...]:
    """The cameras to send now because they are shown next; none before it is time. After the last group comes the
    first of the next round, whose order is not known yet: its most likely beginning is this round's."""
    if patrol.held or patrol.until - now > AHEAD_SECONDS or len(patrol.round) <= plan.tiles:
        return ()
    first = patrol.first + plan.tiles
    return patrol.round[first : first + plan.tiles] or patrol.round[: plan.tiles]
