"""The Dataverse Web API as far as a source needs it.

Facts: https://learn.microsoft.com/power-apps/developer/data-platform/webapi/overview and
https://learn.microsoft.com/power-apps/developer/data-platform/use-change-tracking-synchronize-data-external-systems.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import UUID

import httpx

from mlconnector.errors import Broken, NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.systems.dynamics.answers import CONCURRENCY, LinkElsewhere, NoDeltaLink, NoTracking
from mlconnector.systems.dynamics.settings import SYSTEM
from mlconnector.systems.dynamics.shapes import DateColumn
from mlconnector.systems.kit import json_answers
from mlconnector.systems.kit.http import Http
from mlconnector.systems.kit.json_answers import Raw, object_in, records_in
from mlconnector.systems.kit.paging import all_pages, at_once, chunks

Shape = TypeVar("Shape")

BASE = "/api/data/v9.2"
HEADERS = {"OData-MaxVersion": "4.0", "OData-Version": "4.0", "Accept": "application/json"}
PAGE = 500
IDS_AT_ONCE = 40
DELTA = "$deltatoken"
_SETS = {"transactioncurrency": "transactioncurrencies"}
_ANNOTATIONS = 'odata.include-annotations="*"'


@dataclass(frozen=True, slots=True)
class Tracked:
    """A page of a table's changes. `following` leads to the next, `delta`, on the last, to later changes.

    Both are links of this environment and table. Rows without `annotated` lack what Dataverse adds to values.
    """

    rows: tuple[Raw, ...]
    deleted: tuple[str, ...]
    following: str | None
    delta: str | None
    annotated: bool = True


class Client:
    """One environment; safe to share between threads. Every method raises the four errors."""

    def __init__(self, http: Http, environment: str) -> None:
        self._http = http
        self._home = httpx.URL(environment)

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def changes(self, table: str, select: Sequence[str], link: str | None, size: int = PAGE) -> Tracked:
        """A page of changes: from the beginning, or behind a link that an earlier page gave, verbatim.

        Beside annotations some versions leave the last link out, and a link may lead elsewhere once: then the
        page is asked for again, without annotations. Its rows are those of the answer that has the link, or a
        change in between would be lost. Raises NeedsHuman where that does not help.
        """
        for annotated in (True, False):
            page, elsewhere = self._changes(table, select, link, size, annotated=annotated)
            if page is not None:
                return page
        raise self._without_link(table, elsewhere)

    def is_ours(self, link: str, table: str, token: str = "") -> bool:
        """Whether a link leads to a table of this environment, with a token of this name.

        Another one would take the access token elsewhere.
        """
        try:
            url = httpx.URL(link)
        except httpx.InvalidURL:
            return False
        home = (self._home.scheme, self._home.host, self._home.port)
        is_there = (url.scheme, url.host, url.port) == home and url.path == f"{BASE}/{set_of(table)}"
        return is_there and (not token or token in url.params)

    def _changes(
        self, table: str, select: Sequence[str], link: str | None, size: int, *, annotated: bool
    ) -> tuple[Tracked | None, str]:
        """A page of changes, or None where it leads nowhere or, as the second says, elsewhere."""
        address = link or f"{BASE}/{set_of(table)}?$select={','.join(select)}"
        beside = f",{_ANNOTATIONS}" if annotated else ""
        content = self.get(address, f"odata.track-changes,odata.maxpagesize={size}{beside}")
        rows = _rows(content)
        following, delta = _link(content, "@odata.nextLink"), _link(content, "@odata.deltaLink")
        links = ((following, ""), (delta, DELTA))
        elsewhere = next((one for one, token in links if one and not self.is_ours(one, table, token)), "")
        if elsewhere or not (following or delta):
            return None, elsewhere
        gone = [row for row in rows if str(row.get("@odata.context", "")).endswith("/$deletedEntity")]
        page = Tracked(
            rows=tuple(row for row in rows if row not in gone) if gone else tuple(rows),
            deleted=tuple(str(row["id"]) for row in gone),
            following=following,
            delta=delta,
            annotated=annotated,
        )
        return page, ""

    def _without_link(self, table: str, elsewhere: str) -> NeedsHuman:
        """Why changes cannot be followed: the link leads elsewhere, tracking is off, or neither."""
        if elsewhere:
            link = elsewhere.partition("?")[0]
            facts = {"table": table, "address": self._address_of(table), "link": link}
            return LinkElsewhere(Problem("dynamics_link_elsewhere", facts, ("table",)))
        if not self.tracks(table):
            facts = {"table": table, "answer": "ChangeTrackingEnabled is not true"}
            return NoTracking(Problem("dynamics_tracking_off", facts, ("table",)))
        return self.no_delta_link(table)

    def no_delta_link(self, table: str) -> NoDeltaLink:
        """The last page of a table's changes has no link to later ones, in whatever way it is asked for."""
        facts = {"table": table, "address": self._address_of(table)}
        return NoDeltaLink(Problem("dynamics_delta_link_missing", facts, ("table",)))

    def _address_of(self, table: str) -> str:
        return str(self._home.join(f"{BASE}/{set_of(table)}"))

    def tracks(self, table: str) -> bool:
        """Whether the metadata says that change tracking is on for a table."""
        found = self.get(f"{definition(table)}?$select=LogicalName,ChangeTrackingEnabled")
        return found.get("ChangeTrackingEnabled") is True

    def by_ids(
        self, table: str, column: str, ids: Iterable[str], select: Sequence[str], also: str = ""
    ) -> list[Raw]:
        """The rows whose `column` is one of `ids`, as they came; ids that are none find nothing."""

        def some(chunk: Sequence[str]) -> list[Raw]:
            either = " or ".join(f"{column} eq {each}" for each in chunk)
            return list(self.rows(table, select, f"({either}) and {also}" if also else either))

        parts = list(chunks((each for each in ids if is_id(each)), IDS_AT_ONCE))
        return [row for rows in at_once(some, parts, CONCURRENCY) for row in rows]

    def rows(self, table: str, select: Sequence[str], where: str = "") -> Iterator[Raw]:
        """All rows of a table that match a filter."""
        only = f"&$filter={quote(where, safe=chr(39) + '(),')}" if where else ""
        first = f"{BASE}/{set_of(table)}?$select={','.join(select)}{only}"

        def page(link: str | None) -> tuple[list[Raw], str | None]:
            if link is not None and not self.is_ours(link, table):
                raise Broken(
                    f"{SYSTEM}: a link to the next page of {table} leads elsewhere: {link.partition('?')[0]}"
                )
            address = link or first
            content = self.get(address, f"odata.maxpagesize={PAGE},{_ANNOTATIONS}")
            return _rows(content), _link(content, "@odata.nextLink")

        return all_pages(page, f"{SYSTEM}: the pages of {table}")

    def date_behaviours(self, table: str) -> dict[str, str]:
        """The date columns of a table, each with its DateTimeBehavior."""
        kind = "Microsoft.Dynamics.CRM.DateTimeAttributeMetadata"
        content = self.get(f"{definition(table)}/Attributes/{kind}?$select=LogicalName,DateTimeBehavior")
        found = shaped(_rows(content), list[DateColumn])
        return {each.name: each.behaviour.value for each in found if each.behaviour is not None}

    def get(self, address: str, prefer: str = "") -> Raw:
        """The object at an address, with exact decimals."""
        headers = {"Prefer": prefer} if prefer else {}
        return _object(self._http.request("GET", address, headers=headers).content, address)

    def send(self, method: str, address: str, content: Raw | None = None) -> httpx.Response:
        """Change something, or call an action. What was written twice would be there twice: sent once."""
        return self._http.request(method, f"{BASE}/{address}", json=content, repeat=False)

    def action(self, name: str, content: Raw) -> Raw:
        """Call an action that changes nothing, so that it may be repeated."""
        address = f"{BASE}/{name}"
        return _object(self._http.request("POST", address, json=content).content, address)

    def object_up_to(self, address: str, limit: int) -> Raw | None:
        """The object at an address, or None when its JSON has more than `limit` bytes."""
        content = self._http.download(f"{BASE}/{address}", limit)
        return None if content is None else _object(content, address)

    def bytes_up_to(self, address: str, limit: int) -> bytes | None:
        """The bytes at an address, or None when there are more than `limit`."""
        return self._http.download(f"{BASE}/{address}", limit)


def definition(table: str) -> str:
    """The address of what the metadata says of a table."""
    return f"{BASE}/EntityDefinitions(LogicalName='{table}')"


def set_of(table: str) -> str:
    """What a table is called in addresses."""
    return _SETS.get(table, f"{table}s")


def is_id(text: str) -> bool:
    """Whether a text is the id of a record as Dataverse writes it."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def shaped(content: Any, shape: type[Shape]) -> Shape:
    """Records in the shapes that are read. Raises UnknownShape when Dataverse answers in others."""
    return json_answers.shaped(content, shape, SYSTEM)


def _object(content: bytes, address: str) -> Raw:
    return object_in(content, SYSTEM, address.partition("?")[0])


def _rows(content: Raw) -> list[Raw]:
    return records_in(content.get("value"), SYSTEM)


def _link(content: Raw, name: str) -> str | None:
    link = content.get(name)
    return str(link) if link else None
