"""Webhooks: facts of the outbox to other systems, by number and at least once; each try is written down.

What a webhook is to be told is first put beside its cursor as a delivery of its own, in one transaction, and then sent
in the order of numbers. A fact that the other side refuses for good is passed over; a side that cannot be reached keeps
its place in the row. After `AT_MOST` failures one after another the webhook is switched off, with the reason.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, get_args

from sqlalchemy import Connection, Row, delete, func, insert, literal_column, select, update

from config.sentences import say
from models.exchange import tables as xt
from models.ladder.deliveries import TRIES, Verdict
from models.ladder.deliveries import pause as wait_before
from models.messages import Fact
from models.outbox import facts_after, first_kept, last_number
from models.store import upserting
from models.vault import Vault

AT_MOST = 20
AT_ONCE = 200
PAUSED = "paused"
KINDS = sorted(kind.model_fields["kind"].default for kind in get_args(get_args(Fact)[0]))
"""The kinds of facts."""
SECRET_PREFIX = "whsec_"
h, d = xt.webhook.c, xt.delivery.c


# --- signing (pure; Standard Webhooks 1.0.0) -------------------------------------------------------------------------


def new_secret() -> str:
    """32 random bytes, as the standard writes them."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, identifier: str, at: int, body: bytes) -> str:
    """`v1,BASE64`: HMAC-SHA256 over identifier, seconds and body with points between.

    Raises:
        ValueError: the secret is none.
    """
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    digest = hmac.new(key, f"{identifier}.{at}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def headers(secret: str, delivery: Any, at: int) -> dict[str, str]:
    """What goes with a body. The identifier is the same for every try, so that the other side knows a repetition."""
    identifier = f"fact_{delivery.number}"
    body = delivery.body.encode()
    return {
        "Content-Type": "application/json",
        "User-Agent": "GridCommand",
        "webhook-id": identifier,
        "webhook-timestamp": str(at),
        "webhook-signature": signature(secret, identifier, at, body),
    }


def body_of(kind: str, fact: str) -> str:
    """The body: kind, instant and the fact as screens get it."""
    told = json.loads(fact)
    return json.dumps({"type": kind, "timestamp": told["at"], "data": told}, ensure_ascii=False, separators=(",", ":"))


# --- keeping ---------------------------------------------------------------------------------------------------------


def add(connection: Connection, vault: Vault, name: str, url: str, kinds: Collection[str], now: datetime) -> str:
    """A new webhook, told everything from now on; returns its secret, which is shown once.

    Raises:
        ValueError: the name is taken or none.
    """
    if not 0 < len(name) <= 64 or not name.isprintable() or any(sign.isspace() for sign in name):
        raise ValueError("A webhook's name has 1 to 64 signs without spaces.")
    if connection.execute(select(h.name).where(h.name == name)).first():
        raise ValueError(
            say("There is, or was, a webhook called {name!r} already; its deliveries keep its name.", name=name)
        )
    secret = new_secret()
    values = {"name": name, "url": url, "secret": vault.seal(secret), "kinds": sorted(kinds), "created_at": now}
    connection.execute(insert(xt.webhook).values(**values, number=last_number(connection)))
    return secret


def remove(connection: Connection, name: str, now: datetime) -> None:
    """Take it away: its secret is forgotten, what waits has failed.

    Raises:
        ValueError: there is none.
    """
    _change(connection, name, removed_at=now, enabled=False, secret="")
    waits = update(xt.delivery).where(d.webhook == name, xt.WAITING)
    connection.execute(waits.values(state="failed", outcome="webhook removed"))


def pause(connection: Connection, name: str) -> None:
    """Tell it nothing until it is switched on again; what happens meanwhile waits.

    Raises:
        ValueError: there is none.
    """
    _change(connection, name, enabled=False, message=PAUSED)


def enable(connection: Connection, name: str, now: datetime) -> None:
    """Switch it on again; what waited is tried at once.

    Raises:
        ValueError: there is none.
    """
    _change(connection, name, enabled=True, failures=0, message="")
    waits = update(xt.delivery).where(d.webhook == name, xt.WAITING)
    connection.execute(waits.values(next_try_at=now, tries=0))


def retry(connection: Connection, name: str, number: int | None, now: datetime) -> int:
    """Let what has failed wait again, in its old place in the row: one fact, or all that are on record; returns how many.

    Raises:
        ValueError: there is no such webhook, or nothing of it that has failed.
    """
    _change(connection, name, failures=0)
    failed = update(xt.delivery).where(d.webhook == name, d.state == "failed")
    if number is not None:
        failed = failed.where(d.number == number)
    again = connection.execute(failed.values(state="waiting", tries=0, next_try_at=now)).rowcount
    if not again:
        if number is None:
            raise ValueError(say("{name!r} has nothing that has failed.", name=name))
        raise ValueError(say("{name!r} has no fact {number} that has failed.", name=name, number=number))
    return int(again)


def _change(connection: Connection, name: str, **values: Any) -> None:
    known = update(xt.webhook).where(h.name == name, h.removed_at.is_(None))
    if not connection.execute(known.values(**values)).rowcount:
        raise ValueError(say("There is no webhook called {name!r}.", name=name))


def listed(connection: Connection) -> Sequence[Row[Any]]:
    """All that were not taken away, without their secrets, with how many deliveries wait and failed."""
    columns = (h.name, h.url, h.kinds, h.number, h.enabled, h.failures, h.message, h.created_at)
    sums = [
        select(func.count()).where(d.webhook == h.name, d.state == state).scalar_subquery().label(state)
        for state in ("waiting", "sent", "failed")
    ]
    return connection.execute(select(*columns, *sums).where(h.removed_at.is_(None)).order_by(h.name)).all()


def active(connection: Connection) -> Sequence[Row[Any]]:
    """Those that are told, with their sealed secrets."""
    return connection.execute(select(xt.webhook).where(h.enabled, h.removed_at.is_(None)).order_by(h.name)).all()


def recent(connection: Connection, size: int) -> dict[str, Sequence[Any]]:
    """The newest deliveries of each, without what they say: no content of a case reaches whoever keeps the webhooks."""
    names = connection.execute(select(h.name).where(h.removed_at.is_(None))).scalars().all()
    columns = (d.number, d.kind, d.state, d.tries, d.next_try_at, d.sent_at, d.outcome)
    newest = select(*columns).order_by(d.number.desc()).limit(size)
    return {name: connection.execute(newest.where(d.webhook == name)).all() for name in names}


def fill(connection: Connection, webhook: Any, now: datetime) -> None:
    """Put the next facts beside its cursor as deliveries; both or neither. Two workers cannot put one twice."""
    here = connection.execute(select(xt.webhook).where(h.name == webhook.name).with_for_update()).one()
    facts = facts_after(connection, here.number, AT_ONCE)
    if not facts:
        return
    missed = max(0, first_kept(connection) - here.number - 1)
    rows = []
    for number, text in facts:
        kind = str(json.loads(text)["kind"])
        if not here.kinds or kind in here.kinds:
            rows.append(
                {
                    "webhook": here.name,
                    "number": number,
                    "kind": kind,
                    "body": body_of(kind, text),
                    "state": "waiting",
                    "next_try_at": now,
                }
            )
    if rows:
        connection.execute(upserting(connection.dialect.name).insert(xt.delivery).on_conflict_do_nothing(), rows)
    values: dict[str, Any] = {"number": facts[-1][0]}
    if missed:
        values["message"] = f"{missed} facts were no longer kept when it came to them."
    connection.execute(update(xt.webhook).where(h.name == here.name).values(**values))


def next_of(connection: Connection, name: str, now: datetime) -> Row[Any] | None:
    """What it is told next: the first that waits, once its time has come and while it is switched on. Nothing overtakes it."""
    on = select(h.enabled).where(h.name == name).scalar_subquery()
    first = connection.execute(
        select(xt.delivery).where(d.webhook == name, xt.WAITING, on).order_by(d.number).limit(1)
    ).first()
    return first if first is not None and first.next_try_at <= now else None


def done(
    connection: Connection, delivery: Any, verdict: Verdict, detail: str, took_ms: int, now: datetime, chance: float
) -> None:
    """Write down how a try went, and what follows for the delivery and its webhook."""
    connection.execute(
        insert(xt.attempt).values(
            delivery_id=delivery.id, at=now, took_ms=took_ms, outcome=verdict, detail=detail[:200]
        )
    )
    tries = delivery.tries + 1
    values: dict[str, Any] = {"tries": tries, "outcome": detail[:200]}
    if verdict == "sent":
        values |= {"state": "sent", "sent_at": now}
    elif verdict == "permanent" or tries >= TRIES:
        values |= {"state": "failed"}
    else:
        values |= {"next_try_at": now + wait_before(tries, chance)}
    connection.execute(update(xt.delivery).where(d.id == delivery.id).values(**values))
    _count(connection, delivery.webhook, verdict, detail)


def _count(connection: Connection, name: str, verdict: Verdict, detail: str) -> None:
    mine = update(xt.webhook).where(h.name == name)
    if verdict == "sent":
        connection.execute(mine.where(h.failures > 0).values(failures=0))
        return
    failures = connection.execute(mine.values(failures=h.failures + 1).returning(h.failures)).scalar_one()
    gone = detail.startswith("HTTP 410")
    if gone or failures >= AT_MOST:
        why = "the other side says that it is gone" if gone else f"{failures} failures one after another"
        connection.execute(mine.values(enabled=False, message=f"Switched off: {why}; the last: {detail}."[:200]))


def trim(connection: Connection, before: datetime, limit: int = 500) -> int:
    """Forget deliveries that were sent or have failed before an instant, with their tries; returns how many."""
    old = select(d.id).where(d.state != "waiting", d.next_try_at < before).order_by(d.id).limit(limit)
    ids = list(connection.execute(old).scalars())
    connection.execute(delete(xt.attempt).where(xt.attempt.c.delivery_id.in_(ids)))
    connection.execute(delete(xt.delivery).where(d.id.in_(ids)))
    return len(ids)


def totals(connection: Connection) -> dict[str, float]:
    """For Prometheus: deliveries that wait and that failed, webhooks switched off, how far the slowest that is told lies
    behind the outbox. What was sent is in a table that grows, and is not counted."""
    found: dict[str, float] = {}
    for state in ("waiting", "failed"):
        standing = d.state == literal_column(f"'{state}'")  # written out, so that the partial index is found
        number = select(func.count()).select_from(xt.delivery).where(standing)
        found[f"webhook_deliveries_{state}"] = float(connection.execute(number).scalar_one())
    off = select(func.count()).select_from(xt.webhook).where(h.enabled.is_(False), h.removed_at.is_(None))
    found["webhooks_switched_off"] = float(connection.execute(off).scalar_one())
    slowest = connection.execute(select(func.min(h.number)).where(h.enabled, h.removed_at.is_(None))).scalar()
    found["webhook_lag_facts"] = 0.0 if slowest is None else float(max(0, last_number(connection) - slowest))
    return found
