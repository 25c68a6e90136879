"""A set of texts that is only asked "was it here before?": 8 to 16 bytes a text, so that a million costs 16 MB."""

from __future__ import annotations

from array import array
from hashlib import blake2b


class Seen:
    """Remembers 64-bit digests in one flat array (open addressing). Any two of a million clash once in 36 million."""

    def __init__(self, slots: int = 1 << 12) -> None:
        self._table = array("Q", bytes(8 * slots))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, text: str) -> bool:
        """Remember a text; True where it is new."""
        digest = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") or 1
        slot = _slot(self._table, digest)
        if self._table[slot]:
            return False
        self._table[slot] = digest
        self._count += 1
        if self._count * 3 > len(self._table) * 2:
            self._grow()
        return True

    def _grow(self) -> None:
        larger = array("Q", bytes(16 * len(self._table)))
        for digest in self._table:
            if digest:
                larger[_slot(larger, digest)] = digest
        self._table = larger


def _slot(table: array[int], digest: int) -> int:
    """Where a digest is, or the free slot where it belongs. The table's length is a power of two."""
    mask = len(table) - 1
    slot = digest & mask
    while table[slot] and table[slot] != digest:
        slot = (slot + 1) & mask
    return slot
