"""What stands in a setting as people read and type it, in German and English."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.flow.connect.settings_fields import Kind, SettingField
from mlconnector.flow.connect.settings_values import Unclear, shown, standing_in, typed
from mlconnector.texts.language import Language

LETTERS = ("a", "b", "c")


def field(kind: Kind, of: type = str, **more: Any) -> SettingField:
    choices = LETTERS if kind in {"choice", "choices", "ranking"} else ()
    return SettingField(("table", "name"), kind, of, choices, **more)


def read(kind: Kind, *given: str, of: type = str, before: Any = None, language: Language = "de") -> Any:
    return typed(field(kind, of), given, before, language)


def show(kind: Kind, value: Any, language: Language = "de", of: type = str) -> tuple[str, ...] | None:
    return shown(field(kind, of), {"table": {"name": value}}, language)


@pytest.mark.parametrize(
    ("language", "given", "number"),
    [
        ("de", "0,05", 0.05),
        ("de", "0.05", 0.05),
        ("de", "1,085", 1.085),
        ("en", "1.085", 1.085),
        ("en", "1,5", 1.5),
        ("de", "0.875", 0.875),
        ("de", "19", 19),
        ("de", "viel", "viel"),
    ],
)
def test_numbers_are_written_as_the_reader_writes_them(language: Language, given: str, number: Any) -> None:
    found = read("number", given, of=Decimal, language=language)
    assert found == number
    assert type(found) is type(number)


@pytest.mark.parametrize(("language", "given"), [("de", "1.000"), ("en", "1,000"), ("de", "12.500")])
def test_a_number_that_may_be_thousands_is_asked_about(language: Language, given: str) -> None:
    with pytest.raises(Unclear) as unclear:
        read("number", given, of=Decimal, language=language)
    assert unclear.value.key == "number"


def test_a_number_with_more_digits_than_the_machine_keeps_is_written_whole() -> None:
    assert read("number", "0,12345678901234567890123", of=Decimal) == "0.12345678901234567890123"


def test_a_whole_number_has_no_decimal_sign() -> None:
    assert read("number", "5.000", of=int) == "5.000", "the checks say what is expected"
    assert read("number", "5000", of=int) == 5000


@pytest.mark.parametrize("given", ["2026-01-31", "31.01.2026", "31.1.2026"])
def test_days_are_taken_as_fields_and_people_write_them(given: str) -> None:
    assert read("date", given) == date(2026, 1, 31)


def test_what_is_no_day_is_left_to_the_checks() -> None:
    assert read("date", "31.02.2026") == "31.02.2026"


def test_nothing_is_nothing() -> None:
    assert [
        read(kind, "  ") for kind in ("text", "number", "date", "choice", "yes_no", "lines", "pairs")
    ] == [None] * 7
    assert read("switch", "false") is None
    assert read("switch", "true") == {}


def test_a_choice_has_the_type_of_its_value() -> None:
    rates = SettingField(("table", "name"), "choice", int, (19, 7))
    assert typed(rates, ["7"], None, "de") == 7
    assert typed(rates, ["8"], None, "de") == "8", "the checks say what is possible"
    nothing = SettingField(("table", "name"), "choice", str, ("", "daily"))
    assert typed(nothing, [""], "daily", "de") == ""


def test_several_keep_the_order_in_which_they_stood() -> None:
    assert read("choices", "a", "b", before=["b", "a"]) == ["b", "a"]
    assert read("choices", "a", "b", "c", before=["c"]) == ["c", "a", "b"]
    assert read("ranking", "c", "", "a", "c", before=["a", "c"]) == ["c", "a"]


def test_a_single_text_stays_one_where_it_was_one() -> None:
    assert read("lines", "x", before="y") == "x"
    assert read("lines", "x\r\n\r\n z ", before="y") == ["x", "z"]
    assert read("lines", "x") == ["x"]


def test_pairs_are_told_apart_at_the_last_equals_sign() -> None:
    assert read("pairs", "a = b = 12\r\nPayPal=1361") == {"a = b": "12", "PayPal": "1361"}
    assert read("pairs", "USD 2026-07 = 1,08", of=Decimal) == {"USD 2026-07": 1.08}


@pytest.mark.parametrize(("given", "key"), [("x", "pairs"), ("= 1", "pairs"), ("x = 1\nx = 2", "twice")])
def test_pairs_that_say_nothing_or_two_things_are_asked_about(given: str, key: str) -> None:
    with pytest.raises(Unclear) as unclear:
        read("pairs", given)
    assert unclear.value.key == key


PLACES = SettingField(
    ("table", "name"), "records", columns=(("country", str), ("city", str), ("share", Decimal))
)


def test_records_have_their_values_in_their_order() -> None:
    typed_in = ["Lager A = DE; Hamburg; 1,5\r\nB=AT"]
    records = {"Lager A": {"country": "DE", "city": "Hamburg", "share": 1.5}, "B": {"country": "AT"}}
    assert typed(PLACES, typed_in, None, "de") == records
    assert shown(PLACES, {"table": {"name": records}}, "de") == ("Lager A = DE; Hamburg; 1,5", "B = AT")
    assert typed(PLACES, ["C = ; Wien"], None, "de") == {"C": {"city": "Wien"}}
    assert shown(PLACES, {"table": {"name": {"C": {"city": "Wien"}}}}, "de") == ("C = ; Wien",)


@pytest.mark.parametrize("value", [{"a": 1}, {"a": {"other": "x"}}, {"a": {"city": "x; y"}}, {"a": {}}])
def test_records_that_hold_something_else_are_left_to_the_text(value: Any) -> None:
    assert shown(PLACES, {"table": {"name": value}}, "de") is None


def test_a_record_with_more_values_than_there_can_be_is_asked_about() -> None:
    with pytest.raises(Unclear) as unclear:
        typed(PLACES, ["A = 1; 2; 3; 4"], None, "de")
    assert unclear.value.key == "records"


def test_values_are_shown_as_they_are_typed() -> None:
    assert show("number", 0.05, of=Decimal) == ("0,05",)
    assert show("number", 0.05, "en", of=Decimal) == ("0.05",)
    assert show("date", date(2026, 1, 31)) == ("2026-01-31",)
    assert show("yes_no", value=True) == ("true",)
    assert show("pairs", {"Stripe": "1360"}) == ("Stripe = 1360",)
    assert show("lines", [""]) == ()
    assert show("lines", "x") == ("x",)
    assert show("switch", {"a": 1}) == ("true",)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", "a\rb"),
        ("text", " a"),
        ("text", ["a"]),
        ("text", {"a": 1}),
        ("lines", [["a"]]),
        ("lines", ["a\nb"]),
        ("pairs", {"a": "b = c"}),
        ("pairs", {"a": ["b"]}),
        ("pairs", "a"),
        ("switch", 1),
    ],
)
def test_what_a_browser_would_give_back_otherwise_is_left_to_the_text(kind: Kind, value: Any) -> None:
    assert show(kind, value) is None


def test_what_stands_in_is_the_value_of_a_choice_and_beside_all_others() -> None:
    some = field("choices", default=frozenset({"c", "a"}))
    assert shown(some, {}, "de") == ("a", "c")
    tolerance = field("number", Decimal, default=Decimal("0.05"))
    assert shown(tolerance, {}, "de") == ()
    assert standing_in(tolerance, "de") == ("0,05",)
