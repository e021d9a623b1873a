"""People who log in at an issuer of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"


def upgrade() -> None:
    """Add whom an issuer knows a user as, and the logins that came back from it."""
    op.add_column("users", sa.Column("subject", sa.Text()))
    op.create_index("ix_users_subject", "users", ["subject"], unique=True)
    op.create_table(
        "finished_logins",
        sa.Column("state_hash", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_finished_logins")),
    )
