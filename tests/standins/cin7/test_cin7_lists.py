"""Lists: their keys, pages, order, windows and filters."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mlconnector.standins.cin7 import Cin7StandIn
from tests.standins.cin7.conftest import Api, of_case


def test_a_page_says_the_total_and_its_number(api: Api, standin: Cin7StandIn) -> None:
    body = api.body("purchaseList", Limit=7, Page=2)
    assert (body["Total"], body["Page"], len(body["PurchaseList"])) == (len(standin.purchases), 2, 7)


@pytest.mark.parametrize("records", [1500])
def test_a_page_has_100_rows_where_nothing_is_said_and_1000_at_most(api: Api, records: int) -> None:
    assert len(api.body("saleList")["SaleList"]) == 100
    assert api.body("saleList")["Total"] > 700
    assert len(api.body("saleList", Limit=700)["SaleList"]) == 700
    assert len(api.body("customer", Limit=5000)["CustomerList"]) <= 1000


def test_pages_hold_every_record_once_and_end_empty(api: Api, standin: Cin7StandIn) -> None:
    rows = api.pages("purchaseList", "PurchaseList", 7)
    assert [row["ID"] for row in rows] == list(standin.purchases)


def test_purchases_come_by_their_order_number_the_newest_last(api: Api) -> None:
    numbers = [row["OrderNumber"] for row in api.body("purchaseList", Limit=1000)["PurchaseList"]]
    assert numbers == sorted(numbers)


def test_sales_do_not_come_in_the_order_of_change(api: Api) -> None:
    stamps = [moment(row["Updated"]) for row in api.body("saleList", Limit=1000)["SaleList"]]
    assert stamps != sorted(stamps)
    assert stamps != sorted(stamps, reverse=True)


def test_many_sales_share_one_stamp(api: Api, standin: Cin7StandIn) -> None:
    stamps = [row["Updated"] for row in api.body("saleList", Limit=1000)["SaleList"]]
    assert max(stamps.count(stamp) for stamp in stamps) >= 5


def test_stamps_have_a_zone_and_up_to_three_digits_payments_up_to_seven(
    api: Api, standin: Cin7StandIn
) -> None:
    digits = [len(row["Updated"].partition(".")[2]) - 1 for row in api.body("saleList")["SaleList"]]
    assert max(digits) == 3
    payments = [payment for sale_id in standin.sales for payment in api.body("sale/payment", SaleID=sale_id)]
    assert max(len(each["DateCreated"].partition(".")[2]) - 1 for each in payments) == 7
    assert all(each["DateCreated"].endswith("Z") for each in payments)


def test_business_days_have_no_zone_and_no_time(api: Api) -> None:
    rows = api.body("saleList")["SaleList"]
    days = [row[name] for row in rows for name in ("OrderDate", "InvoiceDate", "InvoiceDueDate") if row[name]]
    assert all(len(day) == 19 and day.endswith("T00:00:00") for day in days)


@pytest.mark.parametrize(
    ("path", "key", "column"),
    [("saleList", "SaleList", "Updated"), ("purchaseList", "PurchaseList", "LastUpdatedDate")],
)
def test_both_ends_of_a_window_belong_to_it(api: Api, path: str, key: str, column: str) -> None:
    rows = sorted(api.body(path, Limit=1000)[key], key=lambda row: moment(row[column]))
    first, last = rows[5][column], rows[-6][column]
    wanted = [row for row in rows if moment(first) <= moment(row[column]) <= moment(last)]
    found = api.body(path, Limit=1000, UpdatedSince=first, UpdatedUntil=last)
    assert found["Total"] == len(wanted)
    without_zone = api.body(path, Limit=1000, UpdatedSince=first.rstrip("Z"), UpdatedUntil=last.rstrip("Z"))
    assert without_zone == found


def test_credit_notes_come_under_the_key_of_sales_and_standalone_ones_only_there(
    api: Api, standin: Cin7StandIn
) -> None:
    rows = api.body("saleCreditNoteList", Limit=1000)["SaleList"]
    kinds = {row["Type"] for row in rows}
    assert "Credit Note" in kinds
    assert len(kinds) > 1
    alone = {row["SaleID"] for row in rows if row["Type"] == "Credit Note"}
    listed = {row["SaleID"] for row in api.body("saleList", Limit=1000)["SaleList"]}
    assert alone
    assert not alone & listed
    assert all(api.body("sale", ID=sale_id)["Invoices"] == [] for sale_id in alone)


def test_stamps_of_purchase_credit_notes_have_no_zone(api: Api) -> None:
    rows = api.body("purchaseCreditNoteList")["PurchaseList"]
    assert rows
    assert not any(row["LastUpdatedDate"].endswith("Z") for row in rows)


def test_a_status_takes_one_value_only(api: Api) -> None:
    one = api.body("purchaseList", Status="COMPLETED")["Total"]
    assert one > 0
    assert api.body("purchaseList", Status="completed")["Total"] == one
    for several in ("COMPLETED,ORDERED", "COMPLETED|ORDERED"):
        assert api.body("purchaseList", Status=several) == {"Total": 0, "Page": 1, "PurchaseList": []}


def test_the_documented_values_of_the_invoice_status_do_not_occur(api: Api) -> None:
    shown = {row["CombinedInvoiceStatus"] for row in api.body("saleList", Limit=1000)["SaleList"]}
    assert shown >= {"INVOICED", "NOT INVOICED", "INVOICED / CREDITED"}
    assert not shown & {"AUTHORISED", "PAID", "DRAFT"}
    assert api.body("saleList", CombinedInvoiceStatus="AUTHORISED")["Total"] == 0


def test_compound_statuses_of_purchases_occur(api: Api) -> None:
    shown = {row["Status"] for row in api.body("purchaseList", Limit=1000)["PurchaseList"]}
    assert "RECEIVED / CREDITED" in shown


def test_a_type_is_no_filter(api: Api) -> None:
    everything = api.body("purchaseList")["Total"]
    assert api.body("purchaseList", Type="Service Purchase")["Total"] == everything


def test_a_search_finds_numbers_and_parties(api: Api, standin: Cin7StandIn) -> None:
    sale = of_case(standin, "plain_19")
    for text in (sale["Order"]["SaleOrderNumber"], sale["Invoices"][0]["InvoiceNumber"].lower()):
        assert [row["SaleID"] for row in api.body("saleList", Search=text)["SaleList"]] == [sale["ID"]]


def test_a_row_shows_one_invoice_number_and_amounts_less_credits(api: Api, standin: Cin7StandIn) -> None:
    sale = of_case(standin, "several_invoices")
    row = next(row for row in api.body("saleList", Limit=1000)["SaleList"] if row["SaleID"] == sale["ID"])
    assert len(sale["Invoices"]) > 1
    assert row["InvoiceNumber"] == sale["Invoices"][0]["InvoiceNumber"]
    invoiced = sum(each["Total"] for each in sale["Invoices"])
    credited = sum(each["Total"] for each in sale["CreditNotes"])
    assert (row["SaleInvoicesTotalAmount"], row["InvoiceAmount"]) == (invoiced, invoiced - credited)


def test_deprecated_customers_are_left_out_unless_they_are_wanted(api: Api) -> None:
    usual, all_of_them = (
        api.body("customer", Limit=1000),
        api.body("customer", Limit=1000, IncludeDeprecated="true"),
    )
    assert usual["Total"] < all_of_them["Total"]
    assert {row["Status"] for row in usual["CustomerList"]} == {"Active"}


def test_customers_are_found_by_id_name_and_time_of_change(api: Api) -> None:
    customer = api.body("customer")["CustomerList"][0]
    assert api.body("customer", ID=customer["ID"].upper())["CustomerList"] == [customer]
    assert customer in api.body("customer", Name=customer["Name"][:6])["CustomerList"]
    assert api.body("customer", ModifiedSince="2099-01-01")["Total"] == 0


def test_used_credits_are_shown_on_request_and_there_is_no_total(api: Api, standin: Cin7StandIn) -> None:
    shown = api.body("ref/customer/credits", ShowUsedCredits="true")
    assert list(shown) == ["Page", "CustomerCredits"]
    left = api.body("ref/customer/credits")["CustomerCredits"]
    assert len(left) < len(shown["CustomerCredits"]) or all(each["RemainingAmount"] for each in left)


def test_a_list_in_a_circle_never_ends(api: Api, standin: Cin7StandIn) -> None:
    first = api.body("saleList", Limit=10)["SaleList"]
    pages = -(-api.body("saleList", Limit=10)["Total"] // 10)
    standin.circle()
    again = api.body("saleList", Limit=10, Page=pages + 1)
    assert again["SaleList"] == first
    assert again["Total"] > pages * 10


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
