"""An e-invoice has to say what is booked: number, date, totals, currency and VAT id."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from mlconnector.formats.einvoice import Difference, EInvoice, differences
from mlconnector.formats.einvoice.examination import examine
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Kind, Voucher
from tests.formats.einvoice.builders import BUYER, VOUCHER, changed, line, xml


def einvoice(**terms: Any) -> EInvoice:
    found = examine(xml(**terms), rules=False).invoice
    assert found is not None
    return found


SAME = einvoice()


def compared(of: Voucher, with_: EInvoice = SAME, tolerance: str = "0") -> list[Difference]:
    return differences(of, totals(of.lines, of.currency), with_, Decimal(tolerance))


def test_nothing_differs_where_both_say_the_same() -> None:
    assert compared(VOUCHER) == []


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"number": "RE-2026-0043"}, Difference("number", "RE-2026-0043", "RE-2026-0042")),
        ({"number": "re-2026-0042"}, Difference("number", "re-2026-0042", "RE-2026-0042")),
        ({"number": "RE 2026 0042"}, Difference("number", "RE 2026 0042", "RE-2026-0042")),
        ({"document_date": date(2026, 11, 1)}, Difference("date", "2026-11-01", "2026-10-31")),
        ({"currency": "USD"}, Difference("currency", "USD", "EUR")),
        (
            {"party": msgspec.structs.replace(BUYER, vat_id="ATU13585627")},
            Difference("vat_id", "ATU13585627", "DE129273398"),
        ),
    ],
)
def test_each_difference_is_shown_side_by_side(facts: dict[str, Any], found: Difference) -> None:
    assert compared(changed(**facts)) == [found]


def test_all_differences_are_shown_at_once() -> None:
    other = changed(number="X", document_date=date(2026, 1, 1), lines=(line("100"),))
    assert [one.field for one in compared(other)] == ["number", "date", "net", "tax", "gross"]


def test_amounts_are_shown_in_plain_numbers() -> None:
    (net, tax, gross) = compared(changed(lines=(line("100"),)))
    assert (net, tax, gross) == (
        Difference("net", "100", "220"),
        Difference("tax", "19", "39.4"),
        Difference("gross", "119", "259.4"),
    )


def test_blanks_around_a_number_do_not_matter() -> None:
    assert compared(changed(number=" RE-2026-0042 ")) == []


def test_the_way_a_vat_id_is_written_does_not_matter() -> None:
    assert compared(changed(party=msgspec.structs.replace(BUYER, vat_id="de 129.273.398"))) == []


def test_a_vat_id_that_only_one_of_them_has_is_no_difference() -> None:
    assert compared(changed(party=msgspec.structs.replace(BUYER, vat_id=None))) == []
    assert compared(VOUCHER, replace(SAME, buyer_vat_id="")) == []
    assert compared(changed(party=None)) == []


def test_in_a_purchase_the_sellers_vat_id_is_compared() -> None:
    bought = changed(direction="purchase", party=msgspec.structs.replace(BUYER, vat_id="DE136695976"))
    assert compared(bought) == []
    assert compared(changed(direction="purchase")) == [Difference("vat_id", "DE129273398", "DE136695976")]


def test_a_credit_note_states_positive_amounts_for_negative_ones() -> None:
    given_back = changed(kind=Kind.CREDIT_NOTE, lines=(line("-200.00"), line("-20.00", "7")))
    assert compared(given_back, einvoice(BT_3="381")) == []
    assert [one.field for one in compared(given_back)] == ["net", "tax", "gross"]
    assert compared(given_back)[0] == Difference("net", "-220", "220")


def test_tax_that_was_rounded_elsewhere_may_be_off_where_the_gross_is_the_same() -> None:
    cent = replace(SAME, net=Decimal("220.01"), tax=Decimal("39.39"))
    assert [one.field for one in compared(VOUCHER, cent)] == ["net", "tax"]
    assert compared(VOUCHER, cent, "0.05") == []


def test_a_gross_that_is_off_by_a_cent_is_a_difference_within_any_tolerance() -> None:
    cent = replace(SAME, gross=Decimal("259.41"))
    assert compared(VOUCHER, cent, "0.05") == [Difference("gross", "259.4", "259.41")]


def test_an_invoice_that_does_not_state_its_tax_has_what_gross_and_net_leave() -> None:
    assert compared(VOUCHER, replace(SAME, tax=None)) == []
