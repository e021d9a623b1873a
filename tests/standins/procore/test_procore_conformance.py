"""Every answer is held against the endpoint descriptions: known keys only, of the kinds that are described.

The descriptions say nothing of null, which stands for whatever is not filled in. Deep objects are opaque in
them, and some bodies are not described at all; these cannot be compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from mlconnector.standins.procore import COMPANY_ID, ProcoreStandIn
from mlconnector.standins.procore.commitment_api import CHANGE_ORDER, PURCHASE_ORDER, WORK_ORDER
from mlconnector.standins.procore.company_api import VENDOR_VIEWS
from mlconnector.standins.procore.requisition_api import STATUSES, VIEWS
from tests.specifications import located, needs
from tests.standins.procore.conftest import Api, of_case

pytestmark = needs("procore")
OFFICIAL = located("procore")
COMPANY: dict[str, Any] = {"company_id": COMPANY_ID}
Shape = Any

KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
OPAQUE = {"type": "object"}
# What other pages or live answers have and the descriptions lack.
BESIDE_THE_DESCRIPTION = {
    "[].name",  # a resource of webhooks
    "direct_cost_type",  # subcontractor_invoice, where it was enabled
}


@cache
def description() -> dict[str, Any]:
    path = OFFICIAL / "procore-finance-subset.nodesc.openapi.json"
    loaded: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return loaded


def schema(path: str, method: str = "get", status: str = "200") -> Shape:
    answer = description()["paths"][f"/{path}"][method]["responses"][status]
    described: Shape = answer["content"]["application/json"]["schema"]
    return described


def parameter(path: str, name: str) -> list[str]:
    """The values that are described for a parameter."""
    rows = description()["paths"][f"/{path}"]["get"]["parameters"]
    values: list[str] = next(row["schema"] for row in rows if row["name"] == name)["enum"]
    return values


def differences(value: Any, described: Any, place: str = "") -> Iterator[str]:
    """Where a value is not as described."""
    if value is None or not described or described == OPAQUE:
        return
    kind = described.get("type", "object")
    if type(value) not in KINDS[kind]:
        yield f"{place} is {type(value).__name__}, not {kind}"
    elif kind == "array":
        for part in value:
            yield from differences(part, described.get("items"), f"{place}[]")
    elif kind == "object":
        known = described.get("properties", {})
        for name in value.keys() - known.keys() if known else ():
            if not _is_custom(name, known):
                yield f"{place}.{name} is not described"
        for name, part in value.items():
            yield from differences(part, known.get(name), f"{place}.{name}")
    elif "enum" in described and value not in described["enum"]:
        yield f"{place} is {value}"


def _is_custom(name: str, known: dict[str, Any]) -> bool:
    return name.startswith("custom_field_") and any(each.startswith("custom_field_") for each in known)


def check(value: Any, path: str, method: str = "get", status: str = "200") -> None:
    found = sorted(set(differences(value, schema(path, method, status))))
    assert [each for each in found if not any(known in each for known in BESIDE_THE_DESCRIPTION)] == []


def filled(value: dict[str, Any], described: Shape) -> set[str]:
    """Described keys that an object does not have."""
    return set(described["properties"]) - set(value)


LISTS = [
    ("rest/v1.0/companies", {}),
    ("rest/v1.0/projects", COMPANY),
    ("rest/v1.0/tax_types", COMPANY),
    ("rest/v1.0/tax_codes", COMPANY),
]
OF_PROJECT = [
    ("rest/v1.1/requisitions", {"view": "extended"}),
    ("rest/v1.1/requisitions", {}),
    ("rest/v1.0/purchase_order_contracts", {}),
    ("rest/v1.0/change_order_packages", {}),
    ("rest/v1.0/line_item_types", COMPANY),
]
BELOW_PROJECT = [
    "rest/v1.1/projects/{project_id}/direct_costs",
    "rest/v1.0/projects/{project_id}/billing_periods",
    "rest/v1.0/projects/{project_id}/work_breakdown_structure/wbs_codes",
]


@pytest.mark.parametrize(("path", "parameters"), LISTS)
def test_lists_of_the_company_are_as_described(api: Api, path: str, parameters: dict[str, Any]) -> None:
    rows = api.body(path.removeprefix("rest/"), **parameters)
    assert rows
    check(rows, path)


@pytest.mark.parametrize(("path", "parameters"), OF_PROJECT)
def test_lists_of_projects_are_as_described(
    api: Api, standin: ProcoreStandIn, path: str, parameters: dict[str, Any]
) -> None:
    rows = [
        row
        for project_id in standin.projects
        for row in api.body(path.removeprefix("rest/"), project_id=project_id, per_page=100, **parameters)
    ]
    assert rows
    check(rows, path)


@pytest.mark.parametrize("path", BELOW_PROJECT)
def test_lists_below_projects_are_as_described(api: Api, standin: ProcoreStandIn, path: str) -> None:
    rows = [
        row
        for project_id in standin.projects
        for row in api.body(path.removeprefix("rest/").format(project_id=project_id))
    ]
    assert rows
    check(rows, path)


def test_every_requisition_is_as_described_and_lacks_nothing(api: Api, standin: ProcoreStandIn) -> None:
    described = schema("rest/v1.1/requisitions/{id}")
    for row in standin.requisitions.values():
        bill = api.requisition(row)
        check(bill, "rest/v1.1/requisitions/{id}")
        assert filled(bill, described) == set()
        assert filled(bill["items"][0], described["properties"]["items"]["items"]) == set()
        assert filled(bill["summary"], described["properties"]["summary"]) == set()


def test_every_direct_cost_is_as_described_and_lacks_nothing(api: Api, standin: ProcoreStandIn) -> None:
    described = schema("rest/v1.1/projects/{project_id}/direct_costs/{id}")
    for row in standin.direct_costs.values():
        cost = api.direct_cost(row)
        check(cost, "rest/v1.1/projects/{project_id}/direct_costs/{id}")
        assert filled(cost, described) == set()
        assert filled(cost["line_items"][0], described["properties"]["line_items"]["items"]) == set()
        root = f"v1.0/projects/{row['project']['id']}/direct_costs/{row['id']}/line_items"
        check(api.body(root), "rest/v1.0/projects/{project_id}/direct_costs/{direct_cost_id}/line_items")


@pytest.mark.parametrize("name", ["work_order_contracts", "purchase_order_contracts"])
def test_commitments_are_as_described(api: Api, standin: ProcoreStandIn, name: str) -> None:
    kind = {"work_order_contracts": "WorkOrderContract"}.get(name, "PurchaseOrderContract")
    for row in standin.commitments.values():
        if row["_kind"] == kind:
            shown = api.body(f"v1.0/{name}/{row['id']}", project_id=row["project"]["id"])
            assert shown["line_items"]
            shown.pop("attachments")  # described as an object for one kind and as a list for the other
            check(shown, f"rest/v1.0/{name}/{{id}}")


def test_what_bills_refer_to_is_as_described(api: Api, standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "revised")
    project_id, contract_id = bill["project_id"], bill["commitment_id"]
    whole = api.body(f"v1.0/projects/{project_id}", **COMPANY)
    check(whole, "rest/v1.0/projects/{id}")
    period = api.body(f"v1.0/projects/{project_id}/billing_periods/{bill['period_id']}")
    check(period, "rest/v1.0/projects/{project_id}/billing_periods/{id}")
    path = "v1.0/projects/{project_id}/contracts/{contract_id}/invoice_configuration"
    found = api.body(path.format(project_id=project_id, contract_id=contract_id))
    check(found, f"rest/{path}")
    path = "v1.0/companies/{company_id}/projects/{project_id}/currency_configuration"
    for end in ("", "/exchange_rates"):
        found = api.body(path.format(project_id=project_id, **COMPANY) + end)
        check(found, f"rest/{path}{end}")
    path = "v1.0/requisitions/{requisition_id}/change_histories"
    found = api.body(path.format(requisition_id=bill["id"]), project_id=project_id)
    assert found
    check(found, f"rest/{path}")


def test_payments_and_lines_of_change_orders_are_as_described(api: Api, standin: ProcoreStandIn) -> None:
    for payment in standin.table("payments").values():
        parameters = {name: payment[name] for name in ("project_id", "contract_id")}
        rows = api.body("v1.0/contract_payments", **parameters)
        assert payment["id"] in {row["id"] for row in rows}
        check(rows, "rest/v1.0/contract_payments")
    path = "companies/{company_id}/projects/{project_id}/commitment_change_orders"
    for change in standin.change_orders.values():
        found = api.body(
            f"v2.0/{path.format(project_id=change['_project_id'], **COMPANY)}/{change['id']}/line_items"
        )
        check(found, f"rest/v2.0/{path}/{{commitment_change_order_id}}/line_items")


def test_a_print_job_is_as_described(api: Api, standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "progress_retainage")
    made = api.client.post(
        f"/rest/v1.0/requisitions/{bill['id']}/single_pdf_compilers",
        params={"project_id": bill["project_id"], "polling": "true"},
        json={"files": [{"type": "cover_sheet", "id": ""}]},
    ).json()
    path = "v1.0/companies/{company_id}/invoices/async_jobs/{uuid}"
    for _ in range(2):
        check(api.body(path.format(uuid=made["uuid"], **COMPANY)), f"rest/{path}")


def test_webhooks_are_as_described(api: Api) -> None:
    hook = {"namespace": "ml-connector", "destination_url": "http://127.0.0.1:9/hook"}
    root = "/rest/v1.0/webhooks"
    made = api.client.post(f"{root}/hooks", json=COMPANY | {"hook": hook})
    assert made.status_code == 201
    check(made.json(), "rest/v1.0/webhooks/hooks", "post", "201")
    of_hook = f"v1.0/webhooks/hooks/{made.json()['id']}"
    trigger = {"resource_name": "Company Vendors", "event_type": "update"}
    added = api.client.post(f"/rest/{of_hook}/triggers", json=COMPANY | {"trigger": trigger})
    check(added.json(), "rest/v1.0/webhooks/hooks/{hook_id}/triggers", "post", "201")
    check(api.body("v1.0/webhooks/hooks", namespace="ml-connector", **COMPANY), "rest/v1.0/webhooks/hooks")
    rows = api.body(f"{of_hook}/triggers", **COMPANY)
    assert rows
    check(rows, "rest/v1.0/webhooks/hooks/{hook_id}/triggers")
    check(api.body("v1.0/webhooks/resources", **COMPANY), "rest/v1.0/webhooks/resources")
    path = "v2.0/companies/{company_id}/webhooks/resources"
    found = api.body(path.format(**COMPANY), payload_version="v4.0")
    assert all(action in ("create", "update", "delete") for row in found["data"] for action in row["actions"])


def test_deliveries_are_as_described(api: Api, standin: ProcoreStandIn) -> None:
    hook = {"namespace": "ml-connector", "destination_url": "http://127.0.0.1:9/hook"}
    made = api.client.post("/rest/v1.0/webhooks/hooks", json=COMPANY | {"hook": hook}).json()
    trigger = {"resource_name": "Company Vendors", "event_type": "update"}
    path = f"v1.0/webhooks/hooks/{made['id']}"
    api.client.post(f"/rest/{path}/triggers", json=COMPANY | {"trigger": trigger})
    standin.update_record("vendors", next(iter(standin.vendors)), lambda row: row.update(city="Uelzen"))
    rows = api.body(f"{path}/deliveries", **COMPANY)
    assert rows
    check(rows, "rest/v1.0/webhooks/hooks/{hook_id}/deliveries")


def test_payloads_have_the_keys_of_the_samples(standin: ProcoreStandIn) -> None:
    samples = json.loads((OFFICIAL / "fixture.webhook_events.json").read_text("utf-8"))
    cost = of_case(standin, "invoice_19")
    for version in ("v2.0", "v4.0"):
        body = json.loads(standin.delivery("Direct Costs", cost["id"], version=version))
        sample = samples[version]
        assert body.keys() == sample.keys()
        assert {name: type(value) for name, value in body.items()} == {
            name: type(value) for name, value in sample.items()
        }


def test_values_that_can_be_asked_for_are_the_described_ones() -> None:
    requisitions = "rest/v1.1/requisitions"
    assert sorted(parameter(requisitions, "filters[status]")) == sorted(STATUSES)
    assert sorted(parameter(requisitions, "view")) == sorted(VIEWS)
    assert parameter("rest/v1.0/work_order_contracts", "filters[status]") == list(WORK_ORDER)
    assert parameter("rest/v1.0/purchase_order_contracts", "filters[status]") == list(PURCHASE_ORDER)
    assert sorted(parameter("rest/v1.0/vendors", "view")) == sorted(VENDOR_VIEWS)
    changes = parameter("rest/v1.0/projects/{project_id}/commitment_change_orders", "filters[status]")
    assert sorted(changes) == sorted(CHANGE_ORDER)
