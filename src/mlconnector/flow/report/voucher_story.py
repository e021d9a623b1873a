"""Stories: everything that happened to one voucher, from the source field to DATEV's answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import msgspec

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.services import Services
from mlconnector.flow.report.voucher_facts import told
from mlconnector.model.problems import Problem
from mlconnector.model.voucher_facts import facts_of
from mlconnector.store import audit, connections, entries, lookup, vouchers
from mlconnector.texts.catalogue import explain
from mlconnector.texts.language import Language


def of_voucher(
    services: Services, wanted: str, name: str | None = None, language: Language | None = None
) -> dict[str, Any]:
    """The story of a voucher, found by our key, its number or its external id, in all connections or in one.

    Words are in the language of the installation where no other is named. Raises NeedsHuman when there is
    none, or when several have that name.
    """
    spoken = language or services.settings.language
    with services.database.read() as db:
        if name is not None:
            connections.read(db, name)
        row = lookup.find(db, wanted, name)
        if row is None:
            raise NeedsHuman(Problem("voucher_unknown", {"voucher": wanted}))
        booked = entries.of_voucher(db, row.id)
        batches = sorted({entry.batch for entry in booked if entry.batch})
        events = audit.story(db, [row.id, *batches])
        content = vouchers.content(db, row.id, row.revision)
        waits_for = vouchers.problems_of(db, [row.id]).get(row.id, [])
    (shown,) = told(services, [(row, facts_of(content))], spoken)
    return {
        "voucher": row.id,
        "connection": row.connection,
        "identity": f"{row.kind}/{row.external_id}",
        "number": row.number,
        "state": row.state,
        "reversed": row.is_reversed,
        "reason": row.reason,
        "reason_in_words": shown["reason_in_words"],
        "set_aside": shown["set_aside"],
        "link": shown["link"],
        "problems": [
            {
                "cause": problem.cause,
                **asdict(explain(problem.key, problem.facts, spoken)),
                "facts": dict(problem.facts),
            }
            for problem in waits_for
        ],
        "revision": row.revision,
        "content": msgspec.json.decode(content) if content else None,
        "entries": [msgspec.json.decode(entry.content) for entry in booked],
        "batches": batches,
        "events": [
            {
                "at": event.at,
                "event": event.event,
                "subject": event.subject,
                "detail": _of_this(event.detail, f"{row.kind}/{row.external_id}@"),
            }
            for event in events
        ],
    }


def _of_this(detail: dict[str, Any], identity: str) -> dict[str, Any]:
    """An event's detail without the changes that a batch made to the texts of other vouchers."""
    if "changes" not in detail:
        return detail
    changes = [one for one in detail["changes"] if str(one.get("entry", "")).startswith(identity)]
    return {**detail, "changes": changes}
