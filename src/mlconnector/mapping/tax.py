"""The tax case of a line: by rows of the mapping first, else by the facts, and never by default.

What nobody has said (what is supplied, who the customer is) is tried out: where it makes no difference it is
not asked for, and where it does the voucher waits and says which fact is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from mlconnector.mapping.charts import TaxCase, tax_cases
from mlconnector.mapping.lookups import Found, customer, own_rate, supply, table_name
from mlconnector.mapping.places import Side, Where, carried_by_buyer, where
from mlconnector.mapping.regions import has_own_rates, rates_at
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.tables import TaxCaseRow
from mlconnector.mapping.vat_ids import foreign_vat_id, vat_id_problem
from mlconnector.model.entries import Because
from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Line, Party, Supply, Voucher

_Undecided = Literal["tax_case_unknown", "tax_case_ambiguous", "own_rate_unknown", "rate_not_valid"]
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "own_rate_unknown": ("region", "category", "product_code"),
    "rate_not_valid": ("direction", "rate", "region"),
}
_UNDECIDED_BY: tuple[str, ...] = ("direction", "rate", "region", "vat_id")


@dataclass(frozen=True, slots=True)
class Taxed:
    """The tax case of a line, and the country whose VAT law holds at its place (ISO 3166, or XI)."""

    case: TaxCase
    country: str


@dataclass(frozen=True, slots=True)
class _Facts:
    """What decides a tax case, with nothing open; `taxed_in` is the region whose cases hold for it."""

    voucher: Voucher
    line: Line
    rules: Rules
    party: Party
    supplied: Supply
    is_business: bool
    where: Where
    taxed_in: Side
    vat_id: Literal["yes", "no"]

    @property
    def rate(self) -> Decimal:
        """The rate on the document."""
        return _rate(self.line)

    @property
    def day(self) -> date:
        """The day of supply, or of the document where that is not known."""
        return self.voucher.service_date or self.voucher.document_date

    @property
    def own_rate(self) -> Decimal | None:
        """The rate at which the client owes the tax itself; None where no rule says it."""
        return own_rate(self.voucher, self.line, self.rules)

    @property
    def sale(self) -> bool:
        """Whether the client sells."""
        return self.voucher.direction == "sale"

    @property
    def consumer_service(self) -> bool:
        """Whether a service is sold to a consumer that § 3a Abs. 1 UStG taxes where the client is."""
        at_home = {"service"} if self.where.side == "third" else {"service", "catalogue"}
        return self.sale and not self.is_business and self.supplied in at_home

    @property
    def foreign_rates(self) -> tuple[Decimal, ...]:
        """The rates at the place, where the client declares them in the one-stop shop."""
        return rates_at(self.where.at, self.day) if self.rules.mapping.oss else ()


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A tax case, the rule that led to it (by row `row`), and the facts that it looked at."""

    taxed: Taxed
    rule: str
    facts: _Facts
    row: int = 0


_Outcome = _Chosen | Problem
_Tried = Mapping[tuple[Supply, bool], _Outcome]


def tax_case(voucher: Voucher, line: Line, rules: Rules) -> Found[Taxed] | Problem:
    """The tax case of a line, by rate, place, VAT id, kind of customer, what is supplied, and when."""
    rate = _rate(line)
    if rules.mapping.small_business and rate != 0 and voucher.direction == "sale":
        return Problem(
            "small_business_with_tax", {"rate": f"{rate:f}", "number": voucher.number or ""}, ("rate",)
        )
    if voucher.party is None:
        return Problem("party_missing", {"title": voucher.title})
    main = [one for one in voucher.lines if not is_ancillary(one) and one.amount != ZERO]
    if is_ancillary(line) and main:
        return _of_main_lines(voucher, line, main, rules)
    return _of_line(voucher, line, voucher.party, rules)


def is_ancillary(line: Line) -> bool:
    """Whether a line shares the fate of the others: freight and the like."""
    return line.ancillary or line.attributes.get("freight") == "yes"


