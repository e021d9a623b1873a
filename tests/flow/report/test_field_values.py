"""A story shows the value of a field as its reader writes it, and what an event tells in words."""

from __future__ import annotations

from typing import Any

import pytest

from mlconnector.flow.report.field_values import field_value
from mlconnector.flow.report.story_lines import changed, lines_of


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("amount", "1434.47", "1.434,47"),
        ("tax_case", "domestic_19", "Inland 19 %"),
        ("supply", "goods", "Ware"),
        ("due_date", "2026-07-31", "31.07.2026"),
        ("account", "8400", "8400"),
    ],
)
def test_a_value_is_told_as_germans_write_it(field: str, value: str, told: str) -> None:
    assert field_value(field, value, "de") == told


def test_an_event_is_told_without_codes_and_machine_times() -> None:
    detail = {"reason": "zero_value", "answer": "filed", "until": "2026-12-01T00:09:20+00:00"}
    assert list(lines_of("logged_in", detail, "de")) == [
        "Grund: nichts zu buchen",
        "Antwort: abgelegt",
        "gültig bis: 01.12.2026 01:09 MEZ",
    ]


def test_a_reason_that_a_person_gave_stays_as_given() -> None:
    assert list(lines_of("held", {"reason": "Doppelt erfasst"}, "de")) == ["Grund: Doppelt erfasst"]


@pytest.mark.parametrize(
    ("event", "detail", "told"),
    [
        (
            "booked",
            {"entry": "invoice/x@0123456789abcdef0123:original:1", "lines": ["1434.47 EUR 10001 / 8400 3"]},
            [
                "Buchungssatz: neu, Nr. 1 zur Fassung 0123456789abcdef…",
                "Buchung: 1.434,47 EUR, Konto 10001, Gegenkonto 8400, BU-Schlüssel 3",
            ],
        ),
        (
            "open_day_named",
            {"open_from": "2026-07-01", "before": ""},
            ["offen ab: 01.07.2026"],
        ),
        ("changed", {"before": "0123456789abcdef0123"}, ["davor: 0123456789abcdef…"]),
        ("user_role_changed", {"before": "auditor"}, ["davor: Prüfung"]),
        ("release_withdrawn", {"reason": "withdrawn"}, ["Grund: von einer Person zurückgenommen"]),
        (
            "connection_state",
            {"state": "degraded", "reason": "master_data_off:name=x", "facts": {}},
            ["Stand: gestört", "Grund: "],
        ),
        (
            "connected",
            {"text": "[books]\nchart = 1\n", "again": True},
            ["Einstellungen: 2 Zeilen", "erneut: ja"],
        ),
        (
            "confirmed",
            {"seeds": {"tax_case:domestic_19": {"account": "8400"}}},
            ["bestätigt: Inland 19 % (8400)"],
        ),
        (
            "released",
            {"parts": [{"period": "2026-07", "kind": "invoice", "vouchers": 1, "rows": 2, "gross": "119"}]},
            ["was gehen würde: Juli 2026, Rechnung: 1 Belege, 2 Zeilen, 119,00 –"],
        ),
        ("dissolved", {"vouchers": ["a1", "b2"]}, ["Belege: 2"]),
        ("load_verified", {"source_amount": "1200.50"}, ["Summe hier: 1.200,50"]),
        ("frozen", {"rows": 1200}, ["Zeilen: 1.200"]),
    ],
)
def test_what_an_event_tells_is_told_as_germans_write_it(event: str, detail: Any, told: list[str]) -> None:
    said = list(lines_of(event, detail, "de"))
    assert [one[: len(wanted)] for one, wanted in zip(said, told, strict=True)] == told


def test_a_revision_of_the_source_is_told_in_words() -> None:
    before = {"lines": [{"text": "Beratung", "amount": "100.50"}], "party": {"name": "A"}}
    after = {
        "lines": [{"text": "Beratung", "amount": "1100.50"}],
        "party": {"name": "B"},
        "due_date": "2026-07-31",
    }
    assert changed(before, after, "de") == [
        ("Position 1: Betrag", "100,50", "1.100,50"),
        ("Geschäftspartner: Name", "A", "B"),
        ("Fälligkeit", "", "31.07.2026"),
    ]
