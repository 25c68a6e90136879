"""A rolling playlist (HLS) as one stream of bytes, of which every address is judged before it is connected to.

FFmpeg reads the bytes and learns no address: what a playlist names (lists, headers, segments, on whatever host) is
resolved, judged by the rules of cameras, and fetched from the number that was judged, without redirects, bounded in size
and time (`fetching.py`). Nothing that the list names at the first look is played: it may be of any age, and a list that
nobody writes any more would be shown as live after each new connection. What is added while we look is new.

Pictures come a segment at a time, so they are older than they arrive: `behind` says by how much at least.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin

from streams import playlist
from streams.addresses import Address, AddressRefusedError, AddressRules, PlaylistRefusedError, RemoteAddress, parsed
from streams.camera import Reason, Transit
from streams.fetching import LateError, TooMuchError, fetched
from streams.judging import SourceError, judged
from streams.playlist import Playlist, PlaylistError, Segment

LARGEST_SEGMENT = 16 << 20
"""Bytes: ten seconds of 12 Mbit/s."""
_MOST_HOSTS = 8
_MOST_WAITING = 3
"""Segments that wait: with as many only the newest is played, as a slow viewer loses pictures, not time."""
_LONGEST_PATIENCE = 40.0

Judge = Callable[[RemoteAddress, AddressRules, float], Address]


@dataclass(frozen=True, slots=True)
class Turn:
    """A segment that is being played: its begin in the list's own time, and whether it follows the one before."""

    number: int
    begins: float
    follows: bool


@dataclass(slots=True)
class _Look:
    """The last look at the list: when (monotonic), up to where it reached in its own time, and how much longer ago than
    usual that end had been reached."""

    at: float
    reached: float = 0.0
    late: float = 0.0


