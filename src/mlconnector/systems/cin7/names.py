"""What Cin7 Core is called, and how its records and their documents are named here.

A record is a sale or a purchase, `sale/<id>`; what it holds is named behind it: `sale/<id>/invoice/<task>`.
Cin7 writes its ids in either case, so they are kept in small letters.
"""

from __future__ import annotations

import re
from typing import Literal

SYSTEM = "cin7"
TITLE = "Cin7 Core"

# Begins the id of a record whose own id cannot be read.
NO_ID = "?"

RecordKind = Literal["sale", "purchase"]
Part = Literal["invoice", "credit-note", "payment"]

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_RECORD = re.compile(rf"(sale|purchase)/({_GUID.pattern})")


def folded(id_: str) -> str:
    """An id as it is kept, whatever case Cin7 wrote it in."""
    return id_.strip().lower()


def is_guid(id_: str) -> bool:
    """Whether a folded id is one."""
    return _GUID.fullmatch(id_) is not None


def record_name(kind: RecordKind, id_: str) -> str:
    """What a sale or purchase is called: `sale/<id>`."""
    return f"{kind}/{folded(id_)}"


def has_no_id(name: str) -> bool:
    """Whether a record is called by a name in place of its id."""
    return name.partition("/")[2].startswith(NO_ID)


def document_name(record: str, part: Part, id_: str) -> str:
    """What a document of a record is called: `sale/<id>/invoice/<task>`."""
    return f"{record}/{part}/{folded(id_)}"


def record_id(name: str, kind: RecordKind) -> str | None:
    """The id of a record of this kind, or None for any other name."""
    found = _RECORD.fullmatch(name)
    return found[2] if found and found[1] == kind else None


def sale_or_purchase(external_id: str) -> tuple[str, str]:
    """The kind of record that holds a document, and its id; the id is whatever stands there."""
    kind, _, rest = external_id.partition("/")
    id_ = rest.partition("/")[0]
    if not is_guid(id_):
        return "Sale", external_id
    return ("Purchase" if kind == "purchase" else "Sale"), id_
