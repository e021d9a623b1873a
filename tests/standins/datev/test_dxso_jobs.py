from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from mlconnector.standins.datev import DatevStandIn
from tests.standins.datev.support import (
    DXSO,
    MUSTERHOLZ,
    PDF,
    TESTHOLZ,
    document_xml,
    ledger_xml,
    logged_in,
    put_document,
)

WANTED = {"import_type": "accountsReceivableLedgerImport", "accounting_month": "2026-11"}
MERGE_PATCH = "application/merge-patch+json"
GUID = "9e290b5c-cdf4-58c3-a935-b260ca54fcff"


def path(job: str = "", client: str = MUSTERHOLZ) -> str:
    return f"{DXSO}/clients/{client}/dxso-jobs{f'/{job}' if job else ''}"


def created(api: httpx.Client, wanted: dict[str, Any] | None = None) -> str:
    answer = api.post(path(), json=WANTED if wanted is None else wanted)
    assert answer.status_code == 201, answer.text
    job_id: str = answer.json()["id"]
    return job_id


def attach(api: httpx.Client, job: str, name: str, content: bytes) -> httpx.Response:
    return api.post(path(f"{job}/files"), files={"files": (name, content, "application/octet-stream")})


def make_ready(
    api: httpx.Client, job: str, body: str = '{"ready":"true"}', kind: str = MERGE_PATCH
) -> httpx.Response:
    return api.put(path(job), content=body, headers={"Content-Type": kind})


def status(api: httpx.Client, job: str) -> int:
    answer = api.get(path(job)).json()
    assert answer["id"] == job
    return int(answer["status"])


def error_of(answer: httpx.Response) -> str:
    assert answer.status_code == 400, answer.text
    code: str = answer.json()["error"]
    return code


def processed(
    standin: DatevStandIn, api: httpx.Client, files: dict[str, bytes], job: str | None = None
) -> str:
    """A job that got these files and was processed."""
    job = created(api) if job is None else job
    for name, content in files.items():
        assert attach(api, job, name, content).status_code == 201
    assert make_ready(api, job).status_code == 204
    standin.clock.advance(5)
    return job


def protocol(api: httpx.Client, job: str) -> list[dict[str, str]]:
    entries: list[dict[str, str]] = api.get(path(f"{job}/protocol-entries")).json()
    return entries


@pytest.mark.parametrize(
    ("import_type", "names"),
    [
        ("accountsPayableLedgerImport", {"ledger_folder_names": ["Eingangsrechnungen"]}),
        ("accountsReceivableLedgerImport", {"ledger_folder_names": ["Ausgangsrechnungen"]}),
        ("cashLedgerImport", {"cash_ledger_names": ["Kasse"]}),
    ],
)
def test_a_new_job_tells_account_length_and_folders(
    api: httpx.Client, import_type: str, names: dict[str, list[str]]
) -> None:
    answer = api.post(path(), json={"import_type": import_type, "accounting_month": "2026-11"})
    assert answer.status_code == 201
    assert answer.json() == {"id": answer.json()["id"], "account_length": 4, **names}


def test_a_job_may_be_created_without_parameters(api: httpx.Client) -> None:
    assert api.post(path(), json={}).json().keys() == {"id"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"import_type": "cashLedgerImport"}, "#DCO01017"),
        ({"accounting_month": "2026-11"}, "#DCO01017"),
        ({**WANTED, "import_type": "ledgerImport"}, "#DCO01008"),
        ({**WANTED, "accounting_month": "2026-13"}, "#DCO01008"),
        ({**WANTED, "accounting_month": "2026-11-01"}, "#DCO01008"),
        ([], "#DCO01008"),
        ({**WANTED, "accounting_month": "2022-12"}, "#DCO01002"),
    ],
)
def test_a_job_is_not_created(api: httpx.Client, body: object, code: str) -> None:
    assert error_of(api.post(path(), json=body)) == code


def test_a_job_needs_its_content_type(api: httpx.Client) -> None:
    assert api.post(path(), content="{}", headers={"Content-Type": "text/plain"}).status_code == 415
    assert error_of(api.post(path(), content=b"{}")) == "#DCO01018"


