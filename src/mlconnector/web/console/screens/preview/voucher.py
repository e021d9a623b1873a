"""One voucher as it is booked: its rows, what DATEV makes of them, and why each field has its value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from starlette.responses import Response

from mlconnector.flow.agree import holding
from mlconnector.flow.preview import decided
from mlconnector.flow.preview.booking_list import Previewed
from mlconnector.flow.preview.decided import Decided
from mlconnector.flow.preview.list_rows import change_in_words, in_words
from mlconnector.flow.preview.preview import preview
from mlconnector.flow.report.record_lists import told_of
from mlconnector.flow.report.search import EVERYTHING
from mlconnector.mapping.postings import Posting
from mlconnector.mapping.rules import Rules
from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem
from mlconnector.store import vouchers
from mlconnector.store.vouchers import VoucherRow
from mlconnector.texts.catalogue import explain, word
from mlconnector.web.console.pages import Fact
from mlconnector.web.console.screens.preview.rows import Listing, listing_of, sides
from mlconnector.web.console.screens.preview.screen import SCREEN, exceptions_of
from mlconnector.web.console.visits import Acting, At, Visit, to_place


@dataclass(frozen=True, slots=True)
class Booking:
    """A booking of the voucher: its rows, their postings with both sums, and what was changed to fit."""

    title: str
    stand: str
    file_name: str
    listing: Listing
    postings: Sequence[tuple[Posting, Decimal | None, Decimal | None]]
    debit: Decimal
    credit: Decimal
    currency: str
    changes: Sequence[str]
    differences: Sequence[str]


@dataclass(frozen=True, slots=True)
class Waits:
    """What the voucher waits for, and where that is settled."""

    what: str
    address: str


@SCREEN.page("voucher")
def show(at: At) -> Response:
    """A voucher with all its bookings, the first one first."""
    row = _row(at, at.asked("voucher"))
    if row is None:
        return to_place(SCREEN.home)
    rules = at.app.services.rules(row.connection)
    scope = decided.scope_of(row.connection, EVERYTHING, voucher=row.id)
    page = decided.page_of(at.app.services, scope, limit=None)
    with at.app.database.read() as db:
        problems = vouchers.problems_of(db, [row.id]).get(row.id, [])
    return at.shown(
        "voucher.html",
        row=row,
        facts=_facts(at, row, page.bookings),
        bookings=[_booking(at, row.connection, one, rules) for one in page.bookings],
        waits=_waits(at, row, problems),
        exceptions=at.home_of("exceptions"),
        hold=holding.held_of(at.app.context(row.connection), row.id),
        is_tried=False,
        ignored="",
    )


@SCREEN.action("try", "check")
def try_now(at: Acting) -> Response:
    """Read a voucher from its source and show how it would be booked now; nothing is kept."""
    row = _row(at, at.form.get("voucher"))
    if row is None:
        return to_place(SCREEN.home)
    at.app.services.refuse_while_disconnected(row.connection)
    context = at.app.context(row.connection)
    found = list(preview(context, 1, [row.id], examine=False))
    made = [Decided("", row.id, "planned", None, one) for seen in found for one in _by_entry(seen)]
    ignored = next((word("reason", one.ignored, at.language) for one in found if one.ignored), "")
    return at.shown(
        "voucher.html",
        row=row,
        facts=_facts(at, row, made),
        bookings=[_booking(at, row.connection, one, context.rules) for one in made],
        waits=_waits(at, row, [problem for one in found for problem in one.problems]),
        exceptions=at.home_of("exceptions"),
        hold=holding.held_of(at.app.context(row.connection), row.id),
        is_tried=True,
        ignored=ignored,
    )


def _by_entry(one: Previewed) -> Iterator[Previewed]:
    """What was previewed, once for each of its bookings."""
    for entry in one.entries:
        rows = tuple(row for row in one.listed if row.entry.content_key == entry.content_key)
        corrects = any(other.kind == "reversal" for other in one.entries)
        yield replace(one, listed=rows, corrects=corrects)


def _row(at: Visit, key: str) -> VoucherRow | None:
    with at.app.database.read() as db:
        return vouchers.by_ids(db, [key]).get(key)


def _waits(at: Visit, row: VoucherRow, problems: Sequence[Problem]) -> list[Waits]:
    return [
        Waits(
            explain(one.key, one.facts, at.language, on_page=True).what,
            exceptions_of(at, {"connection": row.connection, "cause": one.cause}, "/cause"),
        )
        for one in problems
    ]


def _facts(at: Visit, row: VoucherRow, bookings: Sequence[Decided]) -> list[Fact]:
    (told,) = told_of(at.app.services, [row])
    amount = None if told["amount"] is None else Decimal(told["amount"])
    state = "reversed" if row.is_reversed else row.state
    facts = [
        Fact(at.say("label_kind"), word("kind", row.kind, at.language)),
        Fact(at.say("label_customer"), told["customer"] or "–"),
        Fact(at.say("label_date"), at.written.day(row.document_date)),
        Fact(at.say("label_gross"), at.written.amount(amount, told["currency"] or "")),
        Fact(at.say("label_state"), word("state", state, at.language)),
        Fact(at.say("label_connection"), row.connection),
        Fact(
            at.say("label_source_id"),
            at.say("open_in_source") if told["link"] else row.external_id,
            told["link"] or "",
        ),
    ]
    invoices = {one.previewed.voucher.refers_to for one in bookings if one.previewed.voucher is not None}
    facts += [Fact(at.say("label_refers_to"), one) for one in sorted(filter(None, invoices))]
    linked = {one.previewed.document for one in bookings if one.previewed.document}
    return facts + [Fact(at.say("label_document"), name) for name in sorted(linked)]


def _booking(at: Visit, name: str, one: Decided, rules: Rules) -> Booking:
    entry = one.previewed.entries[0]
    postings = [(each, *sides(each)) for row in one.previewed.listed for each in row.postings]
    kind = "reversal" if entry.kind == "reversal" else "correction" if one.previewed.corrects else "new"
    return Booking(
        title=word("booking", kind, at.language),
        stand=one.stand or "refused",
        file_name=one.file_name or "",
        listing=listing_of([one], 1, rules, at.language, at.say, why_of=name),
        postings=postings,
        debit=sum((debit for _, debit, _ in postings if debit), ZERO),
        credit=sum((credit for _, _, credit in postings if credit), ZERO),
        currency=entry.currency,
        changes=[change_in_words(change, at.language) for change in one.previewed.changes],
        differences=[
            at.say(
                "tax_differs",
                rate=in_words(each.rate, at.language),
                document=in_words(each.document, at.language),
                booked=in_words(each.booked, at.language),
                currency=entry.currency,
            )
            for each in one.previewed.differences
        ],
    )
