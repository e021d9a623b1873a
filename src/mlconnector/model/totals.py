"""Totals of a voucher: tax is rounded once per rate and method, and every line gets its share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from mlconnector.model.money import HUNDRED, ZERO, rounded, rounded_to
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
        each_net, each_gross = _factors(method, rate)
        for index, part_net, part_gross in zip(
            members,
            rounded_to(group_net, [_times(amount, each_net) for amount in amounts], currency),
            rounded_to(group_gross, [_times(amount, each_gross) for amount in amounts], currency),
            strict=True,
        ):
            line_net[index], line_gross[index] = part_net, part_gross
        net, gross = net + group_net, gross + group_gross
    return Totals(net, gross - net, gross, tuple(line_net), tuple(line_gross))


_Fraction = tuple[Decimal, Decimal]
_ONE: _Fraction = (Decimal(1), Decimal(1))


def _group(method: str, rate: Decimal, amount: Decimal, currency: str) -> tuple[Decimal, Decimal]:
    given = rounded(amount, currency)
    to_net, to_gross = _factors(method, rate)
    if method == "exclusive":
        return given, given + rounded(given * rate / HUNDRED, currency)
    return rounded(_times(given, to_net), currency), rounded(_times(given, to_gross), currency)


def _factors(method: str, rate: Decimal) -> tuple[_Fraction, _Fraction]:
    """What a line's amount is to be multiplied with for its net and for its gross, as fractions."""
    if method == "exclusive":
        return _ONE, (HUNDRED + rate, HUNDRED)
    if method == "inclusive" and rate != -HUNDRED:
        return (HUNDRED, HUNDRED + rate), _ONE
    return _ONE, _ONE


def _times(amount: Decimal, fraction: _Fraction) -> Decimal:
    return amount * fraction[0] / fraction[1]
