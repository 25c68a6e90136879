"""Which camera addresses may be opened: pure rules, deny by default; and how an address is written down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from config.networks import Address, Network, allowed, listed, networks, reached
from config.sentences import say

__all__ = ["Address", "AddressRefusedError", "AddressRules", "Network", "RemoteAddress", "listed", "networks", "parsed"]
__all__ += ["redacted", "refuse_host"]

PORTS = {"rtsp": 554, "http": 80, "https": 443}
"""The schemes that are opened, with their usual ports. Everything else (`file`, `concat`, `udp`, …) is refused."""
_LISTS = (".m3u8", ".m3u")
_UNFOLLOWED = ".mpd"
_LONGEST = 2048
_HOST = re.compile(r"[A-Za-z0-9._:\-]{1,253}")


class AddressRefusedError(Exception):
    """An address may not be opened. The text is a sentence without the address's user and password."""


class PlaylistRefusedError(AddressRefusedError):
    """The address is a playlist's that is not followed (DASH, or one over RTSP): what it names would be opened unjudged."""

    def __init__(self) -> None:
        super().__init__(
            "Of playlists only HLS over HTTP is followed. Take the RTSP or HTTP-FLV address of the same channel, or its .m3u8."
        )


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What may be opened beyond the open network.

    Attributes:
        networks: networks whose hosts may be opened although they are own, private, loopback or link-local.
        clips: the one folder from which files are played; None: none.
    """

    networks: tuple[Network, ...] = ()
    clips: Path | None = None


@dataclass(frozen=True, slots=True)
class RemoteAddress:
    """A network address whose host still has to be resolved and judged by `refuse_host`."""

    scheme: str
    host: str
    port: int
    parts: SplitResult

    @property
    def playlist(self) -> bool:
        """It is a rolling playlist's (HLS): what it names is judged and fetched by `streams.segments`."""
        return self.parts.path.lower().endswith(_LISTS)

    def at(self, address: Address) -> str:
        """The address with its host replaced by a judged one: what is connected to is what was judged, whatever the
        name service answers next."""
        host = f"[{address}]" if address.version == 6 else str(address)
        user = self.parts.netloc.rpartition("@")[0]
        netloc = f"{user}@{host}:{self.port}" if user else f"{host}:{self.port}"
        return self.parts._replace(netloc=netloc, fragment="").geturl()


def parsed(address: str, rules: AddressRules) -> RemoteAddress | Path:
    """Judge an address as written.

    Returns:
        A file inside the clips folder, or a remote address whose host is yet to be judged.

    Raises:
        AddressRefusedError: saying why.
    """
    if len(address) > _LONGEST or any(ord(sign) < 32 or ord(sign) == 127 for sign in address):
        raise AddressRefusedError("The address is longer than 2048 signs or holds control characters.")
    if "://" not in address:
        return _clip(address, rules)
    if any(sign in ' \\"<>^`{|}' for sign in address):
        raise AddressRefusedError("The address holds signs that must be written as %XX in an address.")
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise AddressRefusedError("The address has no readable host and port.") from error
    scheme = parts.scheme.lower()
    if scheme == "file":
        return _clip(unquote(parts.path) if not host else "", rules)
    if scheme not in PORTS:
        raise AddressRefusedError(
            say(
                "Expected one of {expected} or a file of the clips folder, got {scheme}.",
                expected=", ".join(PORTS),
                scheme=scheme,
            )
        )
    if not _HOST.fullmatch(host):
        raise AddressRefusedError("The address names no host.")
    path = parts.path.lower()
    if path.endswith(_UNFOLLOWED) or (scheme == "rtsp" and path.endswith(_LISTS)):
        raise PlaylistRefusedError
    return RemoteAddress(scheme, host, port or PORTS[scheme], parts)


def _clip(text: str, rules: AddressRules) -> Path:
    if rules.clips is None:
        raise AddressRefusedError("Files are not opened here: no clips folder is configured.")
    if not text:
        raise AddressRefusedError("The address names no file.")
    if any(ord(sign) < 32 for sign in text):
        raise AddressRefusedError("The file's name holds control characters.")
    folder = rules.clips.resolve()
    file = (folder / text).resolve()
    if not file.is_relative_to(folder):
        raise AddressRefusedError("The file lies outside the clips folder.")
    return file


def refuse_host(address: Address, rules: AddressRules) -> None:
    """Judge a resolved host.

    Raises:
        AddressRefusedError: it is loopback, link-local (cloud metadata among them), private, multicast, reserved or
            unspecified, and in no listed network.
    """
    if not allowed(address, rules.networks):
        plain = reached(address)
        raise AddressRefusedError(
            say("{plain} is not in a network that cameras may be in; list its network to allow it.", plain=plain)
        )


def redacted(address: str) -> str:
    """An address as it may be logged or shown: without user and password, and without its query (it holds tokens)."""
    scheme, mark, rest = address.partition("://")
    if not mark:
        return address
    place, question, _ = rest.partition("?")
    host, slash, path = place.partition("/")
    host = host.rpartition("@")[2]
    port = host.rpartition("]")[2].partition(":")[2]
    if "@" in path and port and not port.isdigit():
        return f"{scheme}://…"  # a password with an unquoted slash: nothing of it may be shown
    return f"{scheme}://{host}{slash}{path}{question}{'…' if question else ''}"
