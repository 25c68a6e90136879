"""Which addresses may be opened: hostile ones are refused before anything is contacted."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from streams.addresses import (
    AddressRefusedError,
    AddressRules,
    PlaylistRefusedError,
    RemoteAddress,
    parsed,
    redacted,
    refuse_host,
)

NOWHERE = AddressRules()

HOSTILE = [
    "file:///etc/passwd", "file://localhost/etc/passwd", "file://host/share", "/etc/passwd", "../../etc/passwd",
    "concat:/etc/passwd|/etc/hosts", "concat://a", "subfile,,start,0,end,9,,:/etc/passwd", "data://text/plain,x",
    "gopher://127.0.0.1:70/", "ftp://host/x", "udp://239.0.0.1:1234", "rtp://host:5000", "tcp://127.0.0.1:6379",
    "unix:///run/x.sock", "pipe:0", "crypto://x", "async:rtsp://x", "cache:http://x", "hls+http://host/x.m3u8",
    "rtsps://host/x", "rtmp://host/x", "sdp:///x", "ftp://u:p@h/x", "javascript://x", "rtsp://", "rtsp:///x",
    "rtsp://host:99999/x", "rtsp://host:port/x", "rtsp://user:pa/ss@host/x", "rtsp://ho st/x", "rtsp://host/\nx",
    "rtsp://host/\x00", "http://[::1", "http://host/" + "x" * 3000, "rtsp://h%6fst/x", "http://exa\tmple/",
    'http://host/"x"', "rtsp://host|other/x", "",
]  # fmt: skip


@pytest.mark.parametrize("address", HOSTILE)
def test_hostile_addresses_are_refused_as_written(address: str) -> None:
    with pytest.raises(AddressRefusedError):
        parsed(address, NOWHERE)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    ],
)  # fmt: skip
def test_own_and_special_networks_are_refused_unless_listed(host: str) -> None:
    with pytest.raises(AddressRefusedError):
        refuse_host(ip_address(host), NOWHERE)


def test_a_listed_network_opens_itself_and_no_other() -> None:
    rules = AddressRules((ip_network("10.20.0.0/16"),))
    refuse_host(ip_address("10.20.3.4"), rules)
    refuse_host(ip_address("::ffff:10.20.3.4"), rules)
    with pytest.raises(AddressRefusedError, match=r"10\.21\.0\.1"):
        refuse_host(ip_address("10.21.0.1"), rules)


@pytest.mark.parametrize(
    "address", ["https://8.8.8.8/x.mpd", "https://8.8.8.8/a/X.MPD?token=1", "rtsp://8.8.8.8/live.m3u8"]
)
def test_a_playlist_that_is_not_followed_is_refused_with_a_sentence_that_says_what_to_take(address: str) -> None:
    with pytest.raises(PlaylistRefusedError, match="HTTP-FLV"):
        parsed(address, NOWHERE)


@pytest.mark.parametrize(
    ("path", "listed"), [("live.m3u8", True), ("a/LIVE.M3U8?token=1", True), ("a.flv?b=c.m3u8", False)]
)
def test_a_rolling_playlist_is_told_by_its_path(path: str, listed: bool) -> None:
    target = parsed(f"https://8.8.8.8/{path}", NOWHERE)
    assert isinstance(target, RemoteAddress)
    assert target.playlist is listed


def test_a_public_host_is_allowed() -> None:
    refuse_host(ip_address("8.8.8.8"), NOWHERE)
    refuse_host(ip_address("2001:4860:4860::8888"), NOWHERE)


def test_a_remote_address_keeps_its_password_and_is_opened_at_the_judged_number() -> None:
    target = parsed("rtsp://viewer:s3cret@cam.example:8554/main?ch=1", NOWHERE)
    assert isinstance(target, RemoteAddress)
    assert (target.host, target.port) == ("cam.example", 8554)
    assert target.at(ip_address("8.8.8.8")) == "rtsp://viewer:s3cret@8.8.8.8:8554/main?ch=1"
    assert target.at(ip_address("2001:db8::1")) == "rtsp://viewer:s3cret@[2001:db8::1]:8554/main?ch=1"


def test_files_are_opened_in_the_clips_folder_only(tmp_path: Path) -> None:
    rules = AddressRules((), tmp_path / "clips")
    (tmp_path / "clips" / "inner").mkdir(parents=True)
    (tmp_path / "secret.mp4").touch()
    (tmp_path / "clips" / "way-out.mp4").symlink_to(tmp_path / "secret.mp4")
    assert parsed("a b.mp4", rules) == tmp_path / "clips" / "a b.mp4"
    assert parsed(f"file://{tmp_path}/clips/inner/x.mp4", rules) == tmp_path / "clips" / "inner" / "x.mp4"
    for outside in ("../secret.mp4", "inner/../../secret.mp4", "way-out.mp4", str(tmp_path / "secret.mp4"), "~/x", "..",
                    f"file://{tmp_path}/clips/%2e%2e/secret.mp4", f"file://{tmp_path}/clips/a%00.mp4"):  # fmt: skip
        if outside == "~/x":
            assert parsed(outside, rules).is_relative_to(tmp_path / "clips")  # type: ignore[union-attr]
            continue
        with pytest.raises(AddressRefusedError):
            parsed(outside, rules)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://admin:p%40ss@10.0.0.1:554/ch1?token=abc", "rtsp://10.0.0.1:554/ch1?…"),
        ("rtsp://admin:p@ss@10.0.0.1/ch1", "rtsp://10.0.0.1/ch1"),
        ("rtsp://admin:p/ss@10.0.0.1/ch1", "rtsp://…"),
        ("http://host/a@b", "http://host/a@b"),
        ("clip.mp4", "clip.mp4"),
    ],
)
def test_what_is_written_down_holds_no_password_and_no_token(address: str, shown: str) -> None:
    assert redacted(address) == shown


def test_no_refusal_repeats_the_password() -> None:
    for address in ("rtsp://admin:hunter2@ho st/x", "gopher://admin:hunter2@h/", "rtsp://a:hunter2/x@h/y"):
        with pytest.raises(AddressRefusedError) as refusal:
            parsed(address, NOWHERE)
        assert "hunter2" not in str(refusal.value)
