"""Who may come in, from where, and to what: the gateway's rules, pure. What is not allowed here is refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import ValidationError

from alerts.desks import has_desk
from alerts.rooms import TOPIC, may_listen
from models.accounts import Visitor
from models.messages import Subscribe
from models.moves import Role

SESSION_COOKIE = "gc_session"
MALFORMED, NOT_KNOWN, NOT_ALLOWED, TOO_LATE = 4400, 4401, 4403, 4408
"""Close codes, after the HTTP status of the same meaning."""
WATCHERS = frozenset({Role.DUTY, Role.OPERATOR, Role.LEADER, Role.DISPLAY})
READING_SCOPES = frozenset({"read", "events"})
_AFTER = re.compile(r"(\d{1,18})(\.\d{1,18})?")


class Turned(Exception):
    """A client is turned away with a close code and a reason that fits into a close frame."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:120].decode(errors="ignore")


@dataclass(frozen=True)
class Credential:
    """What a client shows at the door; its secret never appears in a log."""

    kind: Literal["session", "token"]
    secret: str

    def __repr__(self) -> str:
        return f"Credential({self.kind})"


def credential(authorizations: Iterable[str], cookies: Iterable[str]) -> Credential | None:
    """What the headers `Authorization` and `Cookie` hold; a bearer token goes before a session."""
    for authorization in authorizations:
        scheme, _, secret = authorization.strip().partition(" ")
        if scheme.lower() == "bearer" and secret.strip():
            return Credential("token", secret.strip())
    for header in cookies:
        for cookie in header.split(";"):
            name, _, value = cookie.strip().partition("=")
            if name == SESSION_COOKIE and value:
                return Credential("session", value)
    return None


def origin_allowed(origin: str | None, host: str, origins: Collection[str], web_port: int) -> bool:
    """Whether a page of this origin may connect.

    A browser always names the origin, so that a client without one is no browser and cannot be led by a foreign page.
    Otherwise: an origin of the list, the gateway's own origin, or the same host with the port of the web pages.
    """
    if origin is None or origin in origins:
        return True
    page, here = _split(origin), _split(f"//{host}")
    if page is None or here is None or page.scheme not in ("http", "https") or not page.hostname:
        return False
    default = 443 if page.scheme == "https" else 80
    return page.hostname == here.hostname and (page.port or default) in (web_port, here.port or default)


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port  # raises where it is no number
        return parts
    except ValueError:
        return None


def admit(visitor: Visitor, topics: Iterable[str]) -> None:
    """Whether somebody may hear these topics. `wall` is the whole county: nobody bound to a part of it hears it.
    `inbox`, alone, is one's own: every account with a person behind it hears its own, and no other can be asked for.
    `desk`, alone, is for desks that are bound to a department or an area: see `alerts.desks`.

    Raises:
        Turned: not this role, or not this topic.
    """
    topics = list(topics)
    if topics == ["inbox"]:
        if visitor.role in (Role.SYSTEM, Role.DISPLAY):
            raise Turned(NOT_ALLOWED, f"The role {visitor.role} has no inbox.")
        return
    if topics == [TOPIC]:
        if not may_listen(visitor):
            raise Turned(NOT_ALLOWED, f"The role {visitor.role} may not hear the topic {TOPIC}.")
        return
    if topics == ["desk"]:
        if not has_desk(visitor):
            raise Turned(NOT_ALLOWED, f"The role {visitor.role} has no desk of its own; expected wall.")
        return
    for topic in topics:
        if topic != "wall":
            raise Turned(NOT_ALLOWED, "There is no such topic; expected wall, or inbox, emergencies or desk alone.")
    reads = visitor.role is Role.SYSTEM and bool(visitor.scopes & READING_SCOPES)
    if visitor.role not in WATCHERS and not reads:
        raise Turned(NOT_ALLOWED, f"The role {visitor.role} may not hear the topic wall.")
    if visitor.area is not None:
        raise Turned(NOT_ALLOWED, "The topic wall is the whole county; this account is bound to one area.")


def subscription(message: str | bytes) -> Subscribe:
    """The client's first message.

    Raises:
        Turned: it is anything else.
    """
    if isinstance(message, bytes):
        raise Turned(MALFORMED, "Expected a text message, got a binary one.")
    try:
        wanted = Subscribe.model_validate_json(message)
    except ValidationError:
        raise Turned(MALFORMED, 'Expected {"kind":"subscribe","topics":["wall"],"after":ID or null}.') from None
    if wanted.after is not None and not _AFTER.fullmatch(wanted.after):
        raise Turned(MALFORMED, "Expected after to be the id of a message, such as 123 or 123.7, or null.")
    return wanted


def fact_before(after: str | None) -> int | None:
    """The number of the fact that an id names or continues: 123 of "123" and of "123.7"; None of None."""
    found = _AFTER.fullmatch(after) if after else None
    return int(found[1]) if found else None
