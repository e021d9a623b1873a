"""Retainage (Sicherheitseinbehalt): what is kept back of a document as a security, and paid out at last.

The supply is booked as a whole with its whole tax, for what is kept back is owed all the same, only later.
One more line moves that part from the person to an account of its own, so that the open item is what falls
due; the release moves it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Literal

import msgspec

from mlconnector.mapping.checks import formal_problems
from mlconnector.mapping.drafts import Draft, Held, Ignored
from mlconnector.mapping.lookups import Found, exchange_rate, payment_terms
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Because, EntryLine
from mlconnector.model.money import ZERO, rounded
from mlconnector.model.problems import Problem
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Direction, Kind, Voucher

RETAINAGE = "retainage"

_Part = Literal["withheld", "released"]
_SETTINGS: Mapping[Direction, str] = {"sale": "receivable", "purchase": "payable"}
_TEXTS: Mapping[_Part, str] = {
    "withheld": "Sicherheitseinbehalt",
    "released": "Freigabe Sicherheitseinbehalt",
}


def moves_only_retainage(voucher: Voucher) -> bool:
    """Whether a document supplies nothing, and only says what is kept back or released."""
    kept = voucher.retained
    if kept is None or (kept.withheld == ZERO and kept.released == ZERO):
        return False
    return not any(totals(voucher.lines, voucher.currency).line_gross)


def retainage_alone(voucher: Voucher, rules: Rules) -> Draft | Held:
    """The booking of a document that only releases what was kept back: no cost, no tax."""
    sums = totals(voucher.lines, voucher.currency)
    # What the source states as the total may be the supply, which is nothing, or what is paid out.
    problems = formal_problems(msgspec.structs.replace(voucher, stated_total=None), sums, rules)
    rate, terms = exchange_rate(voucher, rules), payment_terms(voucher, rules)
    problems += [found for found in (rate, terms) if isinstance(found, Problem)]
    if problems or voucher.party is None or voucher.number is None or isinstance(rate, Problem):
        return Held(tuple(problems))
    draft = Draft(
        voucher=voucher,
        party=voucher.party,
        number=voucher.number,
        lines=(),
        exchange_rate=rate.value,
        because=(*rate.because, *(terms.because if isinstance(terms, Found) else ())),
        payment_terms=terms.value if isinstance(terms, Found) else "",
    )
    stated = voucher.stated_total
    released = voucher.retained.released if voucher.retained else ZERO
    if stated is not None and stated not in {ZERO, released}:
        return Held((_unclear(draft, ZERO),))
    return _with_retainage(draft, rules)


def with_retainage(decision: Draft | Held | Ignored, rules: Rules) -> Draft | Held | Ignored:
    """A document with one more line for what is kept back of it, and one for what it releases."""
    return _with_retainage(decision, rules) if isinstance(decision, Draft) else decision


def _with_retainage(draft: Draft, rules: Rules) -> Draft | Held:
    voucher, kept = draft.voucher, draft.voucher.retained
    if kept is None:
        return draft
    amounts: dict[_Part, Decimal] = {
        "withheld": rounded(kept.withheld, voucher.currency),
        "released": rounded(kept.released, voucher.currency),
    }
    if not any(amounts.values()):
        return draft
    sign = 1 if voucher.direction == "sale" else -1
    gross = sum((sign * line.amount for line in draft.lines), ZERO)
    if not _is_clear(voucher, amounts, gross):
        return Held((_unclear(draft, gross),))
    setting = _SETTINGS[voucher.direction]
    account: str | None = getattr(rules.mapping.retainage, setting)
    if account is None:
        facts = {"number": draft.number, "setting": setting, "direction": voucher.direction}
        return Held((Problem("retainage_account_missing", facts, ("direction",)),))
    lines, because = list(draft.lines), list(draft.because)
    for part, amount in amounts.items():
        if amount == ZERO:
            continue
        lines.append(_line(draft, part, sign * amount, account))
        facts = {"setting": f"mapping.retainage.{setting}"}
        because.append(Because("account", account, "setting", facts, line=len(lines)))
        rule = "retainage_withheld" if part == "withheld" else "retainage_released"
        because.append(Because("amount", f"{amount:f}", rule, line=len(lines)))
    return replace(draft, lines=tuple(lines), because=tuple(because))


def _line(draft: Draft, part: _Part, amount: Decimal, account: str) -> EntryLine:
    """What is kept back lowers what the party gets, or owes; a release raises it."""
    kept = draft.voucher.retained
    return EntryLine(
        account="",
        contra_account=account,
        amount=amount if part == "released" else -amount,
        tax_case=RETAINAGE,
        tax_rate=ZERO,
        text=f"{draft.party.name} {draft.number} {_TEXTS[part]}",
        number=draft.lines[0].number if draft.lines else "",
        due_date=kept.due_date if kept and part == "withheld" else None,
    )


def _is_clear(voucher: Voucher, amounts: Mapping[_Part, Decimal], gross: Decimal) -> bool:
    """Whether the parts go with the document; down payments and instalments have no rule beside them."""
    withheld = amounts["withheld"]
    return (
        all(amount >= ZERO for amount in amounts.values())
        and (withheld == ZERO or (voucher.kind != Kind.CREDIT_NOTE and withheld <= gross))
        and not (voucher.requests_down_payment or voucher.down_payments or voucher.instalments)
    )


def _unclear(draft: Draft, gross: Decimal) -> Problem:
    voucher, kept = draft.voucher, draft.voucher.retained
    facts = {
        "number": draft.number,
        "withheld": f"{kept.withheld:f}" if kept else "",
        "released": f"{kept.released:f}" if kept else "",
        "gross": f"{gross:f}",
        "stated": "" if voucher.stated_total is None else f"{voucher.stated_total:f}",
        "currency": voucher.currency,
    }
    return Problem("retainage_unclear", facts, ("number",))
