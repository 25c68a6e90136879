"""People, their sessions, client tokens, lock-out and the audit trail. No default account, no default password."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from sqlalchemy import Connection, Row, delete, insert, select, update

from config.sentences import say, term
from models import chain
from models import tables as t
from models.moves import Actor, Role
from models.store import upserting

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
DISPLAY_ABSOLUTE = timedelta(days=3650)
"""A wall runs for years; its token can be revoked at any time and is looked at again every minute."""
FAILURES = 5
LOCKED = timedelta(minutes=15)
SCOPES = ("report", "read", "operate", "department", "events", "display")
PASSWORD_LENGTH = 10
TOKEN_PREFIX = "gc_"
"""Begins every token, and no session's secret, which begins with `s_`."""


class EntranceRefused(Exception):
    """Somebody may not come in. The text is for a person; `key` names it in the catalogue."""

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(sentence)
        self.key = key


@dataclass(frozen=True)
class Visitor:
    """Who is asking: an account with a session, or a client system with a token and its scopes."""

    name: str
    role: Role
    area: str | None = None
    department: str | None = None
    scopes: frozenset[str] = frozenset()

    @property
    def actor(self) -> Actor:
        """The same, as the door wants it."""
        return Actor(self.name, self.role, self.area, self.department)


def digest(secret: str) -> str:
    """SHA-256 of a random secret: what is stored of sessions and tokens, so that a leaked table opens nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


# --- accounts --------------------------------------------------------------------------------------------------------


def add_account(
    connection: Connection,
    name: str,
    role: str,
    password: str,
    now: datetime,
    *,
    area: str | None = None,
    department: str | None = None,
) -> None:
    """A new account.

    Raises:
        ValueError: in a sentence: the name is taken, the role does not exist, the password is too short, or a role
            that is bound to a department or an area lacks it.
    """
    if role not in {r.value for r in Role} - {Role.SYSTEM}:
        raise ValueError(
            say("There is no role {role!r}; expected one of {expected}.", role=role, expected=", ".join(sorted(Role)))
        )
    if not name or len(name) > 64 or any(char.isspace() for char in name):
        raise ValueError("A name has 1 to 64 characters and no spaces.")
    if role == Role.DEPARTMENT and not department:
        raise ValueError("An account with the role department needs a department.")
    _known(connection, t.area.c.code, area, "area")
    _known(connection, t.department.c.code, department, "department")
    _long_enough(password)
    if connection.execute(select(t.account.c.name).where(t.account.c.name == name)).first():
        raise ValueError(say("There is an account called {name!r} already.", name=name))
    values = {"name": name, "role": role, "area": area, "department": department, "created_at": now}
    connection.execute(insert(t.account).values(**values, password=PasswordHasher().hash(password)))


def _known(connection: Connection, column: Any, code: str | None, what: str) -> None:
    if code is not None and connection.execute(select(column).where(column == code)).first() is None:
        raise ValueError(say("There is no {what} {code!r}.", what=term(what), code=code))


def _long_enough(password: str) -> None:
    if len(password) < PASSWORD_LENGTH:
        raise ValueError(say("A password has at least {PASSWORD_LENGTH} characters.", PASSWORD_LENGTH=PASSWORD_LENGTH))


def set_password(connection: Connection, name: str, password: str) -> None:
    """A new password; every session of the account ends.

    Raises:
        ValueError: no such account, or too short.
    """
    _long_enough(password)
    _changed(connection, name, password=PasswordHasher().hash(password))


def set_disabled(connection: Connection, name: str, disabled: bool) -> None:
    """Disable or enable an account; every session of it ends.

    Raises:
        ValueError: no such account.
    """
    _changed(connection, name, disabled=disabled)


def _changed(connection: Connection, name: str, **values: Any) -> None:
    if not connection.execute(update(t.account).where(t.account.c.name == name).values(**values)).rowcount:
        raise ValueError(say("There is no account called {name!r}.", name=name))
    connection.execute(delete(t.session).where(t.session.c.account == name))


def accounts(connection: Connection) -> Sequence[Any]:
    """All accounts by name, without their passwords."""
    a = t.account.c
    columns = (a.name, a.role, a.area, a.department, a.disabled, a.created_at)
    return connection.execute(select(*columns).order_by(a.name)).all()


# --- entrance --------------------------------------------------------------------------------------------------------


def locked_until(connection: Connection, keys: Sequence[str], now: datetime) -> datetime | None:
    """Until when one of these keys (account, address) is locked out; None when none is."""
    until = t.lockout.c.until
    rows = connection.execute(select(until).where(t.lockout.c.key.in_(keys), until > now)).scalars().all()
    return max(rows, default=None)


def password_fits(connection: Connection, name: str, password: str) -> Visitor | None:
    """The account if name and password fit and it is not disabled; takes the same time for an unknown name."""
    row = connection.execute(select(t.account).where(t.account.c.name == name)).first()
    stored = row.password if row else _NOBODY
    try:
        PasswordHasher().verify(stored, password)
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return None
    return None if row is None or row.disabled else _visitor(row)


_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$BDhYBtfOtUrndRlxJ7A9UA$XwlPjxqk39SM0kyqxXDNCZ9XhjJqSSinPDC8dlr+XjQ"
"""A well-formed hash that fits no password, so that unknown names take as long as known ones."""


def failed(connection: Connection, keys: Sequence[str], now: datetime) -> None:
    """Count a failure for each key; the fifth within 15 minutes locks it for 15 minutes."""
    for key in keys:
        row = connection.execute(select(t.lockout).where(t.lockout.c.key == key).with_for_update()).first()
        failures, first = (1, now) if row is None or now - row.first_at > LOCKED else (row.failures + 1, row.first_at)
        values = {
            "failures": failures,
            "first_at": first,
            "until": now + LOCKED if failures >= FAILURES else None,
        }
        dialect = upserting(connection.dialect.name)
        statement = dialect.insert(t.lockout).values(key=key, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=values))


def charged(connection: Connection, key: str, now: datetime) -> bool:
    """Count an attempt before it is made: False where the key is locked out, and then nothing is counted.

    The row is locked until commit, so that of any number of attempts at the same time no more than `FAILURES` are let
    through. Call `passed` when the attempt succeeds.
    """
    dialect = upserting(connection.dialect.name)
    empty = dialect.insert(t.lockout).values(key=key, failures=0, first_at=now, until=None)
    connection.execute(empty.on_conflict_do_nothing(index_elements=["key"]))
    row = connection.execute(select(t.lockout).where(t.lockout.c.key == key).with_for_update()).one()
    if row.until is not None and row.until > now:
        return False
    failures, first = (1, now) if now - row.first_at > LOCKED else (row.failures + 1, row.first_at)
    until = now + LOCKED if failures >= FAILURES else None
    values = {"failures": failures, "first_at": first, "until": until}
    connection.execute(update(t.lockout).where(t.lockout.c.key == key).values(values))
    return True


def passed(connection: Connection, keys: Sequence[str]) -> None:
    """Forget the failures of these keys."""
    connection.execute(delete(t.lockout).where(t.lockout.c.key.in_(keys)))


def open_session(connection: Connection, name: str, now: datetime, *, lasts: timedelta = ABSOLUTE) -> str:
    """A new session; returns the secret for the cookie, which is stored nowhere."""
    secret = "s_" + secrets.token_urlsafe(32)
    connection.execute(
        insert(t.session).values(
            digest=digest(secret), account=name, created_at=now, seen_at=now, expires_at=now + lasts
        )
    )
    connection.execute(delete(t.session).where(t.session.c.expires_at < now))
    return secret


def close_session(connection: Connection, secret: str) -> None:
    """End a session; ending one that is gone is fine."""
    connection.execute(delete(t.session).where(t.session.c.digest == digest(secret)))


def visitor_of_session(connection: Connection, secret: str, now: datetime) -> tuple[Visitor, datetime] | None:
    """Who holds this session, and when it was last seen; None when it is unknown, old, idle, or its owner disabled.

    A display without a keyboard keeps its device token where others keep a session: it holds until it is revoked.
    """
    if secret.startswith(TOKEN_PREFIX):
        device = visitor_of_device(connection, secret)
        return (device, now) if device else None
    row = connection.execute(
        select(t.account, t.session.c.seen_at, t.session.c.expires_at)
        .join(t.session, t.session.c.account == t.account.c.name)
        .where(t.session.c.digest == digest(secret), t.account.c.disabled.is_(False))
    ).first()
    if row is None or row.expires_at <= now:
        return None
    if row.role != Role.DISPLAY and now - row.seen_at > IDLE:
        return None
    return _visitor(row), row.seen_at


def seen(connection: Connection, secret: str, now: datetime) -> None:
    """Note that a session is in use (call it at most once a minute)."""
    connection.execute(update(t.session).where(t.session.c.digest == digest(secret)).values(seen_at=now))


def _visitor(row: Row[Any]) -> Visitor:
    return Visitor(row.name, Role(row.role), row.area, row.department)


# --- tokens of client systems and displays ---------------------------------------------------------------------------


def create_token(
    connection: Connection,
    name: str,
    scopes: Sequence[str],
    now: datetime,
    *,
    area: str | None = None,
    department: str | None = None,
) -> str:
    """A new bearer token; returned once, stored as a hash.

    Raises:
        ValueError: the name is taken or a scope does not exist.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise ValueError(
            say(
                "There is no scope {expected}; expected of {expected2}.",
                expected=", ".join(unknown) or "(none given)",
                expected2=", ".join(SCOPES),
            )
        )
    if "department" in scopes and not department:
        raise ValueError("A token with the scope department needs a department.")
    _known(connection, t.area.c.code, area, "area")
    _known(connection, t.department.c.code, department, "department")
    if connection.execute(select(t.token.c.name).where(t.token.c.name == name)).first():
        raise ValueError(say("There is a token called {name!r} already.", name=name))
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    connection.execute(
        insert(t.token).values(
            name=name,
            digest=digest(secret),
            scopes=",".join(sorted(set(scopes))),
            area=area,
            department=department,
            created_at=now,
        )
    )
    return secret


