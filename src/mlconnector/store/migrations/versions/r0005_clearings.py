"""Which open items of others each booking clears."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0002"


def upgrade() -> None:
    """Add the table; no source has told of payments yet."""
    op.create_table(
        "clearings",
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("open_item", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entries.id"], name=op.f("fk_clearings_entry")),
        sa.PrimaryKeyConstraint("entry", "open_item", name=op.f("pk_clearings")),
    )
    op.create_index("ix_clearings_open_item", "clearings", ["client", "open_item"])
