"""Open items: how documents stand in the books under their numbers, when a payment clears them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from mlconnector.mapping.charts import tax_cases
from mlconnector.model.entries import Entry, EntryLine
from mlconnector.model.euro import euro_amounts
from mlconnector.model.money import ZERO
from mlconnector.model.vouchers import Kind


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One number on a person account: the lines of its documents, and what is open of them.

    `lines` are those of supplies, without what is kept back of them. `amount` and `euro` are signed like the
    lines, less what is kept back and payments that came before. The
    `exchange_rate` is that of the first document. `accounts` and `currencies` are usually one each.
    """

    lines: tuple[EntryLine, ...] = ()
    accounts: frozenset[str] = frozenset()
    currencies: frozenset[str] = frozenset()
    amount: Decimal = ZERO
    euro: Decimal = ZERO
    exchange_rate: Decimal | None = None


Cleared = Mapping[str, OpenItem]
"""By a document's number how it stands in the books; what is not known is left out."""


def waits_for_document(number: str) -> tuple[str, ...]:
    """The causes for which payments wait until the document of this number is booked."""
    return tuple(
        f"{key}:number={number}"
        for key in ("cleared_document_unknown", "cleared_document_not_here", "discount_case_unknown")
    )


def open_items(entries: Iterable[Entry], key: Callable[[str], str] = str) -> Cleared:
    """The open items of booked documents, less the payments among the entries; `key` tells numbers apart.

    Bookings that were taken back belong among them with what takes them back: together they add up to
    nothing. A number under which only payments stand is no document.
    """
    found: dict[str, OpenItem] = {}
    for entry in sorted(entries, key=is_payment):
        for line, euro in zip(entry.lines, euro_amounts(entry.lines, entry.exchange_rate), strict=True):
            number = key(line.number or entry.number)
            if moves_person(entry, line) and (not is_payment(entry) or number in found):
                found[number] = _moved(found.get(number, OpenItem()), entry, line, euro)
    return found


def moves_person(entry: Entry, line: EntryLine) -> bool:
    """Whether a line moves the person account; of payments those do that have no tax case of their own.

    Statistical bookings move none.
    """
    if is_payment(entry):
        return line.tax_case not in tax_cases()
    if entry.is_statistical:
        return False
    return line.account == entry.lines[0].account


def is_payment(entry: Entry) -> bool:
    """Whether an entry books money, and no document."""
    return entry.voucher_kind == Kind.PAYMENT


def _moved(item: OpenItem, entry: Entry, line: EntryLine, euro: Decimal) -> OpenItem:
    beside = line.discount or ZERO
    foreign = ZERO if line.currency else line.amount + beside
    moved = replace(item, amount=item.amount + foreign, euro=item.euro + euro + beside)
    if is_payment(entry):
        return moved
    supplied = line.tax_case in tax_cases()
    return replace(
        moved,
        lines=(*item.lines, line) if supplied else item.lines,
        accounts=item.accounts | {line.account},
        currencies=item.currencies | {entry.currency},
        exchange_rate=item.exchange_rate or entry.exchange_rate,
    )
