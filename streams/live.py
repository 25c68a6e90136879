"""Live views over one WebSocket each: a ticket first, then fragments for a browser's MediaSource, or key pictures.

    client: {"kind":"live","ticket":…,"stream":"sub"|"main"}
    server: {"kind":"view","camera":…,"viewer":…,"stream":"sub"|"main","mode":"video"|"pictures","why":…,"mime":…, …}
            then binary messages, each a head as JSON (its length in 4 bytes before it) and its bytes:
            {"part":"init"} · {"part":"data","key":…,"age_ms":…,"sent":…} · {"part":"picture", … as on /tiles}
            {"kind":"state", …} and {"kind":"beat", …} as on /tiles

Nothing is sent before the ticket is verified: it names the ledger's row. Who watches is asked anew again and again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import struct
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from websockets.asyncio.server import ServerConnection

from streams.board import Board
from streams.camera import Moment
from streams.relay import MAIN, SUB, Key, LiveRequest, Message, Queue, Relays
from streams.tap import Mode, Why
from streams.tickets import LONGEST_VIEW, Ticket, TicketRefusedError
from streams.tiles import beat_message, picture_message, state_message
from streams.wire import CameraSpec

log = logging.getLogger("gridcommand.video")

LIVE_PATH = "/live"
REFUSED = 4403
Verify = Callable[[str, str], Ticket]
"""A ticket's text and the viewer's name → the ticket. Raises `TicketRefusedError`."""


def no_ticket(text: str, viewer: str) -> Ticket:
    """Stands where no tickets are issued: nobody watches live."""
    raise TicketRefusedError("Live views are not offered here.")


class ViewRefusedError(Exception):
    """A view is not given, or is over. The text is a sentence for the viewer."""


@dataclass(slots=True)
class View:
    """One viewer's live view."""

    viewer: str
    ticket: Ticket
    key: Key
    why: Why | None
    queue: Queue = field(default_factory=Queue)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    pictures: bool = False
    picture_due: bool = False
    state_due: bool = True


