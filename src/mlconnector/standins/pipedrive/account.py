"""The account as it stands: what was generated from the seed, with every later edit on top."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from mlconnector.standins.pipedrive.catalogue import pipelines, products, stages
from mlconnector.standins.pipedrive.fields import Entity, account_fields
from mlconnector.standins.pipedrive.generator import generate
from mlconnector.standins.pipedrive.records import (
    Change,
    Deal,
    Field,
    File,
    Labels,
    Line,
    Organization,
    Person,
)
from mlconnector.standins.pipedrive.table import Table
from mlconnector.standins.pipedrive.times import epoch_of, rfc3339

Found = TypeVar("Found")


class Edited(msgspec.Struct):
    """Everything that is no longer as it was generated, in full; by id, lines and files by deal id."""

    deals: dict[int, Deal] = {}
    lines: dict[int, list[Line]] = {}
    files: dict[int, list[File]] = {}
    organizations: dict[int, Organization] = {}
    persons: dict[int, Person] = {}
    fields: dict[Entity, list[Field]] = {}
    changes: dict[int, list[Change]] = {}
    removed_deals: set[int] = set()
    removed_organizations: set[int] = set()


class Account:
    """All records of the company, and the notes a restart needs."""

    def __init__(self, records: int, seed: int, clock: Callable[[], float]) -> None:
        made = generate(records, seed)
        self.clock = clock
        self.deals = Table(made.deals)
        self.organizations = Table(made.organizations)
        self.persons = Table(made.persons)
        self.products = Table(products())
        self.pipelines = Table(pipelines())
        self.stages = Table(stages())
        self.fields: dict[Entity, list[Field]] = account_fields()
        self.lines = made.lines
        self.discounts = made.discounts
        self.instalments = made.instalments
        self.files = made.files
        self.labels: dict[int, Labels] = made.labels
        self.edited = Edited()
        self.previous: dict[int, dict[str, Any]] = {}
        self._file_by_id = {file.id: file for files in self.files.values() for file in files}
        self._newest = max((deal.update_time for deal in self.deals), default=rfc3339(0))

    def now(self) -> str:
        """The time of an edit: the clock's, but always later than every change so far."""
        self._newest = rfc3339(max(self.clock(), epoch_of(self._newest) + 1))
        return self._newest

    def deal(self, deal_id: int) -> Deal:
        """The deal with this id; LookupError when there is none."""
        return _present(self.deals.get(deal_id), "deal", deal_id)

    def organization(self, organization_id: int) -> Organization:
        """The organisation with this id; LookupError when there is none."""
        return _present(self.organizations.get(organization_id), "organisation", organization_id)

    def file(self, file_id: int) -> File | None:
        """The file with this id."""
        return self._file_by_id.get(file_id)

    def field(self, entity: Entity, name: str) -> Field:
        """The field of `entity` that is shown as `name`; LookupError when there is none."""
        found = next((field for field in self.fields[entity] if field.field_name == name), None)
        return _present(found, f"{entity} field", name)

    def custom_fields(self, entity: Entity) -> list[Field]:
        """The custom fields of `entity`."""
        return [field for field in self.fields[entity] if field.is_custom_field]

    def next_file_id(self) -> int:
        """An id that no file has."""
        return max(self._file_by_id, default=500_000) + 1

    def keep_deal(self, deal: Deal) -> None:
        """Take note of a changed or added deal."""
        self.deals.put(deal)
        self.edited.deals[deal.id] = deal

    def keep_lines(self, deal_id: int, lines: list[Line]) -> None:
        """Take note of the lines that a deal has now."""
        self.lines[deal_id] = self.edited.lines[deal_id] = lines

    def keep_files(self, deal_id: int, files: list[File]) -> None:
        """Take note of the files that a deal has now."""
        self.files[deal_id] = self.edited.files[deal_id] = files
        self._file_by_id.update({file.id: file for file in files})

    def keep_organization(self, organization: Organization) -> None:
        """Take note of a changed organisation."""
        self.organizations.put(organization)
        self.edited.organizations[organization.id] = organization

    def keep_person(self, person: Person) -> None:
        """Take note of a changed person."""
        self.persons.put(person)
        self.edited.persons[person.id] = person

    def keep_fields(self, entity: Entity, fields: list[Field]) -> None:
        """Take note of the fields that an entity has now."""
        self.fields[entity] = self.edited.fields[entity] = fields

    def remove_deal(self, deal_id: int) -> None:
        """Forget a deal for good, as a merge does."""
        self.deals.remove(deal_id)
        self.edited.deals.pop(deal_id, None)
        self.edited.removed_deals.add(deal_id)

    def remove_organization(self, organization_id: int) -> None:
        """Forget an organisation for good, as a merge does."""
        self.organizations.remove(organization_id)
        self.edited.organizations.pop(organization_id, None)
        self.edited.removed_organizations.add(organization_id)

    def restore(self, edited: Edited) -> None:
        """Put the edits of an earlier run on top of what was generated."""
        for deal in edited.deals.values():
            self.keep_deal(deal)
        for deal_id, lines in edited.lines.items():
            self.keep_lines(deal_id, lines)
        for deal_id, files in edited.files.items():
            self.keep_files(deal_id, files)
        for organization in edited.organizations.values():
            self.keep_organization(organization)
        for person in edited.persons.values():
            self.keep_person(person)
        for entity, fields in edited.fields.items():
            self.keep_fields(entity, fields)
        for deal_id in edited.removed_deals:
            self.remove_deal(deal_id)
        for organization_id in edited.removed_organizations:
            self.remove_organization(organization_id)
        self.edited.changes = edited.changes
        self._newest = max([self._newest, *(deal.update_time for deal in edited.deals.values())])


def _present(found: Found | None, kind: str, identity: int | str) -> Found:
    if found is None:
        raise LookupError(f"This account has no {kind} {identity}.")
    return found
