"""What happens to a record after it was read: an edit moves the time of change, unless it is told not to."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from mlconnector.standins.cin7 import Cin7StandIn
from tests.standins.cin7.conftest import Api, of_case, purchase_of_case

DAY = date(2026, 10, 20)


def test_an_edit_moves_the_stamp_beyond_all_others(api: Api, standin: Cin7StandIn) -> None:
    sale = of_case(standin, "plain_19")
    before = [each["LastModifiedOn"] for each in standin.sales.values()]
    standin.update_sale(sale["ID"], lambda record: record.update(Note="geändert"))
    assert standin.sale(sale["ID"])["LastModifiedOn"] > max(before)
    assert api.body("sale", ID=sale["ID"])["Note"] == "geändert"


def test_an_edit_may_leave_the_stamp_or_set_it(api: Api, standin: Cin7StandIn) -> None:
    sale_id = of_case(standin, "plain_19")["ID"]
    before = standin.sale(sale_id)["LastModifiedOn"]
    standin.update_sale(sale_id, lambda record: record.update(Note="still"), moves=False)
    assert standin.sale(sale_id)["LastModifiedOn"] == before
    moment = datetime(2026, 8, 1, 12, 30, 1, 250_000, tzinfo=UTC)
    standin.update_sale(sale_id, lambda _: None, at=moment)
    assert api.body("sale", ID=sale_id)["LastModifiedOn"] == "2026-08-01T12:30:01.25Z"


def test_purchases_are_edited_in_the_same_way(api: Api, standin: Cin7StandIn) -> None:
    purchase_id = next(iter(standin.purchases))
    before = standin.purchase(purchase_id)["LastUpdatedDate"]
    standin.update_purchase(purchase_id, lambda record: record.update(Note="geändert"))
    assert standin.purchase(purchase_id)["LastUpdatedDate"] > before


def test_an_invoice_is_voided(api: Api, standin: Cin7StandIn) -> None:
    sale = of_case(standin, "plain_19")
    standin.void_invoice(sale["ID"], sale["Invoices"][0]["TaskID"])
    assert api.body("sale", ID=sale["ID"])["Invoices"][0]["Status"] == "VOIDED"
    assert api.body("saleList", Search=sale["Order"]["SaleOrderNumber"])["SaleList"][0]["Status"] == "VOIDED"


def test_an_invoice_goes_back_to_a_draft_without_number_and_comes_again_under_the_same(
    api: Api, standin: Cin7StandIn
) -> None:
    sale = of_case(standin, "plain_19")
    task, number = sale["Invoices"][0]["TaskID"], sale["Invoices"][0]["InvoiceNumber"]
    standin.undo_invoice(sale["ID"], task)
    shown = api.body("sale", ID=sale["ID"])
    assert (shown["Invoices"][0]["Status"], shown["Invoices"][0]["InvoiceNumber"]) == ("DRAFT", None)
    assert shown["Fulfilments"][0]["LinkedInvoiceNumber"] == ""
    standin.reauthorise(sale["ID"], task, Decimal("12.34"))
    again = api.body("sale", ID=sale["ID"])
    assert (again["Invoices"][0]["Status"], again["Invoices"][0]["InvoiceNumber"]) == ("AUTHORISED", number)
    assert again["Invoices"][0]["Lines"][0]["Price"] == Decimal("12.34")
    assert again["Fulfilments"][0]["LinkedInvoiceNumber"] == number
    invoice = again["Invoices"][0]
    assert invoice["TotalBeforeTax"] + invoice["Tax"] == invoice["Total"]


def test_an_invoice_vanishes(api: Api, standin: Cin7StandIn) -> None:
    sale = of_case(standin, "plain_19")
    standin.undo_invoice(sale["ID"], sale["Invoices"][0]["TaskID"], vanish=True)
    assert api.body("sale", ID=sale["ID"])["Invoices"] == []


def test_a_payment_is_added_changed_and_deleted(api: Api, standin: Cin7StandIn) -> None:
    sale = of_case(standin, "plain_19")
    sale_id, invoice = sale["ID"], sale["Invoices"][0]
    payment_id = standin.add_payment(
        sale_id, invoice["TaskID"], invoice["Total"], DAY, "091", reference="PP-1"
    )
    [payment] = api.body("sale/payment", SaleID=sale_id)
    assert payment["ID"] == payment_id
    assert (payment["Account"], payment["DatePaid"], payment["Reference"]) == (
        "091",
        "2026-10-20T00:00:00",
        "PP-1",
    )
    assert api.body("sale", ID=sale_id)["Invoices"][0]["Status"] == "PAID"
    standin.change_payment(sale_id, payment_id, Decimal("10.00"))
    shown = api.body("sale", ID=sale_id)["Invoices"][0]
    assert (shown["Status"], shown["Paid"]) == ("AUTHORISED", 10)
    standin.delete_payment(sale_id, payment_id)
    assert api.body("sale/payment", SaleID=sale_id) == []
    assert api.body("sale", ID=sale_id)["Invoices"][0]["Payments"] == []


def test_a_payment_from_a_credit_uses_it_up_and_gives_it_back(standin: Cin7StandIn) -> None:
    sale = of_case(standin, "plain_19")
    credit = next(each for each in standin.account.credits)
    left = credit["RemainingAmount"]
    values = {"credit_id": credit["CreditID"]}
    payment_id = standin.add_payment(
        sale["ID"], sale["Invoices"][0]["TaskID"], Decimal(5), DAY, "850", **values
    )
    assert credit["RemainingAmount"] == left - 5
    standin.delete_payment(sale["ID"], payment_id)
    assert credit["RemainingAmount"] == left


def test_a_credit_note_is_refunded(api: Api, standin: Cin7StandIn) -> None:
    sale = of_case(standin, "credit_standalone")
    credit = sale["CreditNotes"][0]
    standin.refund(sale["ID"], credit["TaskID"], credit["Total"], DAY)
    [payment] = api.body("sale/payment", SaleID=sale["ID"])
    assert (payment["Type"], payment["CreditNoteNumber"]) == ("Refund", credit["CreditNoteNumber"])
    shown = api.body("sale/creditnote", SaleID=sale["ID"], IncludePaymentInfo="true")["CreditNotes"][0]
    assert shown["CreditNoteBalance"] == 0


def test_purchases_are_voided_and_paid_as_well(api: Api, standin: Cin7StandIn) -> None:
    purchase = purchase_of_case(standin, "goods_19")
    task = purchase["Invoice"][0]["TaskID"]
    standin.add_payment(purchase["ID"], task, purchase["Invoice"][0]["Total"], DAY)
    row = api.body("purchaseList", Search=purchase["OrderNumber"])["PurchaseList"][0]
    assert (row["InvoiceStatus"], row["CombinedPaymentStatus"]) == ("PAID", "PAID")
    standin.void_invoice(purchase["ID"], task)
    assert api.body("advanced-purchase", ID=purchase["ID"])["Invoice"][0]["Status"] == "VOIDED"


def test_a_removed_sale_is_unknown(api: Api, standin: Cin7StandIn) -> None:
    sale_id = next(iter(standin.sales))
    total = api.body("saleList")["Total"]
    standin.remove_sale(sale_id)
    assert api.get("sale", ID=sale_id).status_code == 400
    assert api.body("saleList")["Total"] == total - 1


def test_a_new_sale_comes_first_and_moves_all_pages(api: Api, standin: Cin7StandIn) -> None:
    first, second = (api.body("saleList", Limit=5, Page=page)["SaleList"] for page in (1, 2))
    sale_id = standin.add_sale(of_case(standin, "full_payment")["ID"])
    moved = api.body("saleList", Limit=5, Page=2)["SaleList"]
    assert moved == [first[-1], *second[:-1]]
    shown = api.body("sale", ID=sale_id)
    assert (shown["Invoices"][0]["Status"], shown["Invoices"][0]["Paid"]) == ("AUTHORISED", 0)
    assert shown["Invoices"][0]["InvoiceNumber"] not in standin.labels()


def test_a_file_is_added_and_made_longer(api: Api, standin: Cin7StandIn) -> None:
    sale_id = next(iter(standin.sales))
    file_id = standin.add_attachment(sale_id, "Rechnung_neu.pdf", b"%PDF-1.4 neu")
    assert api.body("sale/attachment", SaleID=sale_id)["Lines"][-1]["ID"] == file_id
    standin.lengthen_file(file_id)
    assert standin.file_content(file_id) == b"%PDF-1.4 neu!"
    other = next(iter(standin.attachments(next(iter(standin.purchases)))))
    length = len(standin.file_content(other))
    standin.lengthen_file(other)
    assert len(standin.file_content(other)) == length + 1


def test_a_renamed_tax_rule_keeps_its_id_and_documents_keep_the_old_name(
    api: Api, standin: Cin7StandIn
) -> None:
    rule = api.body("ref/tax", Name="19% USt")["TaxRuleList"][0]
    standin.rename_tax_rule("19% USt", "Umsatzsteuer voll")
    renamed = next(one for one in api.body("ref/tax")["TaxRuleList"] if one["ID"] == rule["ID"])
    assert renamed["Name"] == "Umsatzsteuer voll"
    sale = of_case(standin, "plain_19")
    assert api.body("sale", ID=sale["ID"])["Invoices"][0]["Lines"][0]["TaxRule"] == "19% USt"


def test_a_customer_is_edited(api: Api, standin: Cin7StandIn) -> None:
    customer_id = next(iter(standin.customers))
    before = standin.customers[customer_id]["LastModifiedOn"]
    standin.update_party(customer_id, lambda party: party.update(TaxNumber="DE136695976"))
    assert api.body("customer", ID=customer_id)["CustomerList"][0]["TaxNumber"] == "DE136695976"
    assert standin.customers[customer_id]["LastModifiedOn"] > before


def test_what_is_not_there_cannot_be_edited(standin: Cin7StandIn) -> None:
    sale_id = next(iter(standin.sales))
    with pytest.raises(LookupError):
        standin.update_sale("nobody", lambda _: None)
    with pytest.raises(LookupError):
        standin.void_invoice(sale_id, "no task")
    with pytest.raises(LookupError):
        standin.change_payment(sale_id, "no payment", Decimal(1))
    with pytest.raises(LookupError):
        standin.rename_tax_rule("no rule", "other")
    with pytest.raises(LookupError):
        standin.update_party("nobody", lambda _: None)
    with pytest.raises(LookupError):
        standin.lengthen_file("no file")
