"""The records of Pipedrive as far as they are read; names and meanings are those of API v2 (files: v1).

Numbers are decimals, never floats; times are in UTC. What Pipedrive adds beyond these attributes is ignored.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import msgspec

Entity = Literal["deal", "organization"]


class Deal(msgspec.Struct, frozen=True, kw_only=True):
    """A deal; `local_won_date` (day of winning in the account's time zone) is not in every answer.

    `status` is open, won, lost or deleted. The counts come only when asked for, so None means unknown.
    """

    id: int
    status: str
    add_time: datetime
    title: str | None = None
    value: Decimal | None = None
    currency: str | None = None
    org_id: int | None = None
    person_id: int | None = None
    pipeline_id: int | None = None
    owner_id: int | None = None
    update_time: str | None = None
    won_time: datetime | None = None
    local_won_date: date | None = None
    is_deleted: bool = False
    files_count: int | None = None
    products_count: int | None = None
    custom_fields: dict[str, Any] = {}

    @property
    def is_won(self) -> bool:
        """Whether the deal stands as won."""
        return self.status == "won" and not self.is_deleted


class DealProduct(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a deal; `tax` is in per cent.

    `tax_method` is `exclusive`, `inclusive` or `none`: whether `item_price` contains tax or bears none;
    `discount_type` is `percentage` or `amount`.
    """

    id: int
    deal_id: int
    quantity: Decimal | None = None
    item_price: Decimal | None = None
    tax_method: str | None = None
    product_id: int | None = None
    name: str | None = None
    comments: str | None = None
    order_nr: int | None = None
    currency: str | None = None
    tax: Decimal | None = None
    discount: Decimal | None = None
    discount_type: str | None = None
    sum: Decimal | None = None
    is_enabled: bool = True
    billing_frequency: str | None = None


class Discount(msgspec.Struct, frozen=True, kw_only=True):
    """A discount on the whole deal."""

    amount: Decimal
    type: Literal["percentage", "amount"]


class Instalment(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a deal that is billed on its own day."""

    deal_id: int
    amount: Decimal
    billing_date: str | None = None


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """An address as Pipedrive's search understood it; often only `value` is filled. `country` is a name."""

    value: str | None = None
    country: str | None = None
    locality: str | None = None
    route: str | None = None
    street_number: str | None = None
    postal_code: str | None = None


class Organization(msgspec.Struct, frozen=True, kw_only=True):
    """A company."""

    id: int
    name: str
    address: Address | None = None
    custom_fields: dict[str, Any] = {}


class Mailbox(msgspec.Struct, frozen=True, kw_only=True):
    """One of a person's mail addresses."""

    value: str | None = None
    primary: bool = False


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A contact; `postal_address` exists only where contacts are synchronised."""

    id: int
    name: str
    emails: list[Mailbox] | None = None
    postal_address: Address | None = None


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product of the catalogue; `category` is a label or the id of an option of the field `category`."""

    id: int
    name: str | None = None
    code: str | None = None
    category: str | int | None = None


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """A sales pipeline."""

    id: int
    name: str


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """A choice of a field with options; standard fields have texts as ids."""

    id: int | str
    label: str


class FieldMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """What a field is called; the code of a custom field is a hash that survives renaming."""

    field_name: str
    field_code: str
    field_type: str
    options: list[Option] | None = None
    is_custom_field: bool = False


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a deal (API v1); files with a `remote_location` other than `s3` lie in a cloud drive."""

    id: int
    file_name: str | None = None
    name: str | None = None
    file_size: int | None = None
    active_flag: bool = True
    inline_flag: bool = False
    remote_location: str | None = None

    @property
    def title(self) -> str:
        """The name as users gave it."""
        return self.name or self.file_name or ""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """A right of a user."""

    app: str
    admin: bool = False


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Whose credentials are used."""

    name: str
    company_name: str | None = None
    company_domain: str | None = None
    timezone_name: str | None = None
    access: list[Access] | None = None

    @property
    def is_admin(self) -> bool:
        """Whether the user is an administrator of the deals, and so sees all of them."""
        return any(right.admin and right.app in {"sales", "global"} for right in self.access or ())
