"""A file of bookings as it was read back: whose it is, its period, its rows as rows of the table of lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from mlconnector.model.money import ZERO
from mlconnector.systems.warehouse import Row

_STATISTICAL = "9"


class Unreadable(ValueError):
    """A file that no rows can be made of: `reason` says why, `line` where, 0 for the file as a whole."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.reason = reason
        self.line = line


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What a file says. `client` is `<consultant number>-<client number>`.

    `lines` are rows of bookings without what says which batch they belong to; those of a package name by
    `content_key` which booking of ours they are. `labels` are names of accounts by number.
    """

    client: str
    format: str
    label: str
    chart: str
    currency: str
    period_from: date | None
    period_to: date | None
    fiscal_year_start: date | None
    line_count: int
    lines: tuple[Row, ...] = ()
    content_keys: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def is_statistical(self) -> bool:
        """Whether its rows move statistical accounts alone."""
        kinds = {line[name] for line in self.lines for name in ("account_kind", "contra_kind")}
        return kinds == {"statistical"}

    @property
    def sums(self) -> tuple[Decimal, Decimal]:
        """What the rows debit their accounts, and what they credit them, both positive."""
        amounts = [line["amount"] for line in self.lines]
        debit = sum((amount for amount in amounts if amount > ZERO), ZERO)
        return debit, sum((-amount for amount in amounts if amount < ZERO), ZERO)


def kind_of(number: str, length: int, known: Callable[[str], str]) -> str | None:
    """What an account is; `known` says it of those that the chart has, and class 9 is statistical."""
    if number.isdigit() and len(number) <= length and number.zfill(length).startswith(_STATISTICAL):
        return "statistical"
    return known(number) or None
