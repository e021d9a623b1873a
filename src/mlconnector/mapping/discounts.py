"""Skonto: which tax cases share a discount on payment, and on which account each of them has it.

A discount changes the consideration of what was invoiced (§ 17 Abs. 1 UStG), so it is declared where that
was: by the tax case of the document's lines, in proportion to their amounts. Accounts without a tax function
get the case's key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mlconnector.mapping.charts import TaxCase, tax_cases
from mlconnector.mapping.discount_accounts import discount_account
from mlconnector.mapping.lookups import Found
from mlconnector.mapping.regions import region
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Because, EntryLine
from mlconnector.model.money import ZERO, rounded
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Allocation, Voucher

WITHOUT_SHARE = frozenset({"margin_scheme", "margin_scheme_19", "multi_purpose_voucher", "passed_on_cost"})
"""Cases that have no part of a discount in proportion to their amount."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one tax case has of a discount: the rate on the document, and a line of the document with it."""

    case: TaxCase
    rate: Decimal
    amount: Decimal
    like: EntryLine | None = None


@dataclass(frozen=True, slots=True)
class DiscountTarget:
    """Where a share goes, and the tax key that takes the tax back where the account does not do it itself."""

    account: str
    tax_key: str


def shares(
    voucher: Voucher, one: Allocation, lines: Sequence[EntryLine], rules: Rules
) -> list[Share] | Problem:
    """The tax cases that share the discount of an allocation, by the lines of the document that it clears."""
    if not lines:
        return _by_rate(voucher, one, rules)
    amounts: dict[tuple[object, ...], Decimal] = {}
    first: dict[tuple[object, ...], EntryLine] = {}
    for line in lines:
        kind = (line.tax_case, line.tax_rate, line.eu_vat_id, line.eu_rate, line.matter, line.key_country)
        amounts[kind] = amounts.get(kind, ZERO) + line.amount
        first.setdefault(kind, line)
    wanted = {
        kind: amount
        for kind, amount in amounts.items()
        if amount != ZERO and one.discount_rate in {None, _document_rate(first[kind])}
    }
    if any(first[kind].tax_case not in tax_cases() for kind in wanted):
        return _unknown(voucher, one)
    if not wanted:
        return _rate_differs(one, first.values())
    whole = sum(wanted.values(), ZERO)
    unlike = any(first[kind].tax_case in WITHOUT_SHARE for kind in wanted)
    if unlike or any(amount * whole <= ZERO for amount in wanted.values()):
        # on a margin Skonto counts in full, on vouchers and costs that are passed on not at all
        return Problem("discount_not_divisible", {"number": one.number or ""}, ("number",))
    parts = {
        kind: rounded(one.discount * amount / whole, voucher.currency) for kind, amount in wanted.items()
    }
    largest = max(wanted, key=lambda kind: abs(wanted[kind]))
    parts[largest] += rounded(one.discount, voucher.currency) - sum(parts.values(), ZERO)
    return [
        Share(tax_cases()[first[kind].tax_case], _document_rate(first[kind]), part, first[kind])
        for kind, part in parts.items()
        if part != ZERO
    ]


def discount_target(share: Share, voucher: Voucher, rules: Rules) -> Found[DiscountTarget] | Problem:
    """Account and tax key for a share: the client's own account for the rate, else that of the case."""
    payments = rules.mapping.payments
    rate = f"{share.rate.normalize():f}"
    table, named = ("granted", payments.granted)
    if voucher.direction == "purchase":
        table, named = ("received", payments.received)
    if rate in named and _serves(named[rate], share.case, rules):
        looked_at = {"table": f"mapping.payments.{table}", "rate": rate}
        return _with_key(named[rate], share, voucher, rules, "discount_by_rate", looked_at)
    proposed = discount_account(share.case, rules)
    known = rules.accounts.get(proposed)
    if known is None or (known.own and not _serves(proposed, share.case, rules)):
        return _missing(share, voucher)
    return _with_key(proposed, share, voucher, rules, "seeded_discount", {"tax_case": share.case.name})


def _serves(number: str, case: TaxCase, rules: Rules) -> bool:
    """Whether an account is not automatic for another tax case."""
    account = rules.accounts.get(number)
    return account is None or not account.automatic or account.tax_case == case.name


def _with_key(
    number: str, share: Share, voucher: Voucher, rules: Rules, rule: str, looked_at: dict[str, str]
) -> Found[DiscountTarget] | Problem:
    why = Because("discount", number, rule, looked_at)
    account = rules.accounts.get(number)
    if account is not None and account.automatic:
        return Found(DiscountTarget(number, ""), (why,))
    key = share.case.key_on(voucher.document_date)
    if share.like is not None and share.like.tax_key and share.case.key_until is None:
        key = share.like.tax_key
    if not key:
        return _missing(share, voucher) if share.case.boxes else Found(DiscountTarget(number, ""), (why,))
    by_case = Because("discount_key", key, "key_of_case", {"tax_case": share.case.name})
    return Found(DiscountTarget(number, key), (why, by_case))


def _by_rate(voucher: Voucher, one: Allocation, rules: Rules) -> list[Share] | Problem:
    """The one case of a document that is not known: at home its rate tells it, abroad nothing does."""
    if voucher.party is None or region(voucher.party) != "domestic":
        return _unknown(voucher, one)
    if voucher.direction == "sale" and rules.mapping.small_business and one.discount_rate in {None, ZERO}:
        return [Share(tax_cases()["small_business"], ZERO, rounded(one.discount, voucher.currency))]
    if not one.discount_rate:
        return _unknown(voucher, one)
    deduction = {"any", "yes" if rules.mapping.deducts else "no"}
    for case in tax_cases().values():
        at_home = (case.direction, case.region, case.rate) == (
            voucher.direction,
            "domestic",
            one.discount_rate,
        )
        if at_home and case.deduction in deduction and not case.own_rate:
            return [Share(case, one.discount_rate, rounded(one.discount, voucher.currency))]
    return _unknown(voucher, one)


def _document_rate(line: EntryLine) -> Decimal:
    return ZERO if line.tax_added else line.tax_rate


def _unknown(voucher: Voucher, one: Allocation) -> Problem:
    party = voucher.party
    facts = {
        "number": one.number or "",
        "rate": "" if one.discount_rate is None else f"{one.discount_rate:f}",
        "party": party.name if party else "",
        "country": (party.country or "") if party else "",
    }
    return Problem("discount_case_unknown", facts, ("number",))


def _rate_differs(one: Allocation, lines: Iterable[EntryLine]) -> Problem:
    rates = sorted({_document_rate(line) for line in lines})
    facts = {
        "number": one.number or "",
        "rate": "" if one.discount_rate is None else f"{one.discount_rate:f}",
        "rates": ", ".join(f"{rate:f}" for rate in rates),
    }
    return Problem("discount_rate_differs", facts, ("number",))


def _missing(share: Share, voucher: Voucher) -> Problem:
    facts = {"rate": f"{share.rate:f}", "tax_case": share.case.name, "direction": voucher.direction}
    return Problem("discount_account_missing", facts, ("tax_case",))
