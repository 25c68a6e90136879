"""The worker process: one group of cameras, a thread each; pictures and facts go to the supervisor over one socket.

    python -m streams.worker FD PARENT MEMORY TURN      (started by streams.supervisor only; FD is its end of a socket pair)

It is told its cameras, and which of them are watched live, over that socket (never by its arguments, which everybody
can read) and ends when the socket does, or when its parent dies. It judges no state: it reports pictures that are fresh, doubts, failures, and once a
second how long each camera has been inside a call, so that the supervisor can end a process with a stuck thread.
"""

from __future__ import annotations

import ctypes
import os
import random
import resource
import signal
import socket
import sys
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import av
import cv2

from streams.addresses import AddressRules
from streams.camera import Freshness, Pace, Reason, wait_before
from streams.checkup import Checkup
from streams.masks import MaskError, refuse_faulty
from streams.picture import Darkroom, Picture
from streams.relay import MAIN, SUB
from streams.source import Seen, Source, SourceError, Waits, opened
from streams.tap import Mode, Tap, Why
from streams.wire import CameraSpec, Unpacking, packed, spec_from_json

_PULSE_SECONDS = 1.0
_STACK_BYTES = 512 << 10
_PROVEN_SECONDS = 10.0
"""A connection that showed pictures this long forgives the failures before it; one that breaks sooner does not."""
_ACTIVITY_PICTURES = 15
PICTURE_SECONDS = 2.0
"""Key pictures that come at least this often are all that is decoded: most cameras send one every second or two, and the
pictures between would cost as much as all the rest (bench/cameras.py)."""
_LIVE_BYTES = 8 << 20
"""What may wait of live views altogether; more is thrown away, and each of them begins anew with a key picture."""
_TRICKLE_SECONDS = 1.0
"""How much longer than silence may last a packet may take to come: then it only trickles in."""
_MOST_GIVEN_UP = 3
"""Connections of one camera that may be stuck beside each other; with as many none is opened until one has ended."""
_PR_SET_PDEATHSIG = 1


class Outbox:
    """What waits to be sent: facts in order, of each camera only its newest picture, and parts of live views in order,
    bounded. (The supervisor reads all the time; these bounds are for the moment in which it does not.)"""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._facts: deque[dict[str, Any]] = deque(maxlen=4096)
        self._pictures: dict[str, tuple[dict[str, Any], bytes]] = {}
        self._parts: deque[bytes] = deque()
        self._parts_bytes = 0
        self._filled = threading.Condition()

    def put(self, **fact: Any) -> None:
        with self._filled:
            self._facts.append(fact)
            self._filled.notify()

    def put_picture(self, camera: str, head: dict[str, Any], jpeg: bytes) -> None:
        with self._filled:
            self._pictures[camera] = (head, jpeg)
            self._filled.notify()

    def put_part(self, head: dict[str, Any], body: bytes) -> bool:
        """Part of a live view; False where it had to be thrown away."""
        message = packed(head, body)
        with self._filled:
            if self._parts_bytes + len(message) > _LIVE_BYTES:
                return False
            self._parts.append(message)
            self._parts_bytes += len(message)
            self._filled.notify()
        return True

    def send_for_ever(self) -> None:
        """Send until the socket closes; run in a thread of its own."""
        while True:
            with self._filled:
                self._filled.wait_for(lambda: self._facts or self._pictures or self._parts)
                facts, pictures, parts = list(self._facts), list(self._pictures.values()), list(self._parts)
                self._facts.clear()
                self._pictures.clear()
                self._parts.clear()
                self._parts_bytes = 0
            self._line.sendall(b"".join([*parts, *map(packed, facts), *(packed(*picture) for picture in pictures)]))


