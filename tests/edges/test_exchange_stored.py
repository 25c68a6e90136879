"""Warnings in and facts out, over real databases and real HTTP on loopback: nothing twice, nothing lost, all written down."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from conftest import SECRET, door_of
from sqlalchemy import func, select, update
from test_ladder_courier import StandIn

from alerts.exchange.outside import Answer, OutsideFailed, OutsideRefused, get, judged, post
from alerts.exchange.telling import Teller
from alerts.exchange.watching import FeedWatch
from config.networks import networks
from models import tables as t
from models.door import Report
from models.exchange import cap, feeds, incoming, webhooks
from models.exchange import tables as xt
from models.exchange.cap import Alert
from models.exchange.incoming import Taken
from models.exchange.xml import LARGEST
from models.messages import Message
from models.moves import Actor, Role
from models.store import Store
from models.timebase import real_now
from models.vault import Vault
from tests.unit.test_exchange_cap import SQUARE, altered, flood, sample

LOOPBACK = networks(["127.0.0.0/8"])


def fresh(**changes: Any) -> Alert:
    """A warning that is in force now."""
    now = real_now().replace(microsecond=0)
    info = replace(flood().infos[0], expires=now + timedelta(hours=3))
    base = flood(kind="Alert", references=(), sent=now, scope="Public", restriction=None, infos=(info,))
    return replace(base, **changes)


def take(store: Store, raw: bytes, link: str = "") -> tuple[Taken, list[Message]]:
    return door_of(store).deed(lambda deed: incoming.take(deed, "met", raw, link=link))


def states(store: Store) -> dict[str, int]:
    with store.read() as connection:
        return {name: incoming.count(connection, name, real_now()) for name in incoming.STATES}


# --- warnings --------------------------------------------------------------------------------------------------------


def test_a_warning_is_kept_once_and_told_once(county_store: Store) -> None:
    raw = cap.build(fresh())
    first, facts = take(county_store, raw)
    again, none = take(county_store, raw + b"\n")
    assert first.accepted and first.new and not again.new and again.id == first.id
    assert [fact.kind for fact in facts] == ["warning.received"] and none == []  # type: ignore[attr-defined]
    told = facts[0].model_dump()
    assert (told["colour"], told["severity"], told["event"], told["area"]) == ("orange", "Severe", "暴雨", "东河村")
    with county_store.read() as connection:
        (row,) = incoming.listed(connection, "in-force", real_now())
        kept = incoming.one(connection, row.id)
    assert row.polygons == [[list(point) for point in SQUARE]] and kept is not None
    assert cap.parse(kept.raw.encode()).identifier == "gc-20260703-1"


def test_only_what_is_in_force_is_called_so_on_any_list(county_store: Store) -> None:
    now = real_now().replace(microsecond=0)
    endless = replace(fresh().infos[0], expires=None)
    for alert in (
        fresh(),
        fresh(identifier="test", status="Test"),
        fresh(identifier="old", sent=now - timedelta(days=3), infos=(endless,)),
    ):
        take(county_store, cap.build(alert))
    with county_store.read() as connection:
        rows = {row.identifier: bool(row.in_force) for row in incoming.listed(connection, "all", real_now())}
        assert rows == {"gc-20260703-1": True, "test": False, "old": False}
        assert sum(rows.values()) == incoming.count(connection, "in-force", real_now())


def test_the_strip_names_the_gravest_in_earnest_counts_all_and_knows_when_the_first_ends(county_store: Store) -> None:
    now = real_now().replace(microsecond=0)
    info = fresh().infos[0]
    soon = now + timedelta(minutes=9)
    for number, (severity, status, expires) in enumerate(
        [
            ("Minor", "Actual", soon),
            ("Extreme", "Exercise", now + timedelta(hours=1)),
            ("Moderate", "Actual", None),
            ("Severe", "Actual", now + timedelta(hours=2)),
            ("Extreme", "Test", now + timedelta(hours=3)),  # in force it is not
        ]
    ):
        one = replace(info, severity=severity, expires=expires)
        take(county_store, cap.build(fresh(identifier=f"w{number}", sent=now, status=status, infos=(one,))))
    with county_store.read() as connection:
        found = incoming.in_force(connection, real_now(), 3)
        later = incoming.in_force(connection, soon, 9)
        endless = incoming.in_force(connection, now + timedelta(hours=5), 9)
    assert [(row.colour, row.status) for row in found.gravest] == [
        ("orange", "Actual"), ("yellow", "Actual"), ("blue", "Actual"),
    ]  # fmt: skip
    assert found.total == 4 == states(county_store)["in-force"] and found.ends == soon
    assert [row.status for row in later.gravest] == ["Actual", "Actual", "Exercise"] and later.total == 3
    assert endless.total == 1 and endless.ends == now + incoming.UNTOLD


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (lambda: sample("xee"), "forbidden-xml"),
        (lambda: sample("weather"), "wrong-namespace"),
        (lambda: sample("invalid"), "not-valid"),
        (lambda: b"x" * (LARGEST + 1), "too-large"),
        (lambda: altered(lambda root: setattr(root[-1][-1][1], "text", "1,1 2,2 1,1")), "polygon"),
    ],
)
def test_a_hostile_message_is_refused_listed_once_and_never_told(
    sqlite_county: Store, raw: Callable[[], bytes], code: str
) -> None:
    for _ in range(2):
        taken, facts = take(sqlite_county, raw())
        assert not taken.accepted and taken.code == code and taken.reason and facts == []
    assert states(sqlite_county) == {"in-force": 0, "accepted": 0, "refused": 1, "all": 1}


def test_an_update_and_a_cancel_end_what_they_name_in_whatever_order_they_come(county_store: Store) -> None:
    first = fresh()
    second = replace(first, identifier="gc-2", kind="Update", references=(first.reference,))
    last = replace(first, identifier="gc-3", kind="Cancel", references=(second.reference,), infos=())
    for alert in (last, first, second):  # a feed lists the newest first
        taken, _ = take(county_store, cap.build(alert))
        assert taken.accepted
    with county_store.read() as connection:
        rows = {row.identifier: row for row in incoming.listed(connection, "all", real_now())}
    assert rows[first.identifier].ended_by == rows["gc-2"].id
    assert rows["gc-2"].ended_by == rows["gc-3"].id and rows["gc-3"].ended_by is None
    assert states(county_store)["in-force"] == 0


def test_nobody_cancels_another_senders_warning(sqlite_county: Store) -> None:
    first = fresh()
    take(sqlite_county, cap.build(first))
    foreign = replace(first, identifier="x", sender="mallory@example", kind="Cancel", references=(first.reference,))
    taken, facts = take(sqlite_county, cap.build(foreign))
    assert taken.code == "other-sender" and facts == []
    assert states(sqlite_county)["in-force"] == 1


def test_an_exercise_says_so_and_a_test_is_not_in_force(sqlite_county: Store) -> None:
    _, facts = take(sqlite_county, cap.build(fresh(status="Exercise")))
    assert facts[0].model_dump()["status"] == "Exercise"
    take(sqlite_county, cap.build(fresh(status="Test", identifier="t")))
    assert states(sqlite_county) == {"in-force": 1, "accepted": 2, "refused": 0, "all": 2}


# --- feeds -----------------------------------------------------------------------------------------------------------

ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><content type="application/cap+xml">%s</content></entry>
<entry><id>2</id><link href="/two.cap" type="application/cap+xml"/></entry>
<entry><id>3</id><link href="http://169.254.169.254/latest/meta-data"/></entry></feed>"""


