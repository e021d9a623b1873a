"""The rules agreed up front for one connection: books, accounts, tax cases, cost centres, numbers."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from mlconnector.mapping.charts import Account, Chart, TaxCase, seeded_accounts, tax_cases
from mlconnector.mapping.tax_keys import fits, tax_keys

_Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}$")]
_TaxKey = Annotated[str, StringConstraints(pattern=r"^[0-9]{0,4}$")]
_CostCentre = Annotated[str, StringConstraints(pattern=r"^[\w ]{1,36}$")]
_Month = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3} [0-9]{4}-(0[1-9]|1[0-2])$")]
_Rate = Annotated[Decimal, Field(gt=0)]


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
    account_length: int = Field(default=4, ge=4, le=8)
    fiscal_year_start: int = Field(default=1, ge=1, le=12)
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
        if self.debtors.collective is not None and not self.is_debtor(self.debtors.collective):
            raise ValueError(
                f"debtors.collective must be a debtor number of {digits} digits that begins with 1 to 6; "
                f"given {self.debtors.collective}"
            )
        return self

    @property
    def debtor_range(self) -> tuple[int, int]:
        """First and last debtor number; the whole range of the account length where none is given."""
        unit = 10**self.account_length
        first, last = self.debtors.first, self.debtors.last
        return unit if first is None else first, 7 * unit - 1 if last is None else last

    def is_debtor(self, number: str) -> bool:
        """Whether a number is a debtor's: one digit more than the account length, beginning with 1 to 6."""
        return bool(re.fullmatch(rf"[1-6][0-9]{{{self.account_length}}}", number))


class RevenueRow(_Table):
    """Which account a line goes to. All facts that the row names must hold; the most specific row wins.

    Specific first: product, product_code, category, pipeline, then rows that name none of them. A row
    without `account` takes the tax case's own; `supply` says what is supplied, which helps to find the tax
    case, so it cannot stand in a row that names one.
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
    """Which tax case holds whatever the facts alone would say: an explicit choice of the adviser.

    The first row whose facts all hold decides.
    """

    rate: Decimal = Field(ge=0, le=100)
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
    exchange_rates: dict[_Month, _Rate] = Field(default_factory=dict)
    rounding_limit: Decimal = Field(Decimal("0.05"), ge=0, le=1)


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
            _check_choice(choice, f"mapping.tax_case row {index + 1}")
        return self

    def _check_row(self, row: RevenueRow, where: str) -> None:
        case = _known_case(row.tax_case, where)
        if case is not None and row.supply is not None:
            raise ValueError(f"{where}: supply has no effect beside tax_case; give it a row of its own")
        if row.account is None:
            if row.tax_key or row.automatic is not None:
                raise ValueError(f"{where}: tax_key and automatic need an account beside them")
            return
        self._check_account(row, row.account, case, where)
        if row.tax_key is not None:
            _check_key(row.tax_key, case, where)

    def _check_account(self, row: RevenueRow, number: str, case: TaxCase | None, where: str) -> None:
        if len(number) != self.books.account_length:
            raise ValueError(
                f"{where}: account {number} must be written with {self.books.account_length} digits"
            )
        account = self.account(row)
        if account is None:
            raise ValueError(
                f"{where}: account {number} is not in the seeded chart {self.books.chart}"
                f"{self._where_else(number)}; say automatic = true or automatic = false"
            )
        if account.function == "collective":
            raise ValueError(
                f"{where}: {number} is a collective account ({account.name}), no revenue account"
            )
        if not account.automatic:
            return
        if row.tax_key:
            raise ValueError(f"{where}: account {number} is automatic; a tax key on it would be refused")
        if not account.tax_case:
            raise ValueError(f"{where}: the automatic account {number} needs tax_case beside it")
        if case is not None and account.tax_case != case.name:
            raise ValueError(
                f"{where}: account {number} is automatic for {account.tax_case}, not for {case.name}"
            )

    def _where_else(self, number: str) -> str:
        other: Chart = "SKR04" if self.books.chart == "SKR03" else "SKR03"
        account = seeded_accounts(other, self.books.account_length).get(number)
        return f" (it is {account.name!r} in {other})" if account else ""

    def account(self, row: RevenueRow) -> Account | None:
        """The account that a row names: seeded, or as the row describes it; None when neither is enough."""
        if row.account is None:
            return None
        seeded = seeded_accounts(self.books.chart, self.books.account_length).get(row.account)
        if row.automatic is None or (seeded is not None and seeded.function == "collective"):
            return seeded
        name, seeded_case = (seeded.name, seeded.tax_case) if seeded else ("", "")
        if row.automatic:
            return Account(row.account, name, "automatic", row.tax_case or seeded_case)
        return Account(row.account, name, "none", "")

    def fingerprint(self) -> str:
        """Hash of all rules; entries keep it, so that it can be said which rules made them."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


def _known_case(name: str | None, where: str) -> TaxCase | None:
    if name is None:
        return None
    if name not in tax_cases():
        raise ValueError(f"{where}: unknown tax case {name!r}; known: {', '.join(tax_cases())}")
    return tax_cases()[name]


def _check_key(key: str, case: TaxCase | None, where: str) -> None:
    known = tax_keys().get(key.lstrip("0"))
    if known is not None and known.use != "sale":
        raise ValueError(f"{where}: tax key {key} ({known.title}) cannot stand in a sale")
    if case is not None and not fits(key, case, named=True):
        means = known.title if known else "no tax"
        raise ValueError(f"{where}: tax key {key!r} ({means}) does not fit the tax case {case.name}")
    if case is None and key and (known is None or not known.tax_case):
        raise ValueError(f"{where}: tax key {key} stands for no single tax case; name tax_case beside it")


def _check_choice(choice: TaxCaseRow, where: str) -> None:
    case = _known_case(choice.case, where)
    if case is None:
        return
    if case.rate != choice.rate:
        raise ValueError(f"{where}: {case.name} has {case.rate:f} %, not {choice.rate:f} %")
    if case.vat_id == "yes" and choice.vat_id != "yes":
        raise ValueError(f'{where}: {case.name} is reported with the VAT id, so it needs vat_id = "yes"')
