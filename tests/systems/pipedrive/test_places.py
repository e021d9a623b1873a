"""Where goods go to and leave from, which only custom fields of Pipedrive can say."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mlconnector.model.vouchers import Place, Voucher
from mlconnector.systems.pipedrive.fields import KnownField
from mlconnector.systems.pipedrive.shapes import Organization
from mlconnector.systems.pipedrive.vouchers import Belongings, Surroundings, final
from mlconnector.systems.source import Reading
from tests.systems.pipedrive.records import FIELDS, KNOWN, NUMBER, deal, product, settings

TO, FROM, TERMS, KIND = (letter * 40 for letter in "cdef")
KNOWING = msgspec.structs.replace(
    KNOWN,
    deal={
        **KNOWN.deal,
        TO: KnownField("Lieferanschrift", "address"),
        FROM: KnownField("Lager", "enum", {"7": "Polen", "8": "Halle 7"}),
        TERMS: KnownField("Lieferbedingung", "varchar"),
    },
    organization={**KNOWN.organization, KIND: KnownField("Kundenart", "enum", {"1": "Firma", "2": "Verein"})},
)
VIENNA = {"value": "Ring 1, Wien", "country": "Österreich", "locality": "Wien", "postal_code": "1010"}
NAMED = {"ship_to": TO, "ship_from": FROM, "incoterms": TERMS, "customer_kind": KIND}
LABELS = {"business": ["Firma"], "consumer": ["Privat"]}
RULE = settings(fields={**FIELDS, **NAMED}, customer_kinds=LABELS)


def read(*, rule: Any = RULE, of_company: dict[str, Any] | None = None, **fields: Any) -> Reading:
    company = Organization(id=17, name="Müller GmbH", custom_fields=of_company or {})
    around = Surroundings(known=KNOWING, organizations={17: company})
    whole = deal(custom_fields={NUMBER: "RE-1", **fields})
    return final(whole, Belongings(products=[product()]), around, rule)


def of(reading: Reading) -> Voucher:
    assert reading.voucher is not None
    return reading.voucher


def keys(reading: Reading) -> list[str]:
    return [problem.key for problem in reading.problems]


def test_the_fields_say_where_goods_go_to_and_leave_from_and_by_which_terms() -> None:
    fields: dict[str, Any] = {TO: VIENNA, FROM: 7, TERMS: "DAP Wien"}
    found = of(read(**fields))
    assert found.ship_to == Place(country="AT", postal_code="1010", city="Wien")
    assert found.ship_from == Place(country="PL")
    assert found.incoterms == "DAP Wien"


def test_without_fields_nothing_is_known_of_either() -> None:
    found = of(read(rule=settings()))
    assert (found.ship_to, found.ship_from, found.incoterms) == (None, None, None)


def test_fields_that_are_empty_say_nothing() -> None:
    found = read(**{TO: None, FROM: None})
    assert (of(found).ship_to, of(found).ship_from, keys(found)) == (None, None, [])


def test_an_address_that_pipedrive_did_not_understand_has_no_country() -> None:
    assert of(read(**{TO: {"value": "Baustelle am Ring, Wien"}})).ship_to == Place()


@pytest.mark.parametrize("fields", [{TO: {**VIENNA, "country": "Atlantis"}}, {FROM: 8}])
def test_a_country_that_nobody_knows_holds_the_deal(fields: dict[str, Any]) -> None:
    assert keys(read(**fields)) == ["place_unclear"]


def test_a_value_that_is_no_address_holds_the_deal() -> None:
    fields: dict[str, Any] = {TO: "Wien"}
    assert keys(read(**fields)) == ["field_unreadable"]


@pytest.mark.parametrize(("option", "expected"), [(1, True), (2, None), (None, True)])
def test_a_field_of_the_organisation_may_say_whether_it_is_a_business(
    option: int | None, expected: bool | None
) -> None:
    party = of(read(of_company={KIND: option})).party
    assert party is not None
    assert party.is_business is expected
