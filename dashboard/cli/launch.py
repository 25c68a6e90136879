"""`gridcommand up` and `gridcommand demo`: look before starting, then run the Procfile under the supervisor."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.cells import cell_len

from config.settings import Settings, from_environment
from dashboard.cli.embedded import configuration, server_program
from dashboard.cli.notify import LONGEST_PATH
from dashboard.cli.pace import speed_of
from dashboard.cli.plan import ACCOUNTS, DemoPlan, keep_plan, read_plan
from dashboard.cli.procfile import programs
from dashboard.cli.supervisor import Supervisor, prefixed
from dashboard.cli.terminal import Refusal, answer, say

ROOT = Path(__file__).resolve().parents[2]
OWN = {"gridcommand": ("-m", "dashboard.cli"), "gunicorn": ("-m", "gunicorn")}
"""Programs of the Procfile that are run with the very Python that runs us, wherever the PATH points."""
SCENES_OFFSET = 3
"""`demo` serves its cameras' streams on web port + 3."""

_PORT = click.option("--port", type=click.IntRange(1, 65532), help="Web port P; push is P+1, video P+2.")
_DATA = click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Data folder, default ./var.")


@click.command()
@_PORT
@_DATA
def up(port: int | None, data: Path | None) -> int:
    """All processes on the configured database and Redis, embedded ones where none is named; nothing simulated."""
    settings = _settings(port, data)
    with sole_owner(settings):
        _look_first(settings, {})
        _prepared(settings, "migrate")
        return _run(settings, {}, frozenset(), lambda took: _addresses(settings, took))


@click.command()
@click.option("--cases", type=click.Path(path_type=Path, dir_okay=False), help="Real cases to replay, CSV or Excel.")
@click.option("--map", "map_", type=click.Path(path_type=Path, dir_okay=False), help="How its columns are read.")
@click.option("--areas", type=click.Path(path_type=Path, dir_okay=False), help="Its places, GeoJSON.")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="Feed all before this day at once.")
@click.option("--clips", type=click.Path(path_type=Path, file_okay=False), help="Video files to use as cameras.")
@click.option("--rate", type=click.FloatRange(0, 3000), help="New reports per minute, default 4; 0 for none.")
@click.option("--speed", help="Of --cases: times real time, or max.")
@click.option("--seed", type=int, help="The same seed tells the same story.")
@_PORT
@_DATA
def demo(
    cases: Path | None,
    map_: Path | None,
    areas: Path | None,
    since: datetime | None,
    clips: Path | None,
    rate: float | None,
    speed: str | None,
    seed: int | None,
    port: int | None,
    data: Path | None,
) -> int:
    """A demonstration county with drawn cameras and a living flow of reports, or real cases and real video."""
    settings = _settings(port, data)
    if cases is not None and data is None and settings.data == Path("var"):
        settings = _settings(port, Path("var") / cases.stem)
    wanted = {
        "cases": _existing(cases, "file of cases"),
        "map": _existing(map_, "map file"),
        "areas": _existing(areas, "file of areas"),
        "clips": _existing(clips, "folder of clips"),
        "since": since.date().isoformat() if since else "",
        "rate": rate,
        "speed": speed_of(speed) if speed else None,
        "seed": seed,
    }
    with sole_owner(settings):
        plan = _plan(settings, {name: value for name, value in wanted.items() if value not in (None, "")})
        story = {"replay": ["gridcommand", "run", "replay"]} if plan.cases else {"flow": ["gridcommand", "run", "flow"]}
        more = {"scenes": ["gridcommand", "run", "scenes"], **story}
        _look_first(settings, {"scenes": plan.scenes_port})
        keep_plan(settings.data, plan)
        _prepared(settings, "run", "prepare")
        return _run(settings, more, frozenset({"replay"}), lambda took: _welcome(settings, took))


def _settings(port: int | None, data: Path | None) -> Settings:
    if data is not None:
        os.environ["GRIDCOMMAND_DATA"] = str(data)
    if port is not None:
        for offset, name in enumerate(("GRIDCOMMAND_PORT", "GRIDCOMMAND_PUSH_PORT", "GRIDCOMMAND_VIDEO_PORT")):
            os.environ[name] = str(port + offset)
    return from_environment()


def _existing(path: Path | None, what: str) -> str:
    if path is None:
        return ""
    if not path.exists():
        raise Refusal(f"There is no {what} {path}.")
    return str(path.resolve())


def _plan(settings: Settings, wanted: Mapping[str, object]) -> DemoPlan:
    """The plan of this folder with what was asked for now; another county in the same folder is refused."""
    before = read_plan(settings.data)
    if before is not None and before.cases != wanted.get("cases", ""):
        there = before.cases or "the invented county"
        raise Refusal(f"{settings.data} holds a demonstration of {there} already; choose another folder with --data.")
    plan = before or DemoPlan(began=datetime.now(UTC))
    return replace(plan, **wanted, scenes_port=settings.port + SCENES_OFFSET)  # type: ignore[arg-type]


# -- before anything starts -------------------------------------------------------------------------------------------


