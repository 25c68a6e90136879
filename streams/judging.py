"""Where a host lies, asked and judged within bounds; and the error with which every source fails."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from ipaddress import ip_address

from streams.addresses import Address, AddressRules, RemoteAddress, refuse_host
from streams.camera import Reason


class SourceError(Exception):
    """A source could not be opened, or has ended. `reason` says why; there is no other text, on purpose."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def judged(target: RemoteAddress, rules: AddressRules, wait: float) -> Address:
    """Resolve the host and judge every answer: one that is refused refuses them all.

    Raises:
        AddressRefusedError: it may not be connected to.
        SourceError: its name is not known, or was not answered within `wait` seconds.
    """
    answers = _resolved(target.host, target.port, wait)
    for answer in answers:
        refuse_host(answer, rules)
    return answers[0]


def _resolved(host: str, port: int, wait: float) -> list[Address]:
    """The host's addresses. The system's resolver knows no deadline, so it works in a thread of its own."""
    answers: list[Address] = []

    def ask() -> None:
        with suppress(OSError, ValueError):
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.extend(ip_address(str(answer[4][0])) for answer in found)

    asking = threading.Thread(target=ask, name="resolve", daemon=True)
    asking.start()
    asking.join(wait)
    if asking.is_alive() or not answers:
        raise SourceError(Reason.NAME_UNKNOWN)
    return list(answers)
