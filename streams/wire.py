"""What worker and supervisor say to each other over their socket pair: small JSON heads, a picture's bytes behind."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from streams.masks import Polygon

_LENGTHS = struct.Struct(">II")
LARGEST = 8 << 20
"""Bytes: more than this in one message means that the two have lost step."""


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """One camera as the register has it.

    Attributes:
        id: its id, as text; 20 digits where the county's platform gives them.
        name: what people call it.
        address: where its pictures come from. It may hold a password: it never appears in a log or a text.
        masks: polygons that are painted over before any picture leaves the worker.
        registered: purpose, legal basis, owner, sign and mask review are all on record. Without it the camera is
            neither opened nor shown (domain.md §9).
        main_address: the main stream's, for full-screen views; empty: `address` is all there is.
        thresholds: the camera's own limits of health (`streams.health_rules.Thresholds.adjusted`).
        learned: the instant, as text, from which its picture counts as what it should be: another one, and everything
            that was usual of it is learned anew.
    """

    id: str
    name: str
    address: str = field(repr=False)
    masks: tuple[Polygon, ...] = ()
    registered: bool = False
    main_address: str = field(default="", repr=False)
    thresholds: Mapping[str, Any] = field(default_factory=dict, hash=False)
    learned: str = ""

    @property
    def mark(self) -> str:
        """Changes with whatever changes the pictures: one taken under an older mask must never be shown."""
        what = (self.address, self.main_address, self.masks, sorted(self.thresholds.items()), self.learned)
        return hashlib.sha256(repr(what).encode()).hexdigest()[:12]


def packed(head: dict[str, Any], body: bytes = b"") -> bytes:
    """One message as bytes: both lengths (big-endian, 4 bytes each), the JSON head, the body."""
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    return _LENGTHS.pack(len(text), len(body)) + text + body


class Unpacking:
    """Messages out of a stream of bytes, however it was cut.

    Raises (from `fed`):
        ValueError: a length is impossible or a head is no JSON object; the stream cannot be trusted any more.
    """

    def __init__(self) -> None:
        self._rest = bytearray()

    def fed(self, part: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
        self._rest += part
        while len(self._rest) >= _LENGTHS.size:
            head, body = _LENGTHS.unpack_from(self._rest)
            if head + body > LARGEST:
                raise ValueError(f"expected a message of at most {LARGEST} bytes, got {head + body}")
            end = _LENGTHS.size + head + body
            if len(self._rest) < end:
                return
            whole = bytes(self._rest[_LENGTHS.size : end])
            del self._rest[:end]
            yield _object(whole[:head]), whole[head:]


def _object(text: bytes) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(f"expected a JSON object, got {type(value).__name__}")
    return value


def spec_to_json(spec: CameraSpec) -> dict[str, Any]:
    return {
        "id": spec.id, "address": spec.address, "masks": spec.masks, "main_address": spec.main_address,
        "thresholds": dict(spec.thresholds), "learned": spec.learned,
    }  # fmt: skip


def spec_from_json(value: dict[str, Any]) -> CameraSpec:
    masks = tuple(tuple((float(x), float(y)) for x, y in polygon) for polygon in value["masks"])
    return CameraSpec(
        str(value["id"]), "", str(value["address"]), masks, registered=True,
        main_address=str(value["main_address"]), thresholds=value["thresholds"],
        learned=str(value["learned"]),
    )  # fmt: skip
