"""What benchmarks stand on: free ports, a throw-away PostgreSQL that keeps its promises, a whole running product."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
READY_SECONDS = 180.0
_SPAN = 4


def free_ports(first: int = 20_000, last: int = 60_000, span: int = _SPAN) -> int:
    """The first of `span` neighbouring ports that are free now.

    Raises:
        RuntimeError: there are none.
    """
    for port in range(first + os.getpid() % 997 * span, last, span):
        if all(map(_is_free, range(port, port + span))):
            return port
    raise RuntimeError(f"No {span} neighbouring ports are free between {first} and {last}.")


def _is_free(port: int) -> bool:
    with socket.socket() as line:
        try:
            line.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def postgres_binaries() -> Path | None:
    """Where PostgreSQL's server programs are: the newest of Debian's, or those on the PATH; None: nowhere."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = [str(path) for path in reversed(versions)] + [path for path in (shutil.which("initdb"),) if path]
    return Path(found[0]).parent if found else None


@contextlib.contextmanager
def postgres(binaries: Path, kept: Path | None = None) -> Iterator[str]:
    """The address of a database on a private socket, durable as in production (`fsync` is on).

    Args:
        kept: where its files stay and are found again; else it is new, and leaves nothing behind.
    """
    folder = Path(tempfile.mkdtemp(prefix="gc-bench-pg-"))
    data = (kept or folder) / "data"
    become: list[str] = []
    if os.geteuid() == 0:  # the server refuses root
        data.parent.mkdir(parents=True, exist_ok=True)
        for one in (folder, data.parent):
            shutil.chown(one, "postgres", "postgres")
        become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]

    def run(program: str, *words: str) -> None:
        command = [*become, str(binaries / program), "-D", str(data), *words]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=120)

    try:
        if not data.exists():
            run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", f"-c listen_addresses='' -k {folder}", "start")
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        with contextlib.suppress(subprocess.SubprocessError):
            run("pg_ctl", "-m", "fast" if kept else "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Product:
    """A running product. `environment`: what its processes were given."""

    port: int
    data: Path
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes]

    def command(self, *words: str) -> str:
        """Run a command of the command line on the same data; returns its stdout."""
        line = [sys.executable, "-m", "dashboard.cli", *words]
        return subprocess.run(
            line, env=dict(self.environment), cwd=ROOT, check=True, capture_output=True, text=True, timeout=120
        ).stdout.strip()

    def pids(self) -> dict[str, int]:
        """Name → process id of everything the supervisor runs now."""
        state = json.loads((self.data / "run" / "processes.json").read_text(encoding="ascii"))
        return {name: process["pid"] for name, process in state["processes"].items() if process["pid"]}


@contextlib.contextmanager
def product(*words: str, port: int, data: Path, **settings: str) -> Iterator[Product]:
    """`gridcommand WORDS --port --data` as a person would start it, until /readyz says ready; ended with Ctrl-C.

    Raises:
        RuntimeError: it was not ready in time; with the last lines it printed.
    """
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GRIDCOMMAND_")},
        **settings,
        "GRIDCOMMAND_DATA": str(data),
        "GRIDCOMMAND_PORT": str(port),
        "GRIDCOMMAND_PUSH_PORT": str(port + 1),
        "GRIDCOMMAND_VIDEO_PORT": str(port + 2),
    }
    data.mkdir(parents=True, exist_ok=True)
    log = data / "output.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "dashboard.cli", *words], env=environment, cwd=ROOT, stdout=out, stderr=out,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(process, port, log)
        yield Product(port, data, environment, process)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.1)
    said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise RuntimeError(f"The product was not ready within {READY_SECONDS:.0f} s; it said:\n{said}")
