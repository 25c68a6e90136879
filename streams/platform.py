"""A GB/T 28181 platform's HTTP API, read as its client: channels and their play addresses. Worked example: wvp-GB28181-pro.

Its documented answers (`WVPResult`): `{"code": 0, "msg": "成功", "data": …}`; lists as `{"total": n, "list": […]}`.
    GET /api/device/query/devices?page=&count=                      devices: `deviceId`, `name`
    GET /api/device/query/devices/{device}/channels?page=&count=    channels: `deviceId` (older: `channelId`), `name`,
                                                                    `status` ("ON"), `longitude`, `latitude` (WGS-84)
    GET /api/play/start/{device}/{channel}                          `rtsp`, `ws_fmp4`, …; starts the channel
    GET /api/play/stop/{device}/{channel}
The key of an account goes in the header `api-key`. Starting many channels at once makes the platform time out (video.md
§3), so that few are started at one time, and an address that is known is not asked for again.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlencode

from streams.addresses import AddressRefusedError, AddressRules, RemoteAddress, parsed, refuse_host

PAGE = 100
MOST_STARTING = 3
PATIENCE = 12.0
"""Seconds for an answer: starting a channel takes its time."""
LARGEST = 8 << 20


class PlatformError(Exception):
    """The platform does not answer as documented, or may not be asked. The text is a sentence without the key."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of a device, as the platform's catalogue has it."""

    device: str
    id: str
    name: str
    online: bool
    longitude: float | None
    latitude: float | None


class Platform:
    """Asks one platform. The address is judged like a camera's: the host once resolved, and that host is connected to."""

    def __init__(self, address: str, key: str, rules: AddressRules) -> None:
        """Raises:
        PlatformError: the address may not be opened.
        """
        place = _judged(address.rstrip("/"), rules)
        self._place, self._key = place, key
        self._host = _resolved(place, rules)

    def channels(self) -> Iterator[Channel]:
        """Every channel of every device that is a camera's, not a folder's."""
        for device in self._pages("/api/device/query/devices"):
            number = str(device.get("deviceId") or "")
            if number:
                found = self._pages(f"/api/device/query/devices/{quote(number, safe='')}/channels")
                yield from (channel for one in found if (channel := _channel(number, one)) is not None)

    def play(self, channel: Channel) -> str:
        """The RTSP address under which the channel is played; the platform starts it.

        Raises:
            PlatformError: with what the platform says.
        """
        answer = self._ask(f"/api/play/start/{quote(channel.device, safe='')}/{quote(channel.id, safe='')}")
        address = answer.get("rtsp") if isinstance(answer, Mapping) else None
        if not isinstance(address, str) or not address:
            raise PlatformError(f"The platform names no RTSP address for {channel.id}.")
        return address

    def addresses(
        self, channels: list[Channel], known: Mapping[str, str]
    ) -> Iterator[tuple[Channel, str | PlatformError]]:
        """Of each channel its address or why there is none. Known ones are not started; few at one time are."""
        fresh = [channel for channel in channels if channel.id not in known]
        yield from ((channel, known[channel.id]) for channel in channels if channel.id in known)
        with ThreadPoolExecutor(MOST_STARTING) as pool:
            yield from zip(fresh, pool.map(self._tried, fresh), strict=True)

    def _tried(self, channel: Channel) -> str | PlatformError:
        try:
            return self.play(channel)
        except PlatformError as error:
            return error

    def _pages(self, path: str) -> Iterator[Mapping[str, Any]]:
        page, seen = 1, 0
        while True:
            answer = self._ask(f"{path}?{urlencode({'page': page, 'count': PAGE})}")
            rows = answer.get("list") if isinstance(answer, Mapping) else None
            if not isinstance(rows, list):
                raise PlatformError(f"The platform's answer to {path} holds no list.")
            yield from (row for row in rows if isinstance(row, Mapping))
            seen, page = seen + len(rows), page + 1
            if not rows or seen >= int(answer.get("total") or 0):
                return

    def _ask(self, path: str) -> Any:
        """The `data` of an answer. No redirect is followed: another host was not judged."""
        line = self._line()
        try:
            prefix = self._place.parts.path.rstrip("/")
            headers = {
                "Host": f"{self._place.host}:{self._place.port}",
                "Accept": "application/json",
                "api-key": self._key,
            }
            line.request("GET", prefix + path, headers=headers)
            answer = line.getresponse()
            body = answer.read(LARGEST + 1)
        except (OSError, http.client.HTTPException) as error:
            raise PlatformError(f"The platform at {self._place.host} does not answer.") from error
        finally:
            line.close()
        if answer.status != 200:
            raise PlatformError(f"The platform answers {answer.status} to {path.partition('?')[0]}.")
        return _data(body)

    def _line(self) -> http.client.HTTPConnection:
        if self._place.scheme != "https":
            return http.client.HTTPConnection(self._host, self._place.port, timeout=PATIENCE)
        return _Secure(self._host, self._place.port, self._place.host)


class _Secure(http.client.HTTPSConnection):
    """TLS to the judged address, its certificate checked against the host's name."""

    def __init__(self, address: str, port: int, name: str) -> None:
        self._name, self._trust = name, ssl.create_default_context()
        super().__init__(address, port, timeout=PATIENCE, context=self._trust)

    def connect(self) -> None:
        plain = socket.create_connection((self.host, self.port), self.timeout)
        self.sock = self._trust.wrap_socket(plain, server_hostname=self._name)


def _judged(address: str, rules: AddressRules) -> RemoteAddress:
    try:
        place = parsed(address, rules)
    except AddressRefusedError as error:
        raise PlatformError(str(error)) from error
    if not isinstance(place, RemoteAddress) or place.scheme not in ("http", "https"):
        raise PlatformError("Expected the platform's address as http://HOST:PORT or https://HOST.")
    return place


def _resolved(place: RemoteAddress, rules: AddressRules) -> str:
    """The first address of the host that may be opened.

    Raises:
        PlatformError: there is none.
    """
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise PlatformError(f"The host {place.host} cannot be found.") from error
    reason = "it has no address"
    for *_, spot in found:
        try:
            refuse_host(ip_address(str(spot[0])), rules)
            return str(spot[0])
        except AddressRefusedError as error:
            reason = str(error)
    raise PlatformError(f"The platform's host may not be opened: {reason}")


def _data(body: bytes) -> Any:
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise PlatformError("The platform's answer is no JSON.") from error
    if not isinstance(answer, Mapping) or "code" not in answer:
        raise PlatformError("The platform's answer has no code.")
    if answer["code"] != 0:
        raise PlatformError(f"The platform refuses: {str(answer.get('msg') or answer['code'])[:120]}.")
    return answer.get("data")


def _channel(device: str, row: Mapping[str, Any]) -> Channel | None:
    """A channel in the answer of a newer or an older release; None for a folder."""
    number = str(row.get("channelId") or row.get("deviceId") or "")
    if not number or row.get("parental") == 1 or (row.get("channelType") or 0) != 0:
        return None
    status = row.get("status")
    return Channel(
        device, number, str(row.get("name") or number), status in (1, True, "ON", "on"), _number(row.get("longitude")),
        _number(row.get("latitude")),
    )  # fmt: skip


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and value else None