def test_the_next_fiscal_year_is_opened_for_invoices_but_not_for_cash(api: httpx.Client) -> None:
    cash = {"import_type": "cashLedgerImport", "accounting_month": "2028-01"}
    assert error_of(api.post(path(), json=cash)) == "#DCO01002"
    assert api.post(path(), json={**WANTED, "accounting_month": "2028-01"}).status_code == 201
    years = api.get(f"{DXSO}/clients/{MUSTERHOLZ}").json()["basic_accounting_information"]
    assert years[-1]["fiscal_year_start"].startswith("2028-01-01")
    assert error_of(api.post(path(client="29098-55005"), json=WANTED)) == "#DCO01002"


def test_clients_of_the_new_belege_online_cannot_use_it(api: httpx.Client) -> None:
    assert error_of(api.post(path(client=TESTHOLZ), json=WANTED)) == "#DCO01301"


def test_it_needs_the_rechnungsdatenservice(standin: DatevStandIn, api: httpx.Client) -> None:
    standin.withdraw_service(MUSTERHOLZ, "Rechnungsdatenservice 1.0")
    answer = api.post(path(), json=WANTED)
    assert (answer.status_code, answer.json().keys()) == (403, {"request_id"})


def test_a_job_goes_from_open_over_running_to_succeeded(
    standin: DatevStandIn, api: httpx.Client, tmp_path: Path
) -> None:
    job = created(api)
    files = {"RE-1.xml": ledger_xml(), "RE-1.pdf": PDF, "document.xml": document_xml(images=["RE-1.pdf"])}
    for name, content in files.items():
        answer = attach(api, job, name, content)
        assert (answer.status_code, answer.json()) == (201, {})
    assert status(api, job) == 0
    assert make_ready(api, job).status_code == 204
    assert status(api, job) == 1
    standin.clock.advance(5)
    assert status(api, job) == 2
    folder = tmp_path / "received" / MUSTERHOLZ / "dxso" / job
    assert {kept.name: kept.read_bytes() for kept in folder.iterdir()} == files
    entries = protocol(api, job)
    assert [entry["text"] for entry in entries[:3]] == ["wurde empfangen!"] * 3
    assert entries[-1]["context"] == f"Beleg-ID Nr. {GUID}"
    assert {entry["type"] for entry in entries} == {"information"}


def test_a_guid_from_a_job_is_taken_for_documents_too(standin: DatevStandIn, api: httpx.Client) -> None:
    processed(standin, api, {"RE-1.xml": ledger_xml(), "document.xml": document_xml()})
    assert status(api, standin.dxso_jobs[0].id) == 2
    assert put_document(api, guid=GUID).status_code == 409


