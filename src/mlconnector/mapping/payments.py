"""Payments: money that clears open items, with Skonto by tax case, part payments and amounts on account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from mlconnector.mapping.discount_accounts import BY_DATEV
from mlconnector.mapping.discounts import (
    DiscountTarget,
    Share,
    discount_target,
    shares,
)
from mlconnector.mapping.drafts import Draft, Held, Ignored, ledger_of, person_problem
from mlconnector.mapping.lookups import Found, exchange_rate
from mlconnector.mapping.open_items import Cleared, OpenItem
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Because, EntryLine
from mlconnector.model.euro import EURO
from mlconnector.model.money import ZERO, rounded
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Allocation, Party, Voucher

PAYMENT = "payment"
DISCOUNT = "discount"

_NOTHING_KNOWN: Cleared = {}


@dataclass(frozen=True, slots=True)
class _Paid:
    """What all lines of a payment share: which way the money went, on which account, and at what rate."""

    sign: int
    account: str
    number: str
    currency: str


@dataclass(frozen=True, slots=True)
class _Taken:
    """A share of a discount, and where it goes; without a target DATEV's own column carries it."""

    share: Share
    target: DiscountTarget | None
    because: tuple[Because, ...] = ()


def decide_payment(
    voucher: Voucher, rules: Rules, cleared: Cleared = _NOTHING_KNOWN
) -> Draft | Held | Ignored:
    """Decide a payment: one line for each document that it clears, and the Skonto beside it.

    Money from a customer credits the debtor, money to a supplier debits the creditor. What clears no document
    is on account, under the payment's own number. Partial and over-payments need nothing more: the open item
    keeps what is left. `cleared` has the documents that it clears, as far as they are known: their tax cases
    decide the Skonto, and foreign money needs them for its value in euro.
    """
    allocations = [one for one in voucher.allocations if _moves(one, voucher.currency)]
    if not allocations:
        return Ignored("zero_value")
    moves_money = any(rounded(one.amount, voucher.currency) != ZERO for one in allocations)
    account = _money_account(voucher, rules) if moves_money else Found("", ())
    rate = exchange_rate(voucher, rules)
    problems = [*_formal(voucher, allocations, rules)]
    problems += [found for found in (account, rate) if isinstance(found, Problem)]
    taken: dict[int, list[_Taken]] = {}
    for index, one in enumerate(allocations):
        item = cleared.get(one.number or "")
        problems += _does_not_clear(voucher, one, item, rules)
        found = _discounts(voucher, one, item, rules)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            taken[index] = found
    if problems or voucher.party is None or isinstance(account, Problem) or isinstance(rate, Problem):
        return Held(tuple({problem.cause: problem for problem in problems}.values()))
    paid = _Paid(
        -1 if voucher.direction == "sale" else 1, account.value, voucher.number or "", voucher.currency
    )
    lines: list[EntryLine] = []
    because = [*account.because]
    for index, one in enumerate(allocations):
        item = cleared.get(one.number or "")
        made = _lines(one, paid, voucher.party, taken[index], item, rules)
        because += _why(one, [each for each in taken[index] if each.target], len(lines) + _money_lines(made))
        because += _account_of(one, item, made, len(lines), voucher)
        lines += made
    because += rate.because
    because += [
        Because("number", one.number or paid.number, "paid_document" if one.number else "on_account")
        for one in allocations
    ]
    return Draft(voucher, voucher.party, paid.number, tuple(lines), rate.value, tuple(because))


def _moves(one: Allocation, currency: str) -> bool:
    return any(rounded(amount, currency) != ZERO for amount in (one.amount, one.discount))


def _lines(
    one: Allocation,
    paid: _Paid,
    party: Party,
    taken: Sequence[_Taken],
    item: OpenItem | None,
    rules: Rules,
) -> list[EntryLine]:
    """The money and the Skonto, on the account under which the document stands where it is known."""
    person = next(iter(item.accounts)) if item else ""
    number = one.number or paid.number
    text = f"{party.name} {number}" if one.number else f"{party.name} a conto {number}"
    amount = paid.sign * rounded(one.amount, paid.currency)
    beside = sum((each.share.amount for each in taken if each.target is None), ZERO)
    lines = []
    if amount != ZERO:
        lines.append(
            EntryLine(
                account=person,
                contra_account=paid.account,
                amount=amount,
                tax_case=PAYMENT,
                tax_rate=ZERO,
                number=number,
                text=text,
                discount=paid.sign * beside if beside else None,
                discount_account=(rules.mapping.payments.discount_account or "") if beside else "",
            )
        )
    lines += [
        msgspec.structs.replace(
            _discount_line(each.share, each.target, paid.sign * each.share.amount, number, f"Skonto {text}"),
            account=person,
            exchange_rate=item.exchange_rate if item else None,
        )
        for each in taken
        if each.target is not None
    ]
    return lines


def _money_lines(lines: Sequence[EntryLine]) -> int:
    return sum(line.tax_case == PAYMENT for line in lines)


def _discount_line(
    share: Share, target: DiscountTarget, amount: Decimal, number: str, text: str
) -> EntryLine:
    """The line of a share; what the document's own line tells of tax and member state, it tells too."""
    line = EntryLine(
        account="",
        contra_account=target.account,
        amount=amount,
        tax_case=DISCOUNT,
        tax_rate=share.case.own_rate or share.rate,
        tax_added=bool(share.case.own_rate),
        tax_key=target.tax_key,
        number=number,
        text=text,
    )
    if share.like is None:
        return line
    named = ("eu_vat_id", "eu_rate", "matter", "matter_rate", "key_rate", "key_country")
    return msgspec.structs.replace(line, **{name: getattr(share.like, name) for name in named})


