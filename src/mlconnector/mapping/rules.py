"""The rules agreed up front for one connection: books, accounts, tax cases, cost centres, numbers."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from mlconnector.mapping.charts import Account, Chart, seeded_accounts, tax_cases

_Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}$")]
_TaxKey = Annotated[str, StringConstraints(pattern=r"^[0-9]{0,4}$")]
_CostCentre = Annotated[str, StringConstraints(pattern=r"^[\w ]{1,36}$")]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Debtors(_Table):
    """Where debtor numbers come from: a range that is used up one by one, or one collective account."""

    first: int | None = None
    last: int | None = None
    collective: _Digits | None = None


class Books(_Table):
    """The client's books as DATEV has them."""

    chart: Chart
    account_length: int = Field(4, ge=4, le=8)
    fiscal_year_start: int = Field(1, ge=1, le=12)
    festschreibung: bool = False
    encoding: Literal["utf-8", "windows-1252"] = "utf-8"
    format_version: Literal[12, 13] = 13
    service_date: bool = False
    debtors: Debtors = Debtors()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        digits = self.account_length + 1
        first, last = self.debtor_range
        if not 10**self.account_length <= first <= last < 7 * 10**self.account_length:
            raise ValueError(
                f"debtor numbers must have {digits} digits and begin with 1 to 6 at account length "
                f"{self.account_length}; given {first} to {last}"
            )
        return self

    @property
    def debtor_range(self) -> tuple[int, int]:
        """First and last debtor number; the whole range of the account length where none is given."""
        unit = 10**self.account_length
        return self.debtors.first or unit, self.debtors.last or 7 * unit - 1


class RevenueRow(_Table):
    """Which account a line goes to. All facts that the row names must hold; the most specific row wins.

    Specific first: product, product_code, category, pipeline, then rows that name none of them.
    """

    product: str | None = None
    product_code: str | None = None
    category: str | None = None
    pipeline: str | None = None
    tax_case: str | None = None
    account: _Digits | None = None
    automatic: bool | None = None
    tax_key: _TaxKey | None = None
    supply: Literal["goods", "service"] | None = None


class TaxCaseRow(_Table):
    """Which tax case holds where the facts alone do not decide: an explicit choice of the adviser."""

    rate: Decimal
    region: Literal["domestic", "eu", "third"]
    vat_id: Literal["yes", "no", "any"] = "any"
    supply: Literal["goods", "service", "any"] = "any"
    category: str | None = None
    product_code: str | None = None
    case: str


class CostCentres(_Table):
    """Cost centre by the value of one of the voucher's attributes."""

    attribute: str = "cost_centre"
    table: dict[str, _CostCentre] = Field(default_factory=dict)
    default: _CostCentre | None = None


class Mapping(_Table):
    """The mapping tables. Seeds are proposals until somebody has confirmed them."""

    supply: Literal["goods", "service"] | None = None
    default_revenue: bool = False
    small_business: bool = False
    confirmed_by: str | None = None
    confirmed_on: date | None = None
    revenue: tuple[RevenueRow, ...] = ()
    tax_case: tuple[TaxCaseRow, ...] = ()
    cost_centre_1: CostCentres | None = None
    cost_centre_2: CostCentres | None = None
    exchange_rates: dict[str, Decimal] = Field(default_factory=dict)
    rounding_limit: Decimal = Decimal("0.05")


class Rules(_Table):
    """Books and mapping of one connection, checked against each other."""

    books: Books
    mapping: Mapping

    @model_validator(mode="after")
    def _rows_fit_the_chart(self) -> Self:
        seen: dict[tuple[str | None, ...], int] = {}
        for index, row in enumerate(self.mapping.revenue):
            where = f"mapping.revenue row {index + 1}"
            facts = (row.product, row.product_code, row.category, row.pipeline, row.tax_case)
            if facts in seen:
                raise ValueError(f"{where} looks at the same facts as row {seen[facts]}: keep one of them")
            seen[facts] = index + 1
            self._check_row(row, where)
        for index, choice in enumerate(self.mapping.tax_case):
            if choice.case not in tax_cases():
                known = ", ".join(tax_cases())
                raise ValueError(
                    f"mapping.tax_case row {index + 1}: unknown case {choice.case!r}; known: {known}"
                )
        return self

    def _check_row(self, row: RevenueRow, where: str) -> None:
        if row.tax_case is not None and row.tax_case not in tax_cases():
            raise ValueError(f"{where}: unknown tax case {row.tax_case!r}; known: {', '.join(tax_cases())}")
        if row.account is None:
            if row.tax_key:
                raise ValueError(f"{where}: a tax key needs an account beside it")
            return
        if len(row.account) > self.books.account_length:
            raise ValueError(
                f"{where}: account {row.account} is longer than {self.books.account_length} digits"
            )
        account = self.account(row)
        if account is None:
            raise ValueError(
                f"{where}: account {row.account} is not in the seeded chart {self.books.chart}; "
                "say automatic = true or automatic = false"
            )
        if account.automatic and row.tax_key:
            raise ValueError(f"{where}: account {row.account} is automatic; a tax key on it would be refused")
        if account.automatic and not account.tax_case:
            raise ValueError(f"{where}: the automatic account {row.account} needs tax_case beside it")

    def account(self, row: RevenueRow) -> Account | None:
        """The account that a row names: seeded, or as the row describes it; None when neither is enough."""
        if row.account is None:
            return None
        seeded = seeded_accounts(self.books.chart, self.books.account_length).get(row.account)
        if row.automatic is None:
            return seeded
        return Account(row.account, seeded.name if seeded else "", row.automatic, row.tax_case or "")

    def fingerprint(self) -> str:
        """Hash of all rules; entries keep it, so that it can be said which rules made them."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]
