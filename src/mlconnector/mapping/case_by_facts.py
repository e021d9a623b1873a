"""The tax case that complete facts lead to: by the first row of the mapping that holds, else by the facts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from mlconnector.mapping.charts import TaxCase, tax_cases
from mlconnector.mapping.contradictions import (
    contradiction,
    objection,
    service_date_missing,
    stock_abroad,
    undecided,
)
from mlconnector.mapping.lookups import attribute, not_begun
from mlconnector.mapping.places import carried_by_buyer
from mlconnector.mapping.regions import has_own_rates
from mlconnector.mapping.tables import TaxCaseRow
from mlconnector.mapping.tax_facts import Facts, word
from mlconnector.model.problems import Problem


@dataclass(frozen=True, slots=True)
class Taxed:
    """The tax case of a line, and the country whose VAT law holds at its place (ISO 3166, or XI).

    `stock` is the country that goods leave from or arrive in on the client's side. `deductible` is the part
    of the input tax in percent that may be deducted, None for all of it.
    """

    case: TaxCase
    country: str
    stock: str = "DE"
    deductible: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A tax case, the rule that led to it (by row `row`), and the facts that it looked at."""

    taxed: Taxed
    rule: str
    facts: Facts
    row: int = 0


Outcome = Chosen | Problem


def decided(facts: Facts) -> Outcome:
    """The tax case of a line by complete facts, or what keeps it from having one."""
    chosen = _by_row(facts)
    if chosen is not None:
        return chosen
    found = _without_row(facts)
    return (_later_row(facts) or found) if isinstance(found, Problem) else found


def _without_row(facts: Facts) -> Outcome:
    if facts.line.tax_code_decides:
        return _by_code_alone(facts)
    if facts.where.stock != "domestic":
        return _from_other_stock(facts)
    if facts.rules.mapping.small_business and facts.sale:
        return _small_business(facts)
    return _by_facts(facts)


def _by_row(facts: Facts) -> Outcome | None:
    for number, row in facts.rules.mapping.tax_cases_by_day.on(facts.day):
        case = tax_cases()[row.case]
        if not _says(row, case, facts):
            continue
        if case.rate is not None and case.rate != facts.rate:
            shown = {"rate": f"{facts.rate:f}", "tax_case": case.name, "case_rate": f"{case.rate:f}"}
            return Problem("tax_case_rate_differs", {**shown, "row": str(number)}, ("tax_case", "rate"))
        return Chosen(replace(_taxed(case, facts), deductible=row.deductible), "case_by_row", facts, number)
    return None


def _later_row(facts: Facts) -> Problem | None:
    """The problem that says from when a row holds that would decide; None where none would."""
    for number, row in facts.rules.mapping.tax_cases_by_day.after(facts.day):
        case = tax_cases()[row.case]
        if _says(row, case, facts) and case.rate in {None, facts.rate}:
            return not_begun(facts.line, row, "mapping.tax_case", number, facts.day)
    return None


def _by_code_alone(facts: Facts) -> Problem:
    """No row holds for a tax rule that decides alone: there is none for it, or none for what is sold here."""
    code = facts.line.tax_code or ""
    shown = {"tax_code": code, "rate": f"{facts.rate:f}"}
    if not any(row.tax_code == code for row in facts.rules.mapping.tax_case):
        return Problem("tax_code_unmapped", shown, ("tax_code",))
    shown |= {"region": facts.where.side, "stock": facts.where.stock, "vat_id": facts.vat_id}
    return Problem("tax_code_does_not_fit", shown, tuple(shown))


def _says(row: TaxCaseRow, case: TaxCase, facts: Facts) -> bool:
    line = facts.line
    supplied: set[str] = {"any", facts.supplied}
    if facts.supplied in {"electronic", "catalogue"}:
        supplied.add("service")
    return (
        case.direction == facts.voucher.direction
        and row.rate in {None, facts.rate}
        and row.region in {"any", facts.where.side}
        and row.vat_id in {"any", facts.vat_id}
        and row.customer in {"any", word(facts.is_business)}
        and row.supply in supplied
        and row.stock in {"any", facts.where.stock}
        and row.category in {None, line.category}
        and row.product_code in {None, line.product_code}
        and row.tax_code in {None, line.tax_code}
        and all(attribute(facts.voucher, line, name) == wanted for name, wanted in row.attributes.items())
    )


