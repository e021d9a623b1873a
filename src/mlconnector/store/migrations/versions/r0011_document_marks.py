"""By what a booked document is recognised when it comes once more, and which ones are said to be two."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from mlconnector.mapping.likeness import is_compared, marks_of, names_of_party
from mlconnector.model.entries import decode

revision = "0011"
down_revision = "0010"

_AT_ONCE = 500


def upgrade() -> None:
    """Add the tables, with the marks of what is booked already."""
    marks = op.create_table(
        "document_marks",
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entries.id"], name=op.f("fk_document_marks_entry")),
        sa.PrimaryKeyConstraint("entry", "mark", name=op.f("pk_document_marks")),
    )
    op.create_table(
        "distinct_vouchers",
        sa.Column("voucher", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_distinct_vouchers_voucher")),
        sa.ForeignKeyConstraint(["other"], ["vouchers.id"], name=op.f("fk_distinct_vouchers_other")),
        sa.PrimaryKeyConstraint("voucher", "other", name=op.f("pk_distinct_vouchers")),
    )
    op.create_index("ix_distinct_vouchers_other", "distinct_vouchers", ["other"])
    last, some = "", _booked_after("")
    while some:
        rows = [
            {"entry": key, "client": client, "mark": mark}
            for key, client, connection, content, read in some
            for mark in _marks(connection, content, read)
        ]
        if rows:
            op.bulk_insert(marks, rows)
        last = some[-1][0]
        some = _booked_after(last)
    op.create_index("ix_document_marks_mark", "document_marks", ["client", "mark"])


def _booked_after(last: str) -> list[tuple[str, str, str, str, str | None]]:
    """The next bookings, each with the content of the revision that it books."""
    names = ("id", "client", "connection", "content", "voucher", "revision", "kind", "ledger")
    entries = sa.table("entries", *(sa.column(name) for name in names))
    revisions = sa.table("revisions", *(sa.column(name) for name in ("voucher", "revision", "content")))
    of_it = sa.and_(revisions.c.voucher == entries.c.voucher, revisions.c.revision == entries.c.revision)
    query = (
        sa.select(
            entries.c.id,
            entries.c.client,
            entries.c.connection,
            entries.c.content,
            revisions.c.content.label("read"),
        )
        .select_from(entries.outerjoin(revisions, of_it))
        .where(entries.c.kind == "original", entries.c.ledger != "statistical", entries.c.id > last)
        .order_by(entries.c.id)
        .limit(_AT_ONCE)
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in op.get_bind().execute(query)]


def _marks(connection: str, content: str, read: str | None) -> list[str]:
    entry = decode(content)
    if not is_compared(entry):
        return []
    party = json.loads(read).get("party") if read else None
    vat_id = party.get("vat_id") if party else None
    key = f"{connection}/{entry.party_id}"
    known = names_of_party([entry.lines[0].account], key, entry.party_name, vat_id)
    return sorted(marks_of(entry, known).every)
