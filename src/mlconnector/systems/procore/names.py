"""What Procore is called, and how its records are named here.

A record is named by its kind, company and project: `requisition/<company>/<project>/<id>`. Ids may exceed 32
bits, and are texts in some answers and numbers in others, so they are kept as texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

SYSTEM = "procore"
TITLE = "Procore"

RecordKind = Literal["requisition", "direct-cost", "work-order", "purchase-order"]
CommitmentKind = Literal["work-order", "purchase-order"]
# Begins the id of a record whose own id cannot be read.
NO_ID = "?"

KINDS: dict[str, RecordKind] = {kind: kind for kind in get_args(RecordKind)}
_ID = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True, order=True)
class Project:
    """A project of a company."""

    company: str
    id: str


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a record, in its parts."""

    kind: RecordKind
    project: Project
    id: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.project.company}/{self.project.id}/{self.id}"

    @property
    def has_id(self) -> bool:
        """Whether the record is called by its own id, and not by something in its place."""
        return not self.id.startswith(NO_ID)

    def other(self, kind: RecordKind, id_: str) -> Name:
        """Another record of the same project."""
        return Name(kind, self.project, id_)


def is_id(text: str) -> bool:
    """Whether a text is the id of a record."""
    return _ID.fullmatch(text) is not None


def name_in(external_id: str) -> Name | None:
    """The parts of a name; None for any other text."""
    parts = external_id.split("/")
    kind = KINDS.get(parts[0])
    if kind is None or len(parts) != 4:
        return None
    company, project, id_ = parts[1:]
    known = is_id(company) and is_id(project) and (is_id(id_) or id_.startswith(NO_ID))
    return Name(kind, Project(company, project), id_) if known else None
