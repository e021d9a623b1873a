from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from mlconnector.flow.connect import setup
from mlconnector.flow.intake import reread
from mlconnector.flow.report import trail_export
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import encode
from mlconnector.standins.base import Options
from mlconnector.standins.datev.standin import DatevStandIn
from mlconnector.standins.pipedrive import PipedriveStandIn
from mlconnector.store import audit
from mlconnector.store.tables import audit_head
from mlconnector.store.vouchers import VoucherState
from tests.conformance.doors import served
from tests.mapping.builders import line, party, voucher
from tests.web import rig as rigs
from tests.web.records import BOOKED, FILE, MISSING, add_batch, add_hint, add_voucher
from tests.web.rig import API_TOKEN, NAME, NOWHERE, Rig

API = "/api/v1"
PATHS = [
    ("GET", "/connections"),
    ("GET", f"/connections/{NAME}"),
    ("POST", f"/connections/{NAME}/check"),
    ("POST", f"/connections/{NAME}/runs"),
    ("POST", f"/connections/{NAME}/login"),
    ("POST", f"/connections/{NAME}/replay"),
    ("POST", f"/connections/{NAME}/reread"),
    ("POST", f"/connections/{NAME}/link"),
    ("POST", f"/connections/{NAME}/resume"),
    ("GET", f"/connections/{NAME}/release"),
    ("POST", f"/connections/{NAME}/release"),
    ("POST", "/batches/b1/resend"),
    ("GET", f"/connections/{NAME}/reports/opos"),
    ("GET", f"/connections/{NAME}/reports/completeness"),
    ("GET", f"/connections/{NAME}/reports/balances"),
    ("GET", f"/connections/{NAME}/reports/costs"),
    ("GET", f"/connections/{NAME}/reports/vat"),
    ("GET", f"/connections/{NAME}/reports/bookings"),
    ("GET", "/inbox"),
    ("GET", "/vouchers"),
    ("GET", "/vouchers/1"),
    ("GET", "/batches"),
    ("GET", "/batches/b1/file"),
    ("GET", "/audit/verify"),
    ("GET", "/audit/export"),
    ("GET", "/notifications"),
    ("POST", "/notifications/books/test"),
    ("POST", "/notifications/books/remove"),
    ("POST", "/check"),
]


@pytest.fixture
def api(rig: Rig) -> httpx.Client:
    """A program at an installation with one connection."""
    rig.connect()
    client = rig.program()
    client.base_url = client.base_url.join(API)
    return client


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_without_the_token_nothing_is_told(rig: Rig, method: str, path: str) -> None:
    body: dict[str, Any] = {"json": {"all": True}} if path.endswith("replay") else {}
    body = {"json": {}} if path.endswith(("login", "reread")) else body
    body = {"json": {"reason": "lost"}} if path.endswith("resend") else body
    for offered in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {API_TOKEN}"}):
        answer = rig.browser().request(method, API + path, headers=offered, **body)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"
    assert rig.work.asked == []


@pytest.mark.parametrize("token", [None, ""])
def test_without_a_token_in_the_settings_the_api_is_closed_and_says_how_to_open_it(
    sqlite_url: str, tmp_path: Path, token: str | None
) -> None:
    with rigs.rig(sqlite_url, tmp_path, api_token=token) as closed:
        for offered in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}):
            answer = closed.browser().get(f"{API}/connections", headers=offered)
            assert answer.status_code == 403
            assert "MLCONNECTOR_API_TOKEN" in answer.json()["detail"]


def test_a_token_may_have_letters_beyond_ascii(sqlite_url: str, tmp_path: Path) -> None:
    with rigs.rig(sqlite_url, tmp_path, api_token="der-schlüssel-des-hauses") as made:
        answer = made.browser().get(f"{API}/connections", headers={b"Authorization": b"Bearer \xff"})
        assert answer.status_code == 401


def test_connections_are_listed_with_what_became_of_their_vouchers(rig: Rig, api: httpx.Client) -> None:
    add_voucher(rig, "1", "settled")
    add_hint(rig, "d1")
    assert api.get("/connections").json() == {
        "connections": [
            {
                "connection": NAME,
                "source": "pipedrive",
                "client": "29098-55003",
                "state": "needs_login",
                "state_reason": "",
                "released": None,
                "vouchers": {"settled": 1},
                "hints_waiting": 1,
            }
        ]
    }


