"""Which rows of the mapping decided each booking."""

from __future__ import annotations

import json
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op
from pydantic import ValidationError

from mlconnector.mapping.row_names import NamedRow, row_behind
from mlconnector.mapping.tables import AccountRow, TaxCaseRow
from mlconnector.model.entries import Because, decode
from mlconnector.store.tables.moments import Moment

revision = "0020"
down_revision = "0019"

_AT_ONCE = 500
_SAYS = {"account": "account", "tax_key": "tax_key", "supply": "supply", "tax_case": "case"}
"""Where a row says what it gave a field."""
_Texts = Mapping[str, tuple[Sequence[datetime], Sequence[str]]]


def upgrade() -> None:
    """Add the table, with the rows of what is booked already, some bookings at a time."""
    table = op.create_table(
        "entry_rows",
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("mapping_table", sa.Text(), nullable=False),
        sa.Column("row_name", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("voucher", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entry", "mapping_table", "row_name", name=op.f("pk_entry_rows")),
        sa.ForeignKeyConstraint(["entry"], ["entries.id"], name=op.f("fk_entry_rows_entry")),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], name=op.f("fk_entry_rows_connection")),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_entry_rows_voucher")),
    )
    _fill(table)
    op.create_index(
        "ix_entry_rows_counted", "entry_rows", ["connection", "mapping_table", "row_name", "voucher"]
    )


def _fill(table: sa.Table) -> None:
    names = ("id", "voucher", "connection", "content")
    given = sa.table("entries", *(sa.column(name) for name in names), sa.column("created_at", Moment()))
    texts, tables = _texts(), _Tables()
    last = ""
    while True:
        query = sa.select(given).where(given.c.id > last).order_by(given.c.id).limit(_AT_ONCE)
        some: Sequence[Any] = op.get_bind().execute(query).all()
        if not some:
            return
        op.bulk_insert(table, [row for one in some for row in _rows_of(one, texts, tables)])
        last = some[-1].id


def _rows_of(entry: Any, texts: _Texts, tables: _Tables) -> Iterator[dict[str, str]]:
    days, said = texts.get(entry.connection, ((), ()))
    latest = bisect_right(days, entry.created_at)
    text = said[latest - 1] if latest else ""
    found = {_row(one, tables.of(text)) for one in decode(entry.content).because}
    for row in sorted(one for one in found if one is not None):
        yield {
            "entry": entry.id,
            "mapping_table": row.table,
            "row_name": row.name,
            "connection": entry.connection,
            "voucher": entry.voucher,
        }


def _texts() -> _Texts:
    """The settings of each connection, as the audit trail has them, with the moments from which they held."""
    query = sa.text(
        "SELECT connection, at, detail FROM audit "
        "WHERE event IN ('connected', 'settings_changed') ORDER BY sequence"
    )
    found: dict[str, tuple[list[datetime], list[str]]] = {}
    for connection, at, detail in op.get_bind().execute(query):
        text = json.loads(detail).get("text")
        if text:
            moments, texts = found.setdefault(connection, ([], []))
            moments.append(datetime.fromisoformat(at))
            texts.append(text)
    return found


class _Tables:
    """The mapping of texts of settings, each read once."""

    def __init__(self) -> None:
        self._known: dict[str, Mapping[str, Any]] = {}

    def of(self, text: str) -> Mapping[str, Any]:
        """The tables of a mapping as they are written; none where they cannot be read."""
        if text not in self._known:
            try:
                self._known[text] = tomllib.loads(text).get("mapping", {})
            except tomllib.TOMLDecodeError:
                self._known[text] = {}
        return self._known[text]


def _row(why: Because, mapping: Mapping[str, Any]) -> NamedRow | None:
    """The row behind a reason; None where no row is, or not the one that the settings of then have."""
    facts = {"table": "mapping.tax_case", **why.facts} if why.rule == "case_by_row" else why.facts
    table = facts.get("table", "").removeprefix("mapping.")
    number = facts.get("row", "")
    if table in {"revenue", "expense", "tax_case"} and number.isdecimal():
        rows = mapping.get(table, [])
        row = rows[int(number) - 1] if 0 < int(number) <= len(rows) else {}
        named = _name(table, row) if _said_so(why, row) else ""
        return NamedRow(table, named) if named else None
    return row_behind(msgspec.structs.replace(why, facts=facts))


def _said_so(why: Because, row: Mapping[str, Any]) -> bool:
    if why.rule == "row_of_case":
        return "account" not in row
    return bool(row) and row.get(_SAYS.get(why.field, "")) == why.value


def _name(table: str, row: Mapping[str, Any]) -> str:
    model = TaxCaseRow if table == "tax_case" else AccountRow
    try:
        return model.model_validate(row).name
    except ValidationError:
        return ""
