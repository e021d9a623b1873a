"""Channels: a kind of voucher reaches a client's books in one format, whatever connection brings it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman
from mlconnector.flow.batches.kinds import kind_of
from mlconnector.flow.batches.notes import decide_anew
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.settings import ConnectionSettings, channels_in
from mlconnector.formats.dxso import thaw
from mlconnector.mapping.channels import Carried, Channel, ChannelRow, carried_in, channel_of
from mlconnector.model.problems import Problem
from mlconnector.store import batches, connections, entries, vouchers
from mlconnector.store.audit import AuditEvent
from mlconnector.store.batches import BatchRow
from mlconnector.store.entries import EntryRow


def check_channels(db: Connection, settings: ConnectionSettings) -> None:
    """Refuse a channel table that would let two formats carry one invoice. Raises NeedsHuman.

    Other connections of the client must have the same table, and what DATEV already has must have gone the
    way that the table says for its month. Where the connection no longer has the service of a format, its
    months may go on in another one: what went by it stays, and nothing more can.
    """
    _check_others(db, settings)
    for row in batches.listed(db, settings.name, ["submitting", "unknown", "submitted"]):
        kind = kind_of(row.format)
        if row.state in kind.bound_in and not settings.sends(kind.needs):
            facts = {"file": row.file_name, "format": row.format.upper()}
            raise NeedsHuman(Problem("channel_in_flight", facts))
    for carried, period, channel in _carried_so_far(db, settings.client):
        wanted = channel_of(settings.channels, carried, _first_day(period))
        if wanted != channel and settings.carries(channel):
            facts = {
                "client": settings.client,
                "kind": carried,
                "month": period,
                "format": channel.upper(),
                "wanted": wanted.upper(),
            }
            raise NeedsHuman(Problem("channel_already_used", facts, ("client", "kind")))


def _check_others(db: Connection, settings: ConnectionSettings) -> None:
    """Refuse a table that differs from that of another connection which works for the client."""
    for row in connections.every(db):
        if row.client != settings.client or row.name == settings.name or row.is_disconnected:
            continue
        if _by_kind(channels_in(row.settings)) != _by_kind(settings.channels):
            facts = {"client": settings.client, "name": settings.name, "other": row.name}
            raise NeedsHuman(Problem("channel_differs", facts, ("client",)))


def _by_kind(rows: Sequence[ChannelRow]) -> set[tuple[Carried, Channel, date]]:
    return {(row.kind, row.format, row.since) for row in rows}


def _carried_so_far(db: Connection, client: str) -> Iterator[tuple[Carried, str, Channel]]:
    """What DATEV has or may have: kind, month and format."""
    for kind, ledger, period, channel in entries.carried(db, client):
        yield carried_in(kind, ledger), period, channel
    # Of these nobody knows what arrived, and so their bookings were taken out of them.
    for row in batches.listed(db, states=["partial", "failed"]):
        if row.client == client and row.format == "dxso" and (row.state == "partial" or _is_gone(row)):
            package = thaw(batches.content(db, row.id))
            yield carried_in("", package.ledger), package.month, "dxso"


def _is_gone(row: BatchRow) -> bool:
    return row.cause.partition(":")[0] == "dxso_transfer_gone"


def _first_day(period: str) -> date:
    return date.fromisoformat(f"{period}-01")


def recall_unsent(services: Services, db: Connection, settings: ConnectionSettings) -> list[AuditEvent]:
    """Take back what DATEV does not have yet and what now goes in another format; it is decided anew."""
    events = []
    for row in batches.listed(db, settings.name, ["frozen", "submitting"]):
        is_unsent = row.state in kind_of(row.format).unsent_in and not batches.jobs(db, row.id)
        held = entries.of_batch(db, row.id)
        if is_unsent and _moved(db, settings, held):
            keys = decide_anew(db, held, services.now(), row.id)
            batches.change(db, row.id, services.now(), state="dissolved")
            detail = {"reason": "channel", "vouchers": keys, "job_id": row.job_id}
            events.append(AuditEvent(row.connection, row.id, "dissolved", detail))
    for group in entries.waiting_groups(db, settings.name):
        moved = _moved(db, settings, list(entries.waiting(db, settings.name, group)))
        if moved:
            keys = decide_anew(db, moved, services.now())
            events += [AuditEvent(settings.name, key, "recalled", {"reason": "channel"}) for key in keys]
    return events


def _moved(db: Connection, settings: ConnectionSettings, held: Sequence[EntryRow]) -> list[EntryRow]:
    """Those bookings that go in another format now; a reversal goes where its original went."""
    kinds = {key: row.kind for key, row in vouchers.by_ids(db, [one.voucher for one in held]).items()}

    def has_moved(one: EntryRow) -> bool:
        if not settings.carries(one.channel):
            return True
        wanted = channel_of(
            settings.channels, carried_in(kinds[one.voucher], one.ledger), _first_day(one.period)
        )
        return one.kind == "original" and wanted != one.channel

    return [one for one in held if has_moved(one)]
