"""Webhooks: what can be hooked, bodies in three versions, deliveries that fail, come twice or never."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from mlconnector.standins.base import Clock
from mlconnector.standins.procore import COMPANY_ID, ProcoreStandIn
from mlconnector.standins.procore.identities import APPLICATION_ID
from mlconnector.standins.serving import serve
from tests.standins.procore.conftest import Api, log_in, of_case

ROOT = "/rest/v1.0/webhooks"
SECRET = "Bearer geheim-98765"


class Receiver:
    """Takes deliveries, and answers with its status."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.requests: list[tuple[dict[str, str], dict[str, Any]]] = []

    async def take(self, request: Request) -> Response:
        self.requests.append((dict(request.headers), json.loads(await request.body())))
        return Response(status_code=self.status)


@pytest.fixture(scope="module")
def running() -> Iterator[Receiver]:
    made = Receiver()
    with serve(Router([Route("/hook", made.take, methods=["POST"])])) as address:
        made.url = f"{address}/hook"
        yield made


@pytest.fixture
def receiver(running: Receiver) -> Receiver:
    running.status, running.requests = 200, []
    return running


def hook(url: str = "http://127.0.0.1:9/hook", **values: Any) -> dict[str, Any]:
    return {
        "api_version": "v2",
        "namespace": "ml-connector",
        "destination_url": url,
        "destination_headers": {"Authorization": SECRET},
    } | values


def created(api: Api, scope: dict[str, int], **values: Any) -> dict[str, Any]:
    answer = api.client.post(f"{ROOT}/hooks", json=scope | {"hook": hook(**values)})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def triggered(
    api: Api, scope: dict[str, int], made: dict[str, Any], resource: str, event: str = "update"
) -> httpx.Response:
    trigger = {"resource_name": resource, "event_type": event}
    body = scope | {"api_version": "v2", "trigger": trigger}
    return api.client.post(f"{ROOT}/hooks/{made['id']}/triggers", json=body)


def project_of(cost: dict[str, Any]) -> dict[str, int]:
    return {"project_id": cost["project"]["id"]}


def test_a_hook_is_made_listed_changed_and_deleted_within_its_scope(
    api: Api, standin: ProcoreStandIn
) -> None:
    scope, company = {"project_id": next(iter(standin.projects))}, {"company_id": COMPANY_ID}
    made = created(api, scope)
    assert made["owned_by_project_id"] == scope["project_id"]
    assert api.body("v1.0/webhooks/hooks", namespace="ml-connector", **scope) == [made]
    assert api.body("v1.0/webhooks/hooks", namespace="ml-connector", **company) == []
    assert api.body("v1.0/webhooks/hooks", **scope) == []
    path = f"{ROOT}/hooks/{made['id']}"
    changed = api.client.patch(path, json=scope | {"hook": {"destination_url": "https://example.com/x"}})
    assert changed.json() == made | {"destination_url": "https://example.com/x"}
    assert api.client.delete(path, params=company).status_code == 404
    assert api.client.delete(path, params=scope).status_code == 200
    assert api.client.delete(path, params=scope).status_code == 404


def test_of_the_secret_the_last_five_characters_are_shown(api: Api) -> None:
    shown = created(api, {"company_id": COMPANY_ID})["destination_headers"]["Authorization"]
    assert shown.endswith("98765")
    assert set(shown[:-5]) == {"*"}


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"namespace": "ML Connector"}, 422),
        ({"destination_url": "ftp://example.com"}, 422),
        ({"api_version": "v9"}, 422),
        ({"destination_headers": "geheim"}, 422),
    ],
)
def test_a_wrong_hook_is_refused(api: Api, values: dict[str, Any], status: int) -> None:
    body = {"company_id": COMPANY_ID, "hook": hook(**values)}
    assert api.client.post(f"{ROOT}/hooks", json=body).status_code == status


def test_a_hook_needs_company_or_project_and_itself(api: Api) -> None:
    assert api.client.post(f"{ROOT}/hooks", json={"hook": hook()}).status_code == 400
    assert api.client.post(f"{ROOT}/hooks", json={"company_id": COMPANY_ID}).status_code == 400
    assert api.client.post(f"{ROOT}/hooks", json={"company_id": 1, "hook": hook()}).status_code == 403
    assert api.get("v1.0/webhooks/hooks").status_code == 400


