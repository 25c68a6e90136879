"""A flood of alarms as a handful of groups (ISA-18.2: an operator can answer about ten alarms in ten minutes).

Alarms are grouped by reason × level × department × town. Where that gives more groups than a person can read, the
least grave levels are told more coarsely first: without the town, without the department, without the reason. Three
things are never given up: levels are never mixed (no grave alarm hides in a lesser group), what an emergency says is
never mixed with anything else (a storm of reports does not bury it), and every alarm is counted in exactly one group
whose filter lists it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

MOST = 10
"""Groups that a person is shown per ten minutes."""


@dataclass(frozen=True)
class Counted:
    """So many alarms of one kind, as the database counts them; one alarm is a `Counted` of 1."""

    reason: str
    level: int
    department: str | None
    town: str | None
    count: int
    first_at: datetime
    last_at: datetime
    emergency: str = ""
    """The number of the emergency that it is of; empty: an ordinary alarm."""


@dataclass(frozen=True)
class Group:
    """Alarms told together. None in `reason`, `department` or `town` means: several, told together.

    An alarm without a department or town has the empty text there.
    """

    level: int
    reason: str | None
    department: str | None
    town: str | None
    count: int
    first_at: datetime
    last_at: datetime
    emergency: str = ""

    def has(self, alarm: Counted) -> bool:
        """Whether an alarm is told by this group."""
        if (alarm.level, alarm.emergency) != (self.level, self.emergency):
            return False
        pairs = ((self.reason, alarm.reason), (self.department, alarm.department), (self.town, alarm.town))
        return all(mine is None or mine == (theirs or "") for mine, theirs in pairs)


_Key = tuple[str | None, str | None, str | None]
_Kind = tuple[int, str]
"""Level and emergency: what is never mixed."""
_FINEST, _COARSEST = 0, 3


def _key(alarm: Counted, coarseness: int) -> _Key:
    whole: tuple[str, str, str] = (alarm.reason, alarm.department or "", alarm.town or "")
    kept = 3 - coarseness
    reason, department, town = (part if place < kept else None for place, part in enumerate(whole))
    return reason, department, town


def grouped(alarms: Iterable[Counted], most: int = MOST) -> list[Group]:
    """The groups, gravest and newest first, those of emergencies before the ordinary ones of their level; at most `most`
    (never fewer than one for each level and emergency that there is)."""
    by_kind: dict[_Kind, list[Counted]] = {}
    for alarm in alarms:
        by_kind.setdefault((alarm.level, alarm.emergency), []).append(alarm)
    coarseness = dict.fromkeys(by_kind, _FINEST)
    made = {kind: _groups(rows, _FINEST) for kind, rows in by_kind.items()}
    for kind in _to_coarsen(made, most):
        coarseness[kind] += 1
        made[kind] = _groups(by_kind[kind], coarseness[kind])
        if _total(made) <= most:
            break
    groups = [group for kind in made for group in made[kind]]
    return sorted(groups, key=lambda one: (one.level, not one.emergency, -one.last_at.timestamp(), -one.count))


def _to_coarsen(made: Mapping[_Kind, Sequence[Group]], most: int) -> list[_Kind]:
    """Kind after kind, the least grave first and emergencies last, is coarsened; all lesser ones as far as can be before
    a graver one."""
    if _total(made) <= most:
        return []
    least_first = sorted(made, key=lambda kind: (-kind[0], kind[1] != "", kind[1]))
    return [kind for kind in least_first for _ in range(_COARSEST)]


def _total(made: Mapping[_Kind, Sequence[Group]]) -> int:
    return sum(len(groups) for groups in made.values())


def _groups(alarms: Sequence[Counted], coarseness: int) -> list[Group]:
    rows: dict[_Key, list[Counted]] = {}
    for alarm in alarms:
        rows.setdefault(_key(alarm, coarseness), []).append(alarm)
    return [
        Group(
            level=members[0].level,
            reason=key[0],
            department=key[1],
            town=key[2],
            count=sum(member.count for member in members),
            first_at=min(member.first_at for member in members),
            last_at=max(member.last_at for member in members),
            emergency=members[0].emergency,
        )
        for key, members in rows.items()
    ]
