"""What a webhook says: the resources that can be hooked, and bodies in three payload versions.

The resources are those of a sandbox's live list that concern money, and one that does not. Requisitions are
not among them. A body holds no business data. In version 4 all ids are texts and the names differ.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

import msgspec

from mlconnector.standins.procore.identities import COMPANY_ID, OTHER_USER_ID, number, ulid
from mlconnector.standins.procore.records import Row

VERSIONS = {"v2": "v2.0", "v2.0": "v2.0", "v3": "v3.0", "v3.0": "v3.0", "v4": "v4.0", "v4.0": "v4.0"}
"""The payload versions by the names that a hook may be made with."""
EVENTS = ("create", "update", "delete")


@dataclass(frozen=True)
class Resource:
    """What can be hooked, at the level of the company or of a project, and its events."""

    level: str
    name: str
    events: tuple[str, ...]


@dataclass(frozen=True)
class Event:
    """Something that happened to a record; `place` counts the events of the account.

    `parent` is the record that a line belongs to, with its resource; `application_id` is the app that did it.
    """

    place: int
    timestamp: str
    reason: str
    resource: str
    record_id: int
    project_id: int | None
    user_id: int = OTHER_USER_ID
    application_id: int | None = None
    parent: tuple[str, int] | None = None

    def body(self, version: str) -> Row:
        """The event as a hook of a payload version gets it."""
        return self._version_4() if version == "v4.0" else self._older(version)

    def encoded(self, version: str) -> bytes:
        """The body as it goes over the line."""
        return msgspec.json.encode(self.body(version))

    def _older(self, version: str) -> Row:
        body: Row = {
            "id": number("event", self.place),
            "ulid": ulid(self.place),
            "timestamp": self.timestamp.replace("Z", ".246562Z"),
            "metadata": {
                "source_user_id": self.user_id,
                "source_project_id": self.project_id,
                "source_operation_id": None,
                "source_company_id": COMPANY_ID,
                "source_application_id": self.application_id,
            },
            "user_id": self.user_id,
            "company_id": COMPANY_ID,
            "project_id": self.project_id,
            "api_version": version,
            "event_type": self.reason,
            "resource_name": self.resource,
            "resource_id": self.record_id,
        }
        if version == "v3.0":
            related = [{"id": self.parent[1], "name": self.parent[0]}] if self.parent else []
            body["related_resources"] = related
        return body

    def _version_4(self) -> Row:
        return {
            "id": ulid(self.place),
            "timestamp": self.timestamp.replace("Z", ".619085Z"),
            "reason": self.reason,
            "company_id": str(COMPANY_ID),
            "project_id": str(self.project_id) if self.project_id is not None else None,
            "user_id": str(self.user_id),
            "resource_type": self.resource,
            "resource_id": str(self.record_id),
        }


@cache
def known_resources() -> tuple[Resource, ...]:
    """What can be hooked, from `resources.csv`."""
    text = resources.files(__package__).joinpath("resources.csv").read_text(encoding="utf-8")
    return tuple(
        Resource(row["level"], row["name"], tuple(row["events"].split()))
        for row in csv.DictReader(text.splitlines())
    )
