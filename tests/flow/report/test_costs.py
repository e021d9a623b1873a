"""Costs by cost centre: the net of suppliers' documents in EUR, whatever became of them since."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from mlconnector.flow.report.costs import Cost, Costs, costs
from mlconnector.flow.report.transferred import Booked
from mlconnector.model.money import ZERO
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Kind, Line, Voucher
from tests.flow.report.bookings import Ledger, paying
from tests.mapping.builders import cleared, line, payment, purchase, voucher

BY = paying(
    cost_centre_1={"attribute": "project", "table": {"P1": "P1", "P2": "P2"}},
    cost_centre_2={"attribute": "code", "table": {"01": "01", "02": "02", "03": "03"}},
)


def coded(amount: str, project: str = "P1", code: str = "01", rate: str = "19") -> Line:
    return line(amount, rate, attributes={"project": project, "code": code})


def of(ledger: Ledger) -> Costs:
    return costs([(one, BY) for one in ledger.bookings])


def told(made: Costs) -> list[str]:
    """A row for each pair of cost centres and each sum: cost, cost by DATEV and documents."""
    rows = []
    for centre in made.centres:
        rows += [f"{centre.number or '-'} {two or '-'} {_row(cost)}" for two, cost in centre.costs]
        rows.append(f"{centre.number or '-'} = {_row(centre.total)}")
    return [*rows, f"= {_row(made.total)}"]


def _row(one: Cost) -> str:
    return f"{one.net} {one.by_datev} {one.documents}"


def test_costs_are_summed_by_kost1_and_kost2_and_those_without_come_last() -> None:
    ledger = Ledger(BY)
    ledger.book(purchase(line("7"), coded("100", "P2"), coded("50", "P1", "02"), coded("20")))
    ledger.book(purchase(coded("30"), coded("1", code=""), external_id="2", number="RE-2"))
    assert told(of(ledger)) == [
        "P1 01 50.00 50.00 2",
        "P1 02 50.00 50.00 1",
        "P1 - 1.00 1.00 1",
        "P1 = 101.00 101.00 2",
        "P2 01 100.00 100.00 1",
        "P2 = 100.00 100.00 1",
        "- - 7.00 7.00 1",
        "- = 7.00 7.00 1",
        "= 208.00 208.00 2",
    ]


def test_where_datev_is_a_cent_off_the_document_has_its_own_net() -> None:
    # net 50.77, tax 9.65, gross 60.42; 36.60 at 19 % has 5.84 tax in it, which leaves 30.76
    ledger = Ledger(BY)
    ledger.book(purchase(coded("10.01"), coded("10.01", code="02"), coded("30.75", code="03")))
    made = of(ledger)
    assert told(made) == [
        "P1 01 10.01 10.01 1",
        "P1 02 10.01 10.01 1",
        "P1 03 30.75 30.76 1",
        "P1 = 50.77 50.78 1",
        "= 50.77 50.78 1",
    ]
    assert made.differs
    assert made.total.difference == Decimal("0.01")


def test_a_correction_leaves_what_stands_and_what_was_taken_back_is_no_document() -> None:
    ledger = Ledger(BY)
    ledger.book(purchase(coded("100")))
    ledger.book(purchase(coded("100", code="02")))
    assert told(of(ledger)) == ["P1 02 100.00 100.00 1", "P1 = 100.00 100.00 1", "= 100.00 100.00 1"]
    ledger.take_back(ledger.bookings[-1])
    assert told(of(ledger)) == ["= 0.00 0.00 0"]


def test_the_month_of_a_correction_has_what_it_changes() -> None:
    ledger = Ledger(BY)
    first = ledger.book(purchase(coded("100")))
    ledger.book(purchase(coded("90")))
    ledger.bookings.remove(first)
    assert told(of(ledger)) == ["P1 01 -10.00 -10.00 1", "P1 = -10.00 -10.00 1", "= -10.00 -10.00 1"]


def test_an_old_booking_without_its_net_is_corrected_by_one_that_has_it() -> None:
    three = (coded("10.01"), coded("10.01", code="02"), coded("30.75", code="03"))
    ledger = Ledger(BY)
    made = ledger.book(purchase(*three))
    ledger.bookings[0] = _without_net(made)
    ledger.book(purchase(*three, document_date=made.entry.document_date.replace(day=30)))
    assert of(ledger).total == Cost(Decimal("50.77"), Decimal("50.78"), 1)


def _without_net(one: Booked) -> Booked:
    lines = tuple(msgspec.structs.replace(each, net=None) for each in one.entry.lines)
    return replace(one, entry=msgspec.structs.replace(one.entry, lines=lines))


def test_credit_notes_lower_the_cost_and_sales_and_payments_are_none() -> None:
    ledger = Ledger(BY)
    ledger.book(purchase(coded("100")))
    ledger.book(purchase(coded("-30"), kind=Kind.CREDIT_NOTE, external_id="2", number="G-1"))
    ledger.book(voucher(coded("500"), external_id="3", number="RE-3"))
    ledger.book(payment(cleared(amount="116.62", discount="2.38", rate="19"), direction="purchase"))
    assert told(of(ledger)) == ["P1 01 70.00 70.00 2", "P1 = 70.00 70.00 2", "= 70.00 70.00 2"]


def test_foreign_money_is_cost_in_euro() -> None:
    # 100.01 CHF are 107.54 EUR
    ledger = Ledger(BY)
    ledger.book(purchase(coded("100.01"), currency="CHF", exchange_rate=Decimal("0.93")))
    assert of(ledger).total == Cost(Decimal("107.54"), Decimal("107.54"), 1)


def test_what_is_nothing_in_euro_costs_nothing() -> None:
    ledger = Ledger(BY)
    booked = ledger.book(purchase(coded("100"), currency="AED", exchange_rate=Decimal(4)))
    worthless = msgspec.structs.replace(booked.entry, exchange_rate=Decimal(1_000_000_000))
    assert told(costs([(replace(booked, entry=worthless), BY)])) == ["= 0.00 0.00 0"]


AMOUNTS = st.decimals(min_value="0.01", max_value="99999", places=2)
PLACES = st.tuples(st.sampled_from(["P1", "P2", ""]), st.sampled_from(["01", "02", "03", ""]))
LINES = st.lists(st.tuples(AMOUNTS, PLACES, st.sampled_from(["19", "7"])), min_size=1, max_size=6)
DOCUMENTS = st.lists(
    st.tuples(LINES, st.sampled_from(["invoice", "credit_note", "corrected", "taken_back"])),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(documents=DOCUMENTS)
def test_the_report_comes_to_the_nets_of_the_documents_whatever_happened_to_them(
    documents: list[tuple[list[tuple[Decimal, tuple[str, str], str]], str]],
) -> None:
    ledger, expected, standing = Ledger(BY), ZERO, 0
    for at, (lines, what) in enumerate(documents):
        sign = -1 if what == "credit_note" else 1
        made = _document(at, [coded(f"{sign * amount}", *place, rate) for amount, place, rate in lines], what)
        if what == "corrected":
            ledger.book(_document(at, [coded("1234.56", "P2", "02"), coded("0.07")], what))
        booked = ledger.book(made)
        if what == "taken_back":
            ledger.take_back(booked)
        else:
            expected, standing = expected + totals(made.lines, "EUR").net, standing + 1
    found = of(ledger)
    assert (found.total.net, found.total.documents) == (expected, standing)
    assert sum((centre.total.net for centre in found.centres), ZERO) == expected
    for centre in found.centres:
        assert sum((cost.net for _, cost in centre.costs), ZERO) == centre.total.net


def _document(at: int, lines: list[Line], what: str) -> Voucher:
    kind = Kind.CREDIT_NOTE if what == "credit_note" else Kind.INVOICE
    return purchase(*lines, kind=kind, external_id=f"{at}", number=f"ER-{at}")
