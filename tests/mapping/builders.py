"""Vouchers and rules for tests of the mapping; the defaults are a plain domestic invoice in SKR03."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from mlconnector.mapping.booking import Draft, Held, decide
from mlconnector.mapping.rules import Rules
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Kind, Line, Party, TaxMethod, Voucher

AUSTRIAN, GREEK, BRITISH_NORTH = "ATU13585627", "EL094259216", "XI123456782"
SPANISH = "ESA13585625"
PARTY = Party(external_id="organization/7", name="Holzbau Müller GmbH", country="DE", is_business=True)
VOUCHER = Voucher(
    kind=Kind.INVOICE,
    direction="sale",
    external_id="815",
    number="RE-1",
    document_date=date(2026, 7, 31),
    currency="EUR",
    party=PARTY,
    lines=(),
)


def line(amount: str = "100", rate: str = "19", method: TaxMethod = "exclusive", **facts: str | None) -> Line:
    values: dict[str, Any] = {"text": "Position", **facts}
    return Line(amount=Decimal(amount), tax_method=method, tax_rate=Decimal(rate), **values)


def party(country: str | None = "DE", vat_id: str | None = None, **facts: Any) -> Party:
    return msgspec.structs.replace(PARTY, country=country, vat_id=vat_id, **facts)


def voucher(*lines: Line, **facts: Any) -> Voucher:
    return msgspec.structs.replace(VOUCHER, lines=lines or (line(),), **facts)


def rules(books: dict[str, Any] | None = None, **mapping: Any) -> Rules:
    tables = {"default_revenue": True, **mapping}
    return Rules.model_validate({"books": {"chart": "SKR03", **(books or {})}, "mapping": tables})


def draft(of: Voucher, by: Rules | None = None) -> Draft:
    """The draft of a voucher that must be bookable."""
    decision = decide(of, by or rules())
    assert isinstance(decision, Draft), decision
    return decision


def booked(of: Voucher, by: Rules | None = None) -> list[tuple[str, str, str]]:
    """Account, tax key and amount of each share."""
    shares = draft(of, by).shares
    return [(share.target.account, share.target.tax_key, f"{share.gross:f}") for share in shares]


def cases(of: Voucher, by: Rules | None = None) -> list[str]:
    """The tax case of each share."""
    return [share.target.tax_case.name for share in draft(of, by).shares]


def problems(of: Voucher, by: Rules | None = None) -> list[Problem]:
    """The problems of a voucher that must wait."""
    decision = decide(of, by or rules())
    assert isinstance(decision, Held), decision
    return list(decision.problems)


def keys(of: Voucher, by: Rules | None = None) -> list[str]:
    """The keys of the problems of a voucher that must wait."""
    return [problem.key for problem in problems(of, by)]
