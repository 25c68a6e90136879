"""Rolling playlists (HLS) as text: what is read of them, and what is refused."""

from __future__ import annotations

import pytest

from streams.playlist import LARGEST, PlaylistError, Segment, read

ROLLING = """#EXTM3U
#EXT-X-VERSION:4
#EXT-X-ALLOW-CACHE:NO
#EXT-X-TARGETDURATION:3
#EXT-X-MEDIA-SEQUENCE:41
#EXTINF:2.000,
2026-11-26/14/41_0.ts?
#EXT-X-DISCONTINUITY
#EXTINF:2.5,a title
/rtp/42.ts
"""


def test_a_rolling_list_names_its_segments_in_order_with_their_lengths() -> None:
    found = read(ROLLING)
    assert found.segments == (Segment(41, 2.0, "2026-11-26/14/41_0.ts?"), Segment(42, 2.5, "/rtp/42.ts"))
    assert (found.target, found.ended, found.lists) == (3.0, False, ())


def test_windows_lines_and_blanks_make_no_difference() -> None:
    assert read(ROLLING.replace("\n", " \r\n\r\n")) == read(ROLLING)


def test_a_list_that_has_ended_says_so() -> None:
    assert read(ROLLING + "#EXT-X-ENDLIST\n").ended


def test_fragmented_mp4_names_the_header_of_its_segments() -> None:
    found = read(ROLLING.replace("#EXTINF:2.000", '#EXT-X-MAP:URI="init.mp4"\n#EXTINF:2.000'))
    assert {segment.header for segment in found.segments} == {"init.mp4"}


def test_a_list_of_lists_names_them_in_the_platforms_order() -> None:
    text = (
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=800000\nlow.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=9\n# a remark\nhigh.m3u8\n"
    )
    assert read(text).lists == ("low.m3u8", "high.m3u8")


def test_of_a_long_list_only_the_newest_segments_are_kept() -> None:
    rows = "".join(f"#EXTINF:2,\n{number}.ts\n" for number in range(5000))
    found = read("#EXTM3U\n#EXT-X-TARGETDURATION:2\n" + rows)
    assert found.segments[-1].number == 4999
    assert len(found.segments) < 20
    assert len(rows) < LARGEST


@pytest.mark.parametrize(
    ("text", "unsupported"),
    [
        ("", False),
        ("<html>404</html>", False),
        (ROLLING.replace("2.000", "long"), False),
        (ROLLING.replace("2.000", "-1"), False),
        (ROLLING.replace("2.000", "nan"), False),
        (ROLLING.replace("2.000", "1e400"), False),
        (ROLLING.replace("#EXT-X-MEDIA-SEQUENCE:41", "#EXT-X-MEDIA-SEQUENCE:many"), False),
        (ROLLING.replace("#EXTINF:2.000,\n", ""), False),
        (ROLLING + '#EXT-X-KEY:METHOD=AES-128,URI="http://169.254.169.254/key"\n', True),
        (ROLLING.replace("#EXT-X-DISCONTINUITY", "#EXT-X-BYTERANGE:90@4"), True),
        (ROLLING.replace("#EXT-X-DISCONTINUITY", '#EXT-X-MAP:URI="whole.mp4",BYTERANGE="90@0"'), True),
        (ROLLING.replace("#EXT-X-DISCONTINUITY", "#EXT-X-MAP:whole.mp4"), False),
    ],
)
def test_what_cannot_be_followed_is_refused(text: str, unsupported: bool) -> None:
    with pytest.raises(PlaylistError) as refusal:
        read(text)
    assert refusal.value.unsupported is unsupported


def test_a_list_whose_key_is_none_is_not_encrypted() -> None:
    assert read(ROLLING + "#EXT-X-KEY:METHOD=NONE\n").segments
