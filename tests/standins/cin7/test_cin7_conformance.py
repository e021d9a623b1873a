"""Every answer is held against the official samples: the same keys, and values of the same kinds."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from mlconnector.standins.cin7 import Cin7StandIn
from mlconnector.standins.cin7.registrations import TYPES
from tests.specifications import located, needs
from tests.standins.cin7.conftest import Api, of_case, purchase_of_case

pytestmark = needs("cin7")
OFFICIAL = located("cin7")

Shape = Any
"""`{"kinds": {"text"}, "keys": {"Name": Shape}, "items": Shape}` of all values seen at a place."""

# Null though no sample is: what a draft or a purchase without number does not have, or nobody typed.
NULL_IN_PRACTICE = {
    *("InvoiceNumber", "InvoiceDate", "InvoiceDueDate", "CreditNoteNumber", "LinkedFulfillmentNumber"),
    *("Bins", "TaxNumber", "SourceChannel", "TaxPercent", "ExpiryDate", "Carrier", "Phone", "MobilePhone"),
    *("InvocieNumber", "ExternalID", "CreditID", "DropShipTaskID", "ShipBy", "Fax", "ExternalBearerToken"),
}
# In the models or in live answers, but in no sample of the endpoint.
BESIDE_THE_SAMPLE = {"Compound"}
# Only of products with batches, prices, bins or box labels, which the account does not use.
NOT_HERE = {"ProductPrices", "RestockLocation", "RestockLocationID", "Bins", "Prepayments"}


def shape(value: Any) -> Shape:
    if isinstance(value, dict):
        return {"kinds": {"object"}, "keys": {key: shape(part) for key, part in value.items()}, "items": None}
    if isinstance(value, list):
        items = None
        for part in value:
            items = merged(items, shape(part))
        return {"kinds": {"list"}, "keys": {}, "items": items}
    names = {bool: "flag", int: "number", float: "number", str: "text", type(None): "null"}
    return {"kinds": {names[type(value)]}, "keys": {}, "items": None}


def merged(one: Shape, other: Shape) -> Shape:
    if one is None or other is None:
        return one or other
    keys = {
        key: merged(one["keys"].get(key), other["keys"].get(key))
        for key in one["keys"].keys() | other["keys"].keys()
    }
    items = merged(one["items"], other["items"])
    return {"kinds": one["kinds"] | other["kinds"], "keys": keys, "items": items}


@cache
def official(path: str, *methods: str) -> Shape:
    """The shape of the samples of an endpoint: of reading, where nothing else is said."""
    catalogue = json.loads((OFFICIAL / "cin7_v2.refract.json").read_text("utf-8"))
    found = None
    for endpoint in catalogue["endpoints"]:
        if endpoint["path"].lower() == path.lower() and endpoint["method"] in (methods or ("GET",)):
            found = merged(found, shape(endpoint["response_example"]))
    assert found is not None, path
    return found


def model(name: str) -> set[str]:
    """The fields of a model of the description."""
    text = (OFFICIAL / "cin7_v2.apib").read_text("utf-8")
    table = text[text.index(f"## {name} <a") :].split("\n\n", 1)[0]
    return {line.split("`")[1] for line in table.splitlines() if line.startswith("|`")}


def differences(answer: Shape, sample: Shape, place: str = "") -> list[str]:
    """What the answer has that no sample has, and what samples have that it never has."""
    if sample is None or answer is None or sample["kinds"] == {"null"}:
        return []
    name = place.rpartition(".")[2].removesuffix("[]")
    allowed = sample["kinds"] | ({"null"} if name in NULL_IN_PRACTICE else set())
    found = [
        f"{place} is {kind}"
        for kind in sorted(answer["kinds"] - allowed)
        if "null" not in sample["kinds"] or kind not in ("text", "number")
    ]
    for key in sorted(answer["keys"].keys() - sample["keys"].keys() - BESIDE_THE_SAMPLE):
        found += [f"{place}.{key} is not official"] if sample["keys"] else []
    if "object" in answer["kinds"]:
        for key in sorted(sample["keys"].keys() - answer["keys"].keys() - NOT_HERE):
            found.append(f"{place}.{key} is missing")
    for key in answer["keys"].keys() & sample["keys"].keys():
        found += differences(answer["keys"][key], sample["keys"][key], f"{place}.{key}")
    return found + differences(answer["items"], sample["items"], f"{place}[]")


LISTS = [
    ("saleList", "SaleList"),
    ("saleCreditNoteList", "SaleList"),
    ("purchaseList", "PurchaseList"),
    ("purchaseCreditNoteList", "PurchaseList"),
    ("customer", "CustomerList"),
    ("supplier", "SupplierList"),
    ("ref/account", "AccountsList"),
    ("ref/account/bank", "BankAccountsList"),
    ("ref/tax", "TaxRuleList"),
    ("ref/paymentterm", "PaymentTermList"),
    ("ref/location", "LocationList"),
    ("ref/customer/credits", "CustomerCredits"),
    ("ref/supplier/deposits", "SupplierDeposits"),
]


@pytest.mark.parametrize(("path", "key"), LISTS)
def test_lists_answer_as_the_samples(api: Api, path: str, key: str) -> None:
    body = api.body(
        path, Limit=1000, IncludeDeprecated="true", ShowUsedCredits="true", ShowUsedDeposits="true"
    )
    assert body[key], "nothing to compare"
    assert differences(shape(plain(body)), official(path)) == []
    assert list(body) == list(json.loads((OFFICIAL / f"responses/{path.replace('/', '_')}.json").read_text()))


def test_the_company_answers_as_the_sample(api: Api) -> None:
    assert differences(shape(plain(api.body("me"))), official("me")) == []


@pytest.mark.parametrize("path", ["sale", "sale/payment", "sale/creditnote", "sale/attachment"])
def test_sales_answer_as_the_samples(api: Api, standin: Cin7StandIn, path: str) -> None:
    found = None
    for sale_id in standin.sales:
        parameters = {"ID" if path == "sale" else "SaleID": sale_id, "IncludeTransactions": "true"}
        found = merged(found, shape(plain(api.body(path, **parameters, IncludePaymentInfo="true"))))
    assert differences(found, official(path)) == []


def test_payments_inside_documents_have_the_fields_of_the_model(standin: Cin7StandIn) -> None:
    """The samples have none. From which credit a payment came is known to the payment endpoint alone."""
    fields = model("Sale Payment Line Model")
    assert "CreditID" not in fields
    for sale in standin.sales.values():
        documents = [*sale["Invoices"], *sale["CreditNotes"], sale["Quote"]]
        for document in documents:
            for name in {"Payments", "Refunds", "Prepayments"} & document.keys():
                assert all(payment.keys() == fields for payment in document[name])
    purchases = [invoice for each in standin.purchases.values() for invoice in each["Invoice"]]
    assert all(payment.keys() == fields for each in purchases for payment in each["Payments"])


@pytest.mark.parametrize("path", ["advanced-purchase", "advanced-purchase/payment", "purchase/attachment"])
def test_purchases_answer_as_the_samples(api: Api, standin: Cin7StandIn, path: str) -> None:
    name = {"advanced-purchase": "ID", "purchase/attachment": "TaskID"}.get(path, "PurchaseID")
    found = None
    for purchase_id in standin.purchases:
        found = merged(found, shape(plain(api.body(path, **{name: purchase_id}))))
    assert differences(found, official(path)) == []


def test_the_deprecated_endpoint_answers_as_its_sample(api: Api, standin: Cin7StandIn) -> None:
    found = None
    for purchase_id, purchase in standin.purchases.items():
        if purchase["Type"] == "Simple Purchase":
            found = merged(found, shape(plain(api.body("purchase", ID=purchase_id))))
    assert differences(found, official("purchase")) == []


def test_a_webhook_answers_as_the_sample(api: Api) -> None:
    made = api.client.post("/ExternalApi/v2/webhooks", json=WEBHOOK)
    assert differences(shape(made.json()), official("webhooks", "POST", "GET")) == []
    assert differences(shape(api.body("webhooks")), official("webhooks", "POST", "GET")) == []


WEBHOOK = {
    "Type": "Sale/OrderAuthorised",
    "IsActive": True,
    "ExternalURL": "https://example.com/hook",
    "ExternalAuthorizationType": "basicauth",
    "ExternalUserName": "cin7",
    "ExternalPassword": "secret",
    "ExternalHeaders": [{"Key": "X-One", "Value": "1"}],
}


# The sample is no JSON, or about what the account does not have.
NO_SAMPLE = {"Sale/AttachmentAdded", "Sale/AdditionalAttributesChanged", "Sale/ShipmentTrackingNumberChanged"}
NAMES_THE_SALE = {
    *("SaleID", "SaleTaskID", "TaskID", "SaleOrderNumber", "OrderNumber", "TenantID", "DocumentNumber"),
}


def test_the_types_of_webhooks_are_the_official_ones() -> None:
    text = (OFFICIAL / "cin7_v2.apib").read_text("utf-8")
    table = text[text.index("### Available values for Webhook Type") :]
    table = table[: table.index("### Webhooks payload examples")]
    rows = [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted(TYPES)


@pytest.mark.parametrize(
    "event", [each for each in TYPES if each.startswith("Sale/") and each not in NO_SAMPLE]
)
def test_deliveries_about_sales_have_the_keys_of_the_samples(standin: Cin7StandIn, event: str) -> None:
    sample = json.loads((OFFICIAL / f"webhooks/{event.replace('/', '_')}.json").read_text("utf-8"))
    sale = of_case(standin, "credit_standalone" if "Credit" in event else "partial_payment")
    body = json.loads(standin.delivery(event, sale["ID"])[0])
    assert body.keys() - sample.keys() == set()
    assert NAMES_THE_SALE & body.keys() == NAMES_THE_SALE & sample.keys()


@pytest.mark.parametrize("event", [each for each in TYPES if each.startswith("Purchase/")])
def test_deliveries_about_purchases_have_the_keys_of_the_samples(standin: Cin7StandIn, event: str) -> None:
    sample = json.loads((OFFICIAL / f"webhooks/{event.replace('/', '_')}.json").read_text("utf-8"))
    body = json.loads(standin.delivery(event, purchase_of_case(standin, "paid")["ID"])[0])
    assert differences(shape(body), shape(sample)) == []


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=float))
