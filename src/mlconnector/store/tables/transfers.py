"""Transfers: batches and documents as they are handed to DATEV, and the numbers given to parties."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from mlconnector.store.tables.base import MOMENT, metadata

# Entries of one client, one fiscal year, one month and one source, frozen as bytes before the first send.
batches = Table(
    "batches",
    metadata,
    Column("id", Text, primary_key=True),
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("client", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("vouchers", Integer, nullable=False),
    Column("changes", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("job_id", Text),
    Column("polls", Integer, nullable=False, server_default="0"),
    Column("parked", Boolean, nullable=False, server_default=false()),
    Column("deliveries", Integer, nullable=False, server_default="0"),
    Column("follows", Integer, nullable=False, server_default="0"),
    Column("answer", Text, nullable=False, server_default=""),
    Column("cause", Text, nullable=False, server_default=""),
    Column("created_at", MOMENT, nullable=False),
    Column("changed_at", MOMENT, nullable=False),
    CheckConstraint(
        "state in ('frozen', 'submitting', 'unknown', 'submitted', "
        "'succeeded', 'partial', 'failed', 'dissolved')",
        name="state",
    ),
)
Index("ix_batches_connection_state", batches.c.connection, batches.c.state)
# SQLite would walk over the bytes of a batch to its state.
Index("ix_batches_id_state", batches.c.id, batches.c.state)

# Documents under the GUID they have in DATEV; the bytes stay until the batch that links them succeeded.
documents = Table(
    "documents",
    metadata,
    Column("guid", Text, primary_key=True),
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("client", Text, nullable=False),
    Column("voucher", Text, ForeignKey("vouchers.id"), nullable=False),
    Column("revision", Text, nullable=False),
    Column("attachment", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("content", LargeBinary),
    Column("state", Text, nullable=False),
    Column("changed_at", MOMENT, nullable=False),
    CheckConstraint("state in ('stored', 'sending', 'filed', 'refused')", name="state"),
)
Index("ix_documents_voucher", documents.c.voucher)

# What was handed to DATEV: written before the attempt, completed after it.
transfers = Table(
    "transfers",
    metadata,
    Column("batch", Text, ForeignKey("batches.id"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("started_at", MOMENT, nullable=False),
    Column("finished_at", MOMENT),
    Column("outcome", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("batch", "attempt"),
)

# Debtor and creditor numbers: given once for each party and client, never to another one. What a list
# reserves for somebody who is not known yet stands under the party `list:<number>`.
accounts = Table(
    "accounts",
    metadata,
    Column("client", Text, nullable=False),
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("party", Text, nullable=False),
    Column("ledger", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("vat_id", Text, nullable=False, server_default=""),
    Column("given_at", MOMENT, nullable=False),
    PrimaryKeyConstraint("client", "connection", "party", "ledger"),
    UniqueConstraint("client", "number"),
    CheckConstraint("origin in ('allocated', 'source', 'list', 'bound')", name="origin"),
    CheckConstraint("ledger in ('receivable', 'payable')", name="ledger"),
)

# Parties that a person takes for the same as the one that has the number: what stands under it stays there.
merged_parties = Table(
    "merged_parties",
    metadata,
    Column("client", Text, nullable=False),
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("ledger", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("noted_at", MOMENT, nullable=False),
    PrimaryKeyConstraint("client", "connection", "ledger", "party", "number"),
    CheckConstraint("ledger in ('receivable', 'payable')", name="ledger"),
)
