"""Leases of cameras in Redis: one step a second of one host. Without Redis a host keeps what it has; alone, everything."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import redis

from streams.shares import Peers, change

_HOSTS, _LEASES = "gridcommand:streams:hosts", "gridcommand:streams:leases"


class Shares:
    """One host's part. For one thread. `me` must be unlike every other host's name; `url`: where its gateway is."""

    def __init__(self, client: Any, me: str, url: str = "") -> None:
        self._client, self._me, self._url = client, me, url
        self._peers = Peers(me)
        self._beat = time.time_ns()  # only that it moves matters; a host that starts again must not repeat itself
        self._held: frozenset[str] | None = None
        self._urls: Mapping[str, str] = {}
        self._leases: Mapping[str, str] = {}

    @classmethod
    def at(cls, redis_url: str, me: str, url: str = "") -> Shares:
        """One host's part in the leases at a Redis; nothing is connected yet. A call takes 0.3 s at most."""
        client = redis.Redis.from_url(redis_url, socket_timeout=0.3, socket_connect_timeout=0.3, retry=None)
        return cls(client, me, url)

    def step(self, cameras: Sequence[str], now: float) -> frozenset[str]:
        """Beat, look who lives, claim and release; the cameras that are this host's from now on.

        Args:
            now: monotonic seconds.
        """
        try:
            return self._stepped(cameras, now)
        except (redis.RedisError, OSError, ValueError):
            return frozenset(cameras) if self._held is None else self._held & frozenset(cameras)

    def _stepped(self, cameras: Sequence[str], now: float) -> frozenset[str]:
        self._beat += 1
        self._client.hset(_HOSTS, self._me, json.dumps({"beat": self._beat, "url": self._url}))
        with self._client.pipeline() as pipe:
            pipe.watch(_LEASES)
            leases = _texts(pipe.hgetall(_LEASES))
            hosts = {name: json.loads(said) for name, said in _texts(pipe.hgetall(_HOSTS)).items()}
            self._peers.heard({name: int(said["beat"]) for name, said in hosts.items()}, now)
            wanted = change(self._me, cameras, leases, self._peers.living(now))
            pipe.multi()
            if wanted.claimed:
                pipe.hset(_LEASES, mapping=dict.fromkeys(wanted.claimed, self._me))
            if wanted.released:
                pipe.hdel(_LEASES, *wanted.released)
            try:
                pipe.execute()
            except redis.WatchError:  # another host was first: what was read still holds, the rest waits for a second
                wanted = change(self._me, (), {}, frozenset({self._me}))
        mine = {camera for camera, holder in leases.items() if holder == self._me} - set(wanted.released)
        self._held = frozenset(mine | set(wanted.claimed)) & frozenset(cameras)
        self._leases, self._urls = leases, {name: str(said["url"]) for name, said in hosts.items()}
        return self._held

    def elsewhere(self, camera: str) -> str | None:
        """The gateway that shows a camera which another host watches; None where there is none."""
        holder = self._leases.get(camera)
        return None if holder in (None, self._me) else self._urls.get(str(holder)) or None

    def leave(self) -> None:
        """Give everything back at once, so that others need not wait until this host counts as dead."""
        try:
            leases = _texts(self._client.hgetall(_LEASES))
            mine = [camera for camera, holder in leases.items() if holder == self._me]
            if mine:
                self._client.hdel(_LEASES, *mine)
            self._client.hdel(_HOSTS, self._me)
        except (redis.RedisError, OSError):
            return


def _texts(found: Mapping[Any, Any]) -> dict[str, str]:
    def text(value: Any) -> str:
        return value.decode() if isinstance(value, bytes) else str(value)

    return {text(name): text(value) for name, value in found.items()}