def _account_of(
    one: Allocation, item: OpenItem | None, made: Sequence[EntryLine], before: int, voucher: Voucher
) -> list[Because]:
    """Why lines stand on the account of the document, whoever paid it; `before` lines stand before them."""
    if item is None:
        return []
    field = "debtor" if voucher.direction == "sale" else "creditor"
    facts = {"number": one.number or ""}
    return [
        Because(field, line.account, "account_of_document", facts, line=number)
        for number, line in enumerate(made, start=before + 1)
    ]


def _why(one: Allocation, taken: Sequence[_Taken], before: int) -> list[Because]:
    """Why each Skonto line has its account, its key and its part; `before` lines stand before the first."""
    reasons: list[Because] = []
    for line, each in enumerate(taken, start=before + 1):
        reasons += [msgspec.structs.replace(why, line=line) for why in each.because]
        if len(taken) > 1:
            facts = {
                "number": one.number or "",
                "tax_case": each.share.case.name,
                "whole": f"{abs(one.discount):f}",
            }
            reasons.append(
                Because("amount", f"{abs(each.share.amount):f}", "share_of_discount", facts, line=line)
            )
    return reasons


def _formal(voucher: Voucher, allocations: Sequence[Allocation], rules: Rules) -> list[Problem]:
    """What is missing or contradictory in the payment itself."""
    found: list[Problem | None] = []
    if voucher.party is None:
        found.append(Problem("party_missing", {"title": voucher.title}))
    else:
        found.append(person_problem(voucher.party, ledger_of(voucher), rules.books))
    if not voucher.number and any(one.number is None for one in allocations):
        found.append(Problem("number_missing", {"title": voucher.title}))
    for one in allocations:
        if one.discount != ZERO and (one.number is None or one.discount * one.amount < ZERO):
            facts = {"number": one.number or "", "discount": f"{one.discount:f}", "amount": f"{one.amount:f}"}
            found.append(Problem("discount_without_document", facts, ("number",)))
    stated = voucher.stated_total
    paid = sum((rounded(one.amount, voucher.currency) for one in allocations), ZERO)
    if stated is not None and rounded(stated, voucher.currency) != paid:
        facts = {"stated": f"{stated:f}", "allocated": f"{paid:f}", "currency": voucher.currency}
        found.append(Problem("payment_not_allocated", facts))
    return [problem for problem in found if problem is not None]


def _does_not_clear(voucher: Voucher, one: Allocation, item: OpenItem | None, rules: Rules) -> list[Problem]:
    """What keeps money from clearing a document to the cent in euro."""
    number, currency = one.number or "", voucher.currency
    if item is None:
        if not number or (currency == EURO and rules.mapping.payments.unknown_document == "send"):
            return []
        key = "cleared_document_unknown" if currency != EURO else "cleared_document_not_here"
        return [Problem(key, {"number": number, "currency": currency}, ("number",))]
    found = []
    if item.currencies != {currency}:
        facts = {"number": number, "currency": currency, "there": ", ".join(sorted(item.currencies))}
        found.append(Problem("cleared_currency_differs", facts, ("number",)))
    if len(item.accounts) != 1:
        facts = {"number": number, "accounts": ", ".join(sorted(item.accounts))}
        found.append(Problem("cleared_on_several_accounts", facts, ("number",)))
    return found


def _money_account(voucher: Voucher, rules: Rules) -> Found[str] | Problem:
    payments = rules.mapping.payments
    given = voucher.attributes.get(payments.attribute, "")
    if given in payments.table:
        looked_at = {"table": "mapping.payments", "attribute": payments.attribute, "given": given}
        account = payments.table[given]
        return Found(account, (Because("contra_account", account, "by_attribute", looked_at),))
    if given == "" and payments.default is not None:
        setting = {"setting": "mapping.payments.default"}
        return Found(payments.default, (Because("contra_account", payments.default, "setting", setting),))
    facts = {"attribute": payments.attribute, "value": given}
    return Problem("payment_account_missing", facts, ("attribute", "value"))


def _discounts(
    voucher: Voucher, one: Allocation, item: OpenItem | None, rules: Rules
) -> list[_Taken] | Problem:
    """The shares of an allocation's discount with their targets; none where no discount was taken."""
    if rounded(one.discount, voucher.currency) == ZERO:
        return []
    found = shares(voucher, one, item.lines if item else (), rules)
    if isinstance(found, Problem):
        return found
    if one.amount != ZERO and voucher.currency == EURO and _fits_the_column(found, rules):
        return [_Taken(share, None) for share in found]
    taken = []
    for share in found:
        target = discount_target(share, voucher, rules)
        if isinstance(target, Problem):
            return target
        taken.append(_Taken(share, target.value, target.because))
    return taken


def _fits_the_column(found: Sequence[Share], rules: Rules) -> bool:
    """Whether DATEV's own column would correct the tax of all shares: by its account, or by itself."""
    payments = rules.mapping.payments
    if payments.discount != "column":
        return False
    account = rules.accounts.get(payments.discount_account or "")
    if account is not None and account.automatic:
        return all(share.case.name == account.tax_case for share in found)
    return all(share.case.name in BY_DATEV for share in found)
