"""Credentials that belong to no connection: those of warehouses."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Let an owner of credentials be something else than a connection."""
    with op.batch_alter_table("credentials") as credentials:
        credentials.drop_constraint("fk_credentials_connection", type_="foreignkey")
