"""Who left a voucher out or booked it by hand, and when; numbers that were given to a party by hand."""

from __future__ import annotations

import json
from datetime import datetime

import sqlalchemy as sa
from alembic import op

from mlconnector.store.tables.moments import Moment

revision = "0007"
down_revision = "0006"

_LEFT_OUT = "left out: "


def upgrade() -> None:
    """Add the columns, the state and the origin; who has left something out stands in the audit trail."""
    op.add_column("vouchers", sa.Column("set_aside_by", sa.Text(), nullable=True))
    op.add_column("vouchers", sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=True))
    _allow("vouchers", "state", "'ignored'", "booked_by_hand")
    _allow("accounts", "origin", "'list'", "bound")
    _name_who_left_out()


def _allow(table: str, column: str, after: str, value: str) -> None:
    """Let a column have one more value, named behind one that it may have."""
    connection = op.get_bind()
    name = f"ck_{table}_{column}"
    if connection.dialect.name == "postgresql":
        checks = sa.inspect(connection).get_check_constraints(table)
        allowed = next(check["sqltext"] for check in checks if check["name"] == name)
        more = allowed.replace(f"{after}::text", f"{after}::text, '{value}'::text")
        op.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        op.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" CHECK ({more})')
        return
    # Other tables refer to this one, so it cannot be made anew; this is how SQLite documents it
    # (https://www.sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes").
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ?",
        (after, f"{after}, '{value}'", table),
    )
    connection.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema=RESET")


def _name_who_left_out() -> None:
    connection = op.get_bind()
    found = connection.execute(
        sa.text(
            "SELECT vouchers.id, audit.at, audit.detail FROM vouchers "
            "LEFT JOIN audit ON audit.subject = vouchers.id AND audit.event = 'ignored' "
            "WHERE vouchers.state = 'ignored' AND vouchers.reason LIKE :left_out ORDER BY audit.sequence"
        ).bindparams(left_out=f"{_LEFT_OUT}%")
    ).all()
    everybody = sa.text(
        "UPDATE vouchers SET set_aside_by = '', set_aside_at = changed_at "
        "WHERE state = 'ignored' AND reason LIKE :left_out"
    )
    connection.execute(everybody.bindparams(left_out=f"{_LEFT_OUT}%"))
    noted = sa.text("UPDATE vouchers SET set_aside_by = :by, set_aside_at = :at WHERE id = :id")
    for key, moment, detail in found:
        by = json.loads(detail).get("by") if detail else None
        if by:
            values = noted.bindparams(
                sa.bindparam("at", datetime.fromisoformat(moment), Moment()), by=by, id=key
            )
            connection.execute(values)
