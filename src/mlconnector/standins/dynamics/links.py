"""Links to further pages, in the writing of Dataverse: a cookie in XML, percent-encoded more than once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from mlconnector.standins.dynamics.answers import error

_COOKIE = re.compile(r'<cookie pagenumber="(\d+)" pagingcookie="([^"]*)" istracking="(True|False)" />')


def page_link(
    address: str, parameters: Mapping[str, str], number: int, position: Any, *, tracking: bool = False
) -> str:
    """The link to the page `number`, which begins at `position` (any JSON value)."""
    inner = quote(quote(json.dumps(position), safe=""), safe="")
    cookie = f'<cookie pagenumber="{number}" pagingcookie="{inner}" istracking="{tracking}" />'
    return address_with(address, {**_without_token(parameters), "$skiptoken": cookie})


def address_with(address: str, parameters: Mapping[str, str]) -> str:
    """An address with its query; names of system options keep their dollar sign."""
    written = "&".join(f"{name}={quote(value, safe='(),;/=@')}" for name, value in parameters.items())
    return f"{address}?{written}" if written else address


def read_page_token(text: str) -> tuple[int, Any, bool]:
    """Page number, position, and whether it belongs to change tracking; Refusal when we never gave it out."""
    match = _COOKIE.fullmatch(text)
    if match is None:
        raise error(400, "0x80060888", "Malformed XML in the Paging Cookie")
    try:
        position = json.loads(unquote(unquote(match[2])))
    except ValueError as problem:
        raise error(400, "0x80060888", "Malformed XML in the Paging Cookie") from problem
    return int(match[1]), position, match[3] == "True"


def _without_token(parameters: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if name not in ("$skiptoken", "$deltatoken")}
