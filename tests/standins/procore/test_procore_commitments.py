"""Commitments with their lines, change orders and payments, and the cost structure of a project."""

from __future__ import annotations

from mlconnector.standins.procore import COMPANY_ID, ProcoreStandIn
from tests.standins.procore.conftest import Api, money, of_case


def test_a_commitment_shows_its_lines_and_sums(api: Api, standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "change_order_items")
    parameters = {"project_id": bill["project_id"]}
    shown = api.body(f"v1.0/work_order_contracts/{bill['commitment_id']}", **parameters)
    assert money(shown["grand_total"]) == sum(money(line["amount"]) for line in shown["line_items"])
    revised = money(shown["grand_total"]) + money(shown["approved_change_orders"])
    assert money(shown["revised_contract"]) == revised
    assert shown["vendor"]["id"] == bill["vendor_id"]
    lines = api.body(f"v1.0/work_order_contracts/{bill['commitment_id']}/line_items", **parameters)
    assert [line["id"] for line in lines] == [line["id"] for line in shown["line_items"]]
    listed = next(
        row for row in api.body("v1.0/work_order_contracts", **parameters) if row["id"] == shown["id"]
    )
    assert "line_items" not in listed
    assert listed["revised_contract"] == shown["revised_contract"]


def test_both_kinds_have_their_own_lists(api: Api, standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "purchase_order")
    parameters = {"project_id": bill["project_id"]}
    assert api.get(f"v1.0/work_order_contracts/{bill['commitment_id']}", **parameters).status_code == 404
    shown = api.body(f"v1.0/purchase_order_contracts/{bill['commitment_id']}", **parameters)
    assert shown["number"].startswith("BE-")
    ids = {row["id"] for row in api.body("v1.0/work_order_contracts", **parameters)}
    assert bill["commitment_id"] not in ids


def test_change_orders_are_listed_under_both_names(api: Api, standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "change_order_items")
    project_id, contract_id = bill["project_id"], bill["commitment_id"]
    path = f"v1.0/projects/{project_id}/commitment_change_orders"
    rows = api.body(path, **{"filters[contract_id]": contract_id})
    assert [row["status"] for row in rows] == ["approved", "approved", "pending"]
    approved = api.body(path, **{"filters[contract_id]": contract_id, "filters[status]": "approved"})
    assert approved == rows[:2]
    packages = api.body("v1.0/change_order_packages", project_id=project_id, contract_id=contract_id)
    assert [row["grand_total"] for row in packages] == [row["grand_total"] for row in rows]
    items = [item["line_item_id"] for item in bill["items"] if item["item_type"] == "change_order_item"]
    lines = []
    for row in approved:
        path = f"v2.0/companies/{COMPANY_ID}/projects/{project_id}/commitment_change_orders"
        lines += api.body(f"{path}/{row['id']}/line_items")["data"]
    assert [line["id"] for line in lines] == [str(item) for item in items]


def test_who_moves_materials_says_so(api: Api, standin: ProcoreStandIn) -> None:
    for case, moves in (("materials_moved", True), ("reverse_charge", False)):
        bill = of_case(standin, case)
        path = f"v1.0/projects/{bill['project_id']}/contracts/{bill['commitment_id']}/invoice_configuration"
        shown = api.body(path)
        assert shown["move_materials_to_previous_work_completed"] is moves
        assert bill["move_materials_to_previous_work_completed"] is moves


def test_payments_want_a_contract_and_have_no_filter(api: Api, standin: ProcoreStandIn) -> None:
    payment = next(iter(standin.table("payments").values()))
    bill = standin.requisitions[payment["requisition_id"]]
    assert api.get("v1.0/contract_payments", project_id=payment["project_id"]).status_code == 400
    parameters = {"project_id": payment["project_id"], "contract_id": payment["contract_id"]}
    rows = api.body("v1.0/contract_payments", **parameters)
    assert api.body("v1.0/contract_payments", **parameters, **{"filters[updated_at]": "x"}) == rows
    assert bill["payment_date"] == payment["date"]


def test_cost_codes_and_budget_codes_are_of_the_project(api: Api, standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "progress_retainage")
    project_id, item = bill["project_id"], bill["items"][0]
    codes = {row["id"]: row for row in api.body("v1.0/cost_codes", project_id=project_id)}
    path = f"v1.0/projects/{project_id}/work_breakdown_structure/wbs_codes"
    budget = {row["id"]: row for row in api.body(path)}
    assert codes[item["cost_code_id"]]["full_code"] == item["wbs_code"]["flat_code"].partition(".")[0]
    assert budget[item["wbs_code"]["id"]]["flat_code"] == item["wbs_code"]["flat_code"]
    other = next(each for each in standin.projects if each != project_id)
    assert not codes.keys() & {row["id"] for row in api.body("v1.0/cost_codes", project_id=other)}
    types = api.body("v1.0/line_item_types", project_id=project_id, company_id=COMPANY_ID)
    assert item["wbs_code"]["flat_code"].partition(".")[2] in {row["code"] for row in types}


def test_a_project_lists_the_vendors_that_bill_it_under_their_ids_in_the_company(
    api: Api, standin: ProcoreStandIn
) -> None:
    bill = of_case(standin, "eu_contractor")
    for version in ("v1.0", "v1.1"):
        rows = api.body(f"{version}/projects/{bill['project_id']}/vendors")
        assert bill["vendor_id"] in {row["id"] for row in rows}
    assert {row["id"] for row in rows} < standin.vendors.keys()


def test_tax_codes_have_rates_as_numbers_and_one_is_archived(api: Api) -> None:
    rows = api.body("v1.0/tax_codes", company_id=COMPANY_ID)
    assert [row["rate1"] for row in rows] == [19.0, 7.0, 0.0, 16.0]
    assert [row["code"] for row in rows if row["archived"]] == ["V16"]


def test_a_closed_project_is_listed_as_inactive(api: Api) -> None:
    rows = api.body("v1.1/projects", company_id=COMPANY_ID)
    assert [row["country_code"] for row in rows if not row["active"]] == ["AT"]
    active = api.body("v1.1/projects", company_id=COMPANY_ID, **{"filters[by_status]": "Active"})
    assert {row["id"] for row in active} == {row["id"] for row in rows if row["active"]}


def test_a_bill_is_due_when_its_period_is(api: Api, standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "progress_retainage")
    periods = api.body(
        f"v1.0/projects/{bill['project_id']}/billing_periods", **{"filters[id]": bill["period_id"]}
    )
    assert [row["end_date"] for row in periods] == [bill["requisition_end"]]
    assert periods[0]["due_date"] > bill["billing_date"]
