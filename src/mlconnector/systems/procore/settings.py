"""The `[source]` table of a Procore connection, and which secrets it needs."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from mlconnector.model.unsuitable import Unsuitable
from mlconnector.model.vouchers import Supply
from mlconnector.systems.kit.invoice_files import FileRule
from mlconnector.systems.kit.setting_types import Country, Pattern, Table, address

RequisitionStatus = Literal[
    "draft", "under_review", "revise_and_resubmit", "approved", "approved_as_noted", "pending_owner_approval"
]
CostStatus = Literal["draft", "pending", "revise_and_resubmit", "approved"]
CostKind = Literal["invoice", "expense", "payroll"]
Bills = Literal["performance", "down_payments"]
Id = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$")]
Percent = Annotated[Decimal, Field(ge=0, lt=100, decimal_places=4)]
_FieldName = Annotated[
    str,
    StringConstraints(
        pattern=r"^(custom_field_[0-9]+|business_id|business_register|origin_id|origin_code|abbreviated_name)$"
    ),
]

_Fields = Annotated[
    tuple[_FieldName, ...], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
]


def _login(value: str) -> str:
    return address(value, "https://login.procore.com")


def _api(value: str) -> str:
    return address(value, "https://api.procore.com")


def _filled(value: str) -> str:
    if not value.strip():
        raise Unsuitable("is still empty: the page of the app at developers.procore.com shows it")
    return value.strip()


def _as_ids(value: object) -> object:
    given = value if isinstance(value, list | tuple) else [value]
    if not given or given == [""]:
        raise Unsuitable("is still empty: the number behind /company/ in Procore's address, like 7656")
    return [str(one) for one in given]


def _chosen(value: object) -> object:
    if value == "":
        raise Unsuitable(
            "is still empty: write how your tax adviser books progress bills, performance or down_payments"
        )
    return value


class Projects(Table):
    """Which projects are read, by their number or name; `*` stands for anything."""

    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()

    def has(self, *called: str) -> bool:
        """Whether a project that is called so is read."""

        def named(patterns: tuple[str, ...]) -> bool:
            return any(fnmatchcase(one, pattern) for one in called if one for pattern in patterns)

        return named(self.include) and not named(self.exclude)


class FinalBill(Table):
    """By what a final invoice (Schlussrechnung) is known among down payments: its number, or a field."""

    number: Pattern | None = None
    custom_field: Annotated[str, StringConstraints(pattern=r"^custom_field_[0-9]+$")] | None = None
    value: str = ""

    @model_validator(mode="after")
    def _says_something(self) -> FinalBill:
        if (self.number is None) == (self.custom_field is None) or (self.custom_field and not self.value):
            raise Unsuitable("needs number, a regular expression, or custom_field with the value that it has")
        return self


class Requisitions(Table):
    """Which subcontractor invoices count, and as what they are booked.

    `bills` says whether a bill is performance that was accepted, or a down payment that a final invoice
    settles; Procore's own mark of the last bill decides nothing. `certified_otherwise` says what becomes of a
    bill of which another amount was certified than claimed, which its file shows. What is retained falls due
    `retainage_months` after the period, where that is agreed. `due_date` says whether bills fall due with
    their billing period, and `without_number` what becomes of one without a number of the vendor: the number
    of the contract with that of the bill stands in, or it waits.
    """

    statuses: frozenset[RequisitionStatus] = frozenset({"approved", "approved_as_noted"})
    bills: Annotated[Bills, BeforeValidator(_chosen)]
    final_bill: FinalBill | None = None
    certified_otherwise: Literal["hold", "book"] = "hold"
    retainage_months: Annotated[int, Field(ge=1, le=240)] | None = None
    due_date: Literal["period", "none"] = "period"
    without_number: Literal["contract", "hold"] = "contract"


class DirectCosts(Table):
    """Which direct costs count. Those that mirror a requisition are left out where that one is found.

    `without_number` says what becomes of one without an invoice number, as expenses of employees are: it
    waits, or its id in Procore is its number. `without_day` is about one without a day of its own: it waits,
    or the day on which it came counts.
    """

    statuses: frozenset[CostStatus] = frozenset({"approved"})
    types: frozenset[CostKind] = frozenset({"invoice", "expense"})
    mirrored: Literal["leave_out", "hold"] = "leave_out"
    employees: Literal["hold", "creditor"] = "hold"
    without_number: Literal["hold", "id"] = "hold"
    without_day: Literal["hold", "received"] = "hold"


class Commitments(Table):
    """Whether commitments are read, and in which states they bind."""

    read: bool = False
    work_orders: frozenset[str] = frozenset({"Approved", "Complete"})
    purchase_orders: frozenset[str] = frozenset(
        {"Processing", "Submitted", "Partially Received", "Received", "Approved"}
    )


class Supplied(Table):
    """What is supplied by the kind of contract; of direct costs the mapping says it."""

    work_orders: Supply = "on_site"
    purchase_orders: Supply = "goods"


class Parties(Table):
    """Which fields of vendors carry what; of several the first that is filled counts."""

    creditor_number: _Fields = ()
    vat_id: _Fields = ()


class Documents(FileRule):
    """How the invoice is found among attachments. `print` lets Procore make a print of a bill without one."""

    pattern: Pattern = r"(?i)(rechnung|invoice|gutschrift|credit|(^|[^a-z])(ar|sr|re|rg|inv)[-_ ]?\d)"
    ignore: Pattern = (
        r"(?i)(angebot|offer|lieferschein|vertrag|contract|aufma(ss|ß)|protokoll|waiver|foto|photo|plan)"
    )
    missing: Literal["render", "hold", "print"] = "hold"  # type: ignore[assignment]  # one way more


class Webhook(Table):
    """Webhooks; Procore sends a key along that it was given, and signs nothing.

    `application` is the number of the app, by which what it did itself is told apart from what people did.
    """

    namespace: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")] = "ml-connector"
    application: Id | None = None


class Settings(Table):
    """The validated `[source]` table; `template.toml` explains every entry to its user."""

    client_id: Annotated[str, AfterValidator(_filled)]
    companies: Annotated[tuple[Id, ...], BeforeValidator(_as_ids)]
    login_url: Annotated[str, AfterValidator(_login)] = "https://login.procore.com"
    api_url: Annotated[str, AfterValidator(_api)] = "https://api.procore.com"
    calls_per_minute: Annotated[int, Field(ge=1)] = 60
    projects: Projects = Projects()
    requisitions: Requisitions
    direct_costs: DirectCosts = DirectCosts()
    commitments: Commitments = Commitments()
    supply: Supplied = Supplied()
    tax_codes: Literal["mapped", "facts"] = "mapped"
    vendor_tax: dict[Id, Percent] = Field(default_factory=dict)
    exchange_rates: Literal["hold", "company_for_one", "foreign_for_one"] = "hold"
    parties: Parties = Parties()
    documents: Documents = Documents()
    default_country: Country | None = None
    webhook: Webhook | None = None


def secret_names(settings: Settings) -> Sequence[str]:
    """The credentials to ask for: the app's secret, then the key of the webhooks."""
    return ("client_secret",) if settings.webhook is None else ("client_secret", "webhook_key")
