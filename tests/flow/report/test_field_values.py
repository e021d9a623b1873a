"""A story shows the value of a field as its reader writes it, and what an event tells in words."""

from __future__ import annotations

import pytest

from mlconnector.flow.report.field_values import field_value
from mlconnector.flow.report.story_lines import lines_of


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
    assert list(lines_of(detail, "de")) == [
        "Grund: nichts zu buchen",
        "Antwort: abgelegt",
        "gültig bis: 01.12.2026 01:09 MEZ",
    ]


def test_a_reason_that_a_person_gave_stays_as_given() -> None:
    assert list(lines_of({"reason": "Doppelt erfasst"}, "de")) == ["Grund: Doppelt erfasst"]
