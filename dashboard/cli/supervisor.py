"""The supervisor: starts processes, prefixes what they print, restarts what died or fell silent, ends all, leaves none.

Own and small because honcho, the usual runner of Procfiles, ends everything when one process exits and cannot notice
one that is stopped. One thread, one loop: forking with threads around is not safe.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from dashboard.cli.notify import Listener
from dashboard.cli.pulse import Pulse
from models.notify import Notifier

TERM_SECONDS = 3.0
"""How long processes may take to end by themselves before they are killed."""
_TICK = 0.25
_LONGEST_LINE = 65_536
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class _Child:
    name: str
    command: Sequence[str]
    once: bool
    pulse: Pulse
    listener: Listener
    process: subprocess.Popen[bytes] | None = None
    rest: bytes = b""
    finished: bool = False
    announced: bool = False


@dataclass
class Supervisor:
    """Runs programs until a signal ends it; `run` returns when no process of theirs is left.

    Attributes:
        programs: name → command words.
        environment: what every process gets; NOTIFY_SOCKET is added per process.
        folder: where notify sockets and `processes.json` live; must exist, mode 700.
        speak: called with (name, line) for everything a process prints and for the supervisor's own words.
        on_ready: called once, when every process has said READY=1.
        once: programs that may end well: exit 0 is not followed by a restart.
    """

    programs: Mapping[str, Sequence[str]]
    environment: Mapping[str, str]
    folder: Path
    speak: Callable[[str, str], None]
    on_ready: Callable[[], None] = lambda: None
    once: frozenset[str] = frozenset()
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector, init=False)
    _children: list[_Child] = field(default_factory=list, init=False)
    _stopping: int = field(default=0, init=False)
    _was_ready: bool = field(default=False, init=False)

    def run(self) -> None:
        """Start everything and keep it alive until SIGINT, SIGTERM or SIGHUP; then end it all."""
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        with _signals(self._asked_to_stop) as wakeup, self._selector:
            self._selector.register(wakeup, selectors.EVENT_READ, None)
            self._children = [self._child(name, command) for name, command in self.programs.items()]
            try:
                self._keep_alive()
            finally:
                self._end_all()
                for child in self._children:
                    child.listener.close()
                self._write_state()

    def _child(self, name: str, command: Sequence[str]) -> _Child:
        listener = Listener(self.folder / f"{name}.notify")
        child = _Child(name, command, name in self.once, Pulse(), listener)
        self._selector.register(listener.socket, selectors.EVENT_READ, child)
        return child

    def _asked_to_stop(self, _signal: int, _frame: object) -> None:
        self._stopping += 1

    # -- while it lives ----------------------------------------------------------------------------------------------

    def _keep_alive(self) -> None:
        before = time.monotonic()
        while not self._stopping:
            self._listen(_TICK)
            now = time.monotonic()
            late = now - before - _TICK
            before = now
            for child in self._children:
                if late > 1:
                    child.pulse.excuse(late)
                self._look_after(child, now)
            self._announce()

    def _look_after(self, child: _Child, now: float) -> None:
        if child.process is not None and child.process.poll() is not None:
            self._bury(child, now)
        verdict = child.pulse.verdict(now)
        if verdict != "fine" and child.process is not None:
            words = "has been silent for 3 s" if verdict == "silent" else "did not become ready"
            self.speak("supervisor", f"{child.name} {words}; replacing it")
            _kill_group(child.process.pid, signal.SIGKILL)
            child.process.wait()
            self._bury(child, now)
        if child.process is None and not child.finished and child.pulse.may_start(now):
            self._start(child, now)

    def _start(self, child: _Child, now: float) -> None:
        parent = os.getpid()
        try:
            child.process = subprocess.Popen(
                list(child.command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**self.environment, "NOTIFY_SOCKET": str(child.listener.path)},
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(parent),
            )
        except OSError as error:
            self.speak("supervisor", f"{child.name} cannot be started: {error}")
            child.pulse.begin(now)
            child.pulse.end(now)
            return
        assert child.process.stdout is not None
        os.set_blocking(child.process.stdout.fileno(), False)
        self._selector.register(child.process.stdout, selectors.EVENT_READ, child)
        child.announced = False
        child.pulse.begin(now)
        self._write_state()

    def _bury(self, child: _Child, now: float) -> None:
        """After a process's end: its group and orphans go too, its last words are printed."""
        process = child.process
        assert process is not None
        _kill_group(process.pid, signal.SIGKILL)
        self._kill_orphans()
        self._read(child)
        self._hang_up(child)
        self._flush(child)
        child.process = None
        child.pulse.end(now)
        child.finished = child.once and process.returncode == 0
        if not self._stopping and not child.finished:
            self.speak("supervisor", f"{child.name} {_ending(process.returncode)}; starting it again")
        self._write_state()

    def _announce(self) -> None:
        waited_for = [child for child in self._children if not child.once]
        for child in self._children:
            if child.pulse.ready is not None and not child.announced:
                child.announced = True
                self._write_state()
        if not self._was_ready and all(child.pulse.ready is not None for child in waited_for):
            self._was_ready = True
            self.on_ready()
            Notifier.from_environment().ready()

    # -- listening ---------------------------------------------------------------------------------------------------

    def _listen(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            child: _Child | None = key.data
            if child is None:
                _drain(key.fileobj)
            elif key.fileobj is child.listener.socket:
                for words in child.listener.heard():
                    child.pulse.hear(time.monotonic(), words)
            else:
                self._read(child)

    def _read(self, child: _Child) -> None:
        pipe = child.process.stdout if child.process is not None else None
        while pipe is not None and not pipe.closed:
            try:
                chunk = os.read(pipe.fileno(), 65_536)
            except BlockingIOError:
                return
            if not chunk:
                self._hang_up(child)
                return
            *lines, child.rest = (child.rest + chunk).split(b"\n")
            for line in lines:
                self.speak(child.name, line.decode("utf-8", "replace").rstrip("\r"))
            if len(child.rest) > _LONGEST_LINE:
                self._flush(child)

    def _hang_up(self, child: _Child) -> None:
        pipe = child.process.stdout if child.process is not None else None
        if pipe is not None and not pipe.closed:
            self._selector.unregister(pipe)
            pipe.close()

    def _flush(self, child: _Child) -> None:
        if child.rest:
            self.speak(child.name, child.rest.decode("utf-8", "replace"))
            child.rest = b""

    # -- the end -----------------------------------------------------------------------------------------------------

    def _end_all(self) -> None:
        """TERM to every group, KILL after 3 s or at a second signal; then whatever was orphaned to us."""
        asked = self._stopping = max(1, self._stopping)
        for process in self._living():
            _kill_group(process.pid, signal.SIGTERM)
            _kill_group(process.pid, signal.SIGCONT)
        deadline = time.monotonic() + TERM_SECONDS
        while self._living() and time.monotonic() < deadline and self._stopping <= asked:
            self._listen(0.05)
        for child in self._children:
            if child.process is not None:
                _kill_group(child.process.pid, signal.SIGKILL)
                child.process.wait()
                self._bury(child, time.monotonic())
        self._kill_orphans()

    def _living(self) -> list[subprocess.Popen[bytes]]:
        return [child.process for child in self._children if child.process is not None and child.process.poll() is None]

    def _kill_orphans(self) -> None:
        """Descendants whose own parent died come to us (sub-reaper): they belong to nobody any more."""
        ours = {child.process.pid for child in self._children if child.process is not None}
        for _ in range(50):
            orphans = [pid for pid in _children_of(os.getpid()) if pid not in ours]
            if not orphans:
                return
            for pid in orphans:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)

    def _write_state(self) -> None:
        """`processes.json`: what runs, for `gridcommand doctor` and for tests; replaced in one piece."""
        state = {
            "supervisor": os.getpid(),
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "processes": {
                child.name: {
                    "pid": child.process.pid if child.process else None,
                    "ready": child.pulse.ready is not None,
                    "starts": child.pulse.lives,
                }
                for child in self._children
            },
        }
        file = self.folder / "processes.json"
        draft = file.with_suffix(".tmp")
        with contextlib.suppress(OSError):  # a full disk must not end the processes
            draft.write_text(json.dumps(state), encoding="ascii")
            draft.replace(file)