def revoke_token(connection: Connection, name: str, now: datetime) -> None:
    """Revoke a token.

    Raises:
        ValueError: there is none of this name that is still valid.
    """
    live = update(t.token).where(t.token.c.name == name, t.token.c.revoked_at.is_(None))
    if not connection.execute(live.values(revoked_at=now)).rowcount:
        raise ValueError(say("There is no valid token called {name!r}.", name=name))


def tokens(connection: Connection) -> Sequence[Any]:
    """All tokens by name, without their hashes."""
    k = t.token.c
    columns = (k.name, k.scopes, k.area, k.department, k.created_at, k.revoked_at)
    return connection.execute(select(*columns).order_by(k.name)).all()


def visitor_of_token(connection: Connection, secret: str) -> Visitor | None:
    """Who holds this token. Its strongest scope gives the role: operate, then department, display, else system."""
    row = connection.execute(
        select(t.token).where(t.token.c.digest == digest(secret), t.token.c.revoked_at.is_(None))
    ).first()
    if row is None:
        return None
    scopes = frozenset(row.scopes.split(","))
    roles = {"operate": Role.OPERATOR, "department": Role.DEPARTMENT, "display": Role.DISPLAY}
    role = next((role for scope, role in roles.items() if scope in scopes), Role.SYSTEM)
    return Visitor(row.name, role, row.area, row.department, scopes)


def visitor_of_device(connection: Connection, secret: str) -> Visitor | None:
    """The wall that holds this device token; whatever else the token may do, here it only looks."""
    found = visitor_of_token(connection, secret)
    if found is None or "display" not in found.scopes:
        return None
    return Visitor(found.name, Role.DISPLAY, found.area, found.department, found.scopes)


# --- audit -----------------------------------------------------------------------------------------------------------


def audit(
    connection: Connection,
    actor: str,
    role: str,
    act: str,
    now: datetime,
    *,
    object: str = "",
    address: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Append a line to the audit trail, in the act's own transaction. The counter row keeps the chain in order."""
    line = {
        "at": now,
        "actor": actor,
        "role": str(role),
        "act": act,
        "object": object,
        "address": address,
        "detail": detail or {},
    }
    chain.append(connection, t.audit, line)
