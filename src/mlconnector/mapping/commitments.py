"""Commitments (Obligo): what is still open of orders and contracts, booked on statistical accounts alone.

Nothing is owed yet, so there is no person account, no open item and no tax; controlling sees by cost centre
what is going to come. Another rest of the same commitment takes the place of the one before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from mlconnector.mapping.checks import document_problems
from mlconnector.mapping.drafts import Draft, Held, Ignored
from mlconnector.mapping.lookups import Found, cost_centre, exchange_rate
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.tables import Commitments
from mlconnector.model.entries import Because, EntryLine
from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Line, Party, Voucher

STATISTICAL = "statistical"
_LINES_NAMED = 8


@dataclass(frozen=True, slots=True)
class _Centres:
    """The cost centres of a line; lines with the same ones are booked as one."""

    first: Found[str]
    second: Found[str]

    @property
    def key(self) -> tuple[str, str]:
        return self.first.value, self.second.value


@dataclass(frozen=True, slots=True)
class _Share:
    """What is open on one pair of cost centres, and the numbers of the lines, from 1, that it comes from."""

    centres: _Centres
    amount: Decimal
    lines: tuple[int, ...]


def decide_commitment(voucher: Voucher, rules: Rules) -> Draft | Held | Ignored:
    """Decide the statistical booking of a commitment to a supplier; others book nothing.

    What was agreed before the first day that is booked here is still to come: it is booked on that day.
    """
    accounts, begin = rules.mapping.commitments, rules.books.begin
    if accounts is None or voucher.direction != "purchase":
        return Ignored("commitment")
    because = []
    if begin is not None and voucher.document_date < begin:
        agreed = {"day": voucher.document_date.isoformat()}
        because.append(Because("date", begin.isoformat(), "open_since_begin", agreed))
        voucher = msgspec.structs.replace(voucher, document_date=begin)
    sums = totals(voucher.lines, voucher.currency)
    if not any(sums.line_net) and not voucher.stated_total:
        return Ignored("zero_value")
    problems = document_problems(voucher, sums, rules)
    if voucher.party is None:
        problems.insert(0, Problem("party_missing", {"title": voucher.title}))
    open_lines = {index: net for index, net in enumerate(sums.line_net) if net != ZERO}
    placed = {index: _centres(voucher, voucher.lines[index], rules) for index in open_lines}
    rate = exchange_rate(voucher, rules)
    problems += [found for found in (*placed.values(), rate) if isinstance(found, Problem)]
    if problems or voucher.party is None or voucher.number is None or isinstance(rate, Problem):
        return Held(tuple({one.cause: one for one in problems}.values()))
    centres = {index: found for index, found in placed.items() if isinstance(found, _Centres)}
    shares = _shares(open_lines, centres)
    booked = [share for share in shares if share.amount != ZERO]
    if not booked:
        return Ignored("zero_value")
    lines = [_line(share, voucher.party, voucher.number, accounts) for share in booked]
    because += [why for number, share in enumerate(booked, start=1) for why in _why(share, number, accounts)]
    because += [_dropped(share) for share in shares if share.amount == ZERO]
    because += [
        Because("dropped", line.text, "moves_nothing")
        for index, line in enumerate(voucher.lines)
        if index not in open_lines
    ]
    return Draft(
        voucher=voucher,
        party=voucher.party,
        number=voucher.number,
        lines=tuple(lines),
        exchange_rate=rate.value,
        because=(*because, *rate.because),
    )


def _centres(voucher: Voucher, line: Line, rules: Rules) -> _Centres | Problem:
    first = cost_centre(voucher, line, rules.mapping.cost_centre_1, "cost_centre_1")
    second = cost_centre(voucher, line, rules.mapping.cost_centre_2, "cost_centre_2")
    if isinstance(first, Problem):
        return first
    return second if isinstance(second, Problem) else _Centres(first, second)


def _shares(amounts: Mapping[int, Decimal], centres: Mapping[int, _Centres]) -> Sequence[_Share]:
    found: dict[tuple[str, str], _Share] = {}
    for index, amount in amounts.items():
        key = centres[index].key
        before = found.get(key, _Share(centres[index], ZERO, ()))
        found[key] = _Share(before.centres, before.amount + amount, (*before.lines, index + 1))
    return tuple(found.values())


def _line(share: _Share, party: Party, number: str, accounts: Commitments) -> EntryLine:
    first, second = share.centres.key
    return EntryLine(
        account=accounts.account,
        contra_account=accounts.contra_account,
        amount=share.amount,
        tax_case=STATISTICAL,
        tax_rate=ZERO,
        text=f"{party.name} Obligo {number}",
        cost_centre_1=first,
        cost_centre_2=second,
    )


def _why(share: _Share, number: int, accounts: Commitments) -> list[Because]:
    shown = ", ".join(map(str, share.lines[:_LINES_NAMED])) + (
        " …" if len(share.lines) > _LINES_NAMED else ""
    )
    lines = {"lines": shown}
    account = {"setting": "mapping.commitments.account"}
    contra_account = {"setting": "mapping.commitments.contra_account"}
    reasons = [
        Because("amount", f"{share.amount:f}", "open_of_lines", lines),
        Because("tax_case", STATISTICAL, "commitment_is_statistical"),
        Because("statistical_account", accounts.account, "setting", account),
        Because("contra_account", accounts.contra_account, "setting", contra_account),
        *share.centres.first.because,
        *share.centres.second.because,
    ]
    return [msgspec.structs.replace(one, line=number) for one in reasons]


def _dropped(share: _Share) -> Because:
    centres = " / ".join(one for one in share.centres.key if one)
    return Because("dropped", centres, "centres_add_up_to_zero")
