from __future__ import annotations

from typing import Any

import httpx
import pytest

from mlconnector.standins.pipedrive import PipedriveStandIn


def deal(client: httpx.Client, deal_id: int) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/api/v2/deals/{deal_id}").json()["data"]
    return answer


def changed_since(client: httpx.Client, time: str) -> list[int]:
    answer = client.get("/api/v2/deals", params={"updated_since": time, "sort_by": "update_time"})
    return [found["id"] for found in answer.json()["data"]]


def test_a_change_moves_update_time_past_every_other_deal(
    client: httpx.Client, standin: PipedriveStandIn
) -> None:
    newest = standin.deal(30).update_time
    standin.change_deal(4, title="Neuer Titel")
    assert changed_since(client, newest) == [30, 4]
    assert deal(client, 4)["title"] == "Neuer Titel"


def test_custom_fields_are_changed_by_name_and_label(client: httpx.Client, standin: PipedriveStandIn) -> None:
    standin.change_deal(
        1, custom_fields={"Rechnungsnummer": "RE-9", "Kostenstelle": "300 Vertrieb", "Fällig am": None}
    )
    fields = client.get("/api/v2/deals/1?include_option_labels=true").json()["data"]["custom_fields"]
    assert fields[standin.field_key("deal", "Rechnungsnummer")] == "RE-9"
    assert fields[standin.field_key("deal", "Kostenstelle")]["label"] == "300 Vertrieb"
    assert fields[standin.field_key("deal", "Fällig am")] is None


def test_an_unknown_deal_or_field_is_an_error(standin: PipedriveStandIn) -> None:
    with pytest.raises(LookupError, match="no deal 999"):
        standin.change_deal(999, title="x")
    with pytest.raises(LookupError, match="Gibtsnicht"):
        standin.change_deal(1, custom_fields={"Gibtsnicht": 1})
    with pytest.raises(AttributeError):
        standin.change_deal(1, titel="x")


def test_a_deal_is_reopened_lost_and_won_again(client: httpx.Client, standin: PipedriveStandIn) -> None:
    first_won = standin.deal(2).won_time
    standin.reopen(2)
    assert (deal(client, 2)["status"], deal(client, 2)["won_time"]) == ("open", None)
    standin.lose(2, "Storno")
    assert (deal(client, 2)["status"], deal(client, 2)["lost_reason"]) == ("lost", "Storno")
    standin.win(2)
    again = client.get("/api/v2/deals/2?include_fields=first_won_time").json()["data"]
    assert again["status"] == "won"
    assert again["won_time"] > first_won == again["first_won_time"]


def test_the_change_log_tells_the_story_newest_first(client: httpx.Client, standin: PipedriveStandIn) -> None:
    standin.reopen(2)
    standin.lose(2)
    told: list[tuple[str | None, str | None]] = []
    cursor = None
    while True:
        page = client.get(
            "/api/v1/deals/2/changelog", params={"limit": 3} | ({"cursor": cursor} if cursor else {})
        )
        told += [(e["old_value"], e["new_value"]) for e in page.json()["data"] if e["field_key"] == "status"]
        cursor = page.json()["additional_data"]["next_cursor"]
        if cursor is None:
            break
    assert told == [("open", "lost"), ("won", "open"), ("open", "won")]


def test_a_deleted_deal_says_so(client: httpx.Client, standin: PipedriveStandIn) -> None:
    standin.delete(2)
    assert (deal(client, 2)["status"], deal(client, 2)["is_deleted"]) == ("deleted", True)


@pytest.mark.parametrize("moves", [True, False])
def test_a_changed_line_changes_sum_and_value_and_update_time_if_told(
    client: httpx.Client, standin: PipedriveStandIn, moves: bool
) -> None:
    before = deal(client, 1)
    standin.change_line(1, 0, moves_update_time=moves, quantity=3, item_price=10.5, discount=0)
    after = deal(client, 1)
    sums = [line["sum"] for line in client.get("/api/v2/deals/1/products").json()["data"]]
    assert sums[0] == 31.5
    assert after["value"] == pytest.approx(sum(sums)) != before["value"]
    assert (after["update_time"] > before["update_time"]) is moves


