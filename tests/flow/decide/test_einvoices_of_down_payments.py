"""An e-invoice about down payments goes where it says what the source told of them, and else waits."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.flow.context.document_rules import DocumentRules
from mlconnector.flow.decide.documents.einvoices import judged
from mlconnector.formats.einvoice.cii import cii_xml
from mlconnector.formats.einvoice.examination import examine
from mlconnector.formats.einvoice.invoice import EInvoice, Examination
from mlconnector.mapping.booking import decide
from mlconnector.mapping.drafts import Draft
from mlconnector.mapping.rules import Rules
from mlconnector.model.vouchers import DownPayment, Voucher
from tests.formats.einvoice.builders import VOUCHER, changed, invoice, line

BY = Rules.model_validate({"books": {"chart": "SKR03"}, "mapping": {"default_revenue": True}})
ADVANCE = DownPayment(amount=Decimal(119), number="AR-1", tax_rate=Decimal(19), paid=True)
FINAL = changed(lines=(line("200.00"),), down_payments=(ADVANCE,))
WHOLE = {"gross": Decimal(238), "prepaid": Decimal(119), "payable": Decimal(119)}


def einvoice(of: Voucher, **facts: Any) -> EInvoice:
    """The e-invoice over the lines of a voucher, with what it says of down payments."""
    plain = changed(lines=of.lines)
    found = examine(cii_xml(invoice(plain)), rules=False).invoice
    assert found is not None
    return replace(found, **facts)


def causes(of: Voucher, stated: EInvoice) -> list[str]:
    decision = decide(of, BY)
    assert isinstance(decision, Draft), decision
    problems, _ = judged("Rechnung.xml", Examination("xml", stated), decision, DocumentRules(), BY)
    return [one.cause for one in problems]


class TestAFinalInvoice:
    def test_goes_where_it_was_paid_in_advance_what_the_source_says(self) -> None:
        assert causes(FINAL, einvoice(FINAL, **WHOLE)) == []
        assert causes(FINAL, einvoice(FINAL, **WHOLE, preceding=("AR-1",))) == []

    def test_goes_where_its_lines_are_what_is_left(self) -> None:
        rest = einvoice(changed(lines=(line("100.00"),)))
        assert causes(FINAL, rest) == []
        assert causes(FINAL, replace(rest, preceding=("AR-1",))) == []

    @pytest.mark.parametrize(
        "facts",
        [
            {**WHOLE, "prepaid": Decimal(100), "payable": Decimal(138)},
            {**WHOLE, "payable": Decimal(238)},
            {**WHOLE, "preceding": ("AR-2",)},
            {**WHOLE, "type_code": "326"},
        ],
    )
    def test_waits_where_it_says_something_else(self, facts: dict[str, Any]) -> None:
        assert causes(FINAL, einvoice(FINAL, **facts)) == ["einvoice_down_payment"]

    def test_waits_where_it_takes_nothing_off(self) -> None:
        assert causes(FINAL, einvoice(FINAL)) == ["einvoice_differs"]

    def test_waits_where_its_taxes_are_others(self) -> None:
        stated = einvoice(FINAL, **WHOLE)
        free = tuple(replace(one, category="Z") for one in stated.vat)
        assert causes(FINAL, replace(stated, vat=free)) == [
            "einvoice_other_tax:tax_case=domestic_19,category=Z"
        ]

    def test_does_not_take_off_what_was_never_paid(self) -> None:
        unpaid = DownPayment(amount=Decimal(50), number="AR-2", tax_rate=None, paid=False)
        of = changed(lines=(line("200.00"),), down_payments=(ADVANCE, unpaid))
        assert causes(of, einvoice(of, **WHOLE)) == []


class TestARequest:
    ASKED = changed(lines=(line("200.00"), line("20.00", "7")), requests_down_payment=True)

    @pytest.mark.parametrize("code", ["386", "326", "875"])
    def test_goes_where_the_e_invoice_is_one_too(self, code: str) -> None:
        assert causes(self.ASKED, einvoice(self.ASKED, type_code=code)) == []

    def test_waits_where_the_e_invoice_is_one_of_a_supply(self) -> None:
        assert causes(self.ASKED, einvoice(self.ASKED)) == ["einvoice_down_payment"]

    def test_waits_where_the_amounts_or_taxes_are_others(self) -> None:
        other = changed(lines=(line("200.00"), line("20.00")))
        found = causes(self.ASKED, einvoice(other, type_code="386"))
        assert "einvoice_differs" in found


def test_an_invoice_of_which_the_source_tells_no_down_payment_waits_as_before() -> None:
    stated = einvoice(VOUCHER, prepaid=Decimal(100), payable=Decimal("159.40"))
    assert causes(VOUCHER, stated) == ["einvoice_down_payment"]
