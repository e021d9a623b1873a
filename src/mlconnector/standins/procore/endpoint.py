"""What an endpoint is given, what it may look at, and what it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from mlconnector.standins.procore.access import Access
from mlconnector.standins.procore.answers import not_found, refusal
from mlconnector.standins.procore.listing import Listing, Page, page
from mlconnector.standins.procore.query import Query
from mlconnector.standins.procore.records import File, Row, Table


@dataclass
class Asked:
    """One request: its place, its parameters and its body; `base_url` is our own address for who asks."""

    access: Access
    query: Query
    path: dict[str, str]
    base_url: str
    address: str
    page_cap: int | None = None
    body: Any = None

    def number(self, name: str) -> int:
        """An id of the path; raises Refusal where it is none."""
        if not self.path[name].isdigit():
            raise not_found()
        return int(self.path[name])

    def company(self) -> int:
        """The company of path or query; raises Refusal where it is not the connected one."""
        named = self.number("company_id") if "company_id" in self.path else self.query.required("company_id")
        self.access.check_company(named)
        return named

    def project(self) -> Row:
        """The project of path or query; raises Refusal where it cannot be seen."""
        named = self.number("project_id") if "project_id" in self.path else self.query.required("project_id")
        return self.access.project(named)

    def record(self, table: Table, name: str = "id") -> Row:
        """The record of the path; raises Refusal where there is none."""
        found = table.get(self.number(name))
        if found is None:
            raise not_found()
        return found

    def page(self, rows: Sequence[Row], listing: Listing) -> Page:
        """The page of a list that was asked for."""
        return page(listing.filtered(rows, self.query), listing, self.query, self.address, self.page_cap)

    def view(self, allowed: tuple[str, ...]) -> str:
        """The view that was asked for; the first where nothing was said."""
        return self.query.one_of("view", allowed) or allowed[0]

    def given(self, name: str) -> Row:
        """An object of the body; raises Refusal where it is not there."""
        if not isinstance(self.body, dict) or not isinstance(self.body.get(name), dict):
            raise refusal(400, f"param is missing or the value is empty: {name}")
        found: Row = self.body[name]
        return found

    def attachments(self, files: Sequence[File]) -> list[Row]:
        """Attachments with addresses on our own host, which want a token and lead elsewhere."""
        return [
            {
                "id": file.id,
                "url": f"{self.base_url}/rest/v1.0/attachments/{file.id}",
                "filename": file.name,
            }
            for file in files
        ]


class Api(NamedTuple):
    """A row of a route table; the handler gives the body, a `Page` or an answer, and raises Refusal."""

    method: str
    path: str
    handler: Callable[[Asked], Any]