def test_a_connection_is_shown_with_batches_and_what_waits(rig: Rig, api: httpx.Client) -> None:
    add_voucher(rig, "1", "needs_human", MISSING)
    add_batch(rig, "b1", "succeeded")
    shown = api.get(f"/connections/{NAME}").json()
    assert shown["vouchers"] == {"needs_human": 1}
    assert [batch["state"] for batch in shown["batches"]] == ["succeeded"]
    assert [one["cause"] for one in shown["problems"]] == [MISSING.cause]
    assert (shown["latest_run"], shown["login_until"]) == (None, None)


def test_an_unknown_connection_is_not_found(api: httpx.Client) -> None:
    for method, path, body in (
        ("GET", "/connections/nobody", None),
        ("POST", "/connections/nobody/check", None),
        ("POST", "/connections/nobody/runs", None),
        ("POST", "/connections/nobody/login", {}),
        ("POST", "/connections/nobody/replay", {"all": True}),
        ("POST", "/connections/nobody/reread", {}),
    ):
        answer = api.request(method, path, json=body)
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:ml-connector:connection_unknown")
        assert "nobody" in answer.json()["title"]
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.fixture
def reachable(rig: Rig) -> Iterator[Rig]:
    """An installation whose connection has systems behind it; nobody has logged in to DATEV."""
    with (
        served(PipedriveStandIn(Options(records=5)).app) as pipedrive,
        served(DatevStandIn(Options()).app) as datev,
    ):
        rig.connect(pipedrive=pipedrive, datev=datev)
        yield rig


def test_a_check_says_step_by_step_what_works_and_who_can_fix_the_rest(reachable: Rig) -> None:
    checked = reachable.program().post(f"{API}/connections/{NAME}/check").json()
    steps = {step["step"]: step for step in checked["steps"]}
    assert checked["ok"] is False
    assert steps["connection.secrets"]["outcome"] == "ok"
    assert any(step.startswith("pipedrive.") for step in steps)
    failed = [step for step in checked["steps"] if step["outcome"] == "failed"]
    assert [step["step"].partition(".")[0] for step in failed] == ["datev"]
    assert all(step["words"] and step["who"] for step in failed)


def test_a_login_begins_with_an_address_whose_answer_comes_to_this_server(reachable: Rig) -> None:
    begun = reachable.program().post(f"{API}/connections/{NAME}/login", json={"system": "datev"}).json()
    address = httpx.URL(begun["address"])
    assert address.path.endswith("/openid/authorize")
    assert address.params["redirect_uri"] == "http://localhost:8080/oauth/callback"
    assert begun["valid_until"] == "2026-03-02T09:40:00Z"
    back = httpx.URL(httpx.get(address).headers["location"])
    assert reachable.browser().get(back.path, params=back.params).status_code == 200


@pytest.mark.parametrize("system", ["pipedrive", "sap"])
def test_a_system_without_a_login_is_said_to_need_none(reachable: Rig, system: str) -> None:
    answer = reachable.program().post(f"{API}/connections/{NAME}/login", json={"system": system})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:ml-connector:login_not_needed")


def test_a_run_is_begun_and_named(rig: Rig, api: httpx.Client) -> None:
    answer = api.post(f"/connections/{NAME}/runs")
    assert (answer.status_code, answer.json()) == (202, {"id": f"run:{NAME}:1"})
    assert rig.work.asked == [("start_run", NAME, "api")]


def test_a_program_releases_a_connection_and_takes_it_back(rig: Rig, api: httpx.Client) -> None:
    path = f"connections/{NAME}/release"
    before = api.get(path).json()
    assert (before["released"], before["would_go"]["parts"]) == (None, [])
    assert before["would_go"]["begin"] == "2000-01-01"
    assert api.get("connections").json()["connections"][0]["released"] is None
    assert api.get(f"connections/{NAME}").json()["waits_for_release"] == {
        "vouchers": 0,
        "persons": 0,
        "batches": 0,
    }
    given = api.post(path).json()["released"]
    assert given["by"] == "api"
    assert api.get(path).json()["released"] == given
    assert api.get("connections").json()["connections"][0]["released"] == given
    assert api.get(f"connections/{NAME}").json()["released"] == given
    with rig.application.database.read() as db:
        (noted,) = [one for one in audit.story(db, [NAME]) if one.event == "released"]
    assert noted.detail["by"] == "api"
    assert api.post(path, json={"withdraw": True}).json()["released"] is None
    assert api.get(path).json()["released"] is None


