"""`gridcommand backup`, `restore` and `verify`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import click

from config.settings import from_environment
from dashboard.cli.launch import sole_owner
from dashboard.cli.parts import open_parts, shown
from dashboard.cli.terminal import Refusal, answer, progress, say
from models.safekeeping import broken_chains, copy_sqlite, restore_sqlite
from models.store import Store

_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.command()
@_FILE
def backup(file: Path) -> int:
    """Copy the database to FILE while everything runs; the copy is of one moment."""
    with open_parts(county=False) as parts:
        if parts.store.sqlite:
            copy_sqlite(parts.store, file)
        else:
            if file.exists():
                raise Refusal(f"{file} exists already; choose another name.")
            _postgres("pg_dump", parts.store, "--format=custom", f"--file={file}")
            file.chmod(0o600)
        answer(f"{shown(parts.store)} was copied to {file} ({file.stat().st_size:,} bytes).")
        say("Keep the secret key with it: without GRIDCOMMAND_SECRET_KEY reporters' contacts cannot be read again.")
    return 0


@click.command()
@_FILE
def restore(file: Path) -> int:
    """Put the copy FILE in the place of the database. Nothing may be running on it."""
    settings = from_environment()
    if not file.is_file():
        raise Refusal(f"There is no file {file}.")
    with sole_owner(settings):
        store = Store(settings.database)
        try:
            if store.sqlite:
                store.close()
                restore_sqlite(store, file)
            else:
                _postgres(
                    "pg_restore", store, "--clean", "--if-exists", "--exit-on-error", "--single-transaction", str(file)
                )
            answer(f"{shown(store)} was restored from {file}.")
        finally:
            store.close()
    return 0


def _postgres(program: str, store: Store, *words: str) -> None:
    """Run a tool of PostgreSQL. The password goes by the environment: arguments can be read by everybody."""
    if shutil.which(program) is None:
        raise Refusal(f"{program} is not on the PATH; install PostgreSQL's client programs.")
    url = store.url
    address = url.set(drivername="postgresql", password=None).render_as_string()
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    done = subprocess.run(
        [program, f"--dbname={address}", *words], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Refusal(
            f"{program} failed: {done.stderr.strip().splitlines()[0] if done.stderr.strip() else 'no reason'}"
        )


@click.command()
def verify() -> int:
    """Walk every chain: has any line of a trace or of the audit been edited, removed or added?"""
    found = 0
    with open_parts(county=False) as parts, parts.store.read() as connection, progress("verify") as show:
        for fault in broken_chains(connection, show):
            found += 1
            answer(fault)
    if found:
        raise Refusal(f"{found} chain{'s are' if found > 1 else ' is'} broken.")
    answer("Every trace and the audit are unbroken.")
    return 0