class Watching(threading.Thread):
    """Follows one stream until `leave`: opens it, does its work, waits, opens it again."""

    def __init__(self, spec: CameraSpec, stream: str, rules: AddressRules, waits: Waits, outbox: Outbox) -> None:
        super().__init__(name=f"{stream} {spec.id}", daemon=True)
        self.spec = spec
        self._rules, self._waits, self._outbox = rules, waits, outbox
        self._leaving = threading.Event()  # (`_stop` is a thread's own)
        self._dice = random.Random(spec.id)  # noqa: S311  (spreads retries, guards nothing)
        self._busy_since: float | None = None
        self._source: Source | None = None
        self._failures = 0
        self._stream = stream
        self.tap = Tap(spec.masks, self._send_part)

    def leave(self) -> None:
        self._leaving.set()

    def busy_seconds(self, now: float) -> float:
        """How long the thread has been inside one step; 0 while it waits on purpose."""
        since = self._busy_since
        return 0.0 if since is None else max(0.0, now - since)

    def trickles(self, now: float) -> bool:
        """Has it waited for one packet for longer than silence may last?"""
        source = self._source  # its own thread may end it at any moment
        waiting = source is not None and source.reading
        return waiting and self.busy_seconds(now) > self._waits.read + _TRICKLE_SECONDS

    def give_up(self, reason: Reason) -> None:
        """Say why, and end when the library lets it."""
        self._failed(reason)
        self.leave()

    def run(self) -> None:
        while not self._leaving.is_set():
            reason = self._watched_until_it_failed()
            if self._leaving.is_set():
                return
            self._failures += 1
            self.tap.ended()
            self._failed(reason)
            self._busy_since = None
            self._leaving.wait(wait_before(self._failures, reason, self._dice.random()))

    def _watched_until_it_failed(self) -> Reason:
        self._busy_since = time.monotonic()
        try:
            refuse_faulty(self.spec.masks)
            place, waits = self._address, self._waits
            with opened(place, self._rules, self._leaving, waits=waits, step=self._step) as self._source:
                self._follow(self._source)
            return Reason.CLOSED
        except SourceError as error:
            return error.reason
        except MaskError:
            return Reason.MASK_FAILED
        except (av.FFmpegError, cv2.error, ValueError, MemoryError, OSError):
            return Reason.BROKEN
        finally:
            self._source = None

    @property
    def _address(self) -> str:
        return self.spec.main_address if self._stream == MAIN else self.spec.address

    def _follow(self, source: Source) -> None:
        """Do the work of one connection."""
        raise NotImplementedError

    def _failed(self, reason: Reason) -> None:
        """Say that the connection failed, if anybody is to know."""

    def _step(self) -> None:
        self._busy_since = time.monotonic()

    def _tell(self, kind: str, reason: Reason) -> None:
        self._outbox.put(kind=kind, camera=self.spec.id, mark=self.spec.mark, reason=reason.value)

    def _send_part(self, head: dict[str, Any], body: bytes) -> None:
        whole = {"kind": "live", "camera": self.spec.id, "mark": self.spec.mark, "stream": self._stream, **head}
        if not self._outbox.put_part(whole, body):
            self.tap.close()


class CameraThread(Watching):
    """Watches one camera: its key pictures, its health; its live view while somebody wants it."""

    def __init__(self, spec: CameraSpec, rules: AddressRules, waits: Waits, outbox: Outbox) -> None:
        super().__init__(spec, SUB, rules, waits, outbox)
        self._checkup = Checkup(spec.masks, spec.thresholds)

    def _follow(self, source: Source) -> None:
        began = time.monotonic()
        self._checkup.connected()
        watch = Watch(self._checkup, self.tap, self._step, self._doubt)
        for head, picture in seen_pictures(source, self.spec, watch):
            if time.monotonic() - began > _PROVEN_SECONDS:
                self._failures = 0
            self._outbox.put_picture(self.spec.id, head, picture.jpeg)

    def _failed(self, reason: Reason) -> None:
        self._tell("failed", reason)

    def _doubt(self, reason: Reason) -> None:
        if reason is Reason.CORRUPT:
            self._checkup.spoiled()
        self._tell("doubted", reason)


class MainThread(Watching):
    """The main stream of one camera, opened while somebody watches it, and passed on; nothing of it is decoded. Where it is
    given up its viewers get the sub stream."""

    def __init__(self, spec: CameraSpec, rules: AddressRules, waits: Waits, outbox: Outbox) -> None:
        super().__init__(spec, MAIN, rules, waits, outbox)
        self.tap.wanted = True
        self.patience = 3 * waits.connect + waits.open + 1.0
        """Seconds that one step may take: opening asks for the name, connects, asks the camera, opens."""

    def _follow(self, source: Source) -> None:
        for seen in source.packets():
            self._step()
            self.tap.take(source, seen)

    def _failed(self, reason: Reason) -> None:
        """A main stream that fails is no fault of the camera as long as its sub stream lives; the viewer gets that."""
        self._send_part({"part": "mode", "mode": Mode.PICTURES.value, "why": Why.NO_MAIN.value}, b"")


