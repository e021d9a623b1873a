"""Postings: what DATEV makes of each line of an entry, with net and tax on accounts of their own.

DATEV works the tax out itself, by the tax key or by the function of an automatic account, from the gross of
each line and rounded half up. It books it on an account that the client's settings name; the seeds know the
usual ones. Where they know none the posting has no account: none is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from mlconnector.mapping.charts import MARGIN_TAXED, TaxCase, lengthened, tax_cases
from mlconnector.mapping.exchange_differences import EXCHANGE
from mlconnector.mapping.payments import DISCOUNT, PAYMENT
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.tax_keys import tax_keys, untaxed
from mlconnector.mapping.withholding import KEPT_BACK
from mlconnector.model.entries import Entry, EntryLine
from mlconnector.model.money import HUNDRED, ZERO, rounded, tax_included
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Voucher

Side = Literal["S", "H"]
Part = Literal["gross", "net", "tax", "input_tax", "lost_tax", "discount"]

TAX_BY_DATEV = "Steuer laut DATEV"
DISCOUNT_BY_DATEV = "Skonto laut DATEV"

_UNTAXED = KEPT_BACK | {PAYMENT, EXCHANGE}


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of a booking: a positive amount in debit (`S`) or credit (`H`) of an account.

    `of_line` counts the entry's lines, beginning with 1. `account` is empty where DATEV alone knows it, and
    `name` where nobody has told it. `part` says what the amount is: `tax` is owed, `input_tax` deducted, and
    `lost_tax` owed without being deducted, which makes it part of the cost.
    """

    account: str
    name: str
    side: Side
    amount: Decimal
    currency: str
    of_line: int
    part: Part


@dataclass(frozen=True, slots=True)
class TaxDifference:
    """The tax of one rate as the document adds it up, and as DATEV works it out line by line."""

    rate: Decimal
    document: Decimal
    booked: Decimal


@dataclass(frozen=True, slots=True)
class _Leg:
    """A signed amount, positive in debit."""

    account: str
    amount: Decimal
    part: Part


def postings(entry: Entry, rules: Rules) -> tuple[Posting, ...]:
    """What DATEV books for each line, in the entry's currency; debit and credit of a line are the same."""
    return tuple(
        Posting(
            account=leg.account,
            name=_name(leg, entry, rules),
            side="S" if leg.amount > ZERO else "H",
            amount=abs(leg.amount),
            currency=line.currency or entry.currency,
            of_line=number,
            part=leg.part,
        )
        for number, line in enumerate(entry.lines, start=1)
        for leg in _legs(line, line.currency or entry.currency, rules)
        if leg.amount != ZERO
    )


def account_name(number: str, entry: Entry, rules: Rules) -> str:
    """The name of an account that an entry books on; the party's for its own, empty where none is known."""
    known = rules.accounts.get(number)
    if known is not None:
        return known.name
    return entry.party_name if rules.books.is_person(number, entry.ledger) else ""


def tax_differences(voucher: Voucher, entry: Entry, rules: Rules) -> tuple[TaxDifference, ...]:
    """The rates at which the document's own tax is not what DATEV works out; signs are the document's."""
    sign = 1 if voucher.direction == "sale" else -1
    booked: dict[Decimal, Decimal] = {}
    for line in entry.lines:
        if _carries_tax(line, rules) and not line.tax_added and line.tax_case != MARGIN_TAXED:
            tax = sign * tax_included(line.amount, line.tax_rate, entry.currency)
            booked[line.tax_rate] = booked.get(line.tax_rate, ZERO) + tax
    own = {
        rate: totals([one for one in voucher.lines if one.tax_rate == rate], voucher.currency).tax
        - _settled_tax(voucher, rate)
        - sign * _lost_tax(entry, rate)
        for rate in booked
    }
    return tuple(TaxDifference(rate, own[rate], booked[rate]) for rate in booked if own[rate] != booked[rate])


def _settled_tax(voucher: Voucher, rate: Decimal) -> Decimal:
    """The tax of down payments that the document takes off again."""
    paid = [one for one in voucher.down_payments if one.paid and one.tax_rate == rate]
    return sum((tax_included(one.amount, rate, voucher.currency) for one in paid), ZERO)


