"""Listening to Redis beside everything else: nobody waits for it; it brings messages and says whether it lives."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

CONNECT = 0.5
"""Seconds that connecting may take."""
PING = 0.4
"""Seconds between two pings: a subscriber that hears nothing cannot tell silence from death."""
SILENT = 1.2
"""Seconds without an answer to a ping after which the connection counts as dead."""
AGAIN = (0.05, 1.0)
"""Seconds before connecting again: doubled from the first to the second."""

Heard = Callable[[str, bytes], None]
Changed = Callable[[bool], None]


class Carrier:
    """A subscription that is renewed for ever. `up` says whether it stands now."""

    def __init__(self, redis_url: str, channels: Sequence[str], heard: Heard, changed: Changed) -> None:
        self._channels = channels
        self._heard = heard
        self._changed = changed
        self.up = False
        self._pool: Any = ConnectionPool.from_url(
            redis_url,
            protocol=2,
            driver_info=None,
            socket_timeout=CONNECT,
            socket_connect_timeout=CONNECT,
            retry=Retry(NoBackoff(), 0),
        )

    async def run(self) -> None:
        """Subscribe, bring messages, begin again. Ends only when it is cancelled."""
        pause = AGAIN[0]
        while True:
            connection = self._pool.make_connection()
            try:
                await self._subscribe(connection)
                pause = AGAIN[0]
                self._say(True)
                await self._listen(connection)
            except (RedisError, OSError, TimeoutError):
                self._say(False)
            finally:
                with contextlib.suppress(Exception):
                    await connection.disconnect(nowait=True)
            await asyncio.sleep(pause)
            pause = min(AGAIN[1], pause * 2)

    def _say(self, up: bool) -> None:
        if up != self.up:
            self.up = up
            self._changed(up)

    async def _subscribe(self, connection: Any) -> None:
        async with asyncio.timeout(2 * CONNECT):
            await connection.connect()
            await connection.send_command("SUBSCRIBE", *self._channels, check_health=False)
            for _ in self._channels:
                await connection.read_response()

    async def _listen(self, connection: Any) -> None:
        pings = asyncio.create_task(self._ping(connection))
        try:
            while True:
                async with asyncio.timeout(SILENT):
                    answer = await connection.read_response(timeout=SILENT * 2)
                if isinstance(answer, list) and answer[0] == b"message":
                    self._heard(answer[1].decode(), answer[2])
        finally:
            pings.cancel()
            await asyncio.gather(pings, return_exceptions=True)

    async def _ping(self, connection: Any) -> None:
        while True:
            await asyncio.sleep(PING)
            await connection.send_command("PING", check_health=False)
