"""The tables of the ladder: what was told, to whom and how it went, channels, messages. One row a fact; nothing is removed."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
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

notification = Table(
    "notification",
    metadata,
    Column("id", Id, primary_key=True),
    Column(
        "kind", String(12), nullable=False
    ),  # urge | receipt | supervise | contact | again | notice | message | reminder
    Column("case_id", Id, ForeignKey("cases.id")),
    Column("message_id", Id, ForeignKey("message.id")),
    Column("emergency_id", Id, ForeignKey("emergency.id")),
    Column("step", String(32), nullable=False),  # its name within the case or the message: each is told once
    Column("escalation_id", Id, ForeignKey("escalation.id")),
    Column("reason", String(16), nullable=False, server_default=""),
    Column("rung", Integer),
    Column("level", Integer, nullable=False),
    Column("department", String(64)),
    Column("town", String(32)),
    Column("title", String(200), nullable=False),  # masked
    Column("at", Utc, nullable=False),  # county time
    Column("due_at", Utc),
    Column("ack_due_at", Utc),
    Column("settled_at", Utc),  # answered by somebody, received, or its case has ended: nobody need act on it any more
    Column("settled_by", String(64)),
    UniqueConstraint("case_id", "step"),
    UniqueConstraint("message_id", "step"),
    Index("ix_notification_emergency_step", "emergency_id", "step", unique=True),
    Index("ix_notification_at", "at"),
)
delivery = Table(
    "delivery",
    metadata,
    Column("id", Id, primary_key=True),
    Column("notification_id", Id, ForeignKey("notification.id"), nullable=False),
    Column("channel", String(64), nullable=False),  # "inbox", or the name of a channel
    Column("recipient", String(100), nullable=False),  # an account, or whom the channel reaches
    Column("state", String(8), nullable=False),  # waiting | sent | failed
    Column("not_before", Utc, nullable=False),  # county time: quiet hours end
    Column("next_try_at", Utc, nullable=False),  # real time
    Column("claimed_until", Utc),  # real time
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("sent_at", Utc),  # real time
    Column("outcome", String(200), nullable=False, server_default=""),
    Column("opened_at", Utc),  # county time: the first look at it
    Column("acknowledged_at", Utc),  # county time: receipt by name
    UniqueConstraint("notification_id", "channel", "recipient"),
)
WAITING = delivery.c.state == "waiting"
FAILED = delivery.c.state == "failed"
Index("ix_delivery_failed", delivery.c.channel, sqlite_where=FAILED, postgresql_where=FAILED)
UNREAD = delivery.c.acknowledged_at.is_(None)
Index("ix_delivery_waiting", delivery.c.next_try_at, sqlite_where=WAITING, postgresql_where=WAITING)
Index("ix_delivery_inbox", delivery.c.recipient, delivery.c.channel, delivery.c.notification_id)
Index("ix_delivery_unread", delivery.c.recipient, delivery.c.channel, sqlite_where=UNREAD, postgresql_where=UNREAD)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("delivery_id", Id, ForeignKey("delivery.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),  # real time
    Column("took_ms", Integer, nullable=False),
    Column("outcome", String(10), nullable=False),  # sent | temporary | permanent
    Column("detail", String(200), nullable=False, server_default=""),
    Column("together", Integer, nullable=False, server_default="1"),  # how many were told in one sending
)
channel = Table(
    "channel",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("host", String(200), nullable=False),
    Column("address", Text, nullable=False),  # encrypted: it holds keys and passwords
    Column("department", String(64), ForeignKey("department.code")),  # none: the centre
    Column("contact", String(32)),  # a rung's role; none: the receiving desk
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("created_at", Utc, nullable=False),
    Column("removed_at", Utc),
)
contact = Table(
    "contact",
    metadata,
    Column("department", String(64), ForeignKey("department.code"), primary_key=True),
    Column("role", String(32), primary_key=True),
    Column("account", String(64), ForeignKey("account.name"), primary_key=True),
)
"""Which account a rung of the ladder means; where none is named, every account of the department."""

message = Table(
    "message",
    metadata,
    Column("id", Id, primary_key=True),
    Column("sender", String(64), nullable=False, index=True),
    Column("at", Utc, nullable=False, index=True),
    Column("subject", String(120), nullable=False),
    Column("body", Text, nullable=False),
    Column("scope", JSON, nullable=False),  # what was asked for: departments, areas, accounts
    Column("reply_to", Id, ForeignKey("message.id")),
    Column("remind_minutes", Integer),
    Column("reminded", Integer, nullable=False, server_default="0"),
    Column("next_reminder_at", Utc),  # county time
    Column("idempotency_key", String(120)),
    UniqueConstraint("sender", "idempotency_key"),
)
Index(
    "ix_message_reminder",
    message.c.next_reminder_at,
    sqlite_where=message.c.next_reminder_at.is_not(None),
    postgresql_where=message.c.next_reminder_at.is_not(None),
)