def _rate(line: Line) -> Decimal:
    return ZERO if line.tax_method == "none" else line.tax_rate


def _of_main_lines(
    voucher: Voucher, line: Line, main: Sequence[Line], rules: Rules
) -> Found[Taxed] | Problem:
    """The tax case of the lines that an ancillary one belongs to (UStAE Abschn. 3.10 Abs. 5)."""
    rate = _rate(line)
    alike = [one for one in main if _rate(one) == rate]
    if not alike:
        rates = ", ".join(f"{one:f}" for one in sorted({_rate(one) for one in main}, reverse=True))
        facts = {"line": line.text, "rate": f"{rate:f}", "rates": rates, "number": voucher.number or ""}
        return Problem("ancillary_rate_differs", facts, ("rate", "rates"))
    found: dict[tuple[str, str], Found[Taxed]] = {}
    for one in alike:
        decided = tax_case(voucher, one, rules)
        if isinstance(decided, Problem):
            return decided
        found.setdefault((decided.value.case.name, decided.value.country), decided)
    if len(found) > 1:
        cases = ", ".join(dict.fromkeys(name for name, _ in found))
        return Problem("ancillary_case_unclear", {"line": line.text, "cases": cases}, ("cases",))
    (only,) = found.values()
    main_line = {"line": alike[0].text, "rate": f"{rate:f}"}
    why = Because("tax_case", only.value.case.name, "case_of_main_line", main_line)
    return Found(only.value, (why, *(one for one in only.because if one.field != "tax_case")))


def _of_line(voucher: Voucher, line: Line, party: Party, rules: Rules) -> Found[Taxed] | Problem:
    supplied, who = supply(voucher, line, rules), customer(voucher, rules)
    kinds: tuple[Supply, ...] = ("goods", "service") if supplied.value is None else (supplied.value,)
    tried: dict[tuple[Supply, bool], _Outcome] = {}
    some: _Facts | None = None
    for kind in kinds:
        place = where(voucher, line, party, kind, rules)
        for is_business in _may_be(who.value, kind, place, _rate(line)):
            if isinstance(place, Problem):
                tried[kind, is_business] = place
            else:
                facts = _facts(voucher, line, rules, party, kind, place, is_business)
                tried[kind, is_business] = _decided(facts)
                some = some or facts
    said = {
        "supply": supplied.value or "",
        "customer": "" if who.value is None or voucher.direction == "purchase" else _word(who.value),
    }
    if some is not None and some.where.side == "domestic" and not some.where.elsewhere:
        said["customer"], who = "", Found(who.value)
    chosen = _agreed(tried, said, some)
    if isinstance(chosen, Problem):
        return chosen
    case = chosen.taxed.case
    if "service_date" in case.needs and voucher.service_date is None:
        return _service_date_missing(voucher, _rate(line))
    if case.customer != "any" and who.value is None:
        return _customer_missing(chosen.facts, case.name)
    return Found(chosen.taxed, (_because(chosen, said), *supplied.because, *who.because))


def _may_be(known: bool | None, kind: Supply, place: Where | Problem, rate: Decimal) -> tuple[bool, ...]:
    """Whether the customer may be a business and a consumer.

    Without a VAT id a customer in the Union may be taken for a consumer, as long as nothing says otherwise
    (Art. 18 Abs. 2 MwSt-DVO, for services).
    """
    if known is not None:
        return (known,)
    service = kind in {"service", "electronic", "catalogue"}
    if service and rate > 0 and isinstance(place, Where) and place.side == "eu":
        return (False,)
    return (True, False)


def _word(is_business: bool) -> str:
    return "business" if is_business else "consumer"


def _because(chosen: _Chosen, said: Mapping[str, str]) -> Because:
    case, row = chosen.taxed.case, str(chosen.row or "")
    place = "" if chosen.facts.where.told_by == "party" else chosen.facts.where.told_by
    looked_at = {**_shown(chosen.facts), **said, "place": place, "source": case.source, "row": row}
    return Because("tax_case", case.name, chosen.rule, looked_at)


