"""How several hosts share the cameras: pure. Who lives is told by heartbeats that move, never by a time of life in Redis.

Each host counts a beat up; another one that has not seen it move for `DEAD_AFTER` seconds of its *own* monotonic clock
takes it for dead, whatever any wall clock does (reliability.md §2). Each camera belongs to the living host with the
highest hash of both names, so that all agree without talking and few cameras move when a host comes or goes. The lease
says who watches it in fact: it is taken by compare-and-set from nobody or from the dead, and given back by its holder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

DEAD_AFTER = 5.0
STEP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Change:
    """What a host does to the leases now."""

    claimed: tuple[str, ...] = ()
    released: tuple[str, ...] = ()


class Peers:
    """The hosts as one of them sees them."""

    def __init__(self, me: str) -> None:
        self._me = me
        self._beats: dict[str, tuple[int, float]] = {}

    def heard(self, beats: Mapping[str, int], now: float) -> None:
        """The beats as they stand. One that is seen for the first time has `DEAD_AFTER` seconds to move."""
        for host in set(self._beats) - set(beats):
            del self._beats[host]
        for host, beat in beats.items():
            if host not in self._beats or self._beats[host][0] != beat:
                self._beats[host] = (beat, now)

    def living(self, now: float) -> frozenset[str]:
        others = {host for host, (_, moved) in self._beats.items() if now - moved <= DEAD_AFTER}
        return frozenset(others | {self._me})


def owner(camera: str, hosts: Iterable[str]) -> str:
    """The host that a camera belongs to among these (highest random weight)."""
    return max(hosts, key=lambda host: hashlib.blake2b(f"{host}\0{camera}".encode(), digest_size=8).digest())


def change(me: str, cameras: Iterable[str], leases: Mapping[str, str], living: frozenset[str]) -> Change:
    """What this host is to claim and to release. A lease of a living host is never taken; leases of cameras that are
    on no register are given back."""
    known = frozenset(cameras)
    claimed, released = [], []
    for camera in sorted(known):
        holder, belongs = leases.get(camera), owner(camera, living)
        if holder == me and belongs != me:
            released.append(camera)
        elif belongs == me and holder != me and (holder is None or holder not in living):
            claimed.append(camera)
    released += sorted(camera for camera, holder in leases.items() if holder == me and camera not in known)
    return Change(tuple(claimed), tuple(released))
