"""The bulk maker makes what the door would have made, small; and the scale bench asks everything on both databases."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from bench import bulk, scale
from models import figures, outbox, queries
from models import tables as t
from models.filters import CaseFilter, Moment
from models.moves import Actor, Role
from models.store import Store
from models.timebase import real_now

OPERATOR = Actor("operator", Role.OPERATOR)


def test_a_store_made_in_bulk_is_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BLOCK", 100)
    now = datetime.now(UTC)
    bulk.make(store, 300, now)
    moment = Moment(now, ZoneInfo("Asia/Shanghai"))
    with store.read() as connection:
        for table, count in ((t.cases, 300), (t.trace, 900), (t.orders, 300), (t.outbox, 300)):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == count, table.name
        assert outbox.last_number(connection) == 300 and len(outbox.facts_after(connection, 0)) == 300
        assert queries.count(connection, CaseFilter("open"), OPERATOR, moment) == 30
        oldest = queries.page(connection, CaseFilter(), OPERATOR, moment, size=300, sort="oldest").rows
        assert [row.id for row in oldest] == list(range(1, 301))
        found = queries.page(connection, CaseFilter(q=oldest[7].address), OPERATOR, moment, size=200)
        assert oldest[7].code in {row.code for row in found.rows}
        days = connection.execute(select(func.sum(t.daily.c.reported), func.sum(t.daily.c.closed))).one()
        assert tuple(days) == (300, 270)
        picture = figures.snapshot(connection, moment, 300, real_now(), []).figures
        assert picture.county.open == 30


def test_the_bench_asks_everything_and_its_last_line_is_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bulk, "BLOCK", 100)
    scale.run(["--sizes", "200", "--times", "1", "--database", "sqlite"])
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["sqlite"]["figures_ratio"] > 0 and len(last["sqlite"]["p95_ms"]) > 35
