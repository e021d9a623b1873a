"""The connected account: changes, the documents of records, files, webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mlconnector.errors import ConnectorError
from mlconnector.systems.cin7 import webhooks
from mlconnector.systems.cin7.answers import NotFound
from mlconnector.systems.cin7.changes import Changes, cursor_from, goes_on
from mlconnector.systems.cin7.connection import connected
from mlconnector.systems.cin7.documents import Record, final_documents, numbers_by_task
from mlconnector.systems.cin7.names import SYSTEM, folded, has_no_id, is_guid, record_id
from mlconnector.systems.cin7.payments import Payer, reading_of
from mlconnector.systems.cin7.ping import Ping
from mlconnector.systems.cin7.places import Locations
from mlconnector.systems.cin7.records import Around, of_purchase, of_sale
from mlconnector.systems.cin7.settings import Settings
from mlconnector.systems.cin7.shapes import PartyRecord, Payment, Purchase, Sale
from mlconnector.systems.cin7.webhook_setup import keep_active
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.invoice_files import downloaded
from mlconnector.systems.kit.on_demand import OnDemand
from mlconnector.systems.kit.paging import each_apart
from mlconnector.systems.kit.shapes import UnknownShape, shared_by_all
from mlconnector.systems.readings import gone, unavailable
from mlconnector.systems.source import (
    NOTHING_FINAL,
    Delivery,
    Hint,
    Page,
    Reading,
    Reference,
    SourceContext,
)
from mlconnector.systems.unreadable import read_apart

CONCURRENCY = 4
_NOTHING_PAID = frozenset({"", "unpaid", "not available", "voided"})


@dataclass(frozen=True, slots=True)
class Whole:
    """A sale or purchase, and what was paid for it."""

    record: Sale | Purchase
    payments: Sequence[Payment]


class Cin7Source:
    """A Cin7 Core account as a source; safe to share between threads."""

    def __init__(self, context: SourceContext) -> None:
        self._context = context
        self._settings: Settings = context.settings
        self._client = OnDemand(lambda: connected(context))
        self._changes = Changes(self._client, self._settings, context.memory, context.now)

    def check(self) -> Iterator[CheckStep]:
        """Does it work, step by step, and who can fix what does not."""
        return Ping(self._client, self._context).steps()

    def changes(self, since: str | None, position: str | None) -> Page:
        """One page of sales and purchases changed since the cursor `since` (None: all)."""
        if position is None and since is not None:
            keep_active(self._context, self._client())
        return self._changes.page(since, position)

    def cursor_from(self, moment: datetime | None) -> str:
        """The cursor of a pass that reads again what changed since a moment, or everything."""
        return cursor_from(moment)

    def goes_on(self, cursor: str) -> bool:
        """Whether a pass goes on from a cursor; it is a moment, so Cin7 need not be asked."""
        return goes_on(cursor, self._context.now())

    def fetch(self, references: Sequence[Reference]) -> list[Reading]:
        """The documents of these sales and purchases, those of each record one behind the other."""
        names = list(dict.fromkeys(each.external_id for each in references))
        wholes = each_apart(self._whole, names, CONCURRENCY)
        records = self._records({name: whole for name, whole in wholes.items() if isinstance(whole, Whole)})

        def readings(some: Sequence[Reference]) -> list[Reading]:
            return [one for each in some for one in _documents(each.external_id, wholes, records)]

        return read_apart(references, readings)

    def download(self, attachment_id: str, limit: int) -> bytes:
        """The bytes of a file, by an address asked for anew; raises NeedsHuman where there are none."""
        record, _, file_id = attachment_id.rpartition("/")
        kind, _, id_ = record.partition("/")
        client = self._client()

        def read() -> bytes | None:
            files = client.attachments(kind, id_)
            address = next((clean(one.download_url) for one in files if folded(one.id) == file_id), "")
            if not address:
                raise NotFound(f"{SYSTEM} has no file {file_id} at {record}")
            return client.file(address, limit)

        return downloaded(attachment_id, limit, read, NotFound)

    def verify(self, delivery: Delivery) -> Hint:
        """Check that a delivery is Cin7's, or raise Refused or Malformed; touches no network."""
        webhooks.verify(delivery, self._settings.webhook, self._context.secrets)
        return webhooks.understood(delivery.body)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _whole(self, name: str) -> Whole | None:
        """A sale or purchase with its payments; None where there is none."""
        if has_no_id(name):
            raise UnknownShape(f"{SYSTEM} answered with a record without an id")
        client = self._client()
        try:
            if (sale := record_id(name, "sale")) is not None:
                return self._with_payments(client.sale(sale), client.payments_of_sale)
            if (purchase := record_id(name, "purchase")) is not None:
                return self._with_payments(client.purchase(purchase), client.payments_of_purchase)
        except NotFound:
            pass
        return None

    def _with_payments(self, record: Sale | Purchase, read: Callable[[str], list[Payment]]) -> Whole:
        asked = self._settings.payments.read and _may_have_payments(record)
        return Whole(record, read(folded(record.id)) if asked else [])

    def _records(self, wholes: Mapping[str, Whole]) -> dict[str, tuple[Record, Around] | ConnectorError]:
        """What documents of each record share; or why its party cannot be had."""
        if not wholes:
            return {}
        client = self._client()
        with shared_by_all():
            rules = {clean(rule.name): rule for rule in client.tax_rules()}
            known = {clean(location.name): location for location in client.locations()}
        locations = Locations(self._settings, known)
        around = Around(rules, locations, self._settings)
        sales = {name: one.record for name, one in wholes.items() if isinstance(one.record, Sale)}
        purchases = {name: one.record for name, one in wholes.items() if isinstance(one.record, Purchase)}
        customers = _parties(client.customer, [one.customer_id for one in sales.values()])
        suppliers = _parties(client.supplier, [one.supplier_id for one in purchases.values()])
        found: dict[str, tuple[Record, Around] | ConnectorError] = {}
        for name, sale in sales.items():
            party = customers.get(folded(sale.customer_id or ""))
            found[name] = (
                party if isinstance(party, ConnectorError) else (of_sale(sale, party, around), around)
            )
        for name, purchase in purchases.items():
            party = suppliers.get(folded(purchase.supplier_id or ""))
            found[name] = (
                party if isinstance(party, ConnectorError) else (of_purchase(purchase, party, around), around)
            )
        return found


