"""Totals of a voucher: tax is rounded once per rate and method, and every line gets its share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from mlconnector.model.money import HUNDRED, ZERO, rounded, shared_out
from mlconnector.model.vouchers import Line


@dataclass(frozen=True, slots=True)
class Totals:
    """Rounded sums; `line_gross[i]` and `line_net[i]` are line i's shares and add up to `gross` and `net`."""

    net: Decimal
    tax: Decimal
    gross: Decimal
    line_net: tuple[Decimal, ...]
    line_gross: tuple[Decimal, ...]


def totals(lines: Sequence[Line], currency: str) -> Totals:
    """Add lines up: exact amounts per tax method and rate first, then one rounding of the tax."""
    groups: dict[tuple[str, Decimal], list[int]] = {}
    for index, line in enumerate(lines):
        groups.setdefault((line.tax_method, line.tax_rate), []).append(index)
    net, gross = ZERO, ZERO
    line_net, line_gross = [ZERO] * len(lines), [ZERO] * len(lines)
    for (method, rate), members in groups.items():
        amounts = [lines[index].amount for index in members]
        group_net, group_gross = _group(method, rate, sum(amounts, ZERO), currency)
        for index, part_net, part_gross in zip(
            members,
            shared_out(group_net, amounts, currency),
            shared_out(group_gross, amounts, currency),
            strict=True,
        ):
            line_net[index], line_gross[index] = part_net, part_gross
        net, gross = net + group_net, gross + group_gross
    return Totals(net, gross - net, gross, tuple(line_net), tuple(line_gross))


def _group(method: str, rate: Decimal, amount: Decimal, currency: str) -> tuple[Decimal, Decimal]:
    given = rounded(amount, currency)
    if method == "exclusive":
        return given, given + rounded(given * rate / HUNDRED, currency)
    if method == "inclusive":
        return rounded(given * HUNDRED / (HUNDRED + rate), currency), given
    return given, given
