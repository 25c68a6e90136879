"""Cameras over HTTP: FLV, MJPEG and rolling playlists (HLS) live as RTSP does; a playlist under another name is refused."""

from __future__ import annotations

import asyncio
import http.server
import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
import simplejpeg

from streams.camera import Reason, State
from streams.wire import CameraSpec
from tests.edges.hls_server import platform
from tests.edges.streams_harness import streams, watching

PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2.0,\nhttp://169.254.169.254/latest\n"
RATE = 10


def pictures() -> Iterator[np.ndarray[Any, Any]]:
    dice, number = np.random.default_rng(1), 0
    ground = np.repeat(np.repeat(dice.integers(0, 255, (9, 16, 3), np.uint8), 20, 0), 20, 1)
    while True:
        number += 1
        yield np.roll(ground, number * 3, 1)


class Pipe(io.RawIOBase):
    def __init__(self, sink: Any) -> None:
        self._sink = sink

    def writable(self) -> bool:
        return True

    def write(self, part: Any) -> int:
        self._sink.write(bytes(part))
        return len(part)


def flv(sink: Any) -> None:
    """An endless FLV, as a platform's HTTP-FLV is."""
    with av.open(
        Pipe(sink), "w", format="flv", options={"flush_packets": "1", "flvflags": "no_duration_filesize"}
    ) as out:
        stream = out.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = RATE, 0
        stream.options = {"preset": "ultrafast", "tune": "zerolatency"}
        for number, picture in enumerate(pictures()):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            out.mux(stream.encode(frame))
            time.sleep(1 / RATE)


def mjpeg(sink: Any) -> None:
    for picture in pictures():
        jpeg = simplejpeg.encode_jpeg(picture, quality=80)
        sink.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(jpeg), jpeg))
        time.sleep(1 / RATE)


KINDS = {"/flv": ("video/x-flv", flv), "/mjpeg": ("multipart/x-mixed-replace; boundary=frame", mjpeg)}


@contextmanager
def cameras() -> Iterator[int]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            if self.path == "/disguised":
                self.send_header("Content-Type", "application/vnd.apple.mpegurl")
                self.end_headers()
                self.wfile.write(PLAYLIST)
                return
            kind, work = KINDS[self.path]
            self.send_header("Content-Type", kind)
            self.end_headers()
            with suppress(OSError, av.FFmpegError):
                work(self.wfile)

        def log_message(self, *_: Any) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.filterwarnings("ignore")
def test_flv_mjpeg_and_hls_over_http_are_live_and_a_playlist_in_disguise_is_refused() -> None:
    async def scene() -> None:
        with cameras() as port, platform(stops=5.0) as rolling:
            specs = [
                CameraSpec(name, name, f"http://127.0.0.1:{port}/{path}", registered=True)
                for name, path in (("flv", "flv"), ("mjpeg", "mjpeg"), ("named", "disguised"))
            ]
            specs.append(CameraSpec("hls", "hls", f"http://127.0.0.1:{rolling.port}/rtp/live.m3u8", registered=True))
            async with streams(specs) as running, watching(running.port, ["flv", "mjpeg", "hls"]) as watcher:
                for name in ("flv", "mjpeg", "hls"):
                    await running.until(name, State.LIVE, within=15)
                await watcher.until(lambda one: min(one.count("flv"), one.count("mjpeg")) >= 3, within=15)
                await running.until("named", State.OFFLINE, within=15)
                assert running.reason("named") in (Reason.UNSUPPORTED, Reason.BAD_ANSWER), "whatever it is called"
                await running.until("hls", State.OFFLINE, within=30)
                gone = time.monotonic()
                assert running.reason("hls") in (Reason.NO_DATA, Reason.TIMEOUT), "nothing is added any more"
                await asyncio.sleep(1.5)
                assert State.LIVE not in running.since(gone, "hls"), "and what it still names is not shown as live"
                assert all(one.header["state"] == "stale" for one in watcher.pictures["hls"] if one.got > gone)

    asyncio.run(scene())