def names(api: Api, **scope: int) -> set[str]:
    return {row["name"] for row in api.body("v1.0/webhooks/resources", **scope)}


def test_bills_cannot_be_hooked_unless_the_account_offers_it(api: Api, standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "progress_retainage")
    scope = {"project_id": bill["project_id"]}
    assert "Requisitions" not in names(api, **scope)
    made = created(api, scope)
    assert triggered(api, scope, made, "Requisitions").status_code == 422
    standin.hooks.offers_requisitions = True
    assert "Requisitions" in names(api, **scope)
    assert triggered(api, scope, made, "Requisitions").status_code == 201


def test_money_is_hooked_by_project_and_vendors_by_company(api: Api, standin: ProcoreStandIn) -> None:
    scope, company = {"project_id": next(iter(standin.projects))}, {"company_id": COMPANY_ID}
    assert names(api, **scope) >= {"Direct Costs", "Work Order Contracts", "Contract Payments"}
    assert names(api, **company) >= {"Company Vendors", "Projects"}
    assert not names(api, **scope) & names(api, **company)
    [vendors] = [
        row for row in api.body("v1.0/webhooks/resources", **company) if row["name"] == "Company Vendors"
    ]
    assert vendors["except"] == ["delete"]
    made = created(api, company)
    assert triggered(api, company, made, "Direct Costs").status_code == 422
    assert triggered(api, company, made, "Company Vendors", "delete").status_code == 422
    assert triggered(api, company, made, "Company Vendors").status_code == 201


def test_version_2_lists_resources_with_their_actions(api: Api, standin: ProcoreStandIn) -> None:
    project_id = next(iter(standin.projects))
    path = f"v2.0/companies/{COMPANY_ID}/projects/{project_id}/webhooks/resources"
    assert api.get(path).status_code == 400
    answer = api.get(path, payload_version="v4.0")
    assert len(answer.json()["data"]) == 10
    assert "next" in answer.links


def test_triggers_are_listed_and_deleted(api: Api) -> None:
    company = {"company_id": COMPANY_ID}
    made = created(api, company)
    trigger = triggered(api, company, made, "Projects").json()
    path = f"v1.0/webhooks/hooks/{made['id']}/triggers"
    assert api.body(path, **company) == [trigger]
    assert trigger["event_type"] == "UPDATE"
    assert api.client.delete(f"/rest/{path}/{trigger['id']}", params=company).status_code == 200
    assert api.client.delete(f"/rest/{path}/{trigger['id']}", params=company).status_code == 404
    assert api.body(path, **company) == []


@pytest.mark.parametrize("version", ["v2", "v3.0", "v4.0"])
def test_an_edit_is_told_in_the_version_of_the_hook(
    api: Api, standin: ProcoreStandIn, receiver: Receiver, version: str
) -> None:
    cost = of_case(standin, "invoice_19")
    made = created(api, project_of(cost), destination_url=receiver.url, api_version=version)
    triggered(api, project_of(cost), made, "Direct Costs")
    standin.update_direct_cost(cost["id"], lambda row: row.update(description="Miete"))
    other = next(each for each in standin.direct_costs.values() if project_of(each) != project_of(cost))
    standin.update_direct_cost(other["id"], lambda row: row.update(description="Miete"))
    [(headers, body)] = receiver.requests
    assert headers["authorization"] == SECRET
    if version == "v4.0":
        assert (body["reason"], body["resource_id"]) == ("update", str(cost["id"]))
        assert "metadata" not in body
    else:
        assert (body["event_type"], body["resource_id"]) == ("update", cost["id"])
        assert ("related_resources" in body) == (version == "v3.0")
    assert "description" not in json.dumps(body)


def test_deletions_and_additions_are_told_where_they_were_hooked(
    api: Api, standin: ProcoreStandIn, receiver: Receiver
) -> None:
    cost = of_case(standin, "invoice_19")
    made = created(api, project_of(cost), destination_url=receiver.url)
    triggered(api, project_of(cost), made, "Direct Costs", "delete")
    standin.add_direct_cost(cost["id"], "RE-NEU")
    standin.delete_direct_cost(cost["id"])
    assert [body["event_type"] for _, body in receiver.requests] == ["delete"]
    triggered(api, project_of(cost), made, "Work Order Contracts")
    commitment = next(
        row
        for row in standin.commitments.values()
        if project_of(row) == project_of(cost) and row["_kind"] == "WorkOrderContract"
    )
    standin.update_commitment(commitment["id"], lambda row: row.update(status="Terminated"))
    assert receiver.requests[-1][1]["resource_name"] == "Work Order Contracts"


