from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconnector.formats.extf import Encoding, document_field, label_field
from mlconnector.formats.extf.text import clean
from tests.formats.extf.examples import unhurried


def cleaned(value: str, encoding: Encoding = "utf-8-bom", length: int = 60) -> tuple[str, list[str]]:
    text, changes = clean(value, "Buchungstext", length, encoding)
    return text, [change.reason for change in changes]


def test_plain_text_stays_and_nothing_is_listed() -> None:
    assert cleaned("Rechnung 4711") == ("Rechnung 4711", [])


def test_decomposed_umlauts_are_composed_without_being_listed() -> None:
    assert cleaned("Mu\u0308ller") == ("Müller", [])


def test_line_breaks_and_tabs_become_blanks_and_other_control_characters_go() -> None:
    assert cleaned("a\r\nb\tc\x00d") == ("a b cd", ["control_characters"])


def test_marks_that_turn_the_reading_direction_are_removed() -> None:
    assert cleaned("\u202egnp.exe") == ("gnp.exe", ["control_characters"])


def test_too_long_text_is_cut_at_the_limit_of_characters_not_bytes() -> None:
    assert cleaned("ü" * 61) == ("ü" * 60, ["shortened"])
    assert cleaned("ü" * 60) == ("ü" * 60, [])


def test_emoji_are_dropped_and_listed_in_both_encodings() -> None:
    assert cleaned("Start 🚀!") == ("Start !", ["outside_bmp"])
    assert cleaned("Start 🚀!", "windows-1252") == ("Start !", ["outside_bmp"])


def test_what_windows_1252_has_stays_as_it_is() -> None:
    assert cleaned("50 € – „Größe“ … ™", "windows-1252") == ("50 € – „Größe“ … ™", [])


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("Łódź", "Lódz"),
        ("Dvořák", "Dvorák"),
        ("Đorđe", "Dorde"),
        ("−5 ‑ 6", "-5 - 6"),
        ("Жуков", "Zhukov"),
        ("Αθήνα", "Athina"),
        ("ﬁn", "fin"),
        ("日本 AG", " AG"),
        ("x≤y", "x<=y"),
    ],
)
def test_what_windows_1252_does_not_have_is_transliterated_or_dropped(given: Any, written: Any) -> None:
    assert cleaned(given, "windows-1252") == (written, ["transliterated"])


def test_every_step_of_a_change_shows_what_was_before_and_after() -> None:
    _, changes = clean("Łódź\n" + "x" * 60, "Buchungstext", 60, "windows-1252")
    assert [change.reason for change in changes] == ["control_characters", "transliterated", "shortened"]
    assert all(earlier.after == later.before for earlier, later in pairwise(changes))
    assert changes[0].before == "Łódź\n" + "x" * 60


@unhurried
@given(st.text(), st.sampled_from(["utf-8-bom", "windows-1252"]))
def test_cleaned_text_can_be_written_and_cleaning_it_again_changes_nothing(value: Any, encoding: Any) -> None:
    text, _ = clean(value, "Buchungstext", 60, encoding)
    text.encode("cp1252" if encoding == "windows-1252" else "utf-8")
    assert len(text) <= 60
    assert unicodedata.is_normalized("NFC", text)
    assert not re.search("[\x00-\x1f\x7f-\x9f]", text)
    assert "?" not in text or "?" in unicodedata.normalize("NFKD", value)
    assert clean(text, "Buchungstext", 60, encoding) == (text, ())


@pytest.mark.parametrize(
    ("number", "written", "reasons"),
    [
        ("RE-2026/1", "RE-2026/1", []),
        (" re$&%*+1 ", "re$&%*+1", []),
        ("RE 2026.07_1", "RE-2026-07-1", ["replaced"]),
        ("Gutschrift-Größe", "Gutschrift-Groesse", ["transliterated"]),
        ("Łódź-1", "Lodz-1", ["transliterated"]),
        ("A–1", "A-1", ["replaced"]),
        ("号1", "-1", ["replaced"]),
        ("", "", []),
    ],
)
def test_belegfeld_1_takes_only_what_datev_allows(number: Any, written: Any, reasons: list[str]) -> None:
    text, changes = document_field(number)
    assert (text, [change.reason for change in changes]) == (written, reasons)


def test_long_numbers_that_differ_at_their_end_stay_different() -> None:
    first, second = ("R" * 40 + "1"), ("R" * 40 + "2")
    assert document_field(first)[0] != document_field(second)[0]
    assert len(document_field(first)[0]) == 36
    assert document_field(first) == document_field(first)


@unhurried
@given(st.text(max_size=80))
def test_any_number_becomes_an_allowed_belegfeld_1_and_stays_it(number: Any) -> None:
    text, _ = document_field(number)
    assert re.fullmatch(r"[A-Za-z0-9$&%*+\-/]{0,36}", text)
    assert document_field(text) == (text, ())


def test_a_label_keeps_blanks_dots_and_underscores_and_loses_the_rest() -> None:
    assert label_field("Umsätze_07.2026 – Büro")[0] == "Umsaetze_07.2026 - Buero"
    assert label_field("x" * 31)[0] == "x" * 30
