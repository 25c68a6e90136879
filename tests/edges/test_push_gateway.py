"""The push gateway on real sockets: who comes in, what is heard, and what happens to rubbish."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import os
import random
import socket
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from walls import dial, free_port, hear, hear_kind, hear_news, subscribe
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode

from alerts.backlog import Grid
from alerts.entrance import MALFORMED, NOT_ALLOWED, NOT_KNOWN, TOO_LATE, Credential
from alerts.gateway import Bounds, Gateway
from alerts.sequence import Fact
from models.accounts import Visitor
from models.messages import Counts, Figures, GridMap, Snapshot, TimeChanged, Trend
from models.moves import Role

QUICK = Bounds(heartbeat=0.1, subscribe=0.5, recheck=0.2, per_account=3, ring=50, connections=40)
NOTHING = Counts(open=0, reported_today=0, closed_today=0, overdue=0, due_soon=0, unreceipted=0, escalated=0)


def fact(number: int) -> Fact:
    now = datetime.now(UTC)
    return number, TimeChanged(id=str(number), at=now, county_at=now, speed=1.0).model_dump_json()


def picture(number: int, open_: int = 0, **grids: Grid) -> Snapshot:
    now = datetime.now(UTC)
    figures = Figures(
        id=f"{number}.0",
        at=now,
        county=NOTHING.model_copy(update={"open": open_}),
        emergencies=0,
        cameras_online=0,
        cameras_total=0,
        reported_yesterday=0,
        closed_due_month=0,
        closed_in_time_month=0,
        longest_overdue_seconds=None,
        new_today_open=0,
        levels={},
        towns={},
        departments=[],
        trend=Trend(hours=[], reported=[], closed=[]),
        spark={},
        pins=[],
        escalations=[],
        escalations_total=0,
    )
    return Snapshot(figures=figures, map=GridMap(id=f"{number}.1", at=now, whole=True, grids=grids))


@dataclass
class Register:
    """A hand-written `who`: names are credentials; it can forget somebody, or be away."""

    known: dict[str, Visitor] = field(
        default_factory=lambda: {
            "wall": Visitor("wall", Role.SYSTEM, scopes=frozenset({"read"})),
            "reporter": Visitor("reporter", Role.SYSTEM, scopes=frozenset({"report"})),
            "duty": Visitor("duty", Role.DUTY),
            "water": Visitor("water", Role.DEPARTMENT, department="water"),
        }
    )
    away: bool = False

    async def __call__(self, shown: Credential) -> Visitor | None:
        if self.away:
            raise OSError("the accounts are away")
        return self.known.get(shown.secret)


@dataclass
class Bench:
    gateway: Gateway
    port: int
    register: Register


@contextlib.asynccontextmanager
async def serving(bounds: Bounds = QUICK, *, last: int = 0, kept: int = 0) -> AsyncIterator[Bench]:
    """A gateway on a free port, whose outbox ends at `last` with `kept` facts before."""
    register = Register()
    gateway = Gateway(register, web_port=8050, bounds=bounds)
    gateway.begin(last, [fact(number) for number in range(last - kept + 1, last + 1)])
    port = free_port()
    async with gateway.serving("127.0.0.1", port):
        yield Bench(gateway, port, register)


def run(check: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(check())


async def refused(port: int, headers: dict[str, str], **more: Any) -> int:
    with pytest.raises(InvalidStatus) as error:
        async with dial(port, headers, **more):
            pass
    return error.value.response.status_code


async def closed_with(port: int, *messages: str | bytes, headers: dict[str, str] | None = None) -> int | None:
    """The close code after sending these."""
    async with dial(port, headers) as wire:
        with contextlib.suppress(ConnectionClosed):
            for message in messages:
                await wire.send(message)
            async with asyncio.timeout(3):
                while True:
                    await wire.recv()
        return wire.close_code


WALL = '{"kind":"subscribe","topics":["wall"],"after":null}'


def test_nobody_comes_in_without_a_credential_or_from_a_foreign_page() -> None:
    async def check() -> None:
        async with serving() as bench:
            assert await refused(bench.port, {}) == 401
            assert await refused(bench.port, {"Authorization": "Bearer stranger"}) == 401
            assert await refused(bench.port, {"Cookie": "gc_session=stranger"}) == 401
            known = {"Cookie": "gc_session=duty"}
            assert await refused(bench.port, known, origin="http://evil.example:8050") == 403
            assert await refused(bench.port, known, origin="http://127.0.0.1:8999") == 403
            bench.register.away = True
            assert await refused(bench.port, known) == 503
            bench.register.away = False
            async with dial(bench.port, known, origin="http://127.0.0.1:8050") as wire:
                assert wire.subprotocol == "gridcommand.v1"
                await subscribe(wire)
                assert (await hear(wire))["kind"] == "heartbeat"

    run(check)


def test_a_role_that_may_not_watch_is_refused_with_4403() -> None:
    async def check() -> None:
        async with serving() as bench:
            for name in ("reporter", "water"):
                assert await closed_with(bench.port, WALL, headers={"Authorization": f"Bearer {name}"}) == NOT_ALLOWED
            other = WALL.replace("wall", "desk")
            assert await closed_with(bench.port, other) == NOT_ALLOWED

    run(check)


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["hello"], MALFORMED),
        ([b"\x00\xff"], MALFORMED),
        ([WALL, WALL], MALFORMED),
        ([WALL, "x"], MALFORMED),
        ([], TOO_LATE),
        (["x" * 70_000], 1009),
    ],
)
def test_what_is_not_in_the_contract_ends_with_a_typed_close(messages: list[str | bytes], code: int) -> None:
    async def check() -> None:
        async with serving() as bench:
            assert await closed_with(bench.port, *messages) == code

    run(check)


def raw_socket(port: int, request: bytes = b"") -> socket.socket:
    """A connection below the library: with a proper handshake, or with anything."""
    key = base64.b64encode(os.urandom(16)).decode()
    proper = (
        f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer wall\r\n\r\n"
    ).encode()
    raw = socket.create_connection(("127.0.0.1", port), timeout=3)
    raw.sendall(request or proper)
    return raw


def close_code(raw: socket.socket) -> int | None:
    """The code of the close frame among what comes until the end; None where there is none."""
    received = b""
    with contextlib.suppress(OSError):
        while piece := raw.recv(65536):
            received += piece
    at = received.rfind(b"\x88")
    return int.from_bytes(received[at + 2 : at + 4], "big") if at >= 0 and len(received) >= at + 4 else None


def test_two_hundred_frames_of_rubbish_cause_typed_closes_and_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(7)
    mask = b"\0\0\0\0"

    def assault(port: int) -> set[int | None]:
        codes: set[int | None] = set()
        for turn in range(200):
            raw = raw_socket(port)
            try:
                raw.recv(4096)
                raw.sendall(
                    [
                        dice.randbytes(dice.randint(1, 200)),
                        b"\x81\x05hello",  # a client's frame without its mask
                        b"\x81\x82" + mask + b"\xff\xfe",  # no UTF-8
                        b"\x83\x80" + mask,  # a reserved opcode
                        b"\x81\xff" + (2**40).to_bytes(8, "big") + mask,  # a terabyte announced
                        b"\x89\xfe\x00\x80" + mask + b"x" * 128,  # a ping that is too long
                    ][turn % 6]
                )
                raw.shutdown(socket.SHUT_WR)
                codes.add(close_code(raw))
            except OSError:
                codes.add(None)
            finally:
                raw.close()
        for request in (b"\x16\x03\x01\x02\x00", b"POST /events HTTP/1.1\r\n\r\n", b"GET " + b"a" * 9000, b"\r\n\r\n"):
            raw = raw_socket(port, request)
            raw.shutdown(socket.SHUT_WR)
            with contextlib.suppress(OSError):
                raw.recv(4096)
            raw.close()
        return codes

    async def check() -> None:
        async with serving(replace(QUICK, connections=400)) as bench:
            codes = await asyncio.to_thread(assault, bench.port)
            assert {1002, 1007, 1009} <= codes
            async with dial(bench.port) as wire:
                await subscribe(wire)
                assert await hear(wire)
            await asyncio.sleep(0.1)
            assert json.loads(await asyncio.to_thread(health, bench.port))["connected"] == 0

    with caplog.at_level(logging.INFO):
        run(check)
    assert [
        record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info
    ] == []


def health(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=3) as answer:
        text: str = answer.read().decode()
        return text


def test_a_subscription_brings_figures_and_the_whole_map_then_facts_at_once_and_heartbeats() -> None:
    async def check() -> None:
        async with serving(last=10) as bench, dial(bench.port) as wire:
            bench.gateway.figures(picture(10, 4, a=(4, 1, 0)))
            await asyncio.sleep(0.05)
            await subscribe(wire)
            figures, map_ = await hear(wire), await hear(wire)
            assert (figures["kind"], figures["county"]["open"]) == ("figures", 4)
            assert (map_["kind"], map_["whole"], map_["grids"]) == ("map", True, {"a": [4, 1, 0]})
            await asyncio.sleep(0.05)
            begun = time.monotonic()
            bench.gateway.facts([fact(11)])
            assert (await hear_kind(wire, "time.changed"))["id"] == "11"
            assert time.monotonic() - begun < 0.1
            beats = [await hear_kind(wire, "heartbeat") for _ in range(3)]
            assert all(beat["id"].startswith("11.") for beat in beats)
            assert len({message["id"] for message in (figures, map_, *beats)}) == 5

    run(check)


def test_a_burst_of_pictures_becomes_four_a_second_and_ends_with_the_newest() -> None:
    async def check() -> None:
        async with serving(replace(QUICK, heartbeat=60)) as bench, dial(bench.port) as wire:
            bench.gateway.figures(picture(1, 0))
            await subscribe(wire)
            await hear_kind(wire, "map")
            begun = time.monotonic()
            for turn in range(1, 81):
                bench.gateway.figures(picture(1, turn))
                await asyncio.sleep(0.0125)
            seen: list[int] = []
            while not seen or seen[-1] != 80:
                seen.append((await hear_kind(wire, "figures"))["county"]["open"])
            took = time.monotonic() - begun
            assert len(seen) <= took / 0.25 + 1
            assert seen == sorted(set(seen))

    run(check)


def test_an_older_picture_never_replaces_a_newer_one() -> None:
    async def check() -> None:
        async with serving(replace(QUICK, heartbeat=60, figures=0.01)) as bench, dial(bench.port) as wire:
            old, new = picture(1, 1), picture(2, 2)
            bench.gateway.figures(new)
            bench.gateway.figures(old)
            await subscribe(wire)
            await asyncio.sleep(0.1)
            bench.gateway.figures(old)
            bench.gateway.figures(picture(3, 3))
            assert [(await hear_kind(wire, "figures"))["county"]["open"] for _ in range(2)] == [2, 3]

    run(check)


def test_map_differences_heard_on_the_wire_add_up_to_the_whole_map() -> None:
    dice = random.Random(3)
    codes = [f"grid{number}" for number in range(40)]

    async def check() -> None:
        async with serving(replace(QUICK, figures=0.01)) as bench, dial(bench.port) as early, dial(bench.port) as late:
            await subscribe(early)
            grids: dict[str, Grid] = {}
            shown: dict[str, list[int]] = {}
            for turn in range(12):
                for code in dice.sample(codes, 9):
                    grids[code] = (dice.randint(0, 4), 0, 0)
                for code in [code for code, counts in grids.items() if counts == (0, 0, 0)]:
                    del grids[code]
                bench.gateway.figures(picture(turn, 0, **grids))
                map_ = await hear_kind(early, "map")
                assert map_["whole"] is (turn == 0)
                shown |= map_["grids"]
            await subscribe(late)
            whole = (await hear_kind(late, "map"))["grids"]
            assert {code: counts for code, counts in shown.items() if counts != [0, 0, 0]} == whole

    run(check)


def test_a_client_that_comes_back_gets_what_it_missed_whatever_id_it_names() -> None:
    async def check() -> None:
        async with serving(replace(QUICK, heartbeat=60), last=100, kept=50) as bench:
            for after in ("90", "90.1795327794363"):
                async with dial(bench.port) as wire:
                    await subscribe(wire, after)
                    assert [(await hear_news(wire))["id"] for _ in range(10)] == [str(n) for n in range(91, 101)]
            async with dial(bench.port) as wire:
                await subscribe(wire, "100")
                bench.gateway.facts([fact(101)])
                assert (await hear_news(wire))["id"] == "101"

    run(check)


def test_a_client_that_missed_too_much_is_told_to_take_a_snapshot_and_goes_on_live() -> None:
    async def check() -> None:
        async with serving(replace(QUICK, heartbeat=60), last=1000, kept=50) as bench, dial(bench.port) as wire:
            await subscribe(wire, "900")
            assert (await hear_news(wire))["kind"] == "snapshot.required"
            bench.gateway.facts([fact(1001)])
            assert (await hear_news(wire))["id"] == "1001"

    run(check)


def test_a_client_that_another_gateway_served_quicker_waits_for_this_one() -> None:
    async def check() -> None:
        async with serving(replace(QUICK, heartbeat=60), last=100) as bench, dial(bench.port) as wire:
            await subscribe(wire, "102")
            await asyncio.sleep(0.2)
            bench.gateway.facts([fact(101), fact(102), fact(103)])
            assert (await hear_news(wire))["id"] == "103"

    run(check)


def test_a_client_from_a_future_that_never_was_is_told_to_take_a_snapshot() -> None:
    async def check() -> None:
        async with serving(replace(QUICK, heartbeat=60, ahead=0.2), last=100) as bench, dial(bench.port) as wire:
            await subscribe(wire, "5000")
            message = await hear_news(wire)
            assert (message["kind"], message["id"].split(".")[0]) == ("snapshot.required", "100")

    run(check)


def test_lost_numbers_are_told_to_everybody_as_snapshot_required() -> None:
    async def check() -> None:
        async with serving(replace(QUICK, heartbeat=60), last=10) as bench, dial(bench.port) as wire:
            await subscribe(wire, "10")
            await asyncio.sleep(0.1)
            bench.gateway.jumped(500)
            bench.gateway.facts([fact(501)])
            assert [(await hear_news(wire))["kind"] for _ in range(2)] == ["snapshot.required", "time.changed"]

    run(check)


def test_no_figure_names_a_fact_that_its_reader_has_not_been_given_yet() -> None:
    async def check() -> None:
        async with serving(replace(QUICK, heartbeat=60), last=100, kept=50) as bench:
            bench.gateway.figures(picture(100))
            await asyncio.sleep(0.05)
            async with dial(bench.port) as wire:
                await subscribe(wire, "70")
                assert (await hear(wire))["id"].split(".")[0] == "70"
            bench.gateway.figures(picture(107))  # the worker heard of facts before this gateway did
            await asyncio.sleep(0.3)
            async with dial(bench.port) as wire:
                await subscribe(wire, "100")
                assert (await hear_kind(wire, "figures"))["id"].split(".")[0] == "100"

    run(check)


def test_whoever_is_revoked_is_closed_with_4401_and_an_absent_register_closes_nobody() -> None:
    async def check() -> None:
        async with (
            serving() as bench,
            dial(bench.port, {"Cookie": "gc_session=duty"}) as duty,
            dial(bench.port) as wall,
        ):
            await subscribe(duty)
            await subscribe(wall)
            bench.register.away = True
            await asyncio.sleep(0.6)
            assert (await hear(duty))["kind"] == "heartbeat"
            bench.register.away = False
            bench.register.known["duty"] = Visitor("duty", Role.ADMIN)
            with pytest.raises(ConnectionClosed):
                while True:
                    await hear(duty)
            assert duty.close_code == NOT_ALLOWED
            del bench.register.known["wall"]
            with pytest.raises(ConnectionClosed):
                while True:
                    await hear(wall)
            assert wall.close_code == NOT_KNOWN

    run(check)


def test_an_account_has_a_few_connections_and_a_gateway_not_more_than_it_can_bear() -> None:
    async def check() -> None:
        async with serving(replace(QUICK, connections=5)) as bench, contextlib.AsyncExitStack() as stack:
            session = {"Cookie": "gc_session=duty"}
            wires = [await stack.enter_async_context(dial(bench.port, session)) for _ in range(3)]
            assert await refused(bench.port, session) == 429
            for _ in range(2):
                await stack.enter_async_context(dial(bench.port))
            assert await refused(bench.port, {"Authorization": "Bearer wall"}) == 503
            await wires[0].close()
            await stack.enter_async_context(dial(bench.port, session))

    run(check)


def test_nobody_comes_in_before_the_outbox_is_known_but_health_is_told() -> None:
    async def check() -> None:
        gateway = Gateway(Register(), bounds=QUICK, state=lambda: {"redis": False})
        port = free_port()
        async with gateway.serving("127.0.0.1", port):
            assert await refused(port, {"Authorization": "Bearer wall"}) == 503
            told = json.loads(await asyncio.to_thread(health, port))
            assert (told["ready"], told["connected"], told["redis"], told["lag_ms"]) == (False, 0, False, None)
            gateway.begin(0, [])
            async with dial(port) as wire:
                await subscribe(wire)
                await hear(wire)
                gateway.facts([fact(1)])
                told = json.loads(await asyncio.to_thread(health, port))
                assert (told["connected"], told["last"]) == (1, 1)
                assert 0 <= told["lag_ms"] < 200

    run(check)


def test_a_closing_gateway_says_that_it_goes_away() -> None:
    async def check() -> None:
        async with contextlib.AsyncExitStack() as stack:
            async with serving() as bench:
                wire = await stack.enter_async_context(dial(bench.port))
                await subscribe(wire)
                await hear(wire)
            with pytest.raises(ConnectionClosed):
                while True:
                    await hear(wire)
            assert wire.close_code == 1001

    run(check)


def test_a_frame_is_what_the_library_would_have_sent() -> None:
    """The gateway writes frames itself, encoded once; a client of the library must read them, also long ones."""

    async def check() -> None:
        async with serving(replace(QUICK, heartbeat=60)) as bench, dial(bench.port) as wire:
            await subscribe(wire)
            await asyncio.sleep(0.05)
            for number, size in enumerate((1, 125, 126, 65_535, 65_536, 300_000), 1):
                bench.gateway.facts([(number, json.dumps({"id": str(number), "kind": "x", "text": "网" * size}))])
                assert len((await hear_news(wire))["text"]) == size

    run(check)
    assert Frame(Opcode.TEXT, b"a").serialize(mask=False) == b"\x81\x01a"
