"""Kinds of settings that several systems have: addresses, patterns, time zones, countries."""

from __future__ import annotations

import re
import unicodedata
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from mlconnector.model.unsuitable import Unsuitable


class Table(BaseModel):
    """A table of settings: no entry in it may be unknown, and none changes after it was read."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class CustomerKinds(Table):
    """Which labels of a choice in the source mean a business, and which a consumer."""

    business: frozenset[str] = frozenset()
    consumer: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def _one_meaning(self) -> CustomerKinds:
        both = sorted({_folded(each) for each in self.business} & {_folded(each) for each in self.consumer})
        if both:
            raise Unsuitable('"{given}" cannot mean both a business and a consumer', given=both[0])
        return self

    def is_business(self, label: str | None, otherwise: bool) -> bool | None:
        """What a label means, None for one that is not named; `otherwise` where there is none."""
        if not label:
            return otherwise
        if _folded(label) in {_folded(each) for each in self.business}:
            return True
        return False if _folded(label) in {_folded(each) for each in self.consumer} else None


def _folded(label: str) -> str:
    return " ".join(unicodedata.normalize("NFC", label).casefold().split())


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_safe(address: str) -> bool:
    """Whether nobody on the way can read what is sent there: HTTPS, or this very machine."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme == "https":
        return bool(host)
    return parts.scheme == "http" and is_loopback(host)


def safe_address(value: str) -> str:
    """An address that is safe, and says nothing but where. Raises Unsuitable."""
    if not is_safe(value) or urlsplit(value).query or urlsplit(value).fragment:
        raise Unsuitable(
            '"{given}" is not an https address, without ? and # (http only for this machine)', given=value
        )
    return value


def address(value: str, example: str) -> str:
    """An address of a host alone, without a slash at its end, that nobody on the way can read.

    Raises ValueError with what is wrong, and `example`.
    """
    if not value:
        raise Unsuitable("is still empty: write an address like {example}", example=example)
    parts = urlsplit(value)
    host = parts.hostname or ""
    if parts.scheme not in {"https", "http"} or not host or parts.path not in {"", "/"} or parts.query:
        raise Unsuitable(
            '"{given}" is not an address like {example} (no path after it)', given=value, example=example
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise Unsuitable(
            '"{given}" would send credentials unencrypted; write https://{host}', given=value, host=host
        )
    return value.rstrip("/")


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise Unsuitable('"{given}" is not a regular expression: {said}', given=value, said=error) from error
    return value


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Unsuitable('"{given}" is not a time zone like Europe/Berlin', given=value) from error
    return value


def _country(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", value):
        raise Unsuitable('"{given}" is not a country code of two capital letters, like DE', given=value)
    return value


Pattern = Annotated[str, AfterValidator(_pattern)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Country = Annotated[str, AfterValidator(_country)]
