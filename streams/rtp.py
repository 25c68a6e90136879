"""H.264 into RTP payloads (RFC 6184): pure functions of bytes, no socket and no clock."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

CLOCK_HZ = 90_000
"""The RTP clock of every video payload (RFC 6184 §8.2.1)."""
PAYLOAD_TYPE = 96
MAX_PAYLOAD = 1400
"""Bytes of payload in one RTP packet: fits an Ethernet frame together with all headers."""

SLICE, IDR, SPS, PPS = 1, 5, 7, 8
_CARRIED = frozenset({1, 2, 3, 4, IDR, SPS, PPS})
_FU_A = 28


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


def nal_type(unit: bytes) -> int:
    return unit[0] & 0x1F


def carried(units: Sequence[bytes]) -> list[bytes]:
    """Slices and parameter sets only: delimiters, filler and supplementary information need no transport."""
    return [unit for unit in units if nal_type(unit) in _CARRIED]


def payloads(unit: bytes, limit: int = MAX_PAYLOAD) -> Iterator[bytes]:
    """One NAL unit as RTP payloads: itself where it fits, else FU-A fragments (RFC 6184 §5.8)."""
    if len(unit) <= limit:
        yield unit
        return
    indicator = (unit[0] & 0xE0) | _FU_A
    kind, step = nal_type(unit), limit - 2
    for begin in range(1, len(unit), step):
        first = 0x80 if begin == 1 else 0
        last = 0x40 if begin + step >= len(unit) else 0
        yield bytes((indicator, first | last | kind)) + unit[begin : begin + step]


def interleaved(payload: bytes, sequence: int, timestamp: int, ssrc: int, *, last: bool, channel: int = 0) -> bytes:
    """One RTP packet framed for the RTSP connection itself (RFC 2326 §10.12). `last`: it ends its picture."""
    marker = (0x80 if last else 0) | PAYLOAD_TYPE
    head = struct.pack(">BBHII", 0x80, marker, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    return struct.pack(">cBH", b"$", channel, len(head) + len(payload)) + head + payload
