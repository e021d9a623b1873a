"""Books: the client's books as DATEV has them, and how the client wants things written there."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from mlconnector.mapping.charts import Chart
from mlconnector.model.entries import Ledger
from mlconnector.model.unsuitable import Unsuitable

Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}$")]
Way = Literal["swap", "generalumkehr"]

# DATEV decides by the first digit of a person account: 1 to 6 are debtors, 7 to 9 creditors.
_FIRST_DIGITS: dict[Ledger, tuple[int, int]] = {"receivable": (1, 6), "payable": (7, 9)}


def _filled_in(value: object) -> object:
    if value == "":
        raise Unsuitable(
            "is still empty: write the first document date that is booked from here, like 2026-01-01; "
            "what is older was booked elsewhere"
        )
    return value


Begin = Annotated[date | None, BeforeValidator(_filled_in)]


class Table(BaseModel):
    """A table of the connection file: unknown entries are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Numbers(Table):
    """Where person accounts come from: a range that is used up one by one, or one collective account."""

    first: int | None = None
    last: int | None = None
    collective: Digits | None = None


class Books(Table):
    """The client's books as DATEV has them.

    `begin` is the first document date that is booked from here; what is older was booked elsewhere.
    `reversals` and `credit_notes` say how they are written: with the sides swapped, or as Generalumkehr.
    `credit_note_number` is the number that a credit note has in Belegfeld 1: its own, or that of the
    invoice, so that it clears the open item. `due_date` is where the due date goes.
    """

    chart: Chart
    begin: Begin = None
    account_length: int = Field(default=4, ge=4, le=8)
    fiscal_year_start: int = Field(default=1, ge=1, le=12)
    festschreibung: bool = False
    encoding: Literal["utf-8", "windows-1252"] = "utf-8"
    format_version: Literal[12, 13] = 13
    service_date: bool = False
    reversals: Way = "swap"
    credit_notes: Way = "swap"
    credit_note_number: Literal["own", "invoice"] = "own"
    due_date: Literal["column", "document_field_2"] = "column"
    debtors: Numbers = Numbers()
    creditors: Numbers = Numbers()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        self._check_numbers("debtors", self.debtors, "receivable")
        self._check_numbers("creditors", self.creditors, "payable")
        return self

    def _check_numbers(self, name: str, numbers: Numbers, ledger: Ledger) -> None:
        digits, (low, high) = self.account_length + 1, _FIRST_DIGITS[ledger]
        kind = name.removesuffix("s")
        first, last = self.range_of(ledger)
        limits: dict[str, Any] = {"digits": digits, "low": low, "high": high}
        if not low * 10**self.account_length <= first <= last < (high + 1) * 10**self.account_length:
            raise Unsuitable(
                f"{kind} numbers must have {{digits}} digits and begin with {{low}} to {{high}} at account "
                "length {length}; given {first} to {last}",
                length=self.account_length,
                first=first,
                last=last,
                **limits,
            )
        if numbers.collective is not None and not self.is_person(numbers.collective, ledger):
            raise Unsuitable(
                f"{name}.collective must be a {kind} number of {{digits}} digits that begins with {{low}} to "
                "{high}; given {given}",
                given=numbers.collective,
                **limits,
            )

    def numbers_of(self, ledger: Ledger) -> Numbers:
        """Where the numbers of debtors (receivable) or creditors (payable) come from."""
        return self.debtors if ledger == "receivable" else self.creditors

    def range_of(self, ledger: Ledger) -> tuple[int, int]:
        """First and last number; the whole range of the account length where none is given."""
        unit, (low, high) = 10**self.account_length, _FIRST_DIGITS[ledger]
        numbers = self.numbers_of(ledger)
        first = low * unit if numbers.first is None else numbers.first
        return first, (high + 1) * unit - 1 if numbers.last is None else numbers.last

    def is_person(self, number: str, ledger: Ledger) -> bool:
        """Whether a number is a debtor's or creditor's: by its first digit and its length."""
        low, high = _FIRST_DIGITS[ledger]
        return bool(re.fullmatch(rf"[{low}-{high}][0-9]{{{self.account_length}}}", number))
