"""Where a login may return to: DATEV blocks apps that do not keep to its rules."""

from __future__ import annotations

import pytest

from mlconnector.systems.datev.redirects import redirect_objection
from mlconnector.systems.datev.settings import DatevSettings

SANDBOX = {"environment": "sandbox"}


def objection(address: str, **given: str) -> str | None:
    settings = DatevSettings.model_validate({"client": "29098-55003", "client_id": "app", **given})
    return redirect_objection(settings, address)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://connector.example.com/oauth/callback", None),
        ("https://connector.example.com:8443/datev/oauth/callback", None),
        ("http://connector.example.com/oauth/callback", "not_https"),
        ("http://localhost:8080/oauth/callback", "not_https"),
        ("https://localhost/oauth/callback", "not_public"),
        ("https://connector/oauth/callback", "not_public"),
        ("https://203.0.113.7/oauth/callback", "not_public"),
        ("https://[2001:db8::1]/oauth/callback", "not_public"),
        ("https://my-DATEV.example.com/oauth/callback", "names_datev"),
        ("https://*.example.com/oauth/callback", "has_wildcard"),
        ("https://connector.example.com/oauth/callback#top", "has_fragment"),
        ("connector://oauth/callback", "not_https"),
        ("/oauth/callback", "has_no_host"),
    ],
)
def test_production_wants_a_public_https_address_without_the_word_datev(
    address: str, expected: str | None
) -> None:
    assert objection(address) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://localhost:8080/oauth/callback", None),
        ("http://127.0.0.1:8080/oauth/callback", "not_https"),
        ("https://connector.example.com/oauth/callback", None),
        ("https://datev.example.com/oauth/callback", "names_datev"),
    ],
)
def test_the_sandbox_takes_localhost_too(address: str, expected: str | None) -> None:
    assert objection(address, **SANDBOX) == expected


def test_a_stand_in_has_nothing_to_object_to() -> None:
    url = "http://127.0.0.1:9/openid/.well-known/openid-configuration"
    assert objection("http://localhost:8080/oauth/callback", discovery_url=url) is None
