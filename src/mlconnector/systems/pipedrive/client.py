"""Pipedrive's endpoints as far as a source needs them: API v2, and v1 for files and the user.

Facts: the OpenAPI descriptions v1 and v2 of https://developers.pipedrive.com/docs/api.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

from mlconnector.systems.kit import json_answers
from mlconnector.systems.kit.http import Http
from mlconnector.systems.kit.json_answers import Raw, object_in, records_in
from mlconnector.systems.kit.paging import all_pages, chunks
from mlconnector.systems.kit.shapes import shared_by_all
from mlconnector.systems.pipedrive.settings import SYSTEM
from mlconnector.systems.pipedrive.shapes import (
    Deal,
    DealProduct,
    Discount,
    Entity,
    FieldMetadata,
    File,
    Instalment,
    Me,
    Organization,
    Person,
    Pipeline,
    Product,
)

Shape = TypeVar("Shape")

STATUSES = "won,open,lost,deleted"
PAGE = 500
IDS_AT_ONCE = 100
# Digits of a whole number of 64 bits.
_LONGEST_ID = 18
_FILES_PAGE = 100
_COUNTS = "files_count,products_count"


class ApiToken(httpx.Auth):
    """Sends the API token of a user, and only to Pipedrive itself."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Yield the request with the token in its header; in the address it would end up in logs."""
        request.headers["x-api-token"] = self._token
        yield request