def _shown(facts: _Facts) -> dict[str, str]:
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
        "customer": _word(facts.is_business),
        "day": facts.day.isoformat(),
    }


def _agreed(tried: _Tried, said: Mapping[str, str], facts: _Facts | None) -> _Outcome:
    """What all that may be comes to; or the problem, which is the open fact where that makes a difference."""
    outcomes = list(tried.values())
    unknown = next(
        (one for one in outcomes if isinstance(one, Problem) and one.key == "tax_case_unknown"), None
    )
    chosen = next((one for one in outcomes if isinstance(one, _Chosen)), None)
    if len({_key(one) for one in outcomes}) == 1:
        return _as_said(outcomes[0], said)
    if chosen is None and unknown is not None:
        return _as_said(unknown, said)
    if facts is not None and _differs_by_supply(tried):
        return _supply_unknown(facts)
    return outcomes[0] if chosen is None else _customer_missing(chosen.facts, chosen.taxed.case.name)


def _key(outcome: _Outcome) -> tuple[str, ...]:
    if isinstance(outcome, Problem):
        return (outcome.key, outcome.facts.get("cases", ""))
    return (outcome.taxed.case.name, outcome.taxed.country)


def _as_said(outcome: _Outcome, said: Mapping[str, str]) -> _Outcome:
    """A problem without what was only tried out."""
    if isinstance(outcome, _Chosen):
        return outcome
    return replace(outcome, facts={name: said.get(name, value) for name, value in outcome.facts.items()})


def _differs_by_supply(tried: _Tried) -> bool:
    return any(
        _key(one) != _key(other)
        for (kind, who), one in tried.items()
        for (other_kind, other_who), other in tried.items()
        if kind != other_kind and who == other_who
    )


def _facts(
    voucher: Voucher,
    line: Line,
    rules: Rules,
    party: Party,
    supplied: Supply,
    place: Where,
    is_business: bool,
) -> _Facts:
    taxed_in = place.side
    sale = voucher.direction == "sale"
    if sale and not is_business and supplied == "service" and place.side == "third":
        # § 3a Abs. 1 UStG: the basic rule for consumers, wherever in a third country they are.
        taxed_in = "domestic"
    if not sale and supplied == "on_site" and place.side == "domestic" and place.other != "domestic":
        # § 13b Abs. 2 Nr. 1 UStG: what Abs. 1 leaves out, also of businesses in the Union.
        taxed_in = "third"
    return _Facts(
        voucher=voucher,
        line=line,
        rules=rules,
        party=party,
        supplied=supplied,
        is_business=is_business,
        where=place,
        taxed_in=taxed_in,
        vat_id="yes" if _has_vat_id(party, place) else "no",
    )


def _has_vat_id(party: Party, place: Where) -> bool:
    if vat_id_problem(party) is not None:
        # A wrong id is a problem of its own; the tax case shall not be said to be unknown because of it.
        return place.side == "eu"
    number = foreign_vat_id(party)
    if number is None or place.side != "third":
        return number is not None
    # Where something goes to a third country, the buyer's own country does not matter.
    return place.told_by == "party" and not number.startswith("XI")


def _decided(facts: _Facts) -> _Outcome:
    chosen = _by_row(facts)
    if chosen is not None:
        return chosen
    if facts.where.stock != "domestic":
        return _stock_abroad(facts)
    if facts.rules.mapping.small_business and facts.sale:
        return _small_business(facts)
    return _by_facts(facts)


def _by_row(facts: _Facts) -> _Outcome | None:
    for number, row in enumerate(facts.rules.mapping.tax_case, start=1):
        case = tax_cases()[row.case]
        if not _says(row, case, facts):
            continue
        if case.rate is not None and case.rate != facts.rate:
            shown = {"rate": f"{facts.rate:f}", "tax_case": case.name, "case_rate": f"{case.rate:f}"}
            return Problem("tax_case_rate_differs", {**shown, "row": str(number)}, ("tax_case", "rate"))
        return _Chosen(Taxed(case, facts.where.at.country), "case_by_row", facts, number)
    return None


