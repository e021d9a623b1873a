from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mlconnector.store import connections
from mlconnector.store.vouchers import VoucherState
from tests.web.records import add_batch, add_hint, add_request, add_transfer, add_voucher
from tests.web.rig import NAME, Rig

Samples = dict[tuple[str, tuple[str, ...]], float]


def scraped(rig: Rig) -> Samples:
    """Every sample by its name and the values of its labels, which are sorted by their names."""
    answer = rig.browser().get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (
            sample.name.removeprefix("mlconnector_"),
            tuple(value for _, value in sorted(sample.labels.items())),
        ): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.fixture
def connected(rig: Rig) -> Rig:
    rig.connect()
    return rig


def test_an_empty_installation_has_metrics_without_samples(rig: Rig) -> None:
    assert scraped(rig) == {
        ("transfers_last_day", ("batch",)): 0.0,
        ("transfers_last_day", ("document",)): 0.0,
    }


def test_vouchers_and_batches_are_counted_by_state(connected: Rig) -> None:
    states: dict[str, VoucherState] = {"1": "settled", "2": "settled", "3": "needs_human"}
    for number, state in states.items():
        add_voucher(connected, number, state)
    add_batch(connected, "b1", "succeeded")
    found = scraped(connected)
    assert found["vouchers", (NAME, "settled")] == 2
    assert found["vouchers", (NAME, "needs_human")] == 1
    assert found["batches", (NAME, "succeeded")] == 1


def test_waiting_hints_tell_how_many_and_since_when(connected: Rig) -> None:
    since = connected.clock().timestamp()
    add_hint(connected, "d1")
    connected.clock.advance(60)
    add_hint(connected, "d2")
    found = scraped(connected)
    assert found["webhook_hints_waiting", (NAME,)] == 2
    assert found["webhook_hint_oldest_timestamp_seconds", (NAME,)] == since


def test_exactly_the_state_of_a_connection_is_one(connected: Rig) -> None:
    with connected.application.database.write() as db:
        connections.set_state(db, NAME, "degraded", "", connected.clock())
    states = {
        labels[1]: value for (name, labels), value in scraped(connected).items() if name == "connection_state"
    }
    assert states == {"ready": 0, "needs_login": 0, "degraded": 1, "paused": 0}


def test_the_end_of_a_login_is_told(connected: Rig) -> None:
    until = connected.clock.advance(0).replace(year=2027)
    connected.application.vault.put(NAME, "datev.tokens", "{}", until)
    found = scraped(connected)
    assert found["login_valid_until_timestamp_seconds", (NAME, "datev")] == until.timestamp()


def test_requests_of_the_last_day_are_counted_by_system_method_and_class(connected: Rig) -> None:
    add_request(connected, "datev", "GET", 200)
    connected.clock.advance(2 * 86400)
    for status in (200, 302, 404, 429, 503, None):
        add_request(connected, "datev", "GET", status)
    add_request(connected, "pipedrive", "POST", 201)
    found = {
        labels: value for (name, labels), value in scraped(connected).items() if name.startswith("http_req")
    }
    assert found == {
        ("2xx", "GET", "datev"): 1,
        ("3xx", "GET", "datev"): 1,
        ("4xx", "GET", "datev"): 2,
        ("5xx", "GET", "datev"): 1,
        ("none", "GET", "datev"): 1,
        ("2xx", "POST", "pipedrive"): 1,
    }


def test_gets_are_put_in_relation_to_what_datev_took(connected: Rig) -> None:
    for _ in range(6):
        add_request(connected, "datev", "GET", 200)
    for batch, outcome in (("b1", "accepted job-1"), ("b2", "adopted job-2"), ("b3", "refused: no")):
        add_batch(connected, batch)
        add_transfer(connected, batch, outcome)
    found = scraped(connected)
    assert found["transfers_last_day", ("batch",)] == 2
    assert found["gets_per_transfer", ()] == 3


def test_out_of_reach_of_the_database_there_are_no_metrics_and_no_details(rig: Rig, tmp_path: Path) -> None:
    rig.application.database.close()
    (tmp_path / "test.sqlite").unlink()
    (tmp_path / "test.sqlite").mkdir()
    answer = rig.browser().get("/metrics")
    assert (answer.status_code, answer.text) == (503, "")
