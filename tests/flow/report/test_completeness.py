"""Source against sent against accepted: every voucher is in one row, and what differs is named."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from mlconnector.flow.report.completeness import (
    Outcome,
    by_outcome,
    carried,
    compared,
    differing,
    outcome_of,
)
from mlconnector.model.voucher_facts import facts_of
from mlconnector.model.vouchers import DownPayment, Kind, Line, Retained, Voucher, encode
from mlconnector.store.derived import thousandths
from mlconnector.store.read_vouchers import BookedSum, Read
from mlconnector.store.vouchers import VoucherState
from tests.flow.report.bookings import Ledger, paying, sums
from tests.mapping.builders import AUSTRIAN, cleared, line, party, payment, purchase, voucher


def read(of: Voucher, state: VoucherState = "settled") -> Read:
    """A voucher as it is read from the store."""
    facts = facts_of(encode(of).decode())
    assert facts.owed is not None
    of_it = (facts.direction, facts.currency, thousandths(facts.owed))
    return Read(of.identity, of.kind.value, *of_it, state, is_reversed=False, is_set_aside=False, number="")


@pytest.mark.parametrize(
    ("state", "facts", "outcome"),
    [
        ("received", {}, "received"),
        ("bookable", {}, "ready"),
        ("batched", {}, "ready"),
        ("sent", {}, "sent"),
        ("settled", {}, "accepted"),
        ("settled", {"is_reversed": True}, "reversed"),
        ("needs_human", {}, "held"),
        ("rejected", {}, "refused"),
        ("ignored", {}, "left_out"),
        ("ignored", {"is_set_aside": True}, "set_aside"),
        ("booked_by_hand", {"is_set_aside": True}, "booked_by_hand"),
    ],
)
def test_every_state_is_one_outcome(state: VoucherState, facts: dict[str, Any], outcome: Outcome) -> None:
    assert outcome_of(state, **{"is_reversed": False, "is_set_aside": False, **facts}) == outcome


def booked(*vouchers: Voucher, by: Ledger | None = None) -> list[BookedSum]:
    ledger = by or Ledger()
    for one in vouchers:
        ledger.book(one)
    return sums(ledger)


PAID = payment(cleared(amount="100"), external_id="z")
NOTE = voucher(line("-50"), kind=Kind.CREDIT_NOTE, number="GS-1", external_id="g")
BOUGHT = purchase(external_id="p")
ABROAD = voucher(
    line("100", "0", supply="goods"),
    currency="CHF",
    exchange_rate=Decimal("0.9"),
    external_id="a",
    number="RE-9",
    party=party("AT", AUSTRIAN),
)


@pytest.mark.parametrize("of", [voucher(), NOTE, BOUGHT, ABROAD, PAID], ids=lambda of: of.identity)
def test_what_is_accepted_comes_to_what_the_source_says(of: Voucher) -> None:
    bookings = carried(booked(of))
    (one,) = compared([read(of)], _by_key(of, bookings))
    assert (one.read.count, one.accepted.count) == (1, 1)
    assert one.read.gross == one.sent.gross == one.accepted.gross
    assert one.read.less(one.accepted) == replace(one.read, count=0, gross=Decimal("0.00"))
    assert differing([read(of)], _by_key(of, bookings)) == []


def replace_lines(of: Voucher, *lines: Line) -> Voucher:
    return msgspec.structs.replace(of, lines=lines)


def _by_key(of: Voucher, found: dict[str, Any]) -> dict[str, Any]:
    return {of.identity: found[of.identity]}


def test_a_final_document_is_compared_without_the_down_payments_that_it_settles() -> None:
    settled = DownPayment(amount=Decimal(119), number="AR-1", tax_rate=Decimal(19), paid=True)
    final = voucher(line("300"), external_id="2", number="RE-2", down_payments=(settled,))
    assert read(final).gross == 238_000
    assert differing([read(final)], carried(booked(final))) == []


def building(**mapping: Any) -> Ledger:
    return Ledger(paying(retainage={"payable": "1701"}, **mapping))


def test_a_bill_is_compared_without_what_is_kept_back_of_it() -> None:
    kept = Retained(withheld=Decimal(119), released=Decimal(50))
    bill = purchase(line("1000"), external_id="p", retained=kept)
    assert read(bill).gross == 1_121_000
    assert differing([read(bill)], carried(booked(bill, by=building()))) == []


@pytest.mark.parametrize("stated", [None, Decimal(0), Decimal(119)])
def test_a_bill_that_only_releases_comes_to_what_it_releases(stated: Decimal | None) -> None:
    kept = Retained(released=Decimal(119))
    bill = replace_lines(purchase(external_id="p", retained=kept, stated_total=stated))
    assert read(bill).gross == 119_000
    assert differing([read(bill)], carried(booked(bill, by=building()))) == []


def test_tax_that_is_withheld_is_owed_all_the_same() -> None:
    bill = purchase(line("1000"), external_id="p", building_work=True)
    rows = [{"party_id": "organization/7", "withholding": "deduct"}]
    assert read(bill).gross == 1_190_000
    assert differing([read(bill)], carried(booked(bill, by=building(contractor=rows)))) == []


def test_a_fee_and_skonto_change_nothing_of_the_money() -> None:
    fees = {"PayPal": {"account": "4970", "tax_case": "purchase_without_tax"}}
    by = Ledger(paying(payments={"table": {"PayPal": "1360"}, "fees": fees}))
    paid = payment(
        cleared(amount="116.62", discount="2.38", rate="19"),
        fee=Decimal("2.50"),
        attributes={"payment_method": "PayPal"},
        external_id="z",
    )
    bookings = carried(booked(voucher(), paid, by=by))
    assert bookings[paid.identity].accepted_gross == 116_620
    assert differing([read(paid)], bookings) == []


def test_what_is_sent_is_not_accepted_yet_and_what_is_ready_is_neither() -> None:
    ledger = Ledger()
    ledger.book(voucher(), stand="under_way")
    ledger.book(NOTE, stand="planned")
    (sales, notes) = compared([read(voucher(), "sent"), read(NOTE, "bookable")], carried(sums(ledger)))
    assert [one.count for one in (sales.read, sales.sent, sales.accepted)] == [1, 1, 0]
    assert [one.count for one in (notes.read, notes.sent, notes.accepted)] == [1, 0, 0]


def test_what_was_taken_back_is_not_accepted() -> None:
    ledger = Ledger()
    ledger.take_back(ledger.book(voucher()))
    (one,) = compared([read(voucher())], carried(sums(ledger)))
    assert (one.accepted.count, one.accepted.gross) == (0, Decimal("0.00"))


def test_what_the_source_has_changed_since_is_named_with_both_amounts() -> None:
    changed = read(voucher(line("200")), "needs_human")
    ((one, its),) = differing([changed], carried(booked(voucher())))
    assert (one.gross, its.accepted_gross, its.currency) == (238_000, 119_000, "EUR")


def test_the_outcomes_together_are_everything_that_was_read() -> None:
    found = [
        read(voucher()),
        read(voucher(external_id="2"), "needs_human"),
        read(NOTE),
        read(PAID),
        read(ABROAD),
    ]
    told = [
        (group.kind, group.currency, outcome, one.count, one.gross)
        for group, outcome, one in by_outcome(found)
    ]
    assert told == [
        ("invoice", "CHF", "accepted", 1, Decimal("100.00")),
        ("invoice", "EUR", "accepted", 1, Decimal("119.00")),
        ("invoice", "EUR", "held", 1, Decimal("119.00")),
        ("credit_note", "EUR", "accepted", 1, Decimal("-59.50")),
        ("payment", "EUR", "accepted", 1, Decimal("100.00")),
    ]
    unread = read(voucher(), "needs_human")._replace(direction="", currency="", gross=None)
    (of_nothing,) = by_outcome([unread])
    assert (of_nothing[0].direction, of_nothing[2].count) == ("", 1)
