"""The web application for tests: on a given store, with people of every role, without a password hash per test."""

from __future__ import annotations

import contextlib
import functools
import os
import random
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conftest import SECRET
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert
from werkzeug.test import TestResponse

from config import texts
from config.settings import HERE, Settings
from config.texts import Catalogue
from dashboard.app import assembled, furnished, open_parts
from dashboard.services import KEY
from models import accounts
from models import tables as t
from models.messages import Message
from models.moves import Role
from models.store import Store
from models.timebase import real_now

ORIGIN = "http://localhost"
OWN = {"Origin": ORIGIN, "X-GC-CSRF": "1"}
PASSWORD = "nobody guesses this"
HASH = accounts.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
"""A cheap hash of PASSWORD: what argon2id costs is not what these tests are about."""
GRID = "990100100001001"
DEPARTMENT = "cg"
CONFIGURATION = HERE.parent / "dashboard" / "gunicorn_conf.py"
ROLES = tuple(role for role in Role if role is not Role.SYSTEM)


@dataclass
class HeardNews:
    """A publisher that remembers; `look` is asked at each publishing, to see what was on disk by then."""

    facts: list[Message] = field(default_factory=list)
    look: Any = None

    def publish(self, facts: Sequence[Message]) -> None:
        if self.look:
            self.look(facts)
        self.facts.extend(facts)


def url_of(store: Store) -> str:
    """The store's address as a setting."""
    return store.url.render_as_string(hide_password=False)


def settings_for(store: Store, folder: Path, **more: Any) -> Settings:
    """Settings on this store, with nothing of the machine's environment."""
    values = {"secret_key": SECRET, "redis_url": f"unix://{folder}/no-redis.sock", "data": folder / "data"}
    return Settings(_env_file=None, database_url=url_of(store), **{**values, **more})  # type: ignore[call-arg]


WAITING: dict[tuple[str, str, str], list[Flask]] = {}
"""Assembled applications that no test uses just now, by the settings that go into their routes."""


@contextmanager
def web(store: Store, folder: Path, news: Any = None, **more: Any) -> Iterator[Flask]:
    """A running application on parts of its own; its connections are closed at the end, and its routes wait for the next."""
    settings = settings_for(store, folder, **more)
    parts = open_parts(settings, news or HeardNews(), catalogue())
    waiting = WAITING.setdefault((settings.language, settings.secret(), settings.public_url), [])
    app = waiting.pop() if waiting else assembled(settings, parts.catalogue)
    try:
        yield furnished(app, parts)
    finally:
        del app.extensions[KEY]
        parts.store.close()
        waiting.append(app)


@functools.cache
def catalogue() -> Catalogue:
    """The product's texts, read once."""
    return texts.load()


def add_people(store: Store) -> None:
    """One account for each role, named like it; the grid worker and the department bound to theirs."""
    now = real_now()
    rows = [
        {
            "name": str(role),
            "role": str(role),
            "password": HASH,
            "area": GRID if role is Role.GRID else None,
            "department": DEPARTMENT if role is Role.DEPARTMENT else None,
            "disabled": False,
            "created_at": now,
        }
        for role in ROLES
    ]
    with store.write() as connection:
        connection.execute(insert(t.account), rows)


def add_token(store: Store, *scopes: str, name: str = "", **more: Any) -> str:
    """The secret of a new token."""
    with store.write() as connection:
        return accounts.create_token(connection, name or "-".join(scopes), scopes, real_now(), **more)


def session_of(store: Store, name: str) -> str:
    """The secret of a new session, opened without a login."""
    with store.write() as connection:
        return accounts.open_session(connection, name, real_now())


def browser(app: Flask, store: Store, name: str | None = None) -> FlaskClient:
    """A browser, logged in as this account."""
    client = app.test_client()
    if name is not None:
        client.set_cookie("gc_session", session_of(store, name))
    return client


def form_token(client: FlaskClient) -> str:
    """The hidden token of a form that this browser was given."""
    page = client.get("/login").get_data(as_text=True)
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def log_in(client: FlaskClient, name: str, password: str = PASSWORD, **fields: str) -> TestResponse:
    """Fill in the login form and send it."""
    form = {"name": name, "password": password, "csrf_token": form_token(client), **fields}
    return client.post("/login", data=form, headers={"Origin": ORIGIN})


def bearer(secret: str) -> dict[str, str]:
    """The header of a client system."""
    return {"Authorization": f"Bearer {secret}"}


def report(**changes: Any) -> dict[str, Any]:
    """A report that is right, with changes; None leaves a field out."""
    whole = {"category": "010101", "description": "东门农贸市场南侧垃圾成堆", "area": GRID, "source": "hotline"}
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def problem(response: TestResponse) -> dict[str, Any]:
    """The problem of an answer, checked for its shape."""
    assert response.mimetype == "application/problem+json", response.get_data(as_text=True)[:300]
    body: dict[str, Any] = response.get_json()
    assert body["status"] == response.status_code
    assert body["title"] and body["detail"]
    assert "Traceback" not in response.get_data(as_text=True)
    return body


# --- a real server ---------------------------------------------------------------------------------------------------


def free_port() -> int:
    """A port that nobody listens on just now, below those that the system itself gives to connections: what is started
    there a few seconds later still finds it free, whoever else runs tests meanwhile."""
    while True:
        port = random.SystemRandom().randrange(10_000, 30_000)
        with socket.socket() as line, contextlib.suppress(OSError):
            line.bind(("127.0.0.1", port))
            return port


@dataclass(frozen=True)
class Served:
    """A running gunicorn: its address, its process, and what it says to its supervisor."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def workers(self) -> set[int]:
        """The process ids of its workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return {int(pid) for pid in children.split()}


@contextmanager
def served(store: Store, folder: Path, **environment: str) -> Iterator[Served]:
    """The web process as it runs in earnest, on this store; stopped and waited for at the end."""
    port, log = free_port(), folder / "web.log"
    settings = {
        "DATABASE_URL": url_of(store),
        "REDIS_URL": f"unix://{folder}/no-redis.sock",
        "SECRET_KEY": SECRET,
        "DATA": str(folder / "data"),
        "PORT": str(port),
    }
    named = {f"GRIDCOMMAND_{name}": value for name, value in settings.items()}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", str(CONFIGURATION), "dashboard.app:from_environment()"],
            cwd=CONFIGURATION.parent.parent,
            env={**os.environ, **named, **environment},
            stdout=file,
            stderr=file,
        )
    found = Served(f"http://127.0.0.1:{port}", process, log)
    try:
        wait_until(lambda: answers(found.address) or process.poll() is not None, 30)
        assert process.poll() is None, f"It ended at once: {log.read_text()[-2_000:]}"
        yield found
    finally:
        process.terminate()
        process.wait(15)


def answers(address: str) -> bool:
    """Whether the server is alive."""
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def wait_until(condition: Callable[[], bool], seconds: float) -> float:
    """How long it took to become true; fails when it did not in time."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if condition():
            return time.monotonic() - began
        time.sleep(0.05)
    raise AssertionError(f"This did not become true within {seconds} s.")
