"""The connected environment: changes, vouchers in sets, files, webhooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from mlconnector.systems.dynamics import changes, files, ping, webhooks
from mlconnector.systems.dynamics.answers import Forbidden, NoDeltaLink, explain
from mlconnector.systems.dynamics.changes import INVOICES, LINES, Followed, changed, followed
from mlconnector.systems.dynamics.client import HEADERS, Client, shaped
from mlconnector.systems.dynamics.login import entra_tokens
from mlconnector.systems.dynamics.settings import CUSTOMERS, SYSTEM, Settings
from mlconnector.systems.dynamics.shapes import (
    Account,
    Contact,
    Currency,
    Detail,
    Invoice,
    Note,
    Order,
    Organization,
    Product,
    Row,
)
from mlconnector.systems.dynamics.vouchers import (
    Belongings,
    Surroundings,
    customer_alone,
    final,
    is_final,
    withdrawn,
)
from mlconnector.systems.kit.bearer import BearerAuth
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.systems.kit.json_answers import Raw
from mlconnector.systems.kit.on_demand import OnDemand
from mlconnector.systems.kit.paging import grouped, values
from mlconnector.systems.readings import in_order
from mlconnector.systems.source import Delivery, Hint, Page, Reading, Reference, SourceContext
from mlconnector.systems.unreadable import read_apart

ORGANIZATION_KEY = "organization"
_SHAPES: Mapping[str, type[Row]] = {
    INVOICES: Invoice,
    LINES: Detail,
    "account": Account,
    "contact": Contact,
    "product": Product,
    "salesorder": Order,
    "transactioncurrency": Currency,
    "organization": Organization,
    "annotation": Note,
}


def selection(table: str, settings: Settings) -> tuple[str, ...]:
    """The columns of a table that are asked for: those always read, and those that are configured."""
    more = files.columns(settings.documents) if table == INVOICES else ()
    return tuple(dict.fromkeys((*_SHAPES[table].columns(), *settings.columns.of(table), *more)))


class DynamicsSource:
    """A Dynamics 365 Sales environment as a source; safe to share between threads."""

    def __init__(self, context: SourceContext) -> None:
        self._context = context
        self._settings: Settings = context.settings
        self._tokens = entra_tokens(context)
        self._client = OnDemand(self._connected)
        self._organization: Organization | None = None
        self._currencies: dict[str, str] = {}
        self._products: dict[str, Raw] = {}
        self._behaviours: dict[str, dict[str, str] | None] = {}

    def check(self) -> Iterator[CheckStep]:
        """Does it work, step by step, and who can fix what does not."""
        return ping.steps(self._client, self._tokens, self._context, self._select)

    def changes(self, since: str | None, position: str | None) -> Page:
        """One page of invoices changed since the cursor `since` (None: all final invoices).

        Customers follow them where the settings want it, at first all of them.
        """
        memory = self._context.memory
        try:
            page = changed(self._client(), self._followed(), self._is_final, since, position)
        except NoDeltaLink as error:
            memory.remember(ping.WITHOUT_LINK, error.problem.facts["table"])
            raise
        if page.position is None and memory.recall(ping.WITHOUT_LINK):
            memory.remember(ping.WITHOUT_LINK, None)
        return page

    def cursor_from(self, moment: datetime | None) -> str:
        """The cursor of a pass that reads again what changed since a moment, or everything."""
        return changes.cursor_from(moment)

    def goes_on(self, cursor: str) -> bool:
        """Whether a pass goes on from a cursor: Dataverse is asked whether it still knows the links."""
        return changes.goes_on(self._client(), self._followed(), cursor)

    def _followed(self) -> tuple[Followed, ...]:
        return followed(self._select, self._settings.followed_customers)

    def fetch(self, references: Sequence[Reference]) -> list[Reading]:
        """The vouchers of invoices and the parties of customers; a reading for each, in the order given."""
        return read_apart(references, self._readings)

    def _readings(self, references: Sequence[Reference]) -> list[Reading]:
        tables = self._settings.followed_customers
        contents = {each.external_id: each.content for each in references}
        customers = {id_: row for id_, row in contents.items() if id_.partition("/")[0] in tables}
        invoices = {id_: row for id_, row in contents.items() if id_ not in customers}
        return in_order(references, self._customers(customers), self._invoices(invoices) if invoices else {})

    def _customers(self, contents: Mapping[str, Raw | None]) -> dict[str, Reading]:
        rows: dict[str, Raw] = {}
        for table in CUSTOMERS:
            prefix = f"{table}/"
            named = {id_.removeprefix(prefix): row for id_, row in contents.items() if id_.startswith(prefix)}
            rows |= {f"{prefix}{id_}": raw for id_, raw in self._rows(table, named).items()}
        return {id_: customer_alone(id_, raw, self._settings) for id_, raw in rows.items()}

    def _invoices(self, contents: Mapping[str, Raw | None]) -> dict[str, Reading]:
        settings = self._settings
        rows = self._rows(INVOICES, contents)
        issued = {id_: raw for id_, raw in rows.items() if self._is_final(raw)}
        details = self._details(issued)
        notes = self._notes(issued)
        around = self._surroundings(rows, issued, details)
        return {
            id_: final(raw, Belongings(details.get(id_, ()), notes.get(id_, ())), around, settings)
            if id_ in issued
            else withdrawn(raw, around, settings)
            for id_, raw in rows.items()
        }

    def download(self, attachment_id: str, limit: int) -> bytes:
        """The bytes of a file; raises NeedsHuman when it has more than `limit` bytes, none, or is gone."""
        return files.fetched(self._client(), attachment_id, limit)

    def verify(self, delivery: Delivery) -> Hint:
        """Check a webhook delivery on its raw body, or raise Refused or Malformed; touches no network."""
        webhooks.verify(delivery, self._settings.webhook, self._context.secrets)
        organization = self._context.memory.recall(ORGANIZATION_KEY)
        return webhooks.understood(delivery.body, organization, self._settings.followed_customers)

    def close(self) -> None:
        """Let go of connections."""
        self._tokens.close()
        self._client.close()

    def _connected(self) -> Client:
        environment = self._settings.environment
        http = self._context.http(
            SYSTEM, environment, explain=explain, auth=BearerAuth(self._tokens), headers=HEADERS
        )
        return Client(http, environment)

    def _select(self, table: str) -> tuple[str, ...]:
        return selection(table, self._settings)

    def _is_final(self, raw: Raw) -> bool:
        state, status = raw.get("statecode"), raw.get("statuscode")
        if type(state) is not int or type(status) is not int:
            # Whether it is final cannot be told; so it is read, and held with what is wrong with it.
            return True
        return is_final(state, status, self._settings.final)

    def _rows(self, table: str, contents: Mapping[str, Raw | None]) -> dict[str, Raw]:
        """The rows that can be seen of these ids: as they came, or read now."""
        found = {id_: content for id_, content in contents.items() if content is not None}
        missing = contents.keys() - found.keys()
        key = f"{table}id"
        read = self._client().by_ids(table, key, missing, self._select(table))
        return {**found, **{str(raw[key]): raw for raw in read}}

    def _details(self, ids: Iterable[str]) -> dict[str, list[Raw]]:
        rows = self._client().by_ids(LINES, "_invoiceid_value", ids, self._select(LINES))
        return grouped(rows, lambda row: str(row["_invoiceid_value"]))

    def _notes(self, ids: Iterable[str]) -> dict[str, list[Note]]:
        if "note" not in self._settings.documents.sources:
            return {}
        rows = self._client().by_ids(
            "annotation", "_objectid_value", ids, self._select("annotation"), "isdocument eq true"
        )
        notes = grouped(rows, lambda row: str(row["_objectid_value"]))
        return {id_: sorted((shaped(raw, Note) for raw in some), key=_by_id) for id_, some in notes.items()}

    def _surroundings(
        self, rows: Mapping[str, Raw], issued: Mapping[str, Raw], details: Mapping[str, Sequence[Raw]]
    ) -> Surroundings:
        organization = self._own_organization()
        used = {organization.base_currency, *values(rows.values(), "_transactioncurrencyid_value")}
        self._read_currencies({each for each in used if each})
        invoices = [shaped(raw, Invoice) for raw in issued.values()]
        customers: dict[str, Raw] = {}
        for table in CUSTOMERS:
            ids = {each.customer for each in invoices if each.customer and each.customer_table == table}
            found = self._client().by_ids(table, f"{table}id", ids, self._select(table))
            customers |= {f"{table}/{raw[f'{table}id']}": raw for raw in found}
        orders = self._client().by_ids(
            "salesorder",
            "salesorderid",
            {each.order for each in invoices if each.order},
            self._select("salesorder"),
        )
        self._read_products(values((raw for some in details.values() for raw in some), "_productid_value"))
        return Surroundings(
            base=self._currencies.get(organization.base_currency or "", ""),
            currencies=self._currencies,
            customers=customers,
            products=self._products,
            orders={str(raw["salesorderid"]): str(raw.get("ordernumber") or "") for raw in orders},
            behaviours=self._date_behaviours(),
        )

    def _date_behaviours(self) -> dict[str, dict[str, str]]:
        """The behaviours of date columns by table, without tables whose metadata may not be read."""
        for table in {column.partition(".")[0] for column in self._settings.columns.days}:
            if table not in self._behaviours:
                try:
                    self._behaviours[table] = self._client().date_behaviours(table)
                except Forbidden:
                    self._behaviours[table] = None
        return {table: known for table, known in self._behaviours.items() if known is not None}

    def _own_organization(self) -> Organization:
        if self._organization is None:
            self._organization = ping.own_organization(self._client(), self._select("organization"))
            self._context.memory.remember(ORGANIZATION_KEY, self._organization.organizationid)
        return self._organization

    def _read_currencies(self, ids: set[str]) -> None:
        unread = ids - self._currencies.keys()
        rows = self._client().by_ids(
            "transactioncurrency", "transactioncurrencyid", unread, self._select("transactioncurrency")
        )
        found = [shaped(raw, Currency) for raw in rows]
        self._currencies |= {each.transactioncurrencyid: each.isocurrencycode for each in found}

    def _read_products(self, ids: set[str]) -> None:
        unread = ids - self._products.keys()
        rows = self._client().by_ids("product", "productid", unread, self._select("product"))
        self._products |= {str(raw["productid"]): raw for raw in rows}


def _by_id(note: Note) -> str:
    return note.annotationid
