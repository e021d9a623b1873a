"""Tax withheld of building work (Bauabzugsteuer, § 48 to § 48b EStG): whether, and how much.

Who is a business and has work done on a building at home withholds 15 % of what is paid and owes them to the
supplier's tax office, unless the supplier has a certificate of exemption (Freistellungsbescheinigung) that is
valid on the day of payment. Which of it holds stands in `[[mapping.contractor]]`; nothing is withheld, and
nothing is paid in full, because nobody said anything. Accounts: DATEV, Kontenrahmen SKR03 and SKR04 of 2026.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from mlconnector.mapping.charts import lengthened
from mlconnector.mapping.drafts import Draft, Held, Ignored
from mlconnector.mapping.retainage import RETAINAGE
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.tables import ContractorRow
from mlconnector.model.entries import Because, Entry, EntryLine
from mlconnector.model.euro import EURO
from mlconnector.model.money import HUNDRED, ZERO, rounded
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Kind, Voucher

FIELD = "withholding"
"""What a booking says why of, where its contractor was looked at."""
WITHHELD_TAX = "withheld_tax"
KEPT_BACK = frozenset({RETAINAGE, WITHHELD_TAX})
"""What stands in place of a tax case on lines that are no part of the supply, and lower what is paid."""

_PERCENT = Decimal(15)
_KINDS = frozenset({Kind.INVOICE, Kind.DIRECT_COST, Kind.CREDIT_NOTE})
_ACCOUNTS: Mapping[str, str] = {"SKR03": "1749", "SKR04": "3726"}
_RULES: Mapping[str, str] = {
    "certificate": "withholding_certificate",
    "deduct": "withholding_deduct",
    "none": "withholding_none",
}
_Numbered = tuple[int, ContractorRow]


def with_withholding(
    decision: Draft | Held | Ignored, rules: Rules, today: date | None
) -> Draft | Held | Ignored:
    """A purchase of building work by what is said of its contractor: whole, less the tax withheld, or held.

    Nothing is paid before it is booked, so that `today` counts where the document falls due earlier.
    """
    if not isinstance(decision, Draft) or not _is_concerned(decision.voucher, rules):
        return decision
    base = _base(decision)
    if base == ZERO:
        return decision
    chosen: list[_Numbered] = []
    days = _days(decision.voucher, today)
    for day in days:
        found = _row_on(day, decision, base, rules)
        if isinstance(found, Problem):
            return Held((found,))
        chosen.append(found)
    if len({row.withholding for _, row in chosen}) > 1:
        return Held((_not_decided(decision, base),))
    told = replace(decision, because=(*decision.because, _because(chosen[-1], days)))
    return _deducted(told, base, rules) if chosen[-1][1].withholding == "deduct" else told


def looked_at_on(entry: Entry) -> date | None:
    """The day for which the contractor of a booking was looked at; None where that was not done."""
    return next((date.fromisoformat(one.facts["day"]) for one in entry.because if one.field == FIELD), None)


def has_lapsed(entry: Entry, today: date) -> bool:
    """Whether a booking waited until a day for which nobody looked at its contractor.

    That day counts once the document is due, unless the row that was found holds on it too.
    """
    said = next((one.facts for one in entry.because if one.field == FIELD), None)
    day = today.isoformat()
    if said is None or day <= said.get("first_day", said["day"]):
        return False
    return not said["valid_from"] <= day <= (said["valid_to"] or day)


def withholding_account(rules: Rules) -> str:
    """The account of tax that is withheld: that of the table, else the chart's; empty where there is none."""
    proposed = _ACCOUNTS.get(rules.books.chart, "")
    seeded = lengthened(proposed, rules.books.account_length) if proposed else ""
    return rules.mapping.withholding.account or seeded


def _is_concerned(voucher: Voucher, rules: Rules) -> bool:
    bought = voucher.direction == "purchase" and voucher.kind in _KINDS
    return bought and (voucher.building_work or bool(_rows(voucher, rules)))


