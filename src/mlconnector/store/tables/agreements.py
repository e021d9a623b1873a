"""Agreements: own charts of accounts, which seeds were confirmed and are used, what was only begun."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from mlconnector.store.tables.base import MOMENT, metadata

# The client's own chart, shared by all its connections; `function` is empty where only the name is known.
chart_accounts = Table(
    "chart_accounts",
    metadata,
    Column("client", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("function", Text, nullable=False),
    Column("tax_case", Text, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", MOMENT, nullable=False),
    PrimaryKeyConstraint("client", "number"),
    CheckConstraint("function in ('', 'automatic', 'collective', 'tax', 'none')", name="function"),
)

# Who confirmed a seed of the client's books, on which day, and what it said then (`content` is JSON).
confirmations = Table(
    "confirmations",
    metadata,
    Column("client", Text, nullable=False),
    Column("seed", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("confirmed_by", Text, nullable=False),
    Column("confirmed_on", Date, nullable=False),
    Column("noted_by", Text, nullable=False),
    Column("noted_at", MOMENT, nullable=False),
    PrimaryKeyConstraint("client", "seed"),
)

# From which day on a client's books are open; nothing is booked before it any more.
open_days = Table(
    "open_days",
    metadata,
    Column("client", Text, primary_key=True),
    Column("open_from", Date, nullable=False),
    Column("said_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("noted_at", MOMENT, nullable=False),
)

# Seeds that bookings of a connection rest on.
seed_uses = Table(
    "seed_uses",
    metadata,
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("seed", Text, nullable=False),
    Column("first_at", MOMENT, nullable=False),
    PrimaryKeyConstraint("connection", "seed"),
)

# Settings and lists that somebody has begun to change: nothing of a connection rests on them. `connection` is
# its name, or the one that it is to have; `file` is what an uploaded list was called.
drafts = Table(
    "drafts",
    metadata,
    Column("connection", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("file", Text, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", MOMENT, nullable=False),
    PrimaryKeyConstraint("connection", "kind"),
)
