"""What the API gives as reports; amounts are exact, positive in debit (Soll), negative in credit (Haben)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, Field

Ledger = Literal["receivable", "payable"]


class Report(BaseModel):
    """From what was transferred: whose bookings a report is about."""

    connection: str
    client: str = Field(description="Mandant as `<consultant number>-<client number>`")
    connections: list[str] = Field(description="the connections whose bookings are in it")
    other_connections: list[str] = Field(description="connections of the same client that are not in it")


class NotCounted(BaseModel):
    """How many bookings a report leaves out."""

    under_way: int = Field(description="on their way to DATEV")
    planned: int = Field(description="ready and not sent yet")
    later: int = Field(description="booked after the day of the report")


class Amounts(BaseModel):
    """What an item is made of; together the parts are what is `open`."""

    original: Decimal
    credits: Decimal = Field(description="credit notes under the same number")
    payments: Decimal
    discounts: Decimal = Field(description="Skonto")
    reversals: Decimal = Field(description="Storno of a document of which nothing stands any more")
    exchange: Decimal = Field(description="differences of exchange, in EUR alone")
    open: Decimal


class Ageing(BaseModel):
    """What is open in EUR, by days overdue."""

    not_due: Decimal
    days_30: Decimal = Field(description="1 to 30 days")
    days_60: Decimal = Field(description="31 to 60 days")
    days_90: Decimal = Field(description="61 to 90 days")
    older: Decimal
    credit: Decimal = Field(description="credit balances, such as overpayments")


class OpenItem(Amounts):
    """One Belegfeld 1 of a debtor or creditor, in its currency, and in EUR beside it."""

    number: str = Field(description="Belegfeld 1")
    party: str | None
    document_date: date
    due_date: date | None = Field(description="of the earliest part that is open; null: nobody has named one")
    has_document: bool = Field(description="false: money alone")
    currency: str
    euro: Amounts
    planned: Decimal = Field(description="what of it DATEV does not have yet")
    planned_euro: Decimal
    is_planned: bool
    days_overdue: int
    ageing: Ageing


class Total(BaseModel):
    """What items come to, in EUR."""

    items: int
    open: Decimal
    planned: Decimal
    ageing: Ageing


class Person(BaseModel):
    """A debtor or creditor with items."""

    account: str
    name: str | None
    items: list[OpenItem]
    total: Total


class LedgerItems(BaseModel):
    """The open items of debtors or of creditors."""

    ledger: Ledger
    persons: list[Person]
    total: Total


class OpenItems(Report):
    """Open items (offene Posten) on a day."""

    on: date
    with_planned: bool
    ledgers: list[LedgerItems]
    total: Total
    not_counted: NotCounted
    without_due_date: int
    without_document: int


class Sums(BaseModel):
    """Debit, credit and their difference."""

    debit: Decimal
    credit: Decimal
    balance: Decimal


class ForeignSums(Sums):
    """The same in foreign money."""

    currency: str


class AccountSums(Sums):
    """An account with its sums in EUR."""

    kind: Literal["general", "receivable", "payable", "statistical"]
    number: str | None = Field(description="null: DATEV alone knows the account")
    name: str | None
    foreign: list[ForeignSums]
    rows: int = Field(description="booking rows that move it")
    by_datev: Literal["no", "partly", "yes"] = Field(description="whether DATEV posts on it by itself")


class Balances(Report):
    """Sums and balances (Summen und Salden) of a period."""

    first: date | None
    last: date | None
    accounts: list[AccountSums]
    totals: dict[str, Sums] = Field(
        description="of G/L accounts, debtors, creditors and statistical accounts"
    )
    total: Sums = Field(description="of all but the statistical accounts")
    rows: int = Field(description="without statistical ones")
    not_counted: NotCounted


class VatCase(BaseModel):
    """What a tax case comes to at one rate in EUR; sales and what is deducted are positive."""

    direction: Literal["sale", "purchase"]
    tax_case: str
    rate: Decimal | None = Field(description="in percent; null for Skonto in the column of DATEV's own")
    rows: int
    base: Decimal
    expected_tax: Decimal | None = Field(description="by base and rate; null where there is no rate")
    tax: Decimal = Field(description="owed")
    input_tax: Decimal = Field(description="deducted or lost")
    difference: Decimal | None = Field(description="between what is there and what is expected")


class Vat(Report):
    """The VAT check (Umsatzsteuer-Verprobung) of a period, case by case."""

    first: date | None
    last: date | None
    tax_cases: list[VatCase]
    not_counted: NotCounted


class Cost(BaseModel):
    """What documents cost, in EUR."""

    net: Decimal = Field(description="by the documents, with tax that may not be deducted")
    by_datev: Decimal = Field(description="as DATEV works it out, row by row")
    difference: Decimal = Field(description="by how much DATEV has more")
    documents: int


class CostOfSecond(Cost):
    """The costs of a KOST2 within a KOST1."""

    cost_centre_2: str | None = Field(description="null: rows without KOST2")


class CostOfFirst(BaseModel):
    """A KOST1 with its costs by KOST2."""

    cost_centre_1: str | None = Field(description="null: rows without KOST1")
    cost_centres_2: list[CostOfSecond]
    total: Cost


class Costs(Report):
    """What purchases of a period cost, by cost centre."""

    first: date | None
    last: date | None
    cost_centres_1: list[CostOfFirst]
    total: Cost
    not_counted: NotCounted


class Count(BaseModel):
    """How many vouchers, and what they come to."""

    count: int
    gross: Decimal


class BookingRow(BaseModel):
    """A row of a Buchungsliste."""

    voucher: str
    posted_on: date
    turnover: Decimal = Field(description="Umsatz, without a sign")
    side: Literal["S", "H"] = Field(description="Soll or Haben, of `account`")
    currency: str
    tax_key: str = Field(description="BU-Schlüssel")
    contra_account: str
    document_field_1: str
    account: str
    cost_centre_1: str
    cost_centre_2: str
    text: str
    tax_case: str
    state: Literal["accepted", "sent", "ready"] = Field(description="DATEV has it, may have it, or not yet")
    file: str = Field(description="empty before it has one")


class Bookings(Report):
    """The bookings of a period (Primanota) in the order of months; a booking may have several rows."""

    first: date | None = Field(description="null: the period is open")
    last: date | None
    rows: list[BookingRow]
    page: int
    limit: int = Field(description="how many bookings a page has")
    total: int = Field(description="how many bookings there are")


class Compared(BaseModel):
    """Vouchers of one kind, direction and currency: source against sent against accepted."""

    kind: str
    direction: str
    currency: str
    read: Count
    sent: Count
    accepted: Count
    difference: Count = Field(description="what was read and is not accepted")


class Outcome(Count):
    """What became of vouchers of one kind, direction and currency."""

    kind: str
    direction: str
    currency: str
    outcome: str


class Documents(BaseModel):
    """How many documents (Belegbilder) are filed."""

    filed: int
    of: int
    states: dict[str, int]


class Gap(BaseModel):
    """Numbers that are missing one after the other."""

    first: str
    last: str
    count: int


class Series(BaseModel):
    """Numbers that differ in one group of digits alone."""

    prefix: str
    suffix: str
    first: str
    last: str
    count: int
    gaps: list[Gap]


class NumberSeries(BaseModel):
    """The series among the numbers of sales documents."""

    series: list[Series]
    not_recognised: list[str] = Field(description="numbers that are in no series")


class ReportedVoucher(BaseModel):
    """A voucher as the source has it."""

    voucher: str
    connection: str
    kind: str
    number: str | None
    external_id: str
    document_date: date | None
    customer: str | None
    currency: str | None
    gross: Decimal | None


class HeldVoucher(ReportedVoucher):
    """A voucher that waits, and one cause for which it does."""

    outcome: str
    cause: str
    what: str
    why: str
    do: str
    who: str
    facts: dict[str, str]


class DifferingVoucher(ReportedVoucher):
    """A voucher whose booking in DATEV has another amount than the source."""

    accepted: Decimal
    accepted_currency: str


class Completeness(Report):
    """What the source has in a period, and what was transferred of it."""

    first: date | None
    last: date | None
    compared: list[Compared]
    outcomes: list[Outcome]
    documents: Documents
    number_series: NumberSeries
    held: list[HeldVoucher]
    differing: list[DifferingVoucher]
