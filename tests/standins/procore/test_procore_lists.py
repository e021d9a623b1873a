"""Lists: pages, links and filters, of which each endpoint has its own."""

from __future__ import annotations

from typing import Any

import pytest

from mlconnector.standins.procore import COMPANY_ID, ProcoreStandIn
from tests.standins.procore.conftest import Api, of_case

BUSY = 200


def busiest(standin: ProcoreStandIn) -> int:
    """The project with the most requisitions."""
    counts: list[int] = [row["project_id"] for row in standin.requisitions.values()]
    return max(set(counts), key=counts.count)


@pytest.mark.parametrize("records", [BUSY])
def test_requisitions_come_thirty_at_a_time_unless_more_are_asked_for(
    api: Api, standin: ProcoreStandIn
) -> None:
    project_id = busiest(standin)
    whole = len([row for row in standin.requisitions.values() if row["project_id"] == project_id])
    answer = api.get("v1.1/requisitions", project_id=project_id)
    assert (len(answer.json()), answer.headers["Per-Page"]) == (30, "30")
    assert answer.headers["Total"] == str(whole)
    assert len(api.body("v1.1/requisitions", project_id=project_id, per_page=100)) == whole


def test_links_lead_through_all_pages_and_the_last_has_no_next(api: Api, standin: ProcoreStandIn) -> None:
    project_id = busiest(standin)
    whole = [row["id"] for row in standin.requisitions.values() if row["project_id"] == project_id]
    pages = -(-len(whole) // 4)
    first = api.get("v1.1/requisitions", project_id=project_id, per_page=4)
    assert set(first.links) == {"next", "last"}
    third = api.get("v1.1/requisitions", project_id=project_id, per_page=4, page=3)
    assert set(third.links) == {"first", "prev", "next", "last"}
    last = api.get("v1.1/requisitions", project_id=project_id, per_page=4, page=pages)
    assert "next" not in last.links
    after = api.get("v1.1/requisitions", project_id=project_id, per_page=4, page=pages + 1)
    assert after.json() == []
    assert [row["id"] for row in api.pages("v1.1/requisitions", project_id=project_id, per_page=4)] == whole


def test_pages_may_be_smaller_than_was_asked_for(api: Api, standin: ProcoreStandIn) -> None:
    standin.cap_pages(3)
    project_id = busiest(standin)
    answer = api.get("v1.1/requisitions", project_id=project_id, per_page=100)
    assert (len(answer.json()), answer.headers["Per-Page"]) == (3, "3")
    assert len(api.pages("v1.1/requisitions", project_id=project_id, per_page=100)) > 3


@pytest.mark.parametrize(
    ("path", "asked", "given"),
    [
        ("v1.0/vendors", 5000, 2000),
        ("v1.0/tax_codes", 2000, 100),
        ("v1.0/vendors", 0, 100),
    ],
)
def test_each_list_has_its_own_largest_page(api: Api, path: str, asked: int, given: int) -> None:
    answer = api.get(path, company_id=COMPANY_ID, per_page=asked)
    assert answer.headers["Per-Page"] == str(given)


def test_version_2_has_ten_rows_below_data_and_ids_as_texts(api: Api, standin: ProcoreStandIn) -> None:
    change = next(iter(standin.change_orders.values()))
    path = f"v2.0/companies/{COMPANY_ID}/projects/{change['_project_id']}/commitment_change_orders"
    answer = api.get(f"{path}/{change['id']}/line_items")
    assert answer.headers["Per-Page"] == "10"
    [line] = answer.json()["data"]
    assert line["id"] == str(change["line_items"][0]["id"])
    assert all(isinstance(line[name], str) for name in ("wbs_code_id", "amount"))


def updated(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(row["updated_at"] for row in rows)


@pytest.mark.parametrize("path", ["v1.1/requisitions", "v1.0/work_order_contracts"])
def test_both_ends_of_a_range_belong_to_it(api: Api, standin: ProcoreStandIn, path: str) -> None:
    project_id = busiest(standin)
    stamps = updated(api.body(path, project_id=project_id, per_page=100))
    first, last = stamps[1], stamps[-2]
    wanted = [stamp for stamp in stamps if first <= stamp <= last]
    for text in (f"{first}...{last}", f'"{first}...{last}"', f"{first[:-1]}+00:00...{last}"):
        found = api.body(path, project_id=project_id, per_page=100, **{"filters[updated_at]": text})
        assert updated(found) == wanted
    days = f"{first[:10]}...{last[:10]}"
    found = api.body(path, project_id=project_id, per_page=100, **{"filters[updated_at]": days})
    assert updated(found) == [stamp for stamp in stamps if first[:10] <= stamp[:10] <= last[:10]]


@pytest.mark.parametrize("text", ["2026-01-01", "2026-01-01..2026-02-01", "gestern...heute", "..."])
def test_a_range_that_is_none_is_refused(api: Api, standin: ProcoreStandIn, text: str) -> None:
    project_id = next(iter(standin.projects))
    parameters = {"project_id": project_id, "filters[updated_at]": text}
    assert api.get("v1.1/requisitions", **parameters).status_code == 400


def test_requisitions_are_filtered_by_status_commitment_and_period(api: Api, standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "change_order_items")
    for name in ("status", "commitment_id", "period_id"):
        parameters = {"project_id": bill["project_id"], f"filters[{name}]": bill[name], "per_page": 100}
        rows = api.body("v1.1/requisitions", **parameters)
        assert bill["id"] in {row["id"] for row in rows}
        assert {row[name] for row in rows} == {bill[name]}
    wrong = api.get("v1.1/requisitions", project_id=bill["project_id"], **{"filters[status]": "paid"})
    assert wrong.status_code == 400


@pytest.mark.parametrize("style", ["comma", "brackets", "json"])
def test_several_ids_may_be_written_in_three_ways(api: Api, standin: ProcoreStandIn, style: str) -> None:
    project_id = busiest(standin)
    ids = [row["id"] for row in standin.requisitions.values() if row["project_id"] == project_id][:3]
    styles: dict[str, dict[str, Any]] = {
        "comma": {"filters[id]": ",".join(map(str, ids))},
        "brackets": {"filters[id][]": ids},
        "json": {"filters[id]": str(ids)},
    }
    rows = api.body("v1.1/requisitions", project_id=project_id, **styles[style])
    assert [row["id"] for row in rows] == ids


def test_a_filter_that_an_endpoint_lacks_is_ignored_without_a_word(api: Api, standin: ProcoreStandIn) -> None:
    cost = of_case(standin, "direct_cost_draft")
    path = f"v1.1/projects/{cost['project']['id']}/direct_costs"
    everything = api.body(path)
    assert api.body(path, **{"filters[status]": "approved", "sort": "-updated_at"}) == everything
    assert "draft" in {row["status"] for row in everything}


def test_direct_costs_are_filtered_by_their_number(api: Api, standin: ProcoreStandIn) -> None:
    cost = of_case(standin, "two_files")
    path = f"v1.1/projects/{cost['project']['id']}/direct_costs"
    rows = api.body(path, **{"filters[invoice_number]": cost["invoice_number"]})
    assert [row["id"] for row in rows] == [cost["id"]]
    day = cost["received_date"]
    rows = api.body(path, **{"filters[received_date]": f"{day}...{day}"})
    assert cost["id"] in {row["id"] for row in rows}


def test_deleted_commitments_are_listed_on_request(api: Api, standin: ProcoreStandIn) -> None:
    commitment = next(row for row in standin.commitments.values() if row["_kind"] == "WorkOrderContract")
    project_id = commitment["project"]["id"]
    standin.delete_commitment(commitment["id"])

    def listed(**parameters: str) -> set[int]:
        return {
            row["id"] for row in api.body("v1.0/work_order_contracts", project_id=project_id, **parameters)
        }

    assert commitment["id"] not in listed()
    assert listed(**{"filters[include_deleted]": "only"}) == {commitment["id"]}
    assert listed(**{"filters[include_deleted]": "with"}) > {commitment["id"]}


def test_inactive_vendors_have_a_list_of_their_own(api: Api, standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "inactive_vendor")
    active = {row["id"] for row in api.body("v1.0/vendors", company_id=COMPANY_ID)}
    inactive = {row["id"] for row in api.body("v1.0/vendors/inactive", company_id=COMPANY_ID)}
    assert bill["vendor_id"] in inactive - active
    assert api.body(f"v1.0/vendors/{bill['vendor_id']}", company_id=COMPANY_ID)["is_active"] is False


def test_a_page_size_that_is_no_number_is_refused(api: Api) -> None:
    assert api.get("v1.0/vendors", company_id=COMPANY_ID, per_page="all").status_code == 400
    assert api.get("v1.0/vendors", company_id=COMPANY_ID, view="everything").status_code == 400
