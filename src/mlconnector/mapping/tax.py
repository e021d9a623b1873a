"""The tax case of a line: by rows of the mapping first, else by the facts, and never by default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from mlconnector.mapping.charts import TaxCase, tax_cases
from mlconnector.mapping.eu_rates import rates_of
from mlconnector.mapping.lookups import Found, own_rate, supply, table_name
from mlconnector.mapping.regions import region
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.tables import TaxCaseRow
from mlconnector.mapping.vat_ids import foreign_vat_id, vat_id_problem
from mlconnector.model.entries import Because
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Line, Party, Voucher

_Undecided = Literal[
    "supply_unknown", "tax_case_unknown", "tax_case_ambiguous", "own_rate_unknown", "rate_not_valid"
]
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "supply_unknown": ("direction", "region", "category", "product_code"),
    "own_rate_unknown": ("region", "category", "product_code"),
    "rate_not_valid": ("direction", "rate", "region"),
}
_UNDECIDED_BY: tuple[str, ...] = ("direction", "rate", "region", "vat_id")


@dataclass(frozen=True, slots=True)
class _Facts:
    """What decides a tax case; `supplied` and `own_rate` are None where no rule says them."""

    direction: str
    rate: Decimal
    region: Literal["domestic", "eu", "third"]
    vat_id: Literal["yes", "no"]
    supplied: str | None
    own_rate: Decimal | None
    deduction: Literal["yes", "no"]
    is_business: bool | None
    foreign_rates: tuple[Decimal, ...]
    day: date
    country: str
    because: tuple[Because, ...]

    def decide(self, case: TaxCase, rule: str, **by: str) -> Found[TaxCase]:
        """The case that these facts have led to by a rule."""
        looked_at = {
            "rate": f"{self.rate:f}",
            "region": self.region,
            "country": self.country,
            "vat_id": self.vat_id,
            "supply": self.supplied or "",
            "day": self.day.isoformat(),
            "source": case.source,
        }
        return Found(case, (Because("tax_case", case.name, rule, {**looked_at, **by}), *self.because))


def tax_case(voucher: Voucher, line: Line, rules: Rules) -> Found[TaxCase] | Problem:
    """The tax case of a line, by rate, place and VAT id of the party, what is supplied, and when."""
    rate = Decimal(0) if line.tax_method == "none" else line.tax_rate
    if rules.mapping.small_business and rate != 0 and voucher.direction == "sale":
        return Problem(
            "small_business_with_tax", {"rate": f"{rate:f}", "number": voucher.number or ""}, ("rate",)
        )
    facts = _facts(voucher, line, rate, rules)
    if isinstance(facts, Problem):
        return facts
    chosen = _chosen(facts, line, rules)
    if chosen is None and rules.mapping.small_business and voucher.direction == "sale":
        chosen = _small_business(voucher, line, facts)
    if chosen is None:
        chosen = _by_facts(voucher, line, facts)
    return chosen if isinstance(chosen, Problem) else _with_its_needs(chosen, voucher, facts)


def _by_facts(voucher: Voucher, line: Line, facts: _Facts) -> Found[TaxCase] | Problem:
    whenever = [case for case in tax_cases().values() if _holds(case, facts)]
    matching = [case for case in whenever if case.holds_on(facts.day)]
    if whenever and not matching:
        if voucher.service_date is None and any("service_date" in case.needs for case in whenever):
            return _service_date_missing(voucher, facts.rate)
        return _undecided(voucher, line, facts, "rate_not_valid")
    if facts.supplied is None and any(case.supply != "any" for case in matching):
        return _undecided(voucher, line, facts, "supply_unknown")
    decided = [case for case in matching if case.supply in {"any", facts.supplied}]
    at_rate = [case for case in decided if not case.own_rate or case.own_rate == facts.own_rate]
    if len(at_rate) == 1:
        return facts.decide(at_rate[0], "case_by_facts")
    if at_rate:
        return _undecided(voucher, line, facts, "tax_case_ambiguous")
    open_rate = decided and facts.own_rate is None
    return _undecided(voucher, line, facts, "own_rate_unknown" if open_rate else "tax_case_unknown")


def _with_its_needs(found: Found[TaxCase], voucher: Voucher, facts: _Facts) -> Found[TaxCase] | Problem:
    """A case that was found, unless the voucher leaves out what the case demands."""
    case = found.value
    if "service_date" in case.needs and voucher.service_date is None:
        return _service_date_missing(voucher, facts.rate)
    if case.customer == "consumer" and facts.is_business is None:
        party = voucher.party
        shown = {"party": party.name if party else "", "party_id": party.external_id if party else ""}
        return Problem("customer_kind_missing", {**shown, "tax_case": case.name}, ("party_id",))
    return found


def _service_date_missing(voucher: Voucher, rate: Decimal) -> Problem:
    return Problem("service_date_missing", {"rate": f"{rate:f}", "number": voucher.number or ""}, ("rate",))


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
    day = voucher.service_date or voucher.document_date
    return _Facts(
        direction=voucher.direction,
        rate=rate,
        region=where,
        vat_id="yes" if _has_vat_id(party, where) else "no",
        supplied=supplied.value,
        own_rate=own_rate(voucher, line, rules),
        deduction="yes" if rules.mapping.deducts else "no",
        is_business=party.is_business,
        foreign_rates=rates_of(party.country, day) if rules.mapping.oss else (),
        day=day,
        country=party.country,
        because=supplied.because,
    )


def _has_vat_id(party: Party, where: str) -> bool:
    if vat_id_problem(party) is not None:
        # A wrong id is a problem of its own; the tax case shall not be said to be unknown because of it.
        return where == "eu"
    number = foreign_vat_id(party)
    return number is not None and not (where == "third" and number.startswith("XI"))


def _chosen(facts: _Facts, line: Line, rules: Rules) -> Found[TaxCase] | Problem | None:
    for number, row in enumerate(rules.mapping.tax_case, start=1):
        case = tax_cases()[row.case]
        if not _says(row, case, facts, line):
            continue
        if case.rate is not None and case.rate != facts.rate:
            shown = {"rate": f"{facts.rate:f}", "tax_case": case.name, "case_rate": f"{case.rate:f}"}
            return Problem("tax_case_rate_differs", {**shown, "row": str(number)}, ("tax_case", "rate"))
        return facts.decide(case, "case_by_row", row=str(number))
    return None


def _says(row: TaxCaseRow, case: TaxCase, facts: _Facts, line: Line) -> bool:
    return (
        case.direction == facts.direction
        and row.rate in {None, facts.rate}
        and row.region in {"any", facts.region}
        and row.vat_id in {"any", facts.vat_id}
        and row.supply in {"any", facts.supplied}
        and row.category in {None, line.category}
        and row.product_code in {None, line.product_code}
        and row.tax_code in {None, line.tax_code}
    )


def _holds(case: TaxCase, facts: _Facts) -> bool:
    """Whether a case holds for the facts, but for what is supplied, the own rate, and the day."""
    at_rate = (
        facts.rate == case.rate
        if case.rate is not None
        else facts.rate > 0 and facts.rate in facts.foreign_rates
    )
    return (
        at_rate
        and case.direction == facts.direction
        and case.region == facts.region
        and case.vat_id in {"any", facts.vat_id}
        and case.deduction in {"any", facts.deduction}
        and not (case.customer == "consumer" and facts.is_business is True)
    )


def _small_business(voucher: Voucher, line: Line, facts: _Facts) -> Found[TaxCase] | Problem:
    """§ 19 UStG covers what is taxable at home; a service to a business abroad may not be."""
    if facts.region == "domestic" or facts.supplied == "goods":
        return facts.decide(tax_cases()["small_business"], "case_of_small_business")
    return _undecided(voucher, line, facts, "tax_case_unknown" if facts.supplied else "supply_unknown")


def _undecided(voucher: Voucher, line: Line, facts: _Facts, key: _Undecided) -> Problem:
    shown: Mapping[str, str] = {
        "direction": facts.direction,
        "table": table_name(voucher),
        "rate": f"{facts.rate:f}",
        "region": facts.region,
        "vat_id": facts.vat_id,
        "supply": facts.supplied or "",
        "country": facts.country,
        "day": facts.day.isoformat(),
        "category": line.category or "",
        "product_code": line.product_code or "",
        "tax_code": line.tax_code or "",
        "line": line.text,
        "cases": ", ".join(_candidates(facts)),
    }
    return Problem(key, shown, _GROUPS.get(key, _UNDECIDED_BY))


def _candidates(facts: _Facts) -> Sequence[str]:
    fitting = {"goods", "service"} if facts.supplied is None else {facts.supplied}
    cases = [case for case in tax_cases().values() if case.supply in {"any", *fitting}]
    return [case.name for case in cases if _holds(case, facts)]
