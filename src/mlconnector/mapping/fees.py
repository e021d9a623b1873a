"""Fees that a provider keeps back of a payment: the whole payment clears the document, the fee is cost.

The money account gets the whole and gives the fee, so that it has the payout. Whether a fee is free of tax
(§ 4 Nr. 8 UStG), bears input tax or is taxed by § 13b UStG depends on the provider: the adviser names it.
"""

from __future__ import annotations

from dataclasses import replace

from mlconnector.mapping.charts import tax_cases
from mlconnector.mapping.drafts import Draft, Held, Ignored
from mlconnector.mapping.payments import PAYMENT
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Because, EntryLine
from mlconnector.model.money import ZERO, rounded
from mlconnector.model.problems import Problem


def with_fee(decision: Draft | Held | Ignored, rules: Rules) -> Draft | Held | Ignored:
    """A payment with one more line for the fee that was kept back of it."""
    if not isinstance(decision, Draft) or not decision.voucher.fee:
        return decision
    voucher, payments = decision.voucher, rules.mapping.payments
    fee = rounded(decision.voucher.fee, voucher.currency)
    given = voucher.attributes.get(payments.attribute, "")
    row = payments.fees.get(given)
    money = next((line for line in decision.lines if line.tax_case == PAYMENT), None)
    if row is None or money is None or fee <= ZERO:
        facts = {
            "number": voucher.number or "",
            "given": given,
            "fee": f"{fee:f}",
            "currency": voucher.currency,
        }
        return Held((Problem("fee_unknown", facts, ("given",)),))
    case = tax_cases()[row.tax_case]
    known = rules.accounts.get(row.account)
    automatic = known is not None and known.automatic
    line = EntryLine(
        account=money.contra_account,
        contra_account=row.account,
        amount=-fee,
        tax_case=case.name,
        tax_rate=case.own_rate or case.rate or ZERO,
        tax_added=bool(case.own_rate),
        tax_key="" if automatic else case.key_on(voucher.document_date),
        number=money.number,
        text=f"{decision.party.name} Gebühr {money.number}",
    )
    number = len(decision.lines) + 1
    why = Because("account", row.account, "fee_by_provider", {"given": given}, line=number)
    return replace(decision, lines=(*decision.lines, line), because=(*decision.because, why))
