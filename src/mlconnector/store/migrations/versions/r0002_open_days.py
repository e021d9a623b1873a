"""The first open day of each client's books."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the table; no client has named a day yet."""
    op.create_table(
        "open_days",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("open_from", sa.Date(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("client", name=op.f("pk_open_days")),
    )
