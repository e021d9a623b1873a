"""The configured custom fields of records as facts, with a problem for each that is missing or unreadable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from mlconnector.model.problems import Problem
from mlconnector.systems.pipedrive.catalogue import entity_of
from mlconnector.systems.pipedrive.fields import (
    KnownField,
    KnownFields,
    Unreadable,
    address_of,
    date_of,
    key_of,
    namesakes,
    positive_of,
    text_of,
)
from mlconnector.systems.pipedrive.settings import FieldNames
from mlconnector.systems.pipedrive.shapes import Address

Fact = TypeVar("Fact")


class Facts:
    """Reads the fields of one deal and its organisation; `problems` gathers what was wrong with them."""

    def __init__(self, names: FieldNames, known: KnownFields, title: str) -> None:
        self._names = names.model_dump()
        self._known = known
        self._title = title
        self.problems: list[Problem] = []

    def text(self, purpose: str, custom_fields: Mapping[str, Any]) -> str | None:
        """The text of the field that serves a purpose; options give their labels."""
        return self._read(purpose, custom_fields, text_of)

    def day(self, purpose: str, custom_fields: Mapping[str, Any], *, end: bool = False) -> date | None:
        """The day of a date field; of a range its first day or, with `end`, its last."""
        return self._read(purpose, custom_fields, lambda value, field: date_of(value, field, end=end))

    def positive(self, purpose: str, custom_fields: Mapping[str, Any]) -> Decimal | None:
        """The number of a field, above zero."""
        return self._read(purpose, custom_fields, positive_of)

    def address(self, purpose: str, custom_fields: Mapping[str, Any]) -> Address | None:
        """The address of a field, or the country alone that it names."""
        return self._read(purpose, custom_fields, address_of)

    def _read(
        self,
        purpose: str,
        custom_fields: Mapping[str, Any],
        read: Callable[[Any, KnownField], Fact | None],
    ) -> Fact | None:
        name = self._names[purpose]
        if name is None:
            return None
        entity = entity_of(purpose)
        key = key_of(self._known, entity, name)
        if key is None:
            several = namesakes(self._known, entity, name) > 1
            facts = {"field": name, "purpose": purpose, "entity": entity}
            self.problems.append(
                Problem("field_ambiguous" if several else "field_missing", facts, ("entity", "field"))
            )
            return None
        try:
            return read(custom_fields.get(key), self._known.of(entity)[key])
        except Unreadable as error:
            facts = {"field": name, "purpose": purpose, "value": str(error), "title": self._title}
            self.problems.append(Problem("field_unreadable", facts))
            return None
