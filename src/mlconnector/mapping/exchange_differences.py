"""Exchange differences that payments realise: what is left in euro of an item cleared in foreign money.

The supply keeps its euro amount and its tax (§ 16 Abs. 6 UStG takes the rate of the supply's month); what the
money is worth more or less is income or expense of currency conversion (§ 275, § 277 Abs. 5 Satz 2 HGB).
Accounts: DATEV, Kontenrahmen SKR03 and SKR04 of 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Literal

from mlconnector.mapping.charts import lengthened
from mlconnector.mapping.drafts import Draft, Held, Ignored
from mlconnector.mapping.open_items import Cleared, OpenItem
from mlconnector.mapping.payments import DISCOUNT, PAYMENT
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Because, EntryLine
from mlconnector.model.euro import EURO, euro_amounts
from mlconnector.model.money import ZERO, rounded
from mlconnector.model.problems import Problem

EXCHANGE = "exchange_difference"

Effect = Literal["gain", "loss"]
_ACCOUNTS: Mapping[tuple[str, Effect], str] = {
    ("SKR03", "gain"): "2660",
    ("SKR03", "loss"): "2150",
    ("SKR04", "gain"): "4840",
    ("SKR04", "loss"): "6880",
}


def with_exchange_differences(
    decision: Draft | Held | Ignored, rules: Rules, cleared: Cleared
) -> Draft | Held | Ignored:
    """A payment in foreign money with one more line for each item that would not come out even in euro."""
    if not isinstance(decision, Draft) or decision.exchange_rate is None:
        return decision
    lines, because = list(decision.lines), list(decision.because)
    for number in dict.fromkeys(one.number for one in decision.voucher.allocations if one.number):
        difference = _difference(decision, number, cleared[number]) if number in cleared else ZERO
        if difference == ZERO:
            continue
        effect: Effect = "gain" if difference > ZERO else "loss"
        account = _account(effect, rules)
        if isinstance(account, Problem):
            return Held((account,))
        like = next(line for line in decision.lines if _is_on_person(line, number))
        lines.append(
            EntryLine(
                account=like.account,
                contra_account=account,
                amount=difference,
                tax_case=EXCHANGE,
                tax_rate=ZERO,
                number=number,
                text=f"Kursdifferenz {decision.party.name} {number}",
                currency=EURO,
            )
        )
        facts = {"number": number}
        because.append(
            Because(
                "account",
                account,
                "exchange_gain" if effect == "gain" else "exchange_loss",
                facts,
                line=len(lines),
            )
        )
    return replace(decision, lines=tuple(lines), because=tuple(because))


def _difference(draft: Draft, number: str, item: OpenItem) -> Decimal:
    """What the person account still needs in euro: positive in debit, which is income, negative a loss.

    Money beyond what is open is on account at its own rate.
    """
    amount = euro = ZERO
    for line, in_euro in zip(draft.lines, euro_amounts(draft.lines, draft.exchange_rate), strict=True):
        if _is_on_person(line, number):
            amount, euro = amount + line.amount, euro + in_euro
    if amount * item.amount >= ZERO:
        return ZERO
    if abs(amount) >= abs(item.amount):
        return -item.euro - rounded(euro * -item.amount / amount)
    return rounded(amount * item.euro / item.amount) - euro


def _is_on_person(line: EntryLine, number: str) -> bool:
    return line.tax_case in {PAYMENT, DISCOUNT} and line.number == number


def _account(effect: Effect, rules: Rules) -> str | Problem:
    payments = rules.mapping.payments
    named = payments.exchange_gain if effect == "gain" else payments.exchange_loss
    proposed = _ACCOUNTS.get((rules.books.chart, effect), "")
    number = named or (lengthened(proposed, rules.books.account_length) if proposed else "")
    return number or Problem("exchange_account_missing", {"effect": effect}, ("effect",))
