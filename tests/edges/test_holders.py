"""Who holds a token is remembered for a moment, and no longer."""

from __future__ import annotations

from dashboard.holders import MOMENT, Holders
from models import accounts
from models.store import Store
from models.timebase import real_now


def test_a_revoked_token_is_known_no_longer_than_a_moment(store: Store) -> None:
    now = [100.0]
    holders = Holders(store, lambda: now[0])
    with store.write() as connection:
        secret = accounts.create_token(connection, "hotline", ["report"], real_now())
    assert holders.find("gct_wrong") is None
    found = holders.find(secret)
    assert found is not None and found.name == "hotline"
    with store.write() as connection:
        accounts.revoke_token(connection, "hotline", real_now())
    now[0] += MOMENT * 0.9
    assert holders.find(secret) == found
    now[0] += MOMENT * 0.2
    assert holders.find(secret) is None
