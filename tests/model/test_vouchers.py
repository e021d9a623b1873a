from datetime import date
from decimal import Decimal

import msgspec
import pytest

from mlconnector.model.vouchers import (
    Attachment,
    DownPayment,
    Kind,
    Line,
    Party,
    Place,
    Voucher,
    decode,
    encode,
)

PARTY = Party(external_id="organization/7", name="Holzbau Müller GmbH", country="DE")
LINE = Line(text="Montage", amount=Decimal("100.00"), tax_method="exclusive", tax_rate=Decimal(19))
FILE = Attachment(external_id="9", file_name="RE-1.pdf", media_type="application/pdf")
VOUCHER = Voucher(
    kind=Kind.INVOICE,
    direction="sale",
    external_id="815",
    number="RE-1",
    document_date=date(2026, 7, 31),
    currency="EUR",
    party=PARTY,
    lines=(LINE,),
    stated_total=Decimal("119.00"),
    attachments=(FILE,),
    attributes={"pipeline": "Projekte", "cost_centre": "220"},
)


def changed(**fields: object) -> Voucher:
    return msgspec.structs.replace(VOUCHER, **fields)


def test_a_voucher_is_called_by_kind_and_external_id() -> None:
    assert VOUCHER.identity == "invoice/815"


def test_the_same_content_has_the_same_revision() -> None:
    assert decode(encode(VOUCHER)) == VOUCHER
    assert decode(encode(VOUCHER)).revision() == VOUCHER.revision()


def test_the_revision_of_a_given_content_stays_the_same_for_ever() -> None:
    assert VOUCHER.revision() == "8e4ab9199f8e8dff9789525942b229ee252f7538d34ddf6f5f505b4ecfa64d81"


def test_what_no_source_has_told_is_no_part_of_the_content() -> None:
    untold = changed(
        ship_to=None, ship_from=None, incoterms=None, requests_down_payment=False, down_payments=()
    )
    line = msgspec.structs.replace(LINE, supply=None, ship_to=None, ship_from=None, ancillary=False)
    again = msgspec.structs.replace(untold, lines=(line,))
    assert encode(again) == encode(VOUCHER)
    assert b"ship" not in encode(VOUCHER)
    assert decode(encode(VOUCHER)).ship_to is None


def test_numbers_that_are_only_written_differently_are_no_new_revision() -> None:
    line = msgspec.structs.replace(
        LINE, amount=Decimal("1E+2"), tax_rate=Decimal("19.0"), quantity=Decimal("1.000")
    )
    assert changed(lines=(line,), stated_total=Decimal(119)).revision() == VOUCHER.revision()


def test_the_order_of_attributes_is_no_new_revision() -> None:
    attributes = dict(reversed(VOUCHER.attributes.items()))
    assert changed(attributes=attributes).revision() == VOUCHER.revision()


@pytest.mark.parametrize(
    "fields",
    [
        {"number": "RE-2"},
        {"document_date": date(2026, 8, 1)},
        {"lines": (LINE, LINE)},
        {"stated_total": Decimal("119.01")},
        {"party": None},
        {"standing": "withdrawn"},
        {"attributes": {}},
        {"title": "Auftrag"},
        {"attachments": ()},
        {"ship_to": Place(country="AT")},
        {"ship_from": Place(country="NL")},
        {"incoterms": "EXW"},
        {"requests_down_payment": True},
        {"fee": Decimal("1.19")},
        {"down_payments": (DownPayment(amount=Decimal("59.50")),)},
        {"lines": (msgspec.structs.replace(LINE, ship_to=Place(country="AT")),)},
        {"lines": (msgspec.structs.replace(LINE, ancillary=True),)},
        {"lines": (msgspec.structs.replace(LINE, supply="service"),)},
        {"party": msgspec.structs.replace(PARTY, is_business=False)},
    ],
)
def test_every_change_is_a_new_revision(fields: dict[str, object]) -> None:
    assert changed(**fields).revision() != VOUCHER.revision()


def test_an_unknown_field_of_an_older_or_newer_version_is_passed_over() -> None:
    extended = encode(VOUCHER).replace(b'"kind"', b'"unheard_of":1,"kind"', 1)
    assert decode(extended) == VOUCHER
