"""Every table of the product. What is state of the business lives here; progress of work lives in DBOS."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from mlconnector.store.moments import Moment

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

_MOMENT = Moment()
_COUNTED = BigInteger().with_variant(Integer, "sqlite")

# One source account joined to one client. The name is its identity, outside too: GUIDs derive from it.
connections = Table(
    "connections",
    metadata,
    Column("name", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("state_reason", Text, nullable=False, server_default=""),
    Column("created_at", _MOMENT, nullable=False),
    Column("updated_at", _MOMENT, nullable=False),
    CheckConstraint("state in ('ready', 'needs_login', 'degraded', 'paused')", name="state"),
)

# Sealed credentials: an AES-256-GCM envelope each, its data key wrapped under the master key `key_id`.
credentials = Table(
    "credentials",
    metadata,
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("name", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", _MOMENT),
    Column("updated_at", _MOMENT, nullable=False),
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
    Column("expires_at", _MOMENT, nullable=False),
)

# How far a source was read; moved only together with the records that were read.
cursors = Table(
    "cursors",
    metadata,
    Column("connection", Text, ForeignKey("connections.name"), primary_key=True),
    Column("value", Text, nullable=False),
    Column("moved_at", _MOMENT, nullable=False),
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
    Column("received_at", _MOMENT, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("external_ids", Text, nullable=False),
    Column("taken_at", _MOMENT),
)
Index("ix_webhook_inbox_waiting", webhook_inbox.c.connection, webhook_inbox.c.taken_at)

# One business document of a source; `revision` is what the source says now, `booked_revision` the one whose
# consequences DATEV has, `booked_entry` the booking that stands there (none when it was taken back).
vouchers = Table(
    "vouchers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("number", Text),
    Column("document_date", Date),
    Column("revision", Text, nullable=False),
    Column("booked_revision", Text),
    Column("booked_entry", Text),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("read_at", _MOMENT, nullable=False),
    Column("changed_at", _MOMENT, nullable=False),
    UniqueConstraint("connection", "kind", "external_id"),
    CheckConstraint(
        "state in ('received', 'bookable', 'needs_human', 'ignored', "
        "'batched', 'sent', 'settled', 'rejected')",
        name="state",
    ),
)
Index("ix_vouchers_connection_state", vouchers.c.connection, vouchers.c.state)

# The normalised content of every revision, never changed.
revisions = Table(
    "revisions",
    metadata,
    Column("voucher", Text, ForeignKey("vouchers.id"), nullable=False),
    Column("revision", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("received_at", _MOMENT, nullable=False),
    PrimaryKeyConstraint("voucher", "revision"),
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

# Bookings; `batch` is None until one is frozen around them.
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
    Column("document_field_1", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("mapping", Text, nullable=False),
    Column("document", Text),
    Column("reverses", Text),
    Column("batch", Text, ForeignKey("batches.id")),
    Column("created_at", _MOMENT, nullable=False),
    UniqueConstraint("voucher", "revision", "kind", "turn"),
)
Index("ix_entries_waiting", entries.c.connection, entries.c.batch, entries.c.period)
Index("ix_entries_document_field", entries.c.client, entries.c.document_field_1)

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
    Column("created_at", _MOMENT, nullable=False),
    Column("changed_at", _MOMENT, nullable=False),
    CheckConstraint(
        "state in ('frozen', 'submitting', 'unknown', 'submitted', 'succeeded', 'failed', 'dissolved')",
        name="state",
    ),
)
Index("ix_batches_connection_state", batches.c.connection, batches.c.state)

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
    Column("changed_at", _MOMENT, nullable=False),
    CheckConstraint("state in ('stored', 'sending', 'filed', 'refused')", name="state"),
)
Index("ix_documents_voucher", documents.c.voucher)

# What was handed to DATEV: written before the attempt, completed after it.
transfers = Table(
    "transfers",
    metadata,
    Column("batch", Text, ForeignKey("batches.id"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("started_at", _MOMENT, nullable=False),
    Column("finished_at", _MOMENT),
    Column("outcome", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("batch", "attempt"),
)

# Debtor and creditor numbers: given once for each party and client, never to another one.
accounts = Table(
    "accounts",
    metadata,
    Column("client", Text, nullable=False),
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("party", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("given_at", _MOMENT, nullable=False),
    PrimaryKeyConstraint("client", "connection", "party"),
    UniqueConstraint("client", "number"),
)

# Runs of a connection, with what they counted.
runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("trigger", Text, nullable=False),
    Column("started_at", _MOMENT, nullable=False),
    Column("finished_at", _MOMENT),
    Column("counts", Text, nullable=False, server_default="{}"),
    Column("outcome", Text, nullable=False, server_default=""),
)
Index("ix_runs_connection_started", runs.c.connection, runs.c.started_at)

# The audit trail: append-only, every row hashed together with the one before it.
audit = Table(
    "audit",
    metadata,
    Column("sequence", _COUNTED, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
Index("ix_audit_subject", audit.c.subject)

# The last link of the audit chain; its row is the lock for appending.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", _COUNTED, nullable=False),
    Column("hash", Text, nullable=False),
)

# The technical log of every request to an outside system, without secrets.
http_log = Table(
    "http_log",
    metadata,
    Column("id", _COUNTED, primary_key=True, autoincrement=True),
    Column("at", _MOMENT, nullable=False),
    Column("connection", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("status", Integer),
    Column("milliseconds", Integer, nullable=False),
    Column("request_headers", Text, nullable=False),
    Column("response_headers", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("error", Text, nullable=False),
)
Index("ix_http_log_at", http_log.c.at)

# Processes that do work, and when they last showed a sign of life.
executors = Table(
    "executors",
    metadata,
    Column("id", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("process", Integer, nullable=False),
    Column("started_at", _MOMENT, nullable=False),
    Column("seen_at", _MOMENT, nullable=False),
)

# Locks that end by themselves when their owner dies.
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", _MOMENT, nullable=False),
)
