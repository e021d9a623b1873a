"""Lists in pages: every page names the next one in a `Link` header that is relative to the list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx

from mlconnector.errors import Broken
from mlconnector.systems.datev.answers import objects_in
from mlconnector.systems.kit.http import Http

MOST = 100
"""Items on one page; DATEV sends no more, whatever is asked for."""

_MOST_PAGES = 1000
_NEXT = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?')


def pages(http: Http, path: str) -> Iterator[list[dict[str, Any]]]:
    """The pages of the list at `path`; the caller stops where it has seen enough.

    Only the query of a link is followed, so that no answer can send requests anywhere else. Raises one of
    the four errors; Broken when the pages go round in circles.
    """
    query = httpx.QueryParams(skip=0, top=MOST)
    seen: set[str] = set()
    while str(query) not in seen and len(seen) < _MOST_PAGES:
        seen.add(str(query))
        answer = http.request("GET", path, params=query)
        yield objects_in(answer)
        link = _NEXT.search(answer.headers.get("Link", ""))
        if link is None:
            return
        query = httpx.URL(link[1]).params
    raise Broken(f"DATEV's pages of {path} have no end: after {len(seen)} of them the next one is {query}")