class Eye:
    """Decodes what `Pace` wants and lets through what `Freshness` accepts, for one connection."""

    def __init__(self, source: Source, doubt: Callable[[Reason], None], group: Iterable[Seen]) -> None:
        """
        Args:
            group: the packets since the last key picture, this one among them, as far as they are kept.
        """
        self._decoder, self._group = source.decoder, group
        self._pace, self._fresh = Pace(PICTURE_SECONDS), Freshness()
        self._doubt = doubt
        self._checksum = 0
        self._spoiled = False
        self._sizes: deque[int] = deque(maxlen=_ACTIVITY_PICTURES)

    def looked(self, seen: Seen) -> av.VideoFrame | None:
        """The fresh frame to show, if this packet brought one."""
        self._checksum = zlib.crc32(seen.packet, 0 if seen.key else self._checksum)
        if not seen.key:
            self._sizes.append(seen.packet.size)
        if not self._pace.wants(seen.key, seen.at, seen.time) or (self._pace.owed and not self._caught_up()):
            return None
        frame = self._decoded(seen)
        if frame is None or not self._pace.due(seen.key, seen.at):
            return None
        self._pace.shown(seen.at)
        reason = self._fresh.doubt(seen.time, self._checksum, corrupt=self._spoiled or bool(frame.is_corrupt))
        if reason is not None:
            self._doubt(reason)
            return None
        return frame

    @property
    def activity(self) -> float:
        """Bits per pixel in the pictures between key pictures, mean of the last 15: follows motion (video.md §1)."""
        pixels = self._decoder.width * self._decoder.height
        return 8.0 * sum(self._sizes) / len(self._sizes) / pixels if self._sizes and pixels else 0.0

    def _caught_up(self) -> bool:
        """Decode what was left alone between the key picture and this one; False where it is not kept."""
        between = [one for one in self._group if not one.key][:-1]
        for one in between:
            self._decoded(one)
        self._pace.caught_up(whole=bool(between))
        return bool(between)

    def _decoded(self, seen: Seen) -> av.VideoFrame | None:
        if seen.key:
            self._spoiled = False
        try:
            frames = self._decoder.decode(seen.packet)
            if not frames and self._pace.keys_suffice:
                frames = self._decoder.decode(None)  # a decoder that reorders holds the picture back: push it out
                self._decoder.flush_buffers()
        except av.FFmpegError:
            self._spoiled = True
            self._doubt(Reason.CORRUPT)
            return None
        return frames[-1] if frames else None


@dataclass(frozen=True, slots=True)
class Watch:
    """What happens to the packets of one connection besides becoming pictures."""

    checkup: Checkup
    tap: Tap
    step: Callable[[], None]
    doubt: Callable[[Reason], None]


def seen_pictures(source: Source, spec: CameraSpec, watch: Watch) -> Iterator[tuple[dict[str, Any], Picture]]:
    """Fresh, masked pictures of one connection, each with the head of its message.

    Raises:
        SourceError: the connection ended.
        MaskError: a mask could not be applied.
    """
    eye, darkroom, mark = Eye(source, watch.doubt, watch.tap.group), Darkroom(spec.masks), spec.mark
    for seen in source.packets():
        watch.step()
        watch.checkup.packet(seen)
        watch.tap.take(source, seen)
        frame = eye.looked(seen)
        if frame is None:
            continue
        picture = darkroom.picture(frame)
        health = watch.checkup.judged(picture, seen.at)
        at = (datetime.now(UTC) - timedelta(seconds=time.monotonic() - seen.taken + seen.behind)).isoformat()
        head = {
            "kind": "picture", "camera": spec.id, "mark": mark, "mono": seen.taken, "at": at,
            "brightness": round(picture.brightness, 1), "activity": round(eye.activity, 5), "health": health,
            "behind": round(seen.behind, 1),
        }  # fmt: skip
        yield head, picture


