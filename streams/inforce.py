"""Whether saved masks are in force: asked of the video gateway before the save is answered.

    GET /masks?camera=ID  →  {"camera": ID, "masks": MARK | null, "elsewhere": "ws://HOST:PORT/tiles" | null}

The gateway reads the register when it is asked, and from its answer on lets nothing pass that was taken under other
masks. So whoever reads "saved" has no picture under the old masks on any screen that is sent one later.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from streams.masks import mark_of

PATIENCE = 4.0
_LARGEST = 4096


def masks_in_force(
    address: str, headers: Mapping[str, str], camera: str, masks: Sequence[Sequence[Sequence[float]]],
    patience: float = PATIENCE,
) -> bool:  # fmt: skip
    """Is this camera shown under these masks and no others from now on?

    Args:
        address: a gateway's, `ws://HOST:PORT/tiles`; it names the one that watches the camera, if it is another.
        headers: the saver's own `Cookie` or `Authorization`.

    Returns:
        False where no gateway answers so in time: then it is not known.
    """
    answer = _asked(address, headers, camera, patience)
    if answer and not answer.get("masks") and answer.get("elsewhere"):
        answer = _asked(str(answer["elsewhere"]), headers, camera, patience)
    return bool(answer) and answer.get("masks") == mark_of(masks)


def _asked(address: str, headers: Mapping[str, str], camera: str, patience: float) -> Mapping[str, Any]:
    place = urlsplit(address)
    try:
        line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=patience)
    except ValueError:  # a port that is none
        return {}
    try:
        line.request("GET", f"/masks?{urlencode({'camera': camera})}", headers=dict(headers))
        answer = line.getresponse()
        told = json.loads(answer.read(_LARGEST)) if answer.status == http.client.OK else {}
    except (OSError, http.client.HTTPException, ValueError):
        return {}
    finally:
        line.close()
    return told if isinstance(told, dict) else {}
