"""What a screen missed: a ring of the last facts, and the picture that stands for everything before. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from models.messages import GridMap, Snapshot

Grid = tuple[int, int, int]
NOBODY: Grid = (0, 0, 0)


class Ring:
    """The last `size` facts as encoded messages, contiguous up to `last`."""

    def __init__(self, size: int, last: int = 0) -> None:
        self._facts: deque[bytes] = deque(maxlen=size)
        self.last = last

    def extend(self, facts: Iterable[tuple[int, bytes]]) -> None:
        """Add facts; a number that does not follow the last one empties the ring first."""
        for number, message in facts:
            if number != self.last + 1:
                self._facts.clear()
            self._facts.append(message)
            self.last = number

    def restart(self, last: int) -> None:
        """Forget everything: what comes next follows `last`."""
        self._facts.clear()
        self.last = last

    def behind(self, number: int, limit: int) -> list[bytes] | None:
        """The facts behind `number`, at most `limit`; None where they are not all here."""
        missed = self.last - number
        if missed < 0 or missed > len(self._facts):
            return None
        start = len(self._facts) - missed
        return [self._facts[index] for index in range(start, start + min(limit, missed))]


def difference(before: Mapping[str, Grid], after: Mapping[str, Grid]) -> dict[str, Grid]:
    """The grids that changed, with their new counts; one that has no open case any more gets zeros."""
    changed = {code: counts for code, counts in after.items() if before.get(code) != counts}
    return changed | {code: NOBODY for code, counts in before.items() if code not in after and counts != NOBODY}


class Picture:
    """Figures and map as they were last broadcast, encoded once but for their ids."""

    def __init__(self) -> None:
        self.version = 0
        self.number = 0
        """The last fact that the figures include."""
        self._figures = b""
        self._map: GridMap | None = None
        self._whole = b""
        self._change = b""
        self._grids: Mapping[str, Grid] = {}

    def renew(self, snapshot: Snapshot) -> None:
        """Take a newer snapshot."""
        grids = snapshot.map.grids
        changed = difference(self._grids, grids) if self.version else {}
        self._figures = snapshot.figures.model_dump_json(exclude={"id"}).encode()
        self._map, self._whole = snapshot.map, b""
        part = snapshot.map.model_copy(update={"whole": False, "grids": changed})
        self._change = part.model_dump_json(exclude={"id"}).encode() if changed else b""
        self._grids = grids
        self.number = int(snapshot.figures.id.partition(".")[0])
        self.version += 1

    def whole(self, ids: tuple[str, str]) -> list[bytes]:
        """Figures and the whole map; nothing before the first snapshot."""
        if self._map is None:
            return []
        if not self._whole:  # a big county's map is encoded only where somebody comes or comes back
            self._whole = self._map.model_copy(update={"whole": True}).model_dump_json(exclude={"id"}).encode()
        return [stamped(ids[0], self._figures), stamped(ids[1], self._whole)]

    def change(self, ids: tuple[str, str]) -> list[bytes]:
        """Figures, and the map as a difference to the picture before: whole at first, left out where nothing moved."""
        if self.version == 1:
            return self.whole(ids)
        messages = [stamped(ids[0], self._figures)]
        return [*messages, stamped(ids[1], self._change)] if self._change else messages


def stamped(id_: str, rest: bytes) -> bytes:
    """A message from its id and the rest of its JSON object."""
    return b'{"id":"' + id_.encode() + b'",' + rest[1:]
