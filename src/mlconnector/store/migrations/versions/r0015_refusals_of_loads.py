"""Refusals of loads: a warehouse that waits for a person is tried less and less often."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the column; what has failed so far is tried at once."""
    op.add_column("loads", sa.Column("refusals", sa.Integer(), nullable=False, server_default="0"))
