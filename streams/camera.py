"""A camera's state as a pure function of what was seen: alive is a fresh picture, nothing else.

    connecting ──picture──▶ live ──3 s without a fresh one, or a failure──▶ stalled ──8 s──▶ offline
        └──────────────── failure, or 8 s without a picture ─────────────────────────────────▶ offline
    and from every state a fresh picture leads to live.

Time comes as an argument: a `Moment` is one reading of both clocks. Ages are measured on the monotonic one, so that a
step of the wall clock can make nothing fresh or stale. An answer of a library ("opened", "ok") plays no part: streams
that stall go on answering "ok" with old pictures (docs: video.md §3), which is why `Freshness` judges every picture.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    CONNECTING = "connecting"
    LIVE = "live"
    STALLED = "stalled"
    OFFLINE = "offline"


class Reason(StrEnum):
    """Why a camera is not live. Each has a text in the catalogue under `cameras.reason.<value>`."""

    UNREGISTERED = "unregistered"
    ADDRESS_REFUSED = "address_refused"
    PLAYLIST = "playlist"
    REDIRECTED = "redirected"
    NAME_UNKNOWN = "name_unknown"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    UNAUTHORISED = "unauthorised"
    NOT_FOUND = "not_found"
    UNAVAILABLE = "unavailable"
    BAD_ANSWER = "bad_answer"
    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too_large"
    NO_VIDEO = "no_video"
    NO_PICTURE = "no_picture"
    CLOSED = "closed"
    NO_DATA = "no_data"
    FROZEN = "frozen"
    REPEATED = "repeated"
    CORRUPT = "corrupt"
    MISSING = "missing"
    BROKEN = "broken"
    TRUNCATED = "truncated"
    ENDED = "ended"
    MASK_FAILED = "mask_failed"
    STUCK = "stuck"
    WORKER_DIED = "worker_died"


LASTING = frozenset(
    {
        Reason.UNREGISTERED, Reason.ADDRESS_REFUSED, Reason.PLAYLIST, Reason.REDIRECTED, Reason.UNAUTHORISED, Reason.NOT_FOUND,
        Reason.UNSUPPORTED, Reason.TOO_LARGE, Reason.NO_VIDEO, Reason.MISSING, Reason.BROKEN, Reason.TRUNCATED,
        Reason.ENDED, Reason.MASK_FAILED,
    }
)  # fmt: skip
"""Reasons that need a person: no picture is to be expected soon, so the camera is offline at once."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading of both clocks: monotonic seconds, and the UTC instant."""

    mono: float
    at: datetime

    def back_at(self, mono: float) -> datetime:
        """The instant at an earlier (or later) monotonic reading."""
        return self.at + timedelta(seconds=mono - self.mono)


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds without a fresh picture until a camera counts as stalled, and as offline."""

    stalled_after: float = 3.0
    offline_after: float = 8.0


@dataclass(frozen=True, slots=True)
class Watch:
    """What is known of one camera. `since`: when this state began; for stalled and offline when the last fresh
    picture was taken, if there was one. `fresh_at`: monotonic time of that picture. `doubt`: why the newest pictures
    were not taken as fresh."""

    state: State
    reason: Reason | None
    since: datetime
    began: float
    fresh_at: float | None = None
    doubt: Reason | None = None


def begun(now: Moment) -> Watch:
    return Watch(State.CONNECTING, None, now.at, now.mono)


def pictured(watch: Watch, seen_at: float, now: Moment, limits: Limits) -> Watch:
    """A picture that the worker judged fresh, seen at this monotonic time, has arrived now.

    One that was long under way, or is not newer than the newest, proves nothing about the present and changes nothing.
    """
    late = now.mono - seen_at > limits.stalled_after
    if late or seen_at > now.mono or (watch.fresh_at is not None and seen_at <= watch.fresh_at):
        return watch
    if watch.state is State.LIVE:
        return replace(watch, fresh_at=seen_at, doubt=None)
    return Watch(State.LIVE, None, now.back_at(seen_at), watch.began, seen_at)


def doubted(watch: Watch, reason: Reason) -> Watch:
    """Pictures come that are not fresh (frozen, repeated, corrupt): if the camera stalls, this will be why."""
    return replace(watch, doubt=reason)


def failed(watch: Watch, reason: Reason, now: Moment) -> Watch:
    """Opening or reading failed for this reason."""
    if reason in LASTING or watch.state in (State.CONNECTING, State.OFFLINE):
        return _gone(watch, State.OFFLINE, reason, now)
    return _gone(watch, State.STALLED, reason, now)


def ticked(watch: Watch, now: Moment, limits: Limits) -> Watch:
    """Time has passed; nothing else has happened."""
    seen = watch.began if watch.fresh_at is None else watch.fresh_at
    age = now.mono - seen
    if watch.state is State.LIVE and age > limits.stalled_after:
        return _gone(watch, State.STALLED, watch.doubt or Reason.NO_DATA, now)
    if watch.state is State.STALLED and age > limits.offline_after:
        return _gone(watch, State.OFFLINE, watch.reason or Reason.NO_DATA, now)
    if watch.state is State.CONNECTING and age > limits.offline_after:
        return _gone(watch, State.OFFLINE, watch.doubt or Reason.TIMEOUT, now)
    return watch


def _gone(watch: Watch, state: State, reason: Reason, now: Moment) -> Watch:
    if watch.state is state:
        return replace(watch, reason=reason)
    since = now.at if watch.fresh_at is None else now.back_at(watch.fresh_at)
    return replace(watch, state=state, reason=reason, since=since)


def age(watch: Watch, now: Moment) -> float | None:
    """Seconds since the newest fresh picture was seen; None before the first."""
    return None if watch.fresh_at is None else max(0.0, now.mono - watch.fresh_at)


class Freshness:
    """Judges each decoded picture of one connection: does it prove that the camera sees now?

    Not fresh is a picture that is corrupt; one with the very bytes of its predecessor (a sensor's noise makes that
    impossible while it sees); and one whose time is not later and whose bytes were seen before. A time that jumps
    back with *new* bytes is a camera whose clock was set: fresh.
    """

    def __init__(self, memory: int = 64) -> None:
        self._recent: deque[int] = deque(maxlen=memory)
        self._time: float | None = None

    def doubt(self, time: float | None, fingerprint: int, *, corrupt: bool) -> Reason | None:
        """None where the picture is fresh, else why not. `time`: seconds in the stream's own clock, if it has one;
        `fingerprint`: a checksum of the coded bytes."""
        if corrupt:
            return Reason.CORRUPT
        later = time is None or self._time is None or time > self._time
        if self._recent and fingerprint == self._recent[-1]:
            return Reason.FROZEN if later else Reason.REPEATED
        if not later and fingerprint in self._recent:
            return Reason.REPEATED
        self._recent.append(fingerprint)
        self._time = time
        return None


class Transit:
    """How much longer than usual a packet was under way: its picture is older by that much than its arrival tells.

    Usual is the quickest of the last ten to twenty seconds, so that two clocks which drift apart do no harm.
    """

    def __init__(self, window: float = 10.0) -> None:
        self._window = window
        self._began: float | None = None
        self._sent = float("-inf")
        self._best = self._before = float("inf")

    def late_by(self, sent: float | None, now: float) -> float:
        """Seconds above the usual. `sent`: the packet's time in the source's clock; `now`: its arrival in ours."""
        if sent is None:
            return 0.0
        if sent < self._sent - 1.0:  # the source's clock was set back: what was usual means nothing any more
            self._began, self._before = now, float("inf")
            self._best = float("inf")
        self._sent, offset = sent, now - sent
        if self._began is None or now - self._began > self._window:
            self._began, self._before, self._best = now, self._best, offset
        self._best = min(self._best, offset)
        return offset - min(self._best, self._before)


FIRST_WAIT = 2.0
LONGEST_WAIT = 60.0
LONGEST_PASSING_WAIT = 10.0
"""What may pass by itself (a restart, a cable) is tried again soon: a camera is back ≤ 15 s after its source."""


def wait_before(attempt: int, reason: Reason | None, dice: float) -> float:
    """Seconds to wait before opening again: doubling from 2 s, to 60 s where a person must act, else to 10 s.

    Args:
        attempt: failures in a row so far, from 1.
        dice: a random number in [0, 1): spreads cameras that fell together over half the wait.
    """
    longest = LONGEST_WAIT if reason in LASTING else LONGEST_PASSING_WAIT
    full = min(longest, FIRST_WAIT * 2.0 ** min(max(attempt, 1) - 1, 10))
    return full * (0.5 + 0.5 * dice)


_LATEST = 3.0
"""Seconds by which a packet may come later than its predecessor did, for its source's clock to be believed."""


