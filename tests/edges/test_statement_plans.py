"""Does anything get slower with the years? Told by plans and by SQLite's own count of its work, not by a clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import Cluster
from sqlalchemy import insert

import bench.around
from bench import bulk, plans, scale
from bench.asking import questions
from models import orderlists, queries
from models import tables as t
from models.filters import Moment
from models.search import ask
from models.store import Store
from models.watching import logs

NOW = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
WEEK, WEEKS = 500, 10
BOUND = 100
"""Rows that lists which grow with the years are counted to, here."""
SMALLER: tuple[tuple[Any, str, int], ...] = (
    (bulk, "BLOCK", WEEK), (bench.around, "UNREAD", 20), (ask, "COMMON", 0),
    (queries, "MOST_COUNTED", BOUND), (orderlists, "MOST_COUNTED", BOUND), (logs, "MOST_COUNTED", BOUND),
    (queries, "MOST_FOUND", BOUND), (queries, "LOOKED_AT", 2 * BOUND),
)  # fmt: skip
"""The bounds of the real thing, smaller, so that they are reached by a small store."""
SLACK = 1.5
JOINED = {"notification", "delivery"}
"""Tables that statements join to others. PostgreSQL reads them as a whole while they have some hundred rows, as here."""
LEAST = 150
"""Units of work that are nothing: a request's own overhead."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for room, name, value in SMALLER:
        monkeypatch.setattr(room, name, value)


def filled(url: str, size: int) -> str:
    """A store with so many cases and an account of each role."""
    store = Store(url)
    bulk.make(store, size, NOW)
    with store.write() as connection:
        connection.execute(insert(t.account), scale.people())
        scale.around.sign(connection, Moment(NOW, scale.ZONE))
        scale.set_timebase(connection, scale.Timebase(NOW, NOW, 1.0))
    store.close()
    return url


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Two stores, one with ten times the past of the other, and the same open cases."""
    folder = tmp_path_factory.mktemp("plans")
    with pytest.MonkeyPatch.context() as patch:
        for room, name, value in SMALLER:
            patch.setattr(room, name, value)
        small, large = (filled(f"sqlite:///{folder}/{n}.sqlite", WEEK * n) for n in (1, WEEKS))
    return small, large


@pytest.fixture(scope="module")
def server(postgres_cluster: Cluster) -> Iterator[str]:
    url = postgres_cluster.fresh("empty")
    with pytest.MonkeyPatch.context() as patch:
        for room, name, value in SMALLER:
            patch.setattr(room, name, value)
        filled(url, WEEK)
    yield url
    postgres_cluster.drop(url)


def work(url: str, folder: Path, only: tuple[str, ...] = ("",)) -> dict[str, int]:
    """Name of a request → the units of work that the second of its kind took."""
    found = {}
    with scale.opened(url, folder) as (people, parts):
        scale.worked(parts)
        for name, asking in questions(people, parts, WEEK).items():
            if not name.startswith(only):
                continue
            assert asking().status_code == 200, name
            with plans.counted(parts.store) as done:
                asking()
                found[name] = done()
    return found


def grown(small: dict[str, int], large: dict[str, int]) -> dict[str, tuple[int, int]]:
    """What takes more than a little longer in the larger store."""
    return {n: (small[n], large[n]) for n in small if large[n] > LEAST + small[n] * SLACK}


def test_ten_times_the_past_is_no_more_work_for_any_list_search_figure_or_page(
    files: tuple[str, str], tmp_path: Path
) -> None:
    small, large = (work(url, tmp_path / str(n)) for n, url in enumerate(files))
    assert len(small) > 100
    assert grown(small, large) == {}


def test_a_count_without_a_bound_is_found(
    files: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted fault."""
    monkeypatch.setattr(queries, "MOST_COUNTED", 1_000_000)
    small, large = (work(url, tmp_path / str(n), ("list all",)) for n, url in enumerate(files))
    assert "list all" in grown(small, large)


def read_whole(url: str, folder: Path, only: tuple[str, ...] = ("",)) -> dict[str, set[str]]:
    """Name of a request → the tables that one of its statements reads as a whole."""
    found: dict[str, set[str]] = {}
    with ExitStack() as stack:
        people, parts = stack.enter_context(scale.opened(url, folder))
        for name, asking in questions(people, parts, WEEK).items():
            if not name.startswith(only):
                continue
            with plans.heard(parts.store) as asked:
                assert asking().status_code == 200, name
            tables = {step.table for one in asked for step in plans.steps(parts.store, one) if step.whole}
            if tables:
                found[name] = tables
    return found


def test_no_statement_of_a_request_reads_a_growing_table_as_a_whole(
    files: tuple[str, str], server: str, tmp_path: Path
) -> None:
    for number, url in enumerate((files[0], server)):
        found, joined = read_whole(url, tmp_path / str(number)), JOINED if "postgres" in url else set()
        assert {name: left for name, tables in found.items() if (left := tables - joined)} == {}, url


def test_a_missing_index_is_found_on_both_databases(files: tuple[str, str], server: str, tmp_path: Path) -> None:
    """The planted fault; undone at the end, because the stores are shared."""
    fault = [index for index in t.cases.indexes if str(index.name).startswith("ix_cases_open")]
    for number, url in enumerate((files[0], server)):
        store = Store(url)
        with store.write() as connection:
            for index in fault:
                index.drop(connection)
        try:
            found = read_whole(url, tmp_path / str(number), ("api figures",))
        finally:
            with store.write() as connection:
                for index in fault:
                    index.create(connection)
            store.close()
        assert found == {"api figures": {"cases"}}, url


def joined(url: str, folder: Path, only: tuple[str, ...]) -> dict[str, set[str]]:
    """Name of a request → the tables that PostgreSQL joins as a whole for it."""
    found: dict[str, set[str]] = {}
    with scale.opened(url, folder) as (people, parts):
        for name, asking in questions(people, parts, WEEK).items():
            if name.startswith(only):
                with plans.heard(parts.store) as asked:
                    asking()
                found[name] = {table for one in asked for table in plans.joined(parts.store, one)}
    return {name: tables for name, tables in found.items() if tables}


COMMON = ("search common word", "search in a department")


def test_common_words_are_read_text_by_text_and_the_join_with_all_texts_is_found(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "LOOKED_AT", WEEK // 50)  # as small a part of the store as of a million
    assert joined(server, tmp_path / "right", COMMON) == {}
    monkeypatch.setattr(ask, "_read", ask._holds)  # the planted fault: an EXISTS, of which PostgreSQL makes a join
    assert set(joined(server, tmp_path / "wrong", COMMON).get("search common word", ())) == {"case_text"}