class Client:
    """Typed answers of one account; safe to share between threads. Every method raises the four errors."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def changed_deals(
        self, *, archived: bool, statuses: str, since: datetime | None, cursor: str | None
    ) -> tuple[list[Raw], str | None]:
        """One page of deals by time of change, as they came, and the cursor of the next page.

        Deals that were archived are in a list of their own, and in no other.
        """
        query: dict[str, Any] = {
            "status": statuses,
            "sort_by": "update_time",
            "sort_direction": "asc",
            "limit": PAGE,
            "include_fields": _COUNTS,
        }
        if since is not None:
            query["updated_since"] = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        if cursor is not None:
            query["cursor"] = cursor
        content = self._get(f"/api/v2/deals{'/archived' if archived else ''}", query)
        return _list(content), _next_cursor(content)

    def deals(self, ids: Iterable[int]) -> list[Raw]:
        """These deals as they came, also archived and deleted ones, without those that cannot be seen."""
        found: dict[int, Raw] = {}
        wanted = sorted(set(ids))
        query = {"status": STATUSES, "include_fields": _COUNTS}
        for path in ("/api/v2/deals", "/api/v2/deals/archived"):
            missing = [id_ for id_ in wanted if id_ not in found]
            found |= {deal["id"]: deal for deal in self._by_ids(path, "ids", missing, query)}
        return list(found.values())

    def deal_products(self, deal_ids: Iterable[int]) -> list[DealProduct]:
        """The lines of these deals, disabled ones too, in the order of their deal's list."""
        raw = self._by_ids("/api/v2/deals/products", "deal_ids", deal_ids, {"sort_by": "id"})
        lines = shaped(list(raw), list[DealProduct])
        return sorted(lines, key=lambda line: (line.deal_id, line.order_nr or 0, line.id))

    def discounts(self, deal_id: int) -> list[Discount]:
        """The discounts on a deal as a whole."""
        return shaped(_list(self._get(f"/api/v2/deals/{deal_id}/discounts", {})), list[Discount])

    def instalments(self, deal_ids: Iterable[int]) -> list[Instalment]:
        """The instalments of these deals; Forbidden where the plan of the account has none."""
        found: list[Raw] = []
        for some in chunks(deal_ids, IDS_AT_ONCE):
            # Unlike all other lists of ids, this one is described as a repeated parameter.
            found += self._pages("/api/v2/deals/installments", {"deal_ids": some, "limit": PAGE})
        return shaped(found, list[Instalment])

    def organizations(self, ids: Iterable[int]) -> dict[int, Organization]:
        """These organisations by id, without those that cannot be seen."""
        raw = self._by_ids("/api/v2/organizations", "ids", ids, {})
        return {each.id: each for each in shaped(list(raw), list[Organization])}

    def persons(self, ids: Iterable[int]) -> dict[int, Person]:
        """These persons by id, without those that cannot be seen."""
        raw = self._by_ids("/api/v2/persons", "ids", ids, {})
        return {each.id: each for each in shaped(list(raw), list[Person])}

    def products(self, ids: Iterable[int]) -> dict[int, Product]:
        """These products by id, without those that were deleted."""
        raw = self._by_ids("/api/v2/products", "ids", ids, {})
        return {each.id: each for each in shaped(list(raw), list[Product])}

    @shared_by_all()
    def pipelines(self) -> list[Pipeline]:
        """All pipelines."""
        return shaped(list(self._pages("/api/v2/pipelines", {"limit": PAGE})), list[Pipeline])

    @shared_by_all()
    def fields(self, entity: Entity) -> list[FieldMetadata]:
        """The metadata of all fields of deals or organisations."""
        path = "/api/v2/dealFields" if entity == "deal" else "/api/v2/organizationFields"
        return shaped(list(self._pages(path, {"limit": PAGE})), list[FieldMetadata])

    @shared_by_all()
    def product_fields(self) -> list[FieldMetadata]:
        """The metadata of all fields of products."""
        return shaped(list(self._pages("/api/v2/productFields", {"limit": PAGE})), list[FieldMetadata])

    def files(self, deal_id: int) -> list[File]:
        """The files of a deal, in the order of their ids."""

        def page(start: int | None) -> tuple[list[Raw], int | None]:
            query = {"start": start or 0, "limit": _FILES_PAGE, "sort": "id"}
            content = self._get(f"/api/v1/deals/{deal_id}/files", query)
            return _list(content), _next_start(content, start or 0)

        return shaped(list(all_pages(page, f"{SYSTEM}: the pages of a deal's files")), list[File])

    def file_content(self, file_id: str, limit: int) -> bytes | None:
        """The bytes of a file, or None when there are more than `limit`."""
        return self._http.download(f"/api/v1/files/{file_id}/download", limit)

    def me(self) -> Me:
        """The user whose credentials are used."""
        return shaped(self._get("/api/v1/users/me", {}).get("data"), Me)

    def any_deal(self) -> list[Raw]:
        """One deal, if there is any: whether deals can be read."""
        return _list(self._get("/api/v2/deals", {"status": "won", "limit": 1}))

    def _by_ids(self, path: str, name: str, ids: Iterable[int], query: Raw) -> Iterator[Raw]:
        for some in chunks(ids, IDS_AT_ONCE):
            listed = ",".join(str(id_) for id_ in some)
            yield from self._pages(path, {**query, name: listed, "limit": PAGE})

    def _pages(self, path: str, query: Raw) -> Iterator[Raw]:
        def page(cursor: str | None) -> tuple[list[Raw], str | None]:
            content = self._get(path, query if cursor is None else {**query, "cursor": cursor})
            return _list(content), _next_cursor(content)

        return all_pages(page, f"{SYSTEM}: the pages of {path}")

    def _get(self, path: str, query: Raw) -> Raw:
        return object_in(self._http.request("GET", path, params=query).content, SYSTEM, path)


def shaped(content: Any, shape: type[Shape]) -> Shape:
    """Records in the shapes that are read. Raises UnknownShape when Pipedrive answers in others."""
    return json_answers.shaped(content, shape, SYSTEM)


def is_id(text: str) -> bool:
    """Whether a text is the id of a record as Pipedrive numbers them."""
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID


def deal_of(raw: Raw) -> Deal:
    """A deal as it came, in the shape that is read. Raises UnknownShape."""
    return shaped(raw, Deal)


def _list(content: Raw) -> list[Raw]:
    """The records of an answer; none is written as null."""
    data = content.get("data")
    return [] if data is None else records_in(data, SYSTEM)


def _next_cursor(content: Raw) -> str | None:
    cursor = (content.get("additional_data") or {}).get("next_cursor")
    return str(cursor) if cursor else None


def _next_start(content: Raw, start: int) -> int | None:
    """The description has the page's data at the top of `additional_data`, the answers under `pagination`."""
    data = content.get("additional_data") or {}
    page = data.get("pagination") or data
    if not page.get("more_items_in_collection"):
        return None
    return shaped(page.get("next_start", start + _FILES_PAGE), int)
