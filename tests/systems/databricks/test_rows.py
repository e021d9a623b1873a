"""Rows fit their table without a change of what they say, or are refused by name before they are staged."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mlconnector.errors import NeedsHuman
from tests.systems.databricks.tables import NOON, carry, line, load_of, rows_of


def test_numbers_keep_their_zeros_and_names_arrive_composed(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "Müller & Söhne 🏗")
    carry(tmp_path, load_of(line(1, account="0001", cost_center="007", booking_text=decomposed)))
    (row,) = rows_of(tmp_path, "booking_lines")
    assert (row["account"], row["cost_center"]) == ("0001", "007")
    assert row["booking_text"] == unicodedata.normalize("NFC", decomposed)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"amount": Decimal("1.005")}, "places"),
        ({"amount": Decimal(10) ** 16}, "too_large"),
        ({"amount": Decimal("NaN")}, "type"),
        ({"amount": 1.5}, "type"),
        ({"amount": "1.234,56"}, "type"),
        ({"booking_date": None}, "empty"),
        ({"client_id": None}, "empty"),
        ({"booking_text": "a\0b"}, "nul"),
        ({"booking_text": "a\udc80"}, "undecodable"),
        ({"account": 1}, "type"),
        ({"line_no": True}, "type"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_name_and_nothing_is_staged(
    tmp_path: Path, given: dict[str, Any], fault: str
) -> None:
    with pytest.raises(NeedsHuman) as refused:
        carry(tmp_path, load_of(line(1), {**line(2, document_number="RE-7"), **given}))
    facts = refused.value.problem.facts
    assert refused.value.problem.key == "warehouse_row_refused"
    assert (facts["fault"], facts["record"], facts["table"]) == (fault, "b1-2 (RE-7)", "booking_lines")
    assert facts["column"] in given
    assert not (tmp_path / "stage").exists()


def test_a_negative_zero_is_nothing(tmp_path: Path) -> None:
    carry(tmp_path, load_of(line(1, "-0.00"), line(2, "0.00")))
    assert [str(row["amount"]) for row in rows_of(tmp_path, "booking_lines")] == ["0.00", "0.00"]


def test_the_largest_amount_is_exact(tmp_path: Path) -> None:
    (carried,) = carry(tmp_path, load_of(line(1, "9999999999999999.99"), line(2, "-0.01")))
    assert carried.agrees
    assert carried.target_amount == Decimal("9999999999999999.98")


def test_of_two_rows_with_one_key_the_newer_counts(tmp_path: Path) -> None:
    older, newer = (
        {**line(1, "1.00"), "revised_at": NOON},
        {**line(1, "2.00"), "revised_at": NOON + timedelta(1)},
    )
    carry(tmp_path, load_of(newer, older, line(2), line(2)))
    assert [row["amount"] for row in rows_of(tmp_path, "booking_lines")] == [Decimal(2), Decimal(119)]


@pytest.mark.parametrize("revised_at", [None, NOON])
def test_two_different_rows_of_one_key_at_the_same_time_are_an_error(tmp_path: Path, revised_at: Any) -> None:
    two = [{**line(1, amount), "revised_at": revised_at} for amount in ("1.00", "2.00")]
    with pytest.raises(NeedsHuman) as refused:
        carry(tmp_path, load_of(*two))
    assert refused.value.problem.key == "warehouse_key_twice"
    assert refused.value.problem.facts["record"] == "b1-1"
