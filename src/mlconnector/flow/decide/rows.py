"""Rows: an entry as the format of its channel takes it, or why that cannot carry it."""

from __future__ import annotations

import msgspec

from mlconnector.flow.context.files import encoding_of
from mlconnector.formats.dxso import not_for_dxso
from mlconnector.formats.extf import (
    BOOKINGS,
    BookingRows,
    Category,
    NotBookable,
    Reversed,
    Unwritable,
    booking_rows,
    category,
    is_marked,
)
from mlconnector.formats.extf.columns import Bookings
from mlconnector.formats.extf.text import clean
from mlconnector.formats.extf.writer import LinePlan
from mlconnector.mapping.books import Books
from mlconnector.mapping.channels import Channel
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.withholding import KEPT_BACK
from mlconnector.model.entries import Entry
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party

_NOT_COMPARED = frozenset({Bookings.TEXT.name, Bookings.DOCUMENT_LINK.name})


def books_the_same(one: Entry, other: Entry, channel: Channel, rules: Rules) -> bool:
    """Whether two entries of a voucher say the same in every column that is written, and in their tax cases.

    Texts, the net beside a row and the link to the document do not count, nor does the day on which a
    correction is booked.
    """
    return _said(one, channel, rules) == _said(other, channel, rules)


def _said(entry: Entry, channel: Channel, rules: Rules) -> object:
    cases = [(line.tax_case, line.tax_rate, line.tax_added) for line in entry.lines]
    bare = msgspec.structs.replace(entry, posting_date=None)
    if channel == "dxso" or unwritable(bare, rules.books) is not None:
        lines = tuple(msgspec.structs.replace(line, text="", net=None) for line in entry.lines)
        nameless = {"party_id": "", "party_name": "", "party_city": "", "document": None, "because": ()}
        return msgspec.structs.replace(bare, revision="", turn=0, lines=lines, **nameless)
    rows = rows_of(bare, rules.books).rows
    return cases, [{name: value for name, value in row.items() if name not in _NOT_COMPARED} for row in rows]


def unfit(entry: Entry, channel: Channel, rules: Rules) -> Problem | None:
    """Why an entry cannot be written in the format of a channel, found before it gets near a batch."""
    return unsuitable(entry, rules) if channel == "dxso" else unwritable(entry, rules.books)


def nameless(party: Party, channel: Channel, books: Books) -> Problem | None:
    """The problem of a party of whose name the encoding of the files has not one character."""
    if channel == "dxso":
        return None
    written, _ = clean(party.name, "", len(party.name), encoding_of(books))
    if not party.name.strip() or any(one.isalnum() for one in written):
        return None
    facts = {"party": party.name, "party_id": party.external_id, "encoding": encoding_of(books)}
    return Problem("name_not_writable", facts, ("party_id",))


def rows_of(entry: Entry, books: Books) -> BookingRows:
    """The rows of an entry in the client's books."""
    return booking_rows(
        entry,
        account_length=books.account_length,
        festschreibung=books.festschreibung,
        tax_period="service_date" if books.service_date else None,
        generalumkehr=_generalumkehr(books),
        due_date=books.due_date,
    )


def is_generalumkehr(entry: Entry, channel: Channel, books: Books) -> bool:
    """Whether the rows of an entry are written as a Generalumkehr; booking suggestions have none."""
    return channel != "dxso" and is_marked(entry, _generalumkehr(books))


def _generalumkehr(books: Books) -> frozenset[Reversed]:
    ways: dict[Reversed, str] = {"reversal": books.reversals, "credit_note": books.credit_notes}
    return frozenset(what for what, way in ways.items() if way == "generalumkehr")


def unwritable(entry: Entry, books: Books) -> Problem | None:
    """Why an entry cannot be written, found before it gets near a batch."""
    try:
        LinePlan.of(_layout(books), encoding_of(books)).lines(rows_of(entry, books).rows)
    except (NotBookable, Unwritable) as error:
        facts = {"field": error.field, "value": str(error.value), "reason": error.reason}
        return Problem("not_bookable", facts, ("field", "reason"))
    return None


def _layout(books: Books) -> Category:
    return category(BOOKINGS, books.format_version)


def unsuitable(entry: Entry, rules: Rules) -> Problem | None:
    """Why an entry cannot go as a booking suggestion, found before it gets near a batch."""
    if any(line.tax_case in KEPT_BACK for line in entry.lines):
        return Problem("kept_back_not_for_dxso", {"number": entry.number})
    if any(line.due_date is not None for line in entry.lines):
        return Problem("instalments_not_for_dxso", {"number": entry.number})
    reasons = not_for_dxso(entry, account_length=rules.books.account_length)
    if not reasons:
        return None
    first = reasons[0]
    listed = ", ".join(dict.fromkeys(reason.rule for reason in reasons))
    facts = {"rule": first.rule, "rules": listed, "value": first.value, "number": entry.number}
    return Problem("not_for_dxso", facts, ("rule",))