def _parties(
    read: Callable[[str], PartyRecord | None], ids: Sequence[str | None]
) -> dict[str, PartyRecord | ConnectorError | None]:
    wanted = sorted({folded(id_) for id_ in ids if id_ and is_guid(folded(id_))})
    return dict(each_apart(read, wanted, CONCURRENCY))


def _may_have_payments(record: Sale | Purchase) -> bool:
    """Whether anything was paid: payments cost a call of their own."""
    if clean(record.combined_payment_status).lower() not in _NOTHING_PAID:
        return True
    ordered = [record.order, record.quote] if isinstance(record, Sale) else [record.order]
    invoices = record.invoices if isinstance(record, Sale) else record.invoice
    credit_notes = record.credit_notes if isinstance(record, Sale) else record.credit_note
    return (
        any(one.prepayments for one in ordered if one)
        or any(one.payments for one in invoices or ())
        or any(one.refunds for one in credit_notes or ())
    )


def _documents(
    name: str,
    wholes: Mapping[str, Whole | ConnectorError | None],
    records: Mapping[str, tuple[Record, Around] | ConnectorError],
) -> list[Reading]:
    """The readings of a record. Raises UnknownShape where it, or its party, cannot be read."""
    whole = wholes[name]
    found = records.get(name) if isinstance(whole, Whole) else whole
    if isinstance(found, UnknownShape):
        raise found
    if isinstance(found, ConnectorError):
        return [unavailable(name, found)]
    if not isinstance(whole, Whole) or not isinstance(found, tuple):
        return [gone(name)]
    record, around = found
    payer = Payer(
        record=record.name,
        title=record.order_number or record.name,
        direction=record.direction,
        party=record.party,
        problems=record.problems_of_party,
        currency=record.currency,
        base_currency=record.base_currency,
        documents=numbers_by_task(record),
        settings=record.settings,
    )
    readings = [*final_documents(record, around.tax_rules)]
    readings += [reading_of(payment, payer) for payment in whole.payments]
    return readings or [Reading(name, None, reason=NOTHING_FINAL)]
