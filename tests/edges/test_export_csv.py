"""A list as CSV holds the whole list, goes out page by page, and says in its last line that it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from conftest import SECRET
from desk_harness import GRID, OWN, HeardNews, add_people, browser, web
from flask import Flask
from sqlalchemy import select

from dashboard.deskwork import export
from models import tables as t
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


def test_a_list_longer_than_a_page_is_exported_whole_and_says_so(
    app: Flask, sqlite_county: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE", 2)
    whole = lines(app, sqlite_county)
    assert len(whole) == 5
    assert "3" in whole[-1] and "全部导出" in whole[-1]
    assert not any(line.split(",")[2].startswith("=") for line in whole[1:-1])  # no spreadsheet takes it for a formula
    assert noted(sqlite_county) == [("export.cases", {"total": 3}), ("export.cases-end", {"rows": 3, "whole": True})]


def test_the_file_goes_out_page_by_page_and_one_that_is_broken_off_is_known_as_such(
    app: Flask, sqlite_county: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE", 2)
    asked: list[str | None] = []
    page = export.Export.page
    monkeypatch.setattr(export.Export, "page", lambda self, after: asked.append(after) or page(self, after))
    answer = browser(app, sqlite_county, "operator").get("/cases.csv?state=all", headers=OWN, buffered=False)
    pieces = answer.iter_encoded()
    next(pieces), next(pieces)
    assert len(asked) == 1  # the second page is not read before the first one has gone
    answer.close()
    assert noted(sqlite_county)[-1] == ("export.cases-end", {"rows": 2, "whole": False})


def noted(store: Store) -> list[tuple[str, dict[str, object]]]:
    with store.read() as connection:
        rows = connection.execute(select(t.audit.c.act, t.audit.c.detail).order_by(t.audit.c.id)).all()
    return [
        (act, {name: value for name, value in detail.items() if name in ("total", "rows", "whole")})
        for act, detail in rows
        if act.startswith("export.")
    ]