def test_a_document_that_is_there_already_is_skipped(standin: DatevStandIn, api: httpx.Client) -> None:
    put_document(api, guid=GUID)
    job = processed(standin, api, {"RE-1.xml": ledger_xml(), "document.xml": document_xml()})
    assert status(api, job) == 4
    assert protocol(api, job)[-1]["type"] == "warning"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"document.xml": None}, "document.xml fehlt"),
        ({"document.xml": b"<archive>"}, "kann nicht geparst werden"),
        ({"document.xml": b"<!DOCTYPE a><archive/>"}, "kann nicht geparst werden"),
        ({"document.xml": b"<archive/>"}, "kein Archiv"),
        ({"document.xml": document_xml().replace(b"v06.0", b"v03.0")}, "kein Archiv"),
        (
            {"document.xml": document_xml(header="<clientNumber>1</clientNumber>")},
            "passt nicht zum Mandanten",
        ),
        ({"document.xml": document_xml(images=["a.pdf"])}, "Datei wurde nicht übertragen"),
        ({"document.xml": document_xml(period="2026-10")}, "passt nicht zum Buchungsmonat"),
        ({"document.xml": document_xml(folder="Rechnungen")}, "Ordner Rechnungen ist nicht vorhanden"),
        ({"RE-1.xml": None}, "Datei wurde nicht übertragen"),
        ({"RE-1.xml": b"<LedgerImport"}, "unclosed token"),
        ({"RE-1.xml": ledger_xml(total="119.01")}, "Summe Brutto <> consolidatedAmount"),
        ({"document.xml": document_xml().replace(b"T12:00:00", b"T12:00:00Z")}, "Zeitzone"),
        ({"document.xml": document_xml().replace(b"<document ", b'<document processID="1" ')}, "processID 1"),
        (
            {"document.xml": document_xml().replace(b"<document ", b'<document type="1" ')},
            "type 1 passt nicht",
        ),
        ({"document.xml": document_xml(guid="9e290b5c")}, "keine GUID"),
        (
            {"document.xml": document_xml().replace(b"accountsReceivableLedger", b"Invoice")},
            "nicht unterstützt",
        ),
        ({"document.xml": document_xml().replace(b"Receivable", b"Payable")}, "passt nicht zur Importart"),
        ({"RE-1.xml": ledger_xml(amounts=["1.x"])}, "amount: '1.x' ist kein gültiger Wert"),
        ({"RE-1.xml": ledger_xml(amounts=["0.00"], total="0.00")}, "amount: '0.00' ist kein gültiger Wert"),
        ({"RE-1.xml": ledger_xml(amounts=["1.00", "-1.00"], total="0.00")}, "Betrag von 0,00"),
        ({"RE-1.xml": ledger_xml(total="x")}, "consolidatedAmount ist keine Zahl"),
        (
            {
                "RE-1.xml": ledger_xml().replace(
                    b'consolidatedInvoiceId="RE-1"', b'consolidatedInvoiceId="RE-2"'
                )
            },
            "invoiceId",
        ),
        ({"RE-1.xml": ledger_xml().replace(b"<currencyCode>EUR</currencyCode>", b"")}, "currencyCode fehlt"),
        ({"RE-1.xml": ledger_xml().replace(b'generator_info="M"', b"")}, "generator_info fehlt"),
        ({"RE-1.xml": ledger_xml().replace(b"Kopie nur", b"Nur Kopie")}, "festen Wert"),
        ({"RE-1.xml": ledger_xml(more="<tax>19.00</tax>")}, "tax wird hier nicht erwartet"),
        ({"RE-1.xml": ledger_xml(more="<supplierName>A</supplierName>")}, "supplierName wird hier nicht"),
        ({"RE-1.xml": ledger_xml(more="<customerCity></customerCity>")}, "customerCity: '' ist kein"),
        ({"RE-1.xml": ledger_xml(date="2026-10-31")}, "nicht im Buchungsmonat"),
        ({"RE-1.xml": b"<LedgerImport/>"}, "keine Belegsatzdatendatei"),
        ({"RE-1.xml": ledger_xml(amounts=[])}, "1 bis 5000 Belegsätze"),
    ],
)
def test_a_package_with_errors_is_not_processed(
    standin: DatevStandIn, api: httpx.Client, changes: dict[str, bytes | None], text: str
) -> None:
    files = {"RE-1.xml": ledger_xml(), "document.xml": document_xml(), **changes}
    job = processed(standin, api, {name: content for name, content in files.items() if content is not None})
    assert status(api, job) == 3
    assert any(text in entry["text"] for entry in protocol(api, job) if entry["type"] == "error")


def test_one_bad_document_among_good_ones_is_partly_processed(
    standin: DatevStandIn, api: httpx.Client
) -> None:
    good, bad = document_xml(), document_xml("RE-2.xml", guid=GUID.replace("9e", "9f"))
    end = b"</document>"
    both = good.replace(end, end + bad[bad.index(b"<document ") : bad.index(end)] + end)
    job = processed(standin, api, {"RE-1.xml": ledger_xml(), "document.xml": both})
    assert status(api, job) == 4
    assert list(standin.documents) == [(MUSTERHOLZ, GUID)]


def test_of_two_jobs_with_the_same_guid_the_first_is_taken(standin: DatevStandIn, api: httpx.Client) -> None:
    files = {"RE-1.xml": ledger_xml(), "document.xml": document_xml()}
    first, second = created(api), created(api)
    for job in (first, second):
        for name, content in files.items():
            attach(api, job, name, content)
    for job in (second, first):
        assert make_ready(api, job).status_code == 204
        standin.clock.advance(1)
    standin.clock.advance(5)
    assert (status(api, first), status(api, second)) == (4, 2)


@pytest.mark.parametrize(
    ("more", "account"),
    [("<bpAccountNo>100001</bpAccountNo>", "100001"), ("<bpAccountNo>10001</bpAccountNo>", "")],
)
def test_accounts_of_another_length_are_left_out_and_the_document_arrives(
    standin: DatevStandIn, api: httpx.Client, more: str, account: str
) -> None:
    files = {"RE-1.xml": ledger_xml(more=more), "document.xml": document_xml()}
    job = processed(standin, api, files)
    assert status(api, job) == (4 if account else 2)
    assert list(standin.documents) == [(MUSTERHOLZ, GUID)]
    warnings = [entry["text"] for entry in protocol(api, job) if entry["type"] == "warning"]
    assert [account in text for text in warnings] == ([True] if account else [])


