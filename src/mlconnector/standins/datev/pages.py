"""Pages of lists: `skip`, `top`, `Total-Items` and the relative `Link`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import quote

from mlconnector.standins.datev.answers import problem

MOST = 100
_Item = TypeVar("_Item")


def page(items: Sequence[_Item], query: Mapping[str, str]) -> tuple[Sequence[_Item], dict[str, str]]:
    """The asked-for items and the paging headers; a `top` above 100 is taken as 100."""
    skip, top = _number(query, "skip", 0, 0), min(_number(query, "top", MOST, 1), MOST)
    headers = {"Total-Items": str(len(items))}
    kept = f"filter={quote(query['filter'])}&" if "filter" in query else ""
    links = []
    if skip > 0:
        links.append(f'<?{kept}skip={max(skip - top, 0)}&top={top}>;rel="prev"')
    if skip + top < len(items):
        links.append(f'<?{kept}skip={skip + top}&top={top}>;rel="next"')
    if links:
        headers["Link"] = ", ".join(links)
    return items[skip : skip + top], headers


def _number(query: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or int(text) < least:
        raise problem(
            400,
            "Invalid query parameters",
            number=1008828,
            detail="Paging parameters are invalid",
            elements=[(name, "Must be a positive integer")],
        )
    return int(text)
