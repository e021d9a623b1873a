"""Charts and lists of persons: rows become entries, or faults with their line."""

from __future__ import annotations

import pytest

from mlconnector.mapping.books import Books
from mlconnector.mapping.list_entries import (
    CHART_COLUMNS,
    PERSON_COLUMNS,
    ChartEntry,
    Fault,
    PersonEntry,
    Read,
    chart_entries,
    person_entries,
    records,
)
from mlconnector.mapping.sheets import read_table
from mlconnector.model.entries import Ledger


def books(length: int = 4) -> Books:
    return Books.model_validate({"chart": "SKR03", "account_length": length})


def chart(text: str, length: int = 4) -> Read[ChartEntry]:
    found, faults, _ = records(read_table(text.encode()), CHART_COLUMNS)
    assert faults == []
    return chart_entries(found, books(length))


def persons(text: str, ledger: Ledger = "receivable") -> Read[PersonEntry]:
    found, faults, _ = records(read_table(text.encode()), PERSON_COLUMNS)
    assert faults == []
    return person_entries(found, books(), ledger)


def faults(read: Read[ChartEntry] | Read[PersonEntry]) -> list[tuple[int, str]]:
    return [(fault.line, fault.key) for fault in read.faults]


@pytest.mark.parametrize(
    "headings",
    [
        "Konto;Bezeichnung;Funktion;Steuerfall",
        "Account,Name,Function,Tax case",
        "KONTO-NR.;Kontobeschriftung;Kontofunktion;Steuer-Fall",
    ],
)
def test_headings_may_be_german_or_english(headings: str) -> None:
    separator = ";" if ";" in headings else ","
    (entry,) = chart(f"{headings}\n" + separator.join(["8400", "Erlöse", "AM", "domestic_19"])).entries
    assert entry == ChartEntry(2, "8400", "Erlöse", "automatic", "domestic_19")


def test_columns_may_stand_in_any_order_and_others_are_told() -> None:
    found, wrong, unknown = records(read_table(b"Notiz;Funktion;Konto\nx;-;8400\n"), CHART_COLUMNS)
    assert (found[0]["number"], found[0]["function"], found[0]["name"]) == ("8400", "-", "")
    assert (wrong, unknown) == ([], ("Notiz",))


def test_a_table_without_the_column_of_accounts_is_a_fault() -> None:
    assert records(read_table(b"Nr;Name\n1;x\n"), CHART_COLUMNS)[1][0].key == "column_missing"
    assert records([], CHART_COLUMNS)[1] == [Fault(1, "file_empty")]


def test_two_columns_that_mean_the_same_are_a_fault() -> None:
    (wrong,) = records(read_table(b"Konto;Name;Bezeichnung\n1;x;y\n"), CHART_COLUMNS)[1]
    assert (wrong.key, wrong.facts["column"]) == ("column_twice", "Name, Bezeichnung")


def test_names_stand_in_the_column_of_their_addressee_in_datevs_own_lists() -> None:
    text = (
        "Konto;Name (Adressattyp Unternehmen);Name (Adressattyp natürl. Person);"
        "Name (Adressattyp keine Angabe)\n"
        "10001;Müller & Söhne GmbH;;\n10002;;Muster;\n10003;;;Laufkundschaft\n"
    )
    names = [entry.name for entry in persons(text).entries]
    assert names == ["Müller & Söhne GmbH", "Muster", "Laufkundschaft"]


