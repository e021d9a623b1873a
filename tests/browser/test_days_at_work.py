"""What people do in the browser when something goes wrong, each story to the files that DATEV gets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from mlconnector.commands.demonstration import Scene
from tests.browser.house import House, house
from tests.browser.people import go
from tests.databases import copied_sqlite
from tests.flow.rig import MUSTERHOLZ, NAME, bookings_only

pytestmark = pytest.mark.xdist_group("browser")


def test_a_login_that_has_ended_is_renewed_and_what_waited_for_it_goes_on(new_house: House) -> None:
    for session in new_house.outside.datev.sessions:
        new_house.outside.datev.tokens.end(session)
    page = new_house.visitor("bookkeeper")
    new_house.read_now(page)
    assert new_house.outside.datev.jobs == []
    go(page, "Übersicht")
    to_do = page.get_by_role("table", name="Das Dringendste zuerst")
    expect(to_do).to_contain_text("Anmeldung")
    to_do.get_by_role("link").first.click()
    page.get_by_role("button", name="Mit DATEV verbinden").click()
    page.get_by_role("link", name="Zurück zur Verbindung").click()
    expect(page.locator("main")).to_contain_text("angemeldet")
    # Nobody has to start anything: what waited goes on by itself.
    new_house.until(lambda: set(new_house.batches()) == {"succeeded"})
    go(page, "Übertragungen")
    expect(page.locator("tbody")).to_contain_text("bereitgestellt")


def test_one_fix_lets_twelve_go_on(browser: Browser, sqlite_template: Path, tmp_path: Path) -> None:
    def without_a_centre(scene: Scene) -> str:
        text = bookings_only(scene).replace('default = "900"\n', "")
        return text.replace('"220 Montage" = "220", ', "")

    url = copied_sqlite(sqlite_template, tmp_path)
    with house(tmp_path, url, browser, records=30, text=without_a_centre) as made:
        page = made.visitor("bookkeeper")
        made.read_now(page)
        sent = len(made.outside.rows())
        page.locator("#progress").get_by_role("link", name="Ausnahmen").click()
        expect(page.get_by_role("button", name="Alle 12 erneut versuchen")).to_be_visible()
        page.get_by_role("link", name="Hier zuordnen").first.click()
        expect(page.get_by_label("Wert")).to_have_value("220 Montage")
        page.get_by_label("Kostenstelle", exact=True).fill("220")
        page.get_by_role("button", name="Unterschied ansehen").click()
        expect(page.locator("main")).to_contain_text('"220 Montage" = "220"')
        page.get_by_role("button", name="Übernehmen").click()
        expect(page.get_by_role("status")).to_contain_text("übernommen")
        go(page, "Ausnahmen")
        page.get_by_role("button", name="Alle 12 erneut versuchen").click()
        expect(page.get_by_role("status")).to_contain_text("12")
        page.get_by_role("button", name="Jetzt lesen lassen").click()
        expect(page.locator("#progress")).to_contain_text("Letzter Lauf:")
        assert len(made.outside.rows()) > sent
        go(page, "Ausnahmen")
        expect(page.get_by_role("main")).not_to_contain_text("220 Montage")


def test_a_rejected_batch_is_explained_and_goes_anew_and_a_second_transfer_is_asked_for_twice(
    new_house: House,
) -> None:
    datev = new_house.outside.datev
    datev.fail_next_job(MUSTERHOLZ, 1008834)
    page = new_house.visitor("bookkeeper")
    new_house.read_now(page)
    go(page, "Übertragungen")
    page.locator("tbody tr").filter(has_text="abgelehnt").get_by_role("link").first.click()
    expect(page.locator("main")).to_contain_text("DATEV-Code")
    page.get_by_role("link", name="Belege neu entscheiden lassen").click()
    page.get_by_role("button", name="Neu entscheiden lassen").click()
    expect(page.get_by_role("status")).to_contain_text("neu entschieden")
    new_house.read_now(page)
    assert {row.number for row in new_house.outside.rows()}
    files = len(datev.jobs)

    go(page, "Übertragungen")
    page.locator("tbody tr").filter(has_text="bereitgestellt").get_by_role("link").first.click()
    page.get_by_role("link", name="Noch einmal übergeben").click()
    asked = page.url
    page.get_by_label("Grund").fill("verloren")
    page.get_by_role("button", name="Noch einmal übergeben").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Das wäre eine doppelte Übergabe")
    new_house.read_now(page)
    assert len(datev.jobs) == files
    page.goto(asked)
    page.get_by_label("Grund").fill("verloren")
    page.get_by_role("button", name="Noch einmal übergeben").click()
    page.get_by_label("Grund").fill("mit Kanzlei Beispiel geklärt: gelöscht")
    page.get_by_role("button", name="Trotzdem noch einmal übergeben").click()
    expect(page.get_by_role("status")).to_contain_text("noch einmal an DATEV")
    new_house.read_now(page)
    new_house.until(lambda: len(datev.jobs) == files + 1)


def test_an_adviser_without_an_account_logs_in_and_confirms_by_a_link_that_opens_once(
    browser: Browser, sqlite_template: Path, tmp_path: Path
) -> None:
    def unconfirmed(scene: Scene) -> str:
        return re.sub(r"confirmed_(by|on) = .*\n", "", bookings_only(scene))

    url = copied_sqlite(sqlite_template, tmp_path)
    with house(tmp_path, url, browser, text=unconfirmed) as made:
        confirmed_by_a_link(made)


def confirmed_by_a_link(made: House) -> None:
    page = made.visitor("admin")
    go(page, "Einrichten")
    page.get_by_role("link", name=NAME).click()
    page.get_by_role("button", name="Link erstellen").click()
    link = page.get_by_label("Link").input_value()

    adviser = made.stranger()
    adviser.goto(link)
    adviser.get_by_label("Ihr Name").fill("Kanzlei Beispiel")
    adviser.get_by_role("button", name="Öffnen").click()
    adviser.get_by_role("button", name="Mit DATEV verbinden").click()
    adviser.get_by_role("link", name="Zurück zur Verbindung").click()
    boxes = adviser.locator("main input[type=checkbox]")
    expect(boxes.first).to_be_visible()
    for box in boxes.all():
        box.check()
    adviser.get_by_role("button", name="Angekreuztes bestätigen").click()
    expect(adviser.locator("main")).to_contain_text("Alles, was benutzt wird, ist bestätigt.")
    adviser.goto(made.url("people"))
    expect(adviser.get_by_role("heading", level=1)).to_have_text("Anmelden")

    another = made.stranger()
    another.goto(link)
    expect(another.get_by_role("heading", level=1)).to_have_text("Dieser Link gilt nicht mehr")