def _says(row: TaxCaseRow, case: TaxCase, facts: _Facts) -> bool:
    line = facts.line
    supplied: set[str] = {"any", facts.supplied}
    if facts.supplied in {"electronic", "catalogue"}:
        supplied.add("service")
    return (
        case.direction == facts.voucher.direction
        and row.rate in {None, facts.rate}
        and row.region in {"any", facts.where.side}
        and row.vat_id in {"any", facts.vat_id}
        and row.customer in {"any", _word(facts.is_business)}
        and row.supply in supplied
        and row.stock in {"any", facts.where.stock}
        and row.category in {None, line.category}
        and row.product_code in {None, line.product_code}
        and row.tax_code in {None, line.tax_code}
    )


def _small_business(facts: _Facts) -> _Outcome:
    """§ 19 UStG covers what is taxable at home; a service to a business abroad may not be."""
    at_home = facts.taxed_in == "domestic" or facts.supplied == "goods" or facts.consumer_service
    if at_home:
        return _chosen(tax_cases()["small_business"], facts, "case_of_small_business")
    return _undecided(facts, "tax_case_unknown")


def _by_facts(facts: _Facts) -> _Outcome:
    whenever = [case for case in tax_cases().values() if _holds(case, facts)]
    fitting = [case for case in whenever if case.holds_on(facts.day)]
    if whenever and not fitting:
        if facts.voucher.service_date is None and any("service_date" in case.needs for case in whenever):
            return _service_date_missing(facts.voucher, facts.rate)
        return _undecided(facts, "rate_not_valid")
    objection = _objection(facts, fitting)
    if objection is not None:
        foreign = [case for case in fitting if not _is_german_abroad(case)]
        if not foreign:
            return objection
        # A rate that Germany has too may be meant as the German one, but not where only a territory has it.
        fitting = foreign if has_own_rates(facts.where.at) else fitting
    decided = [case for case in fitting if not case.own_rate or case.own_rate == facts.own_rate]
    if len(decided) == 1:
        return _chosen(decided[0], facts, "case_by_facts")
    if decided:
        return _undecided(facts, "tax_case_ambiguous")
    if fitting and facts.own_rate is None:
        return _undecided(facts, "own_rate_unknown")
    return _contradiction(facts) or _undecided(facts, "tax_case_unknown")


def _chosen(case: TaxCase, facts: _Facts, rule: str) -> _Chosen:
    return _Chosen(Taxed(case, facts.where.at.country), rule, facts)


def _holds(case: TaxCase, facts: _Facts) -> bool:
    """Whether a case holds for the facts, but for the own rate and the day."""
    at_rate = (
        facts.rate == case.rate
        if case.rate is not None
        else facts.rate > 0 and facts.rate in facts.foreign_rates
    )
    return (
        at_rate
        and case.direction == facts.voucher.direction
        and case.region == facts.taxed_in
        and case.vat_id in {"any", facts.vat_id}
        and case.deduction in {"any", "yes" if facts.rules.mapping.deducts else "no"}
        and case.customer in {"any", _word(facts.is_business)}
        and _supplies(case, facts)
        and not _is_collected(case, facts)
    )


def _supplies(case: TaxCase, facts: _Facts) -> bool:
    """Whether a case is for what is supplied; work abroad has cases of its own but for the one-stop shop."""
    if case.supply == "any":
        return True
    if facts.supplied == "goods":
        return case.supply == "goods"
    if facts.supplied == "on_site" and facts.taxed_in == "eu":
        return case.supply == "on_site" or (case.supply == "service" and case.customer == "consumer")
    return case.supply == "service"


def _is_collected(case: TaxCase, facts: _Facts) -> bool:
    """Whether the case needs the client to carry the goods, but the buyer does: distance sales and exports.

    § 3c Abs. 1 UStG; § 6 Abs. 1 Nr. 2 UStG lets buyers from abroad carry the goods out themselves.
    """
    if facts.supplied != "goods" or not facts.sale or not carried_by_buyer(facts.voucher):
        return False
    return case.customer == "consumer" or (case.region == "third" and facts.where.other == "domestic")


