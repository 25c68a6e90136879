"""The tables of the exchange: feeds of warnings and what came in by them, webhooks and how each sending went.

Instants are real time: other systems know no county clock."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from models.tables import Id, Utc, metadata

feed = Table(
    "cap_feed",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("url", Text, nullable=False),
    Column("seconds", Integer, nullable=False),
    Column("next_at", Utc, nullable=False),
    Column("looked_at", Utc),
    Column("outcome", String(200), nullable=False, server_default=""),  # empty: the last look went well
    Column("created_at", Utc, nullable=False),
    Column("removed_at", Utc),
)
warning = Table(
    "cap_message",
    metadata,
    Column("id", Id, primary_key=True),
    Column("feed", String(64), nullable=False),  # a feed's name, or @ and the client that sent it
    Column("link", String(500), nullable=False, server_default=""),
    Column("received_at", Utc, nullable=False),
    Column("state", String(10), nullable=False),  # accepted | refused
    Column("code", String(24), nullable=False, server_default=""),  # exchange.refused.…
    Column("reason", String(300), nullable=False, server_default=""),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of what came
    Column("identifier", String(200)),
    Column("sender", String(200)),
    Column("sent", Utc),
    Column("status", String(10)),
    Column("kind", String(10)),
    Column("event", String(200), nullable=False, server_default=""),
    Column("headline", String(300), nullable=False, server_default=""),
    Column("severity", String(10)),
    Column("colour", String(8)),  # statutory: red | orange | yellow | blue
    Column("area", String(300), nullable=False, server_default=""),
    Column("polygons", JSON, nullable=False, server_default="[]"),  # [[latitude, longitude], …] each
    Column("expires", Utc),
    Column("refs", JSON, nullable=False, server_default="[]"),  # sender,identifier,sent
    Column("ended_by", Id, ForeignKey("cap_message.id")),  # the message that updated or cancelled it
    Column("raw", Text, nullable=False, server_default=""),  # of accepted ones
    UniqueConstraint("sender", "identifier", "sent"),
    Index("ix_cap_message_received", "received_at"),
    Index("ix_cap_message_link", "feed", "link"),
)
webhook = Table(
    "webhook",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),  # encrypted
    Column("kinds", JSON, nullable=False),  # kinds of facts; empty: all
    Column("number", BigInteger, nullable=False),  # the last fact that was looked at
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("failures", Integer, nullable=False, server_default="0"),  # one after another
    Column("message", String(200), nullable=False, server_default=""),  # why it was switched off, what was missed
    Column("created_at", Utc, nullable=False),
    Column("removed_at", Utc),
)
delivery = Table(
    "webhook_delivery",
    metadata,
    Column("id", Id, primary_key=True),
    Column("webhook", String(64), ForeignKey("webhook.name"), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(8), nullable=False),  # waiting | sent | failed
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("next_try_at", Utc, nullable=False),
    Column("sent_at", Utc),
    Column("outcome", String(200), nullable=False, server_default=""),
    UniqueConstraint("webhook", "number"),
)
WAITING = delivery.c.state == "waiting"
Index(
    "ix_webhook_delivery_waiting",
    delivery.c.webhook,
    delivery.c.number,
    sqlite_where=WAITING,
    postgresql_where=WAITING,
)
FAILED = delivery.c.state == "failed"
Index("ix_webhook_delivery_failed", delivery.c.webhook, sqlite_where=FAILED, postgresql_where=FAILED)
attempt = Table(
    "webhook_attempt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("delivery_id", Id, ForeignKey("webhook_delivery.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("took_ms", Integer, nullable=False),
    Column("outcome", String(10), nullable=False),  # sent | temporary | permanent
    Column("detail", String(200), nullable=False, server_default=""),
)
