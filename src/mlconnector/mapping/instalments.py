"""Instalments: a document that falls due in parts has a row for each part, with its own day.

DATEV's row has one due date. The parts stay one open item under the document's number; each tax case has its
part of every instalment, so that both the instalments and the tax cases add up to the cent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import msgspec

from mlconnector.mapping.drafts import Draft, Held
from mlconnector.model.entries import Because, EntryLine
from mlconnector.model.money import ZERO, rounded, shared_out
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Kind, Voucher


def with_instalments(draft: Draft) -> Draft | Held:
    """The booking in as many rows as the document falls due in parts; what is unclear about them waits."""
    voucher = draft.voucher
    if not voucher.instalments:
        return draft
    whole = sum((line.amount for line in draft.lines), ZERO)
    amounts = [rounded(one.amount, voucher.currency) for one in voucher.instalments]
    if (problem := _unclear(voucher, amounts, whole)) is not None:
        return Held((problem,))
    sign = 1 if voucher.direction == "sale" else -1
    shares = _shares(draft.lines, [sign * amount for amount in amounts], voucher.currency)
    nets = [_net_shares(*each, voucher.currency) for each in zip(draft.lines, shares, strict=True)]
    lines: list[EntryLine] = []
    because = [one for one in draft.because if one.line == 0]
    for part, one in enumerate(voucher.instalments):
        for index, line in enumerate(draft.lines):
            if shares[index][part] == ZERO:
                continue
            amount, net = shares[index][part], nets[index][part]
            lines.append(msgspec.structs.replace(line, amount=amount, net=net, due_date=one.due_date))
            facts = {"part": str(part + 1), "parts": str(len(amounts)), "amount": f"{amounts[part]:f}"}
            about = [why for why in draft.because if why.line == index + 1 and why.field != "amount"]
            about.append(Because("amount", f"{abs(amount):f}", "part_of_instalment", facts))
            because += [msgspec.structs.replace(why, line=len(lines)) for why in about]
    return replace(draft, lines=tuple(lines), because=tuple(because))


def _shares(lines: Sequence[EntryLine], parts: Sequence[Decimal], currency: str) -> list[list[Decimal]]:
    """By line what each part has of it; the largest line takes the cents that make the parts whole."""
    shares = [shared_out(line.amount, parts, currency) for line in lines]
    largest = max(range(len(lines)), key=lambda index: abs(lines[index].amount))
    for part, amount in enumerate(parts):
        others = sum((share[part] for index, share in enumerate(shares) if index != largest), ZERO)
        shares[largest][part] = amount - others
    return shares


def _net_shares(line: EntryLine, amounts: Sequence[Decimal], currency: str) -> Sequence[Decimal | None]:
    """What each part of a line has of its net, where that is told."""
    return [None] * len(amounts) if line.net is None else shared_out(line.net, amounts, currency)


def _unclear(voucher: Voucher, amounts: Sequence[Decimal], whole: Decimal) -> Problem | None:
    total = whole if voucher.direction == "sale" else -whole
    clear = (
        voucher.kind == Kind.INVOICE
        and sum(amounts, ZERO) == total
        and all(amount > ZERO for amount in amounts)
        and all(one.due_date is not None for one in voucher.instalments)
        and not voucher.requests_down_payment
        and not voucher.down_payments
    )
    if clear:
        return None
    days = (f"{one.due_date}" if one.due_date else "–" for one in voucher.instalments)
    shown = ", ".join(f"{amount:f}: {day}" for amount, day in zip(amounts, days, strict=True))
    facts = {
        "number": voucher.number or "",
        "instalments": shown,
        "sum": f"{sum(amounts, ZERO):f}",
        "total": f"{total:f}",
        "currency": voucher.currency,
    }
    return Problem("instalments_unclear", facts, ("number",))
