from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from mlconnector.standins.pipedrive import PipedriveStandIn
from mlconnector.standins.pipedrive.generator import FIRST_LINE


@pytest.fixture
def records() -> int:
    return 130


def everything(client: httpx.Client, path: str, **parameters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        answer = client.get(path, params=parameters | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        found += answer.json()["data"]
        cursor = answer.json()["additional_data"]["next_cursor"]
        if cursor is None:
            return found


def ids(records: list[dict[str, Any]]) -> list[Any]:
    return [record["id"] for record in records]


@pytest.mark.parametrize("sort_by", ["id", "update_time", "add_time"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 7, 65, 130, 500])
def test_paging_to_the_end_loses_nothing_and_doubles_nothing(
    client: httpx.Client, sort_by: str, direction: str, limit: int
) -> None:
    found = everything(client, "/api/v2/deals", sort_by=sort_by, sort_direction=direction, limit=limit)
    keys = [(deal[sort_by], deal["id"]) for deal in found]
    assert keys == sorted(keys, reverse=direction == "desc")
    assert sorted(ids(found)) == list(range(1, 131))


def test_a_page_has_a_hundred_records_unless_asked_otherwise(client: httpx.Client) -> None:
    assert len(client.get("/api/v2/deals").json()["data"]) == 100


def test_a_deal_that_changes_between_two_pages_comes_again_at_the_end_and_no_other_is_lost(
    client: httpx.Client, standin: PipedriveStandIn
) -> None:
    parameters = {"sort_by": "update_time", "limit": "100"}
    first = client.get("/api/v2/deals", params=parameters).json()
    standin.change_deal(100, title="geändert")
    standin.change_deal(101, title="geändert")
    parameters["cursor"] = first["additional_data"]["next_cursor"]
    second = client.get("/api/v2/deals", params=parameters).json()
    assert ids(second["data"]) == [*range(102, 131), 100, 101]


def test_updated_since_is_inclusive_and_updated_until_is_not(
    client: httpx.Client, standin: PipedriveStandIn
) -> None:
    since, until = standin.deal(50).update_time, standin.deal(60).update_time
    found = everything(client, "/api/v2/deals", updated_since=since, updated_until=until)
    assert ids(found) == list(range(50, 60))
    sorted_by_time = everything(client, "/api/v2/deals", updated_since=since, sort_by="update_time", limit=9)
    assert ids(sorted_by_time) == list(range(50, 131))


def test_updated_since_in_another_time_zone_is_the_same_instant(
    client: httpx.Client, standin: PipedriveStandIn
) -> None:
    instant = datetime.fromisoformat(standin.deal(50).update_time)
    written = instant.astimezone(timezone(timedelta(hours=2))).isoformat()
    assert written.endswith("+02:00")
    found = everything(client, "/api/v2/deals", updated_since=written)
    assert ids(found)[0] == 50


@pytest.mark.parametrize(
    "written",
    ["2026-07-01T00:00:00.000Z", "2026-07-01", "2026-07-01 00:00:00", "2026-07-01T00:00:00", "gestern"],
)
def test_times_that_pipedrive_refuses_are_refused(client: httpx.Client, written: str) -> None:
    answer = client.get("/api/v2/deals", params={"updated_since": written})
    assert answer.status_code == 400
    assert answer.json()["code"] == "ERR_SCHEMA_VALIDATION_FAILED"
    assert answer.json()["success"] is False


def test_ids_pick_deals_and_drop_those_that_do_not_exist(client: httpx.Client) -> None:
    assert ids(everything(client, "/api/v2/deals", ids="7,3,999999,3")) == [3, 7]


def test_a_hundred_ids_are_enough(client: httpx.Client) -> None:
    hundred = ",".join(str(number) for number in range(1, 101))
    assert len(everything(client, "/api/v2/deals", ids=hundred)) == 100
    assert client.get("/api/v2/deals", params={"ids": f"{hundred},101"}).status_code == 400


def test_status_takes_a_comma_list(client: httpx.Client, standin: PipedriveStandIn) -> None:
    standin.reopen(1)
    standin.lose(2)
    standin.delete(3)
    assert ids(everything(client, "/api/v2/deals", status="open,lost")) == [1, 2]
    assert ids(everything(client, "/api/v2/deals", status="won,deleted"))[:2] == [3, 4]
    assert 3 not in ids(everything(client, "/api/v2/deals"))


def test_a_deleted_deal_is_listed_for_thirty_days(client: httpx.Client, standin: PipedriveStandIn) -> None:
    standin.delete(3)
    assert ids(everything(client, "/api/v2/deals", status="deleted")) == [3]
    standin.options.clock.advance(31 * 86_400)
    assert everything(client, "/api/v2/deals", status="deleted") == []


def test_archived_deals_are_only_in_their_own_list(client: httpx.Client, standin: PipedriveStandIn) -> None:
    standin.archive(5)
    assert 5 not in ids(everything(client, "/api/v2/deals"))
    assert ids(everything(client, "/api/v2/deals/archived")) == [5]
    assert client.get("/api/v2/deals/5").json()["data"]["is_archived"] is True


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/api/v2/deals", {"limit": "501"}),
        ("/api/v2/deals", {"limit": "0"}),
        ("/api/v2/deals", {"limit": "viele"}),
        ("/api/v2/deals", {"cursor": "bm9uc2Vuc2U"}),
        ("/api/v2/deals", {"cursor": "%%%"}),
        ("/api/v2/deals", {"status": "gewonnen"}),
        ("/api/v2/deals", {"sort_by": "title"}),
        ("/api/v2/deals", {"sort_direction": "ASC"}),
        ("/api/v2/deals", {"include_fields": "products_count,value_in_words"}),
        ("/api/v2/deals", {"custom_fields": ",".join("abcdefghijklmnop")}),
        ("/api/v2/deals", {"ids": "1,zwei"}),
        ("/api/v2/deals", {"updated_from": "2026-07-01T00:00:00Z"}),
        ("/api/v2/deals/archived", {"include_option_labels": "true"}),
        ("/api/v2/deals/drei", {}),
        ("/api/v2/deals/products", {}),
        ("/api/v2/deals/products", {"deal_ids": ",".join(["1"] * 101)}),
        ("/api/v2/deals/1/products", {"sort_by": "deal_id"}),
        ("/api/v2/dealFields", {"limit": "1000"}),
        ("/api/v2/products", {"updated_until": "2026-07-01T00:00:00Z"}),
        ("/api/v1/deals/1/files", {"limit": "101"}),
        ("/api/v1/deals/1/files", {"sort": "name"}),
    ],
)
def test_wrong_parameters_are_refused(client: httpx.Client, path: str, parameters: dict[str, str]) -> None:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 400, answer.text
    assert answer.json().keys() == {"success", "error", "error_info", "data", "additional_data", "code"}


