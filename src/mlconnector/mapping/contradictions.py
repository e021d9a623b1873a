"""Contradictions: what is missing or disagrees where no tax case follows; both sides are named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Literal

from mlconnector.mapping.charts import TaxCase
from mlconnector.mapping.lookups import table_name
from mlconnector.mapping.places import carried_by_buyer
from mlconnector.mapping.tax_facts import Facts, word
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Voucher

Undecided = Literal["tax_case_unknown", "tax_case_ambiguous", "own_rate_unknown", "rate_not_valid"]
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "own_rate_unknown": ("region", "category", "product_code"),
    "rate_not_valid": ("direction", "rate", "region"),
}
_UNDECIDED_BY: tuple[str, ...] = ("direction", "rate", "region", "vat_id")


def shown(facts: Facts) -> dict[str, str]:
    """The facts as texts take them."""
    return {
        "direction": facts.voucher.direction,
        "rate": f"{facts.rate:f}",
        "region": facts.where.side,
        "country": facts.where.at.country,
        "territory": facts.where.at.territory,
        "place": facts.where.told_by,
        "vat_id": facts.vat_id,
        "supply": facts.supplied,
        "customer": word(facts.is_business),
        "day": facts.day.isoformat(),
    }


def objection(facts: Facts) -> Problem | None:
    """What speaks against the German rate for something that has its place in another member state."""
    if facts.supplied == "on_site":
        return _place_differs(facts)
    if facts.is_business:
        return None if facts.supplied == "goods" else _business_taxed_at_home(facts)
    distance_sale = facts.supplied == "goods" and not carried_by_buyer(facts.voucher)
    if facts.rules.mapping.oss and (distance_sale or facts.supplied in {"service", "electronic"}):
        return _oss_rate_differs(facts)
    return None


def contradiction(facts: Facts) -> Problem | None:
    """What speaks against the tax on the document, where no tax case goes with it."""
    if facts.consumer_service and facts.rate == 0 and facts.where.side != "domestic":
        return _consumer_untaxed(facts)
    if facts.sale and facts.rate == 0 and facts.where.side == "third" and carried_by_buyer(facts.voucher):
        return Problem("export_collected", _about(facts), ("party_id",))
    return _place_differs(facts) if facts.where.elsewhere else None


def _about(facts: Facts) -> dict[str, str]:
    return {
        **shown(facts),
        "party": facts.party.name,
        "party_id": facts.party.external_id,
        "party_country": facts.party.country or "",
        "number": facts.voucher.number or "",
        "line": facts.line.text,
    }


def _place_differs(facts: Facts) -> Problem:
    return Problem("place_differs", _about(facts), ("direction", "rate", "region", "supply"))


def stock_abroad(facts: Facts) -> Problem:
    """Goods whose end on the client's side is not in Germany."""
    stock = {"stock": facts.where.stock, "stock_country": facts.where.stock_country}
    return Problem(
        "stock_abroad", {**_about(facts), **stock}, ("direction", "rate", "stock_country", "region")
    )


def _business_taxed_at_home(facts: Facts) -> Problem:
    return Problem("business_taxed_at_home", _about(facts), ("party_id",))


def _consumer_untaxed(facts: Facts) -> Problem:
    return Problem("consumer_untaxed", _about(facts), ("party_id",))


def _oss_rate_differs(facts: Facts) -> Problem:
    rates = ", ".join(f"{rate:f}" for rate in facts.foreign_rates)
    return Problem("oss_rate_differs", {**_about(facts), "rates": rates}, ("rate", "country", "supply"))


def customer_missing(facts: Facts, case: str) -> Problem:
    """It is open who the customer is, and a tax case depends on it."""
    about = {"party": facts.party.name, "party_id": facts.party.external_id, "tax_case": case}
    return Problem("customer_kind_missing", about, ("party_id",))


def service_date_missing(voucher: Voucher, rate: Decimal) -> Problem:
    """The day of supply is missing, and a tax case depends on it."""
    return Problem("service_date_missing", {"rate": f"{rate:f}", "number": voucher.number or ""}, ("rate",))


def supply_unknown(facts: Facts) -> Problem:
    """It is open what is supplied, and the tax case depends on it."""
    shown = {**_unsure(facts), "supply": "", "customer": "", "cases": ""}
    return Problem("supply_unknown", shown, ("direction", "region", "category", "product_code"))


def undecided(facts: Facts, key: Undecided, cases: Iterable[TaxCase] = ()) -> Problem:
    """No tax case follows from the facts, or several do: those in `cases`."""
    named = ", ".join(case.name for case in cases)
    return Problem(key, {**_unsure(facts), "cases": named}, _GROUPS.get(key, _UNDECIDED_BY))


def _unsure(facts: Facts) -> dict[str, str]:
    line = facts.line
    return {
        **shown(facts),
        "party": facts.party.name,
        "party_id": facts.party.external_id,
        "table": table_name(facts.voucher),
        "category": line.category or "",
        "product_code": line.product_code or "",
        "tax_code": line.tax_code or "",
        "line": line.text,
    }
