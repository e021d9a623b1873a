"""What an account calls its custom fields: remembered between runs, read again when a record outgrows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, get_args

import msgspec

from mlconnector.learnt_shapes import learnt
from mlconnector.systems.pipedrive.fields import (
    KnownFields,
    Unknown,
    key_of,
    known_fields,
    pinned,
    unknown,
)
from mlconnector.systems.pipedrive.settings import FieldNames
from mlconnector.systems.pipedrive.shapes import Entity, FieldMetadata
from mlconnector.systems.source import Memory

MEMORY_KEY = "fields"
ENTITIES: tuple[Entity, ...] = get_args(Entity)
OF_ORGANIZATIONS = frozenset({"vat_id", "debtor_number", "customer_kind"})


def entity_of(purpose: str) -> Entity:
    """Whose custom field serves a purpose, e.g. `organization` for `vat_id`."""
    return "organization" if purpose in OF_ORGANIZATIONS else "deal"


def configured(names: FieldNames) -> dict[str, str]:
    """The configured fields: name or key by purpose."""
    return {purpose: name for purpose, name in names.model_dump().items() if name is not None}


class Catalogue:
    """The remembered metadata of custom fields; `load` reads all of it for one entity."""

    def __init__(
        self, memory: Memory, names: FieldNames, load: Callable[[Entity], Sequence[FieldMetadata]]
    ) -> None:
        self._memory = memory
        self._wanted = [(entity_of(purpose), name) for purpose, name in configured(names).items()]
        self._load = load
        self._known: KnownFields | None = None
        self._asked: set[Unknown] = set()

    def known(self) -> KnownFields:
        """The fields as last read; reads them when nothing is remembered, or not all that is configured."""
        if self._known is None:
            self._known = self._remembered()
            if any(key_of(self._known, entity, name) is None for entity, name in self._wanted):
                self._known = self.refresh()
        return self._known

    def refresh(self) -> KnownFields:
        """Read the metadata again, and remember it before it is used."""
        before = self._known or self._remembered()
        fields = {entity: known_fields(self._load(entity), before.of(entity)) for entity in ENTITIES}
        known = pinned(KnownFields(fields["deal"], fields["organization"], before.pinned), self._wanted)
        self._memory.remember(MEMORY_KEY, msgspec.to_builtins(known))
        self._known = known
        return known

    def covering(self, records: Iterable[tuple[Entity, Mapping[str, Any]]]) -> KnownFields:
        """The fields for these records' custom fields, read again where they show something new.

        What stays unexplained after that is not asked for again.
        """
        known = self.known()
        new = set[Unknown]()
        for entity, custom_fields in records:
            expected = {key for of, name in self._wanted if of == entity and (key := key_of(known, of, name))}
            new |= unknown(known, entity, custom_fields, expected)
        new -= self._asked
        if not new:
            return known
        self._asked |= new
        return self.refresh()

    def _remembered(self) -> KnownFields:
        remembered = self._memory.recall(MEMORY_KEY)
        if remembered is None:
            return KnownFields()
        return pinned(msgspec.convert(remembered, learnt(KnownFields)), self._wanted)
