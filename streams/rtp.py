"""H.264 and H.265 into RTP payloads (RFC 6184, RFC 7798): pure functions of bytes, no socket and no clock."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CLOCK_HZ = 90_000
"""The RTP clock of every video payload (RFC 6184 §8.2.1)."""
PAYLOAD_TYPE = 96
MAX_PAYLOAD = 1400
"""Bytes of payload in one RTP packet: fits an Ethernet frame together with all headers."""


@dataclass(frozen=True, slots=True)
class Codec:
    """What differs: `name` in a description; types of NAL units that are parameter `sets` (in their order), that begin a
    key picture (`keys`), that are carried at all; `fragment`: the type of a fragmentation unit; `head`: bytes of a
    unit's head, with its type in the first of them: the bits of `mask`, `shift` bits up."""

    name: str
    sets: tuple[int, ...]
    keys: frozenset[int]
    carried: frozenset[int]
    fragment: int
    head: int
    shift: int
    mask: int

    def type_of(self, unit: bytes) -> int:
        return (unit[0] >> self.shift) & self.mask


H264 = Codec("H264", (7, 8), frozenset({5}), frozenset({1, 2, 3, 4, 5, 7, 8}), 28, 1, 0, 0x1F)
H265 = Codec("H265", (32, 33, 34), frozenset(range(16, 22)), frozenset((*range(22), 32, 33, 34)), 49, 2, 1, 0x3F)
CODECS = {"h264": H264, "hevc": H265}


def nal_units(annexb: bytes) -> list[bytes]:
    """Split an Annex B access unit at its start codes; empty units and zero padding are dropped."""
    units = []
    start = annexb.find(b"\x00\x00\x01")
    while start >= 0:
        begin = start + 3
        start = annexb.find(b"\x00\x00\x01", begin)
        unit = (annexb[begin:] if start < 0 else annexb[begin:start]).rstrip(b"\x00")
        if unit:
            units.append(unit)
    return units


def carried(units: Sequence[bytes], codec: Codec) -> list[bytes]:
    """Slices and parameter sets only: delimiters, filler and supplementary information need no transport."""
    return [unit for unit in units if codec.type_of(unit) in codec.carried]


def payloads(unit: bytes, codec: Codec, limit: int = MAX_PAYLOAD) -> Iterator[bytes]:
    """One NAL unit as RTP payloads: itself where it fits, else fragments (FU-A, RFC 6184 §5.8; FU, RFC 7798 §4.4.3)."""
    if len(unit) <= limit:
        yield unit
        return
    kept = ~(codec.mask << codec.shift) & 0xFF
    head = bytes(((unit[0] & kept) | codec.fragment << codec.shift,)) + unit[1 : codec.head]
    kind, step = codec.type_of(unit), limit - codec.head - 1
    for begin in range(codec.head, len(unit), step):
        first = 0x80 if begin == codec.head else 0
        last = 0x40 if begin + step >= len(unit) else 0
        yield head + bytes((first | last | kind,)) + unit[begin : begin + step]


def interleaved(payload: bytes, sequence: int, timestamp: int, ssrc: int, *, last: bool, channel: int = 0) -> bytes:
    """One RTP packet framed for the RTSP connection itself (RFC 2326 §10.12). `last`: it ends its picture."""
    marker = (0x80 if last else 0) | PAYLOAD_TYPE
    head = struct.pack(">BBHII", 0x80, marker, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    return struct.pack(">cBH", b"$", channel, len(head) + len(payload)) + head + payload
