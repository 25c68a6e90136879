"""What a process keeps made: one making for many who ask, as long as it holds, and not more than fits."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from dashboard.shelves import Shelf


def test_what_is_kept_is_made_once_and_anew_when_its_time_is_over() -> None:
    now, made = [0.0], count(1)
    shelf: Shelf[int] = Shelf(2, 5.0, lambda: now[0])
    assert [shelf.of("a", lambda: next(made)) for _ in range(3)] == [1, 1, 1]
    now[0] = 4.9
    assert shelf.of("a", lambda: next(made)) == 1
    now[0] = 5.0
    assert shelf.of("a", lambda: next(made)) == 2


def test_whoever_was_not_asked_for_the_longest_goes() -> None:
    made = count(1)
    shelf: Shelf[int] = Shelf(2)
    assert [shelf.of(key, lambda: next(made)) for key in "abac"] == [1, 2, 1, 3]
    assert [shelf.of(key, lambda: next(made)) for key in "acb"] == [1, 3, 4]


def test_a_making_that_fails_keeps_nothing() -> None:
    shelf: Shelf[int] = Shelf(2)
    with pytest.raises(ZeroDivisionError):
        shelf.of("a", lambda: 1 // 0)
    assert shelf.of("a", lambda: 1) == 1


def test_fifty_who_ask_at_once_cost_one_making() -> None:
    shelf: Shelf[int] = Shelf(2)
    made, all_here = count(1), threading.Barrier(50)

    def make() -> int:
        time.sleep(0.05)
        return next(made)

    def ask(_: int) -> int:
        all_here.wait()
        return shelf.of("a", make)

    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(ask, range(50))) == {1}
