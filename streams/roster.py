"""Which cameras share a process: pure. A camera that brings its process down ends up alone in one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count


@dataclass(slots=True)
class Roster:
    """Groups of camera ids by a group number that is never used twice. `size`: cameras that share a process."""

    size: int = 25
    groups: dict[int, tuple[str, ...]] = field(default_factory=dict)
    alone: frozenset[str] = frozenset()
    """Cameras that brought a process down: each has one of its own until it leaves the roster."""
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def place(self, wanted: Iterable[str]) -> None:
        """Make the roster hold exactly these cameras; those that stay keep their group."""
        order = list(dict.fromkeys(wanted))
        keep = set(order)
        self.alone &= keep
        kept = {number: tuple(c for c in members if c in keep) for number, members in self.groups.items()}
        self.groups = {number: members for number, members in kept.items() if members}
        placed = {camera for members in self.groups.values() for camera in members}
        for camera in order:
            if camera not in placed:
                self._seat(camera)

    def isolate(self, camera: str) -> None:
        """Give a camera a group of its own."""
        self.alone |= {camera}
        self.groups = {number: tuple(c for c in members if c != camera) for number, members in self.groups.items()}
        self.groups = {number: members for number, members in self.groups.items() if members}
        self.groups[next(self._numbers)] = (camera,)

    def split(self, number: int) -> None:
        """Halve a group that died for a reason nobody knows: repeated, this finds the camera that kills it."""
        members = self.groups.get(number, ())
        if len(members) < 2:
            self.alone |= set(members)
            return
        middle = (len(members) + 1) // 2
        self.groups[number] = members[:middle]
        self.groups[next(self._numbers)] = members[middle:]

    def group_of(self, camera: str) -> int | None:
        return next((number for number, members in self.groups.items() if camera in members), None)

    def _seat(self, camera: str) -> None:
        for number, members in self.groups.items():
            if len(members) < self.size and not self.alone.intersection(members):
                self.groups[number] = (*members, camera)
                return
        self.groups[next(self._numbers)] = (camera,)
