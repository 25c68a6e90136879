"""View tickets: what the HTTP API hands out after it has written a ledger row, and the video gateway asks for. Pure.

    ticket = issued(secret, Ticket(viewer="duty1", camera="3308…", purpose="case:YZ…", ledger=17, expires=…))
    Ticket = verified(secret, text, viewer="duty1", now=…)

A ticket is `v1.BODY.SEAL`: the fields as JSON in base64url, and an HMAC-SHA256 over version and body under a key that
is derived from the installation's secret for this use alone. It opens one camera for one viewer, soon: whoever steals
it needs his session as well, and whoever wants to watch again asks again and is written down again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

LIFETIME = timedelta(seconds=60)
"""How long a ticket admits. A view that it has admitted lasts until `LONGEST_VIEW`, and while the session does."""
LONGEST_VIEW = timedelta(hours=2)
_VERSION = "v1"
_LONGEST = 2048


class TicketRefusedError(Exception):
    """A ticket admits nobody. The text is a sentence without anything of the ticket."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Leave to watch one camera.

    Attributes:
        viewer: the account's name, as the session knows it.
        camera: its id.
        purpose: what for, as the ledger has it (`case:CODE`, `emergency:ID`, …).
        ledger: the id of the ledger's row.
        expires: seconds since 1970 until which it admits.
    """

    viewer: str
    camera: str
    purpose: str
    ledger: int
    expires: int

    @classmethod
    def until(cls, now: datetime, *, viewer: str, camera: str, purpose: str, ledger: int) -> Ticket:
        """A ticket that admits from now for its usual time."""
        return cls(viewer, camera, purpose, ledger, int((now + LIFETIME).timestamp()))


def issued(secret: str, ticket: Ticket) -> str:
    """The ticket as text, sealed. Write the ledger's row first: its id is in it."""
    text = json.dumps(asdict(ticket), ensure_ascii=False, separators=(",", ":")).encode()
    body = _encoded(text)
    return f"{_VERSION}.{body}.{_seal(secret, body)}"


def verified(secret: str, text: str, *, viewer: str, now: datetime) -> Ticket:
    """The ticket in a text, if it admits this viewer now.

    Raises:
        TicketRefusedError: it is none of ours, not this viewer's, or not of today.
    """
    parts = text.split(".") if len(text) <= _LONGEST else []
    if len(parts) != 3 or parts[0] != _VERSION:
        raise TicketRefusedError("This is no view ticket.")
    if not hmac.compare_digest(_seal(secret, parts[1]).encode(), parts[2].encode()):
        raise TicketRefusedError("This view ticket was not issued here, or was changed.")
    ticket = _read(parts[1])
    if ticket.viewer != viewer:
        raise TicketRefusedError("This view ticket was issued to somebody else.")
    if not now.timestamp() < ticket.expires <= (now + 2 * LIFETIME).timestamp():
        raise TicketRefusedError("This view ticket has expired; ask for a new one.")
    return ticket


def _read(body: str) -> Ticket:
    try:
        fields = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        ticket = Ticket(**fields)
    except (ValueError, TypeError) as error:
        raise TicketRefusedError("This view ticket cannot be read.") from error
    texts, numbers = (ticket.viewer, ticket.camera, ticket.purpose), (ticket.ledger, ticket.expires)
    if not all(isinstance(item, str) for item in texts) or not all(type(item) is int for item in numbers):
        raise TicketRefusedError("This view ticket cannot be read.")
    return ticket


def _seal(secret: str, body: str) -> str:
    key = hmac.digest(secret.encode(), b"gridcommand.view-ticket.v1", hashlib.sha256)
    return _encoded(hmac.digest(key, f"{_VERSION}.{body}".encode(), hashlib.sha256))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")
