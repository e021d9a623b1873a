"""Reports after whole runs: invoices, payments and corrections went to DATEV, and now they are added up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.report.completeness_report import Completeness, completeness_of
from mlconnector.flow.report.ledger_reports import BalanceReport, OpenItemReport, balances_of, open_items_of
from mlconnector.flow.report.search import Unreadable
from tests.flow.conftest import MakeRig
from tests.flow.decide.test_payments import invoice, pay, telling_of_payments, with_payments
from tests.flow.report.bookings import shown
from tests.flow.rig import DOMESTIC, EU_BUSINESS, FOREIGN_MONEY, MIXED_RATES, Rig, second_connection

ON = date(2026, 8, 31)
DEALS = 6


@pytest.fixture
def rig(make_any_rig: MakeRig) -> Rig:
    made = telling_of_payments(make_any_rig(DEALS, text=with_payments))
    made.date(*range(1, DEALS + 1))
    made.open_from("2026-07-01")
    return made


def opos(rig: Rig, **more: Any) -> OpenItemReport:
    return open_items_of(rig.services, rig.name, **{"on": ON, **more})


def items(report: OpenItemReport) -> list[str]:
    return [
        f"{one.account} {shown(item)}, {item.euro.open}, {item.days_overdue}d"
        for one in report.persons
        for item in one.items
    ]


def accounts(report: BalanceReport) -> list[str]:
    return [
        f"{one.number} {one.euro.debit} {one.euro.credit} {one.rows} {one.by_datev}"
        for one in report.balances.accounts
    ]


def outcomes(report: Completeness) -> list[str]:
    return [
        f"{group.kind} {outcome}: {one.count}, {one.gross} {group.currency}"
        for group, outcome, one in report.outcomes
    ]


def compared(report: Completeness) -> list[str]:
    def told(one: Any) -> str:
        return f"{one.count} {one.gross}"

    return [
        f"{one.group.kind} {one.group.currency}: "
        f"{' | '.join(map(told, (one.read, one.sent, one.accepted, one.read.less(one.accepted))))}"
        for one in report.compared
    ]


def pay_three(rig: Rig) -> None:
    """One invoice is paid with Skonto, one in part, and one in foreign money at another rate."""
    foreign = invoice(rig, FOREIGN_MONEY)
    assert foreign.exchange_rate is not None
    rate = foreign.exchange_rate * Decimal("1.1")
    pay(rig, EU_BUSINESS, f"{invoice(rig, EU_BUSINESS).total - 20}", "20")
    pay(rig, DOMESTIC, "100")
    pay(rig, FOREIGN_MONEY, f"{foreign.total}", currency="CHF", exchange_rate=rate)


def test_invoices_payments_and_skonto_come_out_to_the_cent(rig: Rig) -> None:
    rig.work()
    pay_three(rig)
    rig.work()
    assert items(opos(rig, all_items=True)) == [
        "10027 RE-2026-00004: original 8152.01, open 8152.01 EUR, 8152.01, 0d",
        "40000 RE-2026-00006: original 4342.23, payments -4342.23, open 0.00 CHF, 0.00, 0d",
        "40001 RE-2026-00001: original 195.42, payments -100.00, open 95.42 EUR, 95.42, 41d",
        "40002 RE-2026-00003: original 6506.64, payments -6486.64, discounts -20.00, open 0.00 EUR, 0.00, 0d",
        "40003 RE-2026-00002: original 2616.90, open 2616.90 EUR, 2616.90, 0d",
    ]
    report = opos(rig)
    assert report.total().open == Decimal("10864.33")
    assert (report.total().ageing.not_due, report.total().ageing.days_60) == (
        Decimal("10768.91"),
        Decimal("95.42"),
    )


def test_every_open_amount_is_what_datev_has_under_the_number(rig: Rig) -> None:
    rig.work()
    pay_three(rig)
    rig.work()
    rig.pipedrive.lose(MIXED_RATES)
    rig.work()
    had = rig.outside.sums()
    report = opos(rig, all_items=True)
    found = {item.number: item for one in report.persons for item in one.items}
    assert found.keys() == had.keys()
    for number, item in found.items():
        if item.currency == "EUR":
            assert item.amounts.open == had[number], number


def test_a_correction_shows_what_stands_and_what_was_lost_is_not_open(rig: Rig) -> None:
    rig.work()
    rig.date(DOMESTIC, day="2026-07-16")
    rig.pipedrive.lose(MIXED_RATES)
    rig.work()
    shown_items = {
        item.number: shown(item) for one in opos(rig, all_items=True).persons for item in one.items
    }
    assert (
        shown_items["RE-2026-00002"] == "RE-2026-00002: original 2616.90, reversals -2616.90, open 0.00 EUR"
    )
    assert shown_items["RE-2026-00001"] == "RE-2026-00001: original 195.42, open 195.42 EUR"


def test_only_what_was_transferred_counts_unless_what_is_planned_is_wanted(rig: Rig) -> None:
    rig.work()
    pay(rig, DOMESTIC, "100")
    rig.prepare()
    transferred, planned = opos(rig), opos(rig, planned=True)
    assert "open 195.42 EUR" in " ".join(items(transferred))
    assert transferred.not_counted.planned == 1
    (item,) = [each for one in planned.persons for each in one.items if each.is_planned]
    assert (item.number, item.amounts.open, item.planned) == (
        "RE-2026-00001",
        Decimal("95.42"),
        Decimal("-100.00"),
    )
    assert planned.not_counted.planned == 0


def test_on_an_earlier_day_only_what_was_booked_until_then_is_open(rig: Rig) -> None:
    rig.work()
    pay(rig, DOMESTIC, "100")
    rig.work()
    report = opos(rig, on=date(2026, 7, 29))
    assert "40001 RE-2026-00001: original 195.42, open 195.42 EUR, 195.42, 8d" in items(report)
    assert report.not_counted.later == 1


def test_sums_and_balances_are_those_of_the_rows_with_the_tax_that_datev_makes_of_them(rig: Rig) -> None:
    rig.work()
    pay(rig, DOMESTIC, "100")
    rig.work()
    report = balances_of(rig.services, rig.name, period="2026-07")
    assert accounts(report) == [
        "1200 100.00 0.00 1 no",
        "1771 0.00 1.73 1 yes",
        "1776 0.00 444.79 2 yes",
        "8120 0.00 177.56 1 no",
        "8125 0.00 6506.64 1 no",
        "8300 0.00 24.78 1 no",
        "8338 0.00 12681.47 2 no",
        "8400 0.00 2341.02 2 no",
        "10027 8152.01 0.00 2 no",
        "40000 4707.02 0.00 1 no",
        "40001 195.42 100.00 2 no",
        "40002 6506.64 0.00 1 no",
        "40003 2616.90 0.00 2 no",
    ]
    total = report.balances.total()
    assert total.debit == total.credit == Decimal("22277.99")


def test_completeness_sets_the_source_against_datev_and_explains_the_difference(rig: Rig) -> None:
    rig.work()
    pay(rig, DOMESTIC, "100")
    rig.work()
    report = completeness_of(rig.services, rig.name, period="2026-07..2026-08")
    assert compared(report) == [
        "invoice CHF: 1 4342.23 | 1 4342.23 | 1 4342.23 | 0 0.00",
        "invoice EUR: 5 18812.11 | 4 17470.97 | 4 17470.97 | 1 1341.14",
        "payment EUR: 1 100.00 | 1 100.00 | 1 100.00 | 0 0.00",
    ]
    assert outcomes(report) == [
        "invoice accepted: 1, 4342.23 CHF",
        "invoice accepted: 4, 17470.97 EUR",
        "invoice held: 1, 1341.14 EUR",
        "payment accepted: 1, 100.00 EUR",
    ]
    (held,) = report.held
    assert (held.voucher.row.number, held.problem.key) == ("RE-2026-00005", "country_missing")
    assert report.filed == (5, 5)
    assert [(one.first, one.last, one.gaps) for one in report.series.series] == [
        ("RE-2026-00001", "RE-2026-00006", ())
    ]
    assert report.differing == ()


def test_all_connections_of_the_client_can_be_read_together(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    other = second_connection(rig)
    rig.work()
    alone = opos(rig)
    assert (alone.whose.names, alone.whose.others) == ((rig.name,), (other.name,))
    both = opos(other, whole_client=True)
    assert (both.whose.names, both.whose.others) == ((rig.name, other.name), ())
    assert items(both) == items(alone)
    assert items(opos(other)) == []
    assert balances_of(other.services, other.name, whole_client=True).balances.rows == 1
    assert len(completeness_of(other.services, other.name, whole_client=True).outcomes) == 1


def test_a_generalumkehr_lowers_the_sums(make_rig: MakeRig) -> None:
    def text(scene: Any) -> str:
        return with_payments(scene).replace("[books]\n", '[books]\nreversals = "generalumkehr"\n')

    rig = make_rig(1, text=text)
    rig.work()
    rig.pipedrive.lose(DOMESTIC)
    rig.work()
    assert _sums_of(balances_of(rig.services, rig.name).balances.accounts) == {
        (Decimal("0.00"), Decimal("0.00"))
    }


def _sums_of(found: Sequence[Any]) -> set[tuple[Decimal, Decimal]]:
    return {(one.euro.debit, one.euro.credit) for one in found}


def test_a_connection_that_nobody_has_and_a_period_that_is_none_are_refused(make_rig: MakeRig) -> None:
    rig = make_rig(0, released=False)
    with pytest.raises(NeedsHuman, match="connection_unknown"):
        open_items_of(rig.services, "nobody")
    with pytest.raises(Unreadable):
        completeness_of(rig.services, rig.name, period="July")
    with pytest.raises(Unreadable):
        balances_of(rig.services, rig.name, period="July")
