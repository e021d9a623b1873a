"""The tax case of a line: by rows of the mapping first, else by the facts, and never by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from mlconnector.mapping.charts import TaxCase, tax_cases
from mlconnector.mapping.lookups import Found, supply
from mlconnector.mapping.regions import region
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.vat_ids import foreign_vat_id, vat_id_problem
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Line, Party, Voucher


@dataclass(frozen=True, slots=True)
class _Facts:
    """What decides a tax case; `supplied` is None where no rule says what is supplied."""

    direction: str
    rate: Decimal
    region: Literal["domestic", "eu", "third"]
    vat_id: Literal["yes", "no"]
    supplied: str | None
    country: str
    because: str

    def __str__(self) -> str:
        supplied = f"{self.supplied} ({self.because})" if self.supplied else "goods or service unknown"
        rate = f"rate {self.rate:f} %, {self.region} ({self.country})"
        return f"{rate}, VAT id of another member state: {self.vat_id}, {supplied}"


def tax_case(voucher: Voucher, line: Line, rules: Rules) -> Found[TaxCase] | Problem:
    """The tax case of a line, by rate, the customer's country, VAT id and what is supplied."""
    rate = Decimal(0) if line.tax_method == "none" else line.tax_rate
    if rules.mapping.small_business and rate != 0:
        return Problem(
            "small_business_with_tax", {"rate": f"{rate:f}", "number": voucher.number or ""}, ("rate",)
        )
    facts = _facts(voucher, line, rate, rules)
    if isinstance(facts, Problem):
        return facts
    chosen = _chosen(facts, line, rules)
    if chosen is not None:
        return chosen
    if rules.mapping.small_business:
        return _small_business(facts, line)
    matching = [case for case in tax_cases().values() if _holds(case, facts)]
    decided = [case for case in matching if case.supply in {"any", facts.supplied}]
    if len(decided) == 1:
        return Found(decided[0], f"seeded tax case {decided[0].name}: {facts}")
    return _undecided(facts, line, "supply_unknown" if matching else "tax_case_unknown")


def _facts(voucher: Voucher, line: Line, rate: Decimal, rules: Rules) -> _Facts | Problem:
    party = voucher.party
    if party is None:
        return Problem("party_missing", {"title": voucher.title})
    if not party.country:
        facts = {"party": party.name, "party_id": party.external_id}
        return Problem("country_missing", {**facts, "rate": f"{rate:f}"}, ("party_id",))
    where = region(party)
    if where is None:
        facts = {"country": party.country, "party": party.name, "party_id": party.external_id}
        return Problem("country_unknown", facts, ("country",))
    supplied = supply(voucher, line, rules)
    if where == "northern_ireland":
        where = "eu" if supplied.value == "goods" else "third"
    return _Facts(
        direction=voucher.direction,
        rate=rate,
        region=where,
        vat_id="yes" if _has_vat_id(party, where) else "no",
        supplied=supplied.value,
        country=party.country,
        because=supplied.rule,
    )


def _has_vat_id(party: Party, where: str) -> bool:
    if vat_id_problem(party) is not None:
        # A wrong id is a problem of its own; the tax case shall not be said to be unknown because of it.
        return where == "eu"
    number = foreign_vat_id(party)
    return number is not None and not (where == "third" and number.startswith("XI"))


def _chosen(facts: _Facts, line: Line, rules: Rules) -> Found[TaxCase] | None:
    for number, row in enumerate(rules.mapping.tax_case, start=1):
        case = tax_cases()[row.case]
        if (
            case.direction == facts.direction
            and row.rate == facts.rate
            and row.region == facts.region
            and row.vat_id in {"any", facts.vat_id}
            and row.supply in {"any", facts.supplied}
            and row.category in {None, line.category}
            and row.product_code in {None, line.product_code}
        ):
            return Found(case, f"mapping.tax_case row {number} ({case.name}): {facts}")
    return None


def _holds(case: TaxCase, facts: _Facts) -> bool:
    return (
        case.direction == facts.direction
        and case.rate == facts.rate
        and case.region == facts.region
        and case.vat_id in {"any", facts.vat_id}
    )


def _small_business(facts: _Facts, line: Line) -> Found[TaxCase] | Problem:
    """§ 19 UStG covers what is taxable at home; a service to a business abroad may not be."""
    if facts.region == "domestic" or facts.supplied == "goods":
        return Found(tax_cases()["small_business"], f"mapping.small_business = true; {facts}")
    return _undecided(facts, line, "tax_case_unknown" if facts.supplied else "supply_unknown")


def _undecided(facts: _Facts, line: Line, key: Literal["supply_unknown", "tax_case_unknown"]) -> Problem:
    shown: Mapping[str, str] = {
        "rate": f"{facts.rate:f}",
        "region": facts.region,
        "vat_id": facts.vat_id,
        "supply": facts.supplied or "",
        "country": facts.country,
        "category": line.category or "",
        "product_code": line.product_code or "",
        "line": line.text,
    }
    if key == "supply_unknown":
        return Problem(key, shown, ("region", "category", "product_code"))
    return Problem(key, shown, ("rate", "region", "vat_id"))