def test_an_added_file_is_listed_and_served(client: httpx.Client, standin: PipedriveStandIn) -> None:
    added = standin.add_file(11, "Rechnung_neu.pdf", b"%PDF-1.4 neu")
    listed = client.get("/api/v1/deals/11/files").json()["data"]
    assert [file["name"] for file in listed] == ["Rechnung_neu.pdf"]
    assert client.get(f"/api/v1/files/{added.id}/download").content == b"%PDF-1.4 neu"


def test_a_renamed_field_keeps_its_key(client: httpx.Client, standin: PipedriveStandIn) -> None:
    key = standin.field_key("deal", "Rechnungsnummer")
    standin.rename_field("deal", "Rechnungsnummer", "Rechnung Nr.")
    assert client.get(f"/api/v2/dealFields/{key}").json()["data"]["field_name"] == "Rechnung Nr."
    assert deal(client, 1)["custom_fields"][key] == "RE-2026-00001"
    with pytest.raises(LookupError):
        standin.field_key("deal", "Rechnungsnummer")


def test_a_deleted_field_vanishes_from_every_deal(client: httpx.Client, standin: PipedriveStandIn) -> None:
    key = standin.delete_field("deal", "Rechnungsnummer").field_code
    assert key not in deal(client, 1)["custom_fields"]
    assert client.get(f"/api/v2/dealFields/{key}").status_code == 404


def test_an_added_field_is_on_every_deal(client: httpx.Client, standin: PipedriveStandIn) -> None:
    field = standin.add_field("deal", "Leistungsart", "enum", ["Ware", "Dienst"])
    assert deal(client, 1)["custom_fields"][field.field_code] is None
    options = [option["id"] for option in field.options or []]
    every = [f for e in ("deal", "person") for f in client.get(f"/api/v2/{e}Fields").json()["data"]]
    taken = [option["id"] for f in every for option in f["options"] or []]
    assert all(taken.count(option) == 1 for option in options)
    standin.change_deal(1, custom_fields={"Leistungsart": "Dienst"})
    assert deal(client, 1)["custom_fields"][field.field_code] == options[1]


def test_a_changed_organisation_is_found_by_its_update_time(
    client: httpx.Client, standin: PipedriveStandIn
) -> None:
    org_id = standin.deal(1).org_id or 0
    standin.change_organization(org_id, name="Neu GmbH", custom_fields={"USt-IdNr.": "DE136695976"})
    answer = client.get("/api/v2/organizations", params={"updated_since": "2026-01-01T00:00:00Z"}).json()
    assert [organization["name"] for organization in answer["data"]] == ["Neu GmbH"]


def test_merged_deals_leave_one_with_everything(client: httpx.Client, standin: PipedriveStandIn) -> None:
    first, second = deal(client, 1), deal(client, 4)
    lines = [len(client.get(f"/api/v2/deals/{deal_id}/products").json()["data"]) for deal_id in (1, 4)]
    standin.merge("deal", 4, into=1)
    assert client.get("/api/v2/deals/4").status_code == 404
    assert len(client.get("/api/v2/deals/1/products").json()["data"]) == sum(lines)
    assert deal(client, 1)["value"] == pytest.approx(first["value"] + second["value"])


def test_merged_organisations_join_texts_and_move_deals(
    client: httpx.Client, standin: PipedriveStandIn
) -> None:
    gone, into = standin.deal(1).org_id or 0, standin.deal(2).org_id or 0
    standin.change_organization(gone, custom_fields={"Debitorennummer": "10111"})
    standin.change_organization(into, custom_fields={"Debitorennummer": "10222"})
    standin.merge("organization", gone, into=into)
    assert client.get(f"/api/v2/organizations/{gone}").status_code == 404
    assert deal(client, 1)["org_id"] == into
    fields = client.get(f"/api/v2/organizations/{into}").json()["data"]["custom_fields"]
    assert fields[standin.field_key("organization", "Debitorennummer")] == "10222 10111"
