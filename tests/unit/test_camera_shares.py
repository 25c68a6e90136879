"""Hosts share cameras: each camera has one host, few move, the dead lose theirs, and no wall clock plays a part."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.shares import DEAD_AFTER, Peers, change, owner

CAMERAS = tuple(f"camera {number}" for number in range(300))


def settled(hosts: list[str], leases: dict[str, str], living: frozenset[str]) -> dict[str, str]:
    """All living hosts take their steps in turn until nothing changes."""
    leases = dict(leases)
    for _ in range(4):
        for host in hosts:
            step = change(host, CAMERAS, leases, living)
            for camera in step.released:
                del leases[camera]
            leases.update(dict.fromkeys(step.claimed, host))
    return leases


def test_each_camera_ends_up_with_one_host_and_the_hosts_carry_about_the_same() -> None:
    hosts = ["a", "b", "c"]
    leases = settled(hosts, {}, frozenset(hosts))
    assert set(leases) == set(CAMERAS)
    counts = [list(leases.values()).count(host) for host in hosts]
    assert min(counts) > 60


def test_when_a_host_dies_only_its_cameras_move_and_when_one_comes_only_its_share() -> None:
    before = settled(["a", "b", "c"], {}, frozenset("abc"))
    after = settled(["a", "b"], before, frozenset("ab"))
    assert set(after.values()) == {"a", "b"}
    assert all(after[camera] == host for camera, host in before.items() if host != "c")
    grown = settled(["a", "b", "c"], after, frozenset("abc"))
    assert grown == before


@given(st.dictionaries(st.sampled_from(CAMERAS[:20]), st.sampled_from("abc")), st.sampled_from("abc"))
def test_a_lease_of_a_living_host_is_never_taken(leases: dict[str, str], me: str) -> None:
    step = change(me, CAMERAS[:20], leases, frozenset("abc"))
    assert not [camera for camera in step.claimed if leases.get(camera, me) != me]
    assert all(leases[camera] == me for camera in step.released)


def test_a_host_is_dead_when_its_beat_has_not_moved_by_our_own_clock() -> None:
    peers = Peers("a")
    peers.heard({"a": 1, "b": 10}, 100.0)
    assert peers.living(100.0 + DEAD_AFTER) == {"a", "b"}
    peers.heard({"a": 2, "b": 10}, 104.0)
    assert peers.living(100.1 + DEAD_AFTER) == {"a"}
    peers.heard({"a": 3, "b": 3}, 110.0)
    assert peers.living(110.0) == {"a", "b"}, "a beat that moves backwards is a host that began again: it lives"
    assert peers.living(1e9) == {"a"}


def test_a_camera_that_left_the_register_is_given_back() -> None:
    assert change("a", ["x"], {"y": "a", "z": "b"}, frozenset("a")).released == ("y",)


def test_all_hosts_agree_who_owns_a_camera_in_whatever_order_they_see_each_other() -> None:
    assert {owner("x", order) for order in ("abc", "cab", "bca")} == {owner("x", "abc")}
