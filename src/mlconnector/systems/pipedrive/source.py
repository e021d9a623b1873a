"""The connected account: changes, vouchers in sets, files, webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from mlconnector.errors import Broken, ConnectorError
from mlconnector.systems.kit.bearer import BearerAuth
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.systems.kit.invoice_files import downloaded
from mlconnector.systems.kit.on_demand import OnDemand
from mlconnector.systems.kit.paging import each_apart, grouped
from mlconnector.systems.pipedrive import webhooks
from mlconnector.systems.pipedrive.answers import CONCURRENCY, Forbidden, NotFound, Pace
from mlconnector.systems.pipedrive.catalogue import Catalogue
from mlconnector.systems.pipedrive.changes import changed, cursor_from, goes_on
from mlconnector.systems.pipedrive.client import ApiToken, Client, deal_of, is_id
from mlconnector.systems.pipedrive.lines import may_have_discounts
from mlconnector.systems.pipedrive.ping import Ping
from mlconnector.systems.pipedrive.settings import LOGIN_ADDRESS_KEY, SYSTEM, Settings
from mlconnector.systems.pipedrive.shapes import Deal, Instalment, Product
from mlconnector.systems.pipedrive.vouchers import Belongings, Surroundings, final, withdrawn
from mlconnector.systems.readings import in_order, unavailable
from mlconnector.systems.source import Delivery, Hint, Page, Reading, Reference, SourceContext
from mlconnector.systems.unreadable import read_apart

Result = TypeVar("Result")

"""Under which the host of the account is remembered that a login told."""


class PipedriveSource:
    """A Pipedrive account as a source; safe to share between threads."""

    def __init__(self, context: SourceContext) -> None:
        self._context = context
        self._settings: Settings = context.settings
        self._client = OnDemand(self._connected)
        self._catalogue = Catalogue(
            context.memory, self._settings.fields, lambda entity: self._client().fields(entity)
        )
        self._products: dict[int, Product] = {}
        self._categories: dict[str, str] | None = None
        self._pipelines: dict[int, str] = {}
        self._has_instalments = True

    def check(self) -> Iterator[CheckStep]:
        """Does it work, step by step, and who can fix what does not."""
        return Ping(self._client, self._catalogue, self._context).steps()

    def changes(self, since: str | None, position: str | None) -> Page:
        """One page of deals changed since the cursor `since` (None: all won deals)."""
        return changed(self._client(), since, position, self._context.now)

    def cursor_from(self, moment: datetime | None) -> str:
        """The cursor of a pass that reads again what changed since a moment, or everything."""
        return cursor_from(moment)

    def goes_on(self, cursor: str) -> bool:
        """Whether a pass goes on from a cursor; it is a moment, so Pipedrive need not be asked."""
        return goes_on(cursor, self._context.now())

    def fetch(self, references: Sequence[Reference]) -> list[Reading]:
        """The vouchers of these deals; a reading for every reference, in their order."""
        return read_apart(references, self._readings)

    def _readings(self, references: Sequence[Reference]) -> list[Reading]:
        deals = self._deals(references)
        won = {deal.id: deal for deal in deals if deal.is_won}
        answers = self._belongings(won)
        belongings = {id_: own for id_, own in answers.items() if isinstance(own, Belongings)}
        missed = {str(id_): own for id_, own in answers.items() if isinstance(own, ConnectorError)}
        around = self._surroundings(deals, belongings)
        known, settings = around.known, self._settings
        return in_order(
            references,
            {str(id_): final(won[id_], own, around, settings) for id_, own in belongings.items()},
            {str(deal.id): withdrawn(deal, settings, known) for deal in deals if not deal.is_won},
            {id_: unavailable(id_, error) for id_, error in missed.items()},
        )

    def download(self, attachment_id: str, limit: int) -> bytes:
        """The bytes of a file; raises NeedsHuman when it has more than `limit` bytes, none, or is gone."""
        client = self._client()
        return downloaded(attachment_id, limit, lambda: client.file_content(attachment_id, limit), NotFound)

    def verify(self, delivery: Delivery) -> Hint:
        """Check a webhook delivery on its raw body, or raise Refused or Malformed; touches no network."""
        webhooks.verify(delivery, self._settings.webhook, self._context.secrets)
        return webhooks.understood(delivery.body)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _connected(self) -> Client:
        return _connected(self._context)

    def _deals(self, references: Sequence[Reference]) -> list[Deal]:
        """The deals of the references that can be seen."""
        missing = [
            int(each.external_id) for each in references if each.content is None and is_id(each.external_id)
        ]
        read = self._client().deals(missing) if missing else []
        return [deal_of(raw) for raw in (*(each.content for each in references if each.content), *read)]

    def _belongings(self, won: dict[int, Deal]) -> dict[int, Belongings | ConnectorError]:
        """What belongs to each deal, or why that cannot be had; deals that vanished are left out."""
        client = self._client()
        with_products = (id_ for id_, deal in won.items() if deal.products_count != 0)
        products = grouped(client.deal_products(with_products), lambda line: line.deal_id)
        instalments = self._instalments(won)
        discounted = [id_ for id_, deal in won.items() if may_have_discounts(deal, products.get(id_, []))]
        with_files = [id_ for id_, deal in won.items() if deal.files_count != 0]
        discounts = each_apart(_unless_gone(client.discounts), discounted, CONCURRENCY)
        files = each_apart(_unless_gone(client.files), with_files, CONCURRENCY)
        found: dict[int, Belongings | ConnectorError] = {}
        for id_ in won:
            off, attached = discounts.get(id_, []), files.get(id_, [])
            if isinstance(off, ConnectorError):
                found[id_] = off
            elif isinstance(attached, ConnectorError):
                found[id_] = attached
            elif off is not None and attached is not None:
                found[id_] = Belongings(products.get(id_, ()), off, instalments.get(id_, ()), attached)
        return found

    def _instalments(self, won: Iterable[int]) -> dict[int, list[Instalment]]:
        if self._has_instalments:
            try:
                return grouped(self._client().instalments(won), lambda each: each.deal_id)
            except Forbidden:
                # Smaller plans have no instalments, and say so by refusing the question.
                self._has_instalments = False
        return {}

    def _surroundings(self, deals: Sequence[Deal], belongings: dict[int, Belongings]) -> Surroundings:
        client = self._client()
        won = [deal for deal in deals if deal.is_won]
        organizations = client.organizations({deal.org_id for deal in won if deal.org_id is not None})
        persons = client.persons(
            {deal.person_id for deal in won if deal.org_id is None and deal.person_id is not None}
        )
        known = self._catalogue.covering(
            [
                *(("deal", deal.custom_fields) for deal in deals),
                *(("organization", each.custom_fields) for each in organizations.values()),
            ]
        )
        lines = [line for each in belongings.values() for line in each.products]
        return Surroundings(
            known=known,
            organizations=organizations,
            persons=persons,
            products=self._catalogue_products(
                {line.product_id for line in lines if line.product_id is not None}
            ),
            categories=self._category_labels(),
            pipelines=self._pipeline_names(
                {deal.pipeline_id for deal in won if deal.pipeline_id is not None}
            ),
        )

    def _catalogue_products(self, ids: set[int]) -> dict[int, Product]:
        unread = ids - self._products.keys()
        if unread:
            self._products |= self._client().products(unread)
        return self._products

    def _category_labels(self) -> dict[str, str]:
        """Labels of product categories by option id, read when a product's category is one."""
        if self._categories is None and any(_is_option(each) for each in self._products.values()):
            field = next(
                (each for each in self._client().product_fields() if each.field_code == "category"), None
            )
            self._categories = {
                str(option.id): option.label for option in (field.options if field else None) or ()
            }
        return self._categories or {}

    def _pipeline_names(self, ids: set[int]) -> dict[int, str]:
        if not ids <= self._pipelines.keys():
            self._pipelines |= {each.id: each.name for each in self._client().pipelines()}
        return self._pipelines


