"""The settings of a connection as a form: filled in, checked and changed without reading TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from html import unescape
from typing import Any

import pytest
from lxml import html

from mlconnector.flow.agree import drafts
from mlconnector.flow.connect.example import example
from mlconnector.store import connections
from mlconnector.systems.registry import source_systems
from tests.web.console.rig import Visitor, visitor
from tests.web.rig import NAME, Rig

BOOKS = {
    "datev.client": "29098-55003",
    "datev.client_id": "my-app",
    "books.begin": "2026-01-01",
    "mapping.default_revenue": "true",
    "mapping.default_expense": "true",
}
FILLED_IN: Mapping[str, Mapping[str, object]] = {
    "cin7": {
        "source.account_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "source.read": "sales",
        "source.locations": "Hauptlager = DE; 20457; Hamburg\r\nWien = AT",
    },
    "dynamics": {
        "source.environment": "https://firma.crm4.dynamics.com",
        "source.tenant": "the-directory",
        "source.client_id": "the-app",
        "source.columns.invoice_date": "new_invoicedate\r\ncreatedon",
        "source.documents.sources": ["export", "note", ""],
        "source.documents.template": "60c4e274-0d87-e711-80e5-00155db19e6d",
        "source.webhook": "true",
    },
    "pipedrive": {
        "source.auth": "oauth",
        "source.base_url": "",
        "source.client_id": "the-app",
        "source.fields.service_date": "Leistungsdatum",
        "source.webhook.mode": "basic",
    },
    "procore": {
        "source.client_id": "the-account",
        "source.companies": "7656\r\n7657",
        "source.requisitions.bills": "down_payments",
        "source.requisitions.final_bill.number": "(?i)^SR",
        "source.requisitions.statuses": ["approved"],
        "source.vendor_tax": "998877 = 19",
    },
}


def fields(page: str) -> dict[str, list[str]]:
    """What the form is filled with, by the names of its fields, as a browser would send it."""
    document: Any = html.fromstring(page)
    forms = [one for one in document.forms if (one.action or "").endswith("/draft")]
    found: dict[str, list[str]] = {}
    for name, value in forms[0].form_values():
        found.setdefault(name, []).append(value.removeprefix("\n"))
    return {name: values for name, values in found.items() if name != "form_token"}


def filled(page: str, given: Mapping[str, object], **more: str) -> dict[str, Any]:
    """The form of a page with other values in some of its fields."""
    sent: dict[str, Any] = dict(fields(page))
    for name, value in given.items():
        assert f"was {name}" in sent, name
        sent[f"field {name}"] = value
    return {**sent, **more}


def begun(rig: Rig, source: str, language: str = "de") -> tuple[Visitor, str]:
    admin = visitor(rig, language=language)
    return admin, admin.done("connections/new", name=NAME, source=source)


def draft(rig: Rig) -> str:
    kept = drafts.kept(rig.application.services, NAME, "settings")
    assert kept is not None
    return kept.content.decode()


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("source", source_systems())
def test_every_source_is_set_up_by_its_form_alone(rig: Rig, source: str, language: str) -> None:
    admin, page = begun(rig, source, language)
    answer = admin.post("connections/draft", **filled(page, {**BOOKS, **FILLED_IN[source]}, then="next"))
    assert answer.status_code == 303, re.findall(r"<li>.*", answer.text)
    settings = rig.application.services.read(draft(rig), NAME)
    assert settings.client == "29098-55003"
    assert settings.rules.mapping.default_expense
    usable = "Mit diesen Einstellungen kann" if language == "de" else "can be set up with these settings"
    assert usable in admin.page(f"connections/draft?connection={NAME}")
    english = example(NAME, source_systems()[source], "en" if language == "en" else "de")
    gone = [line for line in english.splitlines() if line.startswith("# ") and " = " not in line]
    assert [line for line in gone if line not in draft(rig) and "[" not in line] == []


@pytest.mark.parametrize("source", source_systems())
def test_a_form_that_nobody_changed_changes_nothing(rig: Rig, source: str) -> None:
    admin, page = begun(rig, source)
    before = draft(rig)
    admin.post("connections/draft", **filled(page, {}, then="later"))
    assert draft(rig) == before


@pytest.mark.parametrize("source", source_systems())
def test_one_setting_of_a_connection_that_is_there_is_one_line_of_the_difference(
    rig: Rig, source: str
) -> None:
    admin, page = begun(rig, source)
    admin.post("connections/draft", **filled(page, {**BOOKS, **FILLED_IN[source]}, then="next"))
    mark = re.search(r'name="seen" value="(\w+)"', admin.page(f"connections/apply?connection={NAME}"))
    assert mark is not None
    admin.done("connections/apply", connection=NAME, seen=mark[1])
    page = admin.page(f"connections/draft?connection={NAME}")
    sent = filled(page, {"books.account_length": "5"}, then="next")
    assert admin.post("connections/draft", **sent).status_code == 303
    page = admin.page(f"connections/apply?connection={NAME}")
    lines = re.findall(r'<li class="(gone|new)">.*<code>([^<]*)</code>', page)
    assert [(kind, line.partition("#")[0].strip()) for kind, line in lines] == [
        ("gone", "account_length = 4"),
        ("new", "account_length = 5"),
    ]


def test_what_is_wrong_stands_at_its_field_in_words_and_leads_there(rig: Rig) -> None:
    admin, page = begun(rig, "pipedrive")
    given = {**BOOKS, "source.base_url": "http://firma.pipedrive.com", "books.account_length": "9"}
    answer = admin.post("connections/draft", **filled(page, given, then="next"))
    assert answer.status_code == 409
    assert '<a href="#f-field-source.base_url">Adresse Ihres Pipedrive</a>' in answer.text
    field = re.search(r'<input id="f-field-source.base_url"[^>]*>\s*<p[^>]*>(.*)</p>', answer.text)
    assert field is not None
    assert 'aria-invalid="true"' in field[0]
    assert "unverschlüsselt" in field[1]
    assert "base_url" not in field[1]
    assert answer.text.count('aria-invalid="true"') == 2, "the address and the length"
    assert "source.base_url:" not in answer.text


def test_what_is_not_filled_in_yet_is_said_to_be_empty(rig: Rig) -> None:
    page = begun(rig, "cin7")[1]
    field = re.search(r'<input id="f-field-source.account_id"[^>]*>\s*<p[^>]*>(.*)</p>', page)
    assert field is not None
    assert "ist noch leer" in field[1]


def test_a_complaint_about_a_table_stands_at_the_fields_that_it_names(rig: Rig) -> None:
    admin, page = begun(rig, "pipedrive")
    given = {**BOOKS, "source.base_url": "https://firma.pipedrive.com", "source.without_products": "net"}
    answer = admin.post("connections/draft", **filled(page, given, then="next"))
    assert '<a href="#f-field-source.without_products_tax_rate">' in answer.text
    assert "<details open>" in answer.text, "the field that is missing is among the others"


def test_a_name_that_nobody_knows_is_told_with_its_line(rig: Rig) -> None:
    admin, page = begun(rig, "cin7")
    sent = filled(page, {**BOOKS, **FILLED_IN["cin7"]}, then="next")
    sent["text"] = [sent["text"][0].replace("[mapping.cost_centre_1]\n", "[mapping.cost_centre_1]\nx = 1\n")]
    answer = admin.post("connections/draft", **sent)
    assert re.search(r"<li>Zeile \d+: mapping\.cost_centre_1\.x: ", answer.text)


def test_a_complaint_without_a_field_stands_on_top_with_its_line(rig: Rig) -> None:
    admin, page = begun(rig, "cin7")
    sent = filled(page, {**BOOKS, **FILLED_IN["cin7"]}, then="next")
    sent["text"] = [f'{sent["text"][0]}\n[[channels]]\nkind = "sales"\nformat = "dxso"\nfrom = 2026-01-02\n']
    answer = admin.post("connections/draft", **sent)
    assert answer.status_code == 409
    assert re.search(r"<li>Zeile \d+: channels", answer.text)
    assert answer.text.count("<details open>") == 1, "the text is open, for it is there"


HOSTILE = ['a "b" \\', "x\n]]\n[books]\nchart = 'own'", '"""', "'''", "\x00", "# x", "ü\u2028y", "z" * 10_000]


