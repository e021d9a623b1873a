"""Records of a source that hold several documents, and limits on calls that all processes share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add what a voucher is read with, which was always itself, and a table of what keys have spent."""
    op.add_column("vouchers", sa.Column("record", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE vouchers SET record = external_id")
    op.create_index("ix_vouchers_connection_record", "vouchers", ["connection", "record"])
    op.create_table(
        "call_budgets",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("spent", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_call_budgets")),
    )
