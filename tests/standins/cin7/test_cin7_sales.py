"""What sales, credit notes and payments look like, case by case."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from importlib import resources
from typing import Any

import pytest

from mlconnector.standins.cin7 import Cin7StandIn
from tests.standins.cin7.conftest import Api, of_case

BOOKED = {"AUTHORISED", "PAID"}


@pytest.fixture
def records() -> int:
    return 240


def documents(standin: Cin7StandIn) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Every invoice and credit note with the sale or purchase it stands in."""
    sales = [
        (sale, each) for sale in standin.sales.values() for each in sale["Invoices"] + sale["CreditNotes"]
    ]
    return sales + [
        (purchase, each)
        for purchase in standin.purchases.values()
        for each in purchase["Invoice"] + purchase["CreditNote"]
    ]


def items(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [*document["Lines"], *document["AdditionalCharges"]]


def test_every_case_of_the_file_occurs_and_is_labelled(standin: Cin7StandIn) -> None:
    text = resources.files("mlconnector.standins.cin7").joinpath("account.toml").read_text("utf-8")
    known = tomllib.loads(text)
    shown = set(standin.cases().values()) | set(standin.labels().values())
    wanted = {case["name"] for kind in ("sale", "purchase", "credit_note") for case in known[kind]}
    assert wanted - shown == {"credit_draft"}, "a draft has no number to be labelled by"
    assert shown - wanted == set()


def test_records_are_half_sales_a_third_purchases_and_the_rest_credit_notes(standin: Cin7StandIn) -> None:
    alone = sum(sale["Type"] == "Credit Note" for sale in standin.sales.values())
    assert len(standin.sales) - alone == 120
    assert len(standin.purchases) == 80


def test_totals_are_always_net_tax_and_gross(standin: Cin7StandIn) -> None:
    for _, document in documents(standin):
        assert document["TotalBeforeTax"] + document["Tax"] == document["Total"]


def test_line_totals_are_net_or_gross_as_the_sale_says(standin: Cin7StandIn) -> None:
    off = {"inclusive_cent": Decimal("0.01"), "inclusive_far": Decimal("0.12")}
    for record, document in documents(standin):
        summed = sum((item["Total"] for item in items(document)), Decimal(0))
        basis = "Total" if record["TaxCalculation"] == "Inclusive" else "TotalBeforeTax"
        missed = off.get(standin.cases()[record["ID"]], Decimal(0)) if "InvoiceNumber" in document else 0
        assert abs(document[basis] - summed - missed) <= Decimal("0.005")


@pytest.mark.parametrize(
    ("case", "least", "most"), [("inclusive_cent", "0.005", "0.015"), ("inclusive_far", "0.1", "0.2")]
)
def test_gross_lines_of_four_digits_miss_the_total(
    standin: Cin7StandIn, case: str, least: str, most: str
) -> None:
    sale = of_case(standin, case)
    invoice = sale["Invoices"][0]
    assert sale["TaxCalculation"] == "Inclusive"
    assert any(digits(line["Price"]) == 4 for line in invoice["Lines"])
    assert (
        Decimal(least) <= invoice["Total"] - sum(line["Total"] for line in invoice["Lines"]) <= Decimal(most)
    )


def test_documents_have_at_most_four_digits_and_payments_two(standin: Cin7StandIn) -> None:
    for _, document in documents(standin):
        assert all(digits(item[name]) <= 4 for item in items(document) for name in ("Price", "Total", "Tax"))
    for record_id in [*standin.sales, *standin.purchases]:
        assert all(digits(payment["Amount"]) <= 2 for payment in standin.payments(record_id))


def test_an_advanced_sale_has_several_invoices_with_tasks_of_their_own(standin: Cin7StandIn) -> None:
    sale = of_case(standin, "several_invoices")
    tasks = [invoice["TaskID"] for invoice in sale["Invoices"]]
    assert sale["Type"] == "Advanced Sale"
    assert len(set(tasks)) == len(tasks) > 1
    assert sale["ID"] not in tasks


def test_in_a_simple_sale_the_task_is_the_sale(standin: Cin7StandIn) -> None:
    simple = [sale for sale in standin.sales.values() if sale["Type"] in ("Simple Sale", "Service Sale")]
    assert simple
    assert all(sale["Invoices"][0]["TaskID"] == sale["ID"] for sale in simple)


def test_paid_invoices_are_paid_and_others_authorised(standin: Cin7StandIn) -> None:
    assert of_case(standin, "full_payment")["Invoices"][0]["Status"] == "PAID"
    partly = of_case(standin, "partial_payment")["Invoices"][0]
    assert partly["Status"] == "AUTHORISED"
    assert 0 < partly["Paid"] < partly["Total"]


def test_the_rest_of_an_overpayment_is_a_credit_that_pays_a_later_invoice_without_money(
    api: Api, standin: Cin7StandIn
) -> None:
    sale, later = of_case(standin, "overpayment"), of_case(standin, "credit_used")
    assert sale["Invoices"][0]["Paid"] > sale["Invoices"][0]["Total"]
    assert sale["CombinedPaymentStatus"] == "OVERPAID / CREDITED"
    [payment] = api.body("sale/payment", SaleID=later["ID"])
    shown = api.body("ref/customer/credits", CustomerID=later["CustomerID"], ShowUsedCredits="true")
    credit = next(each for each in shown["CustomerCredits"] if each["CreditID"] == payment["CreditID"])
    assert credit["Amount"] == sale["Invoices"][0]["Paid"] - sale["Invoices"][0]["Total"]
    assert credit["RemainingAmount"] == credit["Amount"] - payment["Amount"]
    assert (payment["Type"], payment["Account"]) == ("Payment", "850")
    assert payment["DatePaid"] >= credit["Date"]


def test_a_prepayment_comes_before_the_invoice_and_names_none(api: Api, standin: Cin7StandIn) -> None:
    for case, status in (("prepayment", "NOT AVAILABLE"), ("prepayment_invoiced", "AUTHORISED")):
        sale = of_case(standin, case)
        [payment] = api.body("sale/payment", SaleID=sale["ID"])
        assert (payment["Type"], payment["InvoiceNumber"]) == ("Prepayment", None)
        assert payment["DatePaid"] < sale["Invoices"][0]["InvoiceDate"]
        assert sale["Invoices"][0]["Status"] == status
        assert [each["ID"] for each in sale["Quote"]["Prepayments"]] == [payment["ID"]]
        assert sale["Invoices"][0]["Payments"] == []


def test_placeholders_have_no_number(standin: Cin7StandIn) -> None:
    for case, status in (("draft", "DRAFT"), ("not_available", "NOT AVAILABLE")):
        invoice = of_case(standin, case)["Invoices"][0]
        assert (invoice["Status"], invoice["InvoiceNumber"]) == (status, None)


def test_a_voided_invoice_keeps_its_number(standin: Cin7StandIn) -> None:
    sale = of_case(standin, "voided")
    assert sale["Invoices"][0]["Status"] == sale["Status"] == "VOIDED"
    assert sale["Invoices"][0]["InvoiceNumber"]


def test_freight_and_rounding_stand_in_the_additional_charges(standin: Cin7StandIn) -> None:
    freight = of_case(standin, "freight")["Invoices"][0]
    assert [(each["Account"], each["Price"]) for each in freight["AdditionalCharges"]] == [("210", 49)]
    rounding = of_case(standin, "rounding_charge")["Invoices"][0]["AdditionalCharges"]
    assert [each["Description"] for each in rounding] == ["Rounding"]


def test_charges_become_lines_on_request(api: Api, standin: Cin7StandIn) -> None:
    sale = of_case(standin, "freight")
    apart = api.body("sale", ID=sale["ID"])["Invoices"][0]
    combined = api.body("sale", ID=sale["ID"], CombineAdditionalCharges="true")["Invoices"][0]
    assert combined["AdditionalCharges"] == []
    assert len(combined["Lines"]) == len(apart["Lines"]) + 1
    assert combined["Total"] == apart["Total"]


def test_discounts_free_lines_and_invoices_of_nothing(standin: Cin7StandIn) -> None:
    assert 0 < of_case(standin, "line_discount")["Invoices"][0]["Lines"][0]["Discount"] < 100
    assert of_case(standin, "document_discount")["Invoices"][0]["Lines"][-1]["Total"] < 0
    free = of_case(standin, "free_line")["Invoices"][0]["Lines"][-1]
    assert (free["Discount"], free["Total"]) == (100, 0)
    assert of_case(standin, "zero_invoice")["Invoices"][0]["Total"] == 0


@pytest.mark.parametrize("case", ["foreign_usd", "foreign_chf"])
def test_a_foreign_sale_has_three_rates(standin: Cin7StandIn, case: str) -> None:
    sale = of_case(standin, case)
    rates = {
        sale["Invoices"][0]["CurrencyConversionRate"],
        sale["Invoices"][0]["Payments"][0]["CurrencyRate"],
        sale["CreditNotes"][0]["CreditNoteConversionRate"],
    }
    assert len(rates) == 3
    assert (sale["BaseCurrency"], sale["CustomerCurrency"]) == ("EUR", case[-3:].upper())


def test_a_rule_may_be_unknown_or_have_no_percentage(api: Api, standin: Cin7StandIn) -> None:
    rules = {rule["Name"]: rule for rule in api.body("ref/tax")["TaxRuleList"]}
    assert of_case(standin, "unknown_tax_rule")["Invoices"][0]["Lines"][0]["TaxRule"] not in rules
    rule = rules[of_case(standin, "component_rule")["Invoices"][0]["Lines"][0]["TaxRule"]]
    assert rule["TaxPercent"] is None
    assert all(isinstance(part["Percent"], str) for part in rule["Components"])
    assert len(rule["Components"]) == 2


def test_goods_may_go_to_another_member_state_than_the_bill(api: Api, standin: Cin7StandIn) -> None:
    sale = api.body("sale", ID=of_case(standin, "delivery_elsewhere")["ID"], CountryFormat="Code2")
    assert sale["ShippingAddress"]["ShipToOther"]
    assert sale["ShippingAddress"]["Country"] != sale["BillingAddress"]["Country"]
    assert len(sale["ShippingAddress"]["Country"]) == 2


def test_countries_are_names_unless_codes_are_wanted(api: Api, standin: Cin7StandIn) -> None:
    sale_id = of_case(standin, "export")["ID"]
    formats = {"": "Switzerland", "Regular": "Switzerland", "Code2": "CH", "Code": "CHE"}
    for name, country in formats.items():
        shown = api.body("sale", ID=sale_id, CountryFormat=name)["BillingAddress"]["Country"]
        assert shown == country


def test_a_shipment_says_by_number_which_invoice_bills_it(standin: Cin7StandIn) -> None:
    sale = of_case(standin, "several_invoices")
    linked = [fulfilment["LinkedInvoiceNumber"] for fulfilment in sale["Fulfilments"]]
    assert linked == [invoice["InvoiceNumber"] for invoice in sale["Invoices"]]
    assert all(fulfilment["Ship"]["Lines"][0]["ShipmentDate"] for fulfilment in sale["Fulfilments"])
    assert of_case(standin, "draft")["Fulfilments"][0]["LinkedInvoiceNumber"] == ""


def test_parties_of_every_kind_buy(standin: Cin7StandIn) -> None:
    def tax_number(case: str) -> Any:
        return standin.customers[of_case(standin, case)["CustomerID"]]["TaxNumber"]

    assert tax_number("plain_19").startswith("DE")
    assert tax_number("eu_supply")[:2] in {"AT", "FR", "NL", "PL"}
    assert not tax_number("export")
    assert not tax_number("consumer")
    assert "/" in tax_number("tax_office_number")
    child = standin.customers[of_case(standin, "parent_pays")["CustomerID"]]
    assert child["IsBillParent"]
    assert child["CustomerParentID"] in standin.customers


def test_credit_notes_are_positive_and_say_which_invoice_they_are_for(standin: Cin7StandIn) -> None:
    numbers = {number for number, case in standin.labels().items() if case == "credit_in_sale"}
    found = [(sale, each) for sale in standin.sales.values() for each in sale["CreditNotes"]]
    for sale, credit in found:
        if credit["CreditNoteNumber"] in numbers:
            assert credit["Total"] > 0
            assert credit["CreditNoteInvoiceNumber"] in {each["InvoiceNumber"] for each in sale["Invoices"]}


def test_a_refund_names_the_credit_note_and_no_invoice(api: Api, standin: Cin7StandIn) -> None:
    number = next(number for number, case in standin.labels().items() if case == "credit_refunded")
    sale = next(
        sale
        for sale in standin.sales.values()
        if number in {each["CreditNoteNumber"] for each in sale["CreditNotes"]}
    )
    payments = api.body("sale/payment", SaleID=sale["ID"])
    refund = next(each for each in payments if each["Type"] == "Refund")
    assert (refund["CreditNoteNumber"], refund["InvoiceNumber"]) == (number, None)


def test_credit_notes_alone_have_no_totals_and_payments_on_request(api: Api, standin: Cin7StandIn) -> None:
    sale_id = next(key for key, sale in standin.sales.items() if sale["CreditNotes"])
    plain = api.body("sale/creditnote", SaleID=sale_id)["CreditNotes"][0]
    assert not plain.keys() & {"Total", "Tax", "TotalBeforeTax", "Payments"}
    with_payments = api.body("sale/creditnote", SaleID=sale_id, IncludePaymentInfo="true")["CreditNotes"][0]
    assert {"Payments", "CreditNoteBalance"} <= with_payments.keys()


def test_the_ledger_comes_on_request_and_agrees_with_the_invoice(api: Api, standin: Cin7StandIn) -> None:
    sale = of_case(standin, "mixed_rates")
    assert api.body("sale", ID=sale["ID"])["Transactions"] == []
    booked = api.body("sale", ID=sale["ID"], IncludeTransactions="true")["Transactions"]
    number = sale["Invoices"][0]["InvoiceNumber"]
    owed = sum(each["Amount"] for each in booked if each["Debit"] == "610" and each["Description"] == number)
    assert owed == sale["Invoices"][0]["Total"]


def digits(value: Decimal) -> int:
    exponent = Decimal(value).normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return max(-exponent, 0)
