"""A gateway in a process of its own that pushes facts without a pause, for the test of slow readers.

`python flooded.py PORT RATE BYTES SECONDS-BEFORE bound|boundless`: after the pause, RATE facts a second of BYTES each.
"boundless" is the planted fault: no cap on what a screen leaves unread, and no eviction.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import UTC, datetime

from alerts.entrance import Credential
from alerts.gateway import Bounds, Gateway, Guest
from models.accounts import Visitor
from models.moves import Role


class Boundless(Gateway):
    """A broken twin: `broadcast()` as it comes with the library."""

    def _keeps_up(self, _seat: object) -> bool:
        return True

    async def _pulse(self, _wire: Guest) -> None:
        return


async def who(_shown: Credential) -> Visitor:
    return Visitor("wall", Role.SYSTEM, scopes=frozenset({"read"}))


async def main(port: str, rate: str, size: str, before: str, kind: str) -> None:
    gateway = (Boundless if kind == "boundless" else Gateway)(who, bounds=Bounds())
    gateway.begin(0, [])
    number, text = 0, "x" * int(size)
    async with gateway.serving("127.0.0.1", int(port)):
        await asyncio.sleep(float(before))
        turn = time.monotonic()
        while True:
            number += 1
            fact = {"id": str(number), "kind": "x", "at": datetime.now(UTC).isoformat(), "text": text}
            gateway.facts([(number, json.dumps(fact))])
            turn += 1 / float(rate)
            await asyncio.sleep(max(0.0, turn - time.monotonic()))


asyncio.run(main(*sys.argv[1:]))
