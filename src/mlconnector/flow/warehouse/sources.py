"""What there is to load: each source with a hash of its content, and its rows when they are wanted."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial

from mlconnector.errors import ConnectorError
from mlconnector.flow.context.context import Context
from mlconnector.flow.warehouse.batch_rows import Attempts, own_batch, read_own
from mlconnector.flow.warehouse.portions import READING, Key, Rows, Source, fitted, portion
from mlconnector.flow.warehouse.record_rows import account_rows, client_row, document_rows, voucher_rows
from mlconnector.flow.warehouse.target import Target
from mlconnector.model.entries import decode
from mlconnector.model.voucher_facts import facts_of
from mlconnector.store import accounts, batches, chart_accounts, connections, entries, loads
from mlconnector.store.batches import BatchRow
from mlconnector.store.lookup import Scope, search, waiting
from mlconnector.systems.transfers import ClientFacts
from mlconnector.systems.warehouse import Row

log = logging.getLogger(__name__)

CLIENT, ACCOUNTS, VOUCHERS, DOCUMENTS, BATCH, IMPORT = (
    *("client", "accounts", "vouchers", "documents"),
    *("batch", "import"),
)


def sources(target: Target) -> Iterator[Source]:
    """Everything that our own tables know; a connection whose settings are refused is left out."""
    with target.services.database.read() as db:
        rows = connections.every(db)
    contexts: list[Context] = []
    for row in rows:
        context = Context(target.services, row.name)
        try:
            context.client  # noqa: B018 - whether it can be read
        except ConnectorError as error:
            log.error("%s is not loaded: %s", row.name, error)
            continue
        contexts.append(context)
    yield from _of_clients(target, contexts, {row.client for row in rows})
    for context in contexts:
        yield from _vouchers(target, context)
        yield from _documents(target, context)
        yield from _batches(target, context)


def imported_content(target: Target, digest: str) -> str:
    """The hash of what the rows of an imported file say: of its bytes, and of whom clients stand for.

    Whose a file is, stands in its bytes; they are not read to see whether it is loaded.
    """
    entities = sorted(target.entities.items())
    return hashlib.sha256(json.dumps([digest, entities]).encode()).hexdigest() if entities else digest


def _of_clients(target: Target, contexts: Sequence[Context], clients: Collection[str]) -> Iterator[Source]:
    by_client: dict[str, list[Context]] = {}
    for context in contexts:
        by_client.setdefault(context.client, []).append(context)
    for client, own in by_client.items():
        context = next((one for one in own if one.has_facts), own[0])
        entity = target.entity(client)
        with context.read() as db:
            is_known = loads.latest_of(db, target.name, CLIENT, client) is not None
            chart, persons = chart_accounts.read(db, client), accounts.every(db, client)
        facts = context.facts if context.has_facts else None if is_known else _asked(context)
        if facts is not None or not is_known:
            row = client_row(context.settings, facts, entity)
            yield portion(target, CLIENT, client, fitted(target, "clients", [row]))
        rows = account_rows(context.settings, chart, persons, entity)
        yield portion(target, ACCOUNTS, client, fitted(target, "accounts", rows))
    for kind, table in ((CLIENT, "clients"), (ACCOUNTS, "accounts")):
        for name in _loaded_before(target, kind):
            if name not in clients:
                yield portion(target, kind, name, fitted(target, table, ()))


def _asked(context: Context) -> ClientFacts | None:
    """What the sink says of a client that no table knows yet; None where it cannot be asked."""
    try:
        return context.facts
    except ConnectorError as error:
        log.info("%s: the client cannot be asked after: %s", context.name, error)
        return None


def _vouchers(target: Target, context: Context) -> Iterator[Source]:
    waits_for: dict[str, set[str]] = {}
    with context.read() as db:
        found = [(row, facts_of(said)) for row, said in search(db, Scope(connection=context.name))]
        for one in waiting(db, context.name):
            waits_for.setdefault(one.row.id, set()).add(one.problem.key)
    rows = voucher_rows(context.settings, found, target.entity(context.client), waits_for)
    yield from _by_quarter(target, VOUCHERS, "vouchers", context.name, rows)


def _documents(target: Target, context: Context) -> Iterator[Source]:
    with context.read() as db:
        found = [(one, facts_of(one.content)) for one in loads.filed_documents(db, context.name)]
    entities = {context.client: target.entity(context.client)}
    yield from _by_quarter(target, DOCUMENTS, "documents", context.name, document_rows(found, entities))


def _by_quarter(target: Target, kind: str, table: str, name: str, rows: Iterable[Row]) -> Iterator[Source]:
    """Rows in portions by the quarter of their document, so that a change does not load all years again."""
    quarters: dict[str, list[Row]] = {}
    for row in rows:
        day = row["document_date"]
        quarter = "-" if day is None else f"{day.year}-Q{(day.month + 2) // 3}"
        quarters.setdefault(f"{name} {quarter}", []).append(row)
    for before in _loaded_before(target, kind):
        if before.rpartition(" ")[0] == name:
            quarters.setdefault(before, [])
    fits = {quarter: fitted(target, table, those) for quarter, those in sorted(quarters.items())}
    # A record that went to another quarter is there, and must not be marked as deleted by its old one.
    alive = frozenset[Key]().union(*(fit.keys for fit in fits.values()))
    for quarter, fit in fits.items():
        yield portion(target, kind, quarter, fit, alive)


def _loaded_before(target: Target, kind: str) -> list[str]:
    with target.services.database.read() as db:
        return loads.remembered_sources(db, target.name, kind)


def _batches(target: Target, context: Context) -> Iterator[Source]:
    with context.read() as db:
        rows = batches.listed(db, context.name)
    for row in rows:
        standing = _standing(context, row)
        entity = target.entity(row.client)
        said = [
            *(READING, row.sha256, row.state, row.job_id, row.answer, row.cause, row.changed_at.isoformat()),
            *(entity, sorted(standing) if standing is not None else None),
        ]
        digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()
        yield Source(
            BATCH, row.id, digest, partial(_batch_rows, context, row, entity, standing), row.file_name
        )


def _standing(context: Context, row: BatchRow) -> frozenset[str] | None:
    """The bookings of a batch that DATEV took in part; None where it took all or none."""
    if row.state != "partial":
        return None
    with context.read() as db:
        return frozenset(decode(one.content).content_key for one in entries.of_batch(db, row.id))


def _batch_rows(context: Context, row: BatchRow, entity: str, standing: frozenset[str] | None) -> Rows:
    chart = context.settings.rules.books.chart
    with context.read() as db:
        content, attempts = batches.content(db, row.id), Attempts(*loads.attempts(db, row.id))
        booked = [decode(one.content) for one in entries.of_batch(db, row.id)]
    read = read_own(row, content, chart.removeprefix("SKR") if chart != "own" else "")
    return own_batch(row, read, attempts, entity, standing, booked)
