"""Parties as rows of Debitoren/Kreditoren (category 16)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mlconnector.formats.extf.dictionary import MASTER_DATA, category
from mlconnector.formats.extf.rows import Row
from mlconnector.formats.extf.text import Change, Reason, clean
from mlconnector.model.vouchers import Party

ADDRESSEE_TYPE = "Adressattyp"
# Member states by their VAT prefix (Greece is EL), and Northern Ireland.
EU_VAT_PREFIX = re.compile(
    "AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI"
)
_NAME_COLUMNS: Mapping[bool | None, tuple[str, str]] = {
    True: ("2", "Name (Adressattyp Unternehmen)"),
    False: ("1", "Name (Adressattyp natürl. Person)"),
    None: ("0", "Name (Adressattyp keine Angabe)"),
}
_VAT_ID = re.compile(r"([A-Z]{2})([0-9A-Z+*]{2,13})")


@dataclass(frozen=True, slots=True)
class PartyRow:
    """The row of one debtor or creditor and what was changed or left out on the way."""

    row: Row
    changes: tuple[Change, ...]


def debtor_row(party: Party, account: str, *, customer_number: str = "") -> PartyRow:
    """The row that creates or updates a person account with the party's name and address.

    The name goes to the column of its addressee type: company, natural person, or not stated. A
    person's name is not taken apart, since the source does not say which part is the surname. A VAT id
    is split into country and number; what DATEV's column cannot hold whole (e-mail, customer number, VAT
    id, post code) is left out and listed, never cut.
    """
    addressee_type, name_column = _NAME_COLUMNS[party.is_business]
    row: dict[str, str] = {"Konto": account, ADDRESSEE_TYPE: addressee_type}
    changes: list[Change] = []
    _put(row, name_column, party.name, changes)
    if row.get(name_column):
        row["Kurzbezeichnung"] = row[name_column][: _FIELDS["Kurzbezeichnung"].max_length].rstrip()
    _put_vat_id(row, party.vat_id or "", changes)
    if party.street:
        row["Adressart"] = "STR"
    if party.street or party.city:
        row["Kennz. Korrespondenzadresse"] = "1"
    for column, value in (
        ("Straße", party.street),
        ("Postleitzahl", party.postal_code),
        ("Ort", party.city),
        ("Land", (party.country or "").upper()),
        ("E-Mail", party.email),
        ("Kunden-/Lief.-Nr.", customer_number),
    ):
        _put(row, column, (value or "").strip(), changes)
    return PartyRow(row, tuple(changes))


def _put(row: dict[str, str], column: str, value: str, changes: list[Change]) -> None:
    field = _FIELDS[column]
    longest = field.max_length if field.shorten else max(len(value), field.max_length)
    written, noted = clean(value, column, longest, "utf-8-bom")
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
    if EU_VAT_PREFIX.fullmatch(country):
        row["EU-Land"], row["EU-UStID"] = country, number
    else:
        written, reason = "", "dropped"
    if written != given:
        changes.append(Change("EU-UStID", given, written, reason))


_FIELDS = category(MASTER_DATA).by_name
