"""The push gateway: `ws://HOST:PUSH_PORT/events`, subprotocol `gridcommand.v1` (design.md §3).

Every message is encoded once and written to every screen that keeps up. A screen that does not keep up gets nothing
until it has drained, and then the newest state; one that does not answer a ping is cut off. So neither its memory nor
its slowness touches the others (reliability.md §1.8: `broadcast()` alone buffers without limit).
"""

from __future__ import annotations

import asyncio
import contextlib
import http
import json
import logging
import socket
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pydantic_core import from_json
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.typing import Subprotocol

from alerts.backlog import Picture, Ring
from alerts.desks import concerns
from alerts.entrance import (
    MALFORMED,
    NOT_KNOWN,
    TOO_LATE,
    Credential,
    Turned,
    admit,
    credential,
    fact_before,
    origin_allowed,
    subscription,
)
from alerts.inboxes import Inboxes, Unread
from alerts.rooms import TOPIC, emergencies_in, heard_by
from alerts.sequence import Fact
from models.accounts import Visitor
from models.messages import SUBPROTOCOL, DeskChanged, Heartbeat, InboxChanged, Message, Snapshot, SnapshotRequired
from models.moves import Role

log = logging.getLogger(__name__)

Who = Callable[[Credential], Awaitable[Visitor | None]]
"""Whose credential it is; None for nobody's. Raises where that cannot be known now."""
PATH = "/events"


@dataclass(frozen=True)
class Bounds:
    """Every limit of a gateway. Times in seconds, sizes in bytes."""

    lag: int = 128 * 1024
    """Unsent bytes beyond which a screen counts as slow and gets nothing more until it has drained."""
    drained: int = 32 * 1024
    kernel: int = 64 * 1024
    """Send buffer of the kernel: what lies there cannot be taken back, so it is small."""
    answer: float = 7.0
    """A ping must be answered within this time, …"""
    ping: float = 2.5
    """… and is sent this often: together under ten seconds from the last read to the eviction."""
    subscribe: float = 5.0
    recheck: float = 20.0
    ring: int = 5_000
    figures: float = 0.25
    heartbeat: float = 2.0
    per_account: int = 10
    per_token: int = 1_000
    """A client system, or a device token of displays, may connect many screens."""
    connections: int = 2_000
    received: int = 64 * 1024
    ahead: float = 1.0
    """How long an `after` may lie ahead of this gateway: another one was quicker."""


class Guest(ServerConnection):
    """A connection that knows who is at the other end."""

    visitor: Visitor | None = None
    credential: Credential | None = None
    counted: str | None = None
    topics: tuple[str, ...] = ("wall",)
    left: Callable[[Guest], None] | None = None

    def __init__(self, *arguments: Any, kernel: int, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._kernel = kernel

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        wire = transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._kernel)
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 10_000)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.left:
            self.left(self)


