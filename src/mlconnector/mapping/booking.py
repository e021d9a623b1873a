"""Booking: a voucher and the rules become a draft, or problems, or a reason to ignore it.

A draft is everything of an entry that rules decide; the debtor number and the filed document are added
by `entry` once they are known.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mlconnector.mapping.checks import formal_problems, stated_gross
from mlconnector.mapping.lookups import Found, cost_centre, exchange_rate
from mlconnector.mapping.rules import Books, Rules
from mlconnector.mapping.targets import Target, target
from mlconnector.mapping.vat_ids import foreign_vat_id
from mlconnector.model.entries import Because, Entry, EntryLine
from mlconnector.model.money import ZERO, rounded
from mlconnector.model.problems import Problem
from mlconnector.model.totals import Totals, totals
from mlconnector.model.vouchers import Kind, Party, Voucher


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
    if voucher.direction != "sale" or voucher.kind not in {Kind.INVOICE, Kind.CREDIT_NOTE}:
        facts = {"kind": voucher.kind.value, "direction": voucher.direction}
        return Held((Problem("kind_not_booked", facts, ("kind", "direction")),))
    sums = totals(voucher.lines, voucher.currency)
    if not any(sums.line_gross) and not voucher.stated_total:
        return Ignored("zero_value")
    problems = formal_problems(voucher, sums, rules)
    targets = {
        index: target(voucher, voucher.lines[index], rules)
        for index, gross in enumerate(sums.line_gross)
        if gross != ZERO
    }
    centres = [
        cost_centre(voucher, rules.mapping.cost_centre_1),
        cost_centre(voucher, rules.mapping.cost_centre_2),
    ]
    rate = exchange_rate(voucher, rules)
    problems += [found for found in (*targets.values(), *centres, rate) if isinstance(found, Problem)]
    if problems or voucher.party is None or voucher.number is None:
        return Held(_distinct(problems))
    found_targets = {index: found for index, found in targets.items() if isinstance(found, Found)}
    found_centres = [found for found in centres if isinstance(found, Found)]
    shares, because = _shares(voucher, sums, found_targets, rules)
    if not shares:
        return Ignored("zero_value")
    for field, found in zip(("cost_centre_1", "cost_centre_2"), found_centres, strict=True):
        if found.value:
            because.append(Because(field, found.value, found.rule))
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


def is_debtor(number: str, books: Books) -> bool:
    """Whether a number is a debtor's: one digit more than the account length, beginning with 1 to 6."""
    return books.is_debtor(number)


def _distinct(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    first: dict[str, Problem] = {}
    for problem in problems:
        first.setdefault(problem.cause, problem)
    return tuple(first.values())


_Key = tuple[str, str, str]


def _shares(
    voucher: Voucher, sums: Totals, targets: Mapping[int, Found[Target]], rules: Rules
) -> tuple[tuple[Share, ...], list[Because]]:
    gross: dict[_Key, Decimal] = {}
    kept: dict[_Key, Found[Target]] = {}
    for index, found in targets.items():
        key = (found.value.account, found.value.tax_key, found.value.tax_case.name)
        gross[key] = gross.get(key, ZERO) + sums.line_gross[index]
        kept.setdefault(key, found)
    notes = [Because("account", found.value.account, found.rule) for found in kept.values()]
    notes += [
        Because("dropped", line.text, "the line moves no money")
        for index, line in enumerate(voucher.lines)
        if index not in targets
    ]
    _absorb_rounding(voucher, sums, gross, notes, rules)
    notes += [
        Because("dropped", kept[key].value.account, "the lines on this account add up to zero")
        for key, amount in gross.items()
        if amount == ZERO
    ]
    return tuple(Share(kept[key].value, amount) for key, amount in gross.items() if amount != ZERO), notes


def _absorb_rounding(
    voucher: Voucher, sums: Totals, gross: dict[_Key, Decimal], notes: list[Because], rules: Rules
) -> None:
    """Put the cents by which the document's own gross differs on the largest share, and say so."""
    stated = voucher.stated_total
    if stated is None:
        return
    own_gross = stated_gross(voucher, sums, rules)
    if own_gross is None:
        if stated not in {sums.net, sums.gross}:
            rule = f"the lines' net {sums.net:f} and gross {sums.gross:f} are booked"
            notes.append(Because("stated_total", f"{stated:f}", rule))
        return
    difference = rounded(own_gross, voucher.currency) - sums.gross
    if difference != ZERO:
        largest = max(gross, key=lambda key: abs(gross[key]))
        gross[largest] += difference
        rule = f"the document's total is {own_gross:f}; on account {largest[0]}, the largest share"
        notes.append(Because("rounding", f"{difference:f}", rule))


def entry(draft: Draft, *, debtor: str, document: uuid.UUID | None, revision: str, turn: int) -> Entry:
    """The entry of a draft, with the debtor's number and the document that was filed for it."""
    voucher, party = draft.voucher, draft.party
    whose = "of the party in the source" if party.account == debtor else "in these books"
    because = [*draft.because, Because("debtor", debtor, f"number of {party.external_id} {whose}")]
    vat_id = foreign_vat_id(party) or ""
    if any(share.target.tax_case.vat_id == "yes" for share in draft.shares):
        because.append(Because("eu_vat_id", vat_id, f"VAT id of {party.external_id}"))
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
        because=tuple(because),
        lines=tuple(
            EntryLine(
                account=debtor,
                contra_account=share.target.account,
                amount=share.gross,
                tax_case=share.target.tax_case.name,
                tax_rate=share.target.tax_case.rate,
                tax_key=share.target.tax_key,
                text=f"{party.name} {draft.number}",
                cost_centre_1=draft.cost_centres[0],
                cost_centre_2=draft.cost_centres[1],
                eu_vat_id=vat_id if share.target.tax_case.vat_id == "yes" else "",
            )
            for share in draft.shares
        ),
    )
