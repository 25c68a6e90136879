"""Rounds: the patrols that screens follow, one for each plan and number of tiles, so that all walls show the same.

client: {"kind":"patrol","plan":NAME,"tiles":4|9|16|25}
server: {"kind":"group","plan":…,"cameras":[…],"next":[…],"held":…,"left_ms":…} at each change
        then states and pictures of the group, and ahead of its time those of the next
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from streams.patrol import SIZES, Patrol, Plan, Sight, ahead, begun, overridden, shown, ticked

RoundKey = tuple[str, int]


class PatrolRequest(BaseModel):
    """The client's message: follow this patrol, in place of whatever was watched before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["patrol"]
    plan: str = Field(max_length=64)
    tiles: Literal[4, 9, 16, 25] = 9


@dataclass(frozen=True, slots=True)
class PlanOf:
    """A plan as the county has it; no cameras: all that are watched here."""

    cameras: tuple[str, ...] = ()
    dwell: float = 20.0
    by_risk: bool = True


@dataclass(slots=True)
class _Round:
    patrol: Patrol
    told: tuple[tuple[str, ...], tuple[str, ...], bool] = ((), (), False)


@dataclass(slots=True)
class Rounds:
    """Moves on with `ticked`. `cameras`: those that may be shown, in the register's order."""

    plans: Mapping[str, PlanOf]
    cameras: Callable[[], Sequence[str]]
    sights: Mapping[str, Sight] = field(default_factory=dict)
    held: Sequence[str] = ()
    _rounds: dict[RoundKey, _Round] = field(default_factory=dict)

    def knows(self, plan: str) -> bool:
        return plan in self.plans

    def ticked(self, followed: frozenset[RoundKey], now: float) -> frozenset[RoundKey]:
        """Time has passed; the patrols whose screens are to be told something new. One that nobody follows is
        forgotten: it begins anew for the next who does."""
        for key in set(self._rounds) - followed:
            del self._rounds[key]
        changed = set()
        for key in followed:
            before = self._rounds[key].told if key in self._rounds else None
            if self._stepped(key, now) != before:
                changed.add(key)
        return frozenset(changed)

    def _stepped(self, key: RoundKey, now: float) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
        plan = self._plan(key)
        if key not in self._rounds:
            self._rounds[key] = _Round(begun(plan, self.sights, now))
        one = self._rounds[key]
        held = [camera for camera in self.held if camera in plan.cameras]
        one.patrol = ticked(overridden(one.patrol, held, plan, now), plan, self.sights, now)
        one.told = (shown(one.patrol, plan), ahead(one.patrol, plan, now), bool(one.patrol.held))
        return one.told

    def group(self, key: RoundKey, now: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The cameras shown and those that come next (none before it is time)."""
        if key not in self._rounds:
            self._stepped(key, now)
        cameras, following, _ = self._rounds[key].told
        return cameras, following

    def message(self, key: RoundKey, visible: Callable[[str], bool], now: float) -> str:
        """What a screen is told: never a camera that its viewer may not see."""
        cameras, following = self.group(key, now)
        patrol = self._rounds[key].patrol
        left = max(0.0, patrol.until - now)
        told = {
            "kind": "group", "plan": key[0], "tiles": key[1], "cameras": [one for one in cameras if visible(one)],
            "next": [one for one in following if visible(one)], "held": bool(patrol.held),
            "left_ms": None if patrol.held else round(left * 1000),
        }  # fmt: skip
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))

    def _plan(self, key: RoundKey) -> Plan:
        name, tiles = key
        assert tiles in SIZES
        plan, there = self.plans[name], tuple(self.cameras())
        listed = tuple(camera for camera in plan.cameras if camera in set(there)) if plan.cameras else there
        return Plan(listed, tiles, plan.dwell, plan.by_risk)
