"""When each connection was released, and by whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_EARLIER = "before releases were kept"


def upgrade() -> None:
    """Add the columns; what has handed a batch over before counts as released, unless it is disconnected."""
    op.add_column("connections", sa.Column("released_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("connections", sa.Column("released_by", sa.Text(), nullable=True))
    op.execute(
        sa.text(
            "UPDATE connections SET released_by = :by, released_at = "
            "(SELECT min(transfers.started_at) FROM transfers JOIN batches ON batches.id = transfers.batch "
            "WHERE batches.connection = connections.name) "
            "WHERE state <> 'paused' AND EXISTS "
            "(SELECT 1 FROM transfers JOIN batches ON batches.id = transfers.batch "
            "WHERE batches.connection = connections.name)"
        ).bindparams(by=_EARLIER)
    )
