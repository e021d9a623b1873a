from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.systems.pipedrive.catalogue import Catalogue
from mlconnector.systems.pipedrive.fields import (
    KnownField,
    Unreadable,
    date_of,
    key_of,
    namesakes,
    positive_of,
    text_of,
)
from mlconnector.systems.pipedrive.settings import FieldNames
from mlconnector.systems.pipedrive.shapes import Entity, FieldMetadata, Option
from tests.conformance.context import JsonMemory

NUMBER, CENTRE, VAT = "1" * 40, "2" * 40, "a" * 40
TEXT = KnownField("Text", "varchar")
CHOICE = KnownField("Auswahl", "enum", {"31": "100 Verwaltung", "32": "210 Werkstatt"})


class Account:
    """The metadata of an account, and how often it was read."""

    def __init__(self) -> None:
        self.reads = 0
        self.memory = JsonMemory()
        self.deal = {NUMBER: ["Rechnungsnummer", "varchar"], CENTRE: ["Kostenstelle", "enum"]}
        self.options = {31: "100 Verwaltung"}

    def load(self, entity: Entity) -> Sequence[FieldMetadata]:
        if entity == "organization":
            return [_field(VAT, "USt-IdNr.", "varchar")]
        self.reads += 1
        options = [Option(id=key, label=label) for key, label in self.options.items()]
        standard = FieldMetadata(field_name="Titel", field_code="title", field_type="varchar")
        return [standard, *(_field(key, name, kind, options) for key, (name, kind) in self.deal.items())]

    def catalogue(self, **names: str) -> Catalogue:
        """As after a restart."""
        return Catalogue(self.memory, FieldNames(**{"invoice_number": "Rechnungsnummer", **names}), self.load)


def _field(key: str, name: str, kind: str, options: list[Option] | None = None) -> FieldMetadata:
    return FieldMetadata(
        field_name=name, field_code=key, field_type=kind, is_custom_field=True, options=options
    )


def record(**values: Any) -> list[tuple[Entity, dict[str, Any]]]:
    return [("deal", {NUMBER: "RE-1", CENTRE: None, **values})]


class TestNamesAndKeys:
    def test_a_name_is_found_whatever_its_case_and_composition(self) -> None:
        account = Account()
        account.deal[NUMBER][0] = "Fa\u0308llig  AM"
        known = account.catalogue(due_date="fällig am").known()
        assert key_of(known, "deal", "fällig am") == NUMBER

    def test_a_key_is_taken_as_it_is(self) -> None:
        known = Account().catalogue(vat_id=VAT).known()
        assert key_of(known, "organization", VAT) == VAT
        assert key_of(known, "deal", VAT) is None

    def test_standard_fields_are_no_custom_fields(self) -> None:
        assert key_of(Account().catalogue(due_date="Titel").known(), "deal", "Titel") is None

    def test_a_name_survives_renaming_the_field(self) -> None:
        account = Account()
        account.catalogue().known()
        account.deal[NUMBER][0] = "Belegnummer"
        assert key_of(account.catalogue().refresh(), "deal", "Rechnungsnummer") == NUMBER

    def test_another_field_that_takes_the_name_over_does_not_take_its_place(self) -> None:
        account = Account()
        account.catalogue().known()
        account.deal[NUMBER][0] = "Belegnummer"
        account.deal["9" * 40] = ["Rechnungsnummer", "varchar"]
        assert key_of(account.catalogue().refresh(), "deal", "Rechnungsnummer") == NUMBER

    def test_a_field_that_was_deleted_and_made_anew_is_found_by_its_name(self) -> None:
        account = Account()
        account.catalogue().known()
        del account.deal[NUMBER]
        account.deal["9" * 40] = ["Rechnungsnummer", "varchar"]
        assert key_of(account.catalogue().refresh(), "deal", "Rechnungsnummer") == "9" * 40

    def test_a_name_that_two_fields_bear_means_neither(self) -> None:
        account = Account()
        account.deal["9" * 40] = ["rechnungsnummer", "varchar"]
        known = account.catalogue().known()
        assert key_of(known, "deal", "Rechnungsnummer") is None
        assert namesakes(known, "deal", "Rechnungsnummer") == 2


