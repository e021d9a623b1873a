"""Parties that are booked under the number of another one, because both are the same."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the table; nobody has said so of any party yet."""
    op.create_table(
        "merged_parties",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ledger in ('receivable', 'payable')", name=op.f("ck_merged_parties_ledger")),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_merged_parties_connection")
        ),
        sa.PrimaryKeyConstraint(
            "client", "connection", "ledger", "party", "number", name=op.f("pk_merged_parties")
        ),
    )
