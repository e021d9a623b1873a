"""Clients, documents, accounts and vouchers as rows of their tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from mlconnector.flow.context.settings import ConnectionSettings
from mlconnector.mapping.charts import seeded_accounts, tax_cases
from mlconnector.model.voucher_facts import VoucherFacts
from mlconnector.store.accounts import GivenNumber
from mlconnector.store.chart_accounts import ChartAccount
from mlconnector.store.loads import FiledDocument
from mlconnector.store.vouchers import VoucherRow
from mlconnector.systems.transfers import ClientFacts
from mlconnector.systems.warehouse import Row

_EURO = "EUR"


def client_row(settings: ConnectionSettings, facts: ClientFacts | None, entity: str) -> Row:
    """A client as the settings know it, and as the sink said it where it was asked."""
    consultant, _, number = settings.client.partition("-")
    books = settings.rules.books
    years = facts.fiscal_years if facts is not None else None
    services = (
        facts.services
        if facts is not None and facts.services
        else settings.sink_system.services(settings.sink)
    )
    return {
        "client_id": settings.client,
        "entity_id": entity,
        "consultant_number": consultant,
        "client_number": number,
        "name": facts.name or None if facts is not None else None,
        "chart": books.chart,
        "account_length": years[-1].account_length if years else books.account_length,
        "fiscal_year_start": years[-1].first if years else None,
        "currency": _EURO,
        "services": ", ".join(sorted(services)) or None,
        "document_types": ", ".join(sorted(one.name for one in facts.document_types)) or None
        if facts
        else None,
    }


def document_rows(
    found: Iterable[tuple[FiledDocument, VoucherFacts]], entities: Mapping[str, str]
) -> Iterator[Row]:
    """Documents with what people know their vouchers by."""
    for one, facts in found:
        yield {
            "document_id": one.guid,
            "client_id": one.client,
            "entity_id": entities.get(one.client, one.client),
            "connection": one.connection,
            "voucher_id": one.voucher,
            "external_id": one.attachment or None,
            "kind": one.kind,
            "document_number": one.number,
            "document_date": one.document_date,
            "party_name": facts.customer or None,
            "file_name": one.file_name,
            "media_type": one.media_type,
            "size_bytes": one.size,
            "sha256": one.sha256,
            "status": one.state,
            "changed_at": one.changed_at,
        }


def account_rows(
    settings: ConnectionSettings,
    chart: Mapping[str, ChartAccount],
    persons: Mapping[str, GivenNumber],
    entity: str,
) -> Iterator[Row]:
    """Accounts of a client: its own chart, our proposals where that has none, and the numbers of persons."""
    where = {"client_id": settings.client, "entity_id": entity}
    books = settings.rules.books
    for number, seed in seeded_accounts(books.chart, books.account_length).items():
        if number not in chart:
            yield {
                **where,
                "account": number,
                "name": seed.name,
                "kind": "ledger",
                "function": seed.function,
                "tax_case": seed.tax_case or None,
                "origin": "seed",
            }
    for number, own in chart.items():
        yield {
            **where,
            "account": number,
            "name": own.name or None,
            "kind": "ledger",
            "function": own.function or None,
            "tax_case": own.tax_case or None,
            "account_kind": _kind_of(own),
            "origin": "chart",
        }
    for number, person in persons.items():
        yield {
            **where,
            "account": number,
            "name": person.name or None,
            "kind": "debtor" if person.ledger == "receivable" else "creditor",
            "vat_id": person.vat_id or None,
            "origin": person.origin,
        }


def _kind_of(own: ChartAccount) -> str | None:
    """What the client's own chart says an account is, as far as views ask for it."""
    if own.function == "tax":
        return "tax"
    case = tax_cases().get(own.tax_case)
    return case.direction if case is not None else None


def voucher_rows(
    settings: ConnectionSettings,
    found: Iterable[tuple[VoucherRow, VoucherFacts]],
    entity: str,
    waits_for: Mapping[str, Collection[str]],
) -> Iterator[Row]:
    """Vouchers with what became of them. `waits_for` has the causes of those that wait, by our key."""
    for row, facts in found:
        yield {
            "voucher_id": row.id,
            "client_id": settings.client,
            "entity_id": entity,
            "connection": row.connection,
            "source": settings.source_system.name,
            "kind": row.kind,
            "external_id": row.external_id,
            "document_number": row.number,
            "document_date": row.document_date,
            "party_name": facts.customer or None,
            "gross_amount": facts.amount,
            "currency": facts.currency or None,
            "status": row.state,
            "reason": row.reason or ", ".join(sorted(waits_for.get(row.id, ()))) or None,
            "revision": row.revision,
            "booked_revision": row.booked_revision,
        }
