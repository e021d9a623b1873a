"""A setting is put into the text so that the text says just that, and every other line stays."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconnector.flow.connect.example import example
from mlconnector.flow.connect.settings_edit import at, with_value
from mlconnector.flow.connect.settings_fields import Kind, SettingField, schema
from mlconnector.systems.registry import source_systems
from mlconnector.toml_lines import Path

PROCORE = schema("procore", "datev")
HOSTILE = 'a "b" \\ \n]]\n[books]\n#\x00"""' + "'''" + "x" * 10_000
SOME: dict[Kind, Any] = {
    "text": HOSTILE,
    "number": 3,
    "date": date(2026, 1, 2),
    "yes_no": True,
    "lines": ["x", HOSTILE],
    "pairs": {'a = b "]': "12", "19": "3"},
    "records": {"Lager A": {"country": "DE", "city": HOSTILE}, "B": {"country": "AT"}},
    "switch": {},
}


def some(field: SettingField) -> Any:
    """A value for a field."""
    if field.kind in SOME:
        return SOME[field.kind]
    return field.choices[-1] if field.kind == "choice" else [field.choices[0]]


def placed(tables: dict[str, Any], place: Path, value: Any) -> dict[str, Any]:
    """Tables with just one value otherwise."""
    wanted = deepcopy(tables)
    table = wanted
    for name in place[:-1]:
        table = table.setdefault(name, {})
    table[place[-1]] = value
    return wanted


def edited(text: str, name: str, value: Any) -> str:
    after = with_value(text, tuple(name.split(".")), value, PROCORE)
    assert after is not None
    return after


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("source", source_systems())
def test_every_setting_of_every_source_goes_in_and_out_of_the_example(source: str, language: Any) -> None:
    text, known = example("x", source_systems()[source], language), schema(source, "datev")
    for field in (one for one in known.fields if one.kind != "rows"):
        value = some(field)
        after = with_value(text, field.place, value, known)
        assert after is not None, field.name
        if field.kind != "switch" or at(tomllib.loads(text), field.place) is None:
            assert tomllib.loads(after) == placed(tomllib.loads(text), field.place, value), field.name
        without = with_value(after, field.place, None, known)
        assert without is not None, field.name
        assert at(tomllib.loads(without), field.place) is None
        assert with_value(without, field.place, value, known) == after, field.name


