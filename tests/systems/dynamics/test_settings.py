from __future__ import annotations

import tomllib
from typing import Any

import pytest
from pydantic import ValidationError

from mlconnector.standins.base import Clock
from mlconnector.systems.dynamics import describe_source
from mlconnector.systems.dynamics.settings import Settings, secret_names
from tests.conformance.context import FakeTime, Outside

TABLE: dict[str, Any] = {
    "environment": "https://firma.crm4.dynamics.com/",
    "tenant": "7b0e3c4d-5a1f-4c2b-9d8e-2f6a1b3c4d5e",
    "client_id": "c1f5a9d2-3b7e-4e60-8a14-90d2b6e7f813",
    "columns": {"invoice_date": ["new_invoicedate", "createdon"]},
}
FILLED_IN = {'environment = ""': 'environment = "https://a.crm4.dynamics.com"', '_id = ""': '_id = "x"'}


def complaint(**values: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({**TABLE, **values})
    return str(caught.value)


def from_template(text: str) -> Settings:
    for empty, filled in {**FILLED_IN, 'tenant = ""': 'tenant = "x"'}.items():
        text = text.replace(empty, filled)
    table = tomllib.loads(text)["source"]
    del table["system"]
    return Settings.model_validate(table)


def test_the_template_needs_nothing_but_address_and_ids() -> None:
    assert from_template(describe_source().template).documents.missing == "hold"


@pytest.mark.parametrize("name", ["environment", "tenant", "client_id"])
def test_what_was_not_filled_in_is_said(name: str) -> None:
    assert "is still empty" in complaint(**{name: ""})


def test_everything_that_is_commented_out_in_the_template_is_understood() -> None:
    text = "\n".join(
        line.removeprefix("# ") if " = " in line or line.startswith("# [") else line
        for line in describe_source().template.splitlines()
    )
    text = text.replace('sources = ["note"]', 'sources = ["note", "file", "export"]')
    settings = from_template(text)
    assert settings.freight is not None
    assert settings.webhook is not None
    assert settings.columns.tax_class == ("invoicedetail.new_taxclass", "account.new_taxclass")
    assert settings.columns.of("account") == (
        "new_vatid",
        "accountnumber",
        "customertypecode",
        "new_taxclass",
    )
    assert settings.customer_kinds.is_business("praxis", otherwise=False) is True


def test_a_column_is_that_of_the_invoice_unless_a_table_is_named() -> None:
    columns = Settings.model_validate(TABLE).columns
    assert columns.invoice_date == ("invoice.new_invoicedate", "invoice.createdon")
    assert columns.of("invoicedetail") == ("actualdeliveryon",)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"environment": "http://firma.crm4.dynamics.com"}, "write https://firma.crm4.dynamics.com"),
        ({"environment": "https://firma.crm4.dynamics.com/main.aspx"}, "no path after it"),
        ({"columns": {}}, "invoice_date"),
        ({"columns": {"invoice_date": []}}, "at least 1 item"),
        ({"columns": {"invoice_date": "Rechnungsdatum"}}, "is not a column like new_vatid"),
        ({"columns": {"invoice_date": "quote.createdon"}}, "the table must be one of invoice,"),
        ({"columns": {"invoice_date": "product.new_day"}}, "this concerns the whole invoice"),
        ({"tax_rates": [190]}, "less than 100"),
        ({"timezone": "Berlin"}, "is not a time zone like Europe/Berlin"),
        ({"default_country": "Germany"}, "two capital letters, like DE"),
        ({"documents": {"pattern": "("}}, "is not a regular expression"),
        ({"documents": {"sources": ["file"]}}, "needs file_column"),
        ({"documents": {"sources": ["export"]}}, "needs template"),
        ({"documents": {"template": "Rechnung"}}, "is not the id of a record"),
        ({"webhook": {"header": "X Key"}}, "should match pattern"),
        ({"auth": "password"}, "'client_secret' or 'certificate'"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(values: dict[str, Any], words: str) -> None:
    assert words in complaint(**values)


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({}, ("client_secret",)),
        ({"auth": "certificate"}, ("certificate",)),
        ({"webhook": {}}, ("client_secret", "webhook_key")),
    ],
)
def test_the_secrets_to_ask_for_follow_from_the_settings(
    values: dict[str, Any], names: tuple[str, ...]
) -> None:
    assert secret_names(Settings.model_validate({**TABLE, **values})) == names


def test_no_person_logs_in() -> None:
    outside = Outside(FakeTime(Clock()))
    assert describe_source().oauth(Settings.model_validate(TABLE), outside.http) is None
