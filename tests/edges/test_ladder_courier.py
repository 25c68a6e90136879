"""Channels against real servers on loopback that answer, refuse, hang, reset and drip; at least once, all written down."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import SECRET
from sqlalchemy import insert, select, update

from alerts.channels.kinds import KINDS, ChannelRefused, demand_listed, listed, target
from alerts.channels.sending import Letter, Result, of_status, of_words, send, signature
from alerts.courier import Courier, Desk
from models import tables as t
from models.directory import Directories
from models.ladder import channels, deliveries
from models.ladder import tables as lt
from models.rules import Rules
from models.store import Store
from models.timebase import CountyClock, real_now
from models.vault import Vault

LETTER = Letter("【紧急】督办 GC-1", "井盖丢失")


class StandIn:
    """An HTTP server that does what it is told: a status, `hang`, `reset`, or `drip`."""

    def __init__(self) -> None:
        self.deed: Any = 200
        self.heard: list[tuple[dict[str, str], bytes]] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.heard.append((dict(self.headers), body))
                deed = outer.deed.pop(0) if isinstance(outer.deed, list) else outer.deed
                if deed == "hang":
                    time.sleep(2.0)
                elif deed == "reset":
                    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.connection.close()
                else:
                    self.send_response(302 if deed == "elsewhere" else int(deed))
                    if deed == "elsewhere":
                        self.send_header("Location", f"http://127.0.0.1:{outer.port}/elsewhere")
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def hosts(self) -> tuple[str, ...]:
        return (f"127.0.0.1:{self.port}",)


@pytest.fixture
def web() -> Iterator[StandIn]:
    server = StandIn()
    yield server
    server.server.shutdown()
    server.server.server_close()


@contextmanager
def mail_server(refuses: bool) -> Iterator[tuple[int, list[bytes]]]:
    """A mail server that takes one message, or refuses every recipient for good."""
    heard: list[bytes] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    text = b""
                    while not text.endswith(b"\r\n.\r\n"):
                        text += self.rfile.readline()
                    heard.append(text)
                    self.wfile.write(b"250 taken\r\n")
                elif word == b"RCPT" and refuses:
                    self.wfile.write(b"550 no such box\r\n")
                elif word == b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                else:
                    self.wfile.write(b"250 ok\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], heard
        server.shutdown()


@pytest.mark.parametrize(
    ("kind", "scheme"), [("webhook", "http://127.0.0.1:{port}/x#secret"), ("json", "json://127.0.0.1:{port}/x")]
)
def test_each_answer_has_its_verdict(web: StandIn, kind: str, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.channels.sending.READ", 0.6)
    where = target(kind, scheme.format(port=web.port))
    verdicts = {}
    for deed in (200, 204, 500, 503, 429, 400, 404, "elsewhere", "hang", "reset"):
        web.deed = deed
        verdicts[deed] = send(where, LETTER, web.hosts, 1).verdict
    assert verdicts == {
        200: "sent",
        204: "sent",
        500: "temporary",
        503: "temporary",
        429: "temporary",
        400: "permanent",
        404: "permanent",
        "elsewhere": "permanent",
        "hang": "temporary",
        "reset": "temporary",
    }
    assert not any("elsewhere" in str(headers) for headers, _body in web.heard)
    assert len(web.heard) == 10  # nobody followed the redirect


def test_a_server_that_is_not_there_and_a_host_that_is_not_listed(web: StandIn) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    gone = target("webhook", f"http://127.0.0.1:{port}/x#secret")
    assert send(gone, LETTER, (f"127.0.0.1:{port}",), 1) == Result("temporary", "no connection")
    here = target("webhook", f"http://127.0.0.1:{web.port}/x#secret")
    for hosts in ((), ("127.0.0.1",), ("127.0.0.1:1",), ("localhost",)):
        assert send(here, LETTER, hosts, 1) == Result("permanent", "host not listed")
    assert web.heard == []


def test_an_sms_gateway_gets_numbers_and_a_short_text_and_can_check_who_sent_it(web: StandIn) -> None:
    where = target("sms", f"http://127.0.0.1:{web.port}/sms?to=13800000000,13900000000#secret")
    assert send(where, LETTER, web.hosts, 1_700_000_000).verdict == "sent"
    headers, body = web.heard[0]
    wanted = hmac.new(b"secret", b"1700000000." + body, hashlib.sha256).hexdigest()
    assert headers["X-GC-Signature"] == f"t=1700000000,v1={wanted}" == signature("secret", body, 1_700_000_000)
    assert json.loads(body)["to"] == ["13800000000", "13900000000"]
    assert b"secret" not in body


@pytest.mark.parametrize(("refuses", "verdict"), [(False, "sent"), (True, "permanent")])
def test_mail_is_taken_or_refused_for_good(refuses: bool, verdict: str) -> None:
    with mail_server(refuses) as (port, heard):
        where = target("mail", f"mailto://127.0.0.1:{port}?from=gc@example.gov.cn&to=desk@example.gov.cn")
        result = send(where, LETTER, (f"127.0.0.1:{port}",), 1)
        assert result.verdict == verdict, result
        assert len(heard) == (0 if refuses else 1)


ADDRESSES = [
    ("webhook", "http://host/x"),  # unsigned
    ("webhook", "file:///etc/passwd#s"),
    ("webhook", "http://user:pw@host/x#s"),
    ("sms", "https://host/x#s"),  # to nobody
    ("wecom", "https://qyapi.weixin.qq.com/x"),
    ("mail", "mailto://host?smtp=10.0.0.1"),
    ("json", "json://"),
    ("json", "json://host:99999999/"),
    ("carrier-pigeon", "coo://"),
]


@pytest.mark.parametrize(("kind", "address"), ADDRESSES)
def test_an_address_that_cannot_be_is_refused_without_repeating_it(kind: str, address: str) -> None:
    with pytest.raises(ChannelRefused) as refusal:
        target(kind, address)
    assert address not in str(refusal.value)


def test_robots_go_to_their_own_service_and_nowhere_else() -> None:
    where = target("wecom", "wecombot://KEY-of-the-robot")
    assert (where.host, "KEY" in repr(where)) == ("qyapi.weixin.qq.com", False)
    assert listed(where, ["qyapi.weixin.qq.com"])
    with pytest.raises(ChannelRefused, match=r"\[notify\] hosts"):
        demand_listed(where, ["open.feishu.cn"])
    assert set(KINDS) >= {"wecom", "dingtalk", "feishu", "mail", "sms", "webhook"}


def test_what_apprise_says_is_understood() -> None:
    assert of_words(["Failed to send X: Bad Request, error=400."]) == of_status(400)
    assert of_words(["Socket Exception: (554, b'no')"]) == Result("permanent", "SMTP 554")
    assert of_words(["Feishu rejected our notification: code=9499 msg=Bad Request"]).verdict == "permanent"
    assert of_words(["A Connection error occurred"]) == Result("temporary", "no connection")


# --- the courier -----------------------------------------------------------------------------------------------------


def desk(store: Store) -> Desk:
    zone = ZoneInfo("Asia/Shanghai")
    return Desk(store, Rules(store, zone), CountyClock(store), Directories(store, refresh=0.0), Vault(SECRET))


def prepare(store: Store, web: StandIn, count: int, *, levels: Callable[[int], int] = lambda _n: 3) -> None:
    """A listed channel, and so many notifications that wait for it."""
    now = real_now()
    with store.write() as connection:
        county = connection.execute(select(t.rules.c.body).where(t.rules.c.name == "county")).scalar_one()
        body = {**county, "notify": {"hosts": list(web.hosts)}}
        connection.execute(update(t.rules).where(t.rules.c.name == "county").values(body=body))
        if not channels.listed(connection):
            address = f"http://127.0.0.1:{web.port}/x#secret"
            channels.add(connection, Vault(SECRET), "duty-room", "webhook", web.hosts[0], address, now)
        first = connection.execute(select(lt.notification.c.id)).scalars().all()
        rows = [
            {
                "kind": "message",
                "step": f"s{n}",
                "level": levels(n),
                "title": f"第 {n} 条",
                "at": now,
                "reason": "message",
            }
            for n in range(count)
        ]
        connection.execute(insert(lt.notification), rows)
        new = [k for k in connection.execute(select(lt.notification.c.id)).scalars() if k not in first]
        waiting = {"channel": "duty-room", "recipient": "duty-room", "state": "waiting", "not_before": now}
        connection.execute(
            insert(lt.delivery), [{**waiting, "notification_id": key, "next_try_at": now} for key in new]
        )


def rounds(courier: Courier, until: Callable[[], bool], seconds: float = 8) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "not in time"
        time.sleep(min(0.05, courier.round()))


def states(store: Store) -> list[str]:
    with store.read() as connection:
        return sorted(connection.execute(select(lt.delivery.c.state)).scalars())


def test_a_failure_for_now_is_tried_again_and_each_try_is_written_down(county_store: Store, web: StandIn) -> None:
    prepare(county_store, web, 1)
    web.deed = [500, 200]
    courier = Courier(desk(county_store))
    rounds(courier, lambda: len(web.heard) == 1)
    rounds(courier, lambda: tries(county_store) == ["temporary"])
    with county_store.write() as connection:
        row = connection.execute(select(lt.delivery)).one()
        assert row.state == "waiting"
        assert row.next_try_at > real_now() + timedelta(seconds=1)
        connection.execute(update(lt.delivery).values(next_try_at=real_now()))
    rounds(courier, lambda: states(county_store) == ["sent"])
    assert tries(county_store) == ["temporary", "sent"]
    courier.close()


def tries(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.execute(select(lt.attempt.c.outcome).order_by(lt.attempt.c.id)).scalars())


def test_a_failure_for_good_is_not_tried_again(county_store: Store, web: StandIn) -> None:
    prepare(county_store, web, 1)
    web.deed = 400
    courier = Courier(desk(county_store))
    rounds(courier, lambda: states(county_store) == ["failed"])
    for _ in range(5):
        courier.round()
    assert len(web.heard) == 1
    courier.close()


def test_two_thousand_of_a_minute_are_a_handful_of_letters_and_none_is_lost(county_store: Store, web: StandIn) -> None:
    prepare(county_store, web, 2000, levels=lambda n: 1 if n % 500 == 0 else 3 + n % 2)
    courier = Courier(desk(county_store))
    rounds(courier, lambda: states(county_store) == ["sent"] * 2000, 40)
    courier.close()
    assert len(web.heard) == 10
    gravest = json.loads(web.heard[0][1])["text"].splitlines()
    assert ["第 0 条" in line for line in gravest].count(True) == 1  # what is grave is told by name, and first
    assert "特急" in gravest[0]


def test_what_a_killed_courier_held_is_sent_by_the_next_one(county_store: Store, web: StandIn) -> None:
    prepare(county_store, web, 2)
    now = real_now()
    with county_store.write() as connection:
        assert deliveries.claim(connection, now, now) is not None  # … and dies
    with county_store.write() as connection:
        assert deliveries.claim(connection, now, now) is None
        assert deliveries.claim(connection, now, now + deliveries.LEASE) is not None
    with county_store.write() as connection:  # a clock that was set back holds nothing for ever
        assert deliveries.claim(connection, now, now - timedelta(minutes=10)) is None
        connection.execute(update(lt.delivery).values(next_try_at=now - timedelta(hours=1)))
        assert deliveries.claim(connection, now, now - timedelta(minutes=10)) is not None


def test_quiet_hours_hold_a_channel_and_the_backlog_says_how_far_behind(county_store: Store, web: StandIn) -> None:
    prepare(county_store, web, 3)
    now = real_now()
    with county_store.write() as connection:
        connection.execute(update(lt.delivery).values(not_before=now + timedelta(hours=2)))
        assert not deliveries.waits(connection, now, now)
        assert deliveries.backlog(connection, now, now).waiting == 0
        late = now + timedelta(hours=3)
        assert deliveries.backlog(connection, late, late).waiting == 3
        assert deliveries.backlog(connection, late, late).oldest > timedelta(hours=2)


def test_an_address_is_sealed_and_gone_when_its_channel_is(county_store: Store, web: StandIn) -> None:
    prepare(county_store, web, 1)
    with county_store.write() as connection:
        row = channels.one(connection, "duty-room")
        assert "secret" not in row.address
        channels.remove(connection, "duty-room", real_now())
        assert connection.execute(select(lt.channel.c.address)).scalar_one() == ""
    assert states(county_store) == ["failed"]
