"""Lookups in the mapping tables; each gives the value and why, or the problem that says what is missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Generic, TypeVar

from mlconnector.mapping.reference_rates import plausible
from mlconnector.mapping.regions import region
from mlconnector.mapping.row_names import FollowingRow
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.tables import AccountRow, CostCentres, CustomerRow
from mlconnector.mapping.vat_ids import member_state_vat_id, vat_id_problem
from mlconnector.model.entries import Because
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Line, Party, Supply, Voucher

T = TypeVar("T")
NumberedRow = tuple[int, AccountRow]

_DIGITS_OF_A_TAX_NUMBER = 5
_NOT_IN_A_CENTRE = re.compile(r"[^\w ]")
_LONGEST_CENTRE = 36
_FOUR_PLACES = Decimal("0.0001")
_TABLES = {"sale": "revenue", "purchase": "expense"}


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A value, and why: the rows and rules that gave it, and the facts that they looked at."""

    value: T
    because: tuple[Because, ...] = ()


def account_row(voucher: Voucher, line: Line, case: str, rules: Rules) -> NumberedRow | None:
    """The most specific account row whose facts all hold, with its number; None when none does."""
    rows = rows_in_force(voucher, rules)
    return _most_specific((each for each in rows if each[1].tax_case in {None, case}), voucher, line)


def later_row(
    voucher: Voucher, line: Line, rules: Rules, wanted: Callable[[AccountRow], object]
) -> Problem | None:
    """The problem that says from when a row holds of which all but its day does; None where there is none."""
    for number, row in rules.mapping.accounts_by_day(voucher.direction).after(voucher.document_date):
        if wanted(row) and _rank(row, voucher, line) is not None:
            return not_begun(line, row, table_name(voucher), number, voucher.document_date)
    return None


def not_begun(line: Line, row: FollowingRow, table: str, number: int, day: date) -> Problem:
    """The only row that would decide a line begins after its day."""
    facts = {
        "line": line.text,
        "table": table,
        "row": str(number),
        "valid_from": row.valid_from.isoformat() if row.valid_from else "",
        "day": day.isoformat(),
    }
    return Problem("row_not_begun", facts, ("table", "row", "valid_from"))


def supply(voucher: Voucher, line: Line, rules: Rules) -> Found[Supply | None]:
    """What is supplied: by the most specific row that says so, else by the source, else by the setting."""
    rows = rows_in_force(voucher, rules)
    match = _most_specific((each for each in rows if each[1].supply is not None), voucher, line)
    if match is not None:
        supplied = match[1].supply
        return Found(supplied, (Because("supply", supplied or "", "row", row_facts(voucher, match)),))
    if line.supply is not None:
        return Found(line.supply, (Because("supply", line.supply, "supply_of_source"),))
    by_setting = Because("supply", rules.mapping.supply or "", "setting", {"setting": "mapping.supply"})
    return Found(rules.mapping.supply, (by_setting,) if rules.mapping.supply else ())


def customer(voucher: Voucher, rules: Rules) -> Found[bool | None]:
    """Whether the other party is a business: by the first row that says so, a VAT id, or the source.

    A VAT id is given to taxable persons alone (Art. 18 Abs. 1 and 3 MwSt-DVO), so it goes before what a
    source takes the party for. Suppliers are businesses. None where nothing says it.
    """
    party = voucher.party
    if voucher.direction == "purchase" or party is None:
        return Found(True)
    for number, row in enumerate(rules.mapping.customer, start=1):
        if _is_about(row, voucher):
            who = party.name if row.party_id else None
            named = {"party": who, "pipeline": row.pipeline, **row.attributes}
            facts = {"table": "mapping.customer", "row": str(number), **looked_at(named)}
            return Found(row.customer == "business", (Because("customer", row.customer, "row", facts),))
    if _has_tax_number(party):
        facts = {"vat_id": party.vat_id or ""}
        return Found(True, (Because("customer", "business", "customer_by_vat_id", facts),))
    if party.is_business is None:
        return Found(None)
    kind = "business" if party.is_business else "consumer"
    return Found(party.is_business, (Because("customer", kind, "customer_of_source"),))


def _is_about(row: CustomerRow, voucher: Voucher) -> bool:
    party_id = voucher.party.external_id if voucher.party else None
    return (
        row.party_id in {None, party_id}
        and row.pipeline in {None, voucher.attributes.get("pipeline")}
        and all(voucher.attributes.get(name) == wanted for name, wanted in row.attributes.items())
    )


def _has_tax_number(party: Party) -> bool:
    """Whether the party has a valid VAT id, or in a third country a tax number of that country's own kind."""
    if not party.vat_id or vat_id_problem(party) is not None:
        return False
    if member_state_vat_id(party.vat_id) is not None:
        return True
    return region(party) == "third" and sum(map(str.isdigit, party.vat_id)) >= _DIGITS_OF_A_TAX_NUMBER


def own_rate(voucher: Voucher, line: Line, rules: Rules) -> Found[Decimal | None]:
    """The rate at which the client owes the tax itself: by the most specific row, else by the setting."""
    rows = rows_in_force(voucher, rules)
    match = _most_specific((each for each in rows if each[1].own_rate is not None), voucher, line)
    if match is not None:
        rate = str(match[1].own_rate)
        return Found(Decimal(rate), (Because("own_rate", rate, "row", row_facts(voucher, match)),))
    by_setting = rules.mapping.own_rate
    return Found(None if by_setting is None else Decimal(by_setting))


def table_name(voucher: Voucher) -> str:
    """What the connection file calls the table of accounts for this direction."""
    return f"mapping.{_TABLES[voucher.direction]}"


