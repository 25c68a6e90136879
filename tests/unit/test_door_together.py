"""Deeds that wait for the door together: one transaction for many, each with its own answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from models.door.together import AT_MOST, Together
from models.moves import Refused
from models.store import StoreUnavailable


class Ledger:
    """Stands for the database: a transaction's entries count only when all of it succeeds."""

    def __init__(self) -> None:
        self.entries: list[int] = []
        self.transactions: list[int] = []
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def commit(self, deeds: Sequence[Callable[[Any], Any]]) -> list[Any]:
        self.begun.set()
        assert self.go_on.wait(10)
        draft: list[int] = []
        answers = [answered(deed, draft) for deed in deeds]
        self.entries += draft
        self.transactions.append(len(deeds))
        return answers


def answered(deed: Callable[[Any], Any], draft: list[int]) -> Any:
    """What comes of a deed; its refusal is an answer."""
    try:
        return deed(draft)
    except Refused as refused:
        return refused


def entry(number: int) -> Callable[[list[int]], int]:
    def deed(draft: list[int]) -> int:
        if number % 10 == 7:
            raise Refused(f"{number} is refused")
        draft.append(number)
        if number % 10 == 9:
            raise ValueError(f"{number} fails after writing")
        return number

    return deed


def all_at_once(ledger: Ledger, numbers: range) -> dict[int, object]:
    """What each of many threads got; the first transaction waits until all others stand in the queue."""
    together: Together[Callable[[Any], int], int] = Together(ledger.commit)
    got: dict[int, object] = {}

    def ask(number: int) -> None:
        try:
            got[number] = together.do(entry(number))
        except (Refused, ValueError, StoreUnavailable) as error:
            got[number] = error

    threads = [threading.Thread(target=ask, args=(number,)) for number in numbers]
    threads[0].start()
    assert ledger.begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(together._waiting) < len(numbers) - 1:
        threading.Event().wait(0.002)
    ledger.go_on.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    return got


def test_those_who_wait_share_a_transaction_and_each_gets_its_own_answer() -> None:
    ledger = Ledger()
    got = all_at_once(ledger, range(0, 6))
    assert got == {number: number for number in range(6)}
    assert ledger.transactions == [1, 5]


def test_a_refused_deed_spoils_no_other() -> None:
    ledger = Ledger()
    got = all_at_once(ledger, range(0, 9))
    assert isinstance(got.pop(7), Refused)
    assert got == {number: number for number in (0, 1, 2, 3, 4, 5, 6, 8)}
    assert ledger.transactions == [1, 8]


def test_a_deed_that_fails_after_writing_is_undone_alone_and_nothing_is_written_twice() -> None:
    ledger = Ledger()
    got = all_at_once(ledger, range(0, 20))
    assert {number for number, answer in got.items() if isinstance(answer, ValueError)} == {9, 19}
    assert sorted(ledger.entries) == [number for number in range(20) if number % 10 not in (7, 9)]


def test_a_store_that_is_away_is_told_to_everybody_without_asking_it_again_for_each() -> None:
    ledger = Ledger()
    asked: list[int] = []

    def away(deeds: Sequence[Callable[[Any], Any]]) -> list[Any]:
        asked.append(len(deeds))
        ledger.commit([])
        raise StoreUnavailable("away")

    together: Together[Callable[[Any], int], int] = Together(away)
    ledger.go_on.set()
    for number in (1, 2):
        with pytest.raises(StoreUnavailable):
            together.do(entry(number))
    assert asked == [1, 1]


def test_nobody_leads_for_ever_and_nobody_waits_for_ever() -> None:
    ledger = Ledger()
    got = all_at_once(ledger, range(100, 100 + 2 * AT_MOST + 1))
    assert len(got) == 2 * AT_MOST + 1
    assert max(ledger.transactions) <= AT_MOST
