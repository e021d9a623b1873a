from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from mlconnector.standins.pipedrive import PipedriveStandIn


def files(client: httpx.Client, deal_id: int, **parameters: Any) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/deals/{deal_id}/files", params=parameters)
    assert answer.status_code == 200, answer.text
    listed: list[dict[str, Any]] | None = answer.json()["data"]
    return listed or []


def deal_with(standin: PipedriveStandIn, label: str) -> int:
    return next(deal_id for deal_id, labels in standin.labels().items() if labels.files == label)


def test_a_deal_without_files_has_null_for_a_list(client: httpx.Client, standin: PipedriveStandIn) -> None:
    answer = client.get(f"/api/v1/deals/{deal_with(standin, 'none')}/files").json()
    assert answer["data"] is None
    pagination = answer["additional_data"]["pagination"]
    assert pagination == {"start": 0, "limit": 100, "more_items_in_collection": False}


def test_quote_and_invoice_can_be_told_apart_by_name(client: httpx.Client, standin: PipedriveStandIn) -> None:
    names = [file["name"] for file in files(client, deal_with(standin, "quote_and_invoice"))]
    assert [name.partition("_")[0] for name in names] == ["Angebot", "Rechnung"]


def test_the_size_in_the_list_is_the_number_of_bytes(client: httpx.Client, standin: PipedriveStandIn) -> None:
    for label in (
        "invoice",
        "invoice_and_photos",
        "quote_and_invoice",
        "damaged",
        "forbidden_type",
        "oversized",
    ):
        listed = files(client, deal_with(standin, label))
        assert listed
        for file in listed:
            answer = client.get(f"/api/v1/files/{file['id']}/download")
            assert answer.headers["content-type"] == "application/octet-stream"
            assert len(answer.content) == file["file_size"]


def test_files_are_paged_by_start_and_limit(client: httpx.Client, standin: PipedriveStandIn) -> None:
    for number in range(5):
        standin.add_file(1, f"Anlage {number}.pdf", b"%d" % number)
    seen: list[int] = []
    start: int | None = 0
    while start is not None:
        page = client.get("/api/v1/deals/1/files", params={"start": start, "limit": 4}).json()
        seen += [file["id"] for file in page["data"]]
        pagination = page["additional_data"]["pagination"]
        assert pagination["more_items_in_collection"] is ("next_start" in pagination)
        start = pagination.get("next_start")
    assert len(seen) == len(set(seen)) == 6
    newest_first = [file["id"] for file in files(client, 1, sort="update_time DESC")]
    assert newest_first == sorted(seen, reverse=True)


def test_one_file_is_described_by_its_id(client: httpx.Client) -> None:
    listed = files(client, 1)[0]
    assert client.get(f"/api/v1/files/{listed['id']}").json()["data"] == listed
    assert listed["url"].endswith(f"/files/{listed['id']}/download")


@pytest.mark.parametrize("path", ["deals/999/files", "files/1/download", "files/1"])
def test_what_does_not_exist_is_not_found(client: httpx.Client, path: str) -> None:
    assert client.get(f"/api/v1/{path}").status_code == 404


def test_a_download_can_be_redirected_on_the_same_host(
    client: httpx.Client, standin: PipedriveStandIn, url: str
) -> None:
    path = f"/api/v1/files/{files(client, 1)[0]['id']}/download"
    direct = client.get(path).content
    standin.storage.base_url = url
    answer = client.get(path)
    assert answer.status_code == 302
    assert client.get(path, follow_redirects=True).content == direct


def test_a_credential_that_follows_to_another_host_is_refused_and_written_down(
    client: httpx.Client, standin: PipedriveStandIn, url: str
) -> None:
    standin.storage.base_url = f"http://localhost:{urlsplit(url).port}"
    address = client.get(f"/api/v1/files/{files(client, 1)[0]['id']}/download").headers["location"]
    assert client.get(address).status_code == 400
    assert standin.storage.leaked == ["x-api-token"]
    assert httpx.get(address).status_code == 200


def test_a_storage_address_needs_its_signature(
    client: httpx.Client, standin: PipedriveStandIn, url: str
) -> None:
    standin.storage.base_url = url
    address = client.get(f"/api/v1/files/{files(client, 1)[0]['id']}/download").headers["location"]
    assert httpx.get(address[:-1] + ("0" if address[-1] != "0" else "1")).status_code == 403


def test_currencies_include_one_that_is_not_iso(client: httpx.Client) -> None:
    listed = client.get("/api/v1/currencies").json()["data"]
    assert [currency["code"] for currency in listed if currency["is_custom_flag"]] == ["PKT"]
    assert client.get("/api/v1/currencies?term=yen").json()["data"][0]["decimal_points"] == 0


def test_the_user_is_an_administrator_of_the_company(client: httpx.Client) -> None:
    me = client.get("/api/v1/users/me").json()["data"]
    assert me["company_domain"] == "beispielbau"
    assert all(access["admin"] for access in me["access"])
