"""Our description against DATEV's schemas, and what it says of single values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from mlconnector.formats.codes import countries, currencies
from mlconnector.formats.dxso.structure import Item, items
from mlconnector.formats.dxso.xml import parse
from tests.formats.dxso.examples import XSD, needs_xsd

SCHEMA = "{http://www.w3.org/2001/XMLSchema}"
PLACES = (
    "LedgerImport",
    "consolidate",
    "row",
    "archive",
    "header",
    "content",
    "document",
    "repository",
    "level",
)
EXTENSIONS = ("accountsPayableLedger", "accountsReceivableLedger", "File", "SEPAFile")


def test_rows_have_the_order_that_datev_demands() -> None:
    names = list(items("row", "element"))
    assert names[:4] == ["date", "amount", "discountAmount", "accountNo"]
    assert names[-6:-4] == ["deliveryDate", "orderId"]
    assert [name for name, item in items("row", "element").items() if item.least] == [
        "date",
        "amount",
        "currencyCode",
        "invoiceId",
    ]


@pytest.mark.parametrize("place", PLACES)
def test_every_place_is_described_in_both_languages(place: str) -> None:
    described = [*items(place, "element").values(), *items(place, "attribute").values()]
    assert described
    assert [item.name for item in described if not (item.de and item.en)] == []


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("amount", "119.00", None),
        ("amount", "-0.01", None),
        ("amount", "119.0", "form"),
        ("amount", "119,00", "form"),
        ("amount", "0.00", "form"),
        ("amount", "-0.00", "form"),
        ("amount", "12345678901.00", "form"),
        ("accountNo", "0420", "form"),
        ("accountNo", "9999999999", "bounds"),
        ("buCode", "0", None),
        ("buCode", "10000", "bounds"),
        ("tax", "19", "form"),
        ("tax", "99.99", None),
        ("date", "2026-02-29", "form"),
        ("date", "2026-11-20Z", "form"),
        ("date", "20261120", "form"),
        ("date", "1752-12-31", "bounds"),
        ("invoiceId", "", None),
        ("invoiceId", "RE.1", "form"),
        ("invoiceId", "x" * 37, "long"),
        ("currencyCode", "EUR", None),
        ("currencyCode", "eur", "code"),
        ("currencyCode", "", "empty"),
        ("shipToCountry", "UK", "code"),
        ("exchangeRate", "1.0812", "form"),
        ("exchangeRate", "0.000000", "bounds"),
        ("bpAccountNo", "4711", "bounds"),
        ("paymentConditionsId", "8", "bounds"),
        ("paymentOrder", "true", None),
        ("paymentOrder", "yes", "form"),
        ("customerCity", "", "empty"),
        ("customerCity", "x" * 31, "long"),
        ("costCategoryId", "100 ", "form"),
        ("costCategoryId", "", None),
        ("iban", "DE02120300000000202051", None),
        ("iban", "DE02 1203", "form"),
    ],
)
def test_values_of_rows(name: str, value: str, fault: str | None) -> None:
    assert items("row", "element")[name].fault(value) == fault


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("2026-11-21T12:00:00", None),
        ("2026-11-21T12:00:00.5", None),
        ("2026-11-21T12:00:00Z", "form"),
        ("2026-11-21T12:00:00+01:00", "form"),
        ("2026-11-21", "form"),
        ("2026-13-21T12:00:00", "form"),
    ],
)
def test_moments_have_no_time_zone(value: str, fault: str | None) -> None:
    assert items("header", "element")["date"].fault(value) == fault


@pytest.mark.parametrize(
    ("value", "fault"), [("9e290b5c-cdf4-58c3-a935-b260ca54fcff", None), ("9e290b5ccdf458c3", "form")]
)
def test_guids_have_their_hyphens(value: str, fault: str | None) -> None:
    assert items("document", "attribute")["guid"].fault(value) == fault


@needs_xsd
class TestAgainstDatevsSchemas:
    """The description was written by hand; the schemas show that it was written rightly."""

    ledger = "Belegverwaltung_online_ledger_import_v060.xsd"
    ledger_types = "Belegverwaltung_online_ledger_types_v060.xsd"
    document = "Document_v060.xsd"
    document_types = "Document_types_v060.xsd"

    @pytest.mark.parametrize("ledger", ["payable", "receivable"])
    def test_rows(self, ledger: str) -> None:
        root = _schema(self.ledger)
        own = "accountsPayableLedger" if ledger == "payable" else "accountsReceivableLedger"
        elements = [
            element
            for name in ("base", "base1", own)
            for element in _complex_type(root, name).iter(f"{SCHEMA}element")
        ]
        ours = [item for item in items("row", "element").values() if item.ledger in {None, ledger}]
        assert [element.get("name") for element in elements] == [item.name for item in ours]
        types = _schema(self.ledger_types)
        for element, item in zip(elements, ours, strict=True):
            assert element.get("minOccurs") == str(item.least)
            _same_lengths(types, element.get("type"), item)

    @pytest.mark.parametrize("place", ["archive", "header", "content", "document", "repository", "level"])
    def test_the_management_file(self, place: str) -> None:
        root, types = _schema(self.document), _schema(self.document_types)
        theirs = _complex_type(root, place)
        elements = [each for each in theirs.iter(f"{SCHEMA}element") if each.get("name") != "documentintern"]
        ours = items(place, "element")
        assert [each.get("name") for each in elements] == list(ours)
        for each in elements:
            item = ours[each.get("name")]
            assert (each.get("minOccurs", "1"), each.get("maxOccurs", "1")) == (
                str(item.least),
                str(item.most),
            )
            _same_lengths(types, each.get("type"), item)
        self._attributes(theirs, types, place)

    @pytest.mark.parametrize("kind", EXTENSIONS)
    def test_extensions(self, kind: str) -> None:
        theirs = _complex_type(_schema(self.document), kind).find(f".//{SCHEMA}extension")
        self._attributes(theirs, _schema(self.document_types), f"extension.{kind}")
        properties = theirs.findall(f"{SCHEMA}sequence/{SCHEMA}element")
        assert [each.get("name") for each in properties] == list(items(f"extension.{kind}", "element"))

    def test_the_ledger_file(self) -> None:
        root, types = _schema(self.ledger), _schema(self.ledger_types)
        elements = {each.get("name"): each for each in root.iter(f"{SCHEMA}element")}
        for name in ("LedgerImport", "consolidate"):
            self._attributes(elements[name].find(f"{SCHEMA}complexType"), types, name)

    def _attributes(self, theirs: Any, types: Any, place: str) -> None:
        ours = items(place, "attribute")
        found = theirs.findall(f"{SCHEMA}attribute")
        assert {each.get("name") for each in found} == set(ours)
        for each in found:
            item = ours[each.get("name")]
            assert (each.get("use") == "required") == bool(item.least), item.name
            _same_lengths(types, each.get("type"), item)

    @pytest.mark.parametrize(
        ("type_name", "ours", "former"),
        [("p1", currencies(), {"DEM"}), ("p10014", countries(), {"AN", "CS"})],
    )
    def test_codes_are_among_datevs(self, type_name: str, ours: frozenset[str], former: set[str]) -> None:
        pattern = _simple_type(_schema(self.ledger_types), type_name).find(f".//{SCHEMA}pattern")
        theirs = set(pattern.get("value").split("|"))
        assert ours <= theirs
        assert former <= theirs - ours


def _schema(name: str) -> Any:
    return parse(Path(XSD / name).read_bytes())


def _complex_type(root: Any, name: str) -> Any:
    return next(each for each in root.iter(f"{SCHEMA}complexType") if each.get("name") == name)


def _simple_type(root: Any, name: str) -> Any:
    return next(each for each in root.iter(f"{SCHEMA}simpleType") if each.get("name") == name)


def _same_lengths(types: Any, type_name: str, item: Item) -> None:
    """Lengths, bounds and characters of a simple type are those of our item."""
    if not type_name.startswith("de:"):
        return
    theirs = _simple_type(types, type_name.removeprefix("de:"))
    facets = {each.tag.removeprefix(SCHEMA): each.get("value") for each in theirs.iter() if each.get("value")}
    if "maxLength" in facets:
        assert str(item.max_length) == facets["maxLength"], item.name
    if facets.get("minLength"):
        assert str(item.min_length) == facets["minLength"], item.name
    if "minInclusive" in facets and item.form in {"decimal", "whole"} and item.name not in _UNIONS:
        assert float(item.lowest) == float(facets["minInclusive"]), item.name
        assert float(item.highest) == float(facets["maxInclusive"]), item.name
    if "pattern" in facets and item.form == "text" and item.pattern is not None and item.name != "xml_data":
        for value in ("A", "a b", "1.2", "_", "ü", "x/y", " x", "6.0", "#"):
            assert bool(re.fullmatch(facets["pattern"], value)) == (item.fault(value) is None), (
                item.name,
                value,
            )


# their bounds are those of a union, or wider than their own pattern lets through
_UNIONS = frozenset({"amount", "consolidatedAmount", "type", "processID"})
