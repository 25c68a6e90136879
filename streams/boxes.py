"""Boxes of fragmented MP4 (ISO/IEC 14496-12 §8.8), one picture a fragment: pure functions of bytes.

A muxer waits for the next picture to know how long this one lasts. Here its length is foretold, so that a picture leaves the
moment it has come; and it costs a tenth.
"""

from __future__ import annotations

import struct

_FRAGMENT = struct.Struct(
    ">I4s"  # moof
    "I4sII"  # mfhd: the fragment's number
    "I4s"  # traf
    "I4sII"  # tfhd: times and bytes count from this moof; track 1
    "I4sIQ"  # tfdt: decoding time
    "I4sIIiIIIi"  # trun: one sample; where it begins, its length in ticks and bytes, its flags, shown later by
    "I4s"  # mdat
)
_MOOF = _FRAGMENT.size - 8
_BASE_IS_MOOF = 0x020000
_TRUN = 0x01000F01  # version 1; offset, length, bytes, flags and composition offset are there
_KEY, _BETWEEN = 0x02000000, 0x01010000
_START = b"\x00\x00\x01"


def fragment(number: int, time: int, length: int, shift: int, *, key: bool, picture: bytes) -> bytes:
    """`moof` and `mdat` of one picture.

    Args:
        number: from 1, rising by one.
        time: decoding time in ticks of the track; `length`: how long the picture lasts; `shift`: how much later it is shown.
        picture: its NAL units, each behind its length (`prefixed`).
    """
    head = _FRAGMENT.pack(
        _MOOF, b"moof",
        16, b"mfhd", 0, number,
        _MOOF - 24, b"traf",
        16, b"tfhd", _BASE_IS_MOOF, 1,
        20, b"tfdt", 0x01000000, time,
        36, b"trun", _TRUN, 1, _FRAGMENT.size, length, len(picture), _KEY if key else _BETWEEN, shift,
        8 + len(picture), b"mdat",
    )  # fmt: skip
    return head + picture


def prefixed(annexb: bytes) -> bytes:
    """NAL units behind start codes (Annex B) as MP4 has them: each behind its length in four bytes."""
    units = annexb.split(_START)
    if len(units) == 2:  # what most pictures are: one unit
        return len(units[1]).to_bytes(4, "big") + units[1] if units[1] else b""
    parts: list[bytes] = []
    last = len(units) - 1
    for number in range(1, len(units)):
        unit = units[number] if number == last else units[number].rstrip(b"\x00")
        if unit:
            parts += (len(unit).to_bytes(4, "big"), unit)
    return b"".join(parts)
