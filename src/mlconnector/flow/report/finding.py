"""Finding: vouchers and batches by whatever somebody has in hand, e.g. a number, a customer or a GUID."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any

from mlconnector.flow.context.services import Services
from mlconnector.flow.report.record_lists import batch_in_list
from mlconnector.flow.report.search import Search
from mlconnector.flow.report.voucher_facts import told
from mlconnector.model.voucher_facts import facts_of
from mlconnector.store import batches, documents, lookup
from mlconnector.texts.language import Language


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody looks for; what is empty is not asked for.

    `text` is a part of a number, customer, id, file name or GUID. `amount` and `period` are as in `Search`.
    """

    text: str = ""
    amount: str = ""
    period: str = ""
    connection: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is looked for."""
        return not (self.text or self.amount or self.period)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, as lists have it; `more` says that there are more vouchers than these."""

    vouchers: list[dict[str, Any]]
    batches: list[dict[str, Any]]
    more: bool


def find(services: Services, sought: Sought, *, most: int, language: Language | None = None) -> Found:
    """Vouchers that are meant, the latest changed first, and batches that are named so. Raises Unreadable."""
    text = sought.text.strip()
    wanted = Search(period=sought.period or None, amount=sought.amount or None, text=text or None)
    scope = wanted.scope(sought.connection or None)
    with services.database.read() as db:
        held = documents.vouchers_named(db, text, _guid(text), most) if text else set()
        found = list(lookup.search(db, replace(scope, also=tuple(sorted(held))), limit=most + 1))
        named = batches.Wanted(connection=sought.connection or None, text=text)
        of_text = batches.search(db, named, limit=most) if text and not sought.amount else []
    rows = [(row, facts_of(content)) for row, content in found[:most]]
    return Found(told(services, rows, language), [batch_in_list(row) for row in of_text], len(found) > most)


def _guid(text: str) -> str:
    """The GUID that somebody has typed, in whatever spelling; empty for anything else."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return ""
