"""For tests: an HTTP server whose playlist rolls by the clock, as a camera platform's does, and its ways of misbehaving."""

from __future__ import annotations

import http.server
import io
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any

import av
import numpy as np

SECONDS = 0.4
RATE = 10
COUNT = 30
LISTED = 3
FOREVER = 1e9


@cache
def segments(kind: str = "mpegts") -> list[bytes]:
    """Half a minute of a moving picture in pieces that each begin with a key picture; their clocks run on."""
    dice = np.random.default_rng(1)
    ground = np.repeat(np.repeat(dice.integers(0, 255, (9, 16, 3), np.uint8), 10, 0), 10, 1)
    return [_segment(kind, number, ground) for number in range(COUNT)]


def _segment(kind: str, number: int, ground: np.ndarray[Any, Any]) -> bytes:
    sink = io.BytesIO()
    flags = {"movflags": "empty_moov+default_base_moof+frag_keyframe+frag_discont"} if kind == "mp4" else {}
    with av.open(sink, "w", format=kind, options=flags) as out:
        stream = out.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        stream.codec_context.max_b_frames, stream.codec_context.gop_size = 0, 1000
        stream.options = {"preset": "ultrafast", "tune": "zerolatency"}
        each = round(SECONDS * RATE)
        for place in range(number * each, (number + 1) * each):
            frame = av.VideoFrame.from_ndarray(np.roll(ground, place * 3, 1), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = place, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return _timed(bytearray(sink.getvalue()), number)


def _timed(whole: bytearray, number: int) -> bytes:
    """Fragmented MP4 says when a fragment is decoded; a muxer of its own begins with 0 each time."""
    spot = whole.find(b"tfdt")
    if spot > 0:
        ticks = struct.unpack_from(">I", whole, whole.index(b"mdhd") + 16)[0]
        struct.pack_into(">Q" if whole[spot + 4] else ">I", whole, spot + 8, round(number * SECONDS * ticks))
    return bytes(whole)


@dataclass
class Platform:
    """What the server does, and what it was asked. `prefix` is put before the names of segments; `stops`: seconds after
    which nothing is added any more; `ends`: it says so; `eager`: each look finds one more; `redirects`: where segments are said to be; `answers`: what a path is
    answered instead (status, header, body); `drips`: which part of the answer under `/drip` never ends."""

    kind: str = "mpegts"
    prefix: str = ""
    stops: float = FOREVER
    ends: bool = False
    eager: bool = False
    header: str = "init.mp4"
    redirects: str = ""
    drips: str = ""
    host: str = "127.0.0.1"
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    port: int = 0

    def playlist(self) -> bytes:
        age = self.asked.count("/rtp/live.m3u8") * SECONDS if self.eager else time.monotonic() - self.began
        newest = min(COUNT, int(min(age, self.stops) / SECONDS) + 1)
        first = max(0, newest - LISTED)
        head = f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:0.4\n#EXT-X-MEDIA-SEQUENCE:{first}\n"
        head += f'#EXT-X-MAP:URI="{self.header}"\n' if self.kind == "mp4" else ""
        rows = "".join(f"#EXTINF:{SECONDS},\n{self.prefix}{number}.seg\n" for number in range(first, newest))
        return (head + rows + ("#EXT-X-ENDLIST\n" if self.ends else "")).encode()

    def body(self, path: str) -> bytes | None:
        name = path.rpartition("/")[2].partition("?")[0]
        if name == "live.m3u8":
            return self.playlist()
        if name == "init.mp4":
            whole = segments("mp4")[0]
            return whole[: whole.index(b"moof") - 4]
        if not name.endswith(".seg"):
            return None
        whole = segments(self.kind)[int(name[:-4])]
        return whole[whole.index(b"moof") - 4 :] if self.kind == "mp4" else whole


@contextmanager
def platform(**more: Any) -> Iterator[Platform]:
    """A platform that serves, at `http://127.0.0.1:PORT/rtp/live.m3u8`."""
    segments(more.get("kind", "mpegts"))
    serving = Platform(**more)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            serving.asked.append(self.path)
            body = serving.body(self.path)
            status, headers, body = serving.answers.get(self.path, (200 if body else 404, {}, body or b""))
            if serving.redirects and self.path.endswith(".seg"):
                status, headers = 302, {"Location": serving.redirects}
            with suppress(OSError):
                if self.path == "/drip":
                    self.drip()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        def drip(self) -> None:
            start = {"head": b"HTTP/1.1 200 OK\r\nX-A: ", "body": b"HTTP/1.1 200 OK\r\n\r\n", "silent": b""}[
                serving.drips
            ]
            self.wfile.write(start)
            for _ in range(60):
                time.sleep(0.1)
                self.wfile.write(b"a" if start else b"")

        def log_message(self, *_: Any) -> None:
            return

    server = http.server.ThreadingHTTPServer((serving.host, 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    serving.port = server.server_port
    try:
        yield serving
    finally:
        server.shutdown()
        server.server_close()