def _from_other_stock(facts: Facts) -> Outcome:
    """Distance sales between two other member states are declared in the one-stop shop too (§ 18j UStG)."""
    case, place = tax_cases()["oss_goods"], facts.where
    distance_sale = (
        facts.sale
        and place.stock == "eu"
        and place.side == "eu"
        and place.stock_country != place.at.country
        and place.stock_country in facts.rules.mapping.places.vat_ids
        and case.holds_on(facts.day)
        and _holds(case, facts)
    )
    return _chosen(case, facts, "case_by_facts") if distance_sale else stock_abroad(facts)


def _small_business(facts: Facts) -> Outcome:
    """§ 19 UStG covers what is taxable at home; a service to a business abroad may not be."""
    at_home = facts.taxed_in == "domestic" or facts.supplied == "goods" or facts.consumer_service
    if at_home:
        return _chosen(tax_cases()["small_business"], facts, "case_of_small_business")
    return undecided(facts, "tax_case_unknown")


def _by_facts(facts: Facts) -> Outcome:
    whenever = [case for case in tax_cases().values() if _holds(case, facts)]
    fitting = [case for case in whenever if case.holds_on(facts.day)]
    if whenever and not fitting:
        if facts.voucher.service_date is None and any("service_date" in case.needs for case in whenever):
            return service_date_missing(facts.voucher, facts.rate)
        return undecided(facts, "rate_not_valid", whenever)
    against = objection(facts) if any(_is_german_abroad(case) for case in fitting) else None
    if against is not None:
        foreign = [case for case in fitting if not _is_german_abroad(case)]
        if not foreign:
            return against
        # A rate that Germany has too may be meant as the German one, but not where only a territory has it.
        fitting = foreign if has_own_rates(facts.where.at) else fitting
    at_rate = [case for case in fitting if not case.own_rate or case.own_rate == facts.own_rate]
    if len(at_rate) == 1:
        return _chosen(at_rate[0], facts, "case_by_facts")
    if at_rate:
        return undecided(facts, "tax_case_ambiguous", at_rate)
    if fitting and facts.own_rate is None:
        return undecided(facts, "own_rate_unknown", fitting)
    return contradiction(facts) or undecided(facts, "tax_case_unknown")


def _chosen(case: TaxCase, facts: Facts, rule: str) -> Chosen:
    return Chosen(_taxed(case, facts), rule, facts)


def _taxed(case: TaxCase, facts: Facts) -> Taxed:
    return Taxed(case, facts.where.at.country, facts.where.stock_country)


def _holds(case: TaxCase, facts: Facts) -> bool:
    """Whether a case holds for the facts, but for the own rate and the day."""
    return (
        case.direction == facts.voucher.direction
        and case.region == facts.taxed_in
        and _is_at_rate(case, facts)
        and case.vat_id in {"any", facts.vat_id}
        and case.deduction in {"any", "yes" if facts.rules.mapping.deducts else "no"}
        and case.customer in {"any", word(facts.is_business)}
        and _supplies(case, facts)
        and not _is_collected(case, facts)
    )


def _is_at_rate(case: TaxCase, facts: Facts) -> bool:
    if case.rate is not None:
        return facts.rate == case.rate
    return facts.rate > 0 and facts.rate in facts.foreign_rates


def _supplies(case: TaxCase, facts: Facts) -> bool:
    """Whether a case is for what is supplied; work abroad has cases of its own but for the one-stop shop."""
    if case.supply == "any":
        return True
    if facts.supplied == "goods":
        return case.supply == "goods"
    if facts.supplied == "on_site" and facts.taxed_in == "eu":
        return case.supply == "on_site" or (case.supply == "service" and case.customer == "consumer")
    return case.supply == "service"


def _is_collected(case: TaxCase, facts: Facts) -> bool:
    """Whether the case needs the client to carry the goods, but the buyer does: distance sales and exports.

    § 3c Abs. 1 UStG; § 6 Abs. 1 Nr. 2 UStG lets buyers from abroad carry the goods out themselves.
    """
    if facts.supplied != "goods" or not facts.sale or not carried_by_buyer(facts.voucher):
        return False
    return case.customer == "consumer" or (case.region == "third" and facts.where.other == "domestic")


def _is_german_abroad(case: TaxCase) -> bool:
    return case.direction == "sale" and case.region == "eu" and bool(case.rate)