@pytest.mark.parametrize("given", HOSTILE)
def test_what_is_typed_is_never_more_than_a_value(rig: Rig, given: str) -> None:
    admin, page = begun(rig, "pipedrive")
    before = tomllib.loads(draft(rig))
    admin.post("connections/draft", **filled(page, {"source.fields.invoice_number": given}, then="later"))
    after = tomllib.loads(draft(rig))
    assert after["source"]["fields"].pop("invoice_number") == given.strip()
    before["source"]["fields"].pop("invoice_number")
    assert after == before


def test_a_field_that_is_emptied_takes_its_setting_out(rig: Rig) -> None:
    admin, page = begun(rig, "pipedrive")
    admin.post("connections/draft", **filled(page, {"source.timezone": ""}, then="later"))
    assert "timezone" not in tomllib.loads(draft(rig))["source"]
    page = admin.page(f"connections/draft?connection={NAME}")
    assert "Ohne Angabe: Europe/Berlin" in page


def test_a_table_is_switched_on_and_off_with_all_that_is_in_it(rig: Rig) -> None:
    admin, page = begun(rig, "dynamics")
    given = {"source.freight": "true", "source.freight.amount_is": "net"}
    admin.post("connections/draft", **filled(page, given, then="later"))
    assert tomllib.loads(draft(rig))["source"]["freight"] == {"amount_is": "net"}
    page = admin.page(f"connections/draft?connection={NAME}")
    given = {"source.freight": "false", "source.freight.text": "Versand"}
    admin.post("connections/draft", **filled(page, given, then="later"))
    assert "freight" not in tomllib.loads(draft(rig))["source"]


