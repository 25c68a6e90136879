"""View tickets admit one viewer to one camera for a minute, and nothing that was changed admits anybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.tickets import LIFETIME, Ticket, TicketRefusedError, issued, verified

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SECRET = "a secret of the installation"
TICKET = Ticket.until(NOW, viewer="值班一", camera="33082100001310000001", purpose="case:YZ20260302-0001", ledger=7)


def test_a_ticket_admits_its_viewer_to_its_camera() -> None:
    assert verified(SECRET, issued(SECRET, TICKET), viewer="值班一", now=NOW + timedelta(seconds=59)) == TICKET


@pytest.mark.parametrize(
    ("viewer", "secret", "now"),
    [
        ("somebody else", SECRET, NOW),
        ("值班一", "another secret", NOW),
        ("值班一", SECRET, NOW + LIFETIME),
        ("值班一", SECRET, NOW - timedelta(minutes=5)),
    ],
)
def test_it_admits_nobody_else_and_at_no_other_time(viewer: str, secret: str, now: datetime) -> None:
    with pytest.raises(TicketRefusedError):
        verified(secret, issued(SECRET, TICKET), viewer=viewer, now=now)


@given(st.integers(0, 400), st.integers(1, 255))
def test_no_changed_sign_goes_unnoticed(place: int, turn: int) -> None:
    text = issued(SECRET, TICKET)
    place %= len(text)
    changed = text[:place] + chr((ord(text[place]) + turn) % 256) + text[place + 1 :]
    with pytest.raises(TicketRefusedError):
        verified(SECRET, changed, viewer="值班一", now=NOW)


@given(st.text(max_size=300))
def test_any_text_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(TicketRefusedError, match=r"\.$"):
        verified(SECRET, text, viewer="值班一", now=NOW)


def test_a_sealed_ticket_with_fields_of_other_kinds_is_refused() -> None:
    odd = issued(SECRET, replace(TICKET, ledger="7"))  # type: ignore[arg-type]
    with pytest.raises(TicketRefusedError):
        verified(SECRET, odd, viewer="值班一", now=NOW)
