"""What DATEV limits, and what people may do about it, through the real commands."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlconnector.commands.audit import _cell
from mlconnector.commands.output import visible
from mlconnector.standins.faults import Fault
from tests.commands.desk import NAME, Desk, desk


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk whose connection is set up and logged in, with two deals that can be booked."""
    with desk(tmp_path, 2, monkeypatch) as made:
        made.says(0, "init")
        made.fill_in()
        made.connect()
        made.log_in()
        yield made


def test_a_login_tells_what_datev_wants_its_users_to_see(few: Desk) -> None:
    told = few.log_in("--system", "datev")
    assert "asks for: Belegbilderservice, Buchungsdatenservice" in told
    assert "as Erika Beispiel" in told
    assert "https://apps.datev.de/tokrevui" in told
    assert "https://apps.datev.de/tokrevui" in few.says(0, "status")
    (login,) = few.data(0, "status")[NAME]["logins"]
    assert (login["by"], login["link"]) == ("Erika Beispiel", "https://apps.datev.de/tokrevui")
    assert login["until"]


def test_a_link_can_be_passed_on(few: Desk) -> None:
    told = few.says(0, "login", NAME, "--link")
    assert f"http://localhost:8080/connect/datev/{NAME}?key=" in told
    assert "days" not in few.data(0, "login", NAME, "--link")


def test_a_login_that_cannot_use_the_client_says_that_it_was_not_kept(few: Desk) -> None:
    few.datev.withdraw_service("29098-55003", "Buchungsdatenservice")
    told = few.says(1, "login", NAME, "--paste", "--system", "datev")
    assert "was not kept, but revoked at once" in told
    assert "Buchungsdatenservice is not set up for the client" in told
    assert few.datev.sessions == []


def test_what_could_not_be_revoked_is_said_with_the_way_to_do_it(few: Desk) -> None:
    few.datev.faults.add(Fault("status", "POST", "/revoke", status=400, body=b'{"error": "x"}', times=99))
    told = few.says(1, "login", NAME, "--system", "datev")
    assert f"`ml-connector login {NAME}" not in told.partition("--ended-there")[0]
    assert "--ended-there" in told
    few.datev.faults.clear()
    few.log_in("--system", "datev", "--ended-there")
    assert "is ready" not in few.says(0, "ping", NAME)


def test_work_that_rests_is_shown_and_resumed(few: Desk) -> None:
    few.datev.faults.add(Fault("status", "GET", "/accounting-clients/", status=403, times=11))
    for _ in range(11):
        few.give("run", NAME)
    told = few.says(1, "status", NAME)
    assert "Work rests" in told
    assert f"`ml-connector resume {NAME}`" in told
    few.datev.faults.clear()
    assert f"`ml-connector run {NAME}`" in few.says(0, "resume", NAME)
    assert "need not be resumed" in few.says(1, "resume", NAME)
    few.says(0, "run", NAME)
    assert few.data(0, "status")[NAME]["vouchers"] == {"settled": 2}


def test_a_batch_is_sent_once_more_with_a_reason(few: Desk) -> None:
    few.says(0, "run", NAME)
    batch = few.data(0, "status")[NAME]["batches"][0]
    jobs = len(few.datev.jobs)
    few.says(2, "resend", batch["file"])
    assert "taken the Buchungsstapel" in few.says(1, "resend", batch["file"], "--reason", "lost")
    given = few.data(0, "resend", batch["id"], "--reason", "lost", "--again")
    assert (given["batch"], given["before"]) == (batch["id"], "succeeded")
    few.says(0, "run", NAME)
    assert len(few.datev.jobs) == jobs + 1
    assert few.data(0, "status")[NAME]["batches"][0]["state"] == "succeeded"


def test_every_request_can_be_shown_in_order_with_what_datev_wants_to_be_kept(few: Desk) -> None:
    few.says(0, "run", NAME)
    told = few.give("audit", "http", NAME, "--system", "datev", "--json")
    rows = json.loads(told.stdout)
    assert [row["answered_at"] for row in rows] == sorted(row["answered_at"] for row in rows)
    submitted = next(row for row in rows if row["url"].endswith("/extf-files/import"))
    assert {"sent_at", "method", "url", "request_headers", "answered_at", "status"} <= set(submitted)
    assert (submitted["method"], submitted["status"]) == ("POST", 202)
    assert submitted["transaction_id"]
    assert submitted["gateway_request_id"]
    assert submitted["body"] == ""
    assert "authorization" not in submitted["request_headers"]
    queried = next(row for row in rows if "/extf-files/jobs/" in row["url"])
    assert '"result"' in queried["body"], "the answer to a query of a job's state is kept"
    (session,) = few.datev.sessions
    for secret in (session.access_token, session.refresh_token, "standin-secret"):
        assert secret not in told.stdout


def test_only_what_went_wrong_and_only_since_a_moment(few: Desk) -> None:
    few.datev.faults.add(Fault("status", "GET", "/accounting-clients/", status=403))
    few.give("run", NAME)
    of_connect, row = json.loads(few.give("audit", "http", "--errors", "--json").stdout)
    assert of_connect["url"].endswith("/token"), "connect has asked whether the app is known"
    assert row["status"] == 403
    assert "403" in few.says(0, "audit", "http", NAME, "--errors")
    assert few.says(0, "audit", "http", "--since", "2999-01-01") == "No requests."
    assert json.loads(few.give("audit", "http", "--since", "2999-01-01T10:00", "--json").stdout) == []
    assert "expected is a day or moment" in few.says(2, "audit", "http", "--since", "yesterday")


def test_it_can_be_opened_as_a_table(few: Desk) -> None:
    rows = list(csv.DictReader(io.StringIO(few.give("audit", "http", "--csv").stdout)))
    assert rows
    assert all(row["method"] for row in rows)


@pytest.mark.parametrize("value", ["=1+1", "+49 911", "-1", "@SUM(A1)", "\tx", "\r=1"])
def test_no_cell_of_it_can_be_taken_for_a_formula(value: str) -> None:
    assert not _cell(value).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert _cell(value).removeprefix("'") == visible(value)


def test_an_unhealthy_ratio_raises_an_alarm(few: Desk) -> None:
    for _ in range(9):
        few.give("ping", NAME)
    assert "Too many queries at DATEV" in few.says(0, "status")
