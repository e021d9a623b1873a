"""Master data: what DATEV shall know of debtors and creditors, and what it was sent."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, PrimaryKeyConstraint, Table, Text

from mlconnector.store.tables.base import MOMENT, metadata

# One person account: the row that DATEV shall have (`wanted`, and what was changed of it to fit: `changes`)
# and what it got so far (`sent`, empty before). `due` goes with the next file, `waiting` needs somebody's
# consent, because it would overwrite something; while `is_new` DATEV has nothing to overwrite. `batch` is the
# last file that took the row.
person_records = Table(
    "person_records",
    metadata,
    Column("client", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("wanted", Text, nullable=False),
    Column("changes", Text, nullable=False),
    Column("sent", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False),
    Column("is_new", Boolean, nullable=False),
    Column("batch", Text, ForeignKey("batches.id")),
    Column("changed_at", MOMENT, nullable=False),
    PrimaryKeyConstraint("client", "number"),
    CheckConstraint("state in ('due', 'waiting', 'batched', 'sent', 'failed')", name="state"),
)
Index("ix_person_records_connection_state", person_records.c.connection, person_records.c.state)