def watch(store: Store, pages: dict[str, Any]) -> tuple[FeedWatch, list[str]]:
    """A watch whose other side is a table of pages."""
    asked: list[str] = []

    def fetch(url: str, allowed: Any, most: int) -> Answer:
        judged(url, LOOPBACK)
        asked.append(url)
        found = pages.get(url, 404)
        return Answer(found, b"") if isinstance(found, int) else Answer(200, found)

    return FeedWatch(store, door_of(store), lambda facts: None, LOOPBACK, fetch=fetch), asked


def again(store: Store) -> None:
    with store.write() as connection:
        connection.execute(update(xt.feed).values(next_at=real_now()))


def test_a_feed_is_read_and_each_of_its_messages_only_once(sqlite_county: Store) -> None:
    inline = cap.build(fresh()).split(b"?>", 1)[1]
    pages = {"http://127.0.0.1/feed": ATOM % inline, "http://127.0.0.1/two.cap": cap.build(fresh(identifier="two"))}
    one, asked = watch(sqlite_county, pages)
    with sqlite_county.write() as connection:
        feeds.add(connection, "met", "http://127.0.0.1/feed", 60, real_now())
    assert one.round() == 0.0 and one.round() > 0
    assert states(sqlite_county) == {"in-force": 2, "accepted": 2, "refused": 1, "all": 3}
    assert asked == ["http://127.0.0.1/feed", "http://127.0.0.1/two.cap"]  # and never the metadata service
    again(sqlite_county)
    one.round()
    assert asked[2:] == ["http://127.0.0.1/feed"] and states(sqlite_county)["all"] == 3
    with sqlite_county.read() as connection:
        (refused,) = incoming.listed(connection, "refused", real_now())
        assert refused.code == "address" and "169.254.169.254" in refused.reason
        assert feeds.listed(connection)[0].outcome == ""


