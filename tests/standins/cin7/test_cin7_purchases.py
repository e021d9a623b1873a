"""What purchases look like, case by case."""

from __future__ import annotations

import pytest

from mlconnector.standins.cin7 import Cin7StandIn
from tests.standins.cin7.conftest import Api, purchase_of_case


@pytest.fixture
def records() -> int:
    return 240


def test_the_deprecated_endpoint_refuses_advanced_and_service_purchases(
    api: Api, standin: Cin7StandIn
) -> None:
    for purchase_id, purchase in standin.purchases.items():
        answer = api.get("purchase", ID=purchase_id)
        if purchase["Type"] == "Simple Purchase":
            assert isinstance(answer.json()["Invoice"], dict)
        else:
            assert answer.status_code == 400
            assert "does not support Advanced Purchase and Service Purchase" in answer.json()["Exception"]
        assert isinstance(api.body("advanced-purchase", ID=purchase_id)["Invoice"], list)


def test_a_purchase_may_become_advanced_between_list_and_detail(api: Api, standin: Cin7StandIn) -> None:
    purchase_id = next(key for key, each in standin.purchases.items() if each["Type"] == "Simple Purchase")
    assert api.get("purchase", ID=purchase_id).status_code == 200
    standin.update_purchase(purchase_id, lambda purchase: purchase.update(Type="Advanced Purchase"))
    assert api.get("purchase", ID=purchase_id).status_code == 400
    assert api.get("advanced-purchase", ID=purchase_id).status_code == 200


@pytest.mark.parametrize("case", ["service", "landed_cost", "reverse_charge"])
def test_a_service_purchase_has_no_lines(standin: Cin7StandIn, case: str) -> None:
    purchase = purchase_of_case(standin, case)
    assert purchase["Type"] == "Service Purchase"
    assert purchase["Invoice"][0]["Lines"] == []
    assert purchase["Invoice"][0]["AdditionalCharges"]


def test_landed_cost_names_the_order_of_another_supplier(standin: Cin7StandIn) -> None:
    purchase = purchase_of_case(standin, "landed_cost")
    reference = purchase["Invoice"][0]["AdditionalCharges"][0]["Reference"]
    other = next(each for each in standin.purchases.values() if each["OrderNumber"] == reference)
    assert other["SupplierID"] != purchase["SupplierID"]


def test_a_supplier_s_number_may_be_missing_or_that_of_another_supplier(standin: Cin7StandIn) -> None:
    assert purchase_of_case(standin, "no_number")["Invoice"][0]["InvoiceNumber"] is None
    purchase = purchase_of_case(standin, "same_number")
    number = purchase["Invoice"][0]["InvoiceNumber"]
    suppliers = {
        each["SupplierID"]
        for each in standin.purchases.values()
        for invoice in each["Invoice"]
        if invoice["InvoiceNumber"] == number
    }
    assert len(suppliers) == 2


def test_a_drop_ship_purchase_and_its_sale_are_a_pair(api: Api, standin: Cin7StandIn) -> None:
    purchase = purchase_of_case(standin, "drop_ship")
    sale = standin.sale(purchase["RelatedDropShipSaleTask"])
    assert all(line["DropShip"] for line in sale["Order"]["Lines"])
    found = api.body("purchaseList", DropShipTaskID=sale["ID"])["PurchaseList"]
    assert [row["ID"] for row in found] == [purchase["ID"]]


def test_money_from_a_deposit_did_not_move(api: Api, standin: Cin7StandIn) -> None:
    purchase = purchase_of_case(standin, "deposit_used")
    [payment] = api.body("advanced-purchase/payment", PurchaseID=purchase["ID"])
    deposits = api.body("ref/supplier/deposits", ShowUsedDeposits="true")["SupplierDeposits"]
    assert payment["DepositID"] in {deposit["DepositID"] for deposit in deposits}


def test_payments_are_those_of_the_purchase_that_is_asked_for_or_all(api: Api, standin: Cin7StandIn) -> None:
    purchase = purchase_of_case(standin, "paid")
    by_id = api.body("advanced-purchase/payment", PurchaseID=purchase["ID"])
    assert by_id == api.body("advanced-purchase/payment", OrderNumber=purchase["OrderNumber"])
    assert len(api.body("advanced-purchase/payment")) > len(by_id) > 0


def test_a_foreign_purchase_has_one_rate_for_all_its_invoices(standin: Cin7StandIn) -> None:
    purchase = purchase_of_case(standin, "import_usd")
    assert purchase["SupplierCurrency"] == "USD"
    assert "CurrencyConversionRate" not in purchase["Invoice"][0]
    assert purchase["CurrencyRate"] != purchase["Invoice"][0]["Payments"][0]["CurrencyRate"]


def test_tax_rules_follow_where_the_supplier_sits(standin: Cin7StandIn) -> None:
    def rule(case: str) -> str:
        invoice = purchase_of_case(standin, case)["Invoice"][0]
        return str((invoice["Lines"] or invoice["AdditionalCharges"])[0]["TaxRule"])

    assert rule("goods_19") == "19% VSt"
    assert rule("goods_7") == "7% VSt"
    assert rule("eu_acquisition") == "IG Erwerb"
    assert rule("reverse_charge") == "§13b"
    assert rule("import_usd") == "Einfuhr 0%"


def test_received_goods_say_when(standin: Cin7StandIn) -> None:
    purchase = purchase_of_case(standin, "goods_19")
    assert purchase["StockReceived"][0]["Lines"][0]["Date"] <= purchase["Invoice"][0]["InvoiceDate"]