def test_nothing_else_in_the_api_releases_a_connection(rig: Rig, api: httpx.Client) -> None:
    for verb in ("runs", "link"):
        api.post(f"connections/{NAME}/{verb}")
    api.post(f"connections/{NAME}/replay", json={"all": True})
    assert api.get(f"connections/{NAME}/release").json()["released"] is None


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("runs", None),
        ("login", {}),
        ("link", None),
        ("resume", None),
        ("replay", {"all": True}),
        ("ignore", {"vouchers": ["1"], "reason": "x"}),
        ("booked-by-hand", {"vouchers": ["1"], "reason": "x"}),
        ("unignore", {"vouchers": ["1"]}),
        ("distinct", {"vouchers": ["1"], "reason": "x"}),
        ("release", None),
    ],
)
def test_a_disconnected_connection_says_what_to_do(
    rig: Rig, api: httpx.Client, verb: str, body: dict[str, Any] | None
) -> None:
    setup.disconnect(rig.application.context(NAME))
    answer = api.post(f"connections/{NAME}/{verb}", json=body)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:ml-connector:disconnected")
    assert "ml-connector connect FILE" in answer.json()["cure"]
    assert rig.work.asked == []


@pytest.mark.parametrize(("verb", "state"), [("ignore", "ignored"), ("booked-by-hand", "booked_by_hand")])
def test_a_program_leaves_vouchers_out_and_takes_that_back(
    rig: Rig, api: httpx.Client, verb: str, state: str
) -> None:
    for number in ("1", "2"):
        add_voucher(rig, number, "needs_human", MISSING)
    path = f"connections/{NAME}"
    done = api.post(f"{path}/{verb}", json={"cause": MISSING.cause, "reason": " typed in "}).json()
    assert (done["state"], done["vouchers"], done["count"]) == (state, ["1", "2"], 2)
    assert (done["reason"], done["by"]) == ("typed in", "api")
    listed = api.get("vouchers", params={"state": state}).json()["vouchers"]
    assert [(one["set_aside"]["by"], one["set_aside"]["reason"]) for one in listed] == [
        ("api", "typed in")
    ] * 2
    assert api.get("vouchers/1").json()["set_aside"] == listed[0]["set_aside"]
    back = api.post(f"{path}/unignore", json={"vouchers": ["1"], "reason": "ours"}).json()
    assert (back["taken_back"], back["vouchers"]) == (1, ["1"])
    assert api.get("vouchers/1").json()["state"] == "received"
    with rig.application.database.read() as db:
        story = audit.story(db, ["key-1"])
    told = [(one.event, one.detail["by"], one.detail["reason"]) for one in story if "by" in one.detail]
    assert told == [(state, "api", "typed in"), ("taken_back", "api", "ours")]


def test_a_program_says_that_two_are_distinct_and_takes_that_back(rig: Rig, api: httpx.Client) -> None:
    add_voucher(rig, "1", "settled")
    add_voucher(rig, "2", "needs_human", Problem("document_looks_booked", {"other": "key-1"}, ("other",)))
    path, wanted = f"connections/{NAME}/distinct", {"vouchers": ["2"], "reason": "two deliveries"}
    assert (
        api.post(path, json={**wanted, "reason": " - "}).json()["type"] == "urn:ml-connector:reason_missing"
    )
    done = api.post(path, json=wanted).json()
    assert done == {"connection": NAME, "distinct": True, "vouchers": ["2"]}
    assert api.get("vouchers/2").json()["state"] == "received"
    assert api.post(path, json=wanted).json()["type"] == "urn:ml-connector:voucher_not_alike"
    back = api.post(path, json={**wanted, "withdraw": True}).json()
    assert back == {"connection": NAME, "distinct": False, "vouchers": ["2"]}
    again = api.post(path, json={**wanted, "withdraw": True}).json()
    assert again["type"] == "urn:ml-connector:voucher_not_distinct"
    with rig.application.database.read() as db:
        told = [one.event for one in audit.story(db, ["key-2"]) if "by" in one.detail]
    assert told == ["told_apart", "not_told_apart"]