def test_a_feed_that_is_away_says_so_and_is_tried_again(sqlite_county: Store) -> None:
    pages: dict[str, Any] = {"http://127.0.0.1/feed": 503}
    one, asked = watch(sqlite_county, pages)
    with sqlite_county.write() as connection:
        feeds.add(connection, "met", "http://127.0.0.1/feed", 60, real_now())
    one.round()
    with sqlite_county.read() as connection:
        assert feeds.listed(connection)[0].outcome == "HTTP 503"
    pages["http://127.0.0.1/feed"] = cap.build(fresh())
    again(sqlite_county)
    one.round()
    assert states(sqlite_county)["accepted"] == 1 and len(asked) == 2


def test_two_workers_look_once(sqlite_county: Store) -> None:
    with sqlite_county.write() as connection:
        feeds.add(connection, "met", "http://127.0.0.1/feed", 60, real_now())
        row = feeds.due(connection, real_now())
        assert row is not None
        assert feeds.claim(connection, row, real_now()) and not feeds.claim(connection, row, real_now())


# --- addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "http://localhost/x",
        "http://[::1]/x",
        "http://[::ffff:127.0.0.1]/x",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[64:ff9b::7f00:1]/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://user:secret@127.0.0.1/",
        "http://127.0.0.1\\@example.org/",
        "http://exa mple/",
        "http:///x",
        "",
    ],
)
def test_a_hostile_address_is_never_connected_to(url: str) -> None:
    with pytest.raises((OutsideRefused, OutsideFailed)) as caught:
        get(url, (), 1_000)
    assert "secret" not in str(caught.value)


def test_an_answer_is_bounded_and_a_redirect_is_not_followed() -> None:
    server = StandIn()
    server.deed = "elsewhere"
    url = f"http://127.0.0.1:{server.port}/"
    assert post(url, LOOPBACK, b"{}", {}).status == 302
    assert len(server.heard) == 1
    server.server.shutdown()


# --- webhooks --------------------------------------------------------------------------------------------------------


@contextmanager
def told(store: Store, server: StandIn, **more: Any) -> Iterator[tuple[Teller, str]]:
    with store.write() as connection:
        url = f"http://127.0.0.1:{server.port}/hook"
        secret = webhooks.add(connection, Vault(SECRET), "city", url, more.get("kinds", ()), real_now())
    teller = Teller(store, Vault(SECRET), LOOPBACK)
    try:
        yield teller, secret
    finally:
        teller.close()
        server.server.shutdown()


def report(store: Store, times: int = 1) -> None:
    now = real_now()
    for _ in range(times):
        made = Report("010101", "垃圾，电话 13800138000", "hotline", longitude=112.886264, latitude=30.46921)
        door_of(store).report(made, Actor("x", Role.OPERATOR), now)


def work(teller: Teller, until: Callable[[], bool]) -> None:
    """Rounds until something is so, at most 30 s."""
    end = time.monotonic() + 30
    while not until():
        assert time.monotonic() < end
        time.sleep(min(0.05, teller.round()))


