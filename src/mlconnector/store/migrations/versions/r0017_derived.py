"""Columns that vouchers and bookings are searched and added up by, and indices for long lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the tables, which the migration that made them anew fills, and the indices."""
    op.create_table(
        "voucher_facts",
        sa.Column("voucher", sa.Text(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger()),
        sa.PrimaryKeyConstraint("voucher", name=op.f("pk_voucher_facts")),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_voucher_facts_voucher")),
    )
    op.create_table(
        "entry_facts",
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_entry_facts")),
        sa.ForeignKeyConstraint(["entry"], ["entries.id"], name=op.f("fk_entry_facts_entry")),
    )
    op.create_table(
        "entry_lines",
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("tax_case", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.Text()),
        sa.Column("item_currency", sa.Text()),
        sa.Column("owed", sa.BigInteger()),
        sa.Column("owed_euro", sa.BigInteger()),
        sa.PrimaryKeyConstraint("entry", "line", name=op.f("pk_entry_lines")),
        sa.ForeignKeyConstraint(["entry"], ["entries.id"], name=op.f("fk_entry_lines_entry")),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name=op.f("fk_entry_lines_connection")),
    )
    op.create_index("ix_voucher_facts_amount", "voucher_facts", ["amount"])
    item = ["client", "item", "ledger", "account", "item_currency", "connection", "posted_on"]
    op.create_index("ix_entry_lines_item", "entry_lines", [*item, "owed", "owed_euro", "entry"])
    op.create_index("ix_entry_lines_amount", "entry_lines", ["connection", "amount", "entry"])
    op.create_index("ix_batches_id_state", "batches", ["id", "state"])
    op.create_index(
        "ix_entries_journal", "entries", ["client", "connection", "period", "created_at", "id", "batch"]
    )
    op.create_index("ix_documents_changed", "documents", ["connection", "changed_at", "state"])
    op.create_index("ix_entries_created", "entries", ["created_at"])
    op.create_index("ix_vouchers_dated", "vouchers", ["connection", "document_date", "number", "id"])