def test_a_number_that_may_mean_two_things_is_asked_about_and_not_kept(rig: Rig) -> None:
    admin, page = begun(rig, "pipedrive")
    answer = admin.post(
        "connections/draft", **filled(page, {"source.value_tolerance": "1.000"}, then="later")
    )
    assert answer.status_code == 409
    assert "trennt er Tausender" in answer.text
    assert fields(answer.text)["field source.value_tolerance"] == ["1.000"]
    assert tomllib.loads(draft(rig))["source"]["value_tolerance"] == 0.05


def test_a_setting_that_the_text_has_otherwise_leads_to_the_text(rig: Rig) -> None:
    admin, page = begun(rig, "pipedrive")
    sent = filled(page, {"mapping.places.goods": "told"}, then="later")
    sent["text"] = [sent["text"][0].replace("[mapping]\n", "[mapping]\nplaces = 1\n")]
    answer = admin.post("connections/draft", **sent)
    assert answer.status_code == 409
    assert "nicht sicher zu ändern" in answer.text
    assert answer.text.count("<details open>") == 2, "that of the field, and the text"


def test_fields_of_a_text_that_cannot_be_read_are_not_lost_without_a_word(rig: Rig) -> None:
    admin, page = begun(rig, "pipedrive")
    sent = filled(page, {"source.timezone": "Europe/Vienna"}, then="later")
    sent["text"] = ["name = \n"]
    answer = admin.post("connections/draft", **sent)
    assert answer.status_code == 409
    assert "nicht übernommen" in answer.text
    assert 'id="f-text"' in answer.text
    assert "field source.timezone" not in answer.text


def test_rows_are_named_where_they_are_changed(rig: Rig) -> None:
    page = begun(rig, "cin7")[1]
    assert "In welchem Format Belege gehen" in page
    assert "auch unter „Zuordnung“" in page


def test_the_draft_and_the_settings_are_taken_along_as_the_connection_file(rig: Rig) -> None:
    rig.connect()
    admin = visitor(rig)
    with rig.application.database.read() as db:
        text = connections.read(db, NAME).settings
    sent = filled(admin.page(f"connections/draft?connection={NAME}"), {"books.account_length": "5"})
    admin.post("connections/draft", **sent, then="later")
    kept = admin.get(f"connections/draft?connection={NAME}&as=toml")
    assert kept.headers["content-disposition"] == f'attachment; filename="{NAME}.toml"'
    assert tomllib.loads(kept.text)["books"]["account_length"] == 5
    assert admin.get(f"connections/connection?connection={NAME}&as=toml").text == text


def test_a_field_says_which_hint_belongs_to_it(rig: Rig) -> None:
    page = unescape(begun(rig, "procore")[1])
    told = set(re.findall(r'aria-describedby="([^"]+)"', page))
    assert told
    assert told <= set(re.findall(r' id="([^"]+)"', page))