def rows(store: Store, table: Any) -> list[Any]:
    with store.read() as connection:
        return list(connection.execute(select(table).order_by(table.c[0])))


def hurry(store: Store) -> None:
    """Let the next try be due."""
    with store.write() as connection:
        connection.execute(update(xt.delivery).values(next_try_at=real_now()))


def test_every_fact_is_told_in_order_signed_and_once(county_store: Store) -> None:
    server = StandIn()
    with told(county_store, server) as (teller, secret):
        report(county_store, 3)
        work(
            teller,
            lambda: len(server.heard) >= 3 and all(row.state == "sent" for row in rows(county_store, xt.delivery)),
        )
        for _ in range(3):
            teller.round()
        kinds = [json.loads(body)["type"] for _, body in server.heard]
        assert kinds == ["case.reported"] * 3
        for number, (headers, body) in enumerate(server.heard, 1):
            assert headers["webhook-id"] == f"fact_{number}"
            signed = f"fact_{number}.{headers['webhook-timestamp']}.".encode() + body
            key = base64.b64decode(secret.removeprefix("whsec_"))
            wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
            assert headers["webhook-signature"] == f"v1,{wanted}"
            assert "13800138000" not in body.decode()
        assert [row.outcome for row in rows(county_store, xt.attempt)] == ["sent"] * 3


def test_the_pace_is_that_of_the_other_side_and_not_of_our_rounds(sqlite_county: Store) -> None:
    server = StandIn()
    with told(sqlite_county, server) as (teller, _):
        report(sqlite_county, 8)
        teller.round()  # hands the first out; whoever carries it goes on by itself
        end = time.monotonic() + 30
        while not all(row.state == "sent" for row in rows(sqlite_county, xt.delivery)):
            assert time.monotonic() < end
            time.sleep(0.05)
        assert [headers["webhook-id"] for headers, _ in server.heard] == [f"fact_{n}" for n in range(1, 9)]


def test_one_that_is_paused_is_told_nothing_and_what_failed_is_sent_again_in_its_place(county_store: Store) -> None:
    server = StandIn()
    server.deed = [422, 200, 200, 200]
    with told(county_store, server) as (teller, _):
        report(county_store, 2)
        work(teller, lambda: len(rows(county_store, xt.attempt)) >= 2)
        with county_store.write() as connection:
            webhooks.pause(connection, "city")
            report_again = webhooks.retry(connection, "city", 1, real_now())
            with pytest.raises(ValueError, match="no fact 2 that has failed"):
                webhooks.retry(connection, "city", 2, real_now())
        assert report_again == 1
        report(county_store)
        for _ in range(3):
            teller.round()
        assert len(server.heard) == 2
        with county_store.write() as connection:
            webhooks.enable(connection, "city", real_now())
        work(teller, lambda: len(server.heard) >= 4)
        assert [headers["webhook-id"] for headers, _ in server.heard] == ["fact_1", "fact_2", "fact_1", "fact_3"]
        with county_store.read() as connection:
            recent = webhooks.recent(connection, 2)["city"]
        assert [one.number for one in recent] == [3, 2] and not hasattr(recent[0], "body")


def test_a_side_that_is_away_is_told_later_and_nothing_overtakes(sqlite_county: Store) -> None:
    server = StandIn()
    server.deed = [503, "reset", 200, 200]
    with told(sqlite_county, server) as (teller, _):
        report(sqlite_county, 2)
        for tries in (1, 2, 3):
            work(teller, lambda tries=tries: len(rows(sqlite_county, xt.attempt)) >= tries)  # type: ignore[misc]
            hurry(sqlite_county)
        work(teller, lambda: all(row.state == "sent" for row in rows(sqlite_county, xt.delivery)))
        ids = [headers["webhook-id"] for headers, _ in server.heard]
        assert ids == ["fact_1", "fact_1", "fact_1", "fact_2"]
        outcomes = [row.outcome for row in rows(sqlite_county, xt.attempt)]
        assert outcomes == ["temporary", "temporary", "sent", "sent"]


