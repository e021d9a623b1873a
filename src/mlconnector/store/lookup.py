"""Vouchers by the names that people give them, and the first ones that wait for each cause."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from mlconnector.errors import NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.store.tables import problems, vouchers
from mlconnector.store.vouchers import VoucherRow

COLUMNS = [vouchers.c[name] for name in VoucherRow.__dataclass_fields__]
# How many vouchers of the same name are shown for a choice.
_AMBIGUOUS = 6


def find(connection: Connection, wanted: str, name: str | None = None) -> VoucherRow | None:
    """A voucher by our key, its document number or its external id, of all connections or of one.

    A number is looked for before an external id. Raises NeedsHuman (`voucher_ambiguous`) when several match.
    """
    for column in (vouchers.c.id, vouchers.c.number, vouchers.c.external_id):
        query = select(*COLUMNS).where(column == wanted).order_by(vouchers.c.connection, vouchers.c.id)
        if name is not None:
            query = query.where(vouchers.c.connection == name)
        rows = [VoucherRow(*row) for row in connection.execute(query.limit(_AMBIGUOUS))]
        if len(rows) > 1:
            shown = ", ".join(f"{row.id} ({row.connection}: {row.kind} {row.external_id})" for row in rows)
            raise NeedsHuman(Problem("voucher_ambiguous", {"voucher": wanted, "vouchers": shown}))
        if rows:
            return rows[0]
    return None


def examples(
    connection: Connection, name: str | None = None, limit: int = 5
) -> dict[tuple[str, str], list[VoucherRow]]:
    """The first vouchers that wait for each cause, by connection and cause, the oldest documents first."""
    rank = func.row_number().over(
        partition_by=[vouchers.c.connection, problems.c.cause],
        order_by=[vouchers.c.document_date, vouchers.c.number, vouchers.c.id],
    )
    waiting = (
        select(*COLUMNS, problems.c.cause, rank.label("rank"))
        .join(problems, problems.c.voucher == vouchers.c.id)
        .where(vouchers.c.state.in_(["needs_human", "rejected", "settled"]))
    )
    if name is not None:
        waiting = waiting.where(vouchers.c.connection == name)
    ranked = waiting.subquery()
    query = select(ranked).where(ranked.c.rank <= limit).order_by(ranked.c.cause, ranked.c.rank)
    found: dict[tuple[str, str], dict[str, VoucherRow]] = {}
    for row in connection.execute(query):
        found.setdefault((row.connection, row.cause), {})[row.id] = VoucherRow(*row[:-2])
    return {cause: list(waiting.values()) for cause, waiting in found.items()}
