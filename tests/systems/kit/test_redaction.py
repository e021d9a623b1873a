from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from mlconnector.systems.kit import redaction
from mlconnector.systems.kit.redaction import public_headers, without_echo, without_secrets
from mlconnector.systems.kit.secrecy import Secrecy


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://a.example/x", "https://a.example/x"),
        ("https://a.example/x?page=2&code=abc", "https://a.example/x?page=2&code=***"),
        ("https://a.example/x?$filter=name eq 'ü'", "https://a.example/x?$filter=name+eq+%27%C3%BC%27"),
        ("https://a.example/x?Access_Token=abc", "https://a.example/x?Access_Token=***"),
        ("https://a.example/x#access_token=abc", "https://a.example/x"),
        ("https://user:pass@a.example/x", "https://user:***@a.example/x"),
        ("/callback?state=abc", "/callback?state=***"),
        ("https://a.example:port/x", "(an address that cannot be read)"),
    ],
)
def test_addresses_are_shown_without_their_secrets(address: str, shown: str) -> None:
    assert without_secrets(address) == shown


def test_headers_are_shown_without_those_that_are_secret() -> None:
    headers = httpx.Headers(
        {
            "Authorization": "Bearer abc",
            "X-DATEV-Client-Id": "app",
            "X-DATEV-Client-Secret": "abc",
            "Location": "https://a.example/back?code=abc",
            "Retry-After": "5",
        }
    )
    secrecy = Secrecy(headers=frozenset({"X-DATEV-Client-Secret"}))
    assert public_headers(headers, secrecy) == {
        "x-datev-client-id": "app",
        "location": "https://a.example/back?code=***",
        "retry-after": "5",
    }


def test_an_answer_does_not_repeat_the_secrets_of_its_request() -> None:
    request = httpx.Request(
        "POST",
        "https://a.example/token",
        data={"refresh_token": "r/e+f=resh", "grant_type": "refresh_token"},
        headers={"Authorization": "Basic dXNlcjpwYXNzd29yZDEyMw=="},
    )
    text = "refresh_token r/e+f=resh of user with password123 was used"
    assert without_echo(text, request) == "refresh_token *** of user with *** was used"


def test_a_body_that_is_no_form_has_no_secrets_to_look_for() -> None:
    request = httpx.Request("POST", "https://a.example/import", content=b"token=abcdefghij")
    assert without_echo("abcdefghij", request) == "abcdefghij"


def test_credentials_that_are_not_base64_are_hidden_as_they_are() -> None:
    request = httpx.Request("GET", "https://a.example/", headers={"Authorization": "Basic not-base64!"})
    assert without_echo("got not-base64!", request) == "got ***"


@pytest.mark.parametrize("name", ["Api_Key", "api_key"])
def test_the_parameters_of_a_system_are_secret_in_any_case(name: str) -> None:
    secrecy = Secrecy(parameters=frozenset({"Api_Key"}))
    address = f"https://a.example/x?{name}=abcdefghij&code=b"
    assert without_secrets(address, secrecy) == f"https://a.example/x?{name}=***&code=***"
    assert without_secrets(address) == f"https://a.example/x?{name}=abcdefghij&code=***"


def test_an_answer_does_not_repeat_what_a_system_calls_its_secrets() -> None:
    secrecy = Secrecy(frozenset({"X-Shop-Key"}), frozenset({"api_key"}))
    request = httpx.Request(
        "GET",
        "https://a.example/x?api_key=abcdefghij",
        headers={"x-shop-key": "klmnopqrst"},
        extensions=secrecy.extension(),
    )
    assert without_echo("abcdefghij and klmnopqrst", request) == "*** and ***"


def test_the_kit_knows_the_secrets_of_no_vendor() -> None:
    text = Path(redaction.__file__).read_text(encoding="utf-8").lower()
    assert [
        name for name in ("datev", "cin7", "pipedrive", "x-api-token", "applicationkey") if name in text
    ] == []
