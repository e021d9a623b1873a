"""The `[source]` table of a Cin7 Core connection, and which secrets it needs."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from mlconnector.model.unsuitable import Unsuitable
from mlconnector.systems.kit.invoice_files import FileRule
from mlconnector.systems.kit.setting_types import Country, CustomerKinds, Pattern, Table, address

Attribute = Literal[
    "AdditionalAttribute1",
    "AdditionalAttribute2",
    "AdditionalAttribute3",
    "AdditionalAttribute4",
    "AdditionalAttribute5",
    "AdditionalAttribute6",
    "AdditionalAttribute7",
    "AdditionalAttribute8",
    "AdditionalAttribute9",
    "AdditionalAttribute10",
]
Guid = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", to_lower=True)
]


def _address(value: str) -> str:
    return address(value, "https://inventory.dearsystems.com")


def _filled(value: object) -> object:
    if value == "":
        raise Unsuitable("is still empty: Cin7 Core shows it under Integrations → API")
    return value


class Location(Table):
    """Where a location of Cin7 is, so that it is known where goods are sent from and arrive."""

    country: Country
    postal_code: str | None = None
    city: str | None = None


class Parties(Table):
    """Which additional attributes of customers and suppliers carry what."""

    debtor_number: Attribute | None = None
    creditor_number: Attribute | None = None
    customer_kind: Attribute | None = None


class Fee(Table):
    """What a payment provider keeps back of each payment, by its contract: per cent, and a fixed amount."""

    percent: Annotated[Decimal, Field(ge=0, lt=100, decimal_places=4)] = Decimal(0)
    fixed: Annotated[Decimal, Field(ge=0, decimal_places=2)] = Decimal(0)


class Payments(Table):
    """How payments are read. `discount_accounts` are accounts of Cin7 that mean Skonto, and no money.

    A `prepayment` that belongs to no invoice yet waits (`hold`), or stands on account (`on_account`). `fees`
    says by accounts of Cin7 what the provider keeps back of what customers pay there: Cin7 knows only the
    whole.
    """

    read: bool = True
    discount_accounts: frozenset[str] = frozenset()
    prepayment: Literal["hold", "on_account"] = "hold"
    fees: dict[str, Fee] = Field(default_factory=dict)


class Documents(FileRule):
    """How the invoice is found among the attachments of a sale or purchase."""

    pattern: Pattern = (
        r"(?i)(rechnung|invoice|facture|gutschrift|credit.?note|(^|[^a-z])(inv|r[eg]|cr)[-_ ]?\d)"
    )
    ignore: Pattern = (
        r"(?i)(angebot|quot(e|ation)|offer|proposal|lieferschein|vertrag|contract|pick|pack|shipping|label)"
    )
    missing: Literal["render", "hold"] = "render"


class Webhook(Table):
    """How deliveries are known as Cin7's, which signs none: by what it can be made to send along."""

    mode: Literal["bearer", "basic", "header"]
    header: str = Field(default="X-Webhook-Key", min_length=1)


class Settings(Table):
    """The validated `[source]` table; `template.toml` explains every entry to its user."""

    account_id: Annotated[Guid, BeforeValidator(_filled)]
    base_url: Annotated[str, AfterValidator(_address)] = "https://inventory.dearsystems.com"
    read: Literal["sales", "purchases", "both"] = "both"
    calls_per_minute: Annotated[int, Field(ge=1)] = 55
    calls_per_day: Annotated[int, Field(ge=1)] | None = None
    tax_rules: Literal["mapped", "facts"] = "mapped"
    locations: dict[str, Location] = Field(default_factory=dict)
    parties: Parties = Parties()
    customer_kinds: CustomerKinds = CustomerKinds()
    payments: Payments = Payments()
    documents: Documents = Documents()
    default_country: Country | None = None
    look_again_at_unpaid: bool = True
    webhook: Webhook | None = None

    @model_validator(mode="after")
    def _complete(self) -> Settings:
        if (self.parties.customer_kind is None) != (self.customer_kinds == CustomerKinds()):
            raise Unsuitable(
                "customer_kind in [source.parties] and [source.customer_kinds], which says what its labels "
                "mean, need each other"
            )
        return self


def secret_names(settings: Settings) -> Sequence[str]:
    """The credentials to ask for: the key, then those of the webhooks."""
    return ("application_key", *webhook_secrets(settings))


def webhook_secrets(settings: Settings) -> Sequence[str]:
    """The credentials that webhooks need."""
    if settings.webhook is None:
        return ()
    return ("webhook_user", "webhook_password") if settings.webhook.mode == "basic" else ("webhook_key",)
