"""The tables of the first version, and the triggers that keep the audit trail append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_MOMENT = sa.DateTime(timezone=True)
_COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_REFUSAL = "the audit trail is append-only"


def upgrade() -> None:
    """Create everything."""
    _create_connections()
    _create_vouchers()
    _create_batches()
    _create_bookings()
    _create_agreements()
    _create_operations()
    _create_audit()
    _protect_audit()


def _create_connections() -> None:
    op.create_table(
        "connections",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "state in ('ready', 'needs_login', 'degraded', 'paused')", name=op.f("ck_connections_state")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_connections")),
    )
    op.create_table(
        "credentials",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=True),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name=op.f("fk_credentials_connection")),
        sa.PrimaryKeyConstraint("connection", "name", name=op.f("pk_credentials")),
    )
    op.create_table(
        "pending_logins",
        sa.Column("state_hash", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_pending_logins_connection")
        ),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_pending_logins")),
    )
    op.create_table(
        "cursors",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("moved_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name=op.f("fk_cursors_connection")),
        sa.PrimaryKeyConstraint("connection", name=op.f("pk_cursors")),
    )
    op.create_table(
        "memories",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name=op.f("fk_memories_connection")),
        sa.PrimaryKeyConstraint("connection", "key", name=op.f("pk_memories")),
    )
    op.create_table(
        "webhook_inbox",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("external_ids", sa.Text(), nullable=False),
        sa.Column("taken_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_webhook_inbox_connection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_inbox")),
    )
    op.create_index("ix_webhook_inbox_waiting", "webhook_inbox", ["connection", "taken_at"])


def _create_vouchers() -> None:
    op.create_table(
        "vouchers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("document_date", sa.Date(), nullable=True),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("booked_revision", sa.Text(), nullable=True),
        sa.Column("booked_entry", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("read_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "state in ('received', 'bookable', 'needs_human', 'ignored', "
            "'batched', 'sent', 'settled', 'rejected')",
            name=op.f("ck_vouchers_state"),
        ),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name=op.f("fk_vouchers_connection")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vouchers")),
        sa.UniqueConstraint(
            "connection", "kind", "external_id", name=op.f("uq_vouchers_connection_kind_external_id")
        ),
    )
    op.create_index("ix_vouchers_connection_state", "vouchers", ["connection", "state"])
    op.create_table(
        "revisions",
        sa.Column("voucher", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_revisions_voucher")),
        sa.PrimaryKeyConstraint("voucher", "revision", name=op.f("pk_revisions")),
    )
    op.create_table(
        "problems",
        sa.Column("voucher", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("group_facts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_problems_voucher")),
        sa.PrimaryKeyConstraint("voucher", "origin", "position", name=op.f("pk_problems")),
    )
    op.create_index("ix_problems_cause", "problems", ["cause"])


def _create_batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("vouchers", sa.Integer(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("polls", sa.Integer(), server_default="0", nullable=False),
        sa.Column("parked", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("deliveries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("follows", sa.Integer(), server_default="0", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("cause", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "state in ('frozen', 'submitting', 'unknown', 'submitted', "
            "'succeeded', 'partial', 'failed', 'dissolved')",
            name=op.f("ck_batches_state"),
        ),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name=op.f("fk_batches_connection")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
    )
    op.create_index("ix_batches_connection_state", "batches", ["connection", "state"])
    op.create_table(
        "transfers",
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT, nullable=True),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"], name=op.f("fk_transfers_batch")),
        sa.PrimaryKeyConstraint("batch", "attempt", name=op.f("pk_transfers")),
    )


def _create_bookings() -> None:
    op.create_table(
        "entries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("voucher", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("open_item", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("reverses", sa.Text(), nullable=True),
        sa.Column("batch", sa.Text(), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"], name=op.f("fk_entries_batch")),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name=op.f("fk_entries_connection")),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_entries_voucher")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
        sa.UniqueConstraint(
            "voucher", "revision", "kind", "turn", name=op.f("uq_entries_voucher_revision_kind_turn")
        ),
        sa.CheckConstraint("channel in ('extf', 'dxso')", name=op.f("ck_entries_channel")),
    )
    op.create_index("ix_entries_open_item", "entries", ["client", "open_item"])
    op.create_index("ix_entries_waiting", "entries", ["connection", "batch", "period"])
    op.create_table(
        "documents",
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("voucher", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("attachment", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "state in ('stored', 'sending', 'filed', 'refused')", name=op.f("ck_documents_state")
        ),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name=op.f("fk_documents_connection")),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_documents_voucher")),
        sa.PrimaryKeyConstraint("guid", name=op.f("pk_documents")),
    )
    op.create_index("ix_documents_voucher", "documents", ["voucher"])
    op.create_table(
        "accounts",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("vat_id", sa.Text(), server_default="", nullable=False),
        sa.Column("given_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name=op.f("fk_accounts_connection")),
        sa.PrimaryKeyConstraint("client", "connection", "party", "ledger", name=op.f("pk_accounts")),
        sa.UniqueConstraint("client", "number", name=op.f("uq_accounts_client_number")),
        sa.CheckConstraint("origin in ('allocated', 'source', 'list')", name=op.f("ck_accounts_origin")),
        sa.CheckConstraint("ledger in ('receivable', 'payable')", name=op.f("ck_accounts_ledger")),
    )
    op.create_table(
        "person_records",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("sent", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=True),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"], name=op.f("fk_person_records_batch")),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_person_records_connection")
        ),
        sa.PrimaryKeyConstraint("client", "number", name=op.f("pk_person_records")),
        sa.CheckConstraint(
            "state in ('due', 'waiting', 'batched', 'sent', 'failed')", name=op.f("ck_person_records_state")
        ),
    )
    op.create_index("ix_person_records_connection_state", "person_records", ["connection", "state"])


def _create_agreements() -> None:
    op.create_table(
        "chart_accounts",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("function", sa.Text(), nullable=False),
        sa.Column("tax_case", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "function in ('', 'automatic', 'collective', 'tax', 'none')",
            name=op.f("ck_chart_accounts_function"),
        ),
        sa.PrimaryKeyConstraint("client", "number", name=op.f("pk_chart_accounts")),
    )
    op.create_table(
        "confirmations",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
        sa.Column("confirmed_on", sa.Date(), nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=False),
        sa.Column("noted_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("client", "seed", name=op.f("pk_confirmations")),
    )
    op.create_table(
        "seed_uses",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("first_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name=op.f("fk_seed_uses_connection")),
        sa.PrimaryKeyConstraint("connection", "seed", name=op.f("pk_seed_uses")),
    )


def _create_operations() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT, nullable=True),
        sa.Column("counts", sa.Text(), server_default="{}", nullable=False),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name=op.f("fk_runs_connection")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index("ix_runs_connection_started", "runs", ["connection", "started_at"])
    op.create_table(
        "http_log",
        sa.Column("id", _COUNTED, autoincrement=True, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("request_headers", sa.Text(), nullable=False),
        sa.Column("response_headers", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_http_log")),
    )
    op.create_index("ix_http_log_at", "http_log", ["at"])
    op.create_table(
        "executors",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("process", sa.Integer(), nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_executors")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("sequence", _COUNTED, autoincrement=False, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_subject", "audit", ["subject"])
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", _COUNTED, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )


def _protect_audit() -> None:
    """Write the head of an empty trail, and refuse every change of rows that were written."""
    op.execute(
        sa.text("INSERT INTO audit_head (id, sequence, hash) VALUES (1, 0, :hash)").bindparams(hash="0" * 64)
    )
    if op.get_bind().dialect.name == "sqlite":
        _refuse_changes_on_sqlite()
    else:
        _refuse_changes_on_postgresql()


def _refuse_changes_on_sqlite() -> None:
    """Refuse UPDATE and DELETE, and the row that INSERT OR REPLACE would delete without firing a trigger."""
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    op.execute(f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit {refuse}")
    op.execute(f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit {refuse}")
    known = "EXISTS (SELECT 1 FROM audit WHERE sequence = NEW.sequence)"
    op.execute(f"CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN {known} {refuse}")


def _refuse_changes_on_postgresql() -> None:
    """Refuse UPDATE, DELETE and TRUNCATE."""
    op.execute(
        "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
    )
    for name, action, scope in (
        ("audit_no_update", "UPDATE", "ROW"),
        ("audit_no_delete", "DELETE", "ROW"),
        ("audit_no_truncate", "TRUNCATE", "STATEMENT"),
    ):
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {action} ON audit FOR EACH {scope} "
            "EXECUTE FUNCTION refuse_audit_change()"
        )
