"""What a Pipedrive account holds, in the shapes of API v2.

The attribute order is that of the official answers. Times are RFC 3339 texts in UTC with whole seconds
(`2026-07-01T08:00:00Z`), amounts are JSON numbers with at most two decimals. `custom_fields` holds only
the fields that have a value; an answer adds the account's other fields as null.
"""

from __future__ import annotations

from typing import Any

import msgspec

Number = int | float
CustomFields = dict[str, Any]


class Deal(msgspec.Struct):
    """One deal; relations are plain ids."""

    id: int
    title: str
    creator_user_id: int
    owner_id: int
    value: Number
    person_id: int | None
    org_id: int | None
    stage_id: int
    pipeline_id: int
    currency: str
    archive_time: str | None
    add_time: str
    update_time: str
    stage_change_time: str
    status: str
    is_archived: bool
    is_deleted: bool
    probability: int | None
    lost_reason: str | None
    visible_to: int
    close_time: str | None
    won_time: str | None
    lost_time: str | None
    local_won_date: str | None
    local_lost_date: str | None
    local_close_date: str | None
    expected_close_date: str | None
    label_ids: list[int]
    origin: str
    origin_id: str | None
    channel: int | None
    channel_id: str | None
    source_lead_id: str | None
    acv: Number | None
    arr: Number | None
    mrr: Number | None
    custom_fields: CustomFields


class Line(msgspec.Struct):
    """One product attached to a deal; `tax` is a percentage, `sum` is after the line's own discount."""

    id: int
    sum: Number
    tax: Number
    deal_id: int
    name: str
    product_id: int
    product_variation_id: int | None
    order_nr: int
    add_time: str
    update_time: str
    comments: str
    currency: str
    discount: Number
    quantity: Number
    item_price: Number
    tax_method: str
    discount_type: str
    is_enabled: bool
    billing_frequency: str
    billing_frequency_cycles: int | None
    billing_start_date: str | None


class Discount(msgspec.Struct):
    """A discount on the whole deal."""

    id: str
    description: str
    amount: Number
    type: str
    deal_id: int
    created_at: str
    created_by: int
    updated_at: str
    updated_by: int


class Instalment(msgspec.Struct):
    """A part of the deal's value that is billed on a day of its own."""

    id: int
    amount: Number
    billing_date: str
    deal_id: int
    description: str


class Organization(msgspec.Struct):
    """A company; `address` is None, or the parts that Pipedrive's geo search could find."""

    id: int
    name: str
    owner_id: int
    add_time: str
    update_time: str
    address: dict[str, str | None] | None
    is_deleted: bool
    visible_to: int
    label_ids: list[int]
    website: str | None
    linkedin: str | None
    industry: int | None
    annual_revenue: int | None
    employee_count: int | None
    custom_fields: CustomFields


class Person(msgspec.Struct):
    """A contact; without the fields that need Contact Sync."""

    id: int
    name: str
    first_name: str
    last_name: str
    owner_id: int
    org_id: int | None
    add_time: str
    update_time: str
    emails: list[dict[str, Any]]
    phones: list[dict[str, Any]]
    is_deleted: bool
    visible_to: int
    label_ids: list[int]
    picture_id: int | None
    custom_fields: CustomFields


class Product(msgspec.Struct):
    """An entry of the product catalogue; `category` is the label of the category."""

    id: int
    name: str
    code: str
    description: str
    unit: str
    tax: Number
    category: str | None
    is_linkable: bool
    is_deleted: bool
    visible_to: int
    owner_id: int
    add_time: str
    update_time: str
    billing_frequency: str
    billing_frequency_cycles: int | None
    prices: list[dict[str, Any]]
    custom_fields: CustomFields


class Pipeline(msgspec.Struct):
    """A sales pipeline."""

    id: int
    name: str
    order_nr: int
    is_deleted: bool
    is_deal_probability_enabled: bool
    add_time: str
    update_time: str


class Stage(msgspec.Struct):
    """A stage of a pipeline."""

    id: int
    order_nr: int
    name: str
    is_deleted: bool
    deal_probability: int
    pipeline_id: int
    is_deal_rot_enabled: bool
    days_to_rotten: int | None
    add_time: str
    update_time: str


class Field(msgspec.Struct):
    """Metadata of one field; `field_code` of a custom field is a hash of 40 hexadecimal digits.

    Fields of organisations and products have no `description`.
    """

    field_name: str
    field_code: str
    field_type: str
    description: str | msgspec.UnsetType = msgspec.UNSET
    options: list[dict[str, Any]] | None = None
    subfields: list[dict[str, str]] | None = None
    is_custom_field: bool = False
    is_optional_response_field: bool = False


class File(msgspec.Struct):
    """A file of a deal; its bytes are made on demand from `kind`, `text` and `size` (see `files.content`)."""

    id: int
    deal_id: int
    name: str
    kind: str
    text: str
    add_time: str
    update_time: str
    size: int = 0
    content: bytes = b""


class Labels(msgspec.Struct, frozen=True):
    """Which of the cases in `account.toml` a deal shows; `hold` where it must not be booked as it stands."""

    case: str
    lines: str
    files: str
    text: str
    hold: bool


class Change(msgspec.Struct):
    """One entry of a deal's change log."""

    field_key: str
    old_value: str | None
    new_value: str | None
    actor_user_id: int
    time: str
    change_source: str = "app"
    change_source_user_agent: str | None = None
    is_bulk_update_flag: bool = False
