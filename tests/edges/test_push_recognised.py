"""Whose credential it is, by the accounts of a real store; and every kind of Redis address."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import timedelta

import pytest

from alerts.carrier import Carrier
from alerts.entrance import Credential
from alerts.news import News
from alerts.push import recogniser
from models import accounts
from models.accounts import Visitor
from models.moves import Role
from models.store import Store, StoreUnavailable
from models.timebase import real_now


@pytest.fixture
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def who(store: Store, executor: Executor, kind: str, secret: str) -> Visitor | None:
    async def ask() -> Visitor | None:
        shown = Credential("token", secret) if kind == "token" else Credential("session", secret)
        return await recogniser(store, executor)(shown)

    return asyncio.run(ask())


def test_tokens_and_sessions_are_known_until_they_are_revoked(store: Store, executor: Executor) -> None:
    now = real_now()
    with store.write() as connection:
        token = accounts.create_token(connection, "wall", ["read"], now)
        accounts.add_account(connection, "duty", "duty", "a long password", now)
        session = accounts.open_session(connection, "duty", now)
        old = accounts.open_session(connection, "duty", now - timedelta(hours=13))
    found = who(store, executor, "token", token)
    assert found
    assert (found.role, found.scopes) == (Role.SYSTEM, frozenset({"read"}))
    found = who(store, executor, "session", session)
    assert found
    assert (found.name, found.role) == ("duty", Role.DUTY)
    for kind, secret in (("session", token), ("token", session), ("session", old), ("token", ""), ("session", "x")):
        assert who(store, executor, kind, secret) is None
    with store.write() as connection:
        accounts.revoke_token(connection, "wall", now)
        accounts.set_disabled(connection, "duty", True)
    assert who(store, executor, "token", token) is None
    assert who(store, executor, "session", session) is None


def test_a_store_that_is_away_is_no_answer(tmp_path: object, executor: Executor) -> None:
    with pytest.raises(StoreUnavailable):
        who(Store(f"sqlite:///{tmp_path}/nothing.sqlite"), executor, "token", "x")


@pytest.mark.parametrize(
    "address", ["redis://:secret@127.0.0.1:1/0", "rediss://user:secret@127.0.0.1:1", "unix:///nowhere/redis.sock"]
)
def test_every_kind_of_redis_address_is_tried_and_none_holds_a_writer_up(address: str) -> None:
    came: list[bool] = []
    news = News(address)
    assert news._send([("gridcommand:facts", b"{}")]) is False
    assert news._send([("gridcommand:facts", b"{}")]) is False

    async def listen() -> None:
        carrier = Carrier(address, ["gridcommand:facts"], lambda _channel, _body: None, came.append)
        task = asyncio.create_task(carrier.run())
        await asyncio.sleep(0.3)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(listen())
    assert came == []
