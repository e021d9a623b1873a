"""Packages as a bookkeeper would look at them: the same entries give the same bytes, now and later."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from decimal import Decimal

import pytest

from mlconnector.formats.dxso import check_package, freeze
from mlconnector.formats.dxso import xml as dxso_xml
from mlconnector.model.entries import Entry
from tests.formats.dxso.examples import (
    GOLDEN,
    files_of,
    needs_xsd,
    november,
    package,
    purchases,
    schema_faults,
)

PACKAGES: dict[str, Callable[[], Sequence[Entry]]] = {
    "Ausgangsrechnungen_2026-11": november,
    "Eingangsrechnungen_2026-11": purchases,
}


def golden(name: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (GOLDEN / name).iterdir()}


@pytest.mark.parametrize("name", PACKAGES)
def test_the_bytes_are_those_that_were_looked_at(name: str) -> None:
    given = package(PACKAGES[name]())
    with zipfile.ZipFile(io.BytesIO(freeze(given))) as archive:
        frozen = {each: archive.read(each) for each in archive.namelist()}
    looked_at = golden(name)
    assert {**frozen, **{each: looked_at[each] for each in ("document.xml",)}} == looked_at
    assert files_of(given)["document.xml"] == looked_at["document.xml"]


@pytest.mark.parametrize("name", PACKAGES)
def test_the_packages_have_no_findings(name: str) -> None:
    assert list(check_package(files_of(package(PACKAGES[name]())))) == []


@needs_xsd
@pytest.mark.parametrize("name", PACKAGES)
def test_the_packages_are_what_datev_s_schemas_describe(name: str) -> None:
    assert schema_faults(files_of(package(PACKAGES[name]()))) == []


@pytest.mark.parametrize(
    ("name", "sign"), [("Ausgangsrechnungen_2026-11", 1), ("Eingangsrechnungen_2026-11", -1)]
)
def test_the_month_adds_up_to_what_was_booked(name: str, sign: int) -> None:
    amounts = [
        Decimal(amount.text or "")
        for file, content in golden(name).items()
        if file.endswith(".xml")
        for amount in dxso_xml.parse(content).iter("{*}amount")
    ]
    assert amounts
    assert sum(amounts) == sum(sign * each.total for each in PACKAGES[name]())
