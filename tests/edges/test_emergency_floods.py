"""A flood of alarms while an emergency runs: the wall keeps the emergency, its own clocks go first, alarms are groups that
hide nothing, and each of them is found afterwards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from test_emergencies import NOW, OPERATOR, ZONE, emergencies, flood, later

from alerts.news import News
from alerts.worker import County, Worker
from models import outbox
from models import tables as t
from models.directory import Directories
from models.door import Door, Report
from models.emergencies import listing
from models.emergencies.facade import Emergencies
from models.figures import groups_of_takeovers, snapshot
from models.filters import Moment
from models.ladder import inbox
from models.ladder.floods import MOST
from models.ladder.inbox import InboxFilter
from models.moves import Actor, Role
from models.rules import Rules
from models.store import Store
from models.vault import Vault

__all__ = ["emergencies"]
HOTLINE = Actor("hotline", Role.SYSTEM)
GRAVE, SLOW = 50, 70
TOWNS = ("990100", "990100100", "990100100001001")


@dataclass
class Clock:
    """County time as the test sets it."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def line(self) -> None:
        """Real time."""


class Silent(News):
    """Nobody listens; the outbox is what is judged."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def publish(self, facts: Any) -> bool:
        self.told += facts
        return True


@pytest.fixture
def worker(county_store: Store) -> Any:
    rules = Rules(county_store, ZONE)
    door = Door(county_store, rules, Vault("a secret for tests"))
    clock, news = Clock(NOW), Silent()
    with ThreadPoolExecutor(1) as pool:
        county = County(county_store, rules, door, clock, Directories(county_store))  # type: ignore[arg-type]
        yield Worker(county, news, "redis://127.0.0.1:1", pool), clock, news, door


def test_a_flood_of_alarms_neither_delays_nor_buries_an_emergency_and_none_is_lost(
    emergencies: Emergencies, county_store: Store, worker: Any
) -> None:
    hands, clock, news, door = worker
    categories = sorted(Rules(county_store, ZONE)().categories)
    number = emergencies.start(flood(), OPERATOR, NOW).room.row.number
    for one in range(GRAVE + SLOW):
        level = 1 if one < GRAVE else 3
        report = Report(categories[one % len(categories)], "洪水", "hotline", area=TOWNS[one % 3], level=level)
        door.report(report, HOTLINE, later(0.5))

    # the first call of the clocks: those of the emergency act before any of the hundreds that are due besides
    clock.at = later(60 * 24 * 40)
    hands.tick()
    kinds = [fact.kind for fact in news.told]
    assert kinds[0] == "emergency.moved" and len(set(kinds)) > 1
    with county_store.read() as connection:
        room = listing.active(connection, OPERATOR)[0]
        done = {line.act for line in listing.log(connection, room.id)}
    assert {"contact-called", "task-late", "report-due"} <= done
    for _ in range(200):
        if hands.tick() >= 0.1:
            break

    with county_store.read() as connection:
        # none is lost: every report and every breach is a fact, a row and an entry of a list
        facts = [text for _, text in outbox.facts_after(connection, 0, 10_000)]
        assert sum('"kind":"case.reported"' in text for text in facts) == GRAVE + SLOW
        breached = sum('"kind":"clock.breached"' in text for text in facts)
        late = select(func.count()).select_from(t.cases).where(t.cases.c.breached_at.is_not(None))
        assert breached == connection.execute(late).scalar_one() > SLOW / 2
        for account in ("duty", "operator"):
            found, left = inbox.bundles(connection, account, InboxFilter())
            unread = inbox.unread(connection, [account])[account]
            seen: set[int] = set()
            for one in found:
                page = inbox.page(connection, account, one.members, size=5_000)
                assert page.total == one.group.count == len(page.rows)
                assert {row.emergency or "" for row in page.rows} == {one.group.emergency}
                assert not seen & {row.id for row in page.rows}
                seen |= {row.id for row in page.rows}
            assert left == 0 and len(seen) == unread > GRAVE
            windows: dict[Any, int] = {}
            for one in found:
                windows[one.members.since] = windows.get(one.members.since, 0) + 1
            assert max(windows.values()) <= MOST
            assert any(one.group.emergency == number for one in found)

        # the wall keeps the emergency, and its groups add up to all that waits
        picture = snapshot(connection, Moment(clock.at, ZONE), 0, clock.at, [])
        assert picture.figures.emergencies == 1 and room.number == number
        groups = groups_of_takeovers(connection)
        assert sum(group.count for group in groups) == picture.figures.escalations_total >= GRAVE
        assert len(groups) <= MOST
