"""Promise 24 on real stores: a flood is ten groups of which nothing is lost and in which nothing grave hides."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from conftest import door_of
from sqlalchemy import func, insert, select

from models import tables as t
from models.door import Report
from models.figures import groups_of_takeovers
from models.ladder import inbox
from models.ladder import tables as lt
from models.ladder.inbox import InboxFilter
from models.moves import Actor, Role
from models.rules import Rules
from models.store import Store

SOURCE = Actor("hotline", Role.SYSTEM)
BEGUN = datetime.fromisoformat("2026-11-18T02:30:00+00:00")


def flood(store: Store) -> None:
    """Two thousand alarms of a minute in the inbox of one account."""
    departments, towns = ["cg", "zj", "hb", "ga", None], ["990100001", "990100002", None]
    rows = [
        {
            "kind": "contact",
            "step": f"contact-{n}",
            "reason": ("breach", "direct", "unacknowledged")[n % 3],
            "level": 1 if n % 400 == 7 else 2 if n % 40 == 3 else 3 + n % 2,
            "department": departments[n % 5],
            "town": towns[n // 5 % 3],
            "title": f"第 {n} 件",
            "at": BEGUN + timedelta(milliseconds=30 * n),
        }
        for n in range(2000)
    ]
    with store.write() as connection:
        connection.execute(insert(lt.notification), rows)
        told = {"channel": "inbox", "recipient": "duty", "state": "sent", "not_before": BEGUN, "next_try_at": BEGUN}
        keys = connection.execute(select(lt.notification.c.id)).scalars()
        connection.execute(insert(lt.delivery), [{**told, "notification_id": key} for key in keys])


def test_two_thousand_alarms_of_a_minute_are_ten_groups_whose_lists_hold_every_one(county_store: Store) -> None:
    flood(county_store)
    with county_store.read() as connection:
        found, left = inbox.bundles(connection, "duty", InboxFilter())
        assert (len(found) <= 10, left) == (True, 0)
        assert sum(one.group.count for one in found) == inbox.unread(connection, ["duty"])["duty"] == 2000
        seen: set[int] = set()
        for one in found:
            page = inbox.page(connection, "duty", one.members, size=2000)
            assert page.total == len(page.rows) == one.group.count
            assert {row.level for row in page.rows} == {one.group.level}  # nothing grave hides in a lesser group
            assert not seen & {row.id for row in page.rows}
            seen |= {row.id for row in page.rows}
        assert len(seen) == 2000
        assert [one.group.level for one in found] == sorted(one.group.level for one in found)


def test_the_wall_s_groups_add_up_to_all_that_waits(county_store: Store) -> None:
    door, categories = door_of(county_store), sorted(Rules(county_store, ZoneInfo("Asia/Shanghai"))().categories)
    for number in range(30):
        door.report(Report(categories[number], "塌方", "hotline", area="990100", level=1), SOURCE, BEGUN)
    with county_store.read() as connection:
        groups = groups_of_takeovers(connection)
        waiting = connection.execute(select(func.count()).select_from(t.escalation)).scalar_one()
    assert len(groups) <= 10
    assert sum(group.count for group in groups) == waiting == 30
    assert {group.level for group in groups} == {1}
