"""Settings as fields: read out of the text, put back into their lines, all else stays."""

from __future__ import annotations

import tomllib

import pytest

from mlconnector.flow.connect.example import example
from mlconnector.flow.connect.settings_fields import fields, with_values
from mlconnector.flow.context.settings import read_connection
from mlconnector.settings import UnreadableSettings
from mlconnector.systems.registry import source_systems


def values(text: str) -> dict[str, str]:
    return {one.place: one.value for one in fields(text)}


@pytest.mark.parametrize("source", source_systems())
def test_the_example_of_every_source_has_fields_for_what_everybody_fills_in(source: str) -> None:
    text = example("x", source_systems()[source], "de")
    assert values(text) == {
        "datev.client": "",
        "datev.client_id": "",
        "books.begin": "",
        "books.chart": "SKR03",
        "books.account_length": "4",
        "books.fiscal_year_start": "1",
    }


def test_a_complaint_about_a_line_is_a_field_too() -> None:
    text = example("x", source_systems()["procore"], "en")
    with pytest.raises(UnreadableSettings) as refused:
        read_connection(text, "x")
    found = [one.place for one in fields(text, refused.value.complaints)]
    assert {"source.client_id", "source.companies", "source.requisitions.bills"} <= set(found)


def test_values_go_into_their_lines_and_comments_stay() -> None:
    text = example("x", source_systems()["procore"], "de")
    given = {
        "datev.client": "29098-55003",
        "books.begin": "2026-01-01",
        "books.account_length": "5",
        "source.companies": "7656",
        "source.client_id": 'a "b" \\',
    }
    after = with_values(text, given)
    read = tomllib.loads(after)
    assert read["datev"]["client"] == "29098-55003"
    assert read["books"]["begin"] == "2026-01-01"
    assert read["books"]["account_length"] == 5
    assert read["source"]["companies"] == ["7656"]
    assert read["source"]["client_id"] == 'a "b" \\'
    assert [line.partition("#")[2] for line in after.splitlines()] == [
        line.partition("#")[2] for line in text.splitlines()
    ]


def test_what_has_no_line_of_its_own_is_left_to_the_text() -> None:
    text = '[datev]\nclient = """\nx"""\n[books]\nchart = { a = 1 }\n'
    assert values(text) == {}
    assert with_values(text, {"datev.client": "y", "nothing.at_all": "z"}) == text


def test_a_value_that_is_no_number_is_written_so_that_the_checks_can_say_so() -> None:
    assert with_values("[books]\naccount_length = 4\n", {"books.account_length": "a b"}) == (
        '[books]\naccount_length = "a b"\n'
    )
