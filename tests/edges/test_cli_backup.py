"""A copy is of one moment though reports come in; it comes back whole; an edited trace or audit is always found."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from dashboard.cli import main
from models.accounts import audit
from models.door import Door, Report
from models.moves import Actor, Role
from models.rules import Rules
from models.safekeeping import broken_chains, copy_sqlite
from models.store import Store
from models.timebase import real_now
from models.vault import Vault
from tests.conftest import SECRET

Command = Callable[..., tuple[int, str, str]]
OPERATOR = Actor("op", Role.OPERATOR)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRIDCOMMAND_DATA", str(tmp_path))

    def run(*words: str) -> tuple[int, str, str]:
        umask = os.umask(0o022)
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        os.umask(umask)
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def door_of(store: Store) -> Door:
    return Door(store, Rules(store, ZoneInfo("Asia/Shanghai")), Vault(SECRET))


def reported(door: Door, number: int) -> str:
    report = Report(
        "010504", f"路灯不亮 {number}", "hotline", area="990100100", client="test", external_id=f"E{number}"
    )
    return str(door.report(report, Actor("test", Role.SYSTEM), real_now()).case.code)


def filled(store: Store, cases: int) -> None:
    """Cases with a few steps each, and a line of the audit for each."""
    door = door_of(store)
    for number in range(cases):
        code = reported(door, number)
        door.move(code, "dispatch", OPERATOR, real_now(), {"department": "zj"})
        door.move(code, "receipt", OPERATOR, real_now())
        with store.write() as connection:
            audit(connection, "op", "operator", "look", real_now(), object=code, detail={"reason": "test"})


def test_a_hot_copy_is_whole_and_misses_nothing_that_was_acknowledged_before(
    sqlite_county: Store, tmp_path: Path
) -> None:
    door, stop = door_of(sqlite_county), threading.Event()
    accepted: list[str] = []

    def write() -> None:
        while not stop.is_set():
            accepted.append(reported(door, len(accepted)))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            while len(accepted) < 15 * (number + 1):
                stop.wait(0.01)
            before = list(accepted)
            copy_sqlite(sqlite_county, tmp_path / f"copy{number}.sqlite")
            copied = Store(f"sqlite:///{tmp_path / f'copy{number}.sqlite'}")
            with copied.read() as connection:
                assert list(broken_chains(connection)) == []
                codes = {row[0] for row in connection.exec_driver_sql("SELECT code FROM cases")}
            copied.close()
            assert set(before) <= codes
    finally:
        stop.set()
        writer.join()


def test_backup_and_restore_bring_back_the_moment_of_the_copy(
    command: Command, sqlite_county: Store, tmp_path: Path
) -> None:
    filled(sqlite_county, 5)
    copy = tmp_path / "copy.sqlite"
    code, out, err = command("backup", str(copy))
    assert code == 0 and "was copied to" in out and "secret key" in err
    assert copy.stat().st_mode & 0o777 == 0o600
    assert command("backup", str(copy))[2].endswith("exists already; choose another name.\n")
    reported(door_of(sqlite_county), 99)
    sqlite_county.close()
    assert command("restore", str(copy))[0] == 0
    with sqlite3.connect(tmp_path / "gridcommand.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM cases").fetchone() == (5,)
    assert (tmp_path / "gridcommand.sqlite.before-restore").exists()
    assert command("verify")[0] == 0


def test_what_is_no_copy_is_not_restored(command: Command, tmp_path: Path, sqlite_county: Store) -> None:
    assert sqlite_county.sqlite
    (tmp_path / "text").write_text("no database at all, but long enough to look at" * 20)
    with sqlite3.connect(tmp_path / "other.sqlite") as connection:
        connection.execute("CREATE TABLE x (y)")
    for name, expected in (("text", "is no SQLite database"), ("other.sqlite", "its tables are others")):
        code, _, err = command("restore", str(tmp_path / name))
        assert code == 1 and expected in err
    assert not (tmp_path / "gridcommand.sqlite.before-restore").exists()


def test_every_single_edit_of_a_trace_or_the_audit_is_found(sqlite_county: Store) -> None:
    """reliability.md, promise 23: whatever is changed, removed or added, in whichever line."""
    filled(sqlite_county, 8)
    with sqlite_county.read() as connection:
        assert list(broken_chains(connection)) == []
        lines = [row[0] for row in connection.exec_driver_sql("SELECT id FROM trace")]
        audits = [row[0] for row in connection.exec_driver_sql("SELECT id FROM audit")]
    dice = Random(4)
    edits = [("trace", dice.choice(lines), column, value) for column, value in (
        ("note", "'x'"), ("actor", "'somebody'"), ("action", "'void'"), ("happened_at", "happened_at + 1000000"),
        ("entered_at", "entered_at - 1000000"), ("detail", "'{\"a\": 1}'"), ("hash", "'0'"), ("role", "'admin'"),
    ) for _ in range(4)]  # fmt: skip
    edits += [("audit", dice.choice(audits), column, value) for column, value in (
        ("actor", "'x'"), ("act", "'y'"), ("object", "'z'"), ("at", "at + 1"), ("detail", "'{}'"), ("address", "'::'"),
    ) for _ in range(4)]  # fmt: skip
    for table, key, column, value in edits:
        assert _found_after(sqlite_county, f"UPDATE {table} SET {column} = {value} WHERE id = {key}"), (
            table,
            key,
            column,
        )
    for key in dice.sample(lines, 10):
        assert _found_after(sqlite_county, f"DELETE FROM trace WHERE id = {key}")
    for key in dice.sample(audits, 5):
        assert _found_after(sqlite_county, f"DELETE FROM audit WHERE id = {key}")
    assert _found_after(
        sqlite_county,
        "INSERT INTO trace (case_id, number, action, from_stage, to_stage, actor, role, happened_at, entered_at, note, "
        "detail, hash) SELECT case_id, 4, action, from_stage, to_stage, actor, role, happened_at, entered_at, note, "
        "detail, hash FROM trace WHERE number = 3 LIMIT 1",
    )


def _found_after(store: Store, edit: str) -> bool:
    """Whether the check finds this edit, which is then undone."""
    with store.engine.connect() as connection:
        connection.exec_driver_sql(edit)
        found = list(broken_chains(connection))
        connection.rollback()
    return bool(found)