@pytest.mark.parametrize("verb", ["ignore", "booked-by-hand"])
def test_what_is_left_out_wants_a_reason_and_vouchers(rig: Rig, api: httpx.Client, verb: str) -> None:
    add_voucher(rig, "1", "needs_human", MISSING)
    path = f"connections/{NAME}/{verb}"
    for wrong in (
        {"vouchers": ["1"]},
        {"reason": "x"},
        {"vouchers": ["1"], "cause": MISSING.cause, "reason": "x"},
    ):
        assert api.post(path, json=wrong).status_code == 422
    blank = api.post(path, json={"vouchers": ["1"], "reason": "  "})
    assert (blank.status_code, blank.json()["type"]) == (409, "urn:ml-connector:reason_missing")
    assert api.get("vouchers/1").json()["state"] == "needs_human"


def test_a_program_binds_a_number_to_a_party_and_takes_that_back(rig: Rig, api: httpx.Client) -> None:
    content = (
        '{"kind": "invoice", "direction": "sale", "external_id": "x-1", "number": "1", "lines": [], '
        '"document_date": "2026-02-27", "currency": "EUR", '
        '"party":{"external_id":"organization/7","name":"Muster","city":"Bremen","country":"DE"}}'
    )
    add_voucher(rig, "1", content=content)
    path = f"connections/{NAME}/numbers"
    wanted = {"party": "organization/7", "number": "10042"}
    seen = api.post(f"{path}/bind", json={**wanted, "try_only": True}).json()
    assert (seen["bound"], seen["number_before"], seen["vouchers"]) == (False, None, [])
    assert (seen["who"]["name"], seen["who"]["city"], seen["who"]["country"]) == ("Muster", "Bremen", "DE")
    assert api.get(path).json() == {"numbers": []}
    assert api.post(f"{path}/bind", json=wanted).json() == {**seen, "bound": True}
    (one,) = api.get(path).json()["numbers"]
    assert (one["number"], one["party"], one["name"], one["origin"]) == (
        *reversed(wanted.values()),
        "Muster",
        "bound",
    )
    unknown = api.post(f"{path}/bind", json={"party": "organization/8", "number": "10043"})
    assert (unknown.status_code, unknown.json()["type"]) == (409, "urn:ml-connector:party_unknown")
    back = api.post(f"{path}/unbind", json={"number": "10042", "reason": "mistaken"}).json()
    assert (back["number"], back["party"], back["is_reserved"]) == ("10042", "organization/7", False)
    again = api.post(f"{path}/unbind", json={"number": "10042"})
    assert (again.status_code, again.json()["type"]) == (409, "urn:ml-connector:number_not_bound")
    with rig.application.database.read() as db:
        told = [(one.event, one.detail["by"]) for one in audit.story(db, [NAME]) if "number" in one.detail]
    assert told == [("number_bound", "api"), ("number_unbound", "api")]


def test_a_program_disconnects_a_connection(rig: Rig, api: httpx.Client) -> None:
    done = api.post(f"connections/{NAME}/disconnect").json()
    assert (done["connection"], done["not_revoked"]) == (NAME, [])
    assert api.get(f"connections/{NAME}").json()["state"] == "paused"
    with rig.application.database.read() as db:
        (noted,) = [one for one in audit.story(db, [NAME]) if one.event == "disconnected"]
    assert noted.detail["by"] == "api"


def test_a_process_that_leaves_the_work_to_others_takes_no_runs(sqlite_url: str, tmp_path: Path) -> None:
    with rigs.rig(sqlite_url, tmp_path, works_here=False) as idle:
        idle.connect()
        answer = idle.program().post(f"{API}/connections/{NAME}/runs")
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:ml-connector:works_elsewhere")
        assert "--no-worker" in answer.json()["cure"]


def test_the_inbox_groups_what_waits_by_cause(rig: Rig, api: httpx.Client) -> None:
    for number in ("1", "2"):
        add_voucher(rig, number, "needs_human", MISSING)
    found = api.get("/inbox").json()
    (problem,) = found["problems"]
    assert (problem["connection"], problem["cause"], problem["count"]) == (NAME, MISSING.cause, 2)
    assert problem["what"]
    assert problem["do"]
    assert (found["page"], found["total"]) == (1, 2)
    assert [one["number"] for one in problem["vouchers"]] == ["1", "2"]
    nothing = api.get("/inbox", params={"connection": "another"}).json()
    assert (nothing["problems"], nothing["total"]) == ([], 0)


