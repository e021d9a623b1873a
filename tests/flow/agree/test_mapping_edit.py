"""Rows are put into a text of settings, whose other lines stay; what cannot be placed safely is refused."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree.mapping_edit import (
    edited,
    entry_changed,
    row_added,
    row_changed,
    row_followed,
)

TEXT = """\
name = "x"   # kept

[[mapping.revenue]]   # the first
category = "A"
account = "8400"

# about the second
[[mapping.revenue]]
attributes = { shop = "B" }

[mapping.revenue.unused]
x = 1

[mapping.payments]
attribute = "payment_method"   # looks at
default = "1200"
table = { "Bank" = "1200" }

# the end
[schedule]
cron = ""
"""


def mapping(text: str) -> dict[str, object]:
    return tomllib.loads(text)["mapping"]  # type: ignore[no-any-return]


def test_a_row_is_changed_and_everything_else_stays() -> None:
    after = edited(TEXT, [row_changed(TEXT, "revenue", 1, {"account": "8401", "category": "Ä"})])
    assert mapping(after)["revenue"][0] == {"category": "Ä", "account": "8401"}  # type: ignore[index]
    for comment in ("# kept", "# about the second", "# looks at", "# the end"):
        assert comment in after


def test_a_row_with_tables_of_its_own_is_changed_as_a_whole() -> None:
    after = edited(TEXT, [row_changed(TEXT, "revenue", 2, {"account": "8400"})])
    second = mapping(after)["revenue"][1]  # type: ignore[index]
    assert second == {"attributes": {"shop": "B"}, "unused": {"x": 1}, "account": "8400"}


def test_rows_are_added_behind_the_others() -> None:
    parts = [
        row_added("revenue", "category", 'a "b" \\ \n', {"account": "8402"}),
        row_added("expense", "cost_code", "1", {"account": "3400"}),
    ]
    after = mapping(edited(TEXT, parts))
    assert after["revenue"][2] == {"category": 'a "b" \\ \n', "account": "8402"}  # type: ignore[index]
    assert after["expense"] == [{"attributes": {"cost_code": "1"}, "account": "3400"}]


def test_an_entry_of_a_table_is_added_and_its_other_settings_stay() -> None:
    after = mapping(edited(TEXT, [entry_changed(TEXT, "payments", "payment_method", "Kasse", "1000")]))
    assert after["payments"] == {
        "attribute": "payment_method",
        "default": "1200",
        "table": {"Bank": "1200", "Kasse": "1000"},
    }


def test_a_table_that_is_not_there_yet_is_made() -> None:
    after = mapping(edited(TEXT, [entry_changed(TEXT, "cost_centre_1", "place", "N", "100")]))
    assert after["cost_centre_1"] == {"attribute": "place", "table": {"N": "100"}}


@pytest.mark.parametrize(
    "text",
    [
        'mapping = { revenue = [{ category = "A" }] }\n',
        '[mapping]\nrevenue = [{ category = "A" }]\n',
        '[mapping]\npayments.table = { "Bank" = "1200" }\nrevenue = [{ category = "A" }]\n',
    ],
)
def test_a_text_that_says_it_in_another_way_is_left_to_a_person(text: str) -> None:
    with pytest.raises(NeedsHuman) as refused:
        edited(text, [row_changed(text, "revenue", 1, {"account": "8400"})])
    assert refused.value.problem.key == "rows_not_placed"


def test_a_row_follows_another_one_with_its_facts_and_the_other_one_stays() -> None:
    begins = date(2026, 7, 1)
    once = edited(TEXT, [row_followed(TEXT, "revenue", 1, {"account": "8401"}, begins)])
    rows = mapping(once)["revenue"]
    assert rows[0] == {"category": "A", "account": "8400"}  # type: ignore[index]
    assert rows[2] == {"category": "A", "account": "8401", "valid_from": begins}  # type: ignore[index]
    later = date(2027, 1, 1)
    twice = mapping(edited(once, [row_followed(once, "revenue", 3, {"account": None}, later)]))["revenue"]
    assert twice[3] == {"category": "A", "valid_from": later}  # type: ignore[index]


def test_a_row_that_is_not_there_is_said() -> None:
    with pytest.raises(NeedsHuman) as refused:
        row_changed(TEXT, "revenue", 3, {})
    assert refused.value.problem.key == "row_unknown"
