"""Checks of single settings, beyond what their types say; each raises Unsuitable with what is possible."""

from __future__ import annotations

from ipaddress import ip_network

from pydantic import SecretStr

from mlconnector.model.unsuitable import Unsuitable
from mlconnector.texts.zone import zone_named

_SHORTEST_TOKEN = 16
_FEWEST_CHARACTERS = 6
_DATABASES = frozenset({"sqlite", "postgresql", "postgres", "postgresql+psycopg"})


def zone(value: str) -> str:
    """The name of a time zone."""
    if zone_named(value) is None:
        raise Unsuitable("“{given}” is not a time zone like Europe/Berlin", given=value)
    return value


def database_address(value: SecretStr | None) -> SecretStr | None:
    """The address of a database of a kind that can be used."""
    if value is None:
        return None
    # Who names no database must not wait until the library for them is loaded.
    from sqlalchemy import make_url  # noqa: PLC0415
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        kind = make_url(value.get_secret_value()).drivername
    except (ArgumentError, ValueError):
        kind = ""
    if kind not in _DATABASES:
        raise Unsuitable("expected sqlite:////path/file or postgresql://user:password@host/name")
    return value


def hard_to_guess(value: SecretStr | None) -> SecretStr | None:
    """A token that nobody guesses."""
    token = "" if value is None else value.get_secret_value()
    has_enough = len(token) >= _SHORTEST_TOKEN and len(set(token)) >= _FEWEST_CHARACTERS
    if token and (not has_enough or not token.isprintable() or " " in token):
        raise Unsuitable(
            "expected at least {characters} characters that nobody guesses, without blanks, e.g. from "
            "openssl rand -hex 32",
            characters=_SHORTEST_TOKEN,
        )
    return value


def addresses(value: str) -> str:
    """Addresses or networks with commas between them."""
    for one in filter(None, (part.strip() for part in value.split(","))):
        try:
            ip_network(one)
        except ValueError:
            template = "expected addresses or networks, e.g. 10.0.0.2, not {given}"
            raise Unsuitable(template, given=one) from None
    return value
