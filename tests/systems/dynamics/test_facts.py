from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mlconnector.systems.dynamics.days import Days
from mlconnector.systems.dynamics.facts import Facts
from mlconnector.systems.dynamics.settings import Columns
from mlconnector.systems.dynamics.shapes import FORMATTED

BERLIN = ZoneInfo("Europe/Berlin")


def facts(**columns: Any) -> Facts:
    days = Days(BERLIN, {"invoice": {"createdon": "UserLocal"}})
    return Facts(Columns.model_validate({"invoice_date": "createdon", **columns}), days, "Dach")


def test_a_day_is_the_one_that_users_see() -> None:
    row = {"createdon": "2026-10-31T23:00:00Z"}
    assert facts().day("invoice_date", {"invoice": row}) == date(2026, 11, 1)


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"x": "Montage"}, "Montage"),
        ({"x": 210, f"x{FORMATTED}": "210 Werkstatt"}, "210 Werkstatt"),
        ({"x": 12000, f"x{FORMATTED}": "12.000"}, "12000"),
        ({"x": -5, f"x{FORMATTED}": "-5"}, "-5"),
        ({"x": Decimal("7.50"), f"x{FORMATTED}": "7,50 €"}, "7.5"),
        ({"x": True, f"x{FORMATTED}": "Ja"}, "Ja"),
        ({"x": ""}, None),
        ({"x": None}, None),
        ({}, None),
    ],
)
def test_a_text_is_what_people_see_but_numbers_stay_numbers(row: dict[str, Any], text: str | None) -> None:
    assert facts(cost_centre="x").text("cost_centre", {"invoice": row}) == text


def test_a_lookup_gives_its_label() -> None:
    row = {"_x_value": "60c4e274-0d87-e711-80e5-00155db19e6d", f"_x_value{FORMATTED}": "Werkstatt"}
    assert facts(cost_centre="_x_value").text("cost_centre", {"invoice": row}) == "Werkstatt"


def test_the_first_column_that_is_filled_counts() -> None:
    read = facts(cost_centre=["invoicedetail.a", "product.b", "c"])
    rows = {"invoice": {"c": "300"}, "product": {"b": ""}, "invoicedetail": None}
    assert read.text("cost_centre", rows) == "300"
    assert read.text("cost_centre", {**rows, "product": {"b": "200"}}) == "200"


@pytest.mark.parametrize(
    ("value", "number"), [(Decimal("19.00"), "19"), (7, "7"), ("7,0 %", "7.0"), ("19", "19")]
)
def test_a_number_may_be_a_text(value: Any, number: str) -> None:
    assert facts(tax_rate="x").number("tax_rate", {"invoice": {"x": value}}) == Decimal(number)


def test_a_moment_that_may_be_either_of_two_days_is_held_and_both_are_said() -> None:
    read = Facts(Columns.model_validate({"invoice_date": "x"}), Days(BERLIN), "Dach")
    row = {"x": "2026-07-31T22:30:00Z", f"x{FORMATTED}": "31.07.2026 22:30"}
    for _ in range(2):
        assert read.day("invoice_date", {"invoice": row}) is None
    (problem,) = read.problems
    assert problem.key == "dynamics_day_unclear"
    assert problem.facts == {
        "column": "x",
        "purpose": "invoice_date",
        "value": "2026-07-31T22:30:00Z",
        "title": "Dach",
        "written": "2026-07-31",
        "local": "2026-08-01",
        "zone": "Europe/Berlin",
        "shown": "31.07.2026 22:30",
    }


def test_what_cannot_be_read_is_a_problem_once() -> None:
    read = facts(due_date="x")
    for _ in range(2):
        assert read.day("due_date", {"invoice": {"x": "bald"}}) is None
    (problem,) = read.problems
    assert problem.key == "dynamics_column_unreadable"
    assert problem.facts == {"column": "x", "purpose": "due_date", "value": "bald", "title": "Dach"}
