"""From an empty installation to the first file at DATEV, in the browser alone."""

from __future__ import annotations

import tomllib

import pytest
from playwright.sync_api import Page, expect

from mlconnector.commands.demonstration import Scene, secrets_text
from tests.browser.house import House
from tests.browser.people import PASSWORD
from tests.flow.rig import NAME, bookings_only

pytestmark = pytest.mark.xdist_group("browser")


def test_from_an_empty_house_to_the_first_file_at_datev(empty_house: House) -> None:
    page = empty_house.stranger()
    page.goto(empty_house.setup_link())
    page.fill("[name=name]", "admin@example.com")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="anlegen").click()
    page.get_by_role("link", name="Einrichten", exact=True).click()

    draft(page, empty_house)
    enter_credentials(page)
    page.get_by_role("button", name="Mit DATEV verbinden").click()
    page.get_by_role("link", name="Zurück").click()
    expect(page.locator("main")).to_contain_text("angemeldet")

    page.get_by_role("link", name="Verbindung prüfen").last.click()
    page.get_by_role("button", name="Jetzt prüfen").click()
    expect(page.get_by_role("status")).to_contain_text("alles in Ordnung")

    empty_house.read_now(page)
    expect(page.locator("#progress")).to_contain_text("Übergeben wird erst nach der Freigabe")
    assert empty_house.outside.datev.jobs == []
    page.locator("#progress").get_by_role("link", name="Buchungsvorschau").click()
    page.get_by_role("link", name="freigeben").click()
    page.get_by_role("button", name="freigeben").click()
    expect(page.get_by_role("status")).to_be_visible()

    empty_house.read_now(page)
    page.get_by_role("link", name="Übertragungen").click()
    expect(page.locator("table")).to_contain_text("bereitgestellt")
    assert {job.result for job in empty_house.outside.datev.jobs} == {"succeeded"}


def draft(page: Page, house: House) -> None:
    """Begin a connection, leave it, come back to it, fill in its fields, and let the text say the rest."""
    page.get_by_role("link", name="Verbindung anlegen").click()
    page.get_by_label("Pipedrive").check()
    page.fill("[name=name]", NAME)
    page.get_by_role("button", name="Weiter zu den Einstellungen").click()
    page.get_by_role("button", name="Prüfen und weiter").click()
    page.locator("#wrong").get_by_role("link", name="Adresse Ihres Pipedrive").click()
    expect(page.get_by_label("Adresse Ihres Pipedrive")).to_be_focused()
    page.keyboard.type("https://firma.pipedrive.com")
    page.get_by_role("button", name="Behalten").click()
    page.get_by_role("link", name="Einrichten", exact=True).first.click()
    page.get_by_role("link", name=NAME, exact=True).click()
    expect(page.get_by_label("Adresse Ihres Pipedrive")).to_have_value("https://firma.pipedrive.com")
    page.get_by_text("Als Text bearbeiten").click()
    page.fill("[name=text]", bookings_only(Scene(house.outside.urls)))
    page.get_by_label("Sachkontenlänge").fill("5")
    page.get_by_label("Sachkontenlänge").fill("4")
    page.get_by_role("button", name="Prüfen und weiter").click()


def enter_credentials(page: Page) -> None:
    """A credential that is refused is told at once, and the others are still to be entered then."""
    given = {
        f"{system}.{name}": value
        for system, row in tomllib.loads(secrets_text("pipedrive")).items()
        for name, value in row.items()
    }
    for name, value in given.items():
        page.fill(f'[name="secret {name}"]', "wrong" if name == "pipedrive.api_token" else value)
    page.get_by_role("button", name="Prüfen und einrichten").click()
    expect(page.locator("[aria-invalid=true]")).to_have_count(1)
    for name, value in given.items():
        page.fill(f'[name="secret {name}"]', value)
    page.get_by_role("button", name="Prüfen und einrichten").click()
    expect(page.get_by_role("status")).to_contain_text("eingerichtet")
