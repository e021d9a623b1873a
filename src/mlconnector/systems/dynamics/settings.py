"""The `[source]` table of a Dynamics 365 Sales connection, and which secrets it needs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    model_validator,
)

from mlconnector.model.unsuitable import Unsuitable
from mlconnector.systems.kit.invoice_files import FileRule
from mlconnector.systems.kit.setting_types import (
    Country,
    CustomerKinds,
    Pattern,
    Table,
    Timezone,
    address,
)

SYSTEM = "dynamics"
TITLE = "Dynamics 365 Sales"

TABLES = ("invoice", "invoicedetail", "account", "contact", "product")
CUSTOMERS = ("account", "contact")


def _address(value: str) -> str:
    return address(value, "https://firma.crm4.dynamics.com")


def _filled(value: str) -> str:
    if not value.strip():
        raise Unsuitable("is still empty: the app registration in Microsoft Entra shows it")
    return value.strip()


def _column(value: str) -> str:
    """A column as `table.column`; the table is the invoice's where it is not named."""
    table, _, name = value.rpartition(".")
    if not re.fullmatch(r"[a-z][a-z0-9_]*|_[a-z][a-z0-9_]*_value", name):
        raise Unsuitable(
            '"{given}" is not a column like new_vatid or account.new_vatid (a lookup: _new_centreid_value)',
            given=value,
        )
    if (table or "invoice") not in TABLES:
        raise Unsuitable('"{given}": the table must be one of {known}', given=value, known=", ".join(TABLES))
    return f"{table or 'invoice'}.{name}"


def _of_document(value: str) -> str:
    if value.startswith(("invoicedetail.", "product.")):
        raise Unsuitable('"{given}" is a column of a line, but this concerns the whole invoice', given=value)
    return value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _guid(value: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value):
        raise Unsuitable(
            '"{given}" is not the id of a record, like 60c4e274-0d87-e711-80e5-00155db19e6d', given=value
        )
    return value.lower()


Address = Annotated[str, AfterValidator(_address)]
Filled = Annotated[str, AfterValidator(_filled)]
Column = Annotated[str, AfterValidator(_column)]
OfDocument = Annotated[
    tuple[Annotated[str, AfterValidator(_column), AfterValidator(_of_document)], ...],
    BeforeValidator(_as_list),
]
OfLine = Annotated[tuple[Column, ...], BeforeValidator(_as_list)]
Rate = Annotated[Decimal, Field(ge=0, lt=100, decimal_places=4)]


class Final(Table):
    """Which invoices are final: by the reason of their status, or by their status. Cancelled ones never are.

    Facts: https://learn.microsoft.com/dynamics365/sales/developer/entities/invoice (statecode, statuscode).
    """

    statuscodes: frozenset[int] = frozenset({4, 100001, 100002})
    statecodes: frozenset[int] = frozenset({2})


class Columns(Table):
    """Which columns carry what, as `table.column`; of several the first that is filled counts.

    Logical names; a lookup is written `_name_value`. What may differ from line to line (`service_date`, then
    `category` and below) may be in columns of the lines or their products, too. `ship_from` is the country
    that goods leave from.
    """

    invoice_date: OfDocument = Field(min_length=1)
    invoice_number: OfDocument = ("invoice.invoicenumber",)
    due_date: OfDocument = ("invoice.duedate",)
    refers_to: OfDocument = ()
    vat_id: OfDocument = ()
    debtor_number: OfDocument = ()
    customer_kind: OfDocument = ()
    incoterms: OfDocument = ()
    service_date: OfLine = ("invoice.datedelivered", "invoicedetail.actualdeliveryon")
    category: OfLine = ()
    cost_centre: OfLine = ()
    tax_class: OfLine = ()
    tax_rate: OfLine = ()
    ship_from: OfLine = ()

    @property
    def days(self) -> tuple[str, ...]:
        """The columns that hold days, each once."""
        return tuple(dict.fromkeys((*self.invoice_date, *self.due_date, *self.service_date)))

    def of(self, table: str) -> tuple[str, ...]:
        """The configured columns of a table, each once."""
        every = (column for columns in self.model_dump().values() for column in columns)
        names = (column.partition(".")[2] for column in every if column.startswith(f"{table}."))
        return tuple(dict.fromkeys(names))


class Freight(Table):
    """How the freight of an invoice is booked: with these facts, at the rates of the goods or at `tax_rate`.

    Rates are in per cent. Dynamics knows no tax on freight. `gross`: the amount contains the tax; `net`: the
    tax is in the total.
    """

    tax_rate: Rate | None = None
    amount_is: Literal["gross", "net"] = "gross"
    text: str = "Fracht"
    category: str | None = "Fracht"
    product_code: str | None = None


class Documents(FileRule):
    """Where the invoice's file is looked for, in order: `note`, `file` (a column), `export` (a template)."""

    sources: tuple[Literal["note", "file", "export"], ...] = ("note",)
    pattern: Pattern = r"(?i)(rechnung|invoice|facture|gutschrift|credit.?note|(^|[^a-z])(inv|re|rg)[-_ ]?\d)"
    file_column: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")] | None = None
    template: Annotated[str, AfterValidator(_guid)] | None = None
    missing: Literal["render", "hold"] = "hold"

    @model_validator(mode="after")
    def _complete(self) -> Documents:
        if "file" in self.sources and self.file_column is None:
            raise Unsuitable('"file" in sources needs file_column, the column with the file')
        if "export" in self.sources and self.template is None:
            raise Unsuitable('"export" in sources needs template, the id of a document template')
        return self


class Webhook(Table):
    """How deliveries are verified: by the secret `webhook_key` in this header."""

    header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")] = "X-ML-Connector-Key"


class Settings(Table):
    """The validated `[source]` table; `template.toml` explains every entry to its user."""

    environment: Address
    tenant: Filled
    client_id: Filled
    auth: Literal["client_secret", "certificate"] = "client_secret"
    authority: Address = "https://login.microsoftonline.com"
    final: Final = Final()
    columns: Columns
    tax_rates: tuple[Rate, ...] = (Decimal(0), Decimal(7), Decimal(19))
    freight: Freight | None = None
    documents: Documents = Documents()
    default_country: Country | None = None
    customer_kinds: CustomerKinds = CustomerKinds()
    customers: Literal["with_invoices", "tracked"] = "with_invoices"
    webhook: Webhook | None = None
    timezone: Timezone = "Europe/Berlin"

    @model_validator(mode="after")
    def _complete(self) -> Settings:
        if bool(self.columns.customer_kind) != (self.customer_kinds != CustomerKinds()):
            raise Unsuitable(
                "customer_kind in [source.columns] and [source.customer_kinds], which says what its labels "
                "mean, need each other"
            )
        return self

    @property
    def followed_customers(self) -> tuple[str, ...]:
        """The tables of customers whose changes are read on their own."""
        return CUSTOMERS if self.customers == "tracked" else ()

    @property
    def zone(self) -> ZoneInfo:
        """The business time zone: a day that users see comes as a moment in UTC."""
        return ZoneInfo(self.timezone)


def secret_names(settings: Settings) -> Sequence[str]:
    """The credentials to ask for: that of the app, then that of the webhooks."""
    return (settings.auth, "webhook_key") if settings.webhook is not None else (settings.auth,)
