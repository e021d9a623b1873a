from __future__ import annotations

from decimal import Decimal

import pytest

from mlconnector.standins.dynamics import DynamicsStandIn
from mlconnector.standins.dynamics.edits import ReadOnly


def test_a_change_gives_the_next_version_and_the_time(standin: DynamicsStandIn) -> None:
    before = dict(standin.invoice(1))
    after = standin.change_invoice(1, name="geändert")
    assert after["versionnumber"] > before["versionnumber"]
    assert after["modifiedon"] > before["modifiedon"]
    assert after["createdon"] == before["createdon"]
    later = standin.touch(1, modified_on="2026-11-01T00:00:00Z")
    assert later["modifiedon"] == "2026-11-01T00:00:00Z"


def test_totals_follow_a_changed_line(standin: DynamicsStandIn) -> None:
    before = standin.invoice(1)["totalamount"]
    line = standin.change_line(1, 0, quantity=Decimal(100), tax=Decimal("1.00"))
    lines = standin.lines(1)
    assert line["extendedamount"] == line["priceperunit"] * 100 + 1
    assert standin.invoice(1)["totalamount"] == sum(each["extendedamount"] for each in lines) != before


def test_lines_can_come_and_go(standin: DynamicsStandIn) -> None:
    total, count = standin.invoice(1)["totalamount"], len(standin.lines(1))
    added = standin.add_line(1, quantity=Decimal(1), tax=Decimal(0))
    assert len(standin.lines(1)) == count + 1
    assert standin.invoice(1)["totalamount"] == total + added["extendedamount"]
    standin.remove_line(1, count)
    assert standin.invoice(1)["totalamount"] == total


def test_a_discount_on_the_whole_lowers_the_total(standin: DynamicsStandIn) -> None:
    total = standin.invoice(1)["totalamount"]
    assert standin.change_invoice(1, discountamount=Decimal("10.00"))["totalamount"] == total - 10


def test_a_total_that_is_set_stays(standin: DynamicsStandIn) -> None:
    assert standin.change_invoice(1, totalamount=Decimal("1.23"))["totalamount"] == Decimal("1.23")


def test_paid_and_canceled_invoices_are_read_only_until_reactivated(standin: DynamicsStandIn) -> None:
    assert standin.pay(1)["statecode"] == 2
    with pytest.raises(ReadOnly, match="reactivate it first"):
        standin.change_invoice(1, name="geändert")
    assert (standin.reactivate(1)["statecode"], standin.invoice(1)["statuscode"]) == (0, 1)
    standin.change_invoice(1, name="geändert")
    assert standin.bill(1)["statuscode"] == 4
    assert standin.cancel(1)["statecode"] == 3


def test_the_customer_can_change(standin: DynamicsStandIn) -> None:
    contact = next(iter(standin.environment.rows["contact"].values()))
    invoice = standin.change_customer(1, ("contact", contact["contactid"]))
    assert invoice["customerid"] == ("contact", contact["contactid"])
    assert invoice["billto_name"] == contact["fullname"]


def test_what_is_deleted_is_gone_with_what_belongs_to_it(standin: DynamicsStandIn) -> None:
    gone = standin.delete(1)
    with pytest.raises(LookupError):
        standin.invoice(gone)
    assert standin.environment.children("invoicedetail", "invoiceid", gone) == []
    assert standin.environment.children("annotation", "objectid", gone) == []
    with pytest.raises(LookupError):
        standin.delete(1)


def test_merged_accounts_hand_over_their_invoices(standin: DynamicsStandIn) -> None:
    gone, into = standin.invoice(1)["customerid"][1], standin.invoice(2)["customerid"][1]
    standin.merge_accounts(gone, into)
    assert standin.invoice(1)["customerid"] == ("account", into)
    assert standin.environment.row("account", gone)["statecode"] == 1


def test_an_invoice_can_be_copied(standin: DynamicsStandIn) -> None:
    copied = standin.copy_invoice(1, name="Kopie")
    assert copied["totalamount"] == standin.invoice(1)["totalamount"]
    assert copied["invoiceid"] != standin.invoice(1)["invoiceid"]
    assert copied["invoicenumber"] != standin.invoice(1)["invoicenumber"]
    assert len(standin.lines(copied["invoiceid"])) == len(standin.lines(1))
    assert copied["createdon"] > standin.invoice(1)["createdon"]


def test_columns_that_do_not_exist_cannot_be_set(standin: DynamicsStandIn) -> None:
    with pytest.raises(LookupError, match="no column rubbish"):
        standin.change_invoice(1, rubbish=1)
    with pytest.raises(ValueError, match="begins with new_"):
        standin.add_column("invoice", "rubbish")


def test_the_first_invoice_of_a_case_is_found(standin: DynamicsStandIn) -> None:
    assert standin.invoice(standin.place_of("credit"))["totalamount"] < 0
    with pytest.raises(LookupError):
        standin.place_of("rubbish")
