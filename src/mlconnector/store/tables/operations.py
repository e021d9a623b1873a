"""Operations: runs, the audit trail, the technical log, processes and leases."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from mlconnector.store.tables.base import COUNTED, MOMENT, metadata

# Runs of a connection, with what they counted.
runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("trigger", Text, nullable=False),
    Column("started_at", MOMENT, nullable=False),
    Column("finished_at", MOMENT),
    Column("counts", Text, nullable=False, server_default="{}"),
    Column("outcome", Text, nullable=False, server_default=""),
)
Index("ix_runs_connection_started", runs.c.connection, runs.c.started_at)

# The audit trail: append-only, every row hashed together with the one before it.
audit = Table(
    "audit",
    metadata,
    Column("sequence", COUNTED, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
Index("ix_audit_subject", audit.c.subject)

# The last link of the audit chain, sealed with a key that is not in the database; its row is the lock for
# appending.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", COUNTED, nullable=False),
    Column("hash", Text, nullable=False),
    Column("key_id", Text, nullable=False, server_default=""),
    Column("seal", Text, nullable=False, server_default=""),
)

# The technical log of every request to an outside system, without secrets.
http_log = Table(
    "http_log",
    metadata,
    Column("id", COUNTED, primary_key=True, autoincrement=True),
    Column("at", MOMENT, nullable=False),
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

# What keys of outside systems have spent of their limits on calls, by what tells keys apart.
call_budgets = Table(
    "call_budgets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("spent", Text, nullable=False),
)

# Systems that a connection cannot reach at the moment.
outages = Table(
    "outages",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("system", Text, primary_key=True),
    Column("address", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("since", MOMENT, nullable=False),
    Column("tried_at", MOMENT, nullable=False),
    Column("next_at", MOMENT),
    Column("until", MOMENT),
)

# Processes that do work, and when they last showed a sign of life.
executors = Table(
    "executors",
    metadata,
    Column("id", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("process", Integer, nullable=False),
    Column("started_at", MOMENT, nullable=False),
    Column("seen_at", MOMENT, nullable=False),
)

# Locks that end by themselves when their owner dies.
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", MOMENT, nullable=False),
)
