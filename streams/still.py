"""One masked picture of one camera, asked of the video gateway as any viewer would: same credentials, same ledger."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from streams.tiles import SUBPROTOCOL

PATIENCE = 4.0
"""Seconds for a picture that is live: longer than two key frames of a usual camera."""


class NoStillError(Exception):
    """There is no live picture to be had. The text is a sentence."""


@dataclass(frozen=True, slots=True)
class Still:
    """A JPEG as it left the worker, masks burnt in, and when it was seen."""

    jpeg: bytes
    at: datetime


def masked_still(address: str, headers: Mapping[str, str], camera: str, patience: float = PATIENCE) -> Still:
    """The next live picture.

    Args:
        address: `ws://HOST:PORT/tiles`. `headers`: the viewer's own `Cookie` or `Authorization`.

    Raises:
        NoStillError: refused, not live, or the gateway does not answer in time.
    """
    end = time.monotonic() + patience
    try:
        with connect(
            address, subprotocols=[Subprotocol(SUBPROTOCOL)], additional_headers=dict(headers), compression=None,
            open_timeout=patience, close_timeout=0.5, proxy=None,
        ) as line:  # fmt: skip
            line.send(json.dumps({"kind": "watch", "cameras": [camera]}))
            while (left := end - time.monotonic()) > 0:
                still = _of(line.recv(timeout=left), camera)
                if still is not None:
                    return still
    except (OSError, TimeoutError, WebSocketException) as error:
        raise NoStillError("The video gateway does not answer.") from error
    raise NoStillError("The camera has no live picture just now.")


def _of(message: str | bytes, camera: str) -> Still | None:
    """The picture in a message; None where it is another message, or the picture is old."""
    if isinstance(message, str):
        told = json.loads(message)
        if told.get("kind") == "refused" and camera in told.get("cameras", ()):
            raise NoStillError("The video gateway refuses this camera.")
        return None
    (length,) = struct.unpack_from(">I", message)
    head = json.loads(message[4 : 4 + length])
    if head.get("camera") != camera or head.get("state") != "live":
        return None
    return Still(message[4 + length :], datetime.fromisoformat(head["at"]))
