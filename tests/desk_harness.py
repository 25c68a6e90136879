"""The web application for tests: on a given store, with people of every role, without a password hash per test."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conftest import SECRET
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert
from werkzeug.test import TestResponse

from config.settings import Settings
from dashboard.app import create_app
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


@contextmanager
def web(store: Store, folder: Path, news: Any = None, **more: Any) -> Iterator[Flask]:
    """A running application; its connections are closed at the end."""
    app = create_app(settings_for(store, folder, **more), news=news or HeardNews())
    try:
        yield app
    finally:
        app.extensions["gridcommand"].store.close()


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


def noon() -> datetime:
    """A working day at 10:30 in the county."""
    return datetime(2026, 11, 18, 2, 30, tzinfo=UTC)
