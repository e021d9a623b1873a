"""Where goods go to and leave from, and who collects them, as an invoice of Dynamics says it."""

from __future__ import annotations

from typing import Any

import pytest

from mlconnector.model.vouchers import Place, Voucher
from mlconnector.systems.kit.json_answers import Raw
from tests.systems.dynamics.records import detail, exactly, invoice, keys, read, settings

VIENNA = {
    "shipto_line1": "Ring 1",
    "shipto_postalcode": "1010",
    "shipto_city": "Wien",
    "shipto_country": "AT",
}
BASEL: Raw = {"shipto_postalcode": "4051", "shipto_city": "Basel", "shipto_country": "Schweiz"}
IN_VIENNA = Place(country="AT", postal_code="1010", city="Wien")
IN_BASEL = Place(country="CH", postal_code="4051", city="Basel")
TERMS = settings(columns={"invoice_date": "createdon", "incoterms": "new_incoterms"})


def of(head: Raw, details: list[Raw] | None = None, **values: Any) -> Voucher:
    found = read(head, details, **values).voucher
    assert found is not None
    return found


def two(first: Raw | None = None, second: Raw | None = None) -> list[Raw]:
    return [detail(**(first or {})), detail(number=2, **(second or {}))]


def twice(**values: Any) -> Raw:
    return invoice(238.0, 38.0, **values)


class TestShipTo:
    def test_goods_go_to_the_address_of_delivery(self) -> None:
        found = of(invoice(**VIENNA))
        assert (found.ship_to, found.incoterms) == (IN_VIENNA, None)
        assert [line.ship_to for line in found.lines] == [None]

    def test_without_one_the_invoice_does_not_say_where_they_go(self) -> None:
        assert of(invoice()).ship_to is None

    def test_a_line_may_have_its_own(self) -> None:
        found = of(twice(**VIENNA), two(VIENNA, BASEL))
        assert found.ship_to == IN_VIENNA
        assert [line.ship_to for line in found.lines] == [None, IN_BASEL]

    def test_one_without_a_country_has_none_and_not_that_of_the_customer(self) -> None:
        head = invoice(**{**VIENNA, "shipto_country": None})
        assert of(head, rule=settings(default_country="DE")).ship_to == Place(postal_code="1010", city="Wien")
        assert of(invoice(shipto_line1="Baustelle 3")).ship_to == Place()

    def test_a_country_that_nobody_knows_holds_the_invoice(self) -> None:
        unknown = {**VIENNA, "shipto_country": "Atlantis"}
        assert keys(read(invoice(**unknown))) == ["place_unclear"]
        assert keys(read(twice(**VIENNA), two(unknown, unknown))) == ["place_unclear"]

    def test_one_that_the_customer_has_too_is_asked_for_once(self) -> None:
        head = invoice(billto_country="Atlantis", **{**VIENNA, "shipto_country": "Atlantis"})
        assert keys(read(head)) == ["country_unknown"]


class TestCollected:
    def test_what_the_customer_calls_for_does_not_go_to_the_address(self) -> None:
        found = of(invoice(willcall=True, **VIENNA))
        assert (found.ship_to, found.incoterms) == (None, "EXW")

    def test_so_it_is_where_every_line_says_so(self) -> None:
        found = of(twice(willcall=False, **VIENNA), two({"willcall": True}, {"willcall": True, **BASEL}))
        assert (found.ship_to, found.incoterms) == (None, "EXW")
        assert [line.ship_to for line in found.lines] == [None, None]

    def test_a_line_with_an_address_is_shipped_although_the_invoice_says_otherwise(self) -> None:
        found = of(invoice(willcall=True, **VIENNA), [detail(willcall=False, **BASEL)])
        assert (found.ship_to, found.incoterms) == (None, None)
        assert found.lines[0].ship_to == IN_BASEL

    @pytest.mark.parametrize(
        ("head", "lines"),
        [
            ({"willcall": False, **VIENNA}, two({"willcall": True})),
            ({"willcall": True, **VIENNA}, two({}, BASEL)),
        ],
    )
    def test_an_invoice_that_is_collected_in_part_waits(self, head: Raw, lines: list[Raw]) -> None:
        reading = read(twice(**head), lines)
        assert keys(reading) == ["collection_unclear"]
        assert reading.problems[0].facts["lines"] == "Montage"

    def test_a_line_that_costs_nothing_does_not_make_it_a_part(self) -> None:
        free = {"gross": 0, "tax": 0, "willcall": False}
        assert of(invoice(), two({"willcall": True}, free)).incoterms == "EXW"

    def test_terms_of_delivery_that_say_otherwise_hold_it(self) -> None:
        reading = read(invoice(willcall=True, new_incoterms="DAP Wien"), rule=TERMS)
        assert keys(reading) == ["collection_unclear"]
        assert (reading.problems[0].facts["incoterms"], reading.problems[0].facts["lines"]) == (
            "DAP Wien",
            "",
        )

    def test_terms_of_delivery_that_fit_are_kept(self) -> None:
        head = exactly(invoice(willcall=True, new_incoterms="FCA München"))
        assert keys(read(head, rule=TERMS)) == []
        assert of(head, rule=TERMS).incoterms == "FCA München"


class TestColumns:
    def test_terms_of_delivery_come_from_a_column(self) -> None:
        found = of(invoice(new_incoterms="EXW", **VIENNA), rule=TERMS)
        assert (found.incoterms, found.ship_to) == ("EXW", IN_VIENNA)

    def test_goods_leave_from_the_country_in_a_column_of_the_invoice_or_its_lines(self) -> None:
        rule = settings(
            columns={
                "invoice_date": "createdon",
                "ship_from": ["invoicedetail.new_warehouse", "new_warehouse"],
            }
        )
        found = of(twice(new_warehouse="Deutschland"), two({}, {"new_warehouse": "Polen"}), rule=rule)
        assert found.ship_from == Place(country="DE")
        assert [line.ship_from for line in found.lines] == [None, Place(country="PL")]
        assert keys(read(invoice(new_warehouse="Halle 7"), rule=rule)) == ["place_unclear"]

    def test_without_a_column_nothing_is_known_of_where_they_leave_from(self) -> None:
        assert of(invoice()).ship_from is None
