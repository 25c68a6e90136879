"""Leases of cameras in a real Redis: two hosts share, a dead one's cameras move, Redis may come and go."""

from __future__ import annotations

import redis

from streams.leases import Shares
from streams.shares import DEAD_AFTER
from tests.conftest import RedisServer

CAMERAS = [f"c{number}" for number in range(40)]


def client(server: RedisServer) -> redis.Redis:
    return redis.Redis.from_url(server.url, socket_timeout=0.5)


def test_two_hosts_share_and_the_dead_ones_cameras_move_within_ten_seconds(redis_server: RedisServer) -> None:
    redis_server.start()
    one, two = Shares(client(redis_server), "one", "ws://one"), Shares(client(redis_server), "two", "ws://two")
    assert one.step(CAMERAS, 0.0) == set(CAMERAS), "alone it watches everything"
    for second in range(1, 5):
        first, other = one.step(CAMERAS, float(second)), two.step(CAMERAS, float(second))
        assert not first & other, "no camera is watched twice"
    assert first | other == set(CAMERAS) and len(first) > 8 and len(other) > 8
    abroad = sorted(other)[0]
    assert one.elsewhere(abroad) == "ws://two" and two.elsewhere(abroad) is None
    gone_at = 4.0
    for step in range(1, 8):
        now = gone_at + step
        held = one.step(CAMERAS, now)
        if held == set(CAMERAS):
            break
    assert held == set(CAMERAS) and now - gone_at <= DEAD_AFTER + 2.0 <= 10.0
    assert two.step(CAMERAS, now + 1.0) == set(), "who comes back finds his cameras taken and lets go of them"
    for second in range(3):
        first, other = one.step(CAMERAS, now + 2 + second), two.step(CAMERAS, now + 2 + second)
    assert len(other) > 8 and first | other == set(CAMERAS) and not first & other


def test_without_redis_a_host_keeps_what_it_has_and_one_that_never_saw_it_watches_everything(
    redis_server: RedisServer,
) -> None:
    alone = Shares(redis.Redis(unix_socket_path="/nonexistent/socket"), "alone")
    assert alone.step(CAMERAS, 0.0) == set(CAMERAS)
    redis_server.start()
    one, two = Shares(client(redis_server), "one"), Shares(client(redis_server), "two")
    for second in range(4):
        first, other = one.step(CAMERAS, float(second)), two.step(CAMERAS, float(second))
    redis_server.kill()
    assert one.step(CAMERAS, 60.0) == first and two.step(CAMERAS, 60.0) == other
    redis_server.start()
    for second in range(61, 64):
        again, also = one.step(CAMERAS, float(second)), two.step(CAMERAS, float(second))
    assert not again & also and again | also == set(CAMERAS), "a Redis that forgot everything is told again"


def test_who_leaves_gives_his_cameras_back_at_once(redis_server: RedisServer) -> None:
    redis_server.start()
    one, two = Shares(client(redis_server), "one"), Shares(client(redis_server), "two")
    for second in range(4):
        one.step(CAMERAS, float(second)), two.step(CAMERAS, float(second))
    two.leave()
    assert one.step(CAMERAS, 4.0) == set(CAMERAS)
