from __future__ import annotations

import tomllib
from typing import Any

import pytest
from pydantic import ValidationError

from mlconnector.standins.base import Clock
from mlconnector.systems.pipedrive import describe_source, oauth_model
from mlconnector.systems.pipedrive.settings import Settings, secret_names
from tests.conformance.context import FakeTime, Outside

TABLE: dict[str, Any] = {
    "auth": "api_token",
    "base_url": "https://firma.pipedrive.com/",
    "fields": {"invoice_number": "Rechnungsnummer"},
}
OAUTH: dict[str, Any] = {"auth": "oauth", "client_id": "abc", "fields": TABLE["fields"]}


def complaint(**values: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({**TABLE, **values})
    return str(caught.value)


def test_the_template_needs_nothing_but_the_address() -> None:
    table = tomllib.loads(describe_source().template)["source"]
    del table["system"]
    assert Settings.model_validate({**table, "base_url": "https://firma.pipedrive.com"}).auth == "api_token"


def test_an_address_that_was_not_filled_in_is_refused_with_an_example() -> None:
    table = tomllib.loads(describe_source().template)["source"]
    del table["system"]
    with pytest.raises(ValidationError, match="is still empty: write an address"):
        Settings.model_validate(table)


def test_an_address_that_was_left_empty_is_none_where_the_login_brings_it_along() -> None:
    assert Settings.model_validate({**OAUTH, "base_url": ""}).base_url is None


def test_everything_that_is_commented_out_in_the_template_is_understood() -> None:
    text = describe_source().template.replace('base_url = ""', 'base_url = "https://firma.pipedrive.com"')
    uncommented = "\n".join(
        line.removeprefix("# ") if " = " in line or line.startswith("# [") else line
        for line in text.splitlines()
    )
    first, _, relay = uncommented.rpartition("[source.webhook]")
    for candidate in (
        first,
        first.replace('mode = "basic"', "").rpartition("[source.webhook]")[0] + "[source.webhook]" + relay,
    ):
        table = tomllib.loads(candidate)["source"]
        del table["system"]
        settings = Settings.model_validate(table)
        assert settings.webhook is not None
        assert settings.fields.debtor_number == "Debitorennummer"
        assert settings.fields.ship_to == "Lieferanschrift"
        assert settings.customer_kinds.is_business("Privat", otherwise=True) is False


def test_an_address_is_kept_without_its_last_slash() -> None:
    assert Settings.model_validate(TABLE).base_url == "https://firma.pipedrive.com"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"base_url": "http://firma.pipedrive.com"}, "write https://firma.pipedrive.com"),
        ({"base_url": "firma.pipedrive.com"}, "is not an address like https://firma.pipedrive.com"),
        ({"base_url": "https://firma.pipedrive.com/api/v1"}, "no path after it"),
        ({"base_url": None}, "needs base_url"),
        ({"auth": "oauth"}, "needs client_id"),
        ({"without_products": "net"}, "needs without_products_tax_rate"),
        ({"default_country": "Germany"}, "two capital letters, like DE"),
        ({"timezone": "Berlin"}, "is not a time zone like Europe/Berlin"),
        ({"documents": {"pattern": "("}}, "is not a regular expression"),
        ({"fields": {}}, "invoice_number"),
        ({"invoice_number": "x"}, "Extra inputs are not permitted"),
        ({"webhook": {"mode": "none"}}, "'basic' or 'hmac_sha256'"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(values: dict[str, Any], words: str) -> None:
    assert words in complaint(**values)


@pytest.mark.parametrize("address", ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:80"])
def test_without_encryption_only_the_own_machine_is_talked_to(address: str) -> None:
    assert Settings.model_validate({**TABLE, "base_url": address}).base_url == address


@pytest.mark.parametrize(
    ("table", "webhook", "names"),
    [
        (TABLE, None, ("api_token",)),
        (OAUTH, None, ("client_secret",)),
        (TABLE, {"mode": "hmac_sha256"}, ("api_token", "webhook_key")),
        (OAUTH, {"mode": "basic"}, ("client_secret", "webhook_user", "webhook_password")),
    ],
)
def test_the_secrets_to_ask_for_follow_from_the_settings(
    table: dict[str, Any], webhook: dict[str, str] | None, names: tuple[str, ...]
) -> None:
    assert secret_names(Settings.model_validate({**table, "webhook": webhook})) == names


def test_a_login_is_needed_with_oauth_only() -> None:
    outside = Outside(FakeTime(Clock()))
    assert oauth_model(Settings.model_validate(TABLE), outside.http) is None
    model = oauth_model(Settings.model_validate(OAUTH), outside.http)
    assert model is not None
    assert model.authorize_url == "https://oauth.pipedrive.com/oauth/authorize"
    assert (model.pkce, model.issuer, model.rolling, model.scopes) == (False, None, True, ())
