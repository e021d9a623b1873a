"""Derived: makes the columns that vouchers and bookings are searched and added up by, of their contents."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict

from sqlalchemy import ColumnElement

from mlconnector.mapping.movements import gross_of, moved_by
from mlconnector.mapping.row_names import rows_behind
from mlconnector.model.entries import Entry, decode
from mlconnector.model.money import ZERO
from mlconnector.model.voucher_facts import facts_of, folded
from mlconnector.store.tables import clearings, document_marks, entry_facts, entry_lines, entry_rows

# Beyond it nobody can search, and databases have no such whole numbers.
MOST = 9 * 10**18
BESIDE_ENTRIES = (clearings, document_marks, entry_rows, entry_lines, entry_facts)
"""The tables whose rows say something of a booking, by `entry`, and go with it."""


# What one document owes at most for databases to add them up: more than any field of a booking has.
MOST_OWED = 10**15


class VoucherFacts(TypedDict):
    """What a voucher is searched and added up by."""

    voucher: str
    names: str
    party: str
    amount: int | None
    customer: str
    direction: str
    currency: str
    owed: int | None


class EntryFacts(TypedDict):
    """What a booking is searched and added up by."""

    entry: str
    voucher: str
    posted_on: date
    party: str
    total: int
    party_name: str
    document_date: date
    currency: str
    step: int
    gross: int


class LineFacts(TypedDict):
    """A line of a booking to be searched and added up."""

    entry: str
    line: int
    client: str
    connection: str
    ledger: str
    posted_on: date
    account: str
    tax_case: str
    currency: str
    amount: int
    item: str | None
    item_currency: str | None
    owed: int | None
    owed_euro: int | None
    part: str | None
    discount: int | None
    due_date: date | None


class RowFacts(TypedDict):
    """A row of the mapping that decided a booking."""

    entry: str
    mapping_table: str
    row_name: str
    connection: str
    voucher: str


def thousandths(amount: Decimal) -> int:
    """An amount as the tables have it. Raises ValueError for one that has smaller parts."""
    whole = int(amount * 1000)
    if whole != amount * 1000:
        raise ValueError(f"{amount:f} has parts that no currency has")
    return whole


def amount_of(whole: int) -> Decimal:
    """The amount that the tables have as a whole number."""
    return Decimal(int(whole)) / 1000


def between(
    column: ColumnElement[int], least: Decimal | None, most: Decimal | None
) -> Iterator[ColumnElement[bool]]:
    """The conditions for an amount of the tables to be within bounds; None where there is none."""
    if least is not None:
        yield column >= math.ceil(least * 1000)
    if most is not None:
        yield column <= math.floor(most * 1000)


def of_voucher(key: str, number: str | None, external_id: str, content: str | None) -> VoucherFacts:
    """What a voucher is searched and added up by; `content` is that of its newest revision, None without one.

    What it owes is left out where it is more than databases add up.
    """
    facts = facts_of(content)
    owed = None if facts.owed is None else thousandths(facts.owed)
    return VoucherFacts(
        voucher=key,
        names="\n".join(folded(one) for one in (number or "", external_id, key)),
        party=folded(facts.customer),
        amount=None if facts.amount is None else min(thousandths(abs(facts.amount)), MOST),
        customer=facts.customer,
        direction=facts.direction,
        currency=facts.currency,
        owed=owed if owed is not None and abs(owed) <= MOST_OWED else None,
    )


def of_entries(rows: Iterable[Mapping[str, Any]]) -> tuple[list[EntryFacts], list[LineFacts]]:
    """What bookings are searched and added up by; `rows` are those of the table, as far as it takes."""
    facts: list[EntryFacts] = []
    lines: list[LineFacts] = []
    for row in rows:
        entry = decode(row["content"])
        facts.append(
            EntryFacts(
                entry=row["id"],
                voucher=row["voucher"],
                posted_on=entry.posted_on,
                party=folded(entry.party_name),
                total=thousandths(abs(entry.total)),
                party_name=entry.party_name,
                document_date=entry.document_date,
                currency=entry.currency,
                step=1 if entry.kind == "original" else -1,
                gross=thousandths(gross_of(entry)),
            )
        )
        lines += _lines(row, entry)
    return facts, lines


def rows_of_entries(rows: Iterable[Mapping[str, Any]]) -> list[RowFacts]:
    """The rows of the mapping that decided bookings; `rows` are those of their table, as far as it takes."""
    return [
        RowFacts(
            entry=row["id"],
            mapping_table=behind.table,
            row_name=behind.name,
            connection=row["connection"],
            voucher=row["voucher"],
        )
        for row in rows
        for behind in sorted(rows_behind(decode(row["content"])))
    ]


def _lines(row: Mapping[str, Any], entry: Entry) -> Iterator[LineFacts]:
    # Whoever stores no booking must not wait for everything that is known of the format.
    from mlconnector.formats.extf import document_field  # noqa: PLC0415

    for number, (line, moved) in enumerate(zip(entry.lines, moved_by(entry), strict=True), 1):
        beside = (moved.discount if moved else None) or ZERO
        yield LineFacts(
            entry=row["id"],
            line=number,
            client=row["client"],
            connection=row["connection"],
            ledger=entry.booked_in,
            posted_on=entry.posted_on,
            account=line.account,
            tax_case=line.tax_case,
            currency=line.currency or entry.currency,
            amount=thousandths(line.amount),
            item=document_field(line.number or entry.number)[0] if moved else None,
            item_currency=entry.currency if moved else None,
            owed=thousandths(moved.amount + beside) if moved else None,
            owed_euro=thousandths(moved.euro + beside) if moved else None,
            part=moved.part if moved else None,
            discount=thousandths(beside) if beside else None,
            due_date=moved.due_date if moved else None,
        )