def _gap(arrived: float, before: float | None, sent: float | None) -> float:
    """Seconds between two key pictures by their times in the source's clock; by their arrivals where it leaps or says nothing."""
    if sent is None or before is None:
        return arrived
    return sent - before if 0.0 < sent - before < arrived + _LATEST else arrived


class Pace:
    """Which packets to decode so that there is a picture each `interval` seconds at the least cost.

    Key pictures alone are enough where they come that often. Where they are rarer, the pictures between are decoded
    up to the last one that is needed before the next key picture is due; the rest of the group is left alone. Of a new
    connection nothing is known yet: the pictures after its first one are left alone for as long as the next key picture may
    come in time, and are `owed` where it has not come: who goes on must decode them first.
    """

    def __init__(self, interval: float = 1.0) -> None:
        self.interval = interval
        self._gaps: deque[float] = deque(maxlen=4)
        self._key_at: float | None = None
        self._key_sent: float | None = None
        self._shown_at: float | None = None
        self._unbroken = False
        self.owed = False

    def wants(self, key: bool, at: float, sent: float | None = None) -> bool:
        """Is this packet to be decoded? Ask for every packet, in order.

        Args:
            at: its arrival, monotonic seconds.
            sent: its time in the source's own clock, if it has one. How often key pictures come is told by that clock: a
                network or a processor that is late now and then must not be paid for with more decoding.
        """
        if key:
            if self._key_at is not None:
                self._gaps.append(_gap(at - self._key_at, self._key_sent, sent))
            self._key_at, self._key_sent, self.owed = at, sent, False
            self._unbroken = self._rested(at) or not self.keys_suffice
            return self._unbroken
        if self._unbroken and self._hopes(at):
            self.owed = True
            return False
        self._unbroken = self._unbroken and not self.keys_suffice and self._needed_again(at)
        return self._unbroken

    def caught_up(self, whole: bool) -> None:
        """What was owed has been decoded, or was not there any more: then the rest of the group is of no use."""
        self.owed, self._unbroken = False, whole

    def due(self, key: bool, at: float) -> bool:
        """Is the picture that came out of the decoder to be shown?"""
        if self._shown_at is None:
            return True
        return self._rested(at) if key else at - self._shown_at >= self.interval * 0.95

    def shown(self, at: float) -> None:
        self._shown_at = at

    def _rested(self, at: float) -> bool:
        return self._shown_at is None or at - self._shown_at >= self.interval * 0.45

    @property
    def keys_suffice(self) -> bool:
        return bool(self._gaps) and max(self._gaps) <= self._often

    @property
    def _often(self) -> float:
        return self.interval * 1.1

    def _hopes(self, at: float) -> bool:
        """May key pictures turn out to be enough, while there is a picture to show?"""
        return (
            not self._gaps
            and self._shown_at is not None
            and self._key_at is not None
            and at - self._key_at <= self._often
        )

    def _needed_again(self, at: float) -> bool:
        """Will another picture be due before the next key picture? Unknown counts as yes."""
        if not self._gaps or self._key_at is None or self._shown_at is None:
            return True
        return self._shown_at + self.interval * 0.95 < self._key_at + max(self._gaps) - self.interval * 0.1
