"""API v2: deals with what belongs to them, parties, products, fields, pipelines, stages.

Parameters are those of the official description, without the `include_fields` of organisations,
persons and fields. What is not described: a deleted deal or product is still found by its id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from mlconnector.standins.pipedrive.account import Account
from mlconnector.standins.pipedrive.answers import not_found
from mlconnector.standins.pipedrive.endpoint import Api, Handler
from mlconnector.standins.pipedrive.fields import Entity
from mlconnector.standins.pipedrive.query import Query, path_id
from mlconnector.standins.pipedrive.records import Deal, Field
from mlconnector.standins.pipedrive.shown import shown
from mlconnector.standins.pipedrive.table import Order, Table
from mlconnector.standins.pipedrive.times import rfc3339

_TIMES = ("id", "update_time", "add_time")
_LINE_ORDERS = ("id", "add_time", "update_time", "order_nr")
_STATUSES = frozenset({"open", "won", "lost", "deleted"})
_DELETED_FOR = 30 * 86_400


@dataclass(frozen=True)
class _Listing:
    """A list of a kind of party or product."""

    entity: Entity
    table: Table[Any]
    sort_fields: tuple[str, ...] = _TIMES
    filters: tuple[str, ...] = ("owner_id",)
    until: bool = True
    labels: bool = True


class V2:
    """The handlers of `/api/v2`."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def routes(self) -> list[Api]:
        """All endpoints with their costs; fixed paths before those with an id."""
        account = self.account
        organizations = _Listing("organization", account.organizations)
        persons = _Listing("person", account.persons, filters=("owner_id", "org_id"))
        products = _Listing(
            "product", account.products, ("id", "name", *_TIMES[1:]), until=False, labels=False
        )
        rows: list[tuple[str, int, str, Handler]] = [
            ("/deals", 10, "deals:read", self._deals(archived=False)),
            ("/deals/archived", 20, "deals:read", self._deals(archived=True)),
            ("/deals/products", 10, "deals:read", self.lines_of_deals),
            ("/deals/installments", 10, "deals:read", self.instalments),
            ("/deals/{id}", 1, "deals:read", self.deal),
            ("/deals/{id}/products", 10, "deals:read", self.lines),
            ("/deals/{id}/discounts", 10, "deals:read", self.discounts),
            ("/organizations", 10, "contacts:read", self._list(organizations)),
            ("/organizations/{id}", 1, "contacts:read", self._one(organizations)),
            ("/persons", 10, "contacts:read", self._list(persons)),
            ("/persons/{id}", 1, "contacts:read", self._one(persons)),
            ("/products", 10, "products:read", self._list(products)),
            ("/products/{id}", 1, "products:read", self._one(products)),
            ("/pipelines", 5, "deals:read", self.pipelines),
            ("/pipelines/{id}", 1, "deals:read", self.pipeline),
            ("/stages", 5, "deals:read", self.stages),
            ("/stages/{id}", 1, "deals:read", self.stage),
        ]
        scopes: dict[Entity, str] = {
            "deal": "deals:read",
            "organization": "contacts:read",
            "person": "contacts:read",
            "product": "products:read",
        }
        for entity, scope in scopes.items():
            rows.append((f"/{entity}Fields", 10, scope, self._fields(entity)))
            rows.append((f"/{entity}Fields/{{code}}", 1, scope, self._field(entity)))
        return [Api("GET", path, cost, scope, handler) for path, cost, scope, handler in rows]

    async def deal(self, request: Request) -> Any:
        """One deal, whatever its status, archived or not."""
        query = Query(request.query_params)
        show = shown(self.account, "deal", query)
        query.finish()
        return _body(show(self._deal_of(request)))

    async def lines(self, request: Request) -> Any:
        """A page of the lines of one deal."""
        query = Query(request.query_params)
        order = query.order(_LINE_ORDERS)
        query.finish()
        return _page(Table(self.account.lines[self._deal_of(request).id]), order)

    async def lines_of_deals(self, request: Request) -> Any:
        """A page of the lines of up to a hundred deals."""
        return self._of_deals(request, self.account.lines, (*_LINE_ORDERS, "deal_id"))

    async def discounts(self, request: Request) -> Any:
        """All discounts of one deal; this list has no pages."""
        Query(request.query_params).finish()
        return _body(self.account.discounts.get(self._deal_of(request).id, []))

    async def instalments(self, request: Request) -> Any:
        """A page of the instalments of up to a hundred deals."""
        return self._of_deals(request, self.account.instalments, ("id", "billing_date", "deal_id"))

    async def pipelines(self, request: Request) -> Any:
        """A page of the pipelines."""
        query = Query(request.query_params)
        order = query.order(_TIMES)
        query.finish()
        return _page(self.account.pipelines, order)

    async def pipeline(self, request: Request) -> Any:
        """One pipeline."""
        return _body(_found(self.account.pipelines.get(_only_id(request))))

    async def stages(self, request: Request) -> Any:
        """A page of the stages, of one pipeline or of all."""
        query = Query(request.query_params)
        order, pipeline_id = query.order((*_TIMES, "order_nr")), query.integer("pipeline_id")
        query.finish()
        return _page(self.account.stages, order, lambda stage: pipeline_id in (None, stage.pipeline_id))

    async def stage(self, request: Request) -> Any:
        """One stage."""
        return _body(_found(self.account.stages.get(_only_id(request))))

    def _deals(self, *, archived: bool) -> Handler:
        async def deals(request: Request) -> Any:
            query = Query(request.query_params)
            query.filter_id()
            show = shown(self.account, "deal", query, labels=not archived)
            since, ids, order = query.instant("updated_since"), query.ids("ids"), query.order(_TIMES)
            keep = self._deal_filter(query, since, archived=archived)
            query.finish()
            return _page(self.account.deals, order, keep, ids, since, show)

        return deals

    def _deal_filter(self, query: Query, since: str | None, *, archived: bool) -> Callable[[Deal], bool]:
        statuses = query.choices("status", _STATUSES)
        until = query.instant("updated_until")
        equal = _equal(query, ("owner_id", "person_id", "org_id", "pipeline_id", "stage_id"))
        forgotten = rfc3339(self.account.clock() - _DELETED_FOR)

        def keep(deal: Deal) -> bool:
            return (
                deal.is_archived == archived
                and (deal.status in statuses if statuses else not deal.is_deleted)
                and (not deal.is_deleted or deal.update_time >= forgotten)
                and _in_time(deal.update_time, since, until)
                and all(getattr(deal, name) == value for name, value in equal)
            )

        return keep

    def _list(self, listing: _Listing) -> Handler:
        async def records(request: Request) -> Any:
            query = Query(request.query_params)
            query.filter_id()
            show = shown(self.account, listing.entity, query, labels=listing.labels)
            since, ids, order = (
                query.instant("updated_since"),
                query.ids("ids"),
                query.order(listing.sort_fields),
            )
            until = query.instant("updated_until") if listing.until else None
            equal = _equal(query, listing.filters)
            chosen = self._person_of_deal(query) if listing.entity == "person" else None
            query.finish()

            def keep(record: Any) -> bool:
                return (
                    not record.is_deleted
                    and _in_time(record.update_time, since, until)
                    and all(getattr(record, name) == value for name, value in equal)
                    and (chosen is None or record.id in chosen)
                )

            return _page(listing.table, order, keep, ids, since, show)

        return records

    def _one(self, listing: _Listing) -> Handler:
        async def record(request: Request) -> Any:
            query = Query(request.query_params)
            labels = listing.labels
            show = shown(self.account, listing.entity, query, labels=labels)
            query.finish()
            return _body(show(_found(listing.table.get(path_id(request.path_params["id"])))))

        return record

    def _fields(self, entity: Entity) -> Handler:
        async def fields(request: Request) -> Any:
            query = Query(request.query_params)
            order = query.order(("field_code",))
            query.finish()
            return _page(Table(self.account.fields[entity], "field_code"), order)

        return fields

    def _field(self, entity: Entity) -> Handler:
        async def field(request: Request) -> Any:
            Query(request.query_params).finish()
            code = request.path_params["code"]
            found: Field | None = next((f for f in self.account.fields[entity] if f.field_code == code), None)
            return _body(_found(found))

        return field

    def _of_deals(
        self, request: Request, belongings: dict[int, list[Any]], sort_fields: tuple[str, ...]
    ) -> Any:
        query = Query(request.query_params)
        deal_ids, order = query.ids("deal_ids", required=True) or [], query.order(sort_fields)
        query.finish()
        known = (deal_id for deal_id in dict.fromkeys(deal_ids) if self.account.deals.get(deal_id))
        return _page(Table(part for deal_id in known for part in belongings.get(deal_id, [])), order)

    def _deal_of(self, request: Request) -> Deal:
        deal: Deal = _found(self.account.deals.get(path_id(request.path_params["id"])))
        return deal

    def _person_of_deal(self, query: Query) -> set[int | None] | None:
        deal_id = query.integer("deal_id")
        if deal_id is None:
            return None
        deal = self.account.deals.get(deal_id)
        return {deal.person_id} if deal else set()


def _equal(query: Query, names: tuple[str, ...]) -> list[tuple[str, int]]:
    values = ((name, query.integer(name)) for name in names)
    return [(name, value) for name, value in values if value is not None]


def _in_time(update_time: str, since: str | None, until: str | None) -> bool:
    """Whether a time is from `since` on (inclusive) and before `until`."""
    return (since is None or update_time >= since) and (until is None or update_time < until)


def _only_id(request: Request) -> int:
    Query(request.query_params).finish()
    return path_id(request.path_params["id"])


def _found(record: Any) -> Any:
    if record is None:
        raise not_found()
    return record


def _body(data: Any) -> dict[str, Any]:
    return {"success": True, "data": data}


def _page(
    table: Table[Any],
    order: Order,
    keep: Callable[[Any], bool] = lambda _: True,
    ids: Iterable[int] | None = None,
    since: str | None = None,
    show: Callable[[Any], Any] = lambda record: record,
) -> dict[str, Any]:
    records, cursor = table.page(order, keep, ids, since)
    return _body([show(record) for record in records]) | {"additional_data": {"next_cursor": cursor}}
