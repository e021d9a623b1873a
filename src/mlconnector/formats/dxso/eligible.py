"""What DXSO can carry: entries that it cannot are said with every reason before anything is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from mlconnector.formats.codes import currencies
from mlconnector.formats.dxso.accounts import is_general, person_ledger
from mlconnector.formats.dxso.rules import Finding, found
from mlconnector.formats.dxso.structure import items
from mlconnector.formats.extf.text import document_field
from mlconnector.model.entries import Entry, EntryLine
from mlconnector.model.money import ZERO

HIGHEST_AMOUNT = Decimal("9999999999.99")
MOST_ROWS = items("consolidate", "element")["accountsReceivableLedger"].most
LONGEST_COST_CENTRE = items("row", "element")["costCategoryId"].max_length or 0

_CENT = Decimal("0.01")
_EARLIEST = date(1753, 1, 1)
_TAX_KEY = re.compile(r"0*[0-9]{1,4}")
_VOUCHERS = frozenset({"invoice", "credit_note", "direct_cost"})


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the client's Belege online takes, as far as DATEV leaves it to its program help.

    `tax_keys` are the permitted BU-Schlüssel without leading zeros, None where that is not known and DATEV's
    protocol shall say. `tax_added` permits bookings whose tax comes on top (§13b, intra-community
    acquisition): DATEV takes some of them and refuses others.
    """

    tax_keys: frozenset[str] | None = None
    tax_added: bool = False


EVERYTHING_KNOWN = Allowed()


def not_for_dxso(
    entry: Entry, *, account_length: int, allowed: Allowed = EVERYTHING_KNOWN
) -> tuple[Finding, ...]:
    """Every reason why the entry cannot go by DXSO; none means that `ledger_file` will write it.

    A reversal is no reason: it is a correction of the same number with the opposite sign.
    """
    reasons = [*_whole(entry, account_length)]
    for number, line in enumerate(entry.lines, start=1):
        reasons += _accounts(number, line, entry, account_length)
        reasons += _values(number, line, entry)
        reasons += _tax(number, line, allowed)
    return tuple(reasons)


def _whole(entry: Entry, account_length: int) -> Iterator[Finding]:
    if entry.voucher_kind not in _VOUCHERS:
        yield found("DXSO-E-01", name="voucher", value=entry.voucher_kind)
    if not document_field(entry.number)[0]:
        yield found("DXSO-E-02", name="number", value=entry.number)
    if entry.document_date < _EARLIEST:
        yield found("DXSO-E-03", name="document_date", value=entry.document_date.isoformat())
    if entry.currency not in currencies():
        yield found("DXSO-E-04", name="currency", value=entry.currency)
    if entry.total == ZERO:
        yield found("DXSO-E-05", name="total", value="0.00")
    elif abs(entry.total) > HIGHEST_AMOUNT:
        yield found("DXSO-E-06", name="total", value=f"{entry.total:f}", expected=f"≤ {HIGHEST_AMOUNT}")
    if len(entry.lines) > MOST_ROWS:
        yield found("DXSO-E-07", name="lines", value=str(len(entry.lines)), expected=f"≤ {MOST_ROWS}")
    persons = sorted(
        {
            account
            for line in entry.lines
            for account in (line.account, line.contra_account)
            if person_ledger(account, account_length)
        }
    )
    if len(persons) > 1:
        yield found("DXSO-E-08", name="account", value=", ".join(persons))


def _accounts(number: int, line: EntryLine, entry: Entry, account_length: int) -> Iterator[Finding]:
    person = person_ledger(line.account, account_length)
    if person is None and person_ledger(line.contra_account, account_length) is None:
        value = f"{line.account} / {line.contra_account}"
        yield found("DXSO-E-09", line=number, name="account", value=value, expected=str(account_length + 1))
    elif person is None:
        yield found("DXSO-E-10", line=number, name="contra_account", value=line.contra_account)
    elif person != entry.ledger:
        yield found("DXSO-E-11", line=number, name="account", value=line.account, expected=entry.ledger)
    elif not is_general(line.contra_account, account_length):
        expected = f"≤ {account_length}"
        yield found(
            "DXSO-E-12", line=number, name="contra_account", value=line.contra_account, expected=expected
        )


def _values(number: int, line: EntryLine, entry: Entry) -> Iterator[Finding]:
    if abs(line.amount) > HIGHEST_AMOUNT or line.amount != line.amount.quantize(_CENT):
        value = f"{line.amount:f}"
        yield found("DXSO-E-06", line=number, name="amount", value=value, expected=f"≤ {HIGHEST_AMOUNT}")
    if line.number and line.number != entry.number:
        yield found("DXSO-E-13", line=number, name="number", value=line.number, expected=entry.number)
    if line.discount is not None:
        yield found("DXSO-E-14", line=number, name="discount", value=f"{line.discount:f}")
    for name in ("cost_centre_1", "cost_centre_2"):
        centre = getattr(line, name)
        if len(centre) > LONGEST_COST_CENTRE:
            expected = f"≤ {LONGEST_COST_CENTRE}"
            yield found("DXSO-E-15", line=number, name=name, value=centre, expected=expected)


def _tax(number: int, line: EntryLine, allowed: Allowed) -> Iterator[Finding]:
    if line.tax_key and not _TAX_KEY.fullmatch(line.tax_key):
        yield found("DXSO-E-16", line=number, name="tax_key", value=line.tax_key, expected="0–9999")
    elif line.tax_key and allowed.tax_keys is not None and plain_key(line.tax_key) not in allowed.tax_keys:
        expected = ", ".join(sorted(allowed.tax_keys, key=int))
        yield found("DXSO-E-17", line=number, name="tax_key", value=line.tax_key, expected=expected)
    if line.tax_added and not allowed.tax_added:
        yield found("DXSO-E-18", line=number, name="tax_case", value=line.tax_case)
    for name in ("matter", "matter_rate", "key_rate", "key_country"):
        value = getattr(line, name)
        if value not in ("", None):
            yield found("DXSO-E-19", line=number, name=name, value=str(value))


def plain_key(tax_key: str) -> str:
    """A BU-Schlüssel without leading zeros; `0` stays."""
    return tax_key.lstrip("0") or "0"
