"""One HTTP answer, whole, from an address that was judged: bounded in bytes and in seconds, whatever the other side does.

The connection goes to the judged number, TLS checks the name, no redirect is followed and no proxy is used. Each read of
the socket gets only what is left of the time, so that a server which drips its head or its body holds nobody for ever.
"""

from __future__ import annotations

import base64
import http.client
import io
import socket
import ssl
import time
from contextlib import closing
from functools import cache
from typing import Any
from urllib.parse import unquote

from streams.addresses import Address, RemoteAddress


class TooMuchError(Exception):
    """The answer is larger than was allowed."""


class LateError(Exception):
    """The answer had not ended in time."""


class _Dated(io.RawIOBase):
    """What a socket still brings until a monotonic second."""

    def __init__(self, line: socket.socket, until: float) -> None:
        self._line, self._until = line, until

    def readable(self) -> bool:
        return True

    def readinto(self, room: Any) -> int:
        self._line.settimeout(_left(self._until))
        return self._line.recv_into(room)

    def makefile(self, _: str) -> io.BufferedReader:
        """What `http.client` asks of a socket."""
        return io.BufferedReader(self, 1 << 16)


def fetched(place: RemoteAddress, address: Address, until: float, most: int) -> tuple[int, bytes]:
    """Status and body of a GET.

    Args:
        place: what is asked for. address: where its host was judged to be. until: monotonic seconds. most: bytes.

    Raises:
        TooMuchError, LateError: see there. OSError: no connection (a certificate that is not valid among them).
        http.client.HTTPException: no HTTP came back.
    """
    try:
        with closing(_line(place, address, until)) as line:
            line.settimeout(_left(until))
            line.sendall(_question(place))
            answer = http.client.HTTPResponse(_Dated(line, until))  # type: ignore[arg-type]
            with closing(answer):
                answer.begin()
                body = answer.read(most + 1)
    except TimeoutError as error:
        raise LateError from error
    if len(body) > most:
        raise TooMuchError
    return answer.status, body


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise LateError
    return left


def _line(place: RemoteAddress, address: Address, until: float) -> socket.socket:
    line = socket.create_connection((str(address), place.port), timeout=_left(until))
    if place.scheme != "https":
        return line
    try:
        return _trust().wrap_socket(line, server_hostname=place.host)
    except BaseException:
        line.close()
        raise


@cache
def _trust() -> ssl.SSLContext:
    """The authorities of this system; reading them takes longer than a segment does."""
    return ssl.create_default_context()


def _question(place: RemoteAddress) -> bytes:
    host = f"[{place.host}]" if ":" in place.host else place.host
    path = place.parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{place.port}", "User-Agent: GridCommand", "Connection: close"]
    if place.parts.username is not None:
        pair = f"{unquote(place.parts.username)}:{unquote(place.parts.password or '')}"
        lines.append(f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8")