def test_each_voucher_of_the_inbox_has_facts_of_its_own(rig: Rig, api: httpx.Client) -> None:
    for number, other in (("1", "Montage"), ("2", "Aufmaß")):
        add_voucher(rig, number, "needs_human", replace(MISSING, facts={**MISSING.facts, "line": other}))
    (problem,) = api.get("/inbox").json()["problems"]
    assert (problem["differs"], "line" in problem["facts"]) == (True, False)
    assert "“…”" in problem["what"]
    assert [one["facts"]["line"] for one in problem["vouchers"]] == ["Montage", "Aufmaß"]
    assert "“Aufmaß”" in problem["vouchers"][1]["what"]
    assert problem["vouchers"][1]["link"].endswith("/deal/x-2")


def test_the_inbox_is_searched_and_read_page_by_page(rig: Rig, api: httpx.Client) -> None:
    for number in ("1", "2", "3"):
        add_voucher(rig, number, "needs_human", MISSING)
    second = api.get("/inbox", params={"limit": 2, "page": 2}).json()
    assert [one["number"] for one in second["problems"][0]["vouchers"]] == ["3"]
    assert (second["problems"][0]["count"], second["total"], second["limit"]) == (3, 3, 2)
    of_number = api.get("/inbox", params={"number": "2", "cause": MISSING.cause}).json()
    assert [one["number"] for one in of_number["problems"][0]["vouchers"]] == ["2"]


@pytest.mark.parametrize(
    ("wanted", "count"),
    [({"cause": MISSING.cause}, 2), ({"all": True}, 3), ({"vouchers": ["1", "x-2"]}, 2)],
)
def test_a_replay_releases_what_waits(
    rig: Rig, api: httpx.Client, wanted: dict[str, Any], count: int
) -> None:
    for number in ("1", "2"):
        add_voucher(rig, number, "needs_human", MISSING)
    add_voucher(rig, "3", "rejected")
    answer = api.post(f"/connections/{NAME}/replay", json=wanted)
    assert answer.json() == {"connection": NAME, "replayed": count}
    received = api.get("/vouchers", params={"state": "received"}).json()["vouchers"]
    assert len(received) == count


@pytest.mark.parametrize(
    "wanted", [{}, {"all": False}, {"vouchers": []}, {"all": True, "cause": "x"}, {"every": True}, []]
)
def test_a_replay_wants_to_know_exactly_which(rig: Rig, api: httpx.Client, wanted: Any) -> None:
    add_voucher(rig, "1", "needs_human", MISSING)
    answer = api.post(f"/connections/{NAME}/replay", json=wanted)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:ml-connector:wrong_request")
    assert api.get("/vouchers").json()["vouchers"][0]["state"] == "needs_human"


@pytest.mark.parametrize("since", [None, "2026-07-01"])
def test_a_source_is_read_once_more(rig: Rig, api: httpx.Client, since: str | None) -> None:
    wanted = {} if since is None else {"since": since}
    answer = api.post(f"/connections/{NAME}/reread", json=wanted)
    assert answer.json() == {"connection": NAME, "since": since}
    asked = reread.asked_for(rig.application.context(NAME))
    assert asked is not None
    assert (asked.since and asked.since.isoformat()) == since


@pytest.mark.parametrize("wanted", [{"since": "01.07.2026"}, {"until": "2026-07-01"}, []])
def test_what_is_read_once_more_is_a_day_or_everything(rig: Rig, api: httpx.Client, wanted: Any) -> None:
    answer = api.post(f"/connections/{NAME}/reread", json=wanted)
    assert answer.status_code == 422
    assert reread.asked_for(rig.application.context(NAME)) is None


def test_a_voucher_that_does_not_wait_is_not_replayed(rig: Rig, api: httpx.Client) -> None:
    add_voucher(rig, "1", "settled")
    answer = api.post(f"/connections/{NAME}/replay", json={"vouchers": ["1"]})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:ml-connector:voucher_not_waiting")
    assert answer.json()["cause"] == "voucher_not_waiting"


