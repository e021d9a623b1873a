"""Vouchers that a person has named."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.store import connections, lookup, vouchers
from mlconnector.store.vouchers import VoucherRow


def named(db: Connection, name: str, wanted: Sequence[str], *, hold: bool = True) -> tuple[VoucherRow, ...]:
    """The vouchers of a connection by number, external id or our key, each once, in that order.

    With `hold` nobody else changes them meanwhile. Raises NeedsHuman (`connection_unknown`,
    `voucher_unknown`).
    """
    connections.read(db, name)
    found: dict[str, None] = {}
    for one in wanted:
        row = lookup.find(db, one, name)
        if row is None:
            raise NeedsHuman(Problem("voucher_unknown", {"voucher": one}))
        found[row.id] = None
    rows = (vouchers.hold if hold else vouchers.by_ids)(db, list(found))
    return tuple(rows[key] for key in found)
