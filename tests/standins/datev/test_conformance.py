"""The stand-in's answers against DATEV's own OpenAPI documents (status, media type, headers, schema)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx
import pytest
from jsonschema import Draft4Validator
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

from mlconnector.standins.datev import DatevStandIn
from mlconnector.standins.datev.answers import FAULT_NAMES
from tests.specifications import located, needs
from tests.standins.datev.support import (
    CLIENTS,
    DOCUMENTS,
    DXSO,
    EXTF,
    MUSTERHOLZ,
    PDF,
    TESTHOLZ,
    document_xml,
    extf,
    ledger_xml,
    logged_in,
    metadata_part,
    post_extf,
    put_document,
)

SPECIFICATIONS = located("datev-openapi")
FILES = {
    "accounting-clients": "accounting-clients-2.0.json",
    "accounting-documents": "accounting_documents-2.1.12.json",
    "accounting-extf-files": "accounting_extf-files-3.0.1.json",
    "accounting-dxso-jobs": "accounting_dxso-jobs-2.1.7.json",
}
PLAIN = "455148-1"  # a client whose numbers come as numbers
GUID = "9e290b5c-cdf4-58c3-a935-b260ca54fcff"

pytestmark = needs("datev-openapi")


@cache
def specification(api: str, folder: str = "patched") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SPECIFICATIONS / folder / FILES[api]).read_text("utf-8"))
    return found


@cache
def openapi(api: str, folder: str = "patched") -> OpenAPI:
    return OpenAPI.from_dict(specification(api, folder))


def check(answer: httpx.Response, folder: str = "patched") -> None:
    """OpenAPIError unless the specification of the API knows such an answer."""
    _, api, path = answer.request.url.path.split("/", 2)
    request = MockRequest(f"https://{api}.api.datev.de", answer.request.method.lower(), f"/{path}")
    headers = dict(answer.headers)
    media_type = headers.get("content-type", "application/json")
    openapi(api, folder).validate_response(
        request, MockResponse(answer.content, answer.status_code, headers, media_type)
    )


def check_body(answer: httpx.Response, schema: str) -> None:
    """ValidationError unless the body is of that schema; for bodies that are only described in prose."""
    _, api, _ = answer.request.url.path.split("/", 2)
    components = specification(api)["components"]
    Draft4Validator({"$ref": f"#/components/schemas/{schema}", "components": components}).validate(
        answer.json()
    )


@pytest.fixture
def job(standin: DatevStandIn, api: httpx.Client) -> str:
    """A processed dxso job of the plain client."""
    jobs = f"{DXSO}/clients/{PLAIN}/dxso-jobs"
    wanted = {"import_type": "accountsReceivableLedgerImport", "accounting_month": "2026-11"}
    job_id: str = api.post(jobs, json=wanted).json()["id"]
    for name, content in (("RE-1.xml", ledger_xml()), ("document.xml", document_xml())):
        api.post(f"{jobs}/{job_id}/files", files={"files": (name, content, "text/xml")})
    headers = {"Content-Type": "application/merge-patch+json"}
    api.put(f"{jobs}/{job_id}", content='{"ready":"true"}', headers=headers)
    standin.clock.advance(5)
    return job_id


@pytest.mark.parametrize(
    "path",
    [
        f"{CLIENTS}/clients",
        f"{CLIENTS}/clients?filter=consultant_number eq 29098 and client_number eq 55003",
        f"{CLIENTS}/clients?skip=100&top=10",
        f"{CLIENTS}/clients/{MUSTERHOLZ}",
        f"{DOCUMENTS}/clients",
        f"{DOCUMENTS}/clients/{PLAIN}",
        f"{DOCUMENTS}/clients/29098-55005",
        f"{DOCUMENTS}/clients/{MUSTERHOLZ}/document-types",
        f"{DOCUMENTS}/clients/{MUSTERHOLZ}/duo-version",
        f"{DOCUMENTS}/clients/{TESTHOLZ}/duo-version",
        f"{DXSO}/clients",
        f"{DXSO}/clients/{PLAIN}",
    ],
)
def test_what_is_read_is_as_specified(api: httpx.Client, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 200
    check(answer)


def test_documents_are_answered_as_specified(api: httpx.Client) -> None:
    metadata = {"document_type": "Kasse", "note": "Bar"}
    file = ("a.pdf", PDF, "application/pdf")
    stapled = [("files", file), ("files", ("b.pdf", PDF, "application/pdf")), metadata_part(metadata)]
    posted = [("file", ("c.pdf", PDF, "application/pdf")), metadata_part(metadata)]
    for answer in (
        put_document(api, metadata=metadata),
        api.put(f"{DOCUMENTS}/clients/{MUSTERHOLZ}/documents/stapled", files=stapled),
        api.post(f"{DOCUMENTS}/clients/{MUSTERHOLZ}/documents", files=posted),
    ):
        assert answer.status_code == 201
        check(answer)


def test_the_size_is_text_where_the_unpatched_specification_says_integer(api: httpx.Client) -> None:
    # The schema says integer, the examples beside it are strings; the stand-in follows the examples.
    with pytest.raises(OpenAPIError):
        check(put_document(api), "")


@pytest.mark.parametrize("prefix", [DOCUMENTS, DXSO])
def test_numbers_as_text_are_the_only_deviation_of_basic_data(api: httpx.Client, prefix: str) -> None:
    # The schema says boolean, integer and date, its examples "true", "4" and timestamps.
    answer = api.get(f"{prefix}/clients/{MUSTERHOLZ}")
    with pytest.raises(OpenAPIError):
        check(answer)
    text = answer.text.replace('"true"', "true").replace('"4"', "4").replace("T00:00:00.000Z", "")
    check(
        httpx.Response(
            200, headers={"Content-Type": answer.headers["content-type"]}, text=text, request=answer.request
        )
    )


def test_imports_and_jobs_are_answered_as_specified(standin: DatevStandIn, api: httpx.Client) -> None:
    imported = post_extf(api, headers={"Reference-Id": "batch 1"})
    failed = post_extf(api, extf({2: "510"}))
    check(imported)
    jobs = [f"{EXTF}{answer.headers['location']}" for answer in (imported, failed)]
    for seconds, results in ((0, ["pending", "pending"]), (5, ["succeeded", "failed"])):
        standin.clock.advance(seconds)
        answers = [api.get(path) for path in jobs]
        assert [answer.json()["result"] for answer in answers] == results
        for answer in (*answers, api.get(f"{EXTF}/clients/{MUSTERHOLZ}/extf-files/jobs?top=1")):
            check(answer)


def test_a_dxso_job_is_answered_as_specified(api: httpx.Client) -> None:
    jobs = f"{DXSO}/clients/{PLAIN}/dxso-jobs"
    wanted = {"import_type": "accountsReceivableLedgerImport", "accounting_month": "2026-11"}
    created = api.post(jobs, json=wanted)
    check_body(created, "DXSoJob")  # the specification gives the 201 an example but no schema
    one = f"{jobs}/{created.json()['id']}"
    attached = api.post(f"{one}/files", files={"files": ("a.xml", ledger_xml(), "text/xml")})
    headers = {"Content-Type": "application/merge-patch+json"}
    ready = api.put(one, content='{"ready":"true"}', headers=headers)
    deleted = api.delete(f"{jobs}/{api.post(jobs, json={}).json()['id']}")
    assert [answer.status_code for answer in (created, attached, ready, deleted)] == [201, 201, 204, 204]
    for answer in (created, attached, ready, deleted, api.get(one), api.get(f"{one}/protocol-entries")):
        check(answer)


def test_the_state_and_the_protocol_of_a_processed_job_are_as_specified(api: httpx.Client, job: str) -> None:
    path = f"{DXSO}/clients/{PLAIN}/dxso-jobs/{job}"
    assert api.get(path).json()["status"] == 2
    check(api.get(path))
    check(api.get(f"{path}/protocol-entries"))


def problems(standin: DatevStandIn, api: httpx.Client) -> Iterator[tuple[httpx.Response, int]]:
    jobs = f"{EXTF}/clients/{MUSTERHOLZ}/extf-files/jobs"
    yield api.get(f"{CLIENTS}/clients?top=0"), 400
    yield api.get(f"{CLIENTS}/clients?filter=name eq 1"), 400
    yield api.get(jobs, params={"skip": "x"}), 400
    yield api.get(jobs.replace(MUSTERHOLZ, "x")), 400
    yield post_extf(api, b""), 400
    yield post_extf(api, headers={"Filename": "a.csv"}), 400
    yield post_extf(api, client=TESTHOLZ), 403
    yield api.get(f"{CLIENTS}/clients/29098-55007"), 403
    yield api.get(jobs.replace(MUSTERHOLZ, "29098-55007")), 403
    yield logged_in(standin, "openid").get(f"{CLIENTS}/clients"), 403
    yield logged_in(standin, "openid").get(jobs), 403
    yield api.patch(f"{CLIENTS}/clients"), 405
    yield api.get(f"{CLIENTS}/clients", headers={"Accept": "text/csv"}), 406
    yield api.get(jobs, headers={"Accept": "text/csv"}), 406
    yield post_extf(api, b"x" * (50 * 1024 * 1024 + 1)), 413
    yield post_extf(api, headers={"Content-Type": "text/csv"}), 415


def test_problems_are_as_specified(standin: DatevStandIn, api: httpx.Client) -> None:
    for answer, status in problems(standin, api):
        assert answer.status_code == status
        check_body(answer, "ProblemDetails")
        if status != 405:  # a method that is not in the specification has no answer there
            check(answer)


@pytest.mark.parametrize("path", [f"{CLIENTS}/clients/29098-1", f"{EXTF}/clients/29098-1/extf-files/jobs"])
def test_an_unknown_client_is_answered_as_specified(api: httpx.Client, path: str) -> None:
    check(api.get(path))


@pytest.mark.parametrize("path", [f"{CLIENTS}/clients", f"{EXTF}/clients/{MUSTERHOLZ}/extf-files/jobs"])
def test_a_missing_token_is_answered_as_specified(web: httpx.Client, path: str) -> None:
    # Only the status is specified; documents and dxso-jobs leave out even that for most operations.
    check(web.get(path))


def faults(standin: DatevStandIn, api: httpx.Client) -> Iterator[tuple[httpx.Response, int, str]]:
    put_document(api, guid=GUID)
    other = "29098-1"
    jobs = f"{DXSO}/clients/{MUSTERHOLZ}/dxso-jobs"
    yield put_document(api, guid=GUID), 409, "restapi.KeyConflictFault"
    yield put_document(api), 400, "restapi.DuplicateFileFault"
    yield put_document(api, guid="1"), 400, "restapi.WrongUuidFormatFault"
    yield put_document(api, metadata={"document_type": "x"}), 400, "restapi.InvalidDocumentTypeFault"
    yield put_document(api, content=b"%PDF-"), 400, "restapi.PdfNotParseableFault"
    yield put_document(api, client="455148-2"), 403, ""
    yield put_document(api, client=other), 404, ""
    yield put_document(logged_in(standin, "openid")), 403, "restapi.ScopeFault"
    yield api.get(f"{DOCUMENTS}/clients/29098-55007"), 403, ""
    yield api.get(f"{DOCUMENTS}/clients/{other}/duo-version"), 404, ""
    yield logged_in(standin, "openid").get(f"{DXSO}/clients"), 403, "restapi.ScopeFault"
    yield api.post(jobs.replace(MUSTERHOLZ, TESTHOLZ), json={}), 400, "restapi.RDS1UploadNotSupportedFault"
    yield api.post(jobs, json={"import_type": "x"}), 400, "restapi.MissingMandatoryParameterFault"
    yield api.get(f"{jobs}/{GUID}"), 404, ""
    yield api.get(f"{DXSO}/clients/{other}"), 404, ""


def test_faults_are_as_specified(standin: DatevStandIn, api: httpx.Client) -> None:
    for answer, status, description in faults(standin, api):
        assert (answer.status_code, answer.json().get("error_description", "")) == (status, description)
        check_body(answer, "ErrorMessage")
        check(answer)


def test_every_fault_of_the_list_can_be_told() -> None:
    lines = (SPECIFICATIONS / "dco-error-codes.csv").read_text("utf-8").splitlines()[1:]
    assert {line.split(",")[1].lstrip("#") for line in lines} == FAULT_NAMES.keys()