def _is_german_abroad(case: TaxCase) -> bool:
    return case.direction == "sale" and case.region == "eu" and bool(case.rate)


def _objection(facts: _Facts, fitting: Sequence[TaxCase]) -> Problem | None:
    """What speaks against the German rate for something that has its place in another member state."""
    if not any(_is_german_abroad(case) for case in fitting):
        return None
    if facts.supplied == "on_site":
        return _place_differs(facts)
    if facts.is_business:
        return None if facts.supplied == "goods" else _business_taxed_at_home(facts)
    distance_sale = facts.supplied == "goods" and not carried_by_buyer(facts.voucher)
    if facts.rules.mapping.oss and (distance_sale or facts.supplied in {"service", "electronic"}):
        return _oss_rate_differs(facts)
    return None


def _contradiction(facts: _Facts) -> Problem | None:
    """What speaks against the tax on the document, where no tax case goes with it."""
    if facts.consumer_service and facts.rate == 0 and facts.where.side != "domestic":
        return _consumer_untaxed(facts)
    if facts.sale and facts.rate == 0 and facts.where.side == "third" and carried_by_buyer(facts.voucher):
        return Problem("export_collected", _about(facts), ("party_id",))
    return _place_differs(facts) if facts.where.elsewhere else None


def _about(facts: _Facts) -> dict[str, str]:
    return {
        **_shown(facts),
        "party": facts.party.name,
        "party_id": facts.party.external_id,
        "party_country": facts.party.country or "",
        "number": facts.voucher.number or "",
        "line": facts.line.text,
    }


def _place_differs(facts: _Facts) -> Problem:
    return Problem("place_differs", _about(facts), ("direction", "rate", "region", "supply"))


def _stock_abroad(facts: _Facts) -> Problem:
    stock = {"stock": facts.where.stock, "stock_country": facts.where.stock_country}
    return Problem(
        "stock_abroad", {**_about(facts), **stock}, ("direction", "rate", "stock_country", "region")
    )


def _business_taxed_at_home(facts: _Facts) -> Problem:
    return Problem("business_taxed_at_home", _about(facts), ("party_id",))


def _consumer_untaxed(facts: _Facts) -> Problem:
    return Problem("consumer_untaxed", _about(facts), ("party_id",))


def _oss_rate_differs(facts: _Facts) -> Problem:
    rates = ", ".join(f"{rate:f}" for rate in facts.foreign_rates)
    return Problem("oss_rate_differs", {**_about(facts), "rates": rates}, ("rate", "country", "supply"))


def _customer_missing(facts: _Facts, case: str) -> Problem:
    about = {"party": facts.party.name, "party_id": facts.party.external_id, "tax_case": case}
    return Problem("customer_kind_missing", about, ("party_id",))


def _service_date_missing(voucher: Voucher, rate: Decimal) -> Problem:
    return Problem("service_date_missing", {"rate": f"{rate:f}", "number": voucher.number or ""}, ("rate",))


def _supply_unknown(facts: _Facts) -> Problem:
    shown = {**_unsure(facts), "supply": "", "customer": "", "cases": ""}
    return Problem("supply_unknown", shown, ("direction", "region", "category", "product_code"))


def _undecided(facts: _Facts, key: _Undecided) -> Problem:
    cases = ", ".join(case.name for case in tax_cases().values() if _holds(case, facts))
    return Problem(key, {**_unsure(facts), "cases": cases}, _GROUPS.get(key, _UNDECIDED_BY))


def _unsure(facts: _Facts) -> dict[str, str]:
    line = facts.line
    return {
        **_shown(facts),
        "table": table_name(facts.voucher),
        "category": line.category or "",
        "product_code": line.product_code or "",
        "tax_code": line.tax_code or "",
        "line": line.text,
    }
