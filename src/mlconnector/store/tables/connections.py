"""Connections: their settings, credentials and logins, how far they were read, what webhooks brought."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from mlconnector.store.tables.base import COUNTED, MOMENT, metadata

# One source account joined to one client. The name is its identity, outside too: GUIDs derive from it.
# Nothing is handed over before somebody has released it: `released_at` and `released_by` are set together.
connections = Table(
    "connections",
    metadata,
    Column("name", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("state_reason", Text, nullable=False, server_default=""),
    Column("created_at", MOMENT, nullable=False),
    Column("updated_at", MOMENT, nullable=False),
    Column("released_at", MOMENT),
    Column("released_by", Text),
    CheckConstraint("state in ('ready', 'needs_login', 'degraded', 'paused')", name="state"),
)

# Sealed credentials: an AES-256-GCM envelope each, its data key wrapped under the master key `key_id`. The
# envelope is bound to `trail_sequence`, how many rows the audit trail had when it was made. Those of a
# warehouse have the header of its table in the settings file, `[name]`, in the place of a connection.
credentials = Table(
    "credentials",
    metadata,
    Column("connection", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", MOMENT),
    Column("updated_at", MOMENT, nullable=False),
    Column("trail_sequence", COUNTED),
    PrimaryKeyConstraint("connection", "name"),
)

# Logins that were begun; found by the hash of their state, usable once.
pending_logins = Table(
    "pending_logins",
    metadata,
    Column("state_hash", Text, primary_key=True),
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("system", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", MOMENT, nullable=False),
)

# How far a source was read; moved only together with the records that were read.
cursors = Table(
    "cursors",
    metadata,
    Column("connection", Text, ForeignKey("connections.name"), primary_key=True),
    Column("value", Text, nullable=False),
    Column("moved_at", MOMENT, nullable=False),
)

# What a source remembers between runs, as JSON.
memories = Table(
    "memories",
    metadata,
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("key", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("connection", "key"),
)

# Webhook deliveries that were verified; the id is a hash of connection and delivery id (or body).
webhook_inbox = Table(
    "webhook_inbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("received_at", MOMENT, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("external_ids", Text, nullable=False),
    Column("taken_at", MOMENT),
)
Index("ix_webhook_inbox_waiting", webhook_inbox.c.connection, webhook_inbox.c.taken_at)
