"""Down payments: requests that bear no tax yet, money that makes it due, and documents that settle them.

A request moves the gross between the party and a clearing account. When it is paid, the gross goes from there
to an automatic account that works out the tax (§ 13 Abs. 1 Nr. 1 Buchst. a Satz 4, § 15 Abs. 1 Satz 1 Nr. 1
Satz 3 UStG). The final document books the whole supply and takes the down payments off it, with
their tax (§ 14 Abs. 5 Satz 2 UStG). Accounts: DATEV, Kontenrahmen SKR03 and SKR04.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import msgspec

from mlconnector.mapping.charts import TaxCase, lengthened, tax_cases
from mlconnector.mapping.drafts import Draft, Held, Ignored
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.withholding import KEPT_BACK
from mlconnector.model.entries import Because, EntryLine
from mlconnector.model.euro import EURO
from mlconnector.model.money import ZERO, rounded
from mlconnector.model.problems import Problem
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Direction, DownPayment, Kind, Voucher

_REQUESTED = {"sale": "down_payment_requested", "purchase": "down_payment_due"}
# By direction and rate: the tax case of the money, and the automatic account that works its tax out.
_TAXED: Mapping[tuple[str, str], tuple[str, dict[str, str]]] = {
    ("sale", "19"): ("domestic_19", {"SKR03": "1718", "SKR04": "3272"}),
    ("sale", "7"): ("domestic_7", {"SKR03": "1711", "SKR04": "3260"}),
    ("purchase", "19"): ("input_tax_19", {"SKR03": "1518", "SKR04": "1186"}),
    ("purchase", "7"): ("input_tax_7", {"SKR03": "1511", "SKR04": "1181"}),
}


@dataclass(frozen=True, slots=True)
class _Account:
    """Where a down payment is booked, and as what."""

    number: str
    key: str
    case: TaxCase


def requested(draft: Draft, rules: Rules) -> Draft | Held:
    """The request for a down payment instead of the supply that its lines name: the gross, without tax."""
    if draft.voucher.down_payments:
        return Held((_unclear(draft.voucher, draft.voucher.down_payments[0]),))
    if draft.voucher.currency != EURO:
        return Held((_foreign(draft.voucher),))
    unfit = [line.tax_case for line in draft.lines if not _is_taxed(line.tax_case, draft.voucher)]
    if unfit:
        return Held((_not_decided(draft.voucher, unfit[0]),))
    clearing = _clearing(draft.voucher, rules)
    if isinstance(clearing, Problem):
        return Held((clearing,))
    gross = sum((line.amount for line in draft.lines), ZERO)
    line = msgspec.structs.replace(
        draft.lines[0],
        contra_account=clearing.number,
        amount=gross,
        tax_case=clearing.case.name,
        tax_rate=ZERO,
        tax_key="",
        tax_period=None,
        net=None,
    )
    why = Because(
        "account", clearing.number, "down_payment_requested", {"source": clearing.case.source}, line=1
    )
    return replace(draft, lines=(line,), because=(*_of_entry(draft), why))


def settled(draft: Draft, rules: Rules) -> Draft | Held:
    """The final document with one more line for each down payment that it settles."""
    voucher = draft.voucher
    if not voucher.down_payments:
        return draft
    if voucher.currency != EURO:
        return Held((_foreign(voucher),))
    lines: list[EntryLine] = []
    problems: list[Problem] = []
    because: list[Because] = []
    for one in voucher.down_payments:
        made = _settled(one, draft, rules)
        if isinstance(made, Problem):
            problems.append(made)
            continue
        number = len(draft.lines) + len(lines) + 1
        facts = {"number": one.number or ""}
        because.append(Because("account", made.contra_account, "down_payment_settled", facts, line=number))
        lines.append(made)
    whole = abs(sum((line.amount for line in draft.lines), ZERO))
    if abs(sum((line.amount for line in lines), ZERO)) > whole:
        problems.append(_unclear(voucher, voucher.down_payments[0], f"{whole:f}"))
    if problems:
        return Held(tuple({problem.cause: problem for problem in problems}.values()))
    return replace(draft, lines=(*draft.lines, *lines), because=(*draft.because, *because))


def invoiced_lines(draft: Draft, *, whole: bool) -> tuple[tuple[EntryLine, ...], tuple[EntryLine, ...]]:
    """The lines of a supply as an invoice shows them, and those that it takes off for what was paid before.

    A request shows the supply with its tax. A final document shows the `whole` supply, or what is left of it.
    """
    voucher = draft.voucher
    if voucher.requests_down_payment:
        return tuple(_invoiced(draft)), ()
    lines = tuple(line for line in draft.lines if line.tax_case not in KEPT_BACK)
    supplied = len(lines) - len(voucher.down_payments)
    paid = zip(voucher.down_payments, lines[supplied:], strict=True)
    return lines[:supplied], () if whole else tuple(line for one, line in paid if one.paid)


def _invoiced(draft: Draft) -> Iterator[EntryLine]:
    voucher, (line,) = draft.voucher, draft.lines
    sums = totals(voucher.lines, voucher.currency)
    gross: dict[Decimal, Decimal] = {}
    for one, amount in zip(voucher.lines, sums.line_gross, strict=True):
        gross[one.tax_rate] = gross.get(one.tax_rate, ZERO) + amount
    sign = 1 if voucher.direction == "sale" else -1
    largest = max(gross, key=lambda rate: abs(gross[rate]))
    gross[largest] += sign * line.amount - sum(gross.values(), ZERO)
    for rate, amount in gross.items():
        if amount != ZERO:
            case, _ = _TAXED[voucher.direction, f"{rate.normalize():f}"]
            yield msgspec.structs.replace(line, amount=sign * amount, tax_case=case, tax_rate=rate)


def with_down_payments(decision: Draft | Held | Ignored, rules: Rules) -> Draft | Held | Ignored:
    """A payment with one more line for each request that it clears: the tax falls due with the money."""
    if not isinstance(decision, Draft):
        return decision
    voucher, lines, because = decision.voucher, list(decision.lines), list(decision.because)
    for one in voucher.allocations:
        if one.down_payment_rate is None or rounded(one.amount, voucher.currency) == ZERO:
            continue
        clearing, taxed = _clearing(voucher, rules), _taxed(one.down_payment_rate, voucher, rules)
        if isinstance(clearing, Problem) or isinstance(taxed, Problem):
            return Held(tuple(found for found in (clearing, taxed) if isinstance(found, Problem)))
        if one.discount != ZERO or one.number is None:
            return Held((_unclear(voucher, DownPayment(amount=one.amount, number=one.number)),))
        if voucher.currency != EURO:
            return Held((_foreign(voucher),))
        amount = rounded(one.amount, voucher.currency)
        lines.append(
            EntryLine(
                account=clearing.number,
                contra_account=taxed.number,
                amount=amount if voucher.direction == "sale" else -amount,
                tax_case=taxed.case.name,
                tax_rate=one.down_payment_rate,
                tax_key=taxed.key,
                number=one.number,
                text=f"{decision.party.name} Anzahlung {one.number}",
            )
        )
        facts = {"number": one.number, "source": tax_cases()[_REQUESTED[voucher.direction]].source}
        because.append(Because("account", taxed.number, "down_payment_paid", facts, line=len(lines)))
    return replace(decision, lines=tuple(lines), because=tuple(because))


def _settled(one: DownPayment, draft: Draft, rules: Rules) -> EntryLine | Problem:
    """What takes a down payment off the final document; one that was never paid only clears its request."""
    voucher = draft.voucher
    if voucher.kind != Kind.INVOICE or one.paid is None or one.number is None or one.amount <= ZERO:
        return _unclear(voucher, one)
    if one.paid:
        alike = [line for line in draft.lines if line.tax_rate == one.tax_rate]
        if one.tax_rate is None or not alike or not all(_is_taxed(line.tax_case, voucher) for line in alike):
            # what is deducted in part, or taxed by its margin, was taxed otherwise when it was paid
            return _unclear(voucher, one)
        account = _taxed(one.tax_rate, voucher, rules)
    else:
        account = _clearing(voucher, rules)
    if isinstance(account, Problem):
        return account
    amount = rounded(one.amount, voucher.currency)
    return EntryLine(
        account="",
        contra_account=account.number,
        amount=-amount if voucher.direction == "sale" else amount,
        tax_case=account.case.name,
        tax_rate=(one.tax_rate or ZERO) if one.paid else ZERO,
        tax_key=account.key,
        number="" if one.paid else one.number,
        text=f"{draft.party.name} {voucher.number} Anzahlung {one.number}",
    )


def accounts_of_paid(direction: Direction, rules: Rules) -> frozenset[str]:
    """The accounts on which paid down payments stand until the final document settles them."""
    table = rules.mapping.down_payments
    named = (table.received if direction == "sale" else table.paid).values()
    seeded = (
        by_chart.get(rules.books.chart) for (one, _), (_, by_chart) in _TAXED.items() if one == direction
    )
    return frozenset((*named, *(lengthened(one, rules.books.account_length) for one in seeded if one)))


def _is_taxed(case: str, voucher: Voucher) -> bool:
    return any(
        case == known for (direction, _), (known, _) in _TAXED.items() if direction == voucher.direction
    )


def _clearing(voucher: Voucher, rules: Rules) -> _Account | Problem:
    case = tax_cases()[_REQUESTED[voucher.direction]]
    table = rules.mapping.down_payments
    named = table.requested if voucher.direction == "sale" else table.due
    return _account(named, case.account, case, rules)


def _taxed(rate: Decimal, voucher: Voucher, rules: Rules) -> _Account | Problem:
    found = _TAXED.get((voucher.direction, f"{rate.normalize():f}"))
    if found is None:
        return _not_decided(voucher, f"{rate:f} %")
    table = rules.mapping.down_payments
    named = (table.received if voucher.direction == "sale" else table.paid).get(f"{rate.normalize():f}")
    return _account(named, found[1], tax_cases()[found[0]], rules)


def _account(named: str | None, seeded: Mapping[str, str], case: TaxCase, rules: Rules) -> _Account | Problem:
    """An account by the table or the seeds; an automatic one has to work out the tax of the case."""
    proposed = seeded.get(rules.books.chart, "")
    number = named or (lengthened(proposed, rules.books.account_length) if proposed else "")
    known = rules.accounts.get(number)
    if known is None or (known.automatic and known.tax_case != case.name):
        facts = {"account": number, "tax_case": case.name}
        return Problem("down_payment_account", facts, ("tax_case", "account"))
    return _Account(number, "" if known.automatic else case.key, case)


def _of_entry(draft: Draft) -> tuple[Because, ...]:
    """What was said of the entry as a whole, without what was said of its lines."""
    return tuple(one for one in draft.because if one.line == 0)


def _not_decided(voucher: Voucher, case: str) -> Problem:
    facts = {"number": voucher.number or "", "tax_case": case}
    return Problem("down_payment_not_decided", facts, ("tax_case",))


def _foreign(voucher: Voucher) -> Problem:
    """Request, money and final document have rates of their own: differences would stay on the accounts."""
    facts = {"number": voucher.number or "", "currency": voucher.currency}
    return Problem("down_payment_currency", facts, ("currency",))


def _unclear(voucher: Voucher, one: DownPayment, whole: str = "") -> Problem:
    facts = {
        "number": voucher.number or "",
        "request": one.number or "",
        "amount": f"{one.amount:f}",
        "rate": "" if one.tax_rate is None else f"{one.tax_rate:f}",
        "paid": {None: "", True: "yes", False: "no"}[one.paid],
        "whole": whole,
        "currency": voucher.currency,
    }
    return Problem("down_payment_unclear", facts, ("number",))