@dataclass(frozen=True, slots=True)
class LiveDesk:
    """What live views stand on.

    Attributes:
        spec: what the register says of a camera that is watched here.
        want: opens and closes a stream at its worker; called at its first and after its last viewer.
        verify: judges tickets.
        most_masked: streams that are encoded anew at one time (masked cameras: a 27th of a core each).
        most: streams at one time altogether.
        faults: what stands of a camera's health.
    """

    board: Board
    moment: Callable[[], Moment]
    spec: Callable[[str], CameraSpec | None]
    relays: Relays
    verify: Verify = no_ticket
    most_masked: int = 8
    most: int = 200
    beat: float = 2.0
    faults: Callable[[str], Iterable[str]] = lambda camera: ()
    views: dict[int, View] = field(default_factory=dict)

    # -- what the worker and the board say ----------------------------------------------------------------------------

    def take(self, key: Key, message: Message) -> None:
        """A message of a stream has come from its worker. Who asked for a main stream that cannot be had (H.265, or its
        source fails) gets the sub stream, and is told why."""
        if message.part == "mode" and key[1] == MAIN:
            for view in [view for view in self.views.values() if view.key == key]:
                self._to_sub(view, Why(message.head["why"]))
            return
        self.relays.take(key, message, self.moment().mono)
        for view in self.views.values():
            if view.key == key:
                view.wake.set()

    def renewed(self, camera: str) -> None:
        """The camera's entry has changed (its masks, its address): no viewer is sent anything from before. Whoever watches
        the main stream of a camera that has masks now goes on with the masked sub stream."""
        self.relays.renew(camera, self.moment().mono)
        spec = self.spec(camera)
        for view in [view for view in self.views.values() if view.key == (camera, MAIN)]:
            if spec is None or spec.masks:
                self._to_sub(view, Why.MASKED)

    def pictured(self, camera: str) -> None:
        for view in self.views.values():
            if view.pictures and view.key[0] == camera:
                view.picture_due = True
                view.wake.set()

    def changed(self, camera: str) -> None:
        for view in self.views.values():
            if view.key[0] == camera:
                view.state_due = True
                view.wake.set()

    # -- one viewer ---------------------------------------------------------------------------------------------------

    def opened(self, text: str | bytes, viewer: str, visible: Callable[[str], bool]) -> View:
        """The view that a first message asks for.

        Raises:
            ViewRefusedError: there is no leave to watch this.
        """
        try:
            request = LiveRequest.model_validate_json(text)
            ticket = self.verify(request.ticket, viewer)
        except ValidationError as error:
            raise ViewRefusedError('Expected {"kind":"live","ticket":…,"stream":"sub"|"main"}.') from error
        except TicketRefusedError as error:
            raise ViewRefusedError(str(error)) from error
        spec = self.spec(ticket.camera)
        if spec is None or not spec.registered or not visible(ticket.camera):
            raise ViewRefusedError("This camera is not shown here.")
        stream, why = self._stream(spec, request.stream)
        return View(viewer, ticket, (spec.id, stream), why)

    def _stream(self, spec: CameraSpec, asked: str) -> tuple[str, Why | None]:
        """The stream that is given, and why it is another than asked for."""
        if spec.masks:
            return SUB, Why.MASKED
        if asked == MAIN and not spec.main_address:
            return SUB, Why.NO_MAIN
        return asked, None

    def join(self, view: View) -> None:
        """Begin to watch: by video where there is room for one more stream, else by key pictures."""
        self.views[id(view)] = view
        spec = self.spec(view.key[0])
        if view.key not in self.relays.wanted and self._full(masked=bool(spec and spec.masks)):
            view.pictures, view.picture_due, view.why = True, True, Why.BUSY
            view.queue.begin([_mode(Why.BUSY)], self.moment().mono)
        else:
            self.relays.join(view.key, view.queue, self.moment().mono)
        view.wake.set()

    def _to_sub(self, view: View, why: Why) -> None:
        now = self.moment().mono
        self.relays.leave(view.key, view.queue, now)
        view.key, view.why = (view.key[0], SUB), why
        self.relays.join(view.key, view.queue, now)
        view.wake.set()

    def _full(self, *, masked: bool) -> bool:
        wanted = self.relays.wanted
        if len(wanted) >= self.most:
            return True
        specs = [self.spec(camera) for camera, _ in wanted]
        return masked and sum(bool(spec and spec.masks) for spec in specs) >= self.most_masked

    def leave(self, view: View) -> None:
        self.views.pop(id(view), None)
        self.relays.leave(view.key, view.queue, self.moment().mono)

    def expired(self, view: View, now: Moment) -> bool:
        """Has it lasted as long as one ticket lets it?"""
        return now.at.timestamp() > view.ticket.expires + LONGEST_VIEW / timedelta(seconds=1)

    async def feed(self, view: View, send: Callable[[str | bytes], Awaitable[None]]) -> None:
        """Send what there is to send, for as long as it goes."""
        while True:
            try:
                async with asyncio.timeout(self.beat):
                    await view.wake.wait()
            except TimeoutError:
                now = self.moment()
                await send(beat_message(now.at, now.mono))
            view.wake.clear()
            while (message := self._next(view)) is not None:
                await send(message)

    def _next(self, view: View) -> str | bytes | None:
        """The next message as of now: state first, then video, else the newest picture."""
        camera = view.key[0]
        standing = self.board.standing(camera)
        if view.state_due and standing:
            view.state_due = False
            return state_message(standing, self.faults(camera))
        message = view.queue.next()
        if message is not None:
            return self._worded(view, message)
        shot = self.board.shot(camera)
        if view.picture_due and standing and shot:
            view.picture_due = False
            return picture_message(shot, standing, self.moment().mono)
        return None

    def _worded(self, view: View, message: Message) -> str | bytes:
        if message.part == "data":
            mono = self.moment().mono
            age = max(0, round((mono - message.taken) * 1000))
            return _binary(
                {"part": "data", "key": message.key, "age_ms": age, "sent": round(mono * 1000)}, message.body
            )
        mode = message.head.get("mode", Mode.VIDEO.value)
        view.pictures = view.picture_due = mode == Mode.PICTURES.value
        why = message.head.get("why") or (view.why.value if view.why else None)
        camera, stream = view.key
        told = {"kind": "view", "camera": camera, "viewer": view.viewer, "stream": stream, "mode": mode, "why": why}
        if message.part == "init":
            facts = {name: message.head[name] for name in ("mime", "width", "height", "masked", "behind")}
            return _binary({"part": "init", **told, **facts}, message.body)
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _mode(why: Why) -> Message:
    return Message("mode", {"mode": Mode.PICTURES.value, "why": why.value})


def _binary(head: dict[str, Any], body: bytes) -> bytes:
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    return struct.pack(">I", len(text)) + text + body


async def turned_away(connection: ServerConnection, sentence: str) -> None:
    """Close with a sentence that fits into a close frame."""
    await connection.close(REFUSED, sentence.encode()[:120].decode(errors="ignore"))
