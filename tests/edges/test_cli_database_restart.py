"""PostgreSQL restarted under a running store: kept connections are noticed to be dead before they are used."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bench.harness import postgres, postgres_binaries
from config.reference import load
from config.settings import HERE, Settings
from models.door import Door, Report
from models.moves import Actor, Role
from models.reference import store_county
from models.rules import Rules
from models.schema import migrate
from models.store import Store, StoreUnavailable
from models.timebase import real_now
from models.vault import Vault
from tests.conftest import SECRET, missing


def pg_ctl(binaries: Path, folder: str, *words: str) -> None:
    become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    command = [*become, str(binaries / "pg_ctl"), "-D", f"{folder}/data", "-w", *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", timeout=60)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_the_first_report_after_a_restart_is_taken(mode: str) -> None:
    binaries = postgres_binaries()
    if binaries is None:
        missing("PostgreSQL (Debian: postgresql)")
        raise AssertionError("unreachable")
    with postgres(binaries) as url:
        folder = url.partition("host=")[2]
        store, vault = Store(Settings(database_url=url).database), Vault(SECRET)
        migrate(store)
        store_county(store, load(HERE / "counties" / "yunze", geometry_checks=False), vault)
        door = Door(store, Rules(store, ZoneInfo("Asia/Shanghai")), vault)

        def report(number: int) -> str:
            told = Report("010504", "路灯不亮", "hotline", area="990100100", client="t", external_id=f"R{number}")
            return str(door.report(told, Actor("t", Role.SYSTEM), real_now()).case.code)

        first = report(1)
        pg_ctl(binaries, folder, "-m", mode, "stop")
        with pytest.raises(StoreUnavailable, match="The database does not answer"):
            report(2)
        pg_ctl(binaries, folder, "-l", f"{folder}/log", "-o", f"-c listen_addresses='' -k {folder}", "start")
        second = report(2)
        assert report(1) == first != second
        with store.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM cases").scalar() == 2
        store.close()