class Segments:
    """What FFmpeg reads as a file. A read that brings nothing is the end; `reason` says why."""

    def __init__(
        self, place: RemoteAddress, rules: AddressRules, stop: threading.Event, *, answer: float, silence: float,
        step: Callable[[], None], judge: Judge = judged,
    ) -> None:  # fmt: skip
        """
        Args:
            answer: seconds for one whole answer. silence: seconds without a new segment, beyond its length.
            step: called after whatever was asked has been answered.
            judge: resolves a host and refuses it; the tests' broken twin refuses none.
        """
        self._rules, self._stop, self._answer, self._silence = rules, stop, answer, silence
        self._step, self._judge = step, judge
        self._list = place
        self._hosts: dict[tuple[str, int], Address] = {}
        self._waiting: deque[tuple[Segment, float]] = deque()
        self._newest: int | None = None
        self._look: _Look | None = None
        self._edge = Transit(60.0)
        self._target = 2.0
        self._header: str | None = None
        self._rest = b""
        self.turn: Turn | None = None
        self.reason: Reason | None = None

    def read(self, size: int) -> bytes:
        """At most `size` bytes, never of two segments at once."""
        try:
            while not self._rest and not self._stop.is_set():
                self._rest = self._next()
        except SourceError as error:
            self.reason = error.reason
        except PlaylistRefusedError:
            self.reason = Reason.PLAYLIST
        except AddressRefusedError:
            self.reason = Reason.ADDRESS_REFUSED
        part, self._rest = self._rest[:size], self._rest[size:]
        return part

    def behind(self, now: float) -> float:
        """By how many seconds at least a picture from the begin of this turn is older than now."""
        if self._look is None or self.turn is None:
            return 0.0
        return max(0.0, now - self._look.at + self._look.reached - self.turn.begins + self._look.late)

    def _next(self) -> bytes:
        """The bytes of the next segment, its header first where that is another one; nothing when it was stopped."""
        self._wait_for_news()
        if not self._waiting:
            return b""
        segment, begins = self._waiting.popleft()
        head = self._headed(segment)
        body = self._fetched(self._named(segment.uri), LARGEST_SEGMENT, missing=Reason.CLOSED)
        follows = self.turn is not None and self.turn.number + 1 == segment.number
        self.turn = Turn(segment.number, begins, follows)
        return head + body

    def _headed(self, segment: Segment) -> bytes:
        if segment.header is None or segment.header == self._header:
            return b""
        if self._header is not None:
            raise SourceError(Reason.CLOSED)  # another stream begins: so does another connection
        self._header = segment.header
        return self._fetched(self._named(segment.header), playlist.LARGEST)

    def _wait_for_news(self) -> None:
        """Look at the list until it names something new, as often as RFC 8216 (§6.3.4) lets one."""
        began = time.monotonic()
        while not self._waiting and not self._stop.is_set():
            now = time.monotonic()
            patience = min(self._silence + 2.5 * self._target, _LONGEST_PATIENCE)
            if now - began > patience:
                raise SourceError(Reason.NO_DATA)
            pause = 0.0 if self._look is None else self._look.at + 0.5 * self._target - now
            if pause > 0 and self._stop.wait(pause):
                return
            self._look_again()

    def _look_again(self) -> None:
        listed = self._listed()
        now = time.monotonic()
        self._target = listed.target
        if listed.ended:
            raise SourceError(Reason.ENDED)
        if not listed.segments:
            self._look = self._look or _Look(now)
            self._look.at = now
            return
        reached, newest = self._admitted(listed.segments), listed.segments[-1].number
        if self._newest is not None and newest < self._newest:
            raise SourceError(Reason.CLOSED)  # it counts anew: another stream under the same address
        self._newest = newest
        self._look = _Look(now, reached, self._edge.late_by(reached, now))

    def _admitted(self, segments: tuple[Segment, ...]) -> float:
        """Let new segments wait. Returns up to where the list reaches in its own time, in which its first look's end is 0."""
        reached = 0.0 if self._look is None else self._look.reached
        for segment in segments:
            if self._newest is not None and segment.number > self._newest:
                self._waiting.append((segment, reached))
                reached += segment.seconds
        if len(self._waiting) >= _MOST_WAITING:
            self._waiting = deque([self._waiting[-1]])
        return reached

    def _listed(self) -> Playlist:
        """The list of segments. The first time it may stand behind a list of lists, whose first choice is followed, once."""
        found = self._list_at(self._list)
        if not found.lists:
            return found
        if self._look is not None:
            raise SourceError(Reason.BAD_ANSWER)
        self._list = self._named(found.lists[0])
        found = self._list_at(self._list)
        if found.lists:
            raise SourceError(Reason.BAD_ANSWER)
        return found

    def _list_at(self, place: RemoteAddress) -> Playlist:
        body = self._fetched(place, playlist.LARGEST)
        try:
            return playlist.read(body.decode("utf-8", "replace"))
        except PlaylistError as error:
            raise SourceError(Reason.UNSUPPORTED if error.unsupported else Reason.BAD_ANSWER) from None

    def _named(self, uri: str) -> RemoteAddress:
        """A place that the list names, judged as it is written: no file, no other scheme.

        Raises:
            AddressRefusedError: it may not be opened.
        """
        try:
            place = parsed(urljoin(self._list.parts.geturl(), uri), AddressRules(self._rules.networks))
        except ValueError:
            raise SourceError(Reason.BAD_ANSWER) from None
        if not isinstance(place, RemoteAddress) or place.scheme not in ("http", "https"):
            raise SourceError(Reason.ADDRESS_REFUSED)
        return place

    def _fetched(self, place: RemoteAddress, most: int, missing: Reason = Reason.NOT_FOUND) -> bytes:
        """A whole answer. `missing`: what it means where there is none; a segment may have been taken from the list meanwhile."""
        until = time.monotonic() + self._answer
        self._step()
        try:
            status, body = fetched(place, self._judged(place), until, most)
        except LateError:
            raise SourceError(Reason.TIMEOUT) from None
        except TooMuchError:
            raise SourceError(Reason.TOO_LARGE) from None
        except ConnectionRefusedError:
            raise SourceError(Reason.REFUSED) from None
        except ConnectionError:
            raise SourceError(Reason.CLOSED) from None
        except OSError:
            raise SourceError(Reason.UNREACHABLE) from None
        except (http.client.HTTPException, ValueError):
            raise SourceError(Reason.BAD_ANSWER) from None
        finally:
            self._step()
        if status != 200:
            raise SourceError(missing if status in (404, 410) else _refusal(status))
        return body

    def _judged(self, place: RemoteAddress) -> Address:
        """The number of a host. It is asked for once a connection: whatever the name service says later, this was judged."""
        host = (place.host, place.port)
        if host not in self._hosts:
            if len(self._hosts) >= _MOST_HOSTS:
                raise SourceError(Reason.BAD_ANSWER)
            self._hosts[host] = self._judge(place, self._rules, self._answer)
        return self._hosts[host]


def _refusal(status: int) -> Reason:
    if 300 <= status < 400:
        return Reason.REDIRECTED
    if status in (401, 403):
        return Reason.UNAUTHORISED
    return Reason.UNAVAILABLE if status >= 500 else Reason.BAD_ANSWER
