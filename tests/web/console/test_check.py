"""The screen Verbindung prüfen: asked for by a person, step by step in words, kept until the next time."""

from __future__ import annotations

from tests.web.console.rig import visitor
from tests.web.rig import NAME, Rig


def test_a_check_is_made_when_it_is_asked_for_and_its_result_stays(rig: Rig) -> None:
    rig.connect()
    somebody = visitor(rig, "bookkeeper")
    assert "noch nie" in somebody.page("check")
    assert "noch nie von hier aus geprüft" in somebody.page(f"check/result?connection={NAME}")
    page = somebody.done("check/run", connection=NAME)
    assert "Zugangsdaten hinterlegt" in page
    assert "Schritte, die jemanden brauchen" in page
    assert "geprüft am 02.03.2026" in page.lower()
    assert "von bookkeeper@example.com" in page
    again = visitor(rig, "auditor").page("check")
    assert "noch nie" not in again
    assert "Fehler: " in again
    assert "Jetzt prüfen" not in again


def test_a_step_says_who_can_help_and_leads_there(rig: Rig) -> None:
    rig.connect()
    page = visitor(rig).done("check/run", connection=NAME)
    rows = [row for row in page.split("<tr>") if "Anmeldung bei DATEV" in row]
    assert len(rows) == 1
    assert "Sie" in rows[0]
    assert f"/console/connections/connection?connection={NAME}" in rows[0]
    assert "„Zur Anmeldung“" in rows[0]
    assert "ml-connector" not in page.partition("<main")[2]


def test_a_connection_that_there_is_not_is_said(rig: Rig) -> None:
    answer = visitor(rig).post("check/run", connection="nothing")
    assert answer.status_code == 404
