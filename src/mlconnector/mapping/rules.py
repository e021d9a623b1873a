"""The rules agreed up front for one connection: books, accounts, tax cases, cost centres, numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as Lookup
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from mlconnector.mapping.account_functions import reserved_fault, row_fault
from mlconnector.mapping.books import Books, Digits, Table
from mlconnector.mapping.charts import Account, Chart, Function, TaxCase, seeded_accounts, tax_cases
from mlconnector.mapping.eu_rates import RatePeriod
from mlconnector.mapping.reference_rates import ReferenceRange
from mlconnector.mapping.row_checks import check_choice, check_key, known_case
from mlconnector.mapping.tables import (
    AccountRow,
    CostCentres,
    CustomerRow,
    DownPayments,
    Margin,
    OwnRate,
    Payments,
    PaymentTerms,
    Places,
    TaxCaseRow,
)
from mlconnector.model.vouchers import Supply

_WITH_DISCOUNT_ACCOUNT = 13
_Month = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3} [0-9]{4}-(0[1-9]|1[0-2])$")]
_Rate = Annotated[Decimal, Field(gt=0, lt=10_000_000, decimal_places=10)]


class Mapping(Table):
    """The mapping tables. Seeds are proposals until somebody has confirmed them.

    `confirmed_by` and `confirmed_on` say that somebody did so for all of them; `require_confirmation` lets
    vouchers wait whose tax case nobody has confirmed.

    `oss` says that sales to consumers in other member states are declared in the one-stop shop;
    `input_tax` that the client may deduct input tax, which a small business may not. `customer` says who is a
    business and who a consumer, where the source does not; `places` what stands in for places not told;
    `margin` where the purchase price of what is sold under difference taxation stands.
    `exchange_rate_limit` is by how many per cent a rate may leave the range of the reference rates.
    """

    supply: Supply | None = None
    own_rate: OwnRate | None = None
    oss: bool = False
    input_tax: bool = True
    default_revenue: bool = False
    default_expense: bool = False
    small_business: bool = False
    confirmed_by: str | None = None
    confirmed_on: date | None = None
    require_confirmation: bool = False
    revenue: tuple[AccountRow, ...] = ()
    expense: tuple[AccountRow, ...] = ()
    tax_case: tuple[TaxCaseRow, ...] = ()
    customer: tuple[CustomerRow, ...] = ()
    places: Places = Places()
    cost_centre_1: CostCentres | None = None
    cost_centre_2: CostCentres | None = None
    payments: Payments = Payments()
    payment_terms: PaymentTerms = PaymentTerms()
    margin: Margin | None = None
    down_payments: DownPayments = DownPayments()
    exchange_rates: dict[_Month, _Rate] = Field(default_factory=dict)
    exchange_rate_limit: Decimal = Field(Decimal(10), gt=0, le=1000, decimal_places=4)
    rounding_limit: Decimal = Field(Decimal("0.05"), ge=0, le=1, decimal_places=4)

    @property
    def deducts(self) -> bool:
        """Whether the client deducts input tax."""
        return self.input_tax and not self.small_business

    def accounts_for(self, direction: str) -> tuple[AccountRow, ...]:
        """The table that says where the lines of a sale or purchase go."""
        return self.revenue if direction == "sale" else self.expense


class OwnAccount(Table):
    """An account of the client's own chart, as it was imported.

    Where `function` is None, only its name was: it keeps what the seeds say of it, if they know it.
    """

    number: Digits
    name: str = ""
    function: Function | None = "none"
    tax_case: str = ""


class Rules(Table):
    """Books and mapping of one connection, checked against each other, and the client's own `chart`.

    `confirmed` says which seeds were confirmed for the client, by name, with the fingerprint they had then.
    `vat_rates` and `reference_rates` are newer than those that are shipped, and go before them.
    """

    books: Books
    mapping: Mapping
    chart: tuple[OwnAccount, ...] = ()
    confirmed: dict[str, str] = Field(default_factory=dict)
    vat_rates: tuple[RatePeriod, ...] = ()
    reference_rates: tuple[ReferenceRange, ...] = ()

    @model_validator(mode="after")
    def _rows_fit_the_chart(self) -> Self:
        for direction, table in (("sale", "revenue"), ("purchase", "expense")):
            seen: dict[tuple[object, ...], int] = {}
            for index, row in enumerate(self.mapping.accounts_for(direction), start=1):
                where = f"mapping.{table} row {index}"
                attributes = tuple(sorted(row.attributes.items()))
                facts = (row.product, row.product_code, row.category, row.pipeline, attributes, row.tax_case)
                if facts in seen:
                    raise ValueError(
                        f"{where} looks at the same facts as row {seen[facts]}: keep one of them"
                    )
                seen[facts] = index
                self._check_row(row, direction, where)
        for index, choice in enumerate(self.mapping.tax_case, start=1):
            check_choice(choice, f"mapping.tax_case row {index}")
        self._check_money_accounts()
        self._check_fees()
        return self

    def _check_fees(self) -> None:
        for name, row in self.mapping.payments.fees.items():
            where = f"mapping.payments.fees {name!r}"
            case = known_case(row.tax_case, where)
            if case is not None and case.direction != "purchase":
                raise ValueError(f"{where}: the tax case {case.name} is for a {case.direction}")
            account = self._money_account(row.account, where)
            if account is None:
                raise ValueError(f"{where}: {self._unknown(row.account)}")
            if account.automatic and account.tax_case != row.tax_case:
                taxed = f"automatic for {account.tax_case}, not for {row.tax_case}"
                raise ValueError(f"{where}: account {row.account} is {taxed}")

    def _check_row(self, row: AccountRow, direction: str, where: str) -> None:
        case = known_case(row.tax_case, where)
        if case is not None and case.direction != direction:
            raise ValueError(f"{where}: the tax case {case.name} is for a {case.direction}")
        if direction == "sale" and (row.own_rate is not None or row.matter is not None):
            raise ValueError(f"{where}: own_rate and matter are for purchases, where the client owes the tax")
        if case is not None and (row.supply is not None or row.own_rate is not None):
            raise ValueError(
                f"{where}: supply and own_rate have no effect beside tax_case; give them a row of their own"
            )
        if row.account is None:
            if row.tax_key or row.automatic is not None:
                raise ValueError(f"{where}: tax_key and automatic need an account beside them")
            return
        if said := row_fault(row, case, direction, self.accounts.get(row.account), self.books):
            raise ValueError(f"{where}: {said}")
        self._check_account(row, row.account, case, where)
        if row.tax_key is not None:
            check_key(row.tax_key, case, direction, where)

    def _check_account(self, row: AccountRow, number: str, case: TaxCase | None, where: str) -> None:
        if len(number) != self.books.account_length:
            raise ValueError(
                f"{where}: account {number} must be written with {self.books.account_length} digits"
            )
        account = self.account(row)
        if account is None:
            raise ValueError(f"{where}: {self._unknown(number)}")
        if account.function in {"collective", "tax"}:
            raise ValueError(
                f"{where}: DATEV itself fills {number}, the {account.function} account {account.name!r}"
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

    def _check_money_accounts(self) -> None:
        payments = self.mapping.payments
        for number in (*payments.table.values(), payments.default):
            self._check_untaxed(number, "mapping.payments", "a bank, cash or clearing account")
        for name in ("exchange_gain", "exchange_loss"):
            wanted = "an account for differences of exchange"
            self._check_untaxed(getattr(payments, name), f"mapping.payments.{name}", wanted)
        self._money_account(payments.discount_account, "mapping.payments.discount_account")
        if payments.discount_account is not None and self.books.format_version < _WITH_DISCOUNT_ACCOUNT:
            raise ValueError(
                f"mapping.payments.discount_account needs format_version {_WITH_DISCOUNT_ACCOUNT}"
            )
        for rate, number in payments.granted.items():
            self._check_discount(Decimal(rate), number, "sale", f"mapping.payments.granted {rate}")
        for rate, number in payments.received.items():
            self._check_discount(Decimal(rate), number, "purchase", f"mapping.payments.received {rate}")

    def _check_untaxed(self, number: str | None, where: str, wanted: str) -> None:
        account = self._money_account(number, where)
        if account is not None and account.function != "none":
            raise ValueError(
                f"{where}: {number} is the {account.function} account {account.name!r}; name {wanted}"
            )

    def _money_account(self, number: str | None, where: str) -> Account | None:
        digits = self.books.account_length
        if number is not None and len(number) != digits:
            raise ValueError(f"{where}: account {number} must be written with {digits} digits")
        account = None if number is None else self.accounts.get(number)
        if number is not None and (said := reserved_fault(number, account, self.books)):
            raise ValueError(f"{where}: {said}")
        return account

    def _check_discount(self, rate: Decimal, number: str, direction: str, where: str) -> None:
        """Skonto takes tax back, so it must be known whether its account works the tax out itself."""
        account = self._money_account(number, where)
        if account is None:
            if rate:
                raise ValueError(
                    f"{where}: account {number} is not known in the chart {self.books.chart}, nor whether it "
                    "corrects the tax; name a seeded account, or import the client's chart"
                )
            return
        if account.function in {"collective", "tax"}:
            raise ValueError(f"{where}: DATEV itself fills {number}, {account.name!r}")
        if not account.automatic:
            return
        case = tax_cases().get(account.tax_case)
        taxed = direction == "sale" or self.mapping.deducts
        if case is None or case.direction != direction or case.rate != rate or not taxed:
            raise ValueError(
                f"{where}: account {number} ({account.name}) is automatic for "
                f"{account.tax_case or 'no known case'} and would correct another tax"
            )

    def _unknown(self, number: str) -> str:
        """Why nothing is known of an account, and the ways out."""
        say = "say automatic = true or automatic = false"
        if any(one.number == number for one in self.chart):
            return f"the chart that was imported does not say whether account {number} is automatic; {say}"
        if self.chart:
            return f"account {number} is not in the client's own chart{self._where_else(number)}; {say}"
        seeded = "" if self.books.chart == "own" else f"is not in the seeded chart {self.books.chart}"
        lacking = seeded or "is not known, for no chart of accounts was imported for this client"
        return (
            f"account {number} {lacking}{self._where_else(number)}; {say}, or import the client's own chart "
            "with `ml-connector chart import`"
        )

    def _where_else(self, number: str) -> str:
        other: Chart = "SKR04" if self.books.chart == "SKR03" else "SKR03"
        account = seeded_accounts(other, self.books.account_length).get(number)
        return f" (it is {account.name!r} in {other})" if account else ""

    @cached_property
    def accounts(self) -> Lookup[str, Account]:
        """All known accounts by number; what the client's own chart says goes before the seeds."""
        seeds = seeded_accounts(self.books.chart, self.books.account_length)
        own = {one.number: _own_account(one, seeds.get(one.number)) for one in self.chart}
        return {**seeds, **{number: account for number, account in own.items() if account is not None}}

    def account(self, row: AccountRow) -> Account | None:
        """The account that a row names: known, or as the row describes it; None when neither is enough."""
        if row.account is None:
            return None
        known = self.accounts.get(row.account)
        if known is not None and known.automatic and not known.tax_case:
            known = replace(known, tax_case=row.tax_case or "")
        if row.automatic is None or (known is not None and known.function in {"collective", "tax"}):
            return known
        name, known_case = (known.name, known.tax_case) if known else ("", "")
        if row.automatic:
            return Account(row.account, name, "automatic", row.tax_case or known_case)
        return Account(row.account, name, "none", "")

    def fingerprint(self) -> str:
        """Hash of all rules; entries keep it, so that it can be said which rules made them.

        What has its usual value is left out, so that a setting that is new changes nothing for who has none.
        """
        said = self.model_dump_json(exclude={"confirmed"}, exclude_defaults=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def _own_account(one: OwnAccount, seed: Account | None) -> Account | None:
    if one.function is not None:
        return Account(one.number, one.name, one.function, one.tax_case, own=True)
    return None if seed is None else replace(seed, name=one.name or seed.name)