def _rows(voucher: Voucher, rules: Rules) -> list[_Numbered]:
    """The rows of the contractor: those of this very document where there are any, else those for all."""
    party = voucher.party.external_id if voucher.party else None
    own = [each for each in enumerate(rules.mapping.contractor, start=1) if each[1].party_id == party]
    of_document = [each for each in own if each[1].number is not None and each[1].number == voucher.number]
    return of_document or [each for each in own if each[1].number is None]


def _days(voucher: Voucher, today: date | None) -> list[date]:
    """The days on which the document may be paid at the earliest, the first one first."""
    due = [one.due_date for one in voucher.instalments if one.due_date is not None]
    days = due or [voucher.due_date or voucher.document_date]
    return sorted({max(day, today or day) for day in days})


def _base(draft: Draft) -> Decimal:
    """What is paid, and the VAT that the client owes itself: it counts too (§ 48 Abs. 3 EStG)."""
    paid = -sum((line.amount for line in draft.lines), ZERO)
    owed = [
        rounded(-line.amount * line.tax_rate / HUNDRED, draft.voucher.currency)
        for line in draft.lines
        if line.tax_added
    ]
    return paid + sum(owed, ZERO)


def _row_on(day: date, draft: Draft, base: Decimal, rules: Rules) -> _Numbered | Problem:
    rows = _rows(draft.voucher, rules)
    current = next((each for each in rows if each[1].holds_on(day)), None)
    if current is not None:
        return current
    facts = {**_facts(draft, base), "day": day.isoformat()}
    certificates = [row for _, row in rows if row.withholding == "certificate"]
    if not certificates:
        return Problem("withholding_undecided", facts, ("party_id",))
    latest = max(certificates, key=lambda row: row.valid_to or day)
    facts |= {"certificate": latest.certificate or "", "valid_from": f"{latest.valid_from}"}
    return Problem("certificate_not_valid", {**facts, "valid_to": f"{latest.valid_to}"}, ("party_id",))


def _deducted(draft: Draft, base: Decimal, rules: Rules) -> Draft | Held:
    """The document with one more line: the tax goes from the creditor to the account of tax withheld."""
    voucher = draft.voucher
    unpaid = any(not one.paid for one in voucher.down_payments)
    if voucher.currency != EURO or voucher.instalments or voucher.requests_down_payment or unpaid:
        return Held((_not_decided(draft, base),))
    tax, account = _tax(base), withholding_account(rules)
    if not account:
        return Held((Problem("withholding_account_missing", {"number": draft.number}),))
    if tax == ZERO:
        return draft
    line = EntryLine(
        account="",
        contra_account=account,
        amount=tax,
        tax_case=WITHHELD_TAX,
        tax_rate=ZERO,
        text=f"{draft.party.name} {draft.number} Bauabzugsteuer § 48 EStG",
        number=draft.lines[0].number,
    )
    number = len(draft.lines) + 1
    facts = {"base": f"{base:f}"}
    why = (
        Because("account", account, "account_of_withheld_tax", line=number),
        Because("amount", f"{abs(tax):f}", "withheld_tax", facts, line=number),
    )
    return replace(draft, lines=(*draft.lines, line), because=(*draft.because, *why))


def _tax(base: Decimal) -> Decimal:
    return rounded(base * _PERCENT / HUNDRED)


def _because(chosen: _Numbered, days: Sequence[date]) -> Because:
    number, row = chosen
    facts = {
        "row": str(number),
        "day": days[-1].isoformat(),
        "certificate": row.certificate or "",
        "valid_from": f"{row.valid_from or ''}",
        "valid_to": f"{row.valid_to or ''}",
        "reason": row.reason or "",
    }
    if len(days) > 1:
        facts["first_day"] = days[0].isoformat()
    return Because(FIELD, row.withholding, _RULES[row.withholding], facts)


def _facts(draft: Draft, base: Decimal) -> dict[str, str]:
    return {
        "number": draft.number,
        "party": draft.party.name,
        "party_id": draft.party.external_id,
        "base": f"{base:f}",
        "amount": f"{rounded(base * _PERCENT / HUNDRED, draft.voucher.currency):f}",
        "currency": draft.voucher.currency,
    }


def _not_decided(draft: Draft, base: Decimal) -> Problem:
    return Problem("withholding_not_decided", _facts(draft, base), ("number",))
