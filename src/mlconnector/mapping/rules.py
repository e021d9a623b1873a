"""The rules agreed up front for one connection: books, accounts, tax cases, cost centres, numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from collections.abc import Mapping as Lookup
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cached_property, partial
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from mlconnector.mapping.account_functions import KEY_ON_AUTOMATIC, reserved_fault, row_fault
from mlconnector.mapping.books import Books, Digits, Table
from mlconnector.mapping.charts import Account, Chart, Function, TaxCase, seeded_accounts, tax_cases
from mlconnector.mapping.eu_rates import RatePeriod
from mlconnector.mapping.reference_rates import ReferenceRange
from mlconnector.mapping.row_checks import (
    check_choice,
    check_contractor,
    check_is_first,
    check_key,
    known_case,
)
from mlconnector.mapping.statistical_accounts import statistical_checks
from mlconnector.mapping.tables import (
    AccountRow,
    Commitments,
    ContractorRow,
    CostCentres,
    CustomerRow,
    DownPayments,
    FeeRow,
    Margin,
    OwnRate,
    Payments,
    PaymentTerms,
    Places,
    Retainage,
    TaxCaseRow,
    Withholding,
)
from mlconnector.mapping.timetables import Timetable
from mlconnector.model.entries import Ledger
from mlconnector.model.unsuitable import SeveralUnsuitable, Unsuitable
from mlconnector.model.vouchers import Supply

_WITH_DISCOUNT_ACCOUNT = 13
_CLEARING = "a bank, cash or clearing account"
_EXCHANGE = "an account for differences of exchange"
_KEPT_BACK = "an account for what is kept back"
_Month = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3} [0-9]{4}-(0[1-9]|1[0-2])$")]
_Rate = Annotated[Decimal, Field(gt=0, lt=10_000_000, decimal_places=10)]


class Mapping(Table):
    """The mapping tables. Seeds are proposals until somebody has confirmed them.

    `confirmed_by` and `confirmed_on` say that somebody did so for all of them; `require_confirmation` lets
    vouchers wait whose tax case nobody has confirmed.

    `oss` says that sales to consumers in other member states are declared in the one-stop shop;
    `input_tax` that the client may deduct input tax, which a small business may not. `customer` says who is a
    business and who a consumer, where the source does not; `places` what stands in for places not told;
    `margin` where the purchase price of what is sold under difference taxation stands; `retainage` and
    `contractor` what is kept back of documents as a security and as tax of building work; `commitments`
    between which statistical accounts commitments are booked, which books none where it is not given.
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
    retainage: Retainage = Retainage()
    withholding: Withholding = Withholding()
    contractor: tuple[ContractorRow, ...] = ()
    commitments: Commitments | None = None
    exchange_rates: dict[_Month, _Rate] = Field(default_factory=dict)
    exchange_rate_limit: Decimal = Field(Decimal(10), gt=0, le=1000, decimal_places=4)
    rounding_limit: Decimal = Field(Decimal("0.05"), ge=0, le=1, decimal_places=4)

    @property
    def deducts(self) -> bool:
        """Whether the client deducts input tax."""
        return self.input_tax and not self.small_business

    @property
    def ledgers(self) -> frozenset[Ledger]:
        """The ledgers whose documents have accounts to be booked on."""
        has_accounts: dict[Ledger, bool] = {
            "receivable": self.default_revenue or bool(self.revenue),
            "payable": self.default_expense or bool(self.expense),
        }
        return frozenset(ledger for ledger, has in has_accounts.items() if has)

    def accounts_for(self, direction: str) -> tuple[AccountRow, ...]:
        """The table that says where the lines of a sale or purchase go."""
        return self.revenue if direction == "sale" else self.expense

    def accounts_by_day(self, direction: str) -> Timetable[AccountRow]:
        """The same by the day of the document."""
        return self._revenue_by_day if direction == "sale" else self._expense_by_day

    @cached_property
    def _revenue_by_day(self) -> Timetable[AccountRow]:
        return Timetable(self.revenue)

    @cached_property
    def _expense_by_day(self) -> Timetable[AccountRow]:
        return Timetable(self.expense)

    @cached_property
    def tax_cases_by_day(self) -> Timetable[TaxCaseRow]:
        """The table of tax cases by the day that decides them."""
        return Timetable(self.tax_case)


class OwnAccount(Table):
    """An account of the client's own chart, as it was imported.

    Where `function` is None, only its name was: it keeps what the seeds say of it, if they know it.
    """

    number: Digits
    name: str = ""
    function: Function | None = "none"
    tax_case: str = ""


