"""Telling a supervisor that we live: the sd_notify protocol, spoken by systemd and by our own supervisor alike."""

from __future__ import annotations

import os
import socket


class Notifier:
    """Sends one-line states to the supervisor's datagram socket; does nothing where there is none.

    A state that cannot be sent is dropped: a process must not fall over because nobody listens to its heart.
    """

    def __init__(self, address: str | None = None) -> None:
        self._address = f"\0{address[1:]}" if address and address.startswith("@") else address

    @classmethod
    def from_environment(cls) -> Notifier:
        """The notifier of this process; for entry points."""
        return cls(os.environ.get("NOTIFY_SOCKET"))

    def ready(self) -> None:
        """Say that the process does its work from now on."""
        self._send(b"READY=1")

    def beat(self) -> None:
        """Say that it still does; once a second."""
        self._send(b"WATCHDOG=1")

    def stopping(self) -> None:
        """Say that it ends on purpose."""
        self._send(b"STOPPING=1")

    def _send(self, state: bytes) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC) as end:
                end.sendto(state, self._address)
        except OSError:
            return
