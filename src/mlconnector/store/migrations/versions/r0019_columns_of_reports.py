"""Columns that reports are made of: the tables of what is searched and added up, anew with all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from mlconnector.store.derived import of_entries, of_voucher

revision = "0019"
down_revision = "0018"

_AT_ONCE = 500


def upgrade() -> None:
    """Make the tables anew, with what is there already, some rows at a time, and the indices."""
    for name in ("voucher_facts", "entry_facts", "entry_lines"):
        op.drop_table(name)
    of_vouchers = op.create_table(
        "voucher_facts",
        sa.Column("voucher", sa.Text(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger()),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("owed", sa.BigInteger()),
        sa.PrimaryKeyConstraint("voucher", name=op.f("pk_voucher_facts")),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_voucher_facts_voucher")),
        sqlite_with_rowid=False,
    )
    facts = op.create_table(
        "entry_facts",
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("voucher", sa.Text(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("party_name", sa.Text(), nullable=False),
        sa.Column("document_date", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_entry_facts")),
        sa.ForeignKeyConstraint(["entry"], ["entries.id"], name=op.f("fk_entry_facts_entry")),
        sqlite_with_rowid=False,
    )
    lines = op.create_table(
        "entry_lines",
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("tax_case", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.Text()),
        sa.Column("item_currency", sa.Text()),
        sa.Column("owed", sa.BigInteger()),
        sa.Column("owed_euro", sa.BigInteger()),
        sa.Column("part", sa.Text()),
        sa.Column("discount", sa.BigInteger()),
        sa.Column("due_date", sa.Date()),
        sa.PrimaryKeyConstraint("entry", "line", name=op.f("pk_entry_lines")),
        sa.ForeignKeyConstraint(["entry"], ["entries.id"], name=op.f("fk_entry_lines_entry")),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name=op.f("fk_entry_lines_connection")),
    )
    _fill_from_vouchers(of_vouchers)
    _fill_from_entries(facts, lines)
    op.create_index("ix_voucher_facts_amount", "voucher_facts", ["amount"])
    item = ["client", "item", "ledger", "account", "item_currency", "connection", "posted_on"]
    told = ["owed", "owed_euro", "part", "discount", "due_date", "entry", "line"]
    op.create_index("ix_entry_lines_item", "entry_lines", [*item, *told])
    op.create_index("ix_entry_lines_amount", "entry_lines", ["connection", "amount", "entry"])
    taken_back = sa.text("booked_revision IS NOT NULL AND booked_entry IS NULL")
    op.create_index(
        "ix_vouchers_taken_back",
        "vouchers",
        ["connection"],
        sqlite_where=taken_back,
        postgresql_where=taken_back,
    )
    op.create_index(
        "ix_entry_facts_voucher", "entry_facts", ["voucher", "currency", "step", "gross", "entry"]
    )


def _fill_from_vouchers(table: sa.Table) -> None:
    given = sa.table("vouchers", *(sa.column(name) for name in ("id", "number", "external_id", "revision")))
    said = sa.table("revisions", *(sa.column(name) for name in ("voucher", "revision", "content")))
    newest = sa.and_(said.c.voucher == given.c.id, said.c.revision == given.c.revision)
    columns = (given.c.id, given.c.number, given.c.external_id, said.c.content)
    last = ""
    while True:
        query = sa.select(*columns).select_from(given.outerjoin(said, newest)).where(given.c.id > last)
        some = op.get_bind().execute(query.order_by(given.c.id).limit(_AT_ONCE)).all()
        if not some:
            return
        op.bulk_insert(table, [dict(of_voucher(*row)) for row in some])
        last = some[-1].id


def _fill_from_entries(facts: sa.Table, lines: sa.Table) -> None:
    names = ("id", "voucher", "client", "connection", "ledger", "content")
    given = sa.table("entries", *(sa.column(name) for name in names))
    last = ""
    while True:
        query = sa.select(given).where(given.c.id > last).order_by(given.c.id).limit(_AT_ONCE)
        some: Sequence[Any] = op.get_bind().execute(query).mappings().all()
        if not some:
            return
        of_each, of_lines = of_entries(some)
        op.bulk_insert(facts, [dict(row) for row in of_each])
        op.bulk_insert(lines, [dict(row) for row in of_lines])
        last = some[-1]["id"]