VALUES = st.one_of(
    st.text(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.dates(),
    st.lists(st.text(), max_size=4),
    st.dictionaries(st.text(), st.text(), max_size=4),
)
PLACES = st.sampled_from([one.place for one in PROCORE.fields if one.kind not in {"rows", "switch"}])
LINES = st.sampled_from(
    [
        "# calls_per_minute = 60",
        '# [source.webhook]\n# namespace = "x"',
        "# a comment with = and [brackets",
        "[source.projects]\ninclude = [\n  # one\n  '*', # [two]\n]",
        'vendor_tax = { "1" = 19 }',
        'text = """\n[source.projects]\n# read = true\n"""',
        "supply.work_orders = 'goods'",
        "[mapping.places.home]\ncountry = 'DE'  # here",
        "[[mapping.revenue]]\naccount = '8400'",
        "[books]\nbegin = 2026-01-01",
        "",
    ]
)


@given(st.lists(LINES, max_size=8).map("\n".join), PLACES, VALUES)
def test_a_value_never_breaks_out_of_its_place(lines: str, place: Path, value: Any) -> None:
    text = f'name = "x"\n{lines}\n'
    try:
        before = tomllib.loads(text)
        wanted = placed(before, place, value)
    except (tomllib.TOMLDecodeError, AttributeError, TypeError):
        return
    after = with_value(text, place, value, PROCORE)
    if after is None:
        return
    assert tomllib.loads(after) == wanted
    kept = set(text.splitlines()) - set(after.splitlines())
    assert len(kept) <= 4, "no more than the lines of the setting itself, or the header of its table"


@given(st.sampled_from(sorted(source_systems())), st.data())
def test_whatever_somebody_types_into_an_example_is_just_that(source: str, data: st.DataObject) -> None:
    text, known = example("x", source_systems()[source], "de"), schema(source, "datev")
    places = [one.place for one in known.fields if one.kind not in {"rows", "switch"}]
    place, value = data.draw(st.sampled_from(places)), data.draw(VALUES)
    after = with_value(text, place, value, known)
    assert after is not None
    assert tomllib.loads(after) == placed(tomllib.loads(text), place, value)


def test_a_setting_keeps_its_place_and_the_comment_behind_it() -> None:
    text = "[books]\nbegin = ''  # first day\nchart = 'SKR03'\n"
    assert edited(text, "books.begin", date(2026, 1, 1)) == (
        "[books]\nbegin = 2026-01-01  # first day\nchart = 'SKR03'\n"
    )


def test_an_example_in_a_comment_becomes_the_setting() -> None:
    text = '[source]\n# The country.\n# default_country = "DE"   # two\n\n# [source.parties]\n# vat_id = 1\n'
    assert edited(text, "source.default_country", "AT") == text.replace(
        '# default_country = "DE"', 'default_country = "AT"'
    )
    assert edited(text, "source.parties.vat_id", ["origin_id"]) == text.replace(
        "# [source.parties]\n# vat_id = 1", '[source.parties]\nvat_id = ["origin_id"]'
    )


def test_what_is_taken_out_stays_as_a_comment_and_is_found_there_again() -> None:
    text = '[source]\ndefault_country = "DE"  # where\napi_url = "x"\n'
    without = edited(text, "source.default_country", None)
    assert without == text.replace("default_country", "# default_country")
    assert edited(without, "source.default_country", "AT") == text.replace("DE", "AT")


def test_a_setting_without_a_line_goes_behind_the_others_of_its_table() -> None:
    text = "[source]\napi_url = 'x'\n\n# About books.\n[books]\nchart = 'SKR03'\n"
    assert edited(text, "source.calls_per_minute", 9) == text.replace("'x'\n", "'x'\ncalls_per_minute = 9\n")
    assert edited(text, "mapping.places.goods", "told") == f'{text}\n[mapping.places]\ngoods = "told"\n'


def test_a_table_of_one_line_stays_one() -> None:
    text = "[source.requisitions]\nfinal_bill = { number = '^SR' } # by number\n"
    assert edited(text, "source.requisitions.final_bill.number", "^X") == (
        '[source.requisitions]\nfinal_bill = { number = "^X" } # by number\n'
    )
    gone = edited(text, "source.requisitions.final_bill.number", None)
    assert "final_bill" not in tomllib.loads(gone)["source"]["requisitions"]


def test_a_table_with_a_header_keeps_the_lines_of_its_other_entries() -> None:
    text = "[mapping.payments.table]\n# cards\nStripe = '1360'  # daily\nPayPal = '1361'\n"
    after = edited(text, "mapping.payments.table", {"Stripe": "1360", "Bank": "1200"})
    assert "Stripe = '1360'  # daily" in after
    assert tomllib.loads(after)["mapping"]["payments"]["table"] == {"Stripe": "1360", "Bank": "1200"}


def test_an_optional_table_goes_with_its_last_setting_unless_it_has_a_switch() -> None:
    text = "[documents.seller]\nname = 'A'\n[source.webhook]\nnamespace = 'n'\n"
    assert "documents" not in {
        name for name, one in tomllib.loads(edited(text, "documents.seller.name", None)).items() if one
    }
    assert tomllib.loads(edited(text, "source.webhook.namespace", None))["source"] == {"webhook": {}}
    assert tomllib.loads(edited(text, "source.webhook", None)).get("source", {}) == {}


def test_values_of_several_lines_are_found_and_replaced_whole() -> None:
    text = '[source]\nlogin_url = """\n[books]\n# chart = 1\n"""\ncompanies = [ # all\n "1", # [x]\n]\n'
    after = edited(text, "source.login_url", "y")
    assert tomllib.loads(after)["source"] == {"login_url": "y", "companies": ["1"]}
    assert tomllib.loads(edited(text, "source.companies", ["2"]))["source"]["companies"] == ["2"]
    assert tomllib.loads(edited(text, "source.companies", None))["source"].keys() == {"login_url"}


def test_an_example_that_would_draw_other_lines_in_is_left_alone() -> None:
    text = "[source]\n# [source.parties]\n# vat_id = 1\napi_url = 'x'\n"
    after = edited(text, "source.parties.vat_id", ["origin_id"])
    assert tomllib.loads(after)["source"] == {"api_url": "x", "parties": {"vat_id": ["origin_id"]}}
    assert after.startswith(text)


def test_an_example_of_another_table_is_left_alone() -> None:
    text = '[source]\napi_url = "x"\n# [source.webhook]\n# header = "y"\n'
    assert edited(text, "source.header", "z") == text.replace('"x"\n', '"x"\nheader = "z"\n')


def test_a_switch_is_never_turned_by_taking_out_what_is_in_its_table() -> None:
    text = "[source]\nwebhook.namespace = 'n'\n"
    assert with_value(text, ("source", "webhook", "namespace"), None, PROCORE) is None


def test_a_text_that_says_it_otherwise_is_left_to_a_person() -> None:
    text = "[[source]]\nx = 1\n"
    assert with_value(text, ("source", "api_url"), "x", PROCORE) is None


def test_one_and_true_are_two_values() -> None:
    assert edited("[books]\nfestschreibung = 1\n", "books.festschreibung", value=True) == (
        "[books]\nfestschreibung = true\n"
    )