def test_a_cursor_of_another_order_is_refused(client: httpx.Client) -> None:
    cursor = client.get("/api/v2/deals", params={"limit": 5}).json()["additional_data"]["next_cursor"]
    answer = client.get("/api/v2/deals", params={"limit": 5, "cursor": cursor, "sort_by": "update_time"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "path", ["deals/4711", "organizations/1", "persons/1", "products/1", "pipelines/9", "stages/99"]
)
def test_a_record_that_does_not_exist_is_not_found(client: httpx.Client, path: str) -> None:
    answer = client.get(f"/api/v2/{path}")
    assert answer.status_code == 404
    assert answer.json()["error_info"] == "Object was not found."


def test_version_two_lives_only_under_api(client: httpx.Client) -> None:
    assert client.get("/v2/deals").status_code == 404
    assert client.get("/v1/users/me").status_code == client.get("/api/v1/users/me").status_code == 200


def test_lines_of_many_deals_come_in_one_list(client: httpx.Client, standin: PipedriveStandIn) -> None:
    wanted = {1: 0, 2: 0, 4: 0}
    listed = everything(client, "/api/v2/deals/products", deal_ids="1,2,4,99999", limit=2)
    assert {line["deal_id"] for line in listed} == set(wanted)
    alone = [line for deal_id in wanted for line in everything(client, f"/api/v2/deals/{deal_id}/products")]
    assert sorted(ids(listed)) == sorted(ids(alone))
    assert ids(listed) == sorted(ids(listed))
    assert min(ids(listed)) == FIRST_LINE
    repeated = client.get("/api/v2/deals/products", params={"deal_ids": [1, 2, 4]}).json()["data"]
    assert ids(repeated) == ids(listed)


def test_discounts_are_one_list_without_pages(client: httpx.Client, standin: PipedriveStandIn) -> None:
    by_kind = {label.lines: deal_id for deal_id, label in standin.labels().items()}
    for kind, expected in (("deal_discount_percentage", "percentage"), ("deal_discount_amount", "amount")):
        answer = client.get(f"/api/v2/deals/{by_kind[kind]}/discounts").json()
        assert answer.keys() == {"success", "data"}
        assert [discount["type"] for discount in answer["data"]] == [expected]
        assert len(answer["data"][0]["id"]) == 36
    assert client.get(f"/api/v2/deals/{by_kind['inclusive']}/discounts").json()["data"] == []


def test_instalments_are_listed_by_deal(client: httpx.Client, standin: PipedriveStandIn) -> None:
    deal_id = next(deal_id for deal_id, label in standin.labels().items() if label.case == "instalments")
    listed = everything(client, "/api/v2/deals/installments", deal_ids=f"1,{deal_id}", sort_by="billing_date")
    assert [part["deal_id"] for part in listed] == [deal_id] * 3


def test_every_custom_field_is_present_and_null_where_empty(
    client: httpx.Client, standin: PipedriveStandIn
) -> None:
    key = standin.field_key("deal", "Rechnungsnummer")
    deal_id = next(
        deal_id for deal_id, label in standin.labels().items() if label.case == "missing_invoice_number"
    )
    fields = client.get(f"/api/v2/deals/{deal_id}").json()["data"]["custom_fields"]
    assert fields[key] is None
    assert len(fields) == 6


def test_option_labels_come_on_request(client: httpx.Client, standin: PipedriveStandIn) -> None:
    key = standin.field_key("deal", "Kostenstelle")
    plain = client.get("/api/v2/deals/1").json()["data"]["custom_fields"][key]
    labelled = client.get("/api/v2/deals/1?include_option_labels=true").json()["data"]["custom_fields"][key]
    assert isinstance(plain, int)
    assert labelled["id"] == plain
    assert labelled["label"][:3].isdigit()


def test_custom_fields_can_be_chosen(client: httpx.Client, standin: PipedriveStandIn) -> None:
    key = standin.field_key("deal", "Rechnungsnummer")
    deals = client.get("/api/v2/deals", params={"custom_fields": key}).json()["data"]
    assert {tuple(deal["custom_fields"]) for deal in deals} == {(key,)}


def test_counts_come_on_request(client: httpx.Client, standin: PipedriveStandIn) -> None:
    deal_id = next(
        deal_id for deal_id, label in standin.labels().items() if label.files == "invoice_and_photos"
    )
    path = f"/api/v2/deals/{deal_id}"
    assert "files_count" not in client.get(path).json()["data"]
    deal = client.get(path, params={"include_fields": "products_count,files_count,first_won_time"}).json()[
        "data"
    ]
    assert deal["files_count"] == 3
    assert deal["products_count"] == len(client.get(f"{path}/products").json()["data"])
    assert deal["first_won_time"] == deal["won_time"]


def test_deals_can_be_filtered_by_organisation(client: httpx.Client, standin: PipedriveStandIn) -> None:
    org_id = standin.deal(1).org_id
    assert {deal["org_id"] for deal in everything(client, "/api/v2/deals", org_id=org_id)} == {org_id}


@pytest.mark.parametrize("kind", ["organizations", "persons", "products"])
def test_parties_and_products_are_found_by_list_ids_and_id(client: httpx.Client, kind: str) -> None:
    listed = everything(client, f"/api/v2/{kind}", limit=11)
    assert len(set(ids(listed))) == len(listed) > 10
    two = f"{listed[3]['id']},{listed[1]['id']}"
    assert everything(client, f"/api/v2/{kind}", ids=two) == [listed[1], listed[3]]
    assert client.get(f"/api/v2/{kind}/{listed[3]['id']}").json()["data"] == listed[3]


def test_a_deleted_product_is_only_found_by_its_id(client: httpx.Client, standin: PipedriveStandIn) -> None:
    assert 599 not in ids(everything(client, "/api/v2/products"))
    assert client.get("/api/v2/products/599").json()["data"]["is_deleted"] is True


@pytest.mark.parametrize("entity", ["deal", "organization", "person", "product"])
def test_fields_are_paged_and_found_by_code(client: httpx.Client, entity: str) -> None:
    fields = everything(client, f"/api/v2/{entity}Fields", limit=4)
    custom = [field for field in fields if field["is_custom_field"]]
    assert custom
    assert all(len(field["field_code"]) == 40 for field in custom)
    answer = client.get(f"/api/v2/{entity}Fields/{custom[0]['field_code']}").json()["data"]
    assert answer == custom[0]


def test_stages_belong_to_pipelines(client: httpx.Client) -> None:
    pipelines = everything(client, "/api/v2/pipelines")
    assert pipelines
    for pipeline in pipelines:
        stages = everything(client, "/api/v2/stages", pipeline_id=pipeline["id"], sort_by="order_nr", limit=2)
        assert stages
        assert [stage["order_nr"] for stage in stages] == list(range(1, len(stages) + 1))
        assert client.get(f"/api/v2/stages/{stages[0]['id']}").json()["data"] == stages[0]


def test_calls_are_counted_by_path(client: httpx.Client) -> None:
    client.get("/api/v2/deals/1")
    client.get("/api/v2/deals/2")
    client.post("/api/v1/webhooks", json={})
    counted = client.get("/_standin/statistics").json()
    assert counted == {"gets": 2, "posts": 1, "by_path": {"/api/v2/deals/{id}": 2, "/api/v1/webhooks": 1}}
