"""Attachments: behind a redirect to another host, without the token there; and prints of requisitions."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pikepdf
import pytest
from lxml import etree

from mlconnector.standins.base import Clock
from mlconnector.standins.procore import COMPANY_ID, ProcoreStandIn
from tests.standins.procore.conftest import Api, of_case


def attachment(api: Api, standin: ProcoreStandIn) -> dict[str, Any]:
    found: dict[str, Any] = api.requisition(of_case(standin, "progress_retainage"))["attachments"][0]
    return found


def location(api: Api, address: str) -> str:
    answer = api.client.get(address)
    assert answer.status_code == 302
    return answer.headers["location"]


def test_an_attachment_leads_to_another_host(api: Api, standin: ProcoreStandIn) -> None:
    row = attachment(api, standin)
    assert row.keys() == {"id", "url", "filename", "content_type"}
    assert httpx.URL(row["url"]).host == api.client.base_url.host
    there = location(api, row["url"])
    assert httpx.URL(there).host != api.client.base_url.host
    answer = httpx.get(there)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content == standin.file_content(row["id"])


def test_the_address_wants_a_token_and_the_storage_refuses_one(api: Api, standin: ProcoreStandIn) -> None:
    row = attachment(api, standin)
    assert httpx.get(row["url"]).status_code == 401
    there = location(api, row["url"])
    answer = httpx.get(there, headers={"Authorization": api.client.headers["Authorization"]})
    assert answer.status_code == 400
    assert standin.leaks == ["authorization"]


def test_the_storage_forgets_its_addresses(api: Api, standin: ProcoreStandIn, clock: Clock) -> None:
    there = location(api, attachment(api, standin)["url"])
    clock.advance(170)
    assert httpx.get(there).status_code == 200
    clock.advance(20)
    assert httpx.get(there).status_code == 403
    again = location(api, attachment(api, standin)["url"])
    assert httpx.get(again).status_code == 200


def test_an_address_that_was_changed_is_refused(api: Api, standin: ProcoreStandIn) -> None:
    there = httpx.URL(location(api, attachment(api, standin)["url"]))
    for change in ({"expires": "9999999999"}, {"signature": "0"}):
        assert httpx.get(there.copy_merge_params(change)).status_code == 403
    assert api.client.get("/rest/v1.0/attachments/1").status_code == 404


def test_files_are_real_ones(standin: ProcoreStandIn) -> None:
    [file] = standin.attachments(of_case(standin, "progress_retainage")["id"])
    with pikepdf.open(io.BytesIO(standin.file_content(file))) as document:
        assert len(document.pages) == 1


def test_some_have_two_files_none_or_an_e_invoice_beside(standin: ProcoreStandIn) -> None:
    assert len(standin.attachments(of_case(standin, "two_files")["id"])) == 2
    assert standin.attachments(of_case(standin, "no_attachment")["id"]) == {}
    cost = of_case(standin, "xml_beside_pdf")
    files = standin.attachments(cost["id"])
    assert sorted(name.rpartition(".")[2] for name in files.values()) == ["pdf", "xml"]
    xml = next(file for file, name in files.items() if name.endswith(".xml"))
    text = etree.tostring(etree.fromstring(standin.file_content(xml)), encoding="unicode")
    assert cost["invoice_number"] in text
    assert cost["grand_total"] in text


def test_a_file_may_be_large(api: Api, standin: ProcoreStandIn) -> None:
    cost = of_case(standin, "large_file")
    [file] = standin.attachments(cost["id"])
    standin.enlarge_file(file, 3_000_000)
    [row] = api.direct_cost(cost)["attachments"]
    content = httpx.get(location(api, row["url"])).content
    assert len(content) == 3_000_000
    assert content.startswith(b"%PDF")
    with pytest.raises(LookupError):
        standin.enlarge_file(1, 1)


COVER = {"files": [{"type": "cover_sheet", "id": ""}]}


def print_job(api: Api, bill: dict[str, Any], body: Any = COVER, **parameters: str) -> httpx.Response:
    path = f"/rest/v1.0/requisitions/{bill['id']}/single_pdf_compilers"
    return api.client.post(path, params={"project_id": bill["project_id"], **parameters}, json=body)


def test_a_print_is_made_in_the_background(api: Api, standin: ProcoreStandIn) -> None:
    made = print_job(api, of_case(standin, "progress_retainage"), polling="true").json()
    path = f"v1.0/companies/{COMPANY_ID}/invoices/async_jobs/{made['uuid']}"
    statuses = [api.body(path)["status"] for _ in range(2)]
    assert statuses == ["pending", "completed"]
    there = location(api, api.body(path)["result"]["url"])
    assert httpx.get(there).content.startswith(b"%PDF")
    assert standin.mailed == []
    assert api.get(f"v1.0/companies/{COMPANY_ID}/invoices/async_jobs/unknown").status_code == 404


def test_a_print_takes_its_time_and_may_fail(api: Api, standin: ProcoreStandIn, clock: Clock) -> None:
    standin.printing.seconds, standin.printing.fails = 60.0, True
    made = print_job(api, of_case(standin, "progress_retainage"), polling="true").json()
    path = f"v1.0/companies/{COMPANY_ID}/invoices/async_jobs/{made['uuid']}"
    assert [api.body(path)["status"] for _ in range(2)] == ["pending", "in_progress"]
    clock.advance(61)
    assert api.body(path)["status"] == "failed"


def test_without_polling_it_would_be_sent_by_mail(api: Api, standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "progress_retainage")
    assert print_job(api, bill).json() == {}
    assert standin.mailed == [bill["id"]]


@pytest.mark.parametrize("body", [{}, {"files": []}, {"files": [{"type": "unknown", "id": 1}]}, []])
def test_a_print_needs_its_files(api: Api, standin: ProcoreStandIn, body: Any) -> None:
    answer = print_job(api, of_case(standin, "progress_retainage"), body, polling="true")
    assert answer.status_code == 400
