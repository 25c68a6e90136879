"""Asking other systems by HTTP: to addresses that were judged, and to nothing they lead to.

The name is resolved once, every address it has must be allowed, and the connection goes to the judged address itself while
TLS still checks the name: whatever the name service says next, nothing else is reached. Redirects are not followed,
proxies of the environment are not used, and an answer is read up to a bound and an end.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

import urllib3
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool

from config.networks import Address, Network, allowed

CONNECT, READ = 3.0, 6.0
WHOLE = 20.0
"""Seconds for a whole answer."""
PORTS = {"http": 80, "https": 443}
LONGEST = 2_048


class OutsideRefused(ValueError):
    """An address may not be asked. The text is a sentence without its user, password and query."""


class OutsideFailed(Exception):
    """The other side did not answer as expected; it may later. The text is short and holds no secret."""


@dataclass(frozen=True)
class Answer:
    """A status and what came with it."""

    status: int
    body: bytes


def judged(url: str, networks: Sequence[Network]) -> tuple[SplitResult, Address]:
    """The parts of an address, and the judged address of its host.

    Raises:
        OutsideRefused: it may not be asked. OutsideFailed: its name is not known now.
    """
    parts = _parts(url)
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, parts.port or PORTS[parts.scheme], type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise OutsideFailed(f"{host} is not known to the name service") from error
    addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        if not allowed(address, networks):
            raise OutsideRefused(
                f"{address} is in no network that may be asked; list it in GRIDCOMMAND_EXCHANGE_NETWORKS."
            )
    if not addresses:
        raise OutsideFailed(f"{host} has no address")
    return parts, addresses[0]


def _parts(url: str) -> SplitResult:
    if len(url) > LONGEST or any(ord(sign) < 33 or ord(sign) > 126 for sign in url):
        raise OutsideRefused("Expected an address of at most 2048 signs without spaces and control characters.")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise OutsideRefused("The address has no readable host and port.") from error
    if parts.scheme not in PORTS or not host or "\\" in url:
        raise OutsideRefused("Expected an address that begins with http:// or https:// and names a host.")
    if parts.username is not None or parts.password is not None:
        raise OutsideRefused("Expected an address without a user and password in it.")
    return parts


def get(url: str, networks: Sequence[Network], most: int) -> Answer:
    """Fetch a document of at most `most` bytes.

    Raises:
        OutsideRefused: the address may not be asked, or the document is larger. OutsideFailed: no answer.
    """
    return _asked("GET", url, networks, None, {"User-Agent": "GridCommand", "Accept": "*/*"}, most)


def post(url: str, networks: Sequence[Network], body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send a body; the answer's own is not read.

    Raises:
        OutsideRefused, OutsideFailed: as `get`.
    """
    return _asked("POST", url, networks, body, dict(headers), 0)


def _asked(
    method: str, url: str, networks: Sequence[Network], body: bytes | None, headers: dict[str, str], most: int
) -> Answer:
    parts, address = judged(url, networks)
    path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
    timeout = urllib3.Timeout(connect=CONNECT, read=READ)
    try:
        with closing(_pool(parts, address)) as pool:
            answer = pool.urlopen(
                method, path, body=body, headers={"Host": parts.netloc, **headers}, timeout=timeout,
                redirect=False, retries=False, preload_content=False, assert_same_host=False,
            )  # fmt: skip
            with closing(answer):
                return Answer(answer.status, _read(answer, most) if most else b"")
    except urllib3.exceptions.HTTPError as error:
        late = isinstance(error, urllib3.exceptions.TimeoutError)
        raise OutsideFailed("no answer in time" if late else _fault(error)) from error


def _fault(error: Exception) -> str:
    return "its certificate is not valid" if isinstance(error, urllib3.exceptions.SSLError) else "no connection"


def _pool(parts: SplitResult, address: Address) -> HTTPConnectionPool:
    port = parts.port or PORTS[parts.scheme]
    if parts.scheme == "http":
        return HTTPConnectionPool(str(address), port, maxsize=1)
    name = parts.hostname
    return HTTPSConnectionPool(
        str(address), port, maxsize=1, cert_reqs="CERT_REQUIRED", server_hostname=name, assert_hostname=name
    )


def _read(answer: urllib3.BaseHTTPResponse, most: int) -> bytes:
    """The body, up to a size and for a time: a server that drips holds nobody for ever."""
    until = time.monotonic() + WHOLE
    whole = b""
    for piece in answer.stream(16_384, decode_content=True):
        whole += piece
        if len(whole) > most:
            raise OutsideRefused(f"Expected at most {most:,} bytes.")
        if time.monotonic() > until:
            raise OutsideFailed("the answer did not end in time")
    return whole
