"""What people do in Pipedrive between two polls: change, reopen, delete, archive, attach, rename, merge."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from mlconnector.standins.pipedrive.account import Account
from mlconnector.standins.pipedrive.fields import Entity, custom_field
from mlconnector.standins.pipedrive.pricing import cents, deal_value, line_sum, number
from mlconnector.standins.pipedrive.records import Change, CustomFields, Deal, Field, File
from mlconnector.standins.pipedrive.times import epoch_of, local_date, v1_time
from mlconnector.standins.pipedrive.vocabulary import CustomField, vocabulary


def change_deal(account: Account, deal_id: int, **values: Any) -> Deal:
    """Set fields of a deal and move its `update_time`.

    `custom_fields` may name fields as people see them, and enum options by their label; None empties a
    field. Raises LookupError for an unknown deal or field.
    """
    deal, time = account.deal(deal_id), account.now()
    if "custom_fields" in values:
        values["custom_fields"] = _custom_fields(account, "deal", deal.custom_fields, values["custom_fields"])
    before = {name: getattr(deal, name) for name in values} | {"update_time": deal.update_time}
    for name, value in values.items():
        setattr(deal, name, value)
    deal.update_time = time
    account.keep_deal(deal)
    _remember(account, deal, before)
    return deal


def win(account: Account, deal_id: int) -> Deal:
    """Mark a deal as won now."""
    time = account.now()
    day = local_date(epoch_of(time)).isoformat()
    return change_deal(
        account,
        deal_id,
        status="won",
        won_time=time,
        close_time=time,
        lost_time=None,
        lost_reason=None,
        local_won_date=day,
        local_close_date=day,
        local_lost_date=None,
    )


def reopen(account: Account, deal_id: int) -> Deal:
    """Open a closed deal again."""
    return change_deal(
        account,
        deal_id,
        status="open",
        won_time=None,
        close_time=None,
        lost_time=None,
        lost_reason=None,
        local_won_date=None,
        local_close_date=None,
        local_lost_date=None,
    )


def lose(account: Account, deal_id: int, reason: str) -> Deal:
    """Mark a deal as lost now."""
    time = account.now()
    day = local_date(epoch_of(time)).isoformat()
    return change_deal(
        account,
        deal_id,
        status="lost",
        lost_time=time,
        lost_reason=reason,
        close_time=time,
        won_time=None,
        local_lost_date=day,
        local_close_date=day,
        local_won_date=None,
    )


def delete(account: Account, deal_id: int) -> Deal:
    """Delete a deal; for 30 days it can still be listed with `status=deleted`."""
    return change_deal(account, deal_id, status="deleted", is_deleted=True)


def archive(account: Account, deal_id: int) -> Deal:
    """Archive a deal, so that only the list of archived deals shows it."""
    return change_deal(account, deal_id, is_archived=True, archive_time=account.now())


def change_line(
    account: Account, deal_id: int, place: int, *, moves_update_time: bool, **values: Any
) -> None:
    """Set fields of the line at `place`; its sum and the deal's value follow.

    Whether Pipedrive moves the deal's `update_time` then is not documented: `moves_update_time` decides.
    """
    deal, lines = account.deal(deal_id), account.lines[deal_id]
    line = lines[place]
    for name, value in values.items():
        setattr(line, name, value)
    line.sum = number(line_sum(line))
    line.update_time = account.now()
    account.keep_lines(deal_id, lines)
    value = number(deal_value(lines, account.discounts.get(deal_id, [])))
    if moves_update_time:
        change_deal(account, deal_id, value=value)
    else:
        deal.value = value
        account.keep_deal(deal)


def change_organization(account: Account, organization_id: int, **values: Any) -> None:
    """Set fields of an organisation and move its `update_time`; `custom_fields` as in `change_deal`."""
    organization = account.organization(organization_id)
    if "custom_fields" in values:
        given = values["custom_fields"]
        values["custom_fields"] = _custom_fields(account, "organization", organization.custom_fields, given)
    for name, value in values.items():
        setattr(organization, name, value)
    organization.update_time = account.now()
    account.keep_organization(organization)


def add_file(account: Account, deal_id: int, name: str, content: bytes) -> File:
    """Attach a file to a deal; moves the deal's `update_time`."""
    time = account.now()
    file = File(
        id=account.next_file_id(),
        deal_id=account.deal(deal_id).id,
        name=name,
        kind="added",
        text="",
        add_time=time,
        update_time=time,
        content=content,
    )
    account.keep_files(deal_id, [*account.files.get(deal_id, []), file])
    change_deal(account, deal_id)
    return file


