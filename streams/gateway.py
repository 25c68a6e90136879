"""The video gateway: on /tiles one WebSocket a page, key pictures of its cameras, the newest wins; on /live one for each
live view (`streams.live`). Denies by default."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Annotated, NoReturn
from urllib.parse import parse_qs, urlsplit
from weakref import WeakKeyDictionary

from pydantic import Field, TypeAdapter, ValidationError
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from streams.board import Board
from streams.camera import Moment
from streams.live import LIVE_PATH, LiveDesk, View, ViewRefusedError, turned_away
from streams.relay import LIVE_SUBPROTOCOL
from streams.rounds import PatrolRequest, RoundKey, Rounds
from streams.tiles import (
    SUBPROTOCOL,
    Backlog,
    WatchRequest,
    beat_message,
    elsewhere_message,
    picture_message,
    refused_message,
    state_message,
)

log = logging.getLogger("gridcommand.video")

PATH = "/tiles"
MASKS_PATH = "/masks"
"""Asked over plain HTTP: are a camera's masks in force? See `streams.inforce`."""
_SEND_BUFFER_BYTES = 128 << 10
_WRITE_LIMIT_BYTES = 64 << 10
_UNAUTHORISED, _POLICY = 4401, 1008
_REQUEST: TypeAdapter[WatchRequest | PatrolRequest] = TypeAdapter(
    Annotated[WatchRequest | PatrolRequest, Field(discriminator="kind")]
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client showed: its cookies, its bearer token, the address it comes from."""

    cookies: Mapping[str, str]
    bearer: str | None
    address: str


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who watches. `name` is counted and logged; `grant` is whatever `visible` needs to decide (role, area, …)."""

    name: str
    grant: object = None


MayWatch = Callable[[Credentials], Awaitable[Viewer | None]]
"""Who is this? None: nobody who may watch. An exception or an answer after 3 s counts as None."""
InForce = Callable[[str], Awaitable[str | None]]
"""Reads the register anew; then the mark of the masks under which this camera is shown, None where it is not shown here."""
Visible = Callable[[Viewer, str], bool]
"""May this viewer see this camera? An exception counts as no."""


@dataclass(frozen=True, slots=True)
class Courtesy:
    """Bounds towards viewers. Seconds and counts.

    Attributes:
        beat: silence after which a sign of life is sent.
        patience: how long one message may wait for a viewer that does not read before he is dropped.
        again: how often it is asked anew whether a viewer may still watch (a revoked session ends within it).
        per_viewer, total: connections.
        requests: watch messages accepted in ten seconds.
        first: how long a new connection may take to say what it watches.
    """

    beat: float = 2.0
    patience: float = 6.0
    again: float = 30.0
    per_viewer: int = 24
    total: int = 500
    requests: int = 30
    first: float = 10.0


@dataclass(slots=True)
class _Seat:
    """One connection's viewer, the cameras he asked for, and what waits for him of those he may see."""

    viewer: Viewer
    credentials: Credentials
    wanted: frozenset[str] = frozenset()
    backlog: Backlog = field(default_factory=Backlog)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    view: View | None = None
    round: RoundKey | None = None
    group_due: bool = False


class Gateway:
    """Serves a board's pictures. `origins`: exact origins of pages that may open a socket; `web_port`: pages of the
    same host on this port may, too."""

    def __init__(
        self, board: Board, moment: Callable[[], Moment], *, origins: frozenset[str], web_port: int | None,
        may_watch: MayWatch, visible: Visible, courtesy: Courtesy | None = None, live: LiveDesk | None = None,
        elsewhere: Callable[[str], str | None] = lambda camera: None, rounds: Rounds | None = None,
        in_force: InForce | None = None, faults: Callable[[str], Iterable[str]] = lambda camera: (),
    ) -> None:  # fmt: skip
        self._faults = faults
        self._board, self._moment = board, moment
        self._in_force = in_force
        self._origins, self._web_port = origins, web_port
        self._may_watch, self._visible = may_watch, visible
        self._courtesy = courtesy or Courtesy()
        self._live = live
        self._elsewhere = elsewhere
        self._rounds = rounds
        self._admitted: WeakKeyDictionary[ServerConnection, _Seat] = WeakKeyDictionary()
        self._seats: dict[ServerConnection, _Seat] = {}
        self.evicted = 0
        """Viewers dropped because they did not read."""
        self.port = 0

    @property
    def viewers(self) -> int:
        return len(self._seats)

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[Gateway]:
        """Accept viewers until the block is left; then all connections are closed."""
        line = _listening_socket(host, port)
        self._board.on_picture.add(self._mark_picture)
        self._board.on_standing.add(self.judged)
        server = serve(
            self._serve, sock=line, process_request=self._admission,
            subprotocols=[Subprotocol(SUBPROTOCOL), Subprotocol(LIVE_SUBPROTOCOL)],
            compression=None, max_size=64 << 10, write_limit=_WRITE_LIMIT_BYTES, ping_interval=20, ping_timeout=20,
            open_timeout=5, close_timeout=1, logger=_quiet(), server_header=None,
        )  # fmt: skip
        try:
            async with server:
                self.port = line.getsockname()[1]
                yield self
                for connection in list(self._seats):
                    connection.transport.abort()
        finally:
            self._board.on_picture.discard(self._mark_picture)
            self._board.on_standing.discard(self.judged)

    def _mark_picture(self, camera: str) -> None:
        if self._live:
            self._live.pictured(camera)
        for seat in self._seats.values():
            if seat.backlog.mark_picture(camera):
                seat.wake.set()

    def judged(self, camera: str) -> None:
        """A camera's state, or what stands of its health, has changed."""
        if self._live:
            self._live.changed(camera)
        for seat in self._seats.values():
            if camera in seat.wanted - seat.backlog.watched and self._shows(seat.viewer, camera):
                seat.backlog.watch_also(camera)  # it was asked for before it was on the register
                seat.wake.set()
            elif seat.backlog.mark_state(camera):
                seat.wake.set()

    async def _admission(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse before the handshake whoever may not watch; None lets him in."""
        path = request.path.partition("?")[0]
        if path not in (PATH, LIVE_PATH, MASKS_PATH):
            return connection.respond(HTTPStatus.NOT_FOUND, "The video gateway serves /tiles and /live only.\n")
        credentials = shown_in(request, connection)
        host = (request.headers.get_all("Host") or [""])[0]
        if not origin_allowed(request.headers.get_all("Origin"), host, self._origins, self._web_port):
            return connection.respond(HTTPStatus.FORBIDDEN, "Pages of this origin may not open the video gateway.\n")
        viewer = await self._asked(credentials)
        if viewer is None:
            return connection.respond(HTTPStatus.UNAUTHORIZED, "Sign in to watch cameras.\n")
        if path == MASKS_PATH:
            return connection.respond(HTTPStatus.OK, await self._masks(request.path.partition("?")[2]))
        names = Counter(seat.viewer.name for seat in self._seats.values())
        if names[viewer.name] >= self._courtesy.per_viewer or names.total() >= self._courtesy.total:
            return connection.respond(HTTPStatus.TOO_MANY_REQUESTS, "Too many open connections; close one.\n")
        self._admitted[connection] = _Seat(viewer, credentials)
        connection.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 10_000)
        return None

    async def _masks(self, query: str) -> str:
        """The answer to whoever has saved masks: the mark of those in force here, or the gateway that watches the camera."""
        camera = next(iter(parse_qs(query).get("camera", [])), "")
        try:
            mark = await self._in_force(camera) if self._in_force else None
        except Exception:
            log.exception("the register of cameras could not be read: whether masks are in force is not known")
            mark = None
        abroad = None if mark else self._elsewhere(camera)
        return json.dumps({"camera": camera, "masks": mark, "elsewhere": abroad}) + "\n"

    async def _asked(self, credentials: Credentials) -> Viewer | None:
        try:
            async with asyncio.timeout(3.0):
                return await self._may_watch(credentials)
        except Exception:
            log.exception("whether a viewer may watch could not be found out: refused")
            return None

    async def _serve(self, connection: ServerConnection) -> None:
        seat = self._seats[connection] = self._admitted.pop(connection)
        assert connection.request is not None
        live = connection.request.path.partition("?")[0] == LIVE_PATH
        works = (self._watch_live, self._recheck) if live else (self._hear, self._feed, self._recheck)
        try:
            async with asyncio.TaskGroup() as tasks:
                for work in works:
                    tasks.create_task(work(connection, seat))
        except* (ConnectionClosed, TimeoutError, OSError):
            pass
        except* Exception:
            log.exception("a viewer's connection failed")
        finally:
            self._seats.pop(connection, None)

    async def _watch_live(self, connection: ServerConnection, seat: _Seat) -> None:
        """One live view: its ticket, then its stream until he goes, may no longer, or reads too slowly."""
        async with asyncio.timeout(self._courtesy.first):
            text = await connection.recv()
        view = await self._viewed(connection, seat, text)
        assert self._live is not None
        self._live.join(view)
        seat.view = view
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._live.feed(view, lambda message: self._send(connection, message)))
                tasks.create_task(self._nothing_more(connection))
        finally:
            self._live.leave(view)

    async def _viewed(self, connection: ServerConnection, seat: _Seat, text: str | bytes) -> View:
        try:
            if self._live is None:
                raise ViewRefusedError("Live views are not offered here.")
            return self._live.opened(text, seat.viewer.name, lambda camera: self._shows(seat.viewer, camera))
        except ViewRefusedError as refusal:
            await turned_away(connection, str(refusal))
            raise ConnectionAbortedError from refusal

    async def _nothing_more(self, connection: ServerConnection) -> None:
        """A live view says one thing only; whoever says more is shown out, and who goes ends it."""
        await connection.recv()
        await _expelled(connection, _POLICY, "a live view takes one message")

    async def _hear(self, connection: ServerConnection, seat: _Seat) -> None:
        """Take watch messages until the client goes; then end the other tasks of the connection, too."""
        times: deque[float] = deque(maxlen=self._courtesy.requests)
        wait: float | None = self._courtesy.first
        while True:
            async with asyncio.timeout(wait):
                text = await connection.recv()
            wait, now = None, self._moment().mono
            if len(times) == times.maxlen and now - times[0] < 10.0:
                await _expelled(connection, _POLICY, "too many requests")
            times.append(now)
            try:
                request = _REQUEST.validate_json(text)
            except ValidationError:
                await _expelled(connection, _POLICY, 'expected {"kind":"watch","cameras":[…]} or {"kind":"patrol",…}')
            if isinstance(request, PatrolRequest):
                await self._patrol(connection, seat, request)
            else:
                seat.round = None
                await self._watch(connection, seat, frozenset(request.cameras))

    async def _patrol(self, connection: ServerConnection, seat: _Seat, request: PatrolRequest) -> None:
        if self._rounds is None or not self._rounds.knows(request.plan):
            await _expelled(connection, _POLICY, "there is no such patrol")
            return
        seat.round = (request.plan, request.tiles)
        self._follow(seat, self._rounds)

    def _follow(self, seat: _Seat, rounds: Rounds) -> None:
        """A screen's patrol has a new group, or one that comes next: its pictures are to be sent."""
        assert seat.round is not None
        now, following = rounds.group(seat.round, self._moment().mono)
        seat.wanted = frozenset(now) | frozenset(following)
        seat.backlog.watch(frozenset(camera for camera in seat.wanted if self._shows(seat.viewer, camera)))
        seat.group_due = True
        seat.wake.set()

    def ticked(self, mono: float) -> None:
        """Time has passed: patrols move on."""
        if self._rounds is None:
            return
        followed = frozenset(seat.round for seat in self._seats.values() if seat.round is not None)
        changed = self._rounds.ticked(followed, mono)
        for seat in self._seats.values():
            if seat.round in changed:
                self._follow(seat, self._rounds)

    async def _watch(self, connection: ServerConnection, seat: _Seat, cameras: frozenset[str]) -> None:
        shown = frozenset(camera for camera in cameras if self._shows(seat.viewer, camera))
        seat.wanted = cameras
        seat.backlog.watch(shown)
        seat.wake.set()
        abroad = {camera: url for camera in cameras - shown if (url := self._abroad(seat.viewer, camera))}
        if abroad:
            await self._send(connection, elsewhere_message(abroad))
        if refused := cameras - shown - set(abroad):
            await self._send(connection, refused_message(sorted(refused)))

    def _abroad(self, viewer: Viewer, camera: str) -> str | None:
        """The gateway of the host that watches a camera this viewer may see; None where there is none."""
        try:
            return self._elsewhere(camera) if self._visible(viewer, camera) is True else None
        except Exception:
            log.exception("where camera %s is watched could not be found out", camera)
            return None

    def _shows(self, viewer: Viewer, camera: str) -> bool:
        try:
            return self._board.standing(camera) is not None and self._visible(viewer, camera) is True
        except Exception:
            log.exception("whether camera %s is visible could not be found out: refused", camera)
            return False

    async def _feed(self, connection: ServerConnection, seat: _Seat) -> None:
        """Send what is marked, states first; a sign of life where there is nothing to send."""
        while True:
            try:
                async with asyncio.timeout(self._courtesy.beat):
                    await seat.wake.wait()
            except TimeoutError:
                now = self._moment()
                await self._send(connection, beat_message(now.at, now.mono))
            seat.wake.clear()
            while message := self._next(seat):
                await self._send(connection, message)

    def _next(self, seat: _Seat) -> str | bytes | None:
        """The next message for a viewer, as of now."""
        if seat.group_due and seat.round is not None and self._rounds is not None:
            seat.group_due = False
            return self._rounds.message(
                seat.round, lambda camera: self._shows(seat.viewer, camera), self._moment().mono
            )
        while (camera := seat.backlog.next_state()) is not None:
            if standing := self._board.standing(camera):
                return state_message(standing, self._faults(camera))
        while (camera := seat.backlog.next_picture()) is not None:
            standing, shot = self._board.standing(camera), self._board.shot(camera)
            if standing and shot:
                return picture_message(shot, standing, self._moment().mono)
        return None

    async def _send(self, connection: ServerConnection, message: str | bytes) -> None:
        """Send within the viewer's patience; he who does not read is dropped, at once and without farewell."""
        try:
            async with asyncio.timeout(self._courtesy.patience):
                await connection.send(message)
        except TimeoutError:
            self.evicted += 1
            connection.transport.abort()
            raise

    async def _recheck(self, connection: ServerConnection, seat: _Seat) -> None:
        """Ask again and again whether he may still watch, and what."""
        while True:
            await asyncio.sleep(self._courtesy.again)
            viewer = await self._asked(seat.credentials)
            if viewer is None:
                await _expelled(connection, _UNAUTHORISED, "no longer signed in")
                return
            seat.viewer = viewer
            if seat.view and not self._still_watches(seat, seat.view):
                await _expelled(connection, _UNAUTHORISED, "this view is over; ask for a new ticket")
            if seat.backlog.watched != {camera for camera in seat.wanted if self._shows(viewer, camera)}:
                await self._watch(connection, seat, seat.wanted)

    def _still_watches(self, seat: _Seat, view: View) -> bool:
        over = self._live is None or self._live.expired(view, self._moment())
        return not over and self._shows(seat.viewer, view.key[0]) and seat.viewer.name == view.viewer


async def _expelled(connection: ServerConnection, code: int, why: str) -> NoReturn:
    """Close, and end the connection's other tasks."""
    await connection.close(code, why)
    raise ConnectionAbortedError


def origin_allowed(shown: list[str], host: str, origins: frozenset[str], web_port: int | None) -> bool:
    """Whether a page of this origin may connect: one of the exact origins, or the gateway's own host on the web port.

    A browser always names its page's origin; a client without one is no browser, so no foreign page can lead it, and
    its credentials alone decide. What cannot be read is refused.
    """
    if not shown:
        return True
    if len(shown) == 1 and shown[0] in origins:
        return True
    if len(shown) > 1 or web_port is None:
        return False
    try:
        page, here = urlsplit(shown[0]), urlsplit(f"//{host}")
        port = page.port or {"http": 80, "https": 443}.get(page.scheme)
    except ValueError:
        return False
    return (
        page.scheme in ("http", "https") and bool(page.hostname) and page.hostname == here.hostname and port == web_port
    )


def shown_in(request: Request, connection: ServerConnection) -> Credentials:
    """The credentials in a request. A header that cannot be read counts as absent."""
    cookies: dict[str, str] = {}
    try:
        for line in request.headers.get_all("Cookie"):
            cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
    except CookieError:
        cookies = {}
    kind, _, token = (request.headers.get_all("Authorization") or [""])[0].partition(" ")
    bearer = token.strip() if kind.lower() == "bearer" and token.strip() else None
    remote = connection.remote_address
    return Credentials(cookies, bearer, str(remote[0]) if remote else "")


def _listening_socket(host: str, port: int) -> socket.socket:
    """Small send buffers, inherited by every connection: pictures wait on the board, where they are replaced, and
    not in the kernel, where they would grow old."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    line = socket.socket(family, socket.SOCK_STREAM)
    try:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        line.bind((host, port))
    except OSError:
        line.close()
        raise
    return line


def _quiet() -> logging.Logger:
    """The library reports every port scan as an error with its stack: none of them is one."""
    quiet = logging.getLogger("gridcommand.video.websockets")
    quiet.setLevel(logging.CRITICAL)
    return quiet
