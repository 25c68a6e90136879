"""Live views: which streams are wanted, what a viewer is still to be sent, and what he says. Pure: no socket, no clock.

A viewer who is slow gets fewer pictures, not older ones: what waits for him is bounded in bytes and in time, and when
it is full it is thrown away up to the next key picture, from which a player can go on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

LIVE_SUBPROTOCOL = "gridcommand.live.v1"
SUB, MAIN = "sub", "main"
Key = tuple[str, str]
"""A camera's id and which of its streams."""

MOST_BYTES = 3 << 20
MOST_SECONDS = 1.0
LINGER_SECONDS = 5.0
"""How long a stream that nobody watches any more is kept, so that a page that turns need not begin anew."""


class LiveRequest(BaseModel):
    """A viewer's first message: this ticket, that stream."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["live"]
    ticket: str = Field(max_length=2048)
    stream: Literal["sub", "main"] = "sub"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a stream: `init` (how to play it), `data` (a picture's fragment), `mode` (no video, and why)."""

    part: Literal["init", "data", "mode"]
    head: dict[str, Any]
    body: bytes = field(repr=False, default=b"")
    key: bool = False
    taken: float = 0.0


class Queue:
    """What waits for one viewer. `dropped`: pictures he was spared."""

    def __init__(self, most_bytes: int = MOST_BYTES, most_seconds: float = MOST_SECONDS) -> None:
        self._most_bytes, self._most_seconds = most_bytes, most_seconds
        self._waiting: deque[tuple[float, Message]] = deque()
        self._bytes = 0
        self._until_key = True
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def begin(self, messages: list[Message], now: float) -> None:
        """A stream begins (or begins anew): its `init` and the group that runs. Whatever waited belongs to the past."""
        self._waiting.clear()
        self._bytes = 0
        self._until_key = True
        for message in messages:
            self._put(message, now)

    def offer(self, message: Message, now: float) -> None:
        """One more message. Where too much waits already, it is thrown away up to the next key picture."""
        if self._waiting and (
            self._bytes + len(message.body) > self._most_bytes or now - self._waiting[0][0] > self._most_seconds
        ):
            self._clear(now)
            self._until_key = True
        self._put(message, now)

    def next(self) -> Message | None:
        if not self._waiting:
            return None
        _, message = self._waiting.popleft()
        self._bytes -= len(message.body)
        return message

    def _put(self, message: Message, now: float) -> None:
        if message.part == "data" and self._until_key:
            if not message.key:
                self.dropped += 1
                return
            self._until_key = False
        self._waiting.append((now, message))
        self._bytes += len(message.body)

    def _clear(self, now: float) -> None:
        """Pictures go; how to play a stream stays, or nothing could be played at all."""
        kept = [(now, message) for _, message in self._waiting if message.part != "data"]
        self.dropped += len(self._waiting) - len(kept)
        self._waiting = deque(kept)
        self._bytes = sum(len(message.body) for _, message in kept)


class Relay:
    """One stream that somebody watches: how it began, the group of pictures that runs, and its viewers' queues."""

    def __init__(self) -> None:
        self._first: Message | None = None
        self._group: list[Message] = []
        self._bytes = 0
        self.queues: set[Queue] = set()
        self.idle_since: float | None = None

    def join(self, queue: Queue, now: float) -> None:
        self.queues.add(queue)
        self.idle_since = None
        if self._first is not None:
            queue.begin([self._first, *self._group], now)

    def leave(self, queue: Queue, now: float) -> None:
        self.queues.discard(queue)
        if not self.queues:
            self.idle_since = now

    def renew(self, now: float) -> None:
        """What came before was taken under other masks: nobody is sent any more of it. The stream begins anew."""
        self._first, self._group, self._bytes = None, [], 0
        for queue in self.queues:
            queue.begin([], now)

    def take(self, message: Message, now: float) -> None:
        """A message of the stream has come from its worker."""
        if message.part != "data":
            self._first, self._group, self._bytes = message, [], 0
            for queue in self.queues:
                queue.begin([message], now)
            return
        if message.key:
            self._group, self._bytes = [], 0
        if message.key or self._group:
            self._group.append(message)
            self._bytes += len(message.body)
        if self._bytes > MOST_BYTES:
            self._group = []
        for queue in self.queues:
            queue.offer(message, now)


class Relays:
    """All streams that are watched. `want` is called with a key and whether it is wanted from now on: no viewer, no
    stream."""

    def __init__(self, want: Callable[[Key, bool], None]) -> None:
        self._want = want
        self._relays: dict[Key, Relay] = {}

    @property
    def wanted(self) -> frozenset[Key]:
        return frozenset(self._relays)

    def join(self, key: Key, queue: Queue, now: float) -> None:
        if key not in self._relays:
            self._relays[key] = Relay()
            self._want(key, True)
        self._relays[key].join(queue, now)

    def leave(self, key: Key, queue: Queue, now: float) -> None:
        if key in self._relays:
            self._relays[key].leave(queue, now)

    def take(self, key: Key, message: Message, now: float) -> None:
        if key in self._relays:
            self._relays[key].take(message, now)

    def renew(self, camera: str, now: float) -> None:
        """See `Relay.renew`, for each of a camera's streams."""
        for (owner, _), relay in self._relays.items():
            if owner == camera:
                relay.renew(now)

    def ticked(self, now: float) -> None:
        """Let go of what nobody has watched for a while."""
        for key, relay in list(self._relays.items()):
            if relay.idle_since is not None and now - relay.idle_since >= LINGER_SECONDS:
                del self._relays[key]
                self._want(key, False)

    def viewers(self, key: Key) -> int:
        relay = self._relays.get(key)
        return len(relay.queues) if relay else 0
