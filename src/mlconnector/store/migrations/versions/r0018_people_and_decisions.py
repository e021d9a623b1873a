"""People who log in at their own issuer, what waits for a second person, and vouchers that a person holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add whom an issuer knows a user as, logins that came back, what was asked for, and held vouchers."""
    op.add_column("users", sa.Column("subject", sa.Text()))
    op.create_index("ix_users_subject", "users", ["subject"], unique=True)
    op.create_table(
        "finished_logins",
        sa.Column("state_hash", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_finished_logins")),
    )
    op.create_table(
        "approvals",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.CheckConstraint("kind in ('release', 'resend')", name=op.f("ck_approvals_kind")),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name=op.f("fk_approvals_connection")),
        sa.PrimaryKeyConstraint("kind", "about", name=op.f("pk_approvals")),
    )
    op.create_table(
        "held_vouchers",
        sa.Column("voucher", sa.Text(), nullable=False),
        sa.Column("held_by", sa.Text(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_held_vouchers_voucher")),
        sa.PrimaryKeyConstraint("voucher", name=op.f("pk_held_vouchers")),
    )
