"""Loads of a warehouse, written down before anything of them leaves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the table; nothing was loaded yet."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "loads",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("warehouse", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("latest", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("amounts", sa.Text(), nullable=False, server_default=""),
        sa.Column("cause", sa.Text(), nullable=False, server_default=""),
        sa.Column("facts", sa.Text(), nullable=False, server_default=""),
        sa.Column("file_name", sa.Text(), nullable=False, server_default=""),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("planned_at", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.CheckConstraint(
            "state in ('planned', 'staged', 'applied', 'verified', 'failed')", name=op.f("ck_loads_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loads")),
    )
    op.create_index("ix_loads_source", "loads", ["warehouse", "kind", "source"])
    op.create_index("ix_loads_state", "loads", ["state"])