def rename_field(account: Account, entity: Entity, old: str, new: str) -> Field:
    """Give a field another name; its key stays."""
    field = account.field(entity, old)
    field.field_name = new
    account.keep_fields(entity, account.fields[entity])
    return field


def add_field(account: Account, entity: Entity, name: str, kind: str, options: list[str]) -> Field:
    """Add a custom field; every record of the entity has it from now on, empty."""
    taken = [
        option["id"]
        for fields in account.fields.values()
        for field in fields
        for option in field.options or []
    ]
    field = custom_field(
        entity, CustomField(entity=entity, name=name, type=kind, options=options), max(taken, default=0) + 1
    )
    account.keep_fields(entity, [*account.fields[entity], field])
    return field


def delete_field(account: Account, entity: Entity, name: str) -> Field:
    """Delete a custom field; its key vanishes from every record without an error."""
    field = account.field(entity, name)
    account.keep_fields(entity, [other for other in account.fields[entity] if other is not field])
    return field


def merge(account: Account, entity: Literal["deal", "organization"], gone: int, into: int) -> None:
    """Merge the record `gone` into the record `into`, which takes over what belongs to it."""
    if entity == "deal":
        _merge_deals(account, gone, into)
    else:
        _merge_organizations(account, gone, into)


def _merge_deals(account: Account, gone: int, into: int) -> None:
    account.deal(gone)
    survivor = account.deal(into)
    lines = [msgspec.structs.replace(line, deal_id=into) for line in account.lines.get(gone, [])]
    files = [msgspec.structs.replace(file, deal_id=into) for file in account.files.get(gone, [])]
    account.keep_lines(into, [*account.lines.get(into, []), *lines])
    account.keep_lines(gone, [])
    account.keep_files(into, [*account.files.get(into, []), *files])
    account.keep_files(gone, [])
    account.remove_deal(gone)
    added = sum(cents(line.sum) for line in lines if line.is_enabled)
    change_deal(account, into, value=number(cents(survivor.value) + added))


def _merge_organizations(account: Account, gone: int, into: int) -> None:
    merged, survivor = account.organization(gone), account.organization(into)
    joined = dict(merged.custom_fields) | survivor.custom_fields
    for field in account.custom_fields("organization"):
        key = field.field_code
        both = [source.custom_fields[key] for source in (survivor, merged) if key in source.custom_fields]
        if field.field_type in ("varchar", "text") and len(both) == 2 and both[0] != both[1]:
            joined[key] = " ".join(both)
    account.remove_organization(gone)
    change_organization(account, into, custom_fields=joined)
    for deal in account.deals:
        if deal.org_id == gone:
            change_deal(account, deal.id, org_id=into)
    for person in account.persons:
        if person.org_id == gone:
            account.keep_person(msgspec.structs.replace(person, org_id=into, update_time=account.now()))


def _custom_fields(
    account: Account, entity: Entity, present: CustomFields, given: CustomFields
) -> CustomFields:
    changed = dict(present)
    for name, value in given.items():
        field = next((field for field in account.fields[entity] if field.field_code == name), None)
        field = field or account.field(entity, name)
        changed[field.field_code] = _option(field, value) if isinstance(value, str) else value
        if value is None:
            del changed[field.field_code]
    return changed


def _option(field: Field, value: str) -> Any:
    for option in field.options or []:
        if option["label"] == value:
            return option["id"]
    return value


def _remember(account: Account, deal: Deal, before: dict[str, Any]) -> None:
    changed = {name: value for name, value in before.items() if value != getattr(deal, name)}
    if "custom_fields" in changed:
        changed["custom_fields"] = _differences(changed["custom_fields"], deal.custom_fields)
    account.previous[deal.id] = changed
    log = account.edited.changes.setdefault(deal.id, [])
    for name, value in changed.items():
        if name not in ("update_time", "custom_fields"):
            log.append(_change(deal, name, value, getattr(deal, name)))
    for key, value in changed.get("custom_fields", {}).items():
        log.append(_change(deal, key, value, deal.custom_fields.get(key)))


def _differences(old: CustomFields, new: CustomFields) -> CustomFields:
    """The earlier values of the fields that are no longer the same."""
    return {key: old.get(key) for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)}


def _change(deal: Deal, name: str, old: Any, new: Any) -> Change:
    return Change(
        field_key=name,
        old_value=None if old is None else str(old),
        new_value=None if new is None else str(new),
        actor_user_id=vocabulary().company.owner_ids[0],
        time=v1_time(deal.update_time) or "",
    )
