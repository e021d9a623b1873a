"""What cannot be reached, since when, and when it is tried again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the table; nothing is known to be out of reach."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "outages",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("tried_at", moment, nullable=False),
        sa.Column("next_at", moment, nullable=True),
        sa.Column("until", moment, nullable=True),
        sa.PrimaryKeyConstraint("connection", "system", name=op.f("pk_outages")),
    )
