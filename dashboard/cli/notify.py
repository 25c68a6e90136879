"""The listening end of the sd_notify protocol: datagrams such as `READY=1` on a unix socket. `models.notify` speaks."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

LONGEST_PATH = 107
"""Bytes that the kernel takes as the path of a unix socket (sun_path less its ending zero)."""


class Listener:
    """The supervisor's end: one socket per process, so that the socket says who speaks. Close it when done."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        self.socket.bind(str(path))
        path.chmod(0o600)

    def heard(self) -> Iterator[frozenset[str]]:
        """The lines of every datagram that waits, oldest first; never blocks."""
        while True:
            try:
                datagram = self.socket.recv(4096)
            except (BlockingIOError, InterruptedError):
                return
            yield frozenset(datagram.decode("utf-8", "replace").split("\n"))

    def close(self) -> None:
        """Close the socket and remove its path."""
        self.socket.close()
        self.path.unlink(missing_ok=True)