def _lost_tax(entry: Entry, rate: Decimal) -> Decimal:
    """The tax on the document that may not be deducted, and is cost."""
    lines = [one for one in entry.lines if one.tax_rate == rate and not one.tax_added]
    lost = [one for one in lines if (case := tax_cases().get(one.tax_case)) and case.deduction == "no"]
    return sum((tax_included(one.amount, rate, entry.currency) for one in lost), ZERO)


def _name(leg: _Leg, entry: Entry, rules: Rules) -> str:
    if leg.account:
        return account_name(leg.account, entry, rules)
    return DISCOUNT_BY_DATEV if leg.part == "discount" else TAX_BY_DATEV


def _legs(line: EntryLine, currency: str, rules: Rules) -> Iterator[_Leg]:
    taken = ZERO if line.discount is None else line.discount
    yield _Leg(line.account, line.amount + taken, "gross")
    if line.tax_added:
        yield _Leg(line.contra_account, -line.amount, "net")
        yield from _added(line, currency, rules)
    else:
        yield from _split(line.contra_account, -line.amount, line, currency, rules)
    if taken != ZERO:
        yield from _taken(line.discount_account, -taken, currency, rules)


def _split(account: str, moved: Decimal, line: EntryLine, currency: str, rules: Rules) -> Iterator[_Leg]:
    """The contra account's share without the tax in it, and the tax."""
    if not _carries_tax(line, rules):
        yield _Leg(account, moved, "gross" if line.tax_case in _UNTAXED else "net")
        return
    case = _case(line, rules)
    yield from _net_and_tax(account, moved, line.tax_rate, case, currency, rules)


def _net_and_tax(
    account: str, moved: Decimal, rate: Decimal, case: TaxCase | None, currency: str, rules: Rules
) -> Iterator[_Leg]:
    tax = tax_included(moved, rate, currency)
    yield _Leg(account, moved - tax, "net")
    if case is not None and case.direction == "purchase":
        yield _Leg(_named(case.input_tax, rules), tax, "input_tax")
    else:
        yield _Leg(_named(case.tax if case else {}, rules), tax, "tax")


def _added(line: EntryLine, currency: str, rules: Rules) -> Iterator[_Leg]:
    """Tax that comes on top: owed, and deducted unless the case forbids it."""
    case = _case(line, rules)
    tax = rounded(line.amount * line.tax_rate / HUNDRED, currency)
    if case is not None and case.deduction == "no":
        yield _Leg(line.contra_account, -tax, "lost_tax")
    else:
        yield _Leg(_named(case.input_tax if case else {}, rules), -tax, "input_tax")
    yield _Leg(_named(case.tax if case else {}, rules), tax, "tax")


def _taken(account: str, moved: Decimal, currency: str, rules: Rules) -> Iterator[_Leg]:
    """Skonto in DATEV's own column: only an automatic account says at which rate it takes tax back."""
    known = rules.accounts.get(account)
    case = tax_cases().get(known.tax_case) if known is not None and known.automatic else None
    if case is None or untaxed(case):
        yield _Leg(account, moved, "discount")
    else:
        yield from _net_and_tax(account, moved, _rate_of(case), case, currency, rules)


def _carries_tax(line: EntryLine, rules: Rules) -> bool:
    """Whether DATEV books tax for a line, by the function of its account or by its key."""
    if line.tax_rate == ZERO or line.tax_case == PAYMENT:
        return False
    case = _case(line, rules)
    if line.tax_case == DISCOUNT:
        return bool(line.tax_key) or (case is not None and not untaxed(case))
    return case is None or not untaxed(case)


def _case(line: EntryLine, rules: Rules) -> TaxCase | None:
    """The tax case that decides the accounts of the tax; Skonto has that of its automatic account or key."""
    if line.tax_case != DISCOUNT:
        return tax_cases().get(line.tax_case)
    if line.tax_key:
        key = tax_keys().get(line.tax_key.lstrip("0"))
        return tax_cases().get(key.tax_cases[0]) if key is not None and key.tax_cases else None
    known = rules.accounts.get(line.contra_account)
    return tax_cases().get(known.tax_case) if known is not None and known.automatic else None


def _rate_of(case: TaxCase) -> Decimal:
    return ZERO if case.rate is None else case.rate


def _named(accounts: dict[str, str], rules: Rules) -> str:
    number = accounts.get(rules.books.chart)
    return lengthened(number, rules.books.account_length) if number else ""