def _is_option(product: Product) -> bool:
    return isinstance(product.category, int) or (product.category or "").isdigit()


def _unless_gone(read: Callable[[int], Result]) -> Callable[[int], Result | None]:
    """Reads something of a deal; None where the deal is no longer there."""

    def reading(deal_id: int) -> Result | None:
        try:
            return read(deal_id)
        except NotFound:
            return None

    return reading


def test_credentials(context: SourceContext) -> None:
    """Ask whose API token it is. Raises one of the four errors."""
    client = _connected(context)
    try:
        client.me()
    finally:
        client.close()


def _connected(context: SourceContext) -> Client:
    """The client, made when it is needed: with OAuth only a login tells the address of the account."""
    settings: Settings = context.settings
    pace = Pace(context.now)
    oauth = settings.auth == "oauth"
    http = context.http(
        SYSTEM,
        settings.base_url or _address_of_login(context),
        explain=pace.explain,
        auth=BearerAuth(context.tokens) if oauth else ApiToken(context.secrets["api_token"]),
        after_answer=pace.after_answer,
    )
    return Client(http)


def _address_of_login(context: SourceContext) -> str:
    address = context.tokens.current().extra.get("api_domain")
    if not isinstance(address, str) or not address:
        raise Broken("pipedrive's login did not tell api_domain; set base_url")
    if context.memory.recall(LOGIN_ADDRESS_KEY) != address:
        context.memory.remember(LOGIN_ADDRESS_KEY, address)
    return address
