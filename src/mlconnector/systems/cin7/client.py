"""Cin7 Core's endpoints as far as a source needs them; every call is taken from the limit of the key first.

Facts: the API description of version 2 (https://dearinventory.docs.apiary.io). Names of parameters are
checked by nobody there: one that Cin7 does not know is ignored without a word, so they are written down once,
here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

import msgspec

from mlconnector.errors import Broken
from mlconnector.systems.cin7.answers import Answers
from mlconnector.systems.cin7.names import NO_ID, SYSTEM, folded, is_guid
from mlconnector.systems.cin7.shapes import (
    Account,
    Attachment,
    LocationRecord,
    Me,
    PartyRecord,
    Payment,
    Purchase,
    Registration,
    Sale,
    TaxRule,
)
from mlconnector.systems.kit import json_answers
from mlconnector.systems.kit.cursors import mark
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.http import Http
from mlconnector.systems.kit.json_answers import Raw, records_in
from mlconnector.systems.kit.paging import all_pages

Shape = TypeVar("Shape")
Listing = Literal["sales", "credit_notes", "purchases", "purchase_credit_notes"]

PATH = "/ExternalApi/v2"
PAGE = 100
LARGEST_PAGE = 1000
# Of each listing: its path, under which name its rows come, and what they call their id and time of change.
_LISTINGS: Mapping[Listing, tuple[str, str, str, str]] = {
    "sales": ("saleList", "SaleList", "SaleID", "Updated"),
    "credit_notes": ("saleCreditNoteList", "SaleList", "SaleID", "Updated"),
    "purchases": ("purchaseList", "PurchaseList", "ID", "LastUpdatedDate"),
    "purchase_credit_notes": ("purchaseCreditNoteList", "PurchaseList", "ID", "LastUpdatedDate"),
}
_WHOLE_SALE = {
    "CombineAdditionalCharges": "false",
    "HideInventoryMovements": "true",
    "IncludeTransactions": "false",
    "CountryFormat": "Code2",
}


class Row(msgspec.Struct, frozen=True):
    """A row of a listing: which record changed, when, and what it says of money."""

    id: str
    changed_at: str
    raw: Raw


class Rows(msgspec.Struct, frozen=True):
    """A page of rows, and how many there are on all pages."""

    rows: tuple[Row, ...]
    total: int


class Client:
    """Typed answers of one account; safe to share between threads. Every method raises the four errors."""

    def __init__(self, http: Http, answers: Answers) -> None:
        self._http = http
        self._answers = answers

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def me(self) -> Me:
        """The company that the key belongs to."""
        return self._shaped(self._get("me"), Me)

    def rows(
        self,
        listing: Listing,
        page: int,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = PAGE,
    ) -> Rows:
        """A page of a listing, of what changed from `since` to `until`, both included."""
        path, rows, id_, changed = _LISTINGS[listing]
        query: dict[str, str] = {"Page": str(page), "Limit": str(limit)}
        if since is not None:
            query["UpdatedSince"] = _moment(since)
        if until is not None:
            query["UpdatedUntil"] = _moment(until)
        found = self._object(path, query)
        total = found.get("Total")
        if not isinstance(total, int) or rows not in found:
            raise Broken(f"{SYSTEM} answered {path} without Total or {rows}")
        listed = records_in(found[rows], SYSTEM)
        return Rows(
            tuple(Row(_id(raw.get(id_), raw), str(raw.get(changed) or ""), raw) for raw in listed), total
        )

    def sale(self, id_: str) -> Sale:
        """A sale with all that it holds. Raises NotFound."""
        return self._shaped(self._object("sale", {"ID": id_, **_WHOLE_SALE}), Sale)

    def purchase(self, id_: str) -> Purchase:
        """A purchase of any type with all that it holds. Raises NotFound."""
        query = {"ID": id_, "CombineAdditionalCharges": "false"}
        return self._shaped(self._object("advanced-purchase", query), Purchase)

    def payments_of_sale(self, id_: str) -> list[Payment]:
        """The payments, refunds and prepayments of a sale."""
        return self._shaped(self._get("sale/payment", {"SaleID": id_}), list[Payment])

    def payments_of_purchase(self, id_: str) -> list[Payment]:
        """The payments, refunds and prepayments of a purchase."""
        return self._shaped(self._get("advanced-purchase/payment", {"PurchaseID": id_}), list[Payment])

    def customer(self, id_: str) -> PartyRecord | None:
        """A customer, also one that is no longer in use."""
        return self._party("customer", "CustomerList", id_)

    def supplier(self, id_: str) -> PartyRecord | None:
        """A supplier, also one that is no longer in use."""
        return self._party("supplier", "SupplierList", id_)

    def tax_rules(self) -> list[TaxRule]:
        """All tax rules, inactive ones too."""
        return self._all("ref/tax", "TaxRuleList", TaxRule)

    def accounts(self) -> list[Account]:
        """The company's chart of accounts in Cin7."""
        return self._all("ref/account", "AccountsList", Account)

    def locations(self) -> list[LocationRecord]:
        """All locations."""
        return self._all("ref/location", "LocationList", LocationRecord)

    def attachments(self, kind: str, id_: str) -> list[Attachment]:
        """The files at a sale or purchase, with addresses that are good for a while."""
        path, name = (
            ("purchase/attachment", "TaskID") if kind == "purchase" else ("sale/attachment", "SaleID")
        )
        found = self._object(path, {name: id_})
        return self._shaped(found.get("Lines") or found.get("Attachments") or [], list[Attachment])

    def file(self, address: str, limit: int) -> bytes | None:
        """The bytes behind the address of a file; None where it has more than `limit`. Raises NotFound.

        The key is sent to Cin7's own host alone.
        """
        return self._http.download(address, limit)

    def registrations(self) -> list[Registration]:
        """The webhooks that are set up. Raises NeedsHuman where the subscription has none."""
        found = self._object("webhooks", {})
        return self._shaped(found.get("Webhooks") or [], list[Registration])

    def change_registration(self, method: Literal["POST", "PUT"], body: Raw) -> None:
        """Set a webhook up, or change one."""
        self._http.request(method, f"{PATH}/webhooks", json=body, repeat=method == "PUT")

    def end_registration(self, id_: str) -> None:
        """Remove a webhook."""
        self._http.request("DELETE", f"{PATH}/webhooks", params={"ID": id_})

    def _party(self, path: str, rows: str, id_: str) -> PartyRecord | None:
        query = {"ID": id_, "IncludeDeprecated": "true", "Page": "1", "Limit": "1"}
        listed = records_in(self._object(path, query).get(rows), SYSTEM)
        # A parameter that Cin7 did not know would be ignored, and anybody would come first.
        own = [raw for raw in listed if folded(str(raw.get("ID"))) == folded(id_)]
        return self._shaped(own[0], PartyRecord) if own else None

    def _all(self, path: str, rows: str, shape: type[Shape]) -> list[Shape]:
        def read(page: int | None) -> tuple[list[Raw], int | None]:
            number = page or 1
            found = self._object(path, {"Page": str(number), "Limit": str(LARGEST_PAGE)})
            listed, total = records_in(found.get(rows), SYSTEM), found.get("Total")
            more = isinstance(total, int) and listed and number * LARGEST_PAGE < total
            return listed, number + 1 if more else None

        raw: Iterator[Raw] = all_pages(read, f"{SYSTEM}: the pages of {path}")
        return self._shaped(list(raw), list[shape])  # type: ignore[valid-type]  # a list of what is asked for

    def _object(self, path: str, query: Mapping[str, str]) -> Raw:
        found = self._get(path, query)
        if not isinstance(found, dict):
            raise Broken(f"{SYSTEM} answered {path} with something else than an object")
        return found

    def _get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        answer = self._http.request("GET", f"{PATH}/{path}", params=dict(query or {}))
        return self._answers.content(answer, path)

    def _shaped(self, content: object, shape: type[Shape]) -> Shape:
        return json_answers.shaped(content, shape, SYSTEM)


def _id(found: object, raw: Raw) -> str:
    """The id of a row; one that cannot be read gets a name that no record has, and is held under it."""
    if isinstance(found, str) and is_guid(folded(found)):
        return folded(found)
    return f"{NO_ID}{clean(str(raw.get('OrderNumber') or ''))[:40] or mark(str(raw))}"


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
