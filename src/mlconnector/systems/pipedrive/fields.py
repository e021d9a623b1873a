"""Custom fields, purely: from metadata to tables, from configured names to keys, from values to facts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from mlconnector.learnt_shapes import learnt
from mlconnector.model.money import exact
from mlconnector.systems.kit.fields import clean, day_in, number_in
from mlconnector.systems.kit.shapes import UnknownShape
from mlconnector.systems.pipedrive.shapes import Address, Entity, FieldMetadata

_KEY = re.compile(r"[0-9a-f]{40}")


class KnownField(msgspec.Struct, frozen=True):
    """What is remembered of a custom field; `options` are labels by option id."""

    name: str
    type: str
    options: dict[str, str] = {}


class KnownFields(msgspec.Struct, frozen=True):
    """The custom fields of an account by key, and the keys that configured names were found to mean."""

    deal: dict[str, KnownField] = {}
    organization: dict[str, KnownField] = {}
    pinned: dict[str, str] = {}

    def of(self, entity: Entity) -> Mapping[str, KnownField]:
        """The fields of an entity."""
        return self.deal if entity == "deal" else self.organization


class Unreadable(ValueError):
    """The value of a field is not what the field was configured for."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something in a record that the remembered metadata does not explain: a field, or one of its options."""

    entity: Entity
    key: str
    option: str | None = None


def known_fields(
    metadata: Iterable[FieldMetadata], before: Mapping[str, KnownField]
) -> dict[str, KnownField]:
    """The custom fields of one entity; options that were deleted meanwhile keep their last known label."""
    known = {}
    for field in metadata:
        if field.is_custom_field:
            options = {str(option.id): option.label for option in field.options or ()}
            last = before[field.field_code].options if field.field_code in before else {}
            known[field.field_code] = KnownField(field.field_name, field.field_type, {**last, **options})
    return known


def pinned(known: KnownFields, wanted: Iterable[tuple[Entity, str]]) -> KnownFields:
    """The same with every wanted name bound to its key; a name once bound survives renaming the field.

    A name that no field has, or several have, stays unbound.
    """
    bound = dict(known.pinned)
    for entity, name in wanted:
        if bound.get(_pin(entity, name)) in known.of(entity):
            continue
        bound.pop(_pin(entity, name), None)
        keys = [key for key, field in known.of(entity).items() if _same(field.name, name)]
        if len(keys) == 1:
            bound[_pin(entity, name)] = keys[0]
    return msgspec.structs.replace(known, pinned=bound)


def key_of(known: KnownFields, entity: Entity, name: str) -> str | None:
    """The key of the configured field, itself given as a key or a name; None when there is no such field."""
    key = name.lower() if _KEY.fullmatch(name.lower()) else known.pinned.get(_pin(entity, name))
    return key if key in known.of(entity) else None


def namesakes(known: KnownFields, entity: Entity, name: str) -> int:
    """How many fields bear a name."""
    return sum(_same(field.name, name) for field in known.of(entity).values())


def unknown(
    known: KnownFields, entity: Entity, custom_fields: Mapping[str, Any], expected: Iterable[str]
) -> set[Unknown]:
    """What the metadata does not explain: fields and options it lacks, and expected fields that are absent.

    An answer carries every field of the account, empty ones as null; a deleted field is just left out.
    """
    found = {Unknown(entity, key) for key in expected if key not in custom_fields}
    for key, value in custom_fields.items():
        field = known.of(entity).get(key)
        if field is None:
            found.add(Unknown(entity, key))
        elif field.type in {"enum", "set"}:
            found |= {Unknown(entity, key, each) for each in _option_ids(value) if each not in field.options}
    return found


def text_of(value: Any, field: KnownField) -> str | None:
    """The value as text, options as their labels; None when empty. Raises Unreadable for other shapes."""
    if value is None:
        return None
    if field.type in {"enum", "set"}:
        labels = [field.options.get(each, each) for each in _option_ids(value)]
        return clean(", ".join(labels)) or None
    if isinstance(value, Mapping):
        value = value.get("value")
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Unreadable(str(value))
    return clean(value if isinstance(value, str) else f"{exact(Decimal(value)):f}") or None


def date_of(value: Any, field: KnownField, *, end: bool = False) -> date | None:
    """The value as a day, of a range its first or, with `end`, its last. Raises Unreadable."""
    if isinstance(value, Mapping):
        value = (value.get("until") if end else None) or value.get("value")
    text = text_of(value, field)
    try:
        return None if text is None else day_in(text)
    except ValueError as error:
        raise Unreadable(text) from error


def positive_of(value: Any, field: KnownField) -> Decimal | None:
    """The value as a number above zero. Raises Unreadable."""
    text = text_of(value, field)
    try:
        number = None if text is None else number_in(text)
    except ValueError as error:
        raise Unreadable(text) from error
    if number is not None and number <= 0:
        raise Unreadable(text)
    return number


def address_of(value: Any, field: KnownField) -> Address | None:
    """The value as an address; a text or an option alone names a country. Raises Unreadable."""
    if field.type != "address":
        country = text_of(value, field)
        return None if country is None else Address(country=country)
    try:
        return msgspec.convert(value, learnt(Address | None))
    except msgspec.ValidationError as error:
        raise Unreadable(str(value)) from error


def _option_ids(value: Any) -> list[str]:
    """The ids of chosen options, which come alone, in a list, or in objects. Raises UnknownShape."""
    given = value if isinstance(value, list) else [] if value is None else [value]
    ids = [each.get("id") if isinstance(each, Mapping) else each for each in given]
    odd = [each for each in ids if isinstance(each, bool) or not isinstance(each, str | int)]
    if odd:
        raise UnknownShape(f"expected the id of an option, got {odd[0]!r}")
    return [str(each) for each in ids]


def _pin(entity: Entity, name: str) -> str:
    return f"{entity}/{name}"


def _same(one: str, other: str) -> bool:
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
