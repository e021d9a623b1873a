"""Webhooks: how they are set up, how they are delivered, and when they are turned off."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from mlconnector.standins.cin7 import Authentication, Cin7StandIn
from mlconnector.standins.serving import serve
from tests.standins.cin7.conftest import Api, of_case, purchase_of_case

PATH = "/ExternalApi/v2/webhooks"


class Receiver:
    """Takes deliveries, and answers with the statuses it is given, the last one for ever."""

    def __init__(self) -> None:
        self.url = ""
        self.statuses = [200]
        self.requests: list[tuple[dict[str, str], bytes]] = []

    async def take(self, request: Request) -> Response:
        self.requests.append((dict(request.headers), await request.body()))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return Response(status_code=status)


@pytest.fixture(scope="module")
def running() -> Iterator[Receiver]:
    made = Receiver()
    with serve(Router([Route("/hook", made.take, methods=["POST"])])) as address:
        made.url = f"{address}/hook"
        yield made


@pytest.fixture
def receiver(running: Receiver) -> Receiver:
    running.statuses, running.requests = [200], []
    return running


def webhook(url: str = "https://example.com/hook", **values: Any) -> dict[str, Any]:
    return {
        "Type": "Sale/InvoiceAuthorised",
        "IsActive": True,
        "ExternalURL": url,
        "ExternalAuthorizationType": "bearerauth",
        "ExternalBearerToken": "geheim",
    } | values


def test_a_webhook_is_set_up_read_changed_and_deleted(api: Api) -> None:
    [made] = api.client.post(PATH, json=webhook()).json()["Webhooks"]
    assert api.body("webhooks")["Webhooks"] == [made]
    changed = api.client.put(PATH, json=made | {"IsActive": False}).json()["Webhooks"][0]
    assert (changed["ID"], changed["IsActive"]) == (made["ID"], False)
    assert api.client.delete(PATH, params={"ID": made["ID"]}).json() == {"Webhooks": []}
    assert api.body("webhooks")["Webhooks"] == []


def test_passwords_can_be_read(api: Api) -> None:
    values = {"ExternalUserName": "u", "ExternalPassword": "klartext"}
    api.client.post(PATH, json=webhook(ExternalAuthorizationType="basicauth", **values))
    assert api.body("webhooks")["Webhooks"][0]["ExternalPassword"] == "klartext"


def test_there_are_five_of_a_type_at_most(api: Api) -> None:
    codes = [api.client.post(PATH, json=webhook()).status_code for _ in range(6)]
    assert codes == [200] * 5 + [400]
    assert api.client.post(PATH, json=webhook(Type="Sale/Undo")).status_code == 200


@pytest.mark.parametrize(
    "values",
    [
        {"Type": "Sale/Unknown"},
        {"ExternalURL": ""},
        {"ExternalAuthorizationType": "hmac"},
        {"ExternalBearerToken": None},
        {"ExternalAuthorizationType": "basicauth"},
    ],
)
def test_an_incomplete_webhook_is_refused(api: Api, values: dict[str, Any]) -> None:
    assert api.client.post(PATH, json=webhook(**values)).status_code == 400


def test_a_webhook_that_does_not_exist_cannot_be_changed(api: Api) -> None:
    assert api.client.put(PATH, json=webhook(ID="none")).status_code == 400
    assert api.client.delete(PATH, params={"ID": "none"}).status_code == 400
    assert api.client.put(PATH, json=[]).status_code == 400


def test_an_invoice_event_names_the_task_in_upper_case_and_no_sale(standin: Cin7StandIn) -> None:
    sale = of_case(standin, "several_invoices")
    body = json.loads(standin.delivery("Sale/InvoiceAuthorised", sale["ID"])[0])
    assert body["SaleTaskID"] == sale["Invoices"][-1]["TaskID"].upper()
    assert body["OrderNumber"] == sale["Order"]["SaleOrderNumber"]
    assert "SaleID" not in body


def test_payment_events_have_a_day_of_the_company_and_no_amount(standin: Cin7StandIn) -> None:
    sale = of_case(standin, "partial_payment")
    body = json.loads(standin.delivery("Sale/PartialPaymentReceived", sale["ID"])[0])
    year, month, day = sale["Invoices"][0]["InvoiceDate"][:10].split("-")
    assert body["DocumentDate"] == f"{day}/{month}/{year}"
    assert body["SaleID"] == sale["ID"]
    assert "AmountPercent" in body
    assert "Amount" not in body


def test_a_changed_purchase_comes_as_a_list_under_the_key_of_customers(standin: Cin7StandIn) -> None:
    purchase = purchase_of_case(standin, "paid")
    body = json.loads(standin.delivery("Purchase/Updated", purchase["ID"])[0])
    assert body["NumberOfPurchase"] == 1
    assert body["CustomerDetailsList"][0]["ID"] == purchase["ID"].upper()


def test_other_purchase_events_call_the_purchase_a_task(standin: Cin7StandIn) -> None:
    purchase = purchase_of_case(standin, "paid")
    body = json.loads(standin.delivery("Purchase/InvoiceAuthorised", purchase["ID"])[0])
    assert body["TaskID"] == purchase["ID"].upper()


def test_a_changed_party_comes_as_a_list(standin: Cin7StandIn) -> None:
    customer_id, supplier_id = next(iter(standin.customers)), next(iter(standin.suppliers))
    customer = json.loads(standin.delivery("Customer/Updated", customer_id)[0])
    assert customer["CustomerDetailsList"][0]["Customer"]["ID"] == customer_id
    supplier = json.loads(standin.delivery("Supplier/Updated", supplier_id)[0])
    assert supplier["SupplierDetailsList"][0]["Supplier"]["ID"] == supplier_id
    with pytest.raises(LookupError):
        standin.delivery("Supplier/Updated", customer_id)


def test_deliveries_prove_nothing_but_by_their_headers(standin: Cin7StandIn) -> None:
    sale_id = of_case(standin, "plain_19")["ID"]

    def headers(authentication: Authentication) -> dict[str, str]:
        return standin.delivery("Sale/Undo", sale_id, authentication)[1]

    assert headers(Authentication(token="t"))["Authorization"] == "Bearer t"
    basic = headers(Authentication("basicauth", user_name="u", password="p"))["Authorization"]
    assert base64.b64decode(basic.removeprefix("Basic ")) == b"u:p"
    assert headers(Authentication("header", header="X-Eigen", value="v"))["X-Eigen"] == "v"
    assert set(headers(Authentication("noauth"))) == {"Content-Type"}


def test_a_delivery_is_posted(standin: Cin7StandIn, receiver: Receiver) -> None:
    sale_id = of_case(standin, "plain_19")["ID"]
    assert standin.deliver("Sale/Undo", sale_id, receiver.url).status_code == 200
    [(headers, body)] = receiver.requests
    assert headers["authorization"] == "Bearer webhook-token"
    assert json.loads(body)["EventType"] == "Sale/Undo"


def test_an_event_goes_to_the_active_webhooks_of_its_type_until_it_is_taken(
    api: Api, standin: Cin7StandIn, receiver: Receiver
) -> None:
    headers = {"ExternalHeaders": [{"Key": "X-Eigen", "Value": "v"}]}
    api.client.post(PATH, json=webhook(receiver.url, **headers))
    api.client.post(PATH, json=webhook(receiver.url, IsActive=False))
    api.client.post(PATH, json=webhook(receiver.url, Type="Sale/Undo"))
    receiver.statuses = [500, 503, 204]
    assert standin.announce("Sale/InvoiceAuthorised", of_case(standin, "plain_19")["ID"]) == [[500, 503, 204]]
    assert receiver.requests[0][0]["authorization"] == "Bearer geheim"
    assert receiver.requests[0][0]["x-eigen"] == "v"
    assert api.body("webhooks")["Webhooks"][0]["IsActive"]


def test_six_failures_turn_a_webhook_off(api: Api, standin: Cin7StandIn, receiver: Receiver) -> None:
    api.client.post(PATH, json=webhook(receiver.url))
    receiver.statuses = [500]
    sale_id = of_case(standin, "plain_19")["ID"]
    assert standin.announce("Sale/InvoiceAuthorised", sale_id) == [[500] * 6]
    assert not api.body("webhooks")["Webhooks"][0]["IsActive"]
    assert standin.announce("Sale/InvoiceAuthorised", sale_id) == []


def test_attempts_come_after_longer_and_longer_waits(
    api: Api, standin: Cin7StandIn, receiver: Receiver
) -> None:
    api.client.post(PATH, json=webhook(receiver.url))
    receiver.statuses = [500]
    waits: list[float] = []
    standin.announce("Sale/InvoiceAuthorised", of_case(standin, "plain_19")["ID"], waits.append)
    assert [wait / 60 for wait in waits] == [1, 5, 10, 15, 20, 25]


def test_no_answer_is_a_failure(api: Api, standin: Cin7StandIn) -> None:
    api.client.post(PATH, json=webhook("http://127.0.0.1:9/hook"))
    assert standin.announce("Sale/InvoiceAuthorised", of_case(standin, "plain_19")["ID"]) == [[None] * 6]


def test_deliveries_go_without_the_api(standin: Cin7StandIn, receiver: Receiver) -> None:
    standin.deliver("Sale/Voided", of_case(standin, "voided")["ID"], receiver.url, Authentication("noauth"))
    assert standin.calls == []
    assert httpx.URL(receiver.url).path == "/hook"
