"""Records as API v2 shows them: every custom field present, options as ids or with their labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from mlconnector.standins.pipedrive.account import Account
from mlconnector.standins.pipedrive.fields import Entity
from mlconnector.standins.pipedrive.query import Query
from mlconnector.standins.pipedrive.records import CustomFields, Deal, Field
from mlconnector.standins.pipedrive.vocabulary import vocabulary

MAXIMUM_CUSTOM_FIELDS = 15
DEAL_EXTRAS = frozenset(
    {
        "next_activity_id",
        "last_activity_id",
        "first_won_time",
        "products_count",
        "files_count",
        "notes_count",
        "followers_count",
        "email_messages_count",
        "activities_count",
        "done_activities_count",
        "undone_activities_count",
        "participants_count",
        "last_incoming_mail_time",
        "last_outgoing_mail_time",
        "smart_bcc_email",
        "source_lead_id",
    }
)
Shown = Callable[[Any], dict[str, Any]]


def shown(account: Account, entity: Entity, query: Query, *, labels: bool = True) -> Shown:
    """How to show a record of `entity`, as `custom_fields` and the `include_…` parameters of the query ask.

    `labels` is whether the endpoint knows `include_option_labels` and `include_labels`.
    """
    fields = account.custom_fields(entity)
    wanted = query.words("custom_fields", MAXIMUM_CUSTOM_FIELDS)
    if wanted is not None:
        fields = [field for field in fields if field.field_code in wanted]
    option_labels = labels and query.flag("include_option_labels")
    deal_labels = labels and query.flag("include_labels")
    extras = query.choices("include_fields", DEAL_EXTRAS) if entity == "deal" else []

    def show(record: Any) -> dict[str, Any]:
        body = msgspec.structs.asdict(record)
        body["custom_fields"] = _custom_fields(fields, record.custom_fields, option_labels=option_labels)
        if deal_labels:
            body["labels"] = []
        for name in extras:
            body[name] = _extra(account, record, name)
        return body

    return show


def _custom_fields(fields: list[Field], values: CustomFields, *, option_labels: bool) -> CustomFields:
    made = {field.field_code: values.get(field.field_code) for field in fields}
    if option_labels:
        for field in fields:
            made[field.field_code] = _labelled(field, made[field.field_code])
    return made


def _labelled(field: Field, value: Any) -> Any:
    if not field.options or value is None:
        return value
    if isinstance(value, list):
        return [_labelled(field, part) for part in value]
    label = next((option["label"] for option in field.options if option["id"] == value), None)
    return {"id": value, "label": label}


def _extra(account: Account, deal: Deal, name: str) -> Any:
    """An additional field of a deal; the account has no activities, notes, followers or mails."""
    match name:
        case "products_count":
            return len(account.lines.get(deal.id, []))
        case "files_count":
            return len(account.files.get(deal.id, []))
        case "first_won_time":
            changes = account.edited.changes.get(deal.id, [])
            earlier = [
                change.old_value for change in changes if change.field_key == "won_time" and change.old_value
            ]
            return min(earlier, default=deal.won_time)
        case "participants_count":
            return 0 if deal.person_id is None else 1
        case "smart_bcc_email":
            return f"{vocabulary().company.domain}+deal{deal.id}@pipedrivemail.com"
        case "source_lead_id":
            return deal.source_lead_id
    return 0 if name.endswith("_count") else None
