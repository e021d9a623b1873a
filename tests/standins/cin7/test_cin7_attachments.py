"""Attachments: no dates, addresses on another host that are good for some minutes, and no keys there."""

from __future__ import annotations

import io

import httpx
import pikepdf

from mlconnector.standins.base import Clock
from mlconnector.standins.cin7 import Cin7StandIn
from tests.standins.cin7.conftest import KEYS, Api


def test_an_attachment_has_no_date_and_a_signed_address_on_another_host(
    api: Api, standin: Cin7StandIn
) -> None:
    line = attachment(api, standin, "Rechnung_")
    assert line.keys() == {"ID", "ContentType", "FileName", "DownloadUrl"}
    address = httpx.URL(line["DownloadUrl"])
    assert address.host != api.client.base_url.host
    assert {"timeStamp", "signature"} <= set(address.params)


def test_the_address_gives_the_bytes_without_keys(api: Api, standin: Cin7StandIn) -> None:
    line = attachment(api, standin, "Rechnung_")
    answer = httpx.get(line["DownloadUrl"])
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content == standin.file_content(line["ID"])


def test_keys_that_are_sent_there_have_leaked(api: Api, standin: Cin7StandIn) -> None:
    assert httpx.get(attachment(api, standin, "")["DownloadUrl"], headers=KEYS).status_code == 400
    assert standin.leaks == ["api-auth-accountid", "api-auth-applicationkey"]


def test_an_address_expires_and_the_next_one_is_another(api: Api, standin: Cin7StandIn, clock: Clock) -> None:
    old = attachment(api, standin, "Rechnung_")["DownloadUrl"]
    clock.advance(280)
    assert httpx.get(old).status_code == 200
    clock.advance(25)
    assert httpx.get(old).status_code == 403
    new = attachment(api, standin, "Rechnung_")["DownloadUrl"]
    assert new != old
    assert httpx.get(new).status_code == 200


def test_an_address_that_was_changed_is_refused(api: Api, standin: Cin7StandIn) -> None:
    address = httpx.URL(attachment(api, standin, "Rechnung_")["DownloadUrl"])
    other = next(each for each in standin.attachments(list(standin.sales)[1]))
    for change in ({"timeStamp": "9999999999"}, {"ID": other}, {"signature": "0"}):
        assert httpx.get(address.copy_merge_params(change)).status_code == 403


def test_the_sale_shows_the_same_files(api: Api, standin: Cin7StandIn) -> None:
    for sale_id in standin.sales:
        files = standin.attachments(sale_id)
        for lines in (
            api.body("sale", ID=sale_id)["Attachments"],
            api.body("sale/attachment", SaleID=sale_id)["Lines"],
        ):
            assert {line["ID"]: line["FileName"] for line in lines} == files


def test_a_sale_has_its_invoices_under_their_numbers_beside_pick_lists_and_photos(
    standin: Cin7StandIn,
) -> None:
    names = [name for sale_id in standin.sales for name in standin.attachments(sale_id).values()]
    assert any(name.startswith("PickList_SO-") for name in names)
    assert any(name.endswith(".jpg") for name in names)
    numbers = {name.removeprefix("Rechnung_").removesuffix(".pdf") for name in names if "Rechnung_" in name}
    assert numbers <= standin.labels().keys()


def test_the_files_of_a_purchase_are_asked_for_by_its_id(api: Api, standin: Cin7StandIn) -> None:
    purchase_id = next(iter(standin.purchases))
    body = api.body("purchase/attachment", TaskID=purchase_id)
    assert body["TaskID"] == purchase_id
    assert body["Lines"]


def test_documents_are_real_ones(standin: Cin7StandIn) -> None:
    found = [
        file
        for sale_id in standin.sales
        for file, name in standin.attachments(sale_id).items()
        if ".pdf" in name
    ]
    for file in found[:5]:
        with pikepdf.open(io.BytesIO(standin.file_content(file))) as document:
            assert len(document.pages) == 1


def attachment(api: Api, standin: Cin7StandIn, start: str) -> dict[str, str]:
    for sale_id in standin.sales:
        for line in api.body("sale/attachment", SaleID=sale_id)["Lines"]:
            if line["FileName"].startswith(start):
                found: dict[str, str] = line
                return found
    raise AssertionError("no such attachment")