def test_vouchers_are_listed_by_connection_and_state(rig: Rig, api: httpx.Client) -> None:
    states: dict[str, VoucherState] = {"1": "settled", "2": "received", "3": "settled"}
    for number, state in states.items():
        rig.clock.advance(1)
        add_voucher(rig, number, state)
    found = api.get("/vouchers", params={"state": "settled", "connection": NAME}).json()["vouchers"]
    assert [one["number"] for one in found] == ["3", "1"]
    assert found[0] == {
        "voucher": "key-3",
        "connection": NAME,
        "kind": "invoice",
        "external_id": "x-3",
        "number": "3",
        "document_date": "2026-02-27",
        "customer": None,
        "amount": None,
        "currency": None,
        "link": f"{NOWHERE}/deal/x-3",
        "revision": "r1",
        "state": "settled",
        "reversed": False,
        "reason": "",
        "reason_in_words": "",
        "set_aside": None,
    }
    page = api.get("/vouchers", params={"limit": 2, "page": 2}).json()
    assert ([one["number"] for one in page["vouchers"]], page["total"]) == (["1"], 3)
    nothing = {"vouchers": [], "page": 1, "limit": 100, "total": 0}
    assert api.get("/vouchers", params={"connection": "another"}).json() == nothing


def test_vouchers_are_searched_by_what_people_know_of_them(rig: Rig, api: httpx.Client) -> None:
    said = voucher(line("100"), party=party(name="Tischlerei Öhler"))
    add_voucher(rig, "RE-1", content=encode(said).decode())
    add_voucher(rig, "RE-2")
    for asked in ({"customer": "öhler"}, {"amount": "119,00"}, {"amount": "100..120", "period": "2026-02"}):
        (found,) = api.get("/vouchers", params=asked).json()["vouchers"]
        assert (found["number"], found["customer"], found["amount"]) == ("RE-1", "Tischlerei Öhler", "119.00")
    assert api.get("/vouchers", params={"number": "re-"}).json()["total"] == 2
    assert api.get("/vouchers", params={"period": "2026-03"}).json()["total"] == 0


@pytest.mark.parametrize(("name", "text"), [("period", "July"), ("amount", "much")])
@pytest.mark.parametrize("path", ["/vouchers", "/batches", "/inbox"])
def test_what_cannot_be_searched_for_is_named_with_the_form_expected(
    api: httpx.Client, path: str, name: str, text: str
) -> None:
    answer = api.get(path, params={name: text})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["where"]) == (422, f"query.{name}")
    assert "range" in error["expected"]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "state=lost", "connection=%00"])
def test_a_wrong_parameter_is_named_and_not_repeated(api: httpx.Client, query: str) -> None:
    answer = api.get(f"/vouchers?{query}")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["where"] == f"query.{query.partition('=')[0]}"
    assert "lost" not in answer.text.replace(error["expected"], "")


@pytest.mark.parametrize("wanted", ["key-RE/2026/1", "RE/2026/1", "x-RE/2026/1", "RE%2F2026%2F1"])
def test_a_voucher_tells_its_story_by_any_of_its_names(rig: Rig, api: httpx.Client, wanted: str) -> None:
    key = add_voucher(rig, "RE/2026/1", "sent")
    add_batch(rig, "b1", "submitted", voucher=key)
    story = api.get(f"/vouchers/{wanted}").json()
    assert (story["voucher"], story["number"], story["state"]) == (key, "RE/2026/1", "sent")
    assert story["content"] == {"number": "1"}
    assert story["entries"] == [json.loads(BOOKED)]
    assert story["batches"] == ["b1"]
    assert [event["event"] for event in story["events"]] == ["received", "frozen"]


@pytest.mark.parametrize(("wanted", "status"), [("nothing", 404), ("%00", 422)])
def test_an_unknown_voucher_is_not_found(api: httpx.Client, wanted: str, status: int) -> None:
    assert api.get(f"/vouchers/{wanted}").status_code == status


def test_batches_are_listed_by_state(rig: Rig, api: httpx.Client) -> None:
    add_batch(rig, "b1", "succeeded")
    add_batch(rig, "b2", "frozen")
    (batch,) = api.get("/batches", params={"state": "frozen"}).json()["batches"]
    assert (batch["id"], batch["connection"], batch["client"]) == ("b2", NAME, "29098-55003")
    assert batch["file"] == "EXTF_pipedrive_2026-02_b2.csv"
    assert batch["created_at"] == "2026-03-02T09:30:00Z"