@contextmanager
def sole_owner(settings: Settings) -> Iterator[None]:
    """Hold the data folder by `flock` (a pid file alone can lie after a kill) as long as the block runs."""
    folder = settings.data / "run"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    with (folder / "lock").open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise Refusal(
                f"{settings.data} is in use by another gridcommand (process {file.read().strip() or 'unknown'}); "
                "stop that one, or choose another folder with --data."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
        file.truncate(0)


def _look_first(settings: Settings, more: Mapping[str, int]) -> None:
    """Refuse what would fail a moment later: a taken port, a path too long for a socket, no Redis."""
    ports = {"web": settings.port, "push": settings.push_port, "video": settings.video_port, **more}
    for name, port in ports.items():
        twin = next((other for other in ports if other != name and ports[other] == port), None)
        if twin is not None:
            raise Refusal(f"Port {port} is given to {name} and to {twin}; each process needs a port of its own.")
        _free(settings.host, port, name)
    folder = settings.data.resolve() / "run"
    longest = folder / "supervisor.notify"
    if len(os.fsencode(longest)) > LONGEST_PATH:
        raise Refusal(f"The path {longest} is too long for a unix socket; choose a shorter GRIDCOMMAND_DATA.")
    if settings.embedded_redis:
        server_program()
        configuration(folder)


def _free(host: str, port: int, name: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            line.bind((host, port))
        except OSError as error:
            raise Refusal(
                f"Port {port} on {host} cannot be used for {name} ({error.strerror}); "
                "choose other ports with --port or GRIDCOMMAND_PORT, GRIDCOMMAND_PUSH_PORT, GRIDCOMMAND_VIDEO_PORT."
            ) from error


def _environment(settings: Settings) -> dict[str, str]:
    """What every process gets: our own environment, with the settings in force made absolute."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NOTIFY_SOCKET", "WATCHDOG_USEC")}
    paths = [str(ROOT), *kept.get("PYTHONPATH", "").split(os.pathsep)]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "PYTHONUNBUFFERED": "1",
        "GRIDCOMMAND_DATA": str(settings.data.resolve()),
        "GRIDCOMMAND_COUNTY": str(settings.county.resolve()),
        "GRIDCOMMAND_HOST": settings.host,
        "GRIDCOMMAND_PORT": str(settings.port),
        "GRIDCOMMAND_PUSH_PORT": str(settings.push_port),
        "GRIDCOMMAND_VIDEO_PORT": str(settings.video_port),
    }


def _prepared(settings: Settings, *words: str) -> None:
    """Run a command that must be done before the processes start, in a process of its own: the supervisor stays small
    and keeps one thread."""
    settings.secret()  # made here once, not by several processes at the same time
    command = [sys.executable, *OWN["gridcommand"], *words]
    code = subprocess.run(command, env=_environment(settings), check=False).returncode
    if code:
        raise Refusal("Nothing was started.")


# -- while it runs ----------------------------------------------------------------------------------------------------


def _run(settings: Settings, more: Mapping[str, Sequence[str]], once: frozenset[str], ready: object) -> int:
    assert callable(ready)
    wanted = {**programs((ROOT / "Procfile").read_text(encoding="utf-8")), **more}
    if not settings.embedded_redis:
        wanted.pop("redis", None)
    commands = {name: [*_program(words[0]), *words[1:]] for name, words in wanted.items()}
    began = time.monotonic()
    Supervisor(
        commands,
        _environment(settings),
        settings.data.resolve() / "run",
        prefixed(list(commands), sys.stdout),
        lambda: ready(time.monotonic() - began),
        once,
    ).run()
    say("All processes have ended.")
    return 0


def _program(word: str) -> list[str]:
    return [sys.executable, *OWN[word]] if word in OWN else [word]


def _base(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return settings.public_url or f"http://{host}:{settings.port}"


def _addresses(settings: Settings, took: float) -> None:
    base = _base(settings)
    answer(f"\n  网格指挥台已就绪 · GridCommand is running ({took:.1f} s)\n")
    pages = (
        ("大屏 wall", "/wall"),
        ("案件 cases", "/cases"),
        ("网格员 grid", "/grid"),
        ("接口 API", "/api/v1/openapi.json"),
    )
    for name, path in pages:
        answer(f"  {_wide(name, 16)}{base}{path}")


def _welcome(settings: Settings, took: float) -> None:
    _addresses(settings, took)
    file = settings.data / ACCOUNTS
    accounts = json.loads(file.read_text(encoding="utf-8"))["accounts"]
    answer(f"\n  {_wide('角色 role', 16)}{_wide('账号 name', 18)}口令 password")
    for account in accounts:
        answer(f"  {_wide(account['role'], 16)}{_wide(account['name'], 18)}{account['password']}")
    answer(f"\n  账号与令牌 accounts and tokens: {file}")
    answer("  按 Ctrl-C 结束 · Ctrl-C ends everything\n")


def _wide(text: str, width: int) -> str:
    """Padded to a width in terminal cells, of which a Chinese character takes two."""
    return text + " " * max(1, width - cell_len(text))
