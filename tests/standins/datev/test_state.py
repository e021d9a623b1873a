from __future__ import annotations

from pathlib import Path

import httpx

from mlconnector.standins.base import Options
from mlconnector.standins.datev import APP, DatevStandIn, create
from tests.standins.datev.support import (
    ALL_SCOPES,
    CLIENTS,
    DXSO,
    EXTF,
    MUSTERHOLZ,
    browser,
    code_for,
    document_xml,
    exchange,
    ledger_xml,
    logged_in,
    post_extf,
    put_document,
    refresh,
)

GUID = "0b94bcdd-9c3c-4ba4-8d04-7c2e2e5ac8b7"


def started(folder: Path) -> DatevStandIn:
    return create(Options(state_file=folder / "kept" / "datev.json", delay=5))


def with_token(standin: DatevStandIn, access_token: str) -> httpx.Client:
    client = browser(standin)
    client.headers.update({"Authorization": f"Bearer {access_token}", "X-DATEV-Client-Id": APP})
    return client


def test_without_a_state_file_saving_does_nothing(tmp_path: Path) -> None:
    create(Options()).save()
    assert list(tmp_path.iterdir()) == []


def test_sessions_and_replays_survive_a_restart(tmp_path: Path) -> None:
    before = started(tmp_path)
    first = exchange(browser(before), code_for(browser(before))).json()
    second = refresh(browser(before), first["refresh_token"]).json()
    before.save()
    after = started(tmp_path)
    with with_token(after, second["access_token"]) as api:
        assert api.get(f"{CLIENTS}/clients/{MUSTERHOLZ}").status_code == 200
        assert refresh(browser(after), first["refresh_token"]).json()["error"] == "invalid_grant"
        assert refresh(browser(after), second["refresh_token"]).json()["error"] == "invalid_grant"
    assert (after.tokens.refreshes, after.tokens.replays) == (1, 1)


def test_a_revoked_token_stays_revoked(tmp_path: Path) -> None:
    before = started(tmp_path)
    session = before.log_in(ALL_SCOPES.split())
    before.tokens.revoke(session.access_token)
    before.save()
    after = started(tmp_path)
    with with_token(after, session.access_token) as api:
        assert api.get(f"{CLIENTS}/clients").status_code == 401
        assert refresh(browser(after), session.refresh_token).status_code == 200


def test_the_signing_key_survives_a_restart(tmp_path: Path) -> None:
    before = started(tmp_path)
    keys = browser(before).get("/certs").json()
    before.save()
    assert browser(started(tmp_path)).get("/certs").json() == keys


def test_documents_keep_their_guids_and_contents(tmp_path: Path) -> None:
    before = started(tmp_path)
    with logged_in(before) as api:
        put_document(api, guid=GUID)
    before.save()
    with logged_in(started(tmp_path)) as api:
        assert put_document(api, guid=GUID).status_code == 409
        assert put_document(api).json()["error"] == "#DCO01253"


def test_jobs_go_on_where_they_were(tmp_path: Path) -> None:
    before = started(tmp_path)
    with logged_in(before) as api:
        post_extf(api, headers={"Reference-Id": "batch 1"})
    before.save()
    after = started(tmp_path)
    with logged_in(after) as api:
        [job] = api.get(f"{EXTF}/clients/{MUSTERHOLZ}/extf-files/jobs").json()
        assert (job["reference_id"], job["result"]) == ("batch 1", "pending")
        after.clock.advance(5)
        assert [job.result for job in after.jobs] == ["succeeded"]


def test_an_open_dxso_job_keeps_its_files_and_a_running_one_its_outcome(tmp_path: Path) -> None:
    jobs = f"{DXSO}/clients/{MUSTERHOLZ}/dxso-jobs"
    files = {"RE-1.xml": ledger_xml(), "document.xml": document_xml()}
    wanted = {"import_type": "accountsReceivableLedgerImport", "accounting_month": "2026-11"}

    def restarted(standin: DatevStandIn) -> DatevStandIn:
        standin.save()
        return started(tmp_path)

    standin = started(tmp_path)
    with logged_in(standin) as api:
        job = api.post(jobs, json=wanted).json()["id"]
        for name, content in files.items():
            api.post(f"{jobs}/{job}/files", files={"files": (name, content, "text/xml")})
    standin = restarted(standin)
    with logged_in(standin) as api:
        headers = {"Content-Type": "application/merge-patch+json"}
        assert api.put(f"{jobs}/{job}", content='{"ready":"true"}', headers=headers).status_code == 204
    standin = restarted(standin)
    standin.clock.advance(5)
    assert [job.status for job in standin.dxso_jobs] == [2]
    assert len(standin.documents) == 1


def test_ordered_services_and_opened_years_survive_a_restart(tmp_path: Path) -> None:
    before = started(tmp_path)
    before.withdraw_service(MUSTERHOLZ, "Belegbilderservice")
    before.client(MUSTERHOLZ).fiscal_years.append(2028)
    before.save()
    client = started(tmp_path).client(MUSTERHOLZ)
    assert "Belegbilderservice" not in client.services
    assert client.fiscal_years == [2024, 2025, 2026, 2027, 2028]