class TestChart:
    @pytest.mark.parametrize(
        ("said", "function"),
        [
            ("AM", "automatic"),
            ("Automatik", "automatic"),
            ("S", "collective"),
            ("collective", "collective"),
            ("Steuerkonto", "tax"),
            ("-", "none"),
            ("none", "none"),
            ("", None),
        ],
    )
    def test_functions_are_known_by_datevs_marks_and_by_words(self, said: str, function: str | None) -> None:
        (entry,) = chart(f"Konto;Funktion\n8123;{said}\n").entries
        assert entry.function == function

    def test_a_number_has_one_form_whatever_zeros_were_lost(self) -> None:
        read = chart("Konto;Name\n0420;Büro\n420;Büro\n00421;Telefon\n8400;x\n")
        assert [entry.number for entry in read.entries] == ["0420", "0421", "8400"]

    def test_persons_are_left_out_and_told(self) -> None:
        read = chart("Konto;Name\n8400;Erlöse\n10000;Kunde\n70000;Lieferant\n")
        assert [one.number for one in read.left_out] == ["10000", "70000"]
        assert (len(read.entries), read.faults) == (1, ())

    def test_a_list_of_another_account_length_is_not_taken_for_accounts_of_class_zero(self) -> None:
        assert faults(chart("Konto\n8400\n4400\n", length=5)) == [(2, "other_account_length")]
        assert chart("Konto\n84000\n420\n", length=5).entries[1].number == "00420"

    @pytest.mark.parametrize(
        ("row", "key"),
        [
            ("84x0;;;", "number_invalid"),
            (";x;;", "number_invalid"),
            ("0000;;;", "number_invalid"),
            ("840000;;;", "number_too_long"),
            ("8400;;AX;", "function_unknown"),
            ("8400;;AM;domestic_18", "tax_case_unknown"),
            ("8400;;-;domestic_19", "tax_case_without_function"),
            ("8400;;;domestic_19", "tax_case_without_function"),
            ("8400;;AV;domestic_19", "function_of_other_direction"),
            ("3400;;AM;input_tax_19", "function_of_other_direction"),
        ],
    )
    def test_what_is_wrong_is_told_with_its_line(self, row: str, key: str) -> None:
        assert faults(chart(f"Konto;Name;Funktion;Steuerfall\n1200;Bank;-;\n{row}\n")) == [(3, key)]

    def test_a_tax_case_may_be_named_by_its_title(self) -> None:
        assert chart("Konto;Funktion;Steuerfall\n8400;AM;inland 19 %\n").entries[0].tax_case == "domestic_19"

    def test_the_same_account_twice_is_a_fault_only_where_it_says_two_things(self) -> None:
        read = chart("Konto;Name\n8400;Erlöse\n8400;Erlöse\n420;a\n0420;b\n")
        assert faults(read) == [(5, "number_twice")]
        assert read.faults[0].facts == {"value": "0420", "first": "4"}

    def test_all_faults_are_told_at_once_in_their_order(self) -> None:
        read = chart("Konto;Funktion\nx;\n8400;?\n1234567;\n")
        assert faults(read) == [(2, "number_invalid"), (3, "function_unknown"), (4, "number_too_long")]


class TestPersons:
    def test_are_read_with_the_sources_id_and_the_vat_id(self) -> None:
        (entry,) = persons("Konto;Name;Kennung;USt-IdNr.\n10001;Muster;organization/7;de 123 456\n").entries
        assert entry == PersonEntry(2, "10001", "Muster", "organization/7", "DE123456")

    def test_of_the_other_ledger_are_left_out(self) -> None:
        text = "Konto;Name\n10001;Kunde\n70001;Lieferant\n"
        assert [one.number for one in persons(text).left_out] == ["70001"]
        assert [one.number for one in persons(text, "payable").entries] == ["70001"]

    @pytest.mark.parametrize("number", ["8400", "100001", "00001", "x"])
    def test_have_numbers_of_one_digit_more_than_accounts(self, number: str) -> None:
        assert faults(persons(f"Konto\n{number}\n")) == [(2, "number_not_person")]

    def test_have_one_number_each(self) -> None:
        assert faults(persons("Konto;Kennung\n10001;a\n10002;a\n10001;b\n")) == [
            (3, "party_twice"),
            (4, "number_twice"),
        ]

    def test_cannot_be_called_like_a_number_that_is_kept_free(self) -> None:
        assert faults(persons("Konto;Kennung\n10001;list:10002\n")) == [(2, "party_reserved")]
