"""A live playlist (HLS, RFC 8216) as text: which segments it names, how long they are, whether it still grows. Pure.

What is read is what platforms of cameras send: segments in order with their lengths, a header for fragmented MP4, or a
list of such lists. What is encrypted or cut out of larger files is refused, not guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LARGEST = 256 << 10
"""Bytes of a playlist: an hour of two-second segments. A live list names a handful."""
_KEPT = 12
"""Segments of one list that are looked at: its newest."""
_LONGEST_SECONDS = 60.0
_URI = re.compile(r'[:,]URI="([^"]+)"')
_OTHER = ("#EXT-X-BYTERANGE", "#EXT-X-I-FRAMES-ONLY")


class PlaylistError(ValueError):
    """The text is no live playlist that can be followed. `unsupported`: it is one, of a kind that is not read."""

    def __init__(self, text: str, *, unsupported: bool = False) -> None:
        super().__init__(text)
        self.unsupported = unsupported


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of the stream. `number`: its place in the stream, which never comes again; `header`: the address of what
    must be read before it (fragmented MP4), if anything must."""

    number: int
    seconds: float
    uri: str
    header: str | None = None


@dataclass(frozen=True, slots=True)
class Playlist:
    """Either `lists` (addresses of playlists, the platform's first choice first) or `segments`, the newest ones last.

    Attributes:
        target: seconds that no segment is longer than; how often to look again follows from it.
        ended: nothing will be added.
    """

    segments: tuple[Segment, ...] = ()
    lists: tuple[str, ...] = ()
    target: float = 0.0
    ended: bool = False


def read(text: str) -> Playlist:
    """The playlist in a text.

    Raises:
        PlaylistError: it is none, or of a kind that is not read.
    """
    lines = [line.strip() for line in text.splitlines()]
    if not lines or not lines[0].startswith("#EXTM3U"):
        raise PlaylistError("Expected #EXTM3U in the first line.")
    _refuse_other(lines)
    lists = tuple(_named_after(lines, "#EXT-X-STREAM-INF"))
    if lists:
        return Playlist(lists=lists)
    segments = tuple(_segments(lines))
    return Playlist(segments[-_KEPT:], target=_target(lines, segments), ended="#EXT-X-ENDLIST" in lines)


def _refuse_other(lines: list[str]) -> None:
    encrypted = any(line.startswith("#EXT-X-KEY") and "METHOD=NONE" not in line for line in lines)
    if encrypted or any(line.startswith(_OTHER) for line in lines):
        raise PlaylistError("Encrypted segments and pieces of files are not read.", unsupported=True)


def _named_after(lines: list[str], tag: str) -> Iterator[str]:
    """The addresses that follow a tag."""
    tagged = False
    for line in lines:
        if line.startswith(tag):
            tagged = True
        elif tagged and line and not line.startswith("#"):
            tagged = False
            yield line


def _segments(lines: list[str]) -> Iterator[Segment]:
    number = int(_number(lines, "#EXT-X-MEDIA-SEQUENCE:", 0.0))
    seconds: float | None = None
    header: str | None = None
    for line in lines:
        if line.startswith("#EXTINF:"):
            seconds = _positive(line.removeprefix("#EXTINF:").partition(",")[0])
        elif line.startswith("#EXT-X-MAP"):
            header = _header(line)
        elif line and not line.startswith("#"):
            if seconds is None:
                raise PlaylistError("Expected the length of each segment before its address.")
            yield Segment(number, seconds, line, header)
            number, seconds = number + 1, None


def _header(line: str) -> str:
    found = _URI.search(line)
    if not found or "BYTERANGE" in line:
        raise PlaylistError("Expected the header of the segments as a file of its own.", unsupported=bool(found))
    return found[1]


def _target(lines: list[str], segments: tuple[Segment, ...]) -> float:
    longest = max((segment.seconds for segment in segments), default=2.0)
    return max(0.4, min(_number(lines, "#EXT-X-TARGETDURATION:", longest), _LONGEST_SECONDS))


def _number(lines: list[str], tag: str, otherwise: float) -> float:
    found = next((line.removeprefix(tag) for line in lines if line.startswith(tag)), None)
    return otherwise if found is None else _positive(found)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise PlaylistError("Expected a number.") from error
    if not 0.0 <= value < 2.0**53:
        raise PlaylistError("Expected a number from 0.")
    return value
