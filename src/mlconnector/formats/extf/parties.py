"""Parties as rows of Debitoren/Kreditoren (category 16)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mlconnector.formats.extf.columns import Column, Parties
from mlconnector.formats.extf.dictionary import MASTER_DATA, category
from mlconnector.formats.extf.rows import Row
from mlconnector.formats.extf.text import Change, Encoding, Reason, clean
from mlconnector.formats.extf.vat_ids import vat_id_forms
from mlconnector.model.vouchers import Party

_NAME_COLUMNS: Mapping[bool | None, tuple[str, Column]] = {
    True: ("2", Parties.COMPANY),
    False: ("1", Parties.SURNAME),
    None: ("0", Parties.NAME),
}
_OWNED: Mapping[str, frozenset[Column]] = {
    "name": frozenset(
        {Parties.ADDRESSEE_TYPE, Parties.SHORT_NAME, *(name for _, name in _NAME_COLUMNS.values())}
    ),
    "address": frozenset(
        {
            Parties.ADDRESS_KIND,
            Parties.STREET,
            Parties.POST_CODE,
            Parties.CITY,
            Parties.COUNTRY,
            Parties.CORRESPONDENCE,
        }
    ),
    "email": frozenset({Parties.EMAIL}),
    "vat_id": frozenset({Parties.EU_COUNTRY, Parties.EU_VAT_ID}),
}
# After these an e-mail address or a post code is another one.
_OTHER_TEXT: frozenset[Reason] = frozenset({"outside_bmp", "transliterated"})
_VAT_ID = re.compile(r"([A-Z]{2})([0-9A-Z+*]{2,13})")


@dataclass(frozen=True, slots=True)
class PartyRow:
    """The row of one debtor or creditor and what was changed or left out on the way."""

    row: Row
    changes: tuple[Change, ...]


def person_row(
    party: Party, account: str, *, customer_number: str = "", encoding: Encoding = "utf-8-bom"
) -> PartyRow:
    """The row that creates or updates a person account with the party's name and address.

    The name goes to the column of its addressee type: company, natural person, or not stated. A
    person's name is not taken apart, since the source does not say which part is the surname. A VAT id
    is split into country and number; what DATEV's column cannot hold whole (e-mail, customer number, VAT
    id, post code) is left out and listed, never cut.
    """
    addressee_type, name_column = _NAME_COLUMNS[party.is_business]
    row: dict[str, str] = {Parties.ACCOUNT.name: account, Parties.ADDRESSEE_TYPE.name: addressee_type}
    changes: list[Change] = []
    _put(row, name_column.name, party.name, changes, encoding)
    _put(row, Parties.SHORT_NAME.name, row.get(name_column.name, ""), changes, encoding)
    _put_vat_id(row, party.vat_id or "", changes)
    if party.street:
        row[Parties.ADDRESS_KIND.name] = "STR"
    if party.street or party.city:
        row[Parties.CORRESPONDENCE.name] = "1"
    for column, value in (
        (Parties.STREET, party.street),
        (Parties.POST_CODE, party.postal_code),
        (Parties.CITY, party.city),
        (Parties.COUNTRY, (party.country or "").upper()),
        (Parties.EMAIL, party.email),
        (Parties.CUSTOMER_NUMBER, customer_number),
    ):
        _put(row, column.name, (value or "").strip(), changes, encoding)
    return PartyRow(row, tuple(changes))


def owned(made: PartyRow, fields: frozenset[str]) -> PartyRow:
    """Only those fields that are ours, of `name`, `address`, `email` and `vat_id`, with their changes.

    All other columns stay empty: what DATEV has there is not ours to touch.
    """
    columns = {Parties.ACCOUNT.name}.union(*({one.name for one in _OWNED[field]} for field in fields))
    row = {column: value for column, value in made.row.items() if column in columns}
    return PartyRow(row, tuple(change for change in made.changes if change.field in columns))


def fitted(row: Row, encoding: Encoding) -> PartyRow:
    """A row as a file of this encoding can carry it: nothing of it is refused when it is written."""
    fitting: dict[str, str] = {}
    changes: list[Change] = []
    for column, value in row.items():
        _put(fitting, column, str(value), changes, encoding)
    return PartyRow(fitting, tuple(changes))


def _put(row: dict[str, str], column: str, value: str, changes: list[Change], encoding: Encoding) -> None:
    field = _FIELDS[column]
    longest = field.max_length if field.shorten else max(len(value), field.max_length)
    written, noted = clean(value, column, longest, encoding)
    if not field.shorten and any(change.reason in _OTHER_TEXT for change in noted):
        changes.append(Change(column, value, "", "dropped"))
        return
    changes.extend(noted)
    if not written:
        return
    if field.fault(written) is None:
        row[column] = written
    else:
        changes.append(Change(column, written, "", "dropped"))


def _put_vat_id(row: dict[str, str], given: str, changes: list[Change]) -> None:
    if not given:
        return
    written = re.sub(r"[\s.\-]", "", given).upper()
    if written.startswith("GR"):
        written = f"EL{written[2:]}"
    match = _VAT_ID.fullmatch(written)
    country, number = (match[1], match[2]) if match else ("", "")
    reason: Reason = "replaced"
    if country in vat_id_forms():
        row[Parties.EU_COUNTRY.name], row[Parties.EU_VAT_ID.name] = country, number
    else:
        written, reason = "", "dropped"
    if written != given:
        changes.append(Change(Parties.EU_VAT_ID.name, given, written, reason))


_FIELDS = category(MASTER_DATA).by_name