class Group:
    """The cameras of this process, as the supervisor last named them."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._rules, self._waits = AddressRules(), Waits()
        self._wanted: Mapping[str, CameraSpec] = {}
        self._live: Set[tuple[str, str]] = frozenset()
        self._threads: dict[str, CameraThread] = {}
        self._given_up: dict[str, list[CameraThread]] = {}
        self._mains: dict[str, MainThread] = {}
        self._stuck: dict[str, MainThread] = {}
        self._lock = threading.Lock()
        """Threads are started by whoever reads orders, and given up by the pulse."""

    def set(self, message: dict[str, Any]) -> None:
        """Start, stop and restart threads so that they are the named cameras."""
        networks = tuple(ip_network(text) for text in message["networks"])
        with self._lock:
            self._rules = AddressRules(networks, Path(message["clips"]) if message["clips"] else None)
            self._waits = Waits(*message["waits"])
            self._wanted = {spec.id: spec for spec in map(spec_from_json, message["cameras"])}
            self._live = {(str(camera), str(stream)) for camera, stream in message["live"]}
            for camera, thread in list(self._threads.items()):
                if self._wanted.get(camera) != thread.spec:
                    thread.leave()
                    del self._threads[camera]
            self._start()
            self._set_mains()

    def _start(self) -> None:
        """A thread for each camera that has none, and taps open where they are wanted, and no other."""
        for camera, spec in self._wanted.items():
            stuck = self._given_up.get(camera, ())
            if camera not in self._threads and len(stuck) < _MOST_GIVEN_UP:
                self._threads[camera] = CameraThread(spec, self._rules, self._waits, self._outbox)
                self._threads[camera].start()
        for camera, thread in self._threads.items():
            thread.tap.wanted = (camera, SUB) in self._live

    def _set_mains(self) -> None:
        """Follow the main streams that are watched. A masked camera's main stream is never opened."""
        mains = {
            camera: spec
            for camera, spec in self._wanted.items()
            if (camera, MAIN) in self._live and spec.main_address and not spec.masks
        }
        for camera, main in list(self._mains.items()):
            if mains.get(camera) != main.spec:
                main.leave()
                del self._mains[camera]
        for camera, spec in mains.items():
            if camera in self._stuck:
                self._stuck[camera].give_up(Reason.STUCK)  # another thread would only be stuck beside it
            elif camera not in self._mains:
                self._mains[camera] = MainThread(spec, self._rules, self._waits, self._outbox)
                self._mains[camera].start()

    def busy(self, now: float) -> dict[str, float]:
        """Cameras that have been in one step for more than two seconds, with these seconds."""
        with self._lock:
            self._give_up_trickling(now)
            self._give_up_mains(now)
            times = {camera: thread.busy_seconds(now) for camera, thread in self._threads.items()}
        return {camera: round(seconds, 1) for camera, seconds in times.items() if seconds > 2.0}

    def _give_up_trickling(self, now: float) -> None:
        """A connection that trickles costs its camera a new one, and nobody else anything."""
        alive = {camera: [one for one in stuck if one.is_alive()] for camera, stuck in self._given_up.items()}
        self._given_up = {camera: stuck for camera, stuck in alive.items() if stuck}
        for camera, thread in list(self._threads.items()):
            if thread.trickles(now):
                thread.give_up(Reason.NO_DATA)
                self._given_up.setdefault(camera, []).append(self._threads.pop(camera))
        self._start()

    def _give_up_mains(self, now: float) -> None:
        """A main stream that is stuck costs its viewers that stream, and nobody else anything."""
        self._stuck = {camera: thread for camera, thread in self._stuck.items() if thread.is_alive()}
        for camera, main in list(self._mains.items()):
            if main.trickles(now) or main.busy_seconds(now) > main.patience:
                main.give_up(Reason.STUCK)
                self._stuck[camera] = main
                del self._mains[camera]


def pulse_for_ever(outbox: Outbox, group: Group) -> None:
    """Say once a second that this process lives, and who has been busy for how long; run in a thread of its own."""
    while True:
        outbox.put(kind="pulse", busy=group.busy(time.monotonic()))
        time.sleep(_PULSE_SECONDS)


def main(arguments: list[str]) -> int:
    """Run until the supervisor closes the socket."""
    line = socket.socket(fileno=int(arguments[0]))
    parent = int(arguments[1])
    _bind_to_parent(parent)
    _prepare(memory=int(arguments[2]))
    settle_on_one_core(turn=int(arguments[3]))
    outbox = Outbox(line)
    group = Group(outbox)
    for work in (outbox.send_for_ever, lambda: pulse_for_ever(outbox, group)):
        threading.Thread(target=_ending_the_process, args=(work,), daemon=True).start()
    unpacking = Unpacking()
    with suppress(ConnectionError):
        while part := line.recv(1 << 16):
            for message, _ in unpacking.fed(part):
                group.set(message)
    return 0


def _ending_the_process(work: Any) -> None:
    try:
        with suppress(ConnectionError):
            work()
    finally:
        os._exit(1)  # a worker that cannot speak is of no use; the supervisor starts another


def _bind_to_parent(parent: int) -> None:
    """Die with the parent, also where it is killed: nothing outlives its supervisor."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _prepare(memory: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the supervisor decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    threading.stack_size(_STACK_BYTES)
    av.logging.set_level(None)  # FFmpeg's messages repeat addresses with their passwords
    cv2.setNumThreads(1)


def settle_on_one_core(turn: int) -> None:
    """All threads from now on on one core, the next worker's on the next one, and none is broken off by another that wakes.

    Its threads take turns at the interpreter's lock, so that a second core gives them little; each handing over between two
    cores costs more than the packet it is for (a third of all that watching costs, docs/performance.md).
    """
    cores = sorted(os.sched_getaffinity(0))
    with suppress(OSError):  # where the system forbids it the cameras are watched all the same
        os.sched_setaffinity(0, {cores[turn % len(cores)]})
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # threads inside a library's call would hold up an orderly end