def prefixed(names: Sequence[str], out: IO[str]) -> Callable[[str, str], None]:
    """A `speak` that prints `12:03:04 web    | line`, in colour on a terminal."""
    width = max(map(len, [*names, "supervisor"]))
    colours = {name: 31 + index % 6 for index, name in enumerate(names)}
    coloured = out.isatty()

    def speak(name: str, line: str) -> None:
        head = f"{datetime.now().astimezone():%H:%M:%S} {name:<{width}} |"
        if coloured:
            head = f"\x1b[{colours.get(name, 37)}m{head}\x1b[0m"
        with contextlib.suppress(OSError, ValueError):  # the terminal may be gone; the processes stay
            out.write(f"{head} {line}\n")
            out.flush()

    return speak


@contextlib.contextmanager
def _signals(asked: Callable[[int, object], None]) -> Iterator[socket.socket]:
    """Handlers for the time of the block; the socket wakes a `select` up at once, also for SIGCHLD."""
    here, there = socket.socketpair()
    here.setblocking(False)
    there.setblocking(False)
    wakeup = signal.set_wakeup_fd(there.fileno(), warn_on_full_buffer=False)
    before = {number: signal.signal(number, asked) for number in _STOP_SIGNALS}
    before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    try:
        yield here
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
        here.close()
        there.close()


def _drain(wakeup: object) -> None:
    assert isinstance(wakeup, socket.socket)
    with contextlib.suppress(BlockingIOError):
        while wakeup.recv(4096):
            pass


_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _prctl(option: int, value: int) -> None:
    if _LIBC is not None:
        _LIBC.prctl(option, value, 0, 0, 0)


def die_with_parent(parent: int) -> None:
    """Runs in a child before exec: it gets SIGTERM when its parent dies, in whatever way."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


def _kill_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _children_of(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError, ValueError):
                stat = (entry / "stat").read_text(encoding="ascii", errors="replace")
                if int(stat.rpartition(")")[2].split()[1]) == pid:
                    found.append(int(entry.name))
    return found


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
