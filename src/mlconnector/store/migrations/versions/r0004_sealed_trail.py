"""The seal on the head of the audit trail, and at which row of it each credential was sealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns; the trail is sealed by the first process that opens it with its master key."""
    for name in ("key_id", "seal"):
        op.add_column("audit_head", sa.Column(name, sa.Text(), server_default="", nullable=False))
    counted = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("credentials", sa.Column("trail_sequence", counted, nullable=True))
