"""Derived: makes the columns that vouchers and bookings are searched and added up by, of their contents."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict

from sqlalchemy import ColumnElement

from mlconnector.formats.extf import document_field
from mlconnector.mapping.open_items import moves_person
from mlconnector.mapping.row_names import rows_behind
from mlconnector.model.entries import Entry, decode
from mlconnector.model.euro import euro_amounts
from mlconnector.model.money import ZERO
from mlconnector.model.voucher_facts import facts_of, folded
from mlconnector.store.tables import clearings, document_marks, entry_facts, entry_lines, entry_rows

# Beyond it nobody can search, and databases have no such whole numbers.
MOST = 9 * 10**18
BESIDE_ENTRIES = (clearings, document_marks, entry_rows, entry_lines, entry_facts)
"""The tables whose rows say something of a booking, by `entry`, and go with it."""


class VoucherFacts(TypedDict):
    """What a voucher is searched by."""

    voucher: str
    names: str
    party: str
    amount: int | None


class EntryFacts(TypedDict):
    """What a booking is searched by."""

    entry: str
    posted_on: date
    party: str
    total: int


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
    """What a voucher is searched by; `content` is that of its newest revision, None where it has none."""
    facts = facts_of(content)
    amount = None if facts.amount is None else min(thousandths(abs(facts.amount)), MOST)
    names = "\n".join(folded(one) for one in (number or "", external_id, key))
    return VoucherFacts(voucher=key, names=names, party=folded(facts.customer), amount=amount)


def of_entries(rows: Iterable[Mapping[str, Any]]) -> tuple[list[EntryFacts], list[LineFacts]]:
    """What bookings are searched and added up by; `rows` are those of the table, as far as it takes."""
    facts: list[EntryFacts] = []
    lines: list[LineFacts] = []
    for row in rows:
        entry = decode(row["content"])
        total = sum((line.amount for line in entry.lines if not line.currency), ZERO)
        facts.append(
            EntryFacts(
                entry=row["id"],
                posted_on=entry.posted_on,
                party=folded(entry.party_name),
                total=thousandths(abs(total)),
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
    euros = euro_amounts(entry.lines, entry.exchange_rate)
    for number, (line, euro) in enumerate(zip(entry.lines, euros, strict=True), 1):
        moves = moves_person(entry, line)
        beside = line.discount or ZERO
        owed = (ZERO if line.currency else line.amount) + beside
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
            item=document_field(line.number or entry.number)[0] if moves else None,
            item_currency=entry.currency if moves else None,
            owed=thousandths(owed) if moves else None,
            owed_euro=thousandths(euro + beside) if moves else None,
        )
