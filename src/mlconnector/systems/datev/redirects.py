"""Which addresses DATEV lets a login return to; it blocks apps that do not keep to these rules.

For production: HTTPS, a host with a public name that does not contain the word DATEV, no localhost, no IP
address, no wildcard. For the sandbox `http://localhost` may be used besides.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from mlconnector.systems.datev.settings import ADDRESSES, DatevSettings

Objection = Literal["not_https", "not_public", "names_datev", "has_wildcard", "has_fragment", "has_no_host"]


def redirect_objection(settings: DatevSettings, address: str) -> Objection | None:
    """What is wrong with the address for the environment of `settings`; None where nothing is.

    Where discovery is not at DATEV's own address, e.g. at a stand-in, there is nothing to object to.
    """
    if settings.discovery_url != ADDRESSES[settings.environment]["discovery_url"]:
        return None
    parts = urlsplit(address)
    host = (parts.hostname or "").casefold()
    if not host:
        return "has_no_host"
    if "*" in address:
        return "has_wildcard"
    if parts.fragment:
        return "has_fragment"
    if settings.environment == "sandbox" and parts.scheme == "http" and host == "localhost":
        return None
    if parts.scheme != "https":
        return "not_https"
    if host == "localhost" or "." not in host or _is_number(host):
        return "not_public"
    return "names_datev" if "datev" in host else None


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