class Seat:
    """A screen that has subscribed. `cursor` is the last fact it was given while it is not live."""

    def __init__(self, wire: Guest, cursor: int) -> None:
        self.wire = wire
        self.cursor = cursor

    @property
    def unsent(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return self.wire.transport.get_write_buffer_size()

    @property
    def open(self) -> bool:
        return self.wire.state is State.OPEN and not self.wire.transport.is_closing()

    async def send(self, messages: Sequence[bytes]) -> None:
        """Send, waiting where the client is slow.

        Raises:
            ConnectionClosed: it is gone, or was cut off while we waited.
        """
        for message in messages:
            await self.wire.send(message, text=True)


class InboxSeat(Seat):
    """A page that listens to its own account's inbox: see `alerts.inboxes`."""

    def __init__(self, wire: Guest, account: str, drained: int, encoded: Callable[[int], bytes]) -> None:
        super().__init__(wire, 0)
        self.account = account
        self._drained = drained
        self._encoded = encoded

    @property
    def keeps_up(self) -> bool:
        return self.unsent <= self._drained

    async def send_unread(self, unread: int) -> None:
        await self.wire.send(self._encoded(unread), text=True)


class RoomSeat(Seat):
    """A page that hears of emergencies alone: see `alerts.rooms`."""

    def __init__(self, wire: Guest) -> None:
        super().__init__(wire, 0)


class DeskSeat(Seat):
    """A desk that sees a part of the county: see `alerts.desks`."""

    def __init__(self, wire: Guest) -> None:
        super().__init__(wire, 0)

    def concerned(self, facts: Sequence[Mapping[str, Any]]) -> bool:
        return self.wire.visitor is not None and any(concerns(self.wire.visitor, fact) for fact in facts)


class Gateway:
    """Takes what a follower brings (`facts`, `figures`, `jumped`) and pushes it. Lives in one event loop."""

    def __init__(
        self,
        who: Who,
        *,
        origins: Collection[str] = (),
        web_port: int = 8050,
        bounds: Bounds | None = None,
        nudge: Callable[[], None] = lambda: None,
        state: Callable[[], dict[str, Any]] = dict,
        unread: Unread | None = None,
    ) -> None:
        self._who = who
        self._origins = origins
        self._web_port = web_port
        self.bounds = bounds or Bounds()
        self._nudge = nudge
        self._state = state
        self._ring = Ring(self.bounds.ring)
        self._picture = Picture()
        self._waiting: Snapshot | None = None
        self._pictured = 0.0
        self._drawn_at: datetime | None = None
        self._drawn = 0.0
        self._begun = False
        self._live: set[Seat] = set()
        self._inboxes = Inboxes(unread or _nothing_unread)
        self._listening: set[InboxSeat] = set()
        self._in_rooms: set[RoomSeat] = set()
        self._desks: set[DeskSeat] = set()
        self._wires: set[Guest] = set()
        self._counted: Counter[str] = Counter()
        self._serial = int(time.time() * 1000)  # so that a gateway that begins anew does not use an id again
        self._lags: deque[float] = deque(maxlen=200)
        self._moved = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.evicted = 0
        self.lagged = 0

    # -- what a follower brings ---------------------------------------------------------------------------------------

    def begin(self, last: int, facts: Sequence[Fact]) -> None:
        """Where the outbox ends now, and the facts before that; clients are let in from here on."""
        self._ring.restart(facts[0][0] - 1 if facts else last)
        self._ring.extend((number, body.encode()) for number, body in facts)
        self._begun = True

    def facts(self, facts: list[Fact]) -> None:
        """Push contiguous facts at once."""
        before = self._ring.last
        messages = [body.encode() for _number, body in facts]
        self._ring.extend(zip((number for number, _body in facts), messages, strict=True))
        self._broadcast(messages, before)
        self._lags.append(_seconds_since(messages[-1]))
        self._moved.set()
        self._inboxes.nudge()
        if self._in_rooms:
            self._tell_rooms([body for _number, body in facts])
        self._tell_desks(messages)

    def _tell_rooms(self, bodies: Sequence[str]) -> None:
        """Facts about emergencies to the pages of rooms. Whoever does not keep up is cut off, and asks anew."""
        found = emergencies_in(bodies)
        for seat in tuple(self._in_rooms) if found else ():
            who = seat.wire.visitor  # as it was recognised last: an account may have moved to another department
            if not seat.open or who is None:
                continue
            if self._keeps_up(seat):
                for body in heard_by(who, found):
                    seat.wire.transport.write(Frame(Opcode.TEXT, body.encode()).serialize(mask=False))
            else:
                seat.wire.transport.abort()

    def _tell_desks(self, messages: Sequence[bytes]) -> None:
        """One word to each desk that these facts may concern."""
        if not self._desks:
            return
        facts = [from_json(message) for message in messages]
        self._whisper([seat for seat in self._desks if seat.concerned(facts)], DeskChanged)

    def _whisper(self, seats: Collection[Seat], kind: type[Message]) -> None:
        """Write one message to those that keep up; the others hear the next."""
        frame = Frame(Opcode.TEXT, self._encoded(kind)).serialize(mask=False)
        for seat in tuple(seats):
            if seat.open and self._keeps_up(seat):
                seat.wire.transport.write(frame)

    def jumped(self, last: int) -> None:
        """Facts up to `last` will never come: every screen takes a fresh snapshot."""
        self._whisper(self._desks, DeskChanged)
        self._ring.restart(last)
        self._broadcast([self._encoded(SnapshotRequired)], last)
        self._moved.set()

    def figures(self, snapshot: Snapshot) -> None:
        """A new picture; broadcast at most every `bounds.figures` seconds, the newest one."""
        if not self._newer(snapshot):
            return
        fresh = self._waiting is None
        self._waiting = snapshot
        if fresh:
            wait = self._pictured + self.bounds.figures - time.monotonic()
            asyncio.get_running_loop().call_later(max(0.0, wait), self._paint)

    def _newer(self, snapshot: Snapshot) -> bool:
        """Two workers overlap when one hands over; a picture from before is dropped, unless all have stopped or the
        clock was set back."""
        now, at = time.monotonic(), snapshot.figures.at
        if self._drawn_at is not None and at <= self._drawn_at and (at == self._drawn_at or now - self._drawn < 5):
            return False
        self._drawn_at, self._drawn = at, now
        return True

    def _paint(self) -> None:
        snapshot, self._waiting = self._waiting, None
        if snapshot is None:
            return
        self._pictured = time.monotonic()
        self._picture.renew(snapshot)
        self._broadcast(self._picture.change(self._picture_ids(self._ring.last)), self._ring.last)

    @property
    def figures_age(self) -> float | None:
        """Seconds since the last picture came; None before the first."""
        return None if self._drawn_at is None else time.monotonic() - self._drawn

    # -- sending ------------------------------------------------------------------------------------------------------

    def _id(self, number: int) -> str:
        self._serial += 1
        return f"{number}.{self._serial}"

    def _picture_ids(self, cursor: int) -> tuple[str, str]:
        """A picture names the last fact that it includes, and never one that its reader has not been given yet."""
        number = min(self._picture.number, cursor)
        return self._id(number), self._id(number)

    def _encoded(self, kind: type[Message], number: int | None = None) -> bytes:
        return (
            kind(id=self._id(self._ring.last if number is None else number), at=datetime.now(UTC))
            .model_dump_json()
            .encode()
        )

    def _unread_message(self, unread: int) -> bytes:
        message = InboxChanged(id=self._id(self._ring.last), at=datetime.now(UTC), unread=unread)
        return message.model_dump_json().encode()

    def _broadcast(self, messages: Sequence[bytes], before: int) -> None:
        """Write to everybody who keeps up. `before`: the last fact that they had until now."""
        frames = b"".join(Frame(Opcode.TEXT, message).serialize(mask=False) for message in messages)
        for seat in tuple(self._live):
            if not seat.open:
                self._live.discard(seat)
            elif self._keeps_up(seat):
                seat.wire.transport.write(frames)
            else:
                self._live.discard(seat)
                seat.cursor = before
                self.lagged += 1
                self._spawn(self._recover(seat))

    def _keeps_up(self, seat: Seat) -> bool:
        return seat.unsent <= self.bounds.lag

    async def _recover(self, seat: Seat) -> None:
        """A slow screen: wait until it has read what it has, then bring it the newest state."""
        while seat.open and seat.unsent > self.bounds.drained:
            await asyncio.sleep(0.05)
        if seat.open:
            with contextlib.suppress(ConnectionClosed):
                await self._catch_up(seat)

    async def _catch_up(self, seat: Seat) -> None:
        """Figures, the whole map, the facts behind the cursor; again until nothing is newer; then live."""
        version = -1
        while version != self._picture.version or seat.cursor != self._ring.last:
            if version != self._picture.version:
                version = self._picture.version
                whole = self._picture.whole(self._picture_ids(seat.cursor))
                await seat.send(whole or [self._encoded(Heartbeat, seat.cursor)])  # an id from the first moment on
            missed = self._ring.behind(seat.cursor, 64)
            if missed is None:
                seat.cursor = self._ring.last
                await seat.send([self._encoded(SnapshotRequired)])
            elif missed:
                seat.cursor += len(missed)
                await seat.send(missed)
        self._live.add(seat)  # nothing was awaited since the comparison

    # -- one client ---------------------------------------------------------------------------------------------------

    async def attend(self, wire: ServerConnection) -> None:
        """One connection from the first message to the last."""
        if not isinstance(wire, Guest):
            raise TypeError("expected a connection made by this gateway")
        pulse = asyncio.create_task(self._pulse(wire))
        seat: Seat | None = None
        try:
            seat = await self._seated(wire)
            if isinstance(seat, InboxSeat):
                self._listening.add(seat)
                self._inboxes.add(seat)
            elif isinstance(seat, RoomSeat):
                self._in_rooms.add(seat)
            elif isinstance(seat, DeskSeat):
                self._desks.add(seat)
                self._whisper([seat], DeskChanged)  # what came before it listened
            else:
                await self._catch_up(seat)
            await wire.recv()
            raise Turned(MALFORMED, "Expected no message after the subscription.")
        except Turned as turned:
            await wire.close(turned.code, turned.reason)
        except ConnectionClosed:
            return
        finally:
            pulse.cancel()
            if seat:
                self._live.discard(seat)
            if isinstance(seat, RoomSeat):
                self._in_rooms.discard(seat)
            if isinstance(seat, InboxSeat):
                self._listening.discard(seat)
                self._inboxes.discard(seat)
            elif isinstance(seat, DeskSeat):
                self._desks.discard(seat)

    async def _seated(self, wire: Guest) -> Seat:
        try:
            async with asyncio.timeout(self.bounds.subscribe):
                message = await wire.recv()
        except TimeoutError:
            raise Turned(TOO_LATE, f"Expected a subscription within {self.bounds.subscribe:g} s.") from None
        wanted = subscription(message)
        if wire.visitor is None:
            raise Turned(NOT_KNOWN, "Not known here any more.")
        admit(wire.visitor, wanted.topics)
        wire.topics = tuple(wanted.topics)
        if wire.topics == ("inbox",):
            return InboxSeat(wire, wire.visitor.name, self.bounds.drained, self._unread_message)
        if wire.topics == (TOPIC,):
            return RoomSeat(wire)
        if wire.topics == ("desk",):
            return DeskSeat(wire)
        after = fact_before(wanted.after)
        if after is not None and after > self._ring.last:
            await self._reach(after)
        return Seat(wire, self._ring.last if after is None else after)

    async def _reach(self, number: int) -> None:
        """Another gateway may have been quicker; the outbox tells."""
        self._nudge()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.bounds.ahead):
                while self._ring.last < number:
                    self._moved.clear()
                    await self._moved.wait()

    async def _pulse(self, wire: Guest) -> None:
        """Cut off a client that does not read: its ping waits behind what it has not read."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(self.bounds.ping)
                try:
                    async with asyncio.timeout(self.bounds.answer):
                        await (await wire.ping())
                except TimeoutError:
                    self.evicted += 1
                    wire.transport.abort()
                    return

    # -- the door -----------------------------------------------------------------------------------------------------

    async def _answer(self, wire: ServerConnection, request: Request) -> Response | None:
        """Before the handshake: health, or who it is. None lets the client in."""
        path = request.path.split("?")[0]
        if path == "/healthz":
            return self._health(wire)
        if path != PATH:
            return wire.respond(http.HTTPStatus.NOT_FOUND, f"Expected {PATH}.\n")
        headers = request.headers
        origins, hosts = headers.get_all("Origin"), headers.get_all("Host")
        origin = origins[0] if origins else None
        if len(origins) > 1 or not origin_allowed(origin, hosts[0] if hosts else "", self._origins, self._web_port):
            return wire.respond(http.HTTPStatus.FORBIDDEN, "This page's origin may not connect here.\n")
        if not self._begun:
            return wire.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "Not ready yet; try again.\n")
        shown = credential(headers.get_all("Authorization"), headers.get_all("Cookie"))
        try:
            visitor = await self._who(shown) if shown else None
        except Exception as error:  # whoever cannot be known now is not let in
            log.warning("A client could not be recognised (%s).", type(error).__name__)
            return wire.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "Accounts cannot be read now; try again.\n")
        if shown is None or visitor is None:
            return wire.respond(http.HTTPStatus.UNAUTHORIZED, "Log in first, or send a bearer token.\n")
        return self._count(wire, visitor, shown)

    def _count(self, wire: ServerConnection, visitor: Visitor, shown: Credential) -> Response | None:
        key = f"{shown.kind}:{visitor.name}"
        device = shown.kind == "token" or visitor.role is Role.DISPLAY
        limit = self.bounds.per_token if device else self.bounds.per_account
        if self._counted[key] >= limit:
            return wire.respond(http.HTTPStatus.TOO_MANY_REQUESTS, f"At most {limit} connections at a time.\n")
        if len(self._wires) >= self.bounds.connections:
            return wire.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "This gateway is full; try another.\n")
        if isinstance(wire, Guest):
            wire.visitor, wire.credential, wire.counted, wire.left = visitor, shown, key, self._leave
            self._wires.add(wire)
            self._counted[key] += 1
        return None

    def _leave(self, wire: Guest) -> None:
        self._wires.discard(wire)
        if wire.counted:
            self._counted[wire.counted] -= 1
            if self._counted[wire.counted] <= 0:
                del self._counted[wire.counted]

    def _health(self, wire: ServerConnection) -> Response:
        lags = sorted(self._lags)
        health = {
            "connected": sum(1 for guest in self._wires if guest.state is State.OPEN),
            "live": len(self._live),
            "last": self._ring.last,
            "lag_ms": round(lags[int(len(lags) * 0.95)] * 1000, 1) if lags else None,
            "evicted": self.evicted,
            "lagged": self.lagged,
            "ready": self._begun,
            "figures_age_ms": None if self._drawn_at is None else round((time.monotonic() - self._drawn) * 1000),
            **self._state(),
        }
        response = wire.respond(http.HTTPStatus.OK, json.dumps(health) + "\n")
        del response.headers["Content-Type"]
        response.headers["Content-Type"] = "application/json"
        return response

    # -- what goes on by itself ---------------------------------------------------------------------------------------

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.bounds.heartbeat)
            self._broadcast([self._encoded(Heartbeat)], self._ring.last)
            self._whisper(self._listening, Heartbeat)
            self._whisper(self._desks, Heartbeat)
            self._whisper(self._in_rooms, Heartbeat)

    async def _recheck(self) -> None:
        """Ask again who everybody is, once per credential; who is revoked goes, who cannot be known now stays."""
        while True:
            await asyncio.sleep(self.bounds.recheck)
            for shown in {wire.credential for wire in self._wires if wire.credential}:
                try:
                    visitor = await self._who(shown)
                except Exception as error:
                    log.warning("Clients could not be recognised again (%s).", type(error).__name__)
                    break
                for wire in [wire for wire in self._wires if wire.credential == shown]:
                    self._look_again(wire, visitor)

    def _look_again(self, wire: Guest, visitor: Visitor | None) -> None:
        wire.visitor = visitor
        try:
            if visitor is None:
                raise Turned(NOT_KNOWN, "Not known here any more.")
            admit(visitor, wire.topics)
        except Turned as turned:
            self._spawn(wire.close(turned.code, turned.reason))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @contextlib.asynccontextmanager
    async def serving(self, host: str, port: int, sock: socket.socket | None = None) -> AsyncIterator[None]:
        """Listen; on exit every client is told that the gateway goes away (1001)."""
        quiet = logging.getLogger("alerts.wire")
        quiet.propagate = False
        quiet.setLevel(logging.CRITICAL + 1)  # a hostile frame is worth a close code, not a traceback
        where: dict[str, Any] = {"sock": sock} if sock else {"host": host, "port": port}
        made: Any = partial(Guest, kernel=self.bounds.kernel)
        server = await serve(
            self.attend,
            **where,
            process_request=self._answer,
            create_connection=made,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            select_subprotocol=_subprotocol,
            compression=None,
            server_header=None,
            open_timeout=self.bounds.subscribe,
            close_timeout=1.0,
            ping_interval=None,
            max_size=self.bounds.received,
            max_queue=4,
            write_limit=(self.bounds.drained * 2, self.bounds.drained),
            logger=quiet,
            backlog=1024,
        )
        duties = (self._beat(), self._recheck(), self._inboxes.watch())
        own = [asyncio.create_task(duty) for duty in duties]
        try:
            yield
        finally:
            for task in [*own, *self._tasks]:
                task.cancel()
            server.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.5):
                    await server.wait_closed()


async def _nothing_unread(accounts: Collection[str]) -> Mapping[str, int]:
    """Where no store was given, nobody has an inbox."""
    return {}


def _subprotocol(_wire: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return Subprotocol(SUBPROTOCOL) if SUBPROTOCOL in offered else None


def _seconds_since(message: bytes) -> float:
    """Real seconds since a fact was written; 0 where it says no time."""
    try:
        at = datetime.fromisoformat(from_json(message)["at"])
        return max(0.0, (datetime.now(UTC) - at).total_seconds())
    except (ValueError, KeyError, TypeError):
        return 0.0
