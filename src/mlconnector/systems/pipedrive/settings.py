"""The `[source]` table of a Pipedrive connection, and which secrets it needs."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

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

SYSTEM = "pipedrive"
TITLE = "Pipedrive"
# Under which name a source remembers the address of the account that a login has told.
LOGIN_ADDRESS_KEY = "address_of_login"


def _address(value: str) -> str:
    return address(value, "https://firma.pipedrive.com")


Address = Annotated[str, AfterValidator(_address)]
FieldName = Annotated[
    str, Field(min_length=1, description="name of a custom field, or its key of 40 hex digits")
]


class FieldNames(Table):
    """Which custom fields carry what; names as in Pipedrive, or keys. The last three are the organisation's.

    `ship_to` and `ship_from` are addresses, or name a country. Deals have no others, so without these fields
    nothing is known of where goods go to and leave from.
    """

    invoice_number: FieldName
    invoice_date: FieldName | None = None
    service_date: FieldName | None = None
    due_date: FieldName | None = None
    exchange_rate: FieldName | None = None
    cost_centre: FieldName | None = None
    ship_to: FieldName | None = None
    ship_from: FieldName | None = None
    incoterms: FieldName | None = None
    vat_id: FieldName | None = None
    debtor_number: FieldName | None = None
    customer_kind: FieldName | None = None


class Documents(FileRule):
    """How the invoice is found among the files of a deal."""

    pattern: Pattern = r"(?i)(rechnung|invoice|facture|gutschrift|credit.?note|(^|[^a-z])r[eg][-_ ]?\d)"
    missing: Literal["render", "hold"] = "render"


class Webhook(Table):
    """How deliveries are verified: `basic` is what Pipedrive can do, `hmac_sha256` needs a relay that signs.

    The other values concern `hmac_sha256`: the header with the signature over the raw body, how the
    signature is written, and what stands before it (e.g. `sha256=`).
    """

    mode: Literal["basic", "hmac_sha256"]
    header: str = Field(default="X-Pipedrive-Signature", min_length=1)
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""


class Settings(Table):
    """The validated `[source]` table; `template.toml` explains every entry to its user."""

    auth: Literal["oauth", "api_token"]
    base_url: Address | None = None
    oauth_url: Address = "https://oauth.pipedrive.com"
    client_id: str = ""
    fields: FieldNames
    without_products: Literal["hold", "net", "gross"] = "hold"
    without_products_tax_rate: Annotated[Decimal, Field(ge=0, lt=100, decimal_places=4)] | None = None
    discount_amount_is: Literal["line", "unit"] = "line"
    documents: Documents = Documents()
    default_country: Country | None = None
    customer_kinds: CustomerKinds = CustomerKinds()
    value_tolerance: Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=4)] = Decimal("0.05")
    webhook: Webhook | None = None
    timezone: Timezone = "Europe/Berlin"

    @model_validator(mode="before")
    @classmethod
    def _without_empty_address(cls, values: Any) -> Any:
        """An address that was left empty is none where the login brings it along."""
        if isinstance(values, dict) and values.get("auth") == "oauth" and values.get("base_url") == "":
            return {name: value for name, value in values.items() if name != "base_url"}
        return values

    @model_validator(mode="after")
    def _complete(self) -> Settings:
        if self.auth == "api_token" and self.base_url is None:
            raise Unsuitable(
                'auth = "api_token" needs base_url, the address of your Pipedrive: https://firma.pipedrive.com'
            )
        if self.auth == "oauth" and not self.client_id:
            raise Unsuitable('auth = "oauth" needs client_id, as the Developer Hub shows it for your app')
        if self.without_products != "hold" and self.without_products_tax_rate is None:
            raise Unsuitable(
                'without_products = "{given}" needs without_products_tax_rate, in per cent',
                given=self.without_products,
            )
        if (self.fields.customer_kind is None) != (self.customer_kinds == CustomerKinds()):
            raise Unsuitable(
                "customer_kind in [source.fields] and [source.customer_kinds], which says what its labels "
                "mean, need each other"
            )
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the day of winning a deal is meant."""
        return ZoneInfo(self.timezone)


def secret_names(settings: Settings) -> Sequence[str]:
    """The credentials to ask for: those of the login, then those of the webhooks."""
    return ("api_token" if settings.auth == "api_token" else "client_secret", *webhook_secrets(settings))


def webhook_secrets(settings: Settings) -> Sequence[str]:
    """The credentials that webhooks need."""
    if settings.webhook is None:
        return ()
    return ("webhook_user", "webhook_password") if settings.webhook.mode == "basic" else ("webhook_key",)