def test_batches_are_found_by_the_vouchers_in_them_the_latest_first(rig: Rig, api: httpx.Client) -> None:
    add_batch(rig, "b1", voucher=add_voucher(rig, "RE-1"))
    rig.clock.advance(1)
    add_batch(rig, "b2", voucher=add_voucher(rig, "RE-2"))
    listed = api.get("/batches", params={"limit": 1}).json()
    assert ([one["id"] for one in listed["batches"]], listed["total"]) == (["b2"], 2)
    for asked in ({"number": "RE-1"}, {"number": "_b1.csv"}):
        assert [one["id"] for one in api.get("/batches", params=asked).json()["batches"]] == ["b1"]
    assert api.get("/batches", params={"period": "2026-01..2026-02"}).json()["total"] == 2
    for asked in ({"number": "RE-3"}, {"period": "2026-03"}, {"customer": "Öhler"}):
        assert api.get("/batches", params=asked).json()["total"] == 0


def test_the_file_of_a_batch_comes_byte_for_byte(rig: Rig, api: httpx.Client) -> None:
    add_batch(rig, "b1")
    answer = api.get("/batches/b1/file")
    assert answer.content == FILE
    assert hashlib.sha256(answer.content).hexdigest() == api.get("/batches").json()["batches"][0]["sha256"]
    assert answer.headers["content-type"] == "application/octet-stream"
    named = 'attachment; filename="EXTF_pipedrive_2026-02_b1.csv"'
    assert answer.headers["content-disposition"] == named


def test_an_unknown_batch_is_not_found(api: httpx.Client) -> None:
    answer = api.get("/batches/nothing/file")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:ml-connector:batch_unknown")


def test_the_audit_trail_is_verified(rig: Rig, api: httpx.Client) -> None:
    add_voucher(rig, "1")
    good = api.get("/audit/verify").json()
    assert (good["ok"], good["rows"], good["first_broken"]) == (True, 3, None)
    with rig.application.database.write() as db:
        db.execute(update(audit_head).values(hash="0" * 64))
    broken = api.get("/audit/verify").json()
    assert (broken["ok"], broken["first_broken"]) == (False, 3)
    assert broken["reason"]


def test_the_audit_trail_is_taken_along_and_proves_itself(rig: Rig, api: httpx.Client) -> None:
    add_voucher(rig, "1")
    answer = api.get("/audit/export")
    assert "ml-connector-audit-" in answer.headers["content-disposition"]
    lines = answer.text.splitlines()
    assert trail_export.verify(lines).ok
    assert not trail_export.verify([*lines[:-2], lines[-1]]).ok


def test_a_file_is_checked_for_what_datev_would_object_to(api: httpx.Client) -> None:
    report = api.post("/check", content=b"no file of DATEV\r\n", params={"file_name": "x.csv"}).json()
    for severity in ("rejected_online", "rejected_import"):
        assert report[severity] == len([one for one in report["findings"] if one["severity"] == severity])
    assert report["rejected_online"] >= 1
    assert report["rejected_import"] >= 1
    assert report["findings"][0]["routes"] == ["online", "import"]
    assert report["findings"][0]["line"] == 1
    assert all(one["title"] and one["cure"] for one in report["findings"])


def test_findings_are_counted_also_where_they_are_too_many_to_name(api: httpx.Client) -> None:
    content = b"no file of DATEV\r\n" + b'"x\r\n' * 50
    everything = api.post("/check", content=content).json()
    report = api.post("/check", content=content, params={"limit": 1}).json()
    assert len(report["findings"]) == 1
    for severity in ("rejected_online", "rejected_import"):
        assert report[severity] == everything[severity]
    assert everything["rejected_import"] > 1


@pytest.mark.parametrize("language", ["de", "en"])
def test_findings_come_in_the_language_that_was_asked_for(api: httpx.Client, language: str) -> None:
    report = api.post("/check", content=b"", params={"language": language}).json()
    cures = {one["cure"] for one in report["findings"]}
    other = api.post("/check", content=b"", params={"language": "en" if language == "de" else "de"}).json()
    assert cures.isdisjoint(one["cure"] for one in other["findings"])


def test_a_file_may_be_larger_than_other_bodies(api: httpx.Client) -> None:
    content = b"x" * (2 * 1024 * 1024)
    assert api.post("/check", content=content).status_code == 200
    assert api.post(f"/connections/{NAME}/replay", content=content).status_code == 413


def test_a_file_is_not_even_read_without_the_token(rig: Rig) -> None:
    def endless() -> Iterator[bytes]:
        pytest.fail("the body was read")
        yield b""

    answer = rig.browser().post(f"{API}/check", content=endless())
    assert answer.status_code == 401