def test_the_protocol_stays(standin: DatevStandIn, api: httpx.Client) -> None:
    job = processed(standin, api, {"RE-1.xml": ledger_xml(), "document.xml": document_xml()})
    before = protocol(api, job)
    standin.clock.advance(40 * 86400)
    api = logged_in(standin)
    assert protocol(api, job) == before


@pytest.mark.parametrize("state", [3, 4, 5, 6])
def test_the_next_job_can_be_made_to_end_in_any_state(
    standin: DatevStandIn, api: httpx.Client, state: int
) -> None:
    standin.fail_next_job(MUSTERHOLZ, state)
    files = {"RE-1.xml": ledger_xml(), "document.xml": document_xml()}
    assert status(api, processed(standin, api, files)) == state
    assert status(api, processed(standin, api, files)) == 2


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.zip", b"PK\x03\x04", "#DCO01015"),
        ("a.pdf", PDF + b" " * (20 * 1024 * 1024), "#DCO01016"),
        ("a.xml", b"%PDF-", "#DCO01219"),
        ("", PDF, "#DCO01004"),
    ],
)
def test_a_file_is_refused(api: httpx.Client, name: str, content: bytes, code: str) -> None:
    assert error_of(attach(api, created(api), name, content)) == code


def test_files_come_one_by_one_in_a_part_named_files(api: httpx.Client) -> None:
    job = path(f"{created(api)}/files")
    file = ("a.pdf", PDF, "application/pdf")
    assert error_of(api.post(job, files={"file": file})) == "#DCO01004"
    assert error_of(api.post(job, files=[("files", file), ("files", file)])) == "#DCO01004"
    assert error_of(api.post(job, content=PDF, headers={"Content-Type": "application/pdf"})) == "#DCO01004"


@pytest.mark.parametrize("job", ["1", GUID])
def test_files_need_a_job_that_exists(api: httpx.Client, job: str) -> None:
    assert error_of(attach(api, job, "a.pdf", PDF)) == "#DCO01003"


def test_a_file_that_comes_twice_is_noted(api: httpx.Client) -> None:
    job = created(api)
    for _ in range(2):
        attach(api, job, "a.pdf", PDF)
    assert [entry["type"] for entry in protocol(api, job)] == ["information", "warning"]


@pytest.mark.parametrize("body", ['{"ready":true}', '{"ready":"True"}', "{}", "", '{"ready":"true","a":1}'])
def test_ready_is_the_string_true(api: httpx.Client, body: str) -> None:
    assert error_of(make_ready(api, created(api), body)) == "#DCO01008"


def test_ready_is_a_merge_patch(api: httpx.Client) -> None:
    assert make_ready(api, created(api), kind="application/json").status_code == 415


def test_a_job_that_was_made_ready_takes_nothing_more(api: httpx.Client) -> None:
    job = created(api)
    make_ready(api, job)
    assert error_of(attach(api, job, "a.pdf", PDF)) == "#DCO01007"
    assert error_of(make_ready(api, job)) == "#DCO01007"
    assert error_of(api.delete(path(job))) == "#DCO01007"


def test_cash_jobs_run_one_after_the_other(standin: DatevStandIn, api: httpx.Client) -> None:
    cash = {"import_type": "cashLedgerImport", "accounting_month": "2026-11"}
    first, second = created(api, cash), created(api, cash)
    assert make_ready(api, first).status_code == 204
    assert error_of(make_ready(api, second)) == "#DCO01001"
    standin.clock.advance(5)
    assert make_ready(api, second).status_code == 204


def test_an_open_job_can_be_deleted_with_everything(api: httpx.Client, tmp_path: Path) -> None:
    job = created(api)
    attach(api, job, "a.pdf", PDF)
    assert api.delete(path(job)).status_code == 204
    assert not (tmp_path / "received" / MUSTERHOLZ / "dxso" / job).exists()
    for answer in (api.get(path(job)), api.get(path(f"{job}/protocol-entries")), api.delete(path(job))):
        assert (answer.status_code, answer.json().keys()) == (404, {"request_id"})
    assert error_of(attach(api, job, "a.pdf", PDF)) == "#DCO01003"


def test_a_job_is_seen_by_its_client_alone(api: httpx.Client) -> None:
    job = created(api)
    assert api.get(path(job, "29098-55006")).status_code == 404
