"""Vouchers and rules for tests of the mapping; the defaults are a plain domestic invoice in SKR03."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from mlconnector.mapping.booking import decide
from mlconnector.mapping.drafts import Draft, Held
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Entry, EntryLine
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Allocation, Kind, Line, Party, TaxMethod, Voucher

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


def line(amount: str = "100", rate: str = "19", method: TaxMethod = "exclusive", **facts: Any) -> Line:
    values: dict[str, Any] = {"text": "Position", **facts}
    return Line(amount=Decimal(amount), tax_method=method, tax_rate=Decimal(rate), **values)


def party(country: str | None = "DE", vat_id: str | None = None, **facts: Any) -> Party:
    return msgspec.structs.replace(PARTY, country=country, vat_id=vat_id, **facts)


def voucher(*lines: Line, **facts: Any) -> Voucher:
    return msgspec.structs.replace(VOUCHER, lines=lines or (line(),), **facts)


def purchase(*lines: Line, country: str = "DE", vat_id: str | None = None, **facts: Any) -> Voucher:
    """A supplier's invoice."""
    supplier = facts.pop("party", party(country, vat_id, name="Sägewerk Harz GmbH"))
    return voucher(*lines, direction="purchase", party=supplier, **facts)


def payment(*allocations: Allocation, direction: str = "sale", **facts: Any) -> Voucher:
    """Money from a customer or to a supplier."""
    values = {"kind": Kind.PAYMENT, "number": "Z-1", "lines": (), **facts}
    return msgspec.structs.replace(VOUCHER, direction=direction, allocations=allocations, **values)


def cleared(
    number: str | None = "RE-1", amount: str = "119", discount: str = "0", rate: str | None = None
) -> Allocation:
    """What a payment clears, with Skonto at a rate."""
    by = None if rate is None else Decimal(rate)
    return Allocation(number=number, amount=Decimal(amount), discount=Decimal(discount), discount_rate=by)


def document(
    *lines: EntryLine, number: str = "RE-1", currency: str = "EUR", rate: str | None = None, turn: int = 1
) -> Entry:
    """A booked document with these lines, or a plain one of 119.00 at 19 %."""
    plain = EntryLine(
        account="10001",
        contra_account="8400",
        amount=Decimal(119),
        tax_case="domestic_19",
        tax_rate=Decimal(19),
    )
    return Entry(
        voucher=f"invoice/{number}",
        revision=f"r{turn}",
        kind="original",
        turn=turn,
        document_date=VOUCHER.document_date,
        number=number,
        currency=currency,
        exchange_rate=None if rate is None else Decimal(rate),
        lines=lines or (plain,),
    )


def rules(books: dict[str, Any] | None = None, chart: Sequence[dict[str, str]] = (), **mapping: Any) -> Rules:
    """Rules of SKR03 that take every line by default; `chart` are accounts of the client's own."""
    tables = {"default_revenue": True, **mapping}
    return Rules.model_validate(
        {"books": {"chart": "SKR03", **(books or {})}, "mapping": tables, "chart": chart}
    )


def buying(books: dict[str, Any] | None = None, **mapping: Any) -> Rules:
    """Rules that take every line of a purchase by default."""
    return rules(books, **{"default_expense": True, **mapping})


def draft(of: Voucher, by: Rules | None = None) -> Draft:
    """The draft of a voucher that must be bookable."""
    decision = decide(of, by or rules())
    assert isinstance(decision, Draft), decision
    return decision


def booked(of: Voucher, by: Rules | None = None) -> list[tuple[str, str, str]]:
    """Account, tax key and amount of each line."""
    return [(line.contra_account, line.tax_key, f"{line.amount:f}") for line in draft(of, by).lines]


def cases(of: Voucher, by: Rules | None = None) -> list[str]:
    """The tax case of each line."""
    return [line.tax_case for line in draft(of, by).lines]


def problems(of: Voucher, by: Rules | None = None) -> list[Problem]:
    """The problems of a voucher that must wait."""
    decision = decide(of, by or rules())
    assert isinstance(decision, Held), decision
    return list(decision.problems)


def keys(of: Voucher, by: Rules | None = None) -> list[str]:
    """The keys of the problems of a voucher that must wait."""
    return [problem.key for problem in problems(of, by)]
