"""Clearings: the documents that payments clear, as they stand in the client's books when they are decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from mlconnector.flow.context.context import Context
from mlconnector.formats.extf import document_field
from mlconnector.formats.names import voucher_id
from mlconnector.mapping.drafts import Draft, entry, ledger_of
from mlconnector.mapping.open_items import Cleared, open_items
from mlconnector.model.entries import Entry, Ledger, decode
from mlconnector.model.vouchers import Kind, Voucher
from mlconnector.store import entries


def item_name(connection: str, ledger: Ledger, party: str, number: str) -> str:
    """What the books call the open item of a number: its Belegfeld 1, for suppliers with the supplier.

    Suppliers number alike, so theirs count for each supplier.
    """
    field = document_field(number)[0]
    return field if ledger == "receivable" else f"{field} {connection}/{party}"


def items_cleared(connection: str, made: Entry) -> set[str]:
    """The open items of others that a booking clears."""
    return {
        item_name(connection, made.ledger, made.party_id, line.number) for line in made.lines if line.number
    }


class Clearings:
    """The bookings on the open items that some vouchers clear, by the voucher of each.

    Payments of one item are decided one after the other: what one clears is not open for the next.
    """

    def __init__(self, context: Context, db: Connection, vouchers: Iterable[Voucher]) -> None:
        paid = [one for one in vouchers if one.kind == Kind.PAYMENT]
        self._name = context.name
        own = {voucher_id(context.name, one.identity) for one in paid}
        items = {item for one in paid for item in self._items(one).values()}
        found = entries.on_open_items(db, context.settings.client, items) if items else {}
        self._booked = {
            item: {row.voucher: decode(row.content) for row in rows if row.voucher not in own}
            for item, rows in found.items()
        }

    def of(self, voucher: Voucher, *, stands: bool = False) -> Cleared:
        """The documents that a payment clears, by their numbers, less what other payments cleared of them.

        For a payment that `stands` in the books those that came after it count for nothing, so that it comes
        to the same again.
        """
        found: dict[str, Cleared] = {}
        for number, item in self._items(voucher).items():
            before = [
                one for one in self._booked.get(item, {}).values() if not stands or _came_before(one, voucher)
            ]
            found[number] = open_items(before, lambda one: document_field(one)[0])
        return {
            number: items[field]
            for number, items in found.items()
            if (field := document_field(number)[0]) in items
        }

    def add(self, made: Entry) -> None:
        """Let a booking that is decided, and not stored, count for the payments that follow."""
        numbers = {made.number, *(line.number for line in made.lines if line.number)}
        for number in numbers:
            item = item_name(self._name, made.ledger, made.party_id, number)
            self._booked.setdefault(item, {})[voucher_id(self._name, made.voucher)] = made

    def _items(self, voucher: Voucher) -> Mapping[str, str]:
        """The names of the open items that a payment clears, by the numbers it gives."""
        party = voucher.party.external_id if voucher.party else ""
        return {
            one.number: item_name(self._name, ledger_of(voucher), party, one.number)
            for one in voucher.allocations
            if one.number
        }


def drafted(draft: Draft) -> Entry:
    """A draft as an entry, while the number of its party is not known yet."""
    return entry(draft, person="", document=None, revision=draft.voucher.revision(), turn=1)


def _came_before(one: Entry, voucher: Voucher) -> bool:
    if not one.voucher.startswith(f"{Kind.PAYMENT}/"):
        return True
    external_id = one.voucher.partition("/")[2]
    theirs = (one.document_date, len(external_id), external_id)
    return theirs < (voucher.document_date, len(voucher.external_id), voucher.external_id)
