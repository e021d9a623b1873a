"""What a voucher is read with, where a record of the source holds several documents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column; every voucher that is known was a record of its own."""
    op.add_column("vouchers", sa.Column("record", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE vouchers SET record = external_id")
    op.create_index("ix_vouchers_connection_record", "vouchers", ["connection", "record"])
