"""The screen Übertragungen: batches with their answers, files, and how one goes once more or anew."""

from __future__ import annotations

import json

import pytest

from mlconnector.model.problems import Problem
from mlconnector.store import audit, batches, connections, entries, vouchers
from mlconnector.web.console.screens.batches import FORMATS, STATES
from tests.web import records
from tests.web.console.rig import fill, visitor
from tests.web.rig import NAME, Rig

ANSWER = {
    "result": "failed",
    "validation_details": {
        "title": "Invalid EXTF-header",
        "detail": "Das Wirtschaftsjahr fehlt",
        "type": "https://apps.datev.de/help-center/documents/1008834",
    },
}


@pytest.fixture
def filled(rig: Rig) -> Rig:
    """Batches in several states, of a connection that is released."""
    fill(rig)
    with rig.application.database.write() as db:
        connections.release(db, NAME, "chef", rig.clock())
    return rig


def reject(rig: Rig, batch: str = "failed") -> None:
    """Let DATEV refuse a batch, as a job that has failed leaves it."""
    cause = Problem("batch_header_refused", {"file": "EXTF.csv", "detail": "Das Wirtschaftsjahr fehlt"})
    with rig.application.database.write() as db:
        values = {"answer": json.dumps(ANSWER), "cause": cause.cause}
        batches.change(db, batch, rig.clock(), **values)
        held = entries.vouchers_of_batch(db, NAME, batch)
        vouchers.replace_problems(db, "mapping", dict.fromkeys(held, (cause,)))


def story(rig: Rig, subject: str) -> list[tuple[str, object]]:
    """What the trail has of a subject beside its beginning, and by whom."""
    with rig.application.database.read() as db:
        return [(row.event, row.detail.get("by")) for row in audit.story(db, [subject])][1:]


def test_the_list_says_what_each_batch_comes_to_and_what_datev_said(filled: Rig) -> None:
    page = visitor(filled).page("batches")
    assert page.count("1.190,00\N{NO-BREAK SPACE}EUR") == 3
    assert page.count("200,50\N{NO-BREAK SPACE}EUR") == 3
    assert page.count("</span> bereitgestellt</span>") == 1
    assert "geht mit dem nächsten Lauf" in page
    assert page.index("waiting.csv") < page.index("settled.csv") < page.index("failed.csv")


SEARCHES: dict[str, set[str]] = {
    "state=failed": {"failed"},
    "text=R-SETTLED": {"settled"},
    "text=_waiting.csv": {"waiting"},
    "kind=dxso": set(),
    "period=2026-03": set(),
    f"period=2026-01..2026-02&connection={NAME}": {"settled", "failed", "waiting"},
    "connection=another": set(),
}


def test_the_list_is_searched(filled: Rig) -> None:
    somebody = visitor(filled)
    for query, found in SEARCHES.items():
        page = somebody.page(f"batches?{query}")
        assert {one for one in ("settled", "failed", "waiting") if f"name={one}" in page} == found, query


def test_a_period_that_is_none_is_said_beside_its_field(filled: Rig) -> None:
    assert "„Juli“ ist kein Zeitraum." in visitor(filled).page("batches?period=Juli")


def test_the_list_is_taken_along(filled: Rig) -> None:
    taken = visitor(filled).get("batches?as=csv&state=succeeded").text.splitlines()
    assert len(taken) == 2
    assert ";EUR;1190,00;200,50;bereitgestellt;" in taken[1]


def test_a_batch_shows_its_vouchers_and_attempts_and_gives_its_file(filled: Rig) -> None:
    records.add_transfer(filled, "settled", "accepted 4711")
    somebody = visitor(filled, "auditor")
    page = somebody.page("batches/batch?name=settled")
    assert "für die Kanzlei bereitgestellt" in page
    assert "angenommen, Auftrag 4711" in page
    assert "evidence/voucher?key=key-R-settled" in page
    assert somebody.get("batches/batch?name=settled&as=file").content == records.FILE
    assert "resend" not in page


def test_a_second_transfer_is_refused_with_the_reason_and_goes_when_it_is_meant(filled: Rig) -> None:
    somebody = visitor(filled, "bookkeeper")
    assert "noch einmal" in somebody.page("batches/resend?name=settled")
    refused = somebody.post("batches/resend", batch="settled", reason="verloren")
    assert refused.status_code == 200
    assert "Das wäre eine doppelte Übergabe" in refused.text
    assert "ein zweites Mal" in refused.text
    assert story(filled, "settled") == []
    page = somebody.done("batches/resend", batch="settled", reason="mit Kanzlei geklärt", again="yes")
    assert "noch einmal an DATEV" in page
    assert story(filled, "settled") == [("resent", "bookkeeper@example.com")]


def test_without_a_reason_nothing_goes_again(filled: Rig) -> None:
    answer = visitor(filled).post("batches/resend", batch="settled", reason=" ", again="yes")
    assert answer.status_code == 409
    assert story(filled, "settled") == []


def test_a_rejected_batch_is_explained_and_its_vouchers_go_anew(filled: Rig) -> None:
    reject(filled)
    somebody = visitor(filled, "bookkeeper")
    page = somebody.page("batches/batch?name=failed")
    assert "1008834" in page
    assert "DATEV: Das Wirtschaftsjahr fehlt" in page
    assert "Belege, die mit diesem Stapel abgelehnt wurden und warten: 1" in page
    assert "Neu entscheiden lassen" in somebody.page("batches/replay?name=failed")
    assert "neu entschieden werden: 1" in somebody.done("batches/replay", batch="failed")
    assert story(filled, "key-R-rejected") == [("replayed", "bookkeeper@example.com")]
    assert "wartet kein Beleg mehr" in somebody.done("batches/replay", batch="failed")
    assert "1008834" in somebody.page("batches/batch?name=failed")


def test_a_rejected_batch_goes_once_more_as_it_is(filled: Rig) -> None:
    reject(filled)
    page = visitor(filled).done("batches/resend", batch="failed", reason="Wirtschaftsjahr angelegt")
    assert "noch einmal an DATEV" in page


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_kind_and_state_has_words(rig: Rig, language: str) -> None:
    rig.connect()
    for data_format in FORMATS:
        for state in STATES:
            records.add_batch(rig, f"{data_format}-{state}", state)
            with rig.application.database.write() as db:
                batches.change(db, f"{data_format}-{state}", rig.clock(), format=data_format)
    somebody = visitor(rig, language=language)
    assert somebody.page("batches").count("<tr>") == len(FORMATS) * len(STATES) + 1
    somebody.page("batches/batch?name=dxso-partial")
