"""Deeds that wait for the door at the same moment go through it together, in one transaction.

A commit waits for the disk and for the one row that numbers the facts; with many reporters at once that wait was most of what a
report cost. So whoever comes first leads: it takes all who wait, does each deed, commits once, and hands the lead to the
first of those who came meanwhile. Nobody is answered before the commit. A deed that is refused spoils no other; anything
else that fails is undone with all of them, and each is tried again alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from models.moves import Refused
from models.store import StoreUnavailable

D = TypeVar("D")
A = TypeVar("A")
AT_MOST = 24
"""Deeds in one transaction: enough to spare the waiting, few enough to let other writers in between."""


@dataclass
class _Place(Generic[D, A]):
    """One deed in the queue. `turn` is set when it has an answer (or an error), or is to lead."""

    deed: D
    turn: threading.Event = field(default_factory=threading.Event)
    answer: A | None = None
    error: Exception | None = None
    over: bool = False


class Together(Generic[D, A]):
    """Brings the deeds of this process's threads into common transactions.

    Args:
        commit: does some deeds in one transaction and returns, in their order and once it is on disk, what came of each;
            one that is refused has written nothing.
    """

    def __init__(self, commit: Callable[[Sequence[D]], Sequence[A | Refused]]) -> None:
        self._commit = commit
        self._lock = threading.Lock()
        self._waiting: list[_Place[D, A]] = []
        self._led = False

    def do(self, deed: D) -> A:
        """Do a deed with whoever else waits; returns or raises once the transaction is over.

        Raises:
            Refused and what else doing it raises; StoreUnavailable.
        """
        place: _Place[D, A] = _Place(deed)
        with self._lock:
            self._waiting.append(place)
            leads, self._led = not self._led, True
        if not leads:
            place.turn.wait()
        if not place.over:
            self._lead()
        if place.answer is None:
            raise place.error or StoreUnavailable("It was not taken; send it again.")
        return place.answer

    def _lead(self) -> None:
        with self._lock:
            company, self._waiting = self._waiting[:AT_MOST], self._waiting[AT_MOST:]
        try:
            self._settle(company)
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._led = following is not None
            for place in company:
                place.over = True
                place.turn.set()
            if following is not None:
                following.turn.set()

    def _settle(self, company: Sequence[_Place[D, A]]) -> None:
        try:
            answers = self._commit([place.deed for place in company])
        except Exception as error:
            if len(company) > 1 and not isinstance(error, StoreUnavailable):
                for place in company:
                    self._settle([place])
                return
            for place in company:
                place.error = error
            return
        for place, answer in zip(company, answers, strict=True):
            if isinstance(answer, Refused):
                place.error = answer
            else:
                place.answer = answer
