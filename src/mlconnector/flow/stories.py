"""Stories: everything that happened to one voucher, from the source field to DATEV's answer."""

from __future__ import annotations

from typing import Any

import msgspec

from mlconnector.errors import NeedsHuman
from mlconnector.flow.services import Services
from mlconnector.model.problems import Problem
from mlconnector.store import audit, entries, vouchers


def of_voucher(services: Services, wanted: str) -> dict[str, Any]:
    """The story of a voucher, found by our key, its external id or its number. Raises NeedsHuman."""
    with services.database.read() as db:
        row = vouchers.find(db, wanted)
        if row is None:
            raise NeedsHuman(Problem("voucher_unknown", {"voucher": wanted}))
        booked = entries.of_voucher(db, row.id)
        batches = sorted({entry.batch for entry in booked if entry.batch})
        events = audit.story(db, [row.id, *batches])
        content = vouchers.content(db, row.id, row.revision)
    return {
        "voucher": row.id,
        "connection": row.connection,
        "identity": f"{row.kind}/{row.external_id}",
        "number": row.number,
        "state": row.state,
        "reason": row.reason,
        "revision": row.revision,
        "content": msgspec.json.decode(content) if content else None,
        "entries": [msgspec.json.decode(entry.content) for entry in booked],
        "batches": batches,
        "events": [
            {"at": event.at, "event": event.event, "subject": event.subject, "detail": event.detail}
            for event in events
        ],
    }