def row_facts(voucher: Voucher, found: NumberedRow) -> dict[str, str]:
    """The facts that name a row of the table of accounts, and what it looks at."""
    number, row = found
    named = {name: getattr(row, name) for name in ("product", "product_code", "category", "pipeline")}
    facts = looked_at({**named, **row.attributes})
    return {"table": table_name(voucher), "row": str(number), **facts, **told_of(row)}


def looked_at(facts: Mapping[str, str | None]) -> dict[str, str]:
    """What a row of the mapping looks at, as facts of a reason; what it leaves open is none."""
    return {f"where.{name}": value for name, value in facts.items() if value}


def told_of(row: FollowingRow) -> dict[str, str]:
    """The name of a row, and since when it holds, where that is not from ever."""
    since = {"since": row.valid_from.isoformat()} if row.valid_from else {}
    return {"row_name": row.name, **since}


def attribute(voucher: Voucher, line: Line | None, name: str) -> str:
    """A named fact: of the line where it has one, else of the voucher; empty where neither does."""
    own = line.attributes.get(name, "") if line is not None else ""
    return own or voucher.attributes.get(name, "")


def rows_in_force(voucher: Voucher, rules: Rules) -> Sequence[NumberedRow]:
    """The rows of accounts that hold on the day of a document, with their numbers."""
    return rules.mapping.accounts_by_day(voucher.direction).on(voucher.document_date)


def _most_specific(rows: Iterable[NumberedRow], voucher: Voucher, line: Line) -> NumberedRow | None:
    ranked = [(rank, each) for each in rows if (rank := _rank(each[1], voucher, line)) is not None]
    return max(ranked, key=lambda found: found[0])[1] if ranked else None


def _rank(row: AccountRow, voucher: Voucher, line: Line) -> int | None:
    """How specific a row is, None when it does not hold; a fact outweighs all that come after it."""
    facts = (
        *((32, wanted, attribute(voucher, line, name)) for name, wanted in row.attributes.items()),
        (16, row.product, line.product),
        (8, row.product_code, line.product_code),
        (4, row.category, line.category),
        (2, row.pipeline, voucher.attributes.get("pipeline")),
    )
    named = [(weight, wanted, given) for weight, wanted, given in facts if wanted is not None]
    if any(wanted != given for _, wanted, given in named):
        return None
    return sum(weight for weight, _, _ in named) + (row.tax_case is not None)


def cost_centre(
    voucher: Voucher, line: Line | None, table: CostCentres | None, field: str
) -> Found[str] | Problem:
    """The cost centre by the attribute that the table looks at; none where no table is set up."""
    if table is None:
        return Found("")
    given = attribute(voucher, line, table.attribute)
    named = {"table": f"mapping.{field}", "attribute": table.attribute, "given": given}
    if given in table.table:
        centre = table.table[given]
        return Found(centre, (Because(field, centre, "by_attribute", named),))
    if given == "" or table.default is not None:
        centre = table.default or ""
        return Found(centre, (Because(field, centre, "by_default", named),) if centre else ())
    written = _NOT_IN_A_CENTRE.sub(" ", given).strip()
    if table.unlisted == "as_given" and 0 < len(written) <= _LONGEST_CENTRE:
        return Found(written, (Because(field, written, "centre_as_given", named),))
    facts = {"attribute": table.attribute, "value": given}
    return Problem("cost_centre_unknown", facts, ("attribute", "value"))


def exchange_rate(voucher: Voucher, rules: Rules) -> Found[Decimal | None] | Problem:
    """Foreign units for one EUR: from the voucher, else from the table by currency and month."""
    if voucher.currency == "EUR":
        return Found(None)
    month = f"{voucher.document_date:%Y-%m}"
    if voucher.exchange_rate is not None and voucher.exchange_rate > 0:
        rate = voucher.exchange_rate
        why = Because("exchange_rate", f"{rate:f}", "rate_of_voucher")
    elif (named := f"{voucher.currency} {month}") in rules.mapping.exchange_rates:
        rate = rules.mapping.exchange_rates[named]
        facts = {"currency": voucher.currency, "month": month}
        why = Because("exchange_rate", f"{rate:f}", "rate_of_month", facts)
    else:
        facts = {"currency": voucher.currency, "month": month}
        return Problem("exchange_rate_missing", facts, ("currency", "month"))
    return _implausible(rate, voucher, rules) or Found(rate, (why,))


def _implausible(rate: Decimal, voucher: Voucher, rules: Rules) -> Problem | None:
    """A rate far from every reference rate around that day: it is old, or means the other direction."""
    day, limit = voucher.document_date, rules.mapping.exchange_rate_limit
    compared = plausible(voucher.currency, day, limit, rules.reference_rates)
    if compared is None or compared.fits(rate):
        return None
    known, other = compared.known, (1 / rate).quantize(_FOUR_PLACES)
    facts = {
        "number": voucher.number or voucher.title,
        "rate": f"{rate:f}",
        "currency": voucher.currency,
        "day": day.isoformat(),
        "low": f"{known.low:f}",
        "high": f"{known.high:f}",
        "first": known.first.isoformat(),
        "last": known.last.isoformat(),
        "limit": f"{limit:f}",
        "other": f"{other:f}" if compared.fits(1 / rate) else "",
    }
    return Problem("exchange_rate_implausible", facts, ("currency",))


def payment_terms(voucher: Voucher, rules: Rules) -> Found[str] | Problem:
    """The number of the client's terms of payment; none where table or source say nothing."""
    table, given = rules.mapping.payment_terms.table, voucher.payment_terms or ""
    if not table or not given:
        return Found("")
    if given in table:
        why = Because("payment_terms", table[given], "terms_by_table", {"given": given})
        return Found(table[given], (why,))
    return Problem("payment_terms_unknown", {"terms": given}, ("terms",))
