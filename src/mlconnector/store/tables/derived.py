"""Derived: what vouchers and bookings say, as columns to be searched and added up.

Each row is made in the transaction that stores what it is made of, so that it cannot differ.
Amounts are in thousandths, as whole numbers: databases add them up exactly.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from mlconnector.store.tables.base import metadata

# What a voucher is searched by: `names` are its number, its id in the source and our key, one a line, and
# `party` is the name of customer or supplier, both as searches compare texts. `amount` is its gross without
# its sign. Beside that stand the `customer` as it is written and what falls due by it, `owed`, with its sign;
# where that is more than databases add up, it is left out while `amount` is there. All of it but the names is
# that of the newest revision.
voucher_facts = Table(
    "voucher_facts",
    metadata,
    Column("voucher", Text, ForeignKey("vouchers.id"), primary_key=True),
    Column("names", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("amount", BigInteger),
    Column("customer", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("owed", BigInteger),
    sqlite_with_rowid=False,
)
Index("ix_voucher_facts_amount", voucher_facts.c.amount)

# The same of a booking: `posted_on` is its day in the books, `total` what its lines come to in its currency,
# without its sign. `party_name` is the name as it is written, `gross` what a booking comes to for the party,
# with the sign of the voucher; `step` is -1 where it takes another one back, otherwise 1.
entry_facts = Table(
    "entry_facts",
    metadata,
    Column("entry", Text, ForeignKey("entries.id"), primary_key=True),
    Column("voucher", Text, nullable=False),
    Column("posted_on", Date, nullable=False),
    Column("party", Text, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("party_name", Text, nullable=False),
    Column("document_date", Date, nullable=False),
    Column("currency", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("gross", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
Index(
    "ix_entry_facts_voucher",
    *(entry_facts.c[name] for name in ("voucher", "currency", "step", "gross", "entry")),
)

# The rows of the mapping that decided a booking: the table below `mapping`, and the name of the row in it
# (`mapping.row_names`). `voucher` and `connection` are those of the booking.
entry_rows = Table(
    "entry_rows",
    metadata,
    Column("entry", Text, ForeignKey("entries.id"), nullable=False),
    Column("mapping_table", Text, nullable=False),
    Column("row_name", Text, nullable=False),
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("voucher", Text, ForeignKey("vouchers.id"), nullable=False),
    PrimaryKeyConstraint("entry", "mapping_table", "row_name"),
)
Index(
    "ix_entry_rows_counted",
    *(entry_rows.c[name] for name in ("connection", "mapping_table", "row_name", "voucher")),
)

# The lines of a booking, from 1. `client`, `connection`, `ledger` and `posted_on` are those of the booking. A
# line that moves a person account has an `item`, the Belegfeld 1 under which it does so, and `owed` and
# `owed_euro`: by how much, with Skonto in DATEV's own column (`discount`), in the currency of the booking and
# in EUR. `part` says what it is to the item, as `mapping.movements` has it.
entry_lines = Table(
    "entry_lines",
    metadata,
    Column("entry", Text, ForeignKey("entries.id"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("client", Text, nullable=False),
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("ledger", Text, nullable=False),
    Column("posted_on", Date, nullable=False),
    Column("account", Text, nullable=False),
    Column("tax_case", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("item", Text),
    Column("item_currency", Text),
    Column("owed", BigInteger),
    Column("owed_euro", BigInteger),
    Column("part", Text),
    Column("discount", BigInteger),
    Column("due_date", Date),
    PrimaryKeyConstraint("entry", "line"),
)
Index(
    "ix_entry_lines_item",
    *(entry_lines.c[name] for name in ("client", "item", "ledger", "account", "item_currency", "connection")),
    *(entry_lines.c[name] for name in ("posted_on", "owed", "owed_euro", "part", "discount", "due_date")),
    *(entry_lines.c[name] for name in ("entry", "line")),
)
Index("ix_entry_lines_amount", entry_lines.c.connection, entry_lines.c.amount, entry_lines.c.entry)
