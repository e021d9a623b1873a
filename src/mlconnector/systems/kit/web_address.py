"""Addresses of records in the web interface of their system, for people to open."""

from __future__ import annotations

from urllib.parse import quote, urlencode, urlsplit


def web_address(base: str, *path: str, **query: str) -> str:
    """An address below `base`, whatever characters an id has; empty where `base` is no address of the web."""
    parts = urlsplit(base)
    if parts.scheme not in {"https", "http"} or not parts.netloc:
        return ""
    below = "/".join(quote(one, safe="") for one in path)
    asked = f"?{urlencode(query)}" if query else ""
    return f"{base.rstrip('/')}/{below}{asked}"
