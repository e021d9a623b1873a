"""Field metadata: the standard fields of each entity, and the account's custom fields under their hashes."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from msgspec import UNSET

from mlconnector.standins.pipedrive.records import Field
from mlconnector.standins.pipedrive.vocabulary import CustomField, vocabulary

Entity = Literal["deal", "organization", "person", "product"]
ENTITIES: tuple[Entity, ...] = ("deal", "organization", "person", "product")

_ADDRESS_PARTS = (
    "value",
    "street_number",
    "route",
    "subpremise",
    "sublocality",
    "locality",
    "admin_area_level_1",
    "admin_area_level_2",
    "country",
    "postal_code",
    "formatted_address",
)

_DESCRIBED = ("deal", "person")
_STANDARD: dict[Entity, tuple[tuple[str, str, str], ...]] = {
    "deal": (
        ("id", "ID", "int"),
        ("title", "Titel", "varchar"),
        ("value", "Wert", "monetary"),
        ("currency", "Währung", "varchar"),
        ("status", "Status", "status"),
        ("owner_id", "Besitzer", "user"),
        ("creator_user_id", "Ersteller", "user"),
        ("org_id", "Organisation", "org"),
        ("person_id", "Kontaktperson", "people"),
        ("pipeline_id", "Pipeline", "double"),
        ("stage_id", "Phase", "stage"),
        ("add_time", "Erstellt am", "date"),
        ("update_time", "Aktualisiert am", "date"),
        ("stage_change_time", "Letzter Phasenwechsel", "date"),
        ("won_time", "Gewonnen am", "date"),
        ("lost_time", "Verloren am", "date"),
        ("close_time", "Abgeschlossen am", "date"),
        ("expected_close_date", "Erwarteter Abschluss", "date"),
        ("lost_reason", "Verlustgrund", "varchar_options"),
        ("probability", "Wahrscheinlichkeit", "int"),
        ("visible_to", "Sichtbar für", "visible_to"),
        ("label_ids", "Label", "set"),
    ),
    "organization": (
        ("id", "ID", "int"),
        ("name", "Name", "varchar"),
        ("address", "Adresse", "address"),
        ("owner_id", "Besitzer", "user"),
        ("add_time", "Erstellt am", "date"),
        ("update_time", "Aktualisiert am", "date"),
        ("website", "Website", "varchar"),
        ("employee_count", "Beschäftigte", "int"),
        ("annual_revenue", "Jahresumsatz", "double"),
        ("visible_to", "Sichtbar für", "visible_to"),
        ("label_ids", "Label", "set"),
    ),
    "person": (
        ("id", "ID", "int"),
        ("name", "Name", "varchar"),
        ("first_name", "Vorname", "varchar"),
        ("last_name", "Nachname", "varchar"),
        ("emails", "E-Mail", "varchar"),
        ("phones", "Telefon", "phone"),
        ("org_id", "Organisation", "org"),
        ("owner_id", "Besitzer", "user"),
        ("add_time", "Erstellt am", "date"),
        ("update_time", "Aktualisiert am", "date"),
    ),
    "product": (
        ("id", "ID", "int"),
        ("name", "Name", "varchar"),
        ("code", "Produktcode", "varchar"),
        ("category", "Kategorie", "enum"),
        ("unit", "Einheit", "varchar"),
        ("tax", "Steuer", "double"),
        ("prices", "Preis", "price_list"),
        ("description", "Beschreibung", "text"),
        ("billing_frequency", "Abrechnungsintervall", "billing_frequency"),
    ),
}


def field_key(entity: Entity, name: str) -> str:
    """The hash of a custom field that was created under `name`; it stays when the field is renamed."""
    return hashlib.sha1(f"{entity}:{name}".encode(), usedforsecurity=False).hexdigest()


def account_fields() -> dict[Entity, list[Field]]:
    """All fields of a fresh account, by entity, standard fields first."""
    made: dict[Entity, list[Field]] = {entity: _standard_fields(entity) for entity in ENTITIES}
    first_option = 31
    for field in vocabulary().fields:
        entity = _entity(field)
        made[entity].append(custom_field(entity, field, first_option))
        first_option += len(field.options)
    return made


def custom_field(entity: Entity, field: CustomField, first_option: int) -> Field:
    """The metadata of one custom field; its options are numbered from `first_option`."""
    options: list[dict[str, Any]] | None = None
    if field.type in ("enum", "set"):
        options = [
            {"id": first_option + place, "label": label, "color": None}
            for place, label in enumerate(field.options)
        ]
    return Field(
        field_name=field.name,
        field_code=field_key(entity, field.name),
        description=field.description if entity in _DESCRIBED else UNSET,
        field_type=field.type,
        options=options,
        subfields=_subfields(field.name, field.type),
        is_custom_field=True,
    )


def _entity(field: CustomField) -> Entity:
    for entity in ENTITIES:
        if entity == field.entity:
            return entity
    raise ValueError(
        f"account.toml: the field „{field.name}“ belongs to the unknown entity „{field.entity}“."
    )


def _standard_fields(entity: Entity) -> list[Field]:
    return [
        Field(
            field_name=name,
            field_code=code,
            description="" if entity in _DESCRIBED else UNSET,
            field_type=kind,
            subfields=_subfields(name, kind),
            options=_category_options() if (entity, code) == ("product", "category") else None,
        )
        for code, name, kind in _STANDARD[entity]
    ]


def _category_options() -> list[dict[str, Any]]:
    categories = dict.fromkeys(item.category for item in vocabulary().products)
    return [{"id": number, "label": label} for number, label in enumerate(categories, start=11)]


def _subfields(name: str, kind: str) -> list[dict[str, str]] | None:
    if kind == "monetary":
        return [
            {"field_code": "value", "field_name": f"Betrag von {name}", "field_type": "double"},
            {"field_code": "currency", "field_name": f"Währung von {name}", "field_type": "varchar"},
        ]
    if kind == "address":
        return [
            {"field_code": part, "field_name": f"{part} von {name}", "field_type": "varchar"}
            for part in _ADDRESS_PARTS
        ]
    return None