_DIGITS = "account {account} must be written with {digits} digits"
_TAXED_OTHERWISE = "account {account} is automatic for {taxed}, not for {case}"
_OTHER_DIRECTION = {
    "sale": "the tax case {case} is for a sale",
    "purchase": "the tax case {case} is for a purchase",
}


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
        faults: list[Unsuitable] = []
        for check in self._checks():
            try:
                check()
            except Unsuitable as fault:
                faults.append(fault)
        if faults:
            raise SeveralUnsuitable(faults)
        return self

    def _checks(self) -> Iterator[Callable[[], None]]:
        """One for each row, so that all that is wrong is told at once."""
        for direction, table in (("sale", "revenue"), ("purchase", "expense")):
            seen: dict[tuple[object, ...], int] = {}
            for index, row in enumerate(self.mapping.accounts_for(direction), start=1):
                where = f"mapping.{table} row {index}"
                first = seen.setdefault((row.facts, row.valid_from), index)
                yield partial(check_is_first, row, index, first, where)
                yield partial(self._check_row, row, direction, where)
        yield from self._checks_of_tax_cases()
        for index in range(1, len(self.mapping.contractor) + 1):
            where = f"mapping.contractor row {index}"
            yield partial(check_contractor, self.mapping.contractor, index, where)
        yield from self._checks_of_money()
        yield from statistical_checks(self.mapping.commitments, self.books, self.accounts)
        for name, fee in self.mapping.payments.fees.items():
            yield partial(self._check_fee, fee, f"mapping.payments.fees {name!r}")

    def _checks_of_tax_cases(self) -> Iterator[Callable[[], None]]:
        seen: dict[tuple[object, ...], int] = {}
        for index, choice in enumerate(self.mapping.tax_case, start=1):
            where = f"mapping.tax_case row {index}"
            if choice.valid_from is not None:
                # Of rows without a day the first decides, as it always did.
                first = seen.setdefault((choice.facts, choice.valid_from), index)
                yield partial(check_is_first, choice, index, first, where)
            yield partial(check_choice, choice, where, deducts=self.mapping.deducts)

    def _check_fee(self, row: FeeRow, where: str) -> None:
        case = known_case(row.tax_case, where)
        if case is not None and case.direction != "purchase":
            raise Unsuitable(_OTHER_DIRECTION[case.direction], where=where, case=case.name)
        account = self._money_account(row.account, where)
        if account is None:
            raise self._unknown(row.account).at(where)
        if account.automatic and account.tax_case != row.tax_case:
            taxed = {"taxed": account.tax_case, "case": row.tax_case}
            raise Unsuitable(_TAXED_OTHERWISE, where=where, account=row.account, **taxed)

    def _check_row(self, row: AccountRow, direction: str, where: str) -> None:
        case = known_case(row.tax_case, where)
        if case is not None and case.direction != direction:
            raise Unsuitable(_OTHER_DIRECTION[case.direction], where=where, case=case.name)
        if direction == "sale" and (row.own_rate is not None or row.matter is not None):
            raise Unsuitable(
                "own_rate and matter are for purchases, where the client owes the tax", where=where
            )
        if case is not None and (row.supply is not None or row.own_rate is not None):
            raise Unsuitable(
                "supply and own_rate have no effect beside tax_case; give them a row of their own",
                where=where,
            )
        if row.account is None:
            if row.tax_key or row.automatic is not None:
                raise Unsuitable("tax_key and automatic need an account beside them", where=where)
            return
        if said := row_fault(row, case, direction, self.accounts.get(row.account), self.books):
            raise said.at(where)
        self._check_account(row, row.account, case, where)
        if row.tax_key is not None:
            check_key(row.tax_key, case, direction, where)

    def _check_account(self, row: AccountRow, number: str, case: TaxCase | None, where: str) -> None:
        if len(number) != self.books.account_length:
            raise Unsuitable(_DIGITS, where=where, account=number, digits=self.books.account_length)
        account = self.account(row)
        if account is None:
            raise self._unknown(number).at(where)
        if account.function in {"collective", "tax"}:
            raise Unsuitable(
                f"DATEV itself fills {{account}}, the {account.function} account '{{name}}'",
                where=where,
                account=number,
                name=account.name,
            )
        if not account.automatic:
            return
        if row.tax_key:
            raise Unsuitable(KEY_ON_AUTOMATIC, where=where, account=number)
        if not account.tax_case:
            raise Unsuitable(
                "the automatic account {account} needs tax_case beside it", where=where, account=number
            )
        if case is not None and account.tax_case != case.name:
            taxed = {"taxed": account.tax_case, "case": case.name}
            raise Unsuitable(_TAXED_OTHERWISE, where=where, account=number, **taxed)

    def _checks_of_money(self) -> Iterator[Callable[[], None]]:
        payments = self.mapping.payments
        for number in (*payments.table.values(), payments.default):
            yield partial(self._check_untaxed, number, "mapping.payments", _CLEARING)
        for name in ("exchange_gain", "exchange_loss"):
            number = getattr(payments, name)
            yield partial(self._check_untaxed, number, f"mapping.payments.{name}", _EXCHANGE)
        for table, name in (
            ("retainage", "payable"),
            ("retainage", "receivable"),
            ("withholding", "account"),
        ):
            number = getattr(getattr(self.mapping, table), name)
            yield partial(self._check_untaxed, number, f"mapping.{table}.{name}", _KEPT_BACK)
        yield partial(self._check_discount_account, payments.discount_account)
        for direction, table, rows in (
            ("sale", "granted", payments.granted),
            ("purchase", "received", payments.received),
        ):
            for rate, number in rows.items():
                where = f"mapping.payments.{table} {rate}"
                yield partial(self._check_discount, Decimal(rate), number, direction, where)

    def _check_untaxed(self, number: str | None, where: str, wanted: str) -> None:
        account = self._money_account(number, where)
        if account is not None and account.function != "none":
            raise Unsuitable(
                f"{{account}} is the {account.function} account '{{name}}'; name {wanted}",
                where=where,
                account=number,
                name=account.name,
            )

    def _check_discount_account(self, number: str | None) -> None:
        where = "mapping.payments.discount_account"
        self._money_account(number, where)
        if number is not None and self.books.format_version < _WITH_DISCOUNT_ACCOUNT:
            raise Unsuitable("needs format_version {version}", where=where, version=_WITH_DISCOUNT_ACCOUNT)

    def _money_account(self, number: str | None, where: str) -> Account | None:
        digits = self.books.account_length
        if number is not None and len(number) != digits:
            raise Unsuitable(_DIGITS, where=where, account=number, digits=digits)
        account = None if number is None else self.accounts.get(number)
        if number is not None and (said := reserved_fault(number, account, self.books)):
            raise said.at(where)
        return account

    def _check_discount(self, rate: Decimal, number: str, direction: str, where: str) -> None:
        """Skonto takes tax back, so it must be known whether its account works the tax out itself."""
        account = self._money_account(number, where)
        if account is None:
            if rate:
                raise Unsuitable(
                    "account {account} is not known in the chart {chart}, nor whether it corrects the tax; "
                    "name a seeded account, or import the client's chart",
                    where=where,
                    account=number,
                    chart=self.books.chart,
                )
            return
        if account.function in {"collective", "tax"}:
            raise Unsuitable(
                "DATEV itself fills {account}, '{name}'", where=where, account=number, name=account.name
            )
        if not account.automatic:
            return
        case = tax_cases().get(account.tax_case)
        taxed = direction == "sale" or self.mapping.deducts
        if case is None or case.direction != direction or case.rate != rate or not taxed:
            raise Unsuitable(
                "account {account} ({name}) is automatic for {taxed} and would correct another tax",
                where=where,
                account=number,
                name=account.name,
                taxed=account.tax_case,
            )

    def _unknown(self, number: str) -> Unsuitable:
        """Why nothing is known of an account, and the ways out."""
        say = "say automatic = true or automatic = false"
        facts = {"account": number, "chart": self.books.chart, **self._where_else(number)}
        if any(one.number == number for one in self.chart):
            lacking = "the chart that was imported does not say whether account {account} is automatic"
            return Unsuitable(f"{lacking}; {say}", **facts)
        known_elsewhere = " (it is '{name}' in {other})" if "name" in facts else ""
        if self.chart:
            lacking = "account {account} is not in the client's own chart"
            return Unsuitable(f"{lacking}{known_elsewhere}; {say}", **facts)
        lacking = "account {account} is not in the seeded chart {chart}"
        if self.books.chart == "own":
            lacking = "account {account} is not known, for no chart of accounts was imported for this client"
        or_import = "or import the client's own chart with `ml-connector chart import`"
        return Unsuitable(f"{lacking}{known_elsewhere}; {say}, {or_import}", **facts)

    def _where_else(self, number: str) -> dict[str, str]:
        other: Chart = "SKR04" if self.books.chart == "SKR03" else "SKR03"
        account = seeded_accounts(other, self.books.account_length).get(number)
        return {"name": account.name, "other": other} if account else {}

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
