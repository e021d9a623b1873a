"""A client of the stand-in without a network, and the things one sends to it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from mlconnector.standins.datev import APP, CONFIDENTIAL_APP, SECRET, DatevStandIn

CLIENTS = "/accounting-clients/platform/v2"
DOCUMENTS = "/accounting-documents/platform/v2"
EXTF = "/accounting-extf-files/platform/v3"
DXSO = "/accounting-dxso-jobs/platform/v2"
MUSTERHOLZ = "29098-55003"
TESTHOLZ = "29098-55004"
ALL_SCOPES = (
    "openid profile datev:accounting:clients datev:accounting:extf-files-import "
    "accounting:documents accounting:dxso-jobs accounting:clients:read"
)
STATE = "s" * 20
NONCE = "n" * 20
VERIFIER = "v" * 43
CALLBACK = "http://localhost:8000/callback"
PDF = b"%PDF-1.7\n1 0 obj\nendobj\ntrailer\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
COLUMNS = "Umsatz;Soll/Haben"


class AppTransport(httpx.BaseTransport):
    """Calls an ASGI application."""

    def __init__(self, standin: DatevStandIn) -> None:
        self.transport = httpx.ASGITransport(standin.app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def call() -> httpx.Response:
            sent = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
            answer = await self.transport.handle_async_request(sent)
            return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

        return asyncio.run(call())


def browser(standin: DatevStandIn) -> httpx.Client:
    """A client without any credentials."""
    return httpx.Client(transport=AppTransport(standin), base_url="http://datev.test")


def logged_in(standin: DatevStandIn, scope: str = ALL_SCOPES, app_id: str = APP) -> httpx.Client:
    """A client with a valid access token and the header of its app."""
    session = standin.log_in(scope.split(), app_id)
    client = browser(standin)
    client.headers.update({"Authorization": f"Bearer {session.access_token}", "X-DATEV-Client-Id": app_id})
    return client


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def authorization(**changes: str | None) -> dict[str, str]:
    """The parameters of an authorization request; None leaves one out."""
    parameters: dict[str, str | None] = {
        "response_type": "code",
        "client_id": APP,
        "redirect_uri": CALLBACK,
        "scope": ALL_SCOPES,
        "state": STATE,
        "nonce": NONCE,
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
        "enableWindowsSso": "true",
        **changes,
    }
    return {name: value for name, value in parameters.items() if value is not None}


def code_for(web: httpx.Client, **changes: str | None) -> str:
    """Go through the authorization page."""
    answer = web.get("/openid/authorize", params=authorization(**changes))
    assert answer.status_code == 302, answer.text
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def exchange(web: httpx.Client, code: str, app_id: str = APP, **changes: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **changes,
    }
    return web.post("/token", data=form, auth=(app_id, SECRET))


def refresh(web: httpx.Client, refresh_token: str, app_id: str = APP) -> httpx.Response:
    """Refresh the way the app has to: one names itself, the other authenticates."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    if app_id == CONFIDENTIAL_APP:
        return web.post("/token", data=form, auth=(app_id, SECRET))
    return web.post("/token", data={**form, "client_id": app_id})


def put_document(
    web: httpx.Client,
    *,
    client: str = MUSTERHOLZ,
    guid: str | None = None,
    name: str = "Rechnung.pdf",
    content: bytes = PDF,
    media_type: str = "application/pdf",
    metadata: Mapping[str, Any] | None = None,
) -> httpx.Response:
    parts: list[tuple[str, Any]] = [("file", (name, content, media_type))]
    if metadata is not None:
        parts.append(metadata_part(metadata))
    return web.put(f"{DOCUMENTS}/clients/{client}/documents/{guid or uuid.uuid4()}", files=parts)


def metadata_part(metadata: Mapping[str, Any]) -> tuple[str, Any]:
    return ("metadata", (None, json.dumps(metadata, ensure_ascii=False).encode(), "application/json"))


def extf(changes: Mapping[int, str] | None = None, rows: int = 1, client: str = MUSTERHOLZ) -> bytes:
    """An EXTF file; `changes` replaces header fields by their number."""
    consultant, number = client.split("-")
    header = (
        f'"EXTF";700;21;"Buchungsstapel";13;20260131140440439;;"RE";"";"";{consultant};{number};20260101;4;'
        '20260101;20260131;"Januar";"WD";1;0;0;"EUR";;"";;;"03";;;"";""'
    ).split(";")
    for field, value in (changes or {}).items():
        header[field - 1] = value
    return "".join(f"{line}\r\n" for line in (";".join(header), COLUMNS, *['119,00;"S"'] * rows)).encode(
        "cp1252"
    )


def post_extf(
    web: httpx.Client,
    content: bytes | None = None,
    *,
    client: str = MUSTERHOLZ,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    sent = {"Content-Type": "application/octet-stream", "Filename": "EXTF_a.csv", **(headers or {})}
    body = extf(client=client) if content is None else content
    return web.post(f"{EXTF}/clients/{client}/extf-files/import", content=body, headers=sent)


def job_of(web: httpx.Client, imported: httpx.Response) -> dict[str, Any]:
    """The job of an accepted import, by its relative Location."""
    assert imported.status_code == 202, imported.text
    job: dict[str, Any] = web.get(EXTF + imported.headers["location"]).json()
    return job


def failure_of(web: httpx.Client, content: bytes, client: str = MUSTERHOLZ) -> dict[str, Any]:
    """Why the job of a file failed."""
    job = job_of(web, post_extf(web, content, client=client))
    assert job["result"] == "failed"
    details: dict[str, Any] = job["validation_details"]
    return details


def document_xml(
    file: str = "RE-1.xml",
    *,
    guid: str = "9e290b5c-cdf4-58c3-a935-b260ca54fcff",
    period: str = "2026-11",
    folder: str = "Ausgangsrechnungen",
    header: str = "",
    images: Sequence[str] = (),
) -> bytes:
    files = "".join(f'<extension name="{name}" xsi:type="File"/>' for name in images)
    return (
        '<archive xmlns="http://xml.datev.de/bedi/tps/document/v06.0" version="6.0" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<header><date>2026-11-21T12:00:00</date>{header}</header><content>"
        f'<document guid="{guid}"><extension datafile="{file}" xsi:type="accountsReceivableLedger">'
        f'<property key="1" value="{period}"/><property key="3" value="{folder}"/></extension>{files}'
        "</document></content></archive>"
    ).encode()


def ledger_xml(
    total: str = "119.00", amounts: Sequence[str] = ("119.00",), date: str = "2026-11-20", more: str = ""
) -> bytes:
    """A ledger file of outgoing invoices; `more` are further elements at the end of each row."""
    rows = "".join(
        f"<accountsReceivableLedger><date>{date}</date><amount>{amount}</amount>"
        "<currencyCode>EUR</currencyCode><invoiceId>RE-1</invoiceId>"
        f"{more}</accountsReceivableLedger>"
        for amount in amounts
    )
    return (
        '<LedgerImport xmlns="http://xml.datev.de/bedi/tps/ledger/v060" version="6.0" generator_info="M" '
        'xml_data="Kopie nur zur Verbuchung berechtigt nicht zum Vorsteuerabzug">'
        f'<consolidate consolidatedAmount="{total}" consolidatedDate="{date}" '
        f'consolidatedCurrencyCode="EUR" consolidatedInvoiceId="RE-1">{rows}'
        "</consolidate></LedgerImport>"
    ).encode()
