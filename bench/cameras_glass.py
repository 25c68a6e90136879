"""Glass to glass: a counter in the source's picture, read back from what Chromium shows; for `gridcommand bench cameras`.

The source plays a clip whose every picture carries its number in eight black or white blocks; when a number is sent is
known exactly (the server's time line), when it is shown the page says by its own clock, which is compared with ours. Beside
it, the time from the gateway's sending to the pixels, which is what the goals are counted in: in the whole way the camera,
RTSP and its parser, which waits for the next picture, have their part.
"""

from __future__ import annotations

import asyncio
import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from fractions import Fraction
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import av
import numpy as np
from playwright.async_api import Page, async_playwright
from rich.table import Table

from bench.harness import ROOT
from streams.addresses import AddressRules
from streams.clips import Clip, clip_from, h264_stream
from streams.gateway import Credentials, Viewer
from streams.process import StreamsConfig, serve
from streams.rtsp import RtspServer
from streams.tickets import Ticket, issued, verified
from streams.wire import CameraSpec

ASSETS = ROOT / "dashboard" / "assets"
SECRET = "glass to glass"
_BITS = 8
SIZES = {"sub": ((640, 360), 15, 2.0), "main": ((1920, 1080), 25, 2.0)}
_LAP = 10
PAGE = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/50_live.css">
<style>body{margin:0;background:#111;display:grid;gap:4px;grid-template-columns:repeat(%(columns)d,1fr)}
figure{margin:0;position:relative;aspect-ratio:16/9;overflow:hidden}canvas{width:100%%}
</style><body><script type="module">
import { mediaTime, watchLive } from "/live/player.js";
import { pictureIn, watchTiles } from "/tiles.js";
const kind = "%(kind)s", number = %(number)d, stream = "%(stream)s";
const t = (key) => key;
window.seen = [];
const sent = new Map(); // camera, or camera and media time → when the gateway sent it
window.WebSocket = class extends WebSocket {
  constructor(...words) {
    super(...words);
    let camera = "";
    this.addEventListener("message", ({ data }) => {
      const message = typeof data === "string" ? null : pictureIn(data);
      if (!message) return;
      const { header, jpeg: bytes } = message;
      if (header.part === "init") camera = header.camera;
      else if (header.part === "data") sent.set(`${camera} ${Math.round(mediaTime(bytes) * 1000)}`, header.sent);
      else sent.set(header.camera, header.sent);
    });
  }
};
const scratch = new OffscreenCanvas(%(bits)d, 1).getContext("2d", { willReadFrequently: true });
function read(source, width, height) {
  scratch.imageSmoothingEnabled = true;
  for (let bit = 0; bit < %(bits)d; bit += 1) {
    scratch.drawImage(source, width * (bit + 0.3) / %(bits)d, height * 0.03, width * 0.4 / %(bits)d, height * 0.06, bit, 0, 1, 1);
  }
  const { data } = scratch.getImageData(0, 0, %(bits)d, 1);
  let value = 0;
  for (let bit = 0; bit < %(bits)d; bit += 1) value |= (data[bit * 4] > 127 ? 1 : 0) << bit;
  return value;
}
const nodes = [];
for (let index = 0; index < number; index += 1) {
  const node = document.createElement("figure");
  node.className = kind === "tiles" ? "tile" : "live-view";
  node.dataset.camera = `c${index}`;
  node.innerHTML = kind === "tiles" ? "<canvas></canvas>" : '<span class="live-note"></span><span class="live-mark"></span>';
  document.body.append(node);
  nodes.push(node);
}
if (kind === "tiles") {
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (image, ...rest) {
    draw.call(this, image, ...rest);
    const { camera } = this.canvas.closest("[data-camera]").dataset;
    window.seen.push([performance.now(), read(this.canvas, this.canvas.width, this.canvas.height), NaN, sent.get(camera), nodes.findIndex((node) => node.dataset.camera === camera)]);
  };
  watchTiles({ url: "ws://127.0.0.1:%(port)d/tiles", tiles: nodes, t });
} else {
  window.views = nodes.map((node) => watchLive({
    url: "ws://127.0.0.1:%(port)d/live", node, stream, t,
    ticket: async () => (await fetch(`/ticket/${node.dataset.camera}`)).text(),
  }));
  for (const [index, node] of nodes.entries()) {
    const video = node.querySelector("video");
    let count = 0;
    const look = (now, { expectedDisplayTime, mediaTime: at }) => {
      count += 1;
      if (count %% (number > 1 ? 5 : 2) === 0) {
        const began = sent.get(`${node.dataset.camera} ${Math.round(at * 1000)}`);
        window.seen.push([expectedDisplayTime, read(video, video.videoWidth, video.videoHeight), Number(node.dataset.latency), began, index]);
      }
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  }
}
</script>"""


def counting_clip(kind: str, folder: Path) -> Clip:
    """Ten seconds in which every picture carries its own number, over something that moves."""
    (width, height), rate, group = SIZES[kind]
    target = folder / f"counter-{kind}.mp4"
    dice = np.random.default_rng(1)
    ground = np.repeat(np.repeat(dice.integers(40, 210, (height // 20, width // 20), np.uint8), 20, 0), 20, 1)
    with av.open(str(target), "w", format="mp4") as sink:
        out = h264_stream(sink, Fraction(rate), (width, height), quality=26)
        out.codec_context.gop_size = round(rate * group)
        for number in range(_LAP * rate):
            picture = np.full((height * 3 // 2, width), 128, np.uint8)
            picture[:height] = 128
            part = np.roll(ground, number * 4, 1)
            picture[: part.shape[0], : part.shape[1]] = part
            for bit in range(_BITS):
                left, right = width * bit // _BITS, width * (bit + 1) // _BITS
                picture[: height // 8, left:right] = 235 if number >> bit & 1 else 16
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base, frame.pict_type = number, Fraction(1, rate), av.video.frame.PictureType.NONE
            sink.mux(out.encode(frame))
        sink.mux(out.encode(None))
    return clip_from(target, folder)


def cameras(arguments: list[str]) -> int:
    """Source and streams process with so many cameras, each so many seconds behind the one before, as a process:
    `cameras FOLDER NUMBER WEB BEHIND`; says its ports."""
    folder, number, web, behind = Path(arguments[0]), int(arguments[1]), int(arguments[2]), float(arguments[3])

    async def anybody(_: Credentials) -> Viewer | None:
        return Viewer("bench")

    async def for_ever() -> None:
        server = RtspServer()
        for kind in SIZES:
            server.add(kind, clip_from(folder / f"counter-{kind}.mp4", folder))
        async with server.listening("127.0.0.1", 0):
            base = f"rtsp://127.0.0.1:{server.port}"
            specs = [
                CameraSpec(f"c{index}", "", f"{base}/sub{late}", registered=True, main_address=f"{base}/main{late}")
                for index in range(number)
                for late in [f"?fault=behind={index * behind:.4f}"]
            ]
            said = functools.partial(_said, server)
            await serve(
                StreamsConfig(
                    cameras=lambda: specs, host="127.0.0.1", port=0, may_watch=anybody,
                    visible=lambda viewer, camera: True, rules=AddressRules((ip_network("127.0.0.0/8"),)), ready=said,
                    origins=frozenset({f"http://127.0.0.1:{web}"}),
                    verify=lambda text, viewer: verified(SECRET, text, viewer=viewer, now=datetime.now(UTC)),
                ),
                asyncio.Event(),
            )  # fmt: skip

    asyncio.run(for_ever())
    return 0


def _said(server: RtspServer, port: int) -> None:
    print(json.dumps({"port": port, "origin": server._origin}), flush=True)


@contextmanager
def site(pages: dict[str, str]) -> Iterator[int]:
    """The player's files, the pages, and tickets."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            if self.path.startswith("/ticket/"):
                ticket = Ticket.until(datetime.now(UTC), viewer="bench", camera=name, purpose="bench", ledger=0)
                self._answer(issued(SECRET, ticket), "text/plain")
            elif self.path in pages:
                self._answer(pages[self.path], "text/html")
            else:
                super().do_GET()

        def _answer(self, text: str, kind: str) -> None:
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(ASSETS)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


async def clock_of(page: Page) -> float:
    """What must be added to the page's clock (ms) to have ours (monotonic, ms); from the quickest of twenty questions."""
    best, offset = float("inf"), 0.0
    for _ in range(20):
        before = time.monotonic() * 1000
        there = await page.evaluate("performance.now()")
        after = time.monotonic() * 1000
        if after - before < best:
            best, offset = after - before, (before + after) / 2 - there
    return offset


def delays(seen: list[list[float]], clock: float, origin: float, rate: int, behind: float) -> list[float]:
    """Milliseconds between sending and showing, of each number that was seen."""
    return sorted(_delay(one, clock, origin, rate, behind) for one in seen)


def _delay(one: list[float], clock: float, origin: float, rate: int, behind: float) -> float:
    lap = _LAP * 1000.0
    delay = (one[0] + clock - (origin + one[4] * behind) * 1000.0 - one[1] * 1000.0 / rate) % lap
    return delay if delay < lap - 500 else delay - lap


def drift(seen: list[list[float]], clock: float, origin: float, rate: int, behind: float) -> float:
    """Milliseconds by which the last tenth of the pictures is shown later than the first tenth, by their medians."""
    tenth = max(1, len(seen) // 10)
    first, last = (delays(part, clock, origin, rate, behind) for part in (seen[:tenth], seen[-tenth:]))
    return round(ranked(last, 0.5) - ranked(first, 0.5), 1)


def ranked(values: list[float], share: float) -> float:
    return round(values[min(len(values) - 1, int(len(values) * share))], 1) if values else float("nan")


VIEWS = {"tiles_25": ("tiles", 25, 5, "sub", 0.08), "tiles_25_at_once": ("tiles", 25, 5, "sub", 0.0), "tile": ("live", 1, 1, "sub", 0.0),
         "live_9": ("live", 9, 3, "sub", 0.0), "full": ("live", 1, 1, "main", 0.0)}  # fmt: skip
"""Of each view: what shows it, how many, in how many columns, which stream, and the seconds by which each camera is behind the
one before. Cameras send their key pictures when they please, so 25 of them are spread over the two seconds; that all send at
one instant is the worst case, and has a row of its own."""


@asynccontextmanager
async def chromium() -> AsyncIterator[Any]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise FileNotFoundError("Chromium is missing (Debian: chromium).")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        try:
            yield browser
        finally:
            await browser.close()


async def viewed(
    name: str, folder: Path, seconds: float, note: Callable[[Page], Any] | None = None
) -> dict[str, float]:
    """One view in a browser for some seconds: delays in ms, the browser's CPU in cores."""
    kind, number, columns, stream, behind = VIEWS[name]
    pages: dict[str, str] = {}
    with site(pages) as web:
        command = [sys.executable, "-m", "bench.cameras_glass", str(folder), str(number), str(web), str(behind)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, stderr=subprocess.DEVNULL)
        assert process.stdout is not None
        try:
            told = json.loads(await asyncio.to_thread(process.stdout.readline))
            pages["/page"] = PAGE % {"kind": kind, "number": number, "columns": columns, "stream": stream,
                                     "bits": _BITS, "port": told["port"]}  # fmt: skip
            async with chromium() as browser:
                page = await browser.new_page(viewport={"width": 1600, "height": 900})
                await page.goto(f"http://127.0.0.1:{web}/page")
                began = time.monotonic()
                await page.wait_for_function("window.seen.length > 3", timeout=30_000)
                first = time.monotonic() - began
                await page.evaluate("new Promise((done) => setTimeout(done, 4000))")
                await page.evaluate("window.seen.length = 0")
                before, started = browser_cpu(), time.monotonic()
                await asyncio.sleep(seconds)
                cores = (browser_cpu() - before) / (time.monotonic() - started)
                seen, clock = await page.evaluate("window.seen"), await clock_of(page)
                if note:
                    await note(page)
        finally:
            process.kill()
            process.wait()
    rate = SIZES[stream][1]
    found = delays(seen, clock, told["origin"], rate, behind)
    own = sorted(one[2] for one in seen if one[2] is not None and one[2] == one[2])
    sent = sorted(one[0] + clock - one[3] for one in seen if one[3] is not None)
    figures = {"sent_p50": ranked(sent, 0.5), "sent_p95": ranked(sent, 0.95), "p50": ranked(found, 0.5), "p95": ranked(found, 0.95), "pictures": len(found), "first_s": round(first, 2),
               "browser_cores": round(cores, 2), "drift": drift(seen, clock, told["origin"], rate, behind)}  # fmt: skip
    return figures | ({"shown_p50": ranked(own, 0.5)} if own else {})


def browser_cpu() -> float:
    """CPU seconds of all browser processes below this one, those that have ended left out."""
    parents: dict[int, int] = {}
    used: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError, IndexError, ValueError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            pid = int(entry.name)
            parents[pid] = int(fields[1])
            if "chrom" in (entry / "comm").read_text():
                used[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    mine = os.getpid()

    def below(pid: int) -> bool:
        while pid > 1:
            if pid == mine:
                return True
            pid = parents.get(pid, 0)
        return False

    return sum(seconds for pid, seconds in used.items() if below(pid))


def glass_to_glass(folder: Path, seconds: float, views: Iterable[str] = tuple(VIEWS)) -> dict[str, dict[str, float]]:
    """These views in turn."""
    for kind in SIZES:
        counting_clip(kind, folder)
    return {name: asyncio.run(viewed(name, folder, seconds)) for name in views}


def glass_table(results: dict[str, dict[str, float]]) -> Table:
    table = Table(
        "view",
        "sent to shown p50 ms",
        "p95 ms",
        "glass to glass p50 ms",
        "p95 ms",
        "pictures",
        "first picture s",
        "browser cores",
        "drift ms",
        "player says p50 ms",
    )
    for name, one in results.items():
        table.add_row(
            name, f"{one['sent_p50']:.0f}", f"{one['sent_p95']:.0f}", f"{one['p50']:.0f}", f"{one['p95']:.0f}", f"{one['pictures']:.0f}", f"{one['first_s']:.1f}",
            f"{one['browser_cores']:.2f}", f"{one['drift']:.0f}", f"{one['shown_p50']:.0f}" if "shown_p50" in one else "",
        )  # fmt: skip
    return table


if __name__ == "__main__":
    sys.exit(cameras(sys.argv[1:]))