def test_a_line_names_what_it_belongs_to(standin: ProcoreStandIn) -> None:
    cost = of_case(standin, "invoice_19")
    line = cost["line_items"][0]["id"]
    body = json.loads(standin.delivery("Direct Cost Line Items", line, version="v3.0"))
    assert body["related_resources"] == [{"id": cost["id"], "name": "Direct Costs"}]
    row = next(iter(standin.commitments.values()))
    line = row["line_items"][0]["id"]
    body = json.loads(standin.delivery("Work Order Contract Line Items", line, version="v3.0"))
    assert body["related_resources"] == [{"id": row["id"], "name": "Work Order Contracts"}]


def test_our_own_doing_comes_back_with_our_name(standin: ProcoreStandIn) -> None:
    cost = of_case(standin, "invoice_19")
    plain = json.loads(standin.delivery("Direct Costs", cost["id"]))
    echo = json.loads(standin.delivery("Direct Costs", cost["id"], is_echo=True))
    assert plain["metadata"]["source_application_id"] is None
    assert echo["metadata"]["source_application_id"] == APPLICATION_ID
    assert echo["ulid"] != plain["ulid"]


def test_an_event_may_come_twice_with_one_id(api: Api, standin: ProcoreStandIn, receiver: Receiver) -> None:
    cost = of_case(standin, "invoice_19")
    made = created(api, project_of(cost), destination_url=receiver.url)
    triggered(api, project_of(cost), made, "Direct Costs")
    standin.deliveries.copies = 2
    standin.update_direct_cost(cost["id"], lambda row: row.update(terms=""))
    assert len({body["ulid"] for _, body in receiver.requests}) == 1
    assert len(receiver.requests) == 2


def test_what_fails_for_twelve_hours_is_discarded(
    api: Api, standin: ProcoreStandIn, receiver: Receiver, clock: Clock
) -> None:
    cost = of_case(standin, "invoice_19")
    scope = project_of(cost)
    made = created(api, scope, destination_url=receiver.url)
    triggered(api, scope, made, "Direct Costs")
    path = f"v1.0/webhooks/hooks/{made['id']}/deliveries"

    def listed(status: str) -> list[str]:
        return [row["outcome"] for row in api.body(path, **scope, **{"filters[status]": status})]

    receiver.status = 500
    standin.update_direct_cost(cost["id"], lambda row: row.update(terms=""))
    assert (listed("failing"), listed("successful")) == (["retried"], [])
    receiver.status = 204
    standin.deliveries.retry()
    assert listed("successful") == ["ok"]
    receiver.status = 500
    standin.update_direct_cost(cost["id"], lambda row: row.update(terms="14 Tage"))
    clock.advance(12 * 3600)
    receiver.status = 200
    standin.deliveries.retry()
    assert len(receiver.requests) == 3
    log_in(api.client)
    assert (listed("discarded"), listed("any")) == (["discarded"], ["ok", "discarded"])
    assert api.get(path, **scope, **{"filters[status]": "lost"}).status_code == 400


def test_nobody_listens_and_nothing_breaks(api: Api, standin: ProcoreStandIn) -> None:
    cost = of_case(standin, "invoice_19")
    made = created(api, project_of(cost))
    triggered(api, project_of(cost), made, "Direct Costs")
    standin.update_direct_cost(cost["id"], lambda row: row.update(terms=""))
    [row] = api.body(f"v1.0/webhooks/hooks/{made['id']}/deliveries", **project_of(cost))
    assert row["response_error"] == "ConnectError"
    standin.deliveries.is_silent = True
    standin.update_direct_cost(cost["id"], lambda row: row.update(terms="30 Tage"))
    assert len(api.body(f"v1.0/webhooks/hooks/{made['id']}/deliveries", **project_of(cost))) == 1


def test_a_delivery_is_posted_to_an_address(standin: ProcoreStandIn, receiver: Receiver) -> None:
    cost = of_case(standin, "invoice_19")
    answer = standin.deliver(receiver.url, "Direct Costs", cost["id"], token=SECRET, version="v4.0")
    assert answer.status_code == 200
    [(headers, body)] = receiver.requests
    assert headers["authorization"] == SECRET
    assert body["resource_type"] == "Direct Costs"
