"""Booking: a voucher and the rules become a draft, or problems, or a reason to ignore it.

A draft is everything of an entry that rules decide; the debtor number and the filed document are added
by `entry` once they are known.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from mlconnector.mapping.lookups import (
    Found,
    Target,
    cost_centre,
    exchange_rate,
    target,
    vat_id_problem,
)
from mlconnector.mapping.rules import Books, Rules
from mlconnector.model.entries import Because, Entry, EntryLine
from mlconnector.model.money import ZERO, rounded
from mlconnector.model.problems import Problem
from mlconnector.model.totals import Totals, totals
from mlconnector.model.vouchers import Party, Voucher


@dataclass(frozen=True, slots=True)
class Share:
    """What is booked on one account with one tax case: the gross of all lines that go there."""

    target: Target
    gross: Decimal


@dataclass(frozen=True, slots=True)
class Draft:
    """A voucher whose booking is decided; `party` gets the debtor number."""

    voucher: Voucher
    party: Party
    number: str
    shares: tuple[Share, ...]
    exchange_rate: Decimal | None
    cost_centres: tuple[str, str]
    because: tuple[Because, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A voucher that waits for a human."""

    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Ignored:
    """A voucher that books nothing, and why: `zero_value` or `withdrawn`."""

    reason: str


def decide(voucher: Voucher, rules: Rules) -> Draft | Held | Ignored:
    """Decide a voucher's booking. Everything that is missing or contradictory is said at once."""
    if voucher.standing == "withdrawn":
        return Ignored("withdrawn")
    sums = totals(voucher.lines, voucher.currency)
    if sums.gross == ZERO and all(gross == ZERO for gross in sums.line_gross):
        return Ignored("zero_value")
    problems = _formal_problems(voucher, sums, rules)
    targets = [target(voucher, line, rules) for line in voucher.lines]
    centres = [
        cost_centre(voucher, rules.mapping.cost_centre_1),
        cost_centre(voucher, rules.mapping.cost_centre_2),
    ]
    rate = exchange_rate(voucher, rules)
    problems += [found for found in (*targets, *centres, rate) if isinstance(found, Problem)]
    if problems or voucher.party is None or voucher.number is None:
        return Held(_distinct(problems))
    found_targets = [found for found in targets if isinstance(found, Found)]
    found_centres = [found for found in centres if isinstance(found, Found)]
    shares, notes = _shares(voucher, sums, found_targets)
    because = [
        *notes,
        *(Because("cost_centre", found.value, found.rule) for found in found_centres if found.value),
    ]
    if isinstance(rate, Found) and rate.value is not None:
        because.append(Because("exchange_rate", f"{rate.value:f}", rate.rule))
    return Draft(
        voucher=voucher,
        party=voucher.party,
        number=voucher.number,
        shares=shares,
        exchange_rate=rate.value if isinstance(rate, Found) else None,
        cost_centres=(found_centres[0].value, found_centres[1].value),
        because=tuple(because),
    )


def _formal_problems(voucher: Voucher, sums: Totals, rules: Rules) -> list[Problem]:
    problems = []
    if voucher.party is None:
        problems.append(Problem("party_missing", {"title": voucher.title}))
    elif wrong := vat_id_problem(voucher.party):
        problems.append(wrong)
    if not voucher.number:
        problems.append(Problem("number_missing", {"title": voucher.title}))
    if voucher.party and voucher.party.account and not is_debtor(voucher.party.account, rules.books):
        facts = {
            "account": voucher.party.account,
            "party": voucher.party.name,
            "digits": str(_digits(rules.books)),
        }
        problems.append(Problem("debtor_number_invalid", facts, ("account",)))
    if voucher.stated_total is not None and voucher.stated_total_is != "either":
        ours = sums.gross if voucher.stated_total_is == "gross" else sums.net
        if abs(ours - voucher.stated_total) > rules.mapping.rounding_limit:
            facts = {
                "stated": f"{voucher.stated_total:f}",
                "lines": f"{ours:f}",
                "currency": voucher.currency,
            }
            problems.append(Problem("total_differs", facts))
    return problems


def _digits(books: Books) -> int:
    return books.account_length + 1


def is_debtor(number: str, books: Books) -> bool:
    """Whether a number is a debtor's: one digit more than the account length, beginning with 1 to 6."""
    return number.isdigit() and len(number) == _digits(books) and number[0] in "123456"


def _distinct(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple({problem.cause: problem for problem in reversed(problems)}.values())[::-1]


def _shares(
    voucher: Voucher, sums: Totals, targets: Sequence[Found[Target]]
) -> tuple[tuple[Share, ...], list[Because]]:
    gross: dict[tuple[str, str, str], Decimal] = {}
    kept: dict[tuple[str, str, str], Found[Target]] = {}
    for found, amount in zip(targets, sums.line_gross, strict=True):
        key = (found.value.account, found.value.tax_key, found.value.tax_case.name)
        gross[key] = gross.get(key, ZERO) + amount
        kept.setdefault(key, found)
    notes = [Because("account", found.value.account, found.rule) for found in kept.values()]
    _absorb_rounding(voucher, sums, gross, notes)
    notes += [
        Because("dropped", kept[key].value.account, "the lines on this account add up to zero")
        for key, amount in gross.items()
        if amount == ZERO
    ]
    return tuple(Share(kept[key].value, amount) for key, amount in gross.items() if amount != ZERO), notes


def _absorb_rounding(
    voucher: Voucher, sums: Totals, gross: dict[tuple[str, str, str], Decimal], notes: list[Because]
) -> None:
    """Put the cents by which the document's own gross differs on the largest share, and say so."""
    if voucher.stated_total is None or voucher.stated_total_is != "gross":
        return
    difference = rounded(voucher.stated_total, voucher.currency) - sums.gross
    if difference != ZERO:
        largest = max(gross, key=lambda key: abs(gross[key]))
        gross[largest] += difference
        notes.append(
            Because("rounding", f"{difference:f}", f"the document's total is {voucher.stated_total:f}")
        )


def entry(draft: Draft, *, debtor: str, document: uuid.UUID | None, revision: str, turn: int) -> Entry:
    """The entry of a draft, with the debtor's number and the document that was filed for it."""
    voucher = draft.voucher
    return Entry(
        voucher=voucher.identity,
        revision=revision,
        kind="original",
        turn=turn,
        document_date=voucher.document_date,
        number=draft.number,
        currency=voucher.currency,
        exchange_rate=draft.exchange_rate,
        service_date=voucher.service_date,
        due_date=voucher.due_date,
        document=document,
        because=(*draft.because, Because("debtor", debtor, f"number of {draft.party.external_id}")),
        lines=tuple(
            EntryLine(
                account=debtor,
                contra_account=share.target.account,
                amount=share.gross,
                tax_case=share.target.tax_case.name,
                tax_rate=share.target.tax_case.rate,
                tax_key=share.target.tax_key,
                text=f"{draft.party.name} {draft.number}",
                cost_centre_1=draft.cost_centres[0],
                cost_centre_2=draft.cost_centres[1],
                eu_vat_id=(draft.party.vat_id or "") if share.target.tax_case.vat_id == "yes" else "",
            )
            for share in draft.shares
        ),
    )
