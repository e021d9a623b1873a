"""Places that are told what somebody has to see to, and what they were told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the tables; nobody was told anything yet."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "notice_places",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occasions", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("added_at", moment, nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("told_at", moment, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_try_at", moment, nullable=True),
        sa.Column("failing_since", moment, nullable=True),
        sa.Column("failure", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_notice_places")),
    )
    op.create_table(
        "notices",
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("settled_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["place"], ["notice_places.name"], name=op.f("fk_notices_place")),
        sa.PrimaryKeyConstraint("place", "occasion", "connection", "subject", name=op.f("pk_notices")),
    )
