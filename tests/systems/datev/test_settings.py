from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from pydantic import ValidationError

from mlconnector.systems.datev.settings import SECRETS, TEMPLATE, DatevSettings, Incoming

LEAST = {"client": "29098-55003", "client_id": "app"}


def settings(**given: Any) -> DatevSettings:
    return DatevSettings.model_validate({**LEAST, **given})


def test_the_least_there_is_to_say_is_client_and_client_id() -> None:
    read = settings()
    assert read.environment == "production"
    assert read.services == {"documents", "extf"}
    assert not read.confidential_refresh
    assert not read.long_term_token
    assert read.enable_windows_sso
    assert (read.document_type, read.document_category) == ("", "ml-connector")


def test_the_template_is_a_valid_table_once_client_and_client_id_are_filled_in() -> None:
    text = TEMPLATE.replace('client_id = ""', 'client_id = "app"').replace(
        'client = ""', 'client = "29098-55003"'
    )
    assert DatevSettings.model_validate(tomllib.loads(text)["datev"]) == settings()


@pytest.mark.parametrize(
    ("name", "filled"), [("client", {"client_id": "app"}), ("client_id", {"client": "29098-55003"})]
)
def test_a_template_that_was_not_filled_in_is_refused_with_what_belongs_there(
    name: str, filled: dict[str, str]
) -> None:
    with pytest.raises(ValidationError) as error:
        DatevSettings.model_validate({**tomllib.loads(TEMPLATE)["datev"], **filled})
    (wrong,) = error.value.errors()
    assert wrong["loc"] == (name,)
    assert "is still empty: write" in wrong["msg"]


def test_the_template_names_every_setting() -> None:
    written = re.compile(r"^(?:# )?(?:\[datev\.)?(\w+)(?: =|\])", re.MULTILINE)
    assert set(DatevSettings.model_fields) <= set(written.findall(TEMPLATE))
    own = TEMPLATE.partition("\n[datev.incoming]\n")[2]
    assert set(written.findall(own)) == set(Incoming.model_fields)


def test_the_secret_of_the_app_is_asked_for_apart() -> None:
    assert SECRETS == ("client_secret",)


@pytest.mark.parametrize("client", ["1000-1", "9999999-99999", "455148-1"])
def test_a_client_is_consultant_and_client_number(client: str) -> None:
    assert settings(client=client).client == client


@pytest.mark.parametrize(
    "client",
    ["999-1", "10000000-1", "1001-0", "1001-100000", "01001-1", "1001", "1001-1\n", "1001-1 ", "١٠٠١-1", ""],
)
def test_another_shape_is_no_client(client: str) -> None:
    with pytest.raises(ValidationError, match="client"):
        settings(client=client)


def test_the_addresses_follow_the_environment() -> None:
    production, sandbox = settings(), settings(environment="sandbox")
    assert production.issuer == "https://login.datev.de/openid"
    assert production.extf_files_url == "https://accounting-extf-files.api.datev.de/platform/v3"
    assert production.dxso_jobs_url == "https://accounting-dxso-jobs.api.datev.de/platform/v2"
    assert sandbox.dxso_jobs_url == "https://accounting-dxso-jobs.api.datev.de/platform-sandbox/v2"
    assert sandbox.issuer == "https://login.datev.de/openidsandbox"
    assert sandbox.documents_url == "https://accounting-documents.api.datev.de/platform-sandbox/v2"


def test_an_address_can_be_given_and_an_empty_one_is_not_given() -> None:
    read = settings(clients_url="http://127.0.0.1:4110/", documents_url="")
    assert read.clients_url == "http://127.0.0.1:4110"
    assert read.documents_url == settings().documents_url


@pytest.mark.parametrize(
    "given",
    [
        {"environment": "test"},
        {"services": []},
        {"services": ["fax"]},
        {"clients_url": "http://datev.example/v2"},
        {"clients_url": "https://datev.example/v2?x=1"},
        {"clients_url": "ftp://localhost/v2"},
        {"clients_url": "https://"},
        {"discovery_url": "https://login.datev.de/openid"},
        {"client_id": ""},
        {"client_id": "with blank"},
        {"extra_scopes": ["two scopes"]},
        {"document_type": "x" * 31},
        {"document_category": ""},
        {"client_secret": "does not belong here"},
    ],
)
def test_what_cannot_work_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(given))):
        settings(**given)


def test_a_table_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError):
        DatevSettings.model_validate("production")
