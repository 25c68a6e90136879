"""The embedded Redis: private, small, without scripts and administration, watched by its keeper."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from bench.harness import ROOT
from dashboard.cli.embedded import answers
from dashboard.cli.notify import Listener

FORBIDDEN: list[tuple[Any, ...]] = [
    ("EVAL", "return 1", 0),
    ("SCRIPT", "LOAD", "return 1"),
    ("FLUSHALL",),
    ("CONFIG", "GET", "*"),
    ("CONFIG", "SET", "dir", "/tmp"),
    ("SHUTDOWN",),
    ("DEBUG", "SLEEP", 1),
    ("KEYS", "*"),
    ("SAVE",),
    ("REPLICAOF", "127.0.0.1", "1"),
    ("MODULE", "LOAD", "x"),
    ("ACL", "LIST"),
    ("CLIENT", "KILL", "ID", 1),
    ("MONITOR",),
    ("SET", "other", "1"),
    ("PUBLISH", "other", "1"),
]


@pytest.fixture(scope="module")
def keeper() -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    with tempfile.TemporaryDirectory(prefix="gc-r-") as folder:
        listener = Listener(Path(folder) / "n")
        environment = {**os.environ, "GRIDCOMMAND_DATA": folder, "NOTIFY_SOCKET": str(listener.path)}
        process = subprocess.Popen([sys.executable, "-m", "dashboard.cli", "run", "redis"], cwd=ROOT, env=environment)
        until = time.monotonic() + 20
        while not any("READY=1" in words for words in listener.heard()):
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.05)
        yield process, Path(folder) / "run"
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        listener.close()


def test_the_socket_is_private_and_no_port_is_open(keeper: tuple[subprocess.Popen[bytes], Path]) -> None:
    _, folder = keeper
    assert stat.S_IMODE((folder / "redis.sock").stat().st_mode) == 0o700
    with redis.Redis(unix_socket_path=str(folder / "redis.sock"), protocol=2) as client:
        assert client.info("server")["tcp_port"] == 0
        assert client.info("memory")["maxmemory"] == 64 << 20


def test_what_the_product_needs_works_and_nothing_else_does(keeper: tuple[subprocess.Popen[bytes], Path]) -> None:
    _, folder = keeper
    with redis.Redis(unix_socket_path=str(folder / "redis.sock"), protocol=2) as client:
        heard = client.pubsub()
        heard.subscribe("gridcommand:facts")
        assert heard.get_message(timeout=2)["type"] == "subscribe"
        assert client.publish("gridcommand:facts", "x") == 1
        assert heard.get_message(timeout=2)["data"] == b"x"
        client.set("gridcommand:key", "1", ex=5)
        heard.close()
        for command in FORBIDDEN:
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command)


def test_the_keeper_says_nothing_while_its_server_stands_still(keeper: tuple[subprocess.Popen[bytes], Path]) -> None:
    process, folder = keeper
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(children) == 1
    os.kill(int(children[0]), signal.SIGSTOP)
    try:
        assert not answers(folder / "redis.sock")
    finally:
        os.kill(int(children[0]), signal.SIGCONT)
    assert answers(folder / "redis.sock")