def test_a_refusal_for_good_is_passed_over_and_gone_switches_off(sqlite_county: Store) -> None:
    server = StandIn()
    server.deed = [422, 200, 410]
    with told(sqlite_county, server) as (teller, _):
        report(sqlite_county, 3)
        work(teller, lambda: len(rows(sqlite_county, xt.attempt)) >= 3)
        assert [row.state for row in rows(sqlite_county, xt.delivery)] == ["failed", "sent", "failed"]
        (hook,) = rows(sqlite_county, xt.webhook)
        assert not hook.enabled and "HTTP 410" in hook.message


def test_after_so_many_failures_it_is_switched_off_with_the_reason_and_goes_on_where_it_was(
    sqlite_county: Store,
) -> None:
    server = StandIn()
    server.deed = 500
    with told(sqlite_county, server) as (teller, _):
        report(sqlite_county, 3)
        end = time.monotonic() + 60
        while rows(sqlite_county, xt.webhook)[0].enabled and time.monotonic() < end:
            hurry(sqlite_county)
            teller.round()
            time.sleep(0.02)
        assert f"{webhooks.AT_MOST} failures" in rows(sqlite_county, xt.webhook)[0].message
        server.deed = 200
        with sqlite_county.write() as connection:
            webhooks.enable(connection, "city", real_now())
        work(teller, lambda: not any(row.state == "waiting" for row in rows(sqlite_county, xt.delivery)))
        assert [row.state for row in rows(sqlite_county, xt.delivery)][-1] == "sent"


def test_only_the_kinds_that_were_asked_for_are_told(sqlite_county: Store) -> None:
    server = StandIn()
    with told(sqlite_county, server, kinds=("warning.received",)) as (teller, _):
        report(sqlite_county)
        take(sqlite_county, cap.build(fresh()))
        work(teller, lambda: len(server.heard) >= 1)
        assert [json.loads(body)["type"] for _, body in server.heard] == ["warning.received"]


def test_a_teller_that_dies_after_sending_sends_once_more_and_loses_nothing(sqlite_county: Store) -> None:
    server = StandIn()
    with told(sqlite_county, server) as (teller, _):
        report(sqlite_county)
        work(teller, lambda: len(rows(sqlite_county, xt.attempt)) >= 1)
        with sqlite_county.write() as connection:  # as if it had been killed before it wrote that down
            connection.execute(xt.attempt.delete())
            connection.execute(update(xt.delivery).values(state="waiting", tries=0))
        work(teller, lambda: len(server.heard) >= 2)
        assert {headers["webhook-id"] for headers, _ in server.heard} == {"fact_1"}


def test_what_was_told_long_ago_is_forgotten_and_what_waits_stays(county_store: Store) -> None:
    server = StandIn()
    server.deed = [200, 503]
    with told(county_store, server) as (teller, _):
        report(county_store, 2)
        work(teller, lambda: len(rows(county_store, xt.attempt)) >= 2)
        with county_store.write() as connection:
            assert webhooks.trim(connection, real_now() - timedelta(days=30)) == 0
            assert webhooks.trim(connection, real_now() + timedelta(days=1)) == 1
        assert [row.state for row in rows(county_store, xt.delivery)] == ["waiting"]
        assert len(rows(county_store, xt.attempt)) == 1


def test_the_secret_is_sealed_and_forgotten_with_the_webhook(sqlite_county: Store) -> None:
    server = StandIn()
    with told(sqlite_county, server) as (_, secret):
        (hook,) = rows(sqlite_county, xt.webhook)
        assert secret not in hook.secret and Vault(SECRET).open(hook.secret) == secret
        with sqlite_county.write() as connection:
            webhooks.remove(connection, "city", real_now())
        assert rows(sqlite_county, xt.webhook)[0].secret == ""


def test_lag_and_failures_are_measured(sqlite_county: Store) -> None:
    server = StandIn()
    with told(sqlite_county, server):
        report(sqlite_county, 2)
        with sqlite_county.read() as connection:
            found = webhooks.totals(connection)
            assert connection.execute(select(func.count()).select_from(t.outbox)).scalar() == found["webhook_lag_facts"]
    assert {"webhook_deliveries_failed", "webhooks_switched_off"} <= set(found)
