"""Entry batches: waiting entries of one month become a batch whose bytes are stored before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from mlconnector.errors import RetryLater
from mlconnector.flow.batches.lapsed import lapsed, recall
from mlconnector.flow.batches.notes import frozen_batch
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.files import source_word
from mlconnector.formats.names import batch_id, dxso_file_name, extf_file_name
from mlconnector.mapping.channels import Channel
from mlconnector.store import batches, entries, vouchers
from mlconnector.store.audit import append
from mlconnector.store.entries import EntryRow, Group

# A sink takes more rows in a file; fewer entries for each batch keep memory flat whatever a month brings.
ENTRIES_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Packed:
    """What a batch will hold: the bytes, how many rows, of which bookings, and what was changed for it."""

    content: bytes
    rows: int
    content_keys: tuple[str, ...]
    changes: list[dict[str, str]]


Pack = Callable[[Context, Group, Sequence[EntryRow]], Packed]
"""Makes the bytes of a batch of the first of these entries that fit into one."""


def freeze_entries(context: Context, channel: Channel, pack: Pack) -> str | None:
    """Freeze the next entries that wait for a channel; returns the batch's id, None when none wait.

    Those whose decision has lapsed wait for another one instead.
    """
    with context.read() as db:
        groups = [one for one in entries.waiting_groups(db, context.name) if one.channel == channel]
        if not groups:
            return None
        rows = list(islice(entries.waiting(db, context.name, groups[0]), ENTRIES_AT_ONCE))
        outdated = lapsed(context, db, rows)
    if outdated:
        recall(context, outdated)
        return freeze_entries(context, channel, pack)
    return _store(context, groups[0], rows, pack(context, groups[0], rows))


def _store(context: Context, group: Group, rows: Sequence[EntryRow], made: Packed) -> str:
    settings, now = context.settings, context.now()
    taken = rows[: len(made.content_keys)]
    contents = [f"{row.voucher}|{key}" for row, key in zip(taken, made.content_keys, strict=True)]
    batch = batch_id(settings.client, group.period, group.channel, contents)
    file_name = extf_file_name if group.channel == "extf" else dxso_file_name
    batch_vouchers = sorted({row.voucher for row in taken})
    frozen = frozen_batch(
        settings,
        batch,
        period=group.period,
        data_format=group.channel,
        file_name=file_name(source_word(settings, statistical=group.is_statistical), group.period, batch),
        content=made.content,
        rows=made.rows,
        vouchers=len(batch_vouchers),
        changes=made.changes,
        now=now,
    )
    with context.write() as db:
        vouchers.hold(db, batch_vouchers)
        batches.insert_batch(db, frozen)
        if not entries.assign(db, [row.id for row in taken], str(batch)):
            raise RetryLater("another process froze these bookings, or they changed", after=1.0)
        vouchers.set_state(db, batch_vouchers, "batched", now, of=("bookable", "batched", "sent"))
        detail = {
            "rows": made.rows,
            "vouchers": len(batch_vouchers),
            "sha256": frozen["sha256"],
            "changes": made.changes,
        }
        append(db, [context.event(str(batch), "frozen", detail)], now)
    context.reached("batch_frozen")
    return str(batch)