class TestReadingMetadataAgain:
    def test_it_is_read_once_and_remembered_over_restarts(self) -> None:
        account = Account()
        account.catalogue().covering(record())
        account.catalogue().covering(record())
        assert account.reads == 1

    def test_an_unknown_key_makes_it_be_read_again_but_only_once(self) -> None:
        account = Account()
        catalogue = account.catalogue()
        catalogue.covering(record())
        catalogue.covering(record(**{"f" * 40: "?"}))
        catalogue.covering(record(**{"f" * 40: "?"}))
        assert account.reads == 2

    def test_an_unknown_option_makes_it_be_read_again(self) -> None:
        account = Account()
        catalogue = account.catalogue(cost_centre="Kostenstelle")
        catalogue.known()
        account.options[32] = "210 Werkstatt"
        known = catalogue.covering(record(**{CENTRE: 32}))
        assert known.deal[CENTRE].options["32"] == "210 Werkstatt"

    def test_a_configured_field_that_a_record_lacks_is_noticed_as_deleted(self) -> None:
        account = Account()
        catalogue = account.catalogue()
        catalogue.known()
        del account.deal[NUMBER]
        known = catalogue.covering([("deal", {CENTRE: None})])
        assert key_of(known, "deal", "Rechnungsnummer") is None

    def test_a_deleted_option_keeps_its_last_known_label(self) -> None:
        account = Account()
        catalogue = account.catalogue()
        catalogue.known()
        del account.options[31]
        assert catalogue.refresh().deal[CENTRE].options == {"31": "100 Verwaltung"}
        assert account.catalogue().refresh().deal[CENTRE].options == {"31": "100 Verwaltung"}

    def test_a_renamed_option_gets_its_new_label(self) -> None:
        account = Account()
        catalogue = account.catalogue()
        catalogue.known()
        account.options[31] = "100 Leitung"
        assert catalogue.refresh().deal[CENTRE].options == {"31": "100 Leitung"}

    def test_a_field_that_is_configured_later_makes_it_be_read_again(self) -> None:
        account = Account()
        account.catalogue().known()
        account.deal["9" * 40] = ["Fällig am", "date"]
        known = account.catalogue(due_date="Fällig am").known()
        assert key_of(known, "deal", "Fällig am") == "9" * 40


class TestValues:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (None, None),
            ("", None),
            (" RE-1 ", "RE-1"),
            (2026001, "2026001"),
            (Decimal("1.50"), "1.5"),
            ({"value": Decimal("12.00"), "currency": "EUR"}, "12"),
        ],
    )
    def test_texts(self, value: Any, text: str | None) -> None:
        assert text_of(value, TEXT) == text

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (31, "100 Verwaltung"),
            ({"id": 31, "label": "100 Verwaltung"}, "100 Verwaltung"),
            ([31, 32], "100 Verwaltung, 210 Werkstatt"),
            ([{"id": 32, "label": "x"}], "210 Werkstatt"),
            (99, "99"),
            (None, None),
            ([], None),
        ],
    )
    def test_options_are_shown_by_their_labels(self, value: Any, text: str | None) -> None:
        assert text_of(value, CHOICE) == text

    @pytest.mark.parametrize("value", [True, ["a"], {"value": [1]}])
    def test_other_shapes_are_unreadable(self, value: Any) -> None:
        with pytest.raises(Unreadable):
            text_of(value, TEXT)

    @pytest.mark.parametrize("value", ["2026-11-03", "03.11.2026", "3.11.2026"])
    def test_days(self, value: str) -> None:
        assert date_of(value, TEXT) == date(2026, 11, 3)

    def test_a_range_has_a_first_and_a_last_day(self) -> None:
        period = {"value": "2026-11-03", "until": "2026-11-30"}
        assert date_of(period, TEXT) == date(2026, 11, 3)
        assert date_of(period, TEXT, end=True) == date(2026, 11, 30)
        assert date_of({"value": "2026-11-03", "until": None}, TEXT, end=True) == date(2026, 11, 3)

    @pytest.mark.parametrize("value", ["bald", "11/03/2026", "2026-13-01"])
    def test_a_text_that_is_no_day_is_unreadable(self, value: str) -> None:
        with pytest.raises(Unreadable):
            date_of(value, TEXT)

    def test_numbers(self) -> None:
        assert positive_of("1,0842", TEXT) == Decimal("1.0842")
        assert positive_of(Decimal("1.0842"), TEXT) == Decimal("1.0842")
        assert positive_of(None, TEXT) is None
