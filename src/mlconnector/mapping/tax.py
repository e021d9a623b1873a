"""The tax case of a line: by rows of the mapping first, else by the facts, and never by default.

What nobody has said (what is supplied, who the customer is) is tried out: where it makes no difference it is
not asked for, and where it does the voucher waits and says which fact is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from mlconnector.mapping.case_by_facts import Chosen, Outcome, Taxed, decided
from mlconnector.mapping.contradictions import (
    customer_missing,
    service_date_missing,
    shown,
    supply_unknown,
)
from mlconnector.mapping.lookups import Found, customer, later_row, looked_at, own_rate, supply, told_of
from mlconnector.mapping.places import Where, where
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.tables import AccountRow
from mlconnector.mapping.tax_facts import Facts, facts_of, rate_of, word
from mlconnector.model.entries import Because
from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Line, Party, Supply, Voucher

_Tried = Mapping[tuple[Supply, bool], Outcome]
_SAID_BY_ROWS: Mapping[str, Callable[[AccountRow], object]] = {
    "supply_unknown": lambda row: row.supply,
    "own_rate_unknown": lambda row: row.own_rate,
}
"""What is missing by these problems, as rows of accounts say it."""


def tax_case(voucher: Voucher, line: Line, rules: Rules) -> Found[Taxed] | Problem:
    """The tax case of a line, by rate, place, VAT id, kind of customer, what is supplied, and when."""
    rate = rate_of(line)
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
    """Whether a line shares the fate of the others: freight and the like.

    One that only its attribute calls freight has the rate of a setting of its source.
    """
    return line.ancillary or line.attributes.get("freight") == "yes"


def _of_main_lines(
    voucher: Voucher, line: Line, main: Sequence[Line], rules: Rules
) -> Found[Taxed] | Problem:
    """The tax case of the lines that an ancillary one belongs to (UStAE Abschn. 3.10 Abs. 5)."""
    rate = rate_of(line)
    alike = [one for one in main if rate_of(one) == rate]
    found_rates = sorted({rate_of(one) for one in main}, reverse=True)
    by_setting = not line.ancillary
    if not alike or (by_setting and len(found_rates) > 1):
        rates = ", ".join(f"{one:f}" for one in found_rates)
        facts = {"line": line.text, "rate": f"{rate:f}", "rates": rates, "number": voucher.number or ""}
        return Problem("ancillary_rate_differs", facts, ("rate", "rates"))
    found: dict[tuple[str, str], Found[Taxed]] = {}
    for one in alike:
        taxed = tax_case(voucher, one, rules)
        if isinstance(taxed, Problem):
            return taxed
        found.setdefault((taxed.value.case.name, taxed.value.country), taxed)
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
    tried: dict[tuple[Supply, bool], Outcome] = {}
    some: Facts | None = None
    for kind in kinds:
        place = where(voucher, line, party, kind, rules)
        for is_business in _may_be(who.value, kind, place, rate_of(line)):
            if isinstance(place, Problem):
                tried[kind, is_business] = place
            else:
                facts = facts_of(voucher, line, rules, party, kind, place, is_business)
                tried[kind, is_business] = decided(facts)
                some = some or facts
    said = {
        "supply": supplied.value or "",
        "customer": "" if who.value is None or voucher.direction == "purchase" else word(who.value),
    }
    if some is not None and some.where.side == "domestic" and not some.where.elsewhere:
        said["customer"], who = "", Found(who.value)
    chosen = _agreed(tried, said, some)
    if isinstance(chosen, Problem):
        said_by_row = _SAID_BY_ROWS.get(chosen.key)
        return (said_by_row and later_row(voucher, line, rules, said_by_row)) or chosen
    case = chosen.taxed.case
    if "service_date" in case.needs and voucher.service_date is None:
        return service_date_missing(voucher, rate_of(line))
    if case.customer != "any" and who.value is None:
        return customer_missing(chosen.facts, case.name)
    by_own_rate = case.own_rate != 0 and not chosen.row
    rate = own_rate(voucher, line, rules).because if by_own_rate else ()
    return Found(chosen.taxed, (_because(chosen, said), *supplied.because, *who.because, *rate))


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


def _because(chosen: Chosen, said: Mapping[str, str]) -> Because:
    case, row = chosen.taxed.case, str(chosen.row or "")
    place = "" if chosen.facts.where.told_by == "party" else chosen.facts.where.told_by
    facts = {**shown(chosen.facts), **said, "place": place, "source": case.source, "row": row}
    if chosen.row:
        of_row = chosen.facts.rules.mapping.tax_case[chosen.row - 1]
        named = {name: getattr(of_row, name) for name in ("tax_code", "category", "product_code")}
        facts |= looked_at({**named, **of_row.attributes})
        facts |= {"reason": of_row.reason} if of_row.reason else {}
        facts |= {"table": "mapping.tax_case", **told_of(of_row)}
    return Because("tax_case", case.name, chosen.rule, facts)


def _agreed(tried: _Tried, said: Mapping[str, str], facts: Facts | None) -> Outcome:
    """What all that may be comes to; or the problem, which is the open fact where that makes a difference."""
    outcomes = list(tried.values())
    unknown = next(
        (one for one in outcomes if isinstance(one, Problem) and one.key == "tax_case_unknown"), None
    )
    chosen = next((one for one in outcomes if isinstance(one, Chosen)), None)
    if len({_key(one) for one in outcomes}) == 1:
        return _as_said(outcomes[0], said)
    if chosen is None and unknown is not None:
        return _as_said(unknown, said)
    if facts is not None and _differs_by_supply(tried):
        return supply_unknown(facts)
    return outcomes[0] if chosen is None else customer_missing(chosen.facts, chosen.taxed.case.name)


def _key(outcome: Outcome) -> tuple[str, ...]:
    if isinstance(outcome, Problem):
        return (outcome.key, outcome.facts.get("cases", ""))
    taxed = outcome.taxed
    return (taxed.case.name, taxed.country, str(taxed.deductible or ""))


def _as_said(outcome: Outcome, said: Mapping[str, str]) -> Outcome:
    """A problem without what was only tried out."""
    if isinstance(outcome, Chosen):
        return outcome
    return replace(outcome, facts={name: said.get(name, value) for name, value in outcome.facts.items()})


def _differs_by_supply(tried: _Tried) -> bool:
    return any(
        _key(one) != _key(other)
        for (kind, who), one in tried.items()
        for (other_kind, other_who), other in tried.items()
        if kind != other_kind and who == other_who
    )
