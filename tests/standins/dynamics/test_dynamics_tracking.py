from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlconnector.standins.base import Clock
from mlconnector.standins.dynamics import DynamicsStandIn
from tests.standins.dynamics.conftest import Api, refused

TRACK = "odata.track-changes,odata.maxpagesize=20"
FULL_SYNC = "Version stamp associated with the client has expired. Please perform a full sync."
DAY = 86_400


def whole(api: Api, address: str, prefer: str = TRACK) -> tuple[list[dict[str, Any]], str]:
    """All entries of a pass and the delta link at its end."""
    found: list[dict[str, Any]] = []
    while True:
        body = api.get(address, prefer).json()
        found += body["value"]
        if "@odata.deltaLink" in body:
            assert "@odata.nextLink" not in body
            return found, body["@odata.deltaLink"]
        address = body["@odata.nextLink"]


@pytest.fixture
def link(api: Api) -> str:
    return whole(api, "invoices?$select=invoicenumber,statecode")[1]


def ids(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["invoiceid"] for entry in entries]


def test_a_first_pass_lists_every_row_once_by_version(api: Api, records: int) -> None:
    rows, link = whole(api, "invoices?$select=invoicenumber")
    assert len(set(ids(rows))) == len(rows) == records
    versions = [int(row["@odata.etag"].strip('W/"')) for row in rows]
    assert versions == sorted(versions)
    assert "?$select=invoicenumber&$deltatoken=" in link


def test_the_preference_is_confirmed(api: Api) -> None:
    answer = api.get("invoices?$select=name", TRACK)
    assert "odata.track-changes" in answer.headers["preference-applied"]


def test_without_changes_there_is_nothing_and_another_link(api: Api, link: str) -> None:
    body = api.get(link).json()
    assert body["@odata.context"].endswith("#invoices(invoicenumber,statecode)/$delta")
    assert body["value"] == []
    assert "$deltatoken=" in body["@odata.deltaLink"]


def test_changed_rows_come_whole_with_the_columns_of_the_first_question(
    api: Api, standin: DynamicsStandIn, link: str
) -> None:
    standin.cancel(2)
    standin.change_invoice(1, name="geändert")
    standin.change_invoice(1, name="noch einmal")
    rows, later = whole(api, link)
    assert ids(rows) == [standin.invoice(2)["invoiceid"], standin.invoice(1)["invoiceid"]]
    assert set(rows[0]) == {"@odata.etag", "invoicenumber", "statecode", "invoiceid"}
    assert rows[0]["statecode"] == 3
    assert whole(api, later)[0] == []
    assert ids(whole(api, link)[0]) == ids(rows)


def test_deleted_rows_come_last_with_their_ids_alone(api: Api, standin: DynamicsStandIn, link: str) -> None:
    gone = standin.delete(3)
    standin.touch(4)
    entries, _ = whole(api, link)
    assert entries[0]["invoiceid"] == standin.invoice(4)["invoiceid"]
    context = f"{api.url}/api/data/v9.2/$metadata#invoices/$deletedEntity"
    assert entries[1:] == [{"@odata.context": context, "id": gone, "reason": "deleted"}]


def test_what_came_and_went_in_between_is_told_as_deleted(
    api: Api, standin: DynamicsStandIn, link: str
) -> None:
    unseen = standin.delete(standin.copy_invoice(1)["invoiceid"])
    assert [entry["id"] for entry in whole(api, link)[0]] == [unseen]
    assert unseen not in str(whole(api, "invoices?$select=name")[0])


def test_a_change_between_two_pages_is_not_lost(api: Api, standin: DynamicsStandIn) -> None:
    first = api.get("invoices?$select=name", TRACK).json()
    seen = first["value"][0]["invoiceid"]
    standin.change_invoice(seen, name="geändert")
    rest, link = whole(api, first["@odata.nextLink"])
    assert ids(rest).count(seen) == 1
    assert ids(whole(api, link)[0]) == [seen]


def test_lines_are_tracked_on_their_own(api: Api, standin: DynamicsStandIn, link: str) -> None:
    _, lines_link = whole(api, "invoicedetails?$select=_invoiceid_value")
    standin.change_line(2, 0, moves_invoice=False, quantity=3)
    changed, _ = whole(api, lines_link)
    assert [row["_invoiceid_value"] for row in changed] == [standin.invoice(2)["invoiceid"]]
    assert whole(api, link)[0] == []


def test_changes_can_be_counted(api: Api, standin: DynamicsStandIn, link: str) -> None:
    standin.touch(1)
    standin.delete(2)
    token = link.partition("$deltatoken=")[2]
    assert api.get(f"invoices/$count?$deltatoken={token}").text == "2"


@pytest.mark.parametrize(
    "option", ["$filter=statecode eq 0", "$orderby=name", "$expand=invoice_details", "$top=3"]
)
def test_other_options_are_refused_in_the_words_of_the_documentation(api: Api, option: str) -> None:
    status, _, text = refused(api.get(f"invoices?$select=name&{option}", TRACK))
    name = option.partition("=")[0]
    assert status == 400
    assert text == f'The "{name}" query parameter isn\'t supported when Change Tracking is enabled.'


def test_a_table_without_change_tracking_refuses(api: Api, standin: DynamicsStandIn) -> None:
    standin.set_tracking("invoicedetail", enabled=False)
    answer = refused(api.get("invoicedetails?$select=tax", TRACK))
    assert answer == (400, "0x80072491", "Entity invoicedetail isn't enabled for change tracking.")


def test_reading_one_s_own_records_only_is_not_enough(api: Api, standin: DynamicsStandIn) -> None:
    standin.set_privilege("invoice", "basic")
    assert refused(api.get("invoices?$select=name", TRACK))[:2] == (403, "0x80040220")
    assert api.get("invoices?$select=name&$top=1").status_code == 200


def test_a_token_is_good_for_seven_days(api: Api, clock: Clock, link: str) -> None:
    clock.advance(7 * DAY - 60)
    api.headers = Api(api.client).headers
    assert api.get(link).status_code == 200
    clock.advance(120)
    assert refused(api.get(link)) == (400, "0x80044352", FULL_SYNC)


def test_the_organisation_says_how_long_tokens_live(
    api: Api, standin: DynamicsStandIn, clock: Clock, link: str
) -> None:
    standin.change_record("organization", standin.organization_id, expirechangetrackingindays=30)
    assert api.rows("organizations?$select=expirechangetrackingindays")[0]["expirechangetrackingindays"] == 30
    clock.advance(20 * DAY)
    api.headers = Api(api.client).headers
    assert api.get(link).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda standin: standin.add_column("invoice", "new_project"),
        lambda standin: standin.rename_option("invoice", "new_costcenter", 100, "100 Zentrale"),
    ],
)
def test_a_changed_definition_makes_tokens_worthless(
    api: Api, standin: DynamicsStandIn, link: str, change: Callable[[DynamicsStandIn], None]
) -> None:
    page = api.get("invoices?$select=name", TRACK).json()["@odata.nextLink"]
    change(standin)
    assert refused(api.get(link)) == (400, "0x80044352", FULL_SYNC)
    assert refused(api.get(page, TRACK)) == (400, "0x80044352", FULL_SYNC)
    assert len(whole(api, "invoices?$select=name")[0]) == len(standin.invoices())


@pytest.mark.parametrize("token", ["", "guessed", "1!yesterday"])
def test_a_token_that_is_none_is_refused(api: Api, token: str) -> None:
    assert api.get(f"invoices?$select=name&$deltatoken={token}").status_code == 400
