"""What cannot be reached is said at once, in words and with its address, and ends a run in time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from mlconnector.app import opened
from mlconnector.commands.outage_watch import duration
from mlconnector.commands.working import ended_early
from mlconnector.settings import UnreadableSettings, load_settings
from mlconnector.standins.faults import Fault
from mlconnector.store import runs
from mlconnector.systems.kit.pacing import Patience
from tests.commands.desk import NAME, Desk, desk

# The port for discarding, where nobody listens on a machine of today.
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr("mlconnector.flow.engine.workflows._PATIENCE", (0.1, 0.2, 0.3))
    monkeypatch.setattr("mlconnector.systems.kit.http.Patience", partial(Patience, attempts=1))
    with desk(tmp_path, 2, monkeypatch) as made:
        made.says(0, "init")
        made.fill_in()
        made.connect()
        made.log_in()
        yield made


def moved(few: Desk, system: str, address: str) -> None:
    """Let the connection have another address of a system."""
    few.scene.urls[system] = address
    few.fill_in()
    few.connect()


def test_a_source_out_of_reach_is_named_and_the_run_ends_with_exit_code_1(few: Desk) -> None:
    there = few.scene.urls["pipedrive"]
    moved(few, "pipedrive", NOWHERE)
    said = few.says(1, "run", NAME, "--wait", "1")
    assert f"{NAME}: Pipedrive cannot be reached: the connection is refused ({NOWHERE}" in said
    assert "It is tried for up to 1 s" in said
    assert "Pipedrive does not answer yet; next try in" in said
    assert "Pipedrive cannot be reached since" in said
    assert "Ended: no usable answer can be had within 1 s. Nothing is lost" in said
    status = few.data(1, "status")[NAME]
    assert status["latest_run"]["state"] == "ended"
    assert status["latest_run"]["outcome"].startswith("later: ")
    assert "ended early, because something could not be reached" in said
    (outage,) = status["out_of_reach"]
    assert (outage["system"], outage["address"], outage["cause"]) == ("pipedrive", NOWHERE, "refused")
    assert outage["next_at"] is None, "nobody tries any more"
    moved(few, "pipedrive", there)
    after = few.data(0, "run", NAME, "--wait", "20")[NAME]
    assert (after["out_of_reach"], after["vouchers"]) == ([], {"settled": 2})


def test_datev_out_of_reach_is_named_and_nothing_is_lost(few: Desk) -> None:
    few.datev.faults.add(Fault("status", "POST", "/import", status=503, times=1000))
    said = few.says(1, "run", NAME, "--wait", "0")
    assert "DATEV cannot answer at the moment" in said
    assert few.data(1, "status")[NAME]["vouchers"] == {"batched": 2}
    few.datev.faults.clear()
    assert few.data(0, "run", NAME, "--wait", "20")[NAME]["vouchers"] == {"settled": 2}
    assert len(few.datev.jobs) == len({job.reference_id for job in few.datev.jobs})


def test_what_answers_again_in_time_is_said_and_the_run_goes_through(few: Desk) -> None:
    few.pipedrive.faults.add(Fault("status", status=503, times=2))
    said = few.says(0, "run", NAME, "--wait", "20")
    assert "Pipedrive answers again" in said


def test_json_stays_one_document(few: Desk) -> None:
    moved(few, "pipedrive", NOWHERE)
    answer = few.data(1, "run", NAME, "--wait", "0")
    assert answer[NAME]["out_of_reach"][0]["cause"] == "refused"


def test_it_is_said_in_german_too(few: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCONNECTOR_LANGUAGE", "de")
    moved(few, "pipedrive", NOWHERE)
    said = few.says(1, "run", NAME, "--wait", "0")
    assert f"Pipedrive ist nicht erreichbar: die Verbindung wird abgelehnt ({NOWHERE}" in said
    assert "Verloren oder doppelt ist nichts" in said


def test_a_run_that_ended_early_counts_though_a_later_one_went_through(few: Desk) -> None:
    with opened(load_settings()) as app:
        began = app.services.now()
        for number, outcome in enumerate(("later: pipedrive cannot be reached", "done")):
            with app.database.write() as db:
                runs.begin(db, f"{NAME}:{number}", NAME, "test", app.services.now())
                runs.end(db, f"{NAME}:{number}", outcome, app.services.now())
        assert ended_early(app, NAME, began)
        assert not ended_early(app, NAME, app.services.now())


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("10m", 600), ("1h", 3600), ("0", 0)])
def test_a_duration_is_given_as_people_write_it(text: str, seconds: float) -> None:
    assert duration(text) == seconds


def test_a_wait_that_nobody_understands_is_wrong_use(few: Desk) -> None:
    assert "90s / 10m / 1h, not soon" in few.says(2, "run", NAME, "--wait", "soon")


@pytest.mark.parametrize("text", ["", "soon", "-1", "1d", "1e9", "٣"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UnreadableSettings, match="90s / 10m / 1h"):
        duration(text)
