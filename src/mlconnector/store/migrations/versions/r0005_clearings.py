"""Which open items of others each booking clears."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from mlconnector.formats.extf import document_field

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the table, with the credit notes that are booked under the number of their invoice."""
    table = op.create_table(
        "clearings",
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("open_item", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entries.id"], name=op.f("fk_clearings_entry")),
        sa.PrimaryKeyConstraint("entry", "open_item", name=op.f("pk_clearings")),
    )
    op.create_index("ix_clearings_open_item", "clearings", ["client", "open_item"])
    entries = sa.table("entries", *(sa.column(name) for name in (*_NAMED, "open_item", "kind")))
    wanted = sa.select(*(entries.c[name] for name in _NAMED)).where(
        entries.c.open_item == "", entries.c.kind == "original"
    )
    rows = [
        {"entry": key, "client": client, "open_item": item}
        for key, client, connection, ledger, content in op.get_bind().execute(wanted)
        for item in _items(connection, ledger, json.loads(content))
    ]
    if rows:
        op.bulk_insert(table, rows)


_NAMED = ("id", "client", "connection", "ledger", "content")


def _items(connection: str, ledger: str, content: dict[str, object]) -> set[str]:
    """The items that an entry clears, as they are named since the first version."""
    lines = content["lines"]
    numbers = {line.get("number") for line in lines} if isinstance(lines, list) else set()
    supplier = f" {connection}/{content.get('party_id', '')}" if ledger == "payable" else ""
    return {f"{document_field(number)[0]}{supplier}" for number in numbers if number}
