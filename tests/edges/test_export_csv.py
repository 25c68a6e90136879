"""A list as CSV says in its last line whether it holds the whole list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from conftest import SECRET
from desk_harness import GRID, OWN, HeardNews, add_people, browser, web
from flask import Flask

from dashboard.deskwork import export
from models.door import Door, Report
from models.moves import Actor, Role
from models.rules import Rules
from models.store import Store
from models.timebase import real_now
from models.vault import Vault


@pytest.fixture
def app(sqlite_county: Store, tmp_path: Path) -> Iterator[Flask]:
    add_people(sqlite_county)
    door = Door(sqlite_county, Rules(sqlite_county, ZoneInfo("Asia/Shanghai")), Vault(SECRET))
    for number in range(3):
        report = Report("010101", f"=第 {number} 件", "hotline", area=GRID)
        door.report(report, Actor("hotline", Role.SYSTEM), real_now())
    with web(sqlite_county, tmp_path, HeardNews()) as app:
        yield app


def lines(app: Flask, store: Store) -> list[str]:
    text = browser(app, store, "operator").get("/cases.csv?state=all", headers=OWN).get_data(as_text=True)
    return text.removeprefix(export.BOM).splitlines()


def test_a_whole_list_says_so_and_a_cut_one_too(
    app: Flask, sqlite_county: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = lines(app, sqlite_county)
    assert len(whole) == 5
    assert "3" in whole[-1] and "全部导出" in whole[-1]
    monkeypatch.setattr(export, "MOST", 2)
    cut = lines(app, sqlite_county)
    assert len(cut) == 4
    assert "只含前 2 行" in cut[-1]
    assert not any(line.split(",")[2].startswith("=") for line in cut[1:-1])  # no spreadsheet takes it for a formula
