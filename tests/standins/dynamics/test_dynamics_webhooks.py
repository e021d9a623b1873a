from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest

from mlconnector.standins.dynamics import DynamicsStandIn
from mlconnector.standins.dynamics.webhooks import Authentication
from mlconnector.standins.serving import serve
from tests.standins.dynamics.conftest import Api, refused

CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"


class Receiver:
    """Keeps what was delivered, and answers with the statuses that were laid out."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], dict[str, str], bytes]] = []
        self.statuses: list[int] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.received.append((headers, dict(parse_qsl(scope["query_string"].decode())), body))
        status = self.statuses.pop(0) if self.statuses else 202
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture(scope="module")
def receiving() -> Iterator[tuple[Receiver, str]]:
    made = Receiver()
    with serve(made) as url:
        yield made, url


@pytest.fixture
def receiver(receiving: tuple[Receiver, str]) -> Receiver:
    receiving[0].received.clear()
    receiving[0].statuses.clear()
    return receiving[0]


@pytest.fixture
def url(receiving: tuple[Receiver, str]) -> str:
    return receiving[1]


def context(standin: DynamicsStandIn, **given: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(standin.delivery(**given)[0])
    return body


def attributes(target: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: each["value"] for each in target["Attributes"]}


def test_an_update_carries_only_what_changed(standin: DynamicsStandIn) -> None:
    body = context(standin, which=1, changed=("statuscode", "totalamount", "customerid", "duedate"))
    assert (body["MessageName"], body["PrimaryEntityName"]) == ("Update", "invoice")
    assert body["PrimaryEntityId"] == standin.invoice(1)["invoiceid"]
    values = attributes(body["InputParameters"][0]["value"])
    assert set(values) == {"statuscode", "totalamount", "customerid", "duedate", "modifiedon", "invoiceid"}
    assert values["statuscode"] == {"__type": f"OptionSetValue:{CONTRACTS}", "Value": 4}
    assert values["totalamount"] == {
        "__type": f"Money:{CONTRACTS}",
        "Value": float(standin.invoice(1)["totalamount"]),
    }
    assert values["customerid"]["Id"] == standin.invoice(1)["customerid"][1]
    assert values["duedate"].startswith("/Date(")


def test_a_create_carries_the_whole_record(standin: DynamicsStandIn) -> None:
    values = attributes(context(standin, which=1, message="Create")["InputParameters"][0]["value"])
    assert {"invoicenumber", "totalamount", "createdon", "billto_name"} <= set(values)


def test_a_delete_names_the_record_alone(standin: DynamicsStandIn) -> None:
    gone = standin.delete(1)
    target = context(standin, which=gone, message="Delete")["InputParameters"][0]["value"]
    assert (target["__type"], target["Id"]) == (f"EntityReference:{CONTRACTS}", gone)
    assert "Attributes" not in target


def test_converting_an_order_is_an_event_of_the_order(standin: DynamicsStandIn) -> None:
    body = context(standin, which=1, message="ConvertSalesOrderToInvoice")
    assert body["PrimaryEntityName"] == "salesorder"
    assert body["PrimaryEntityId"] == standin.invoice(1)["salesorderid"][1]
    (made,) = body["OutputParameters"]
    assert (made["value"]["LogicalName"], made["value"]["Id"]) == ("invoice", standin.invoice(1)["invoiceid"])


def test_a_line_names_its_invoice_when_it_is_new_or_an_image_does(standin: DynamicsStandIn) -> None:
    bodies = [
        json.loads(standin.line_delivery(1, 0)[0]),
        json.loads(standin.line_delivery(1, 0, image=("invoiceid",))[0]),
        json.loads(standin.line_delivery(1, 0, message="Create")[0]),
    ]
    invoice_id = standin.invoice(1)["invoiceid"]
    assert {body["PrimaryEntityName"] for body in bodies} == {"invoicedetail"}
    assert [invoice_id in json.dumps(body) for body in bodies] == [False, True, True]


def test_too_large_a_body_loses_its_parameters(standin: DynamicsStandIn) -> None:
    standin.change_invoice(1, description="x" * 300_000)
    body, headers = standin.delivery(1, changed=("description",))
    assert "x-ms-dynamics-msg-size-exceeded" in headers
    assert len(body) < 5_000
    kept = json.loads(body)
    assert kept["PrimaryEntityId"] == standin.invoice(1)["invoiceid"]
    assert "InputParameters" not in kept
    assert "x-ms-dynamics-msg-size-exceeded" not in standin.delivery(1)[1]


def test_a_delivery_brings_the_secret_as_agreed(
    standin: DynamicsStandIn, receiver: Receiver, url: str
) -> None:
    assert standin.deliver(1, url).status_code == 202
    assert standin.deliver(1, url, Authentication(6, {"key": "geheim"})).status_code == 202
    by_header, by_query = receiver.received
    assert by_header[0]["x-ml-connector-key"] == "demo-webhook-key"
    assert by_header[1] == {}
    assert by_query[1] == {"key": "geheim"}
    assert json.loads(by_header[2])["OrganizationId"] == standin.organization_id


@pytest.mark.parametrize(
    ("statuses", "tries"), [([503, 200], 2), ([502, 504, 200], 2), ([500], 1), ([401], 1), ([200], 1)]
)
def test_there_is_one_further_try_at_most(
    standin: DynamicsStandIn, receiver: Receiver, url: str, statuses: list[int], tries: int
) -> None:
    receiver.statuses = list(statuses)
    standin.deliver(1, url)
    assert len(receiver.received) == tries


# ------------------------------------------------------------------------------------- registering


def created(answer: Any, status: int = 204) -> str:
    assert answer.status_code == status, answer.text
    address: str = answer.headers["odata-entityid"]
    return address.rpartition("(")[2].rstrip(")")


def endpoint(url: str, **other: Any) -> dict[str, Any]:
    value = "<settings><setting name='X-ML-Connector-Key' value='geheim' /></settings>"
    return {
        "name": "ml-connector",
        "contract": 8,
        "url": url,
        "authtype": 5,
        "authvalue": value,
        "connectionmode": 1,
        "messageformat": 2,
    } | other


def step(api: Api, endpoint_id: str, message: str, **other: Any) -> dict[str, Any]:
    condition = f"primaryobjecttypecode eq 'invoice' and sdkmessageid/name eq '{message}'"
    (found,) = api.rows(f"sdkmessagefilters?$select=_sdkmessageid_value&$filter={condition}")
    return {
        "name": f"ml-connector {message}",
        "sdkmessageid@odata.bind": f"/sdkmessages({found['_sdkmessageid_value']})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({found['sdkmessagefilterid']})",
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint_id})",
        "stage": 40,
        "mode": 1,
        "rank": 1,
        "supporteddeployment": 0,
        "asyncautodelete": True,
    } | other


def test_a_registered_webhook_gets_its_events(
    api: Api, standin: DynamicsStandIn, receiver: Receiver, url: str
) -> None:
    made = created(api.send("POST", "serviceendpoints", endpoint(url)))
    update = step(api, made, "Update", filteringattributes="statecode,statuscode")
    created(api.send("POST", "sdkmessageprocessingsteps", update))
    created(api.send("POST", "sdkmessageprocessingsteps", step(api, made, "Delete")))
    assert len(standin.deliver_registered(1)) == 1
    assert standin.deliver_registered(1, changed=("name",)) == []
    assert standin.deliver_registered(1, message="Create") == []
    assert len(standin.deliver_registered(1, message="Delete")) == 1
    assert {headers["x-ml-connector-key"] for headers, _, _ in receiver.received} == {"geheim"}


def test_registrations_can_be_listed_and_deleted(api: Api, url: str) -> None:
    made = created(api.send("POST", "serviceendpoints", endpoint(url)))
    created(api.send("POST", "sdkmessageprocessingsteps", step(api, made, "Update")))
    query = f"$filter=_eventhandler_value eq {made}&$expand=sdkmessageid($select=name)&$select=name"
    (listed,) = api.rows(f"sdkmessageprocessingsteps?{query}")
    assert listed["sdkmessageid"]["name"] == "Update"
    row = api.rows(f"serviceendpoints?$filter=url eq '{url}'")[0]
    assert "authvalue" not in row
    assert api.send("DELETE", f"serviceendpoints({made})").status_code == 204
    assert api.rows("sdkmessageprocessingsteps") == []
    assert api.send("DELETE", f"serviceendpoints({made})").status_code == 404


def test_a_registration_can_be_changed_and_shown_at_once(
    api: Api, standin: DynamicsStandIn, receiver: Receiver, url: str
) -> None:
    answer = api.send("POST", "serviceendpoints", endpoint(url), "return=representation")
    assert answer.status_code == 201
    made = answer.json()["serviceendpointid"]
    created(api.send("POST", "sdkmessageprocessingsteps", step(api, made, "Update")))
    changed = {"authtype": 4, "authvalue": "ein Schlüssel"}
    assert api.send("PATCH", f"serviceendpoints({made})", changed).status_code == 204
    standin.deliver_registered(1)
    assert receiver.received[0][1] == {"code": "ein Schlüssel"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://connector.example.com/hook"},
        {"url": "https://connector.example.com:8443/hook"},
        {"contract": 2},
        {"authtype": 2},
        {"authvalue": None},
        {"name": ""},
        {"rubbish": 1},
    ],
)
def test_a_wrong_endpoint_is_refused(api: Api, wrong: dict[str, Any]) -> None:
    body = endpoint("https://connector.example.com/hook") | wrong
    assert refused(api.send("POST", "serviceendpoints", body))[0] == 400


def test_a_wrong_step_is_refused(api: Api, url: str) -> None:
    made = created(api.send("POST", "serviceendpoints", endpoint(url)))
    right, other = step(api, made, "Update"), step(api, made, "Delete")
    message = "sdkmessageid@odata.bind"
    wrong = [
        right | {message: other[message]},
        right | {message: "/accounts(00000000-0000-0000-0000-000000000001)"},
        right | {message: "/sdkmessages(00000000-0000-0000-0000-000000000001)"},
        right | {"stage": 50},
        {name: value for name, value in right.items() if not name.startswith("eventhandler")},
    ]
    statuses = [api.send("POST", "sdkmessageprocessingsteps", body).status_code for body in wrong]
    assert statuses == [400, 400, 404, 400, 400]


def test_registering_needs_the_right_to_customize(api: Api, standin: DynamicsStandIn, url: str) -> None:
    standin.set_privilege("serviceendpoint", "none")
    status, _, text = refused(api.send("POST", "serviceendpoints", endpoint(url)))
    assert status == 403
    assert "prvWriteServiceEndpoint" in text
