"""Addresses: where messages may go, and what is needed for that; every other kind of address is refused.

A place is given as fields (`FIELDS`), not as an address of the library that sends: that could name files of
this machine, and services that nobody has looked at.
Facts: https://learn.microsoft.com/power-automate/ip-address-configuration (hosts of workflows),
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (form of the address).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlsplit

from mlconnector.errors import NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.systems.kit.setting_types import is_loopback

Kind = Literal["mail", "webhook", "teams", "slack"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Field:
    """Something that has to be given, or may be."""

    name: str
    is_needed: bool = True


FIELDS: Mapping[Kind, tuple[Field, ...]] = {
    "mail": (
        Field("to"),
        Field("sender"),
        Field("server"),
        Field("user", is_needed=False),
        Field("password", is_needed=False),
    ),
    "webhook": (Field("address"),),
    "teams": (Field("address"),),
    "slack": (Field("address"),),
}

LONGEST = 2000
_MAIL = re.compile(r"[\w.!#$%&'*+/=?^{|}~-]{1,64}@(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_SUBMISSION, _TLS_AT_ONCE = 587, 465
_MICROSOFT = re.compile(
    r"[a-z0-9.-]+\.(logic\.azure\.(com|us|cn)"
    r"|api(\.[a-z0-9-]+)?\.powerplatform(\.microsoft)?\.(com|us|cn|partner\.microsoftonline\.cn))"
)
_WORKFLOW = re.compile(
    r"(?P<direct>/powerautomate/automations/direct(/cu/(?P<route>[0-9]+))?)?"
    r"/workflows/(?P<id>[A-Za-z0-9_-]+)/triggers/manual/paths/invoke/?"
)
_SIGNATURE, _VERSION = re.compile(r"[A-Za-z0-9_-]+"), re.compile(r"[0-9A-Za-z-]*")
_SLACK_PATH = re.compile(r"/services/([A-Z0-9]+)/([A-Z0-9]+)/([A-Za-z0-9]+)/?")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mailbox, and the server that takes mail for it; `security` is `ssl`, `starttls` or `insecure`."""

    to: str
    sender: str
    host: str
    port: int
    security: str
    user: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that takes JSON. `host` and `path` are as they stand in an address."""

    is_encrypted: bool
    host: str
    port: int | None
    path: str
    query: tuple[tuple[str, str], ...] = ()
    user: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Teams:
    """A workflow of Power Automate that posts into a channel or chat of Microsoft Teams."""

    host: str
    port: int | None
    workflow: str
    signature: str
    version: str | None
    is_direct: bool
    route: str | None


@dataclass(frozen=True, slots=True)
class Slack:
    """An incoming webhook of Slack."""

    parts: tuple[str, str, str]
    is_government: bool


Address = Mail | Webhook | Teams | Slack


def address_of(kind: Kind, given: Mapping[str, str]) -> Address:
    """What the fields of a place say. Raises NeedsHuman (`notify_field_unusable`), without repeating them."""
    values = {one.name: given.get(one.name, "").strip() for one in FIELDS[kind]}
    for one in FIELDS[kind]:
        value = values[one.name]
        if (one.is_needed and not value) or len(value) > LONGEST or not value.isprintable():
            raise _unusable(kind, one.name)
    match kind:
        case "mail":
            return _mail(values)
        case "webhook":
            return _webhook(values["address"])
        case "teams":
            return _teams(values["address"])
        case "slack":
            return _slack(values["address"])


def masked(address: Address) -> str:
    """Where messages go, as far as it may be shown to people."""
    match address:
        case Mail():
            name, _, domain = address.to.rpartition("@")
            return f"{name[:1]}…@{domain}"
        case Webhook() | Teams():
            return f"{address.host}/…"
        case Slack():
            return "hooks.slack.com/…"


def _mail(values: Mapping[str, str]) -> Mail:
    for name in ("to", "sender"):
        if not _MAIL.fullmatch(values[name]):
            raise _unusable("mail", name)
    if bool(values["user"]) != bool(values["password"]):
        raise _unusable("mail", "password" if values["user"] else "user")
    for name in ("user", "password"):
        # Python's own client for mail cannot send others.
        if not values[name].isascii():
            raise _unusable("mail", name)
    host, separator, number = values["server"].partition(":")
    port = _SUBMISSION if not separator else _port(number)
    if not _HOST.fullmatch(host) or port is None:
        raise _unusable("mail", "server")
    # Who relays on this machine needs no encryption; everywhere else a password would be read on the way.
    unencrypted = is_loopback(host) and port != _TLS_AT_ONCE
    security = "insecure" if unencrypted else "ssl" if port == _TLS_AT_ONCE else "starttls"
    return Mail(values["to"], values["sender"], host, port, security, values["user"], values["password"])


def _webhook(value: str) -> Webhook:
    parts, host, port = _parts("webhook", value, {"https", "http"})
    if parts.scheme == "http" and not is_loopback(host):
        raise _unusable("webhook", "address")
    try:
        query = tuple(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        raise _unusable("webhook", "address") from None
    shown = f"[{host}]" if ":" in host else host
    user, password = parts.username or "", parts.password or ""
    return Webhook(parts.scheme == "https", shown, port, parts.path or "/", query, user, password)


def _teams(value: str) -> Teams:
    parts, host, port = _parts("teams", value, {"https"})
    path, query = _WORKFLOW.fullmatch(parts.path), parse_qs(parts.query)
    signature, version = query.get("sig", [""])[0], query.get("api-version", [""])[0]
    is_signed = _SIGNATURE.fullmatch(signature) and _VERSION.fullmatch(version)
    if not _MICROSOFT.fullmatch(host) or path is None or not is_signed or parts.username:
        raise _unusable("teams", "address")
    is_direct = path["direct"] is not None
    return Teams(host, port, path["id"], signature, version or None, is_direct, path["route"])


def _slack(value: str) -> Slack:
    parts, host, port = _parts("slack", value, {"https"})
    path = _SLACK_PATH.fullmatch(parts.path)
    is_there = host in {"hooks.slack.com", "hooks.slack-gov.com"} and port in {None, 443}
    if path is None or not is_there or parts.query or parts.username:
        raise _unusable("slack", "address")
    return Slack((path[1], path[2], path[3]), host == "hooks.slack-gov.com")


def _parts(kind: Kind, value: str, schemes: set[str]) -> tuple[SplitResult, str, int | None]:
    """An address with its host and port. Raises NeedsHuman where it is none, or of another scheme."""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _unusable(kind, "address") from None
    is_host = _HOST.fullmatch(host) or (":" in host and is_loopback(host))
    if parts.scheme not in schemes or not is_host or parts.fragment or " " in value:
        raise _unusable(kind, "address")
    return parts, host, port


def _port(number: str) -> int | None:
    return int(number) if number.isdecimal() and len(number) < 6 and 0 < int(number) < 65536 else None


def _unusable(kind: Kind, field: str) -> NeedsHuman:
    return NeedsHuman(
        Problem("notify_field_unusable", {"notify_kind": kind, "notify_field": f"{kind}_{field}"})
    )
