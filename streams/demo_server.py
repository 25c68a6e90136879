"""The cameras of a demonstration: an RTSP server with drawn scenes, or with video files that somebody brought.

    python -m streams.demo_server --folder F --port P [--clips DIR] [--host H]

Every stream is announced at once and appears as soon as it is drawn or loaded; until then a client hears "503, try
again". `FOLDER/streams.json` says which path serves what.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from streams.clips import ClipError, clip_from, playable
from streams.process import no_call
from streams.rtsp import RtspServer
from streams.scenes import KINDS, SceneSpec, rendered, scenes_in_turn
from streams.supervisor import worker_environment

Loop = SceneSpec | Path
"""What a path plays: a drawn scene, or a video file."""
_SCHEME = "demo:"


def demo_loops(cameras: Sequence[tuple[str, str]], clips: Path | None) -> dict[str, Loop]:
    """What each camera of a demonstration plays, by camera id, which is also its path.

    Args:
        cameras: id and address; only addresses `demo:NAME` are taken. NAME is the stem of a file in `clips` or a kind
            of scene (`crossroads`, `market`, `river`, `school`, `village`, `square`, `road_night`, `bus_station`).
        clips: folder of video files, or None.

    Raises:
        ValueError: a name is neither a file nor a kind of scene.
    """
    files = {file.stem: file for file in playable(clips)} if clips else {}
    numbered = sorted(cameras, key=lambda camera: camera[0][-6:])  # by serial: the county's first ones come first
    named = [(camera, address.removeprefix(_SCHEME)) for camera, address in numbered if address.startswith(_SCHEME)]
    loops: dict[str, Loop] = {camera: files[name] for camera, name in named if name in files}
    drawn = [(camera, name) for camera, name in named if name not in files]
    scenes = scenes_in_turn([name for _, name in drawn])
    return loops | {camera: scene for (camera, _), scene in zip(drawn, scenes, strict=True)}


def demo_address(host: str, port: int, path: str) -> str:
    """Where a path of the demonstration's server is found."""
    return f"rtsp://{host}:{port}/{quote(path)}"


async def serve_demo(
    loops: Mapping[str, Loop], *, host: str, port: int, folder: Path, stop: asyncio.Event,
    ready: Callable[[int], None] = lambda port: None, beat: Callable[[], None] = no_call,
    say: Callable[[str], None] = lambda line: None,
) -> None:  # fmt: skip
    """Serve loops until `stop` is set.

    Args:
        loops: what each path plays.
        host, port: where to listen. Port 0: any free one.
        folder: where drawn and transcoded loops are kept, so that a second start finds them.
        ready: called with the port once it listens.
        beat: called once a second.
        say: told, line by line, which path serves what, and which file cannot be played and why.
    """
    server = RtspServer()
    for path in loops:
        server.announce(path)
    async with server.listening(host, port):
        ready(server.port)
        _write_index(loops, folder)
        works = [asyncio.create_task(_fill(server, loops, folder, say)), asyncio.create_task(_beat(beat))]
        try:
            await stop.wait()
        finally:
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)


async def _beat(beat: Callable[[], None]) -> None:
    while True:
        beat()
        await asyncio.sleep(1.0)


def _write_index(loops: Mapping[str, Loop], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    index = {path: loop.name for path, loop in loops.items()}
    (folder / "streams.json").write_text(json.dumps(index, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


async def _fill(server: RtspServer, loops: Mapping[str, Loop], folder: Path, say: Callable[[str], None]) -> None:
    """Draw in a process of its own (drawing would make the streams stutter), load and add one after the other."""
    scenes = {loop.name: loop for loop in loops.values() if isinstance(loop, SceneSpec)}
    for path, loop in loops.items():
        if isinstance(loop, Path):
            await _add(server, path, loop, folder, say)
    async with _drawing(list(scenes), folder) as done:
        async for name in done:
            for path, loop in loops.items():
                if isinstance(loop, SceneSpec) and loop.name == name:
                    await _add(server, path, rendered(loop, folder), folder, say)
    for path, loop in loops.items():
        if server.knows(path) and server.clip_at(path) is None:
            say(f"{path}: {loop.name} could not be drawn")


async def _add(server: RtspServer, path: str, file: Path, folder: Path, say: Callable[[str], None]) -> None:
    try:
        server.add(path, await asyncio.to_thread(clip_from, file, folder))
    except ClipError as error:
        server.remove(path)
        say(f"{path}: {error}")
    else:
        say(f"{path}: {file.name}")


@contextlib.asynccontextmanager
async def _drawing(names: list[str], folder: Path) -> AsyncIterator[AsyncIterator[str]]:
    """Names of scenes as they are finished. The drawing process has ended when the block is left."""
    command = [sys.executable, "-m", "streams.scenes", str(folder), *names]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, env=worker_environment()
    )

    async def lines() -> AsyncIterator[str]:
        assert process.stdout is not None
        async for line in process.stdout:
            yield line.decode().strip()

    try:
        yield lines()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def main(arguments: list[str]) -> int:
    """Run the server by hand: all drawn scenes, or the files of a folder."""
    parser = argparse.ArgumentParser(prog="python -m streams.demo_server", description="RTSP cameras for trying out.")
    parser.add_argument("--folder", type=Path, required=True, help="where loops are kept")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--clips", type=Path, help="folder of video files to play instead of drawn scenes")
    asked = parser.parse_args(arguments)
    loops: dict[str, Loop] = {file.stem: file for file in playable(asked.clips)} if asked.clips else {}
    loops = loops or {scene.name: scene for scene in scenes_in_turn([*KINDS] * 3)}
    asyncio.run(_until_signal(loops, asked.host, asked.port, asked.folder))
    return 0


async def _until_signal(loops: Mapping[str, Loop], host: str, port: int, folder: Path) -> None:
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)

    def say(line: str) -> None:
        sys.stdout.write(f"rtsp://{host}:{port}/{line}\n")
        sys.stdout.flush()

    await serve_demo(loops, host=host, port=port, folder=folder, stop=stop, say=say)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
