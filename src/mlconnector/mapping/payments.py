"""Payments: money that clears open items, with Skonto by tax rate, part payments and amounts on account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlconnector.mapping.charts import lengthened, tax_cases
from mlconnector.mapping.drafts import Draft, Held, Ignored, ledger_of, person_problem
from mlconnector.mapping.lookups import Found, exchange_rate
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Because, EntryLine
from mlconnector.model.money import ZERO, rounded
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Allocation, Party, Voucher

PAYMENT = "payment"
DISCOUNT = "discount"

# Skonto by direction and tax rate: accounts that reduce revenue or cost and take the tax back with it.
DISCOUNT_ACCOUNTS: Mapping[tuple[str, str], dict[str, str]] = {
    ("sale", "19"): {"SKR03": "8736", "SKR04": "4736"},
    ("sale", "7"): {"SKR03": "8731", "SKR04": "4731"},
    ("purchase", "19"): {"SKR03": "3736", "SKR04": "5736"},
    ("purchase", "7"): {"SKR03": "3731", "SKR04": "5731"},
}


@dataclass(frozen=True, slots=True)
class _Paid:
    """What all lines of a payment share: which way the money went, on which account, and at what rate."""

    sign: int
    account: str
    number: str
    currency: str


@dataclass(frozen=True, slots=True)
class _Skonto:
    """Where Skonto goes, and the tax key that takes the tax back where the account does not do it itself."""

    account: str
    tax_key: str


def decide_payment(voucher: Voucher, rules: Rules) -> Draft | Held | Ignored:
    """Decide a payment: one line for each document that it clears, and the Skonto beside it.

    Money from a customer credits the debtor, money to a supplier debits the creditor. What clears no document
    is on account, under the payment's own number. Partial and over-payments need nothing more: the open item
    keeps what is left.
    """
    allocations = [one for one in voucher.allocations if _moves(one, voucher.currency)]
    if not allocations:
        return Ignored("zero_value")
    account, rate = _money_account(voucher, rules), exchange_rate(voucher, rules)
    problems = [*_formal(voucher, allocations, rules)]
    problems += [found for found in (account, rate) if isinstance(found, Problem)]
    discounts = {
        index: found
        for index, one in enumerate(allocations)
        if one.discount != ZERO and (found := _discount_account(voucher, one, rules)) is not None
    }
    problems += [found for found in discounts.values() if isinstance(found, Problem)]
    if problems or voucher.party is None or isinstance(account, Problem) or isinstance(rate, Problem):
        return Held(tuple({problem.cause: problem for problem in problems}.values()))
    paid = _Paid(
        -1 if voucher.direction == "sale" else 1, account.value, voucher.number or "", voucher.currency
    )
    skonto = {index: one for index, one in discounts.items() if isinstance(one, Found)}
    lines = [
        line
        for index, one in enumerate(allocations)
        for line in _lines(one, paid, voucher.party, skonto.get(index), rules)
    ]
    because = [*account.because, *(why for one in skonto.values() for why in one.because), *rate.because]
    because += [
        Because("number", one.number or paid.number, "paid_document" if one.number else "on_account")
        for one in allocations
    ]
    return Draft(voucher, voucher.party, paid.number, tuple(lines), rate.value, tuple(because))


def _moves(one: Allocation, currency: str) -> bool:
    return any(rounded(amount, currency) != ZERO for amount in (one.amount, one.discount))


def _lines(
    one: Allocation, paid: _Paid, party: Party, discount: Found[_Skonto] | None, rules: Rules
) -> list[EntryLine]:
    number = one.number or paid.number
    text = f"{party.name} {number}" if one.number else f"{party.name} a conto {number}"
    amount = paid.sign * rounded(one.amount, paid.currency)
    taken = paid.sign * rounded(one.discount, paid.currency)
    beside = rules.mapping.payments.discount == "column" and amount != ZERO
    lines = []
    if amount != ZERO:
        lines.append(
            EntryLine(
                account="",
                contra_account=paid.account,
                amount=amount,
                tax_case=PAYMENT,
                tax_rate=ZERO,
                number=number,
                text=text,
                discount=taken if beside and taken != ZERO else None,
                discount_account=(rules.mapping.payments.discount_account or "") if beside and taken else "",
            )
        )
    if taken != ZERO and not beside and discount is not None:
        lines.append(
            EntryLine(
                account="",
                contra_account=discount.value.account,
                amount=taken,
                tax_case=DISCOUNT,
                tax_rate=one.discount_rate or ZERO,
                tax_key=discount.value.tax_key,
                number=number,
                text=f"Skonto {text}",
            )
        )
    return lines


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


def _discount_account(voucher: Voucher, one: Allocation, rules: Rules) -> Found[_Skonto] | Problem | None:
    """The account for the Skonto by its tax rate; None where DATEV's own column carries it."""
    payments = rules.mapping.payments
    if payments.discount == "column" and one.amount != ZERO:
        return None
    rate = "" if one.discount_rate is None else f"{one.discount_rate:f}"
    table, named = ("granted", payments.granted)
    if voucher.direction == "purchase":
        table, named = ("received", payments.received)
    if rate in named:
        looked_at = {"table": f"mapping.payments.{table}", "rate": rate}
        by_rate = Because("discount", named[rate], "discount_by_rate", looked_at)
        return _skonto(named[rate], voucher, one, rules, by_rate)
    seeded = DISCOUNT_ACCOUNTS.get((voucher.direction, rate), {}).get(rules.books.chart)
    if seeded is not None and (voucher.direction == "sale" or rules.mapping.deducts):
        number = lengthened(seeded, rules.books.account_length)
        return _skonto(
            number, voucher, one, rules, Because("discount", number, "seeded_discount", {"rate": rate})
        )
    return _missing(voucher, one)


def _skonto(
    number: str, voucher: Voucher, one: Allocation, rules: Rules, why: Because
) -> Found[_Skonto] | Problem:
    account = rules.accounts.get(number)
    taxed = bool(one.discount_rate) and (voucher.direction == "sale" or rules.mapping.deducts)
    if not taxed or (account is not None and account.automatic):
        return Found(_Skonto(number, ""), (why,))
    case = next(
        (
            case
            for case in tax_cases().values()
            if (case.direction, case.region, case.rate) == (voucher.direction, "domestic", one.discount_rate)
            and case.deduction != "no"
        ),
        None,
    )
    if case is None or not case.key_on(voucher.document_date):
        return _missing(voucher, one)
    key = case.key_on(voucher.document_date)
    by_case = Because("discount_key", key, "key_of_case", {"tax_case": case.name})
    return Found(_Skonto(number, key), (why, by_case))


def _missing(voucher: Voucher, one: Allocation) -> Problem:
    rate = "" if one.discount_rate is None else f"{one.discount_rate:f}"
    facts = {"rate": rate, "number": one.number or "", "direction": voucher.direction}
    return Problem("discount_account_missing", facts, ("rate", "direction"))
