"""Records: vouchers, their revisions and problems, and the entries they became."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    and_,
)

from mlconnector.store.tables.base import MOMENT, metadata

# One business document of a source; `record` is the external id of what it is read with, which is its own
# where a record holds no other. `revision` is what the source says now, `booked_revision` the one whose
# consequences DATEV has, or that somebody has booked by hand, `booked_entry` the booking that stands there
# (none when it was taken back). `set_aside_by` and `set_aside_at` tell who left it out or booked it by hand.
vouchers = Table(
    "vouchers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("record", Text, nullable=False, server_default=""),
    Column("number", Text),
    Column("document_date", Date),
    Column("revision", Text, nullable=False),
    Column("booked_revision", Text),
    Column("booked_entry", Text),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("read_at", MOMENT, nullable=False),
    Column("changed_at", MOMENT, nullable=False),
    Column("set_aside_by", Text),
    Column("set_aside_at", MOMENT),
    UniqueConstraint("connection", "kind", "external_id"),
    CheckConstraint(
        "state in ('received', 'bookable', 'needs_human', 'ignored', 'booked_by_hand', "
        "'batched', 'sent', 'settled', 'rejected')",
        name="state",
    ),
)
Index("ix_vouchers_connection_state", vouchers.c.connection, vouchers.c.state)
# Those that were taken back are few among all that are settled.
Index(
    "ix_vouchers_taken_back",
    vouchers.c.connection,
    sqlite_where=and_(vouchers.c.booked_revision.is_not(None), vouchers.c.booked_entry.is_(None)),
    postgresql_where=and_(vouchers.c.booked_revision.is_not(None), vouchers.c.booked_entry.is_(None)),
)
Index("ix_vouchers_connection_record", vouchers.c.connection, vouchers.c.record)
Index("ix_vouchers_dated", vouchers.c.connection, vouchers.c.document_date, vouchers.c.number, vouchers.c.id)

# The normalised content of every revision, never changed.
revisions = Table(
    "revisions",
    metadata,
    Column("voucher", Text, ForeignKey("vouchers.id"), nullable=False),
    Column("revision", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("received_at", MOMENT, nullable=False),
    PrimaryKeyConstraint("voucher", "revision"),
)

# Vouchers that a person has stopped, until somebody lets them go on.
held_vouchers = Table(
    "held_vouchers",
    metadata,
    Column("voucher", Text, ForeignKey("vouchers.id"), primary_key=True),
    Column("held_by", Text, nullable=False),
    Column("held_at", MOMENT, nullable=False),
    Column("reason", Text, nullable=False),
)

# Why a voucher waits; `cause` groups those that one fix releases.
problems = Table(
    "problems",
    metadata,
    Column("voucher", Text, ForeignKey("vouchers.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("origin", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("group_facts", Text, nullable=False),
    PrimaryKeyConstraint("voucher", "origin", "position"),
)
Index("ix_problems_cause", problems.c.cause)

# Bookings; `batch` is None until one is frozen around them. `open_item` is the Belegfeld 1 that no other
# voucher may have, for purchases with the supplier beside it, since suppliers number alike; empty for what
# clears the items of others and for statistical bookings. `channel` is the format that carries it to DATEV.
# `ledger` is that of the party, or `statistical`: such bookings have files of their own.
entries = Table(
    "entries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("voucher", Text, ForeignKey("vouchers.id"), nullable=False),
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("client", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("period", Text, nullable=False),
    Column("ledger", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("open_item", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("mapping", Text, nullable=False),
    Column("document", Text),
    Column("reverses", Text),
    Column("batch", Text, ForeignKey("batches.id")),
    Column("created_at", MOMENT, nullable=False),
    UniqueConstraint("voucher", "revision", "kind", "turn"),
    CheckConstraint("channel in ('extf', 'dxso')", name="channel"),
)
Index("ix_entries_waiting", entries.c.connection, entries.c.batch, entries.c.period)
Index("ix_entries_open_item", entries.c.client, entries.c.open_item)
Index("ix_entries_created", entries.c.created_at)
Index(
    "ix_entries_journal",
    *(entries.c[name] for name in ("client", "connection", "period", "created_at", "id", "batch")),
)

# Open items of other vouchers that a booking clears: those of payments, and of credit notes that are booked
# under the number of their invoice.
clearings = Table(
    "clearings",
    metadata,
    Column("entry", Text, ForeignKey("entries.id"), nullable=False),
    Column("client", Text, nullable=False),
    Column("open_item", Text, nullable=False),
    PrimaryKeyConstraint("entry", "open_item"),
)
Index("ix_clearings_open_item", clearings.c.client, clearings.c.open_item)

# By what a booked document is recognised when it comes once more: spelled otherwise, under another number,
# or through another connection (`mapping.likeness`).
document_marks = Table(
    "document_marks",
    metadata,
    Column("entry", Text, ForeignKey("entries.id"), nullable=False),
    Column("client", Text, nullable=False),
    Column("mark", Text, nullable=False),
    PrimaryKeyConstraint("entry", "mark"),
)
Index("ix_document_marks_mark", document_marks.c.client, document_marks.c.mark)

# Vouchers of which somebody has said that they are two documents, however alike they look.
distinct_vouchers = Table(
    "distinct_vouchers",
    metadata,
    Column("voucher", Text, ForeignKey("vouchers.id"), nullable=False),
    Column("other", Text, ForeignKey("vouchers.id"), nullable=False),
    Column("noted_at", MOMENT, nullable=False),
    PrimaryKeyConstraint("voucher", "other"),
)
Index("ix_distinct_vouchers_other", distinct_vouchers.c.other)
