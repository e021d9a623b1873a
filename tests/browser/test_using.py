"""How the console is used: by keyboard alone, without scripts, in either language, by each role."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from typer.testing import CliRunner

from mlconnector.cli import app
from mlconnector.flow.people.roles import Role
from mlconnector.model.vouchers import Kind
from tests.browser.pages import Console
from tests.browser.people import PASSWORD, go
from tests.web.console import rig as console
from tests.web.console.test_preview import add, row
from tests.web.rig import NAME

pytestmark = pytest.mark.xdist_group("browser-pages")


def tab_to(page: Page, text: str) -> None:
    """Press Tab until something of this text has the focus, which can be seen."""
    for _ in range(200):
        page.keyboard.press("Tab")
        told = page.evaluate(
            "[document.activeElement.innerText || document.activeElement.name || '',"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        if text in told[0]:
            assert told[1] != "none", f"the focus on {text} cannot be seen"
            return
    raise AssertionError(f"nothing that says {text} can be reached")


def test_a_voucher_is_left_out_by_keyboard_alone(filled: Console) -> None:
    page = filled.stranger()
    page.goto(filled.url())
    for name, value in (("name", "bookkeeper@example.com"), ("password", PASSWORD)):
        tab_to(page, name)
        page.keyboard.type(value)
    page.keyboard.press("Enter")
    page.wait_for_url(filled.url())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Zum Inhalt"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id || document.querySelector(':target').id") == "main"
    page.goto(filled.url())
    for text, heading in (("Ausnahmen", "Ausnahmen"), ("Belege ansehen", "Erlöskonto")):
        tab_to(page, text)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    tab_to(page, "voucher")
    page.keyboard.press("Space")
    tab_to(page, "Angehakte auslassen")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Belege auslassen")
    tab_to(page, "reason")
    page.keyboard.type("Testrechnung")
    tab_to(page, "Auslassen")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("1")
    go(page, "Ausnahmen")
    page.get_by_role("link", name="Ausgelassen").click()
    expect(page.locator("tbody")).to_contain_text("Testrechnung")


def test_everything_works_without_scripts(filled: Console) -> None:
    page = filled.visitor("bookkeeper", java_script_enabled=False)
    go(page, "Übertragungen")
    page.get_by_label("Stand").select_option("failed")
    page.get_by_role("button", name="Suchen").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.goto(filled.url(f"runs?connection={NAME}"))
    page.get_by_role("button", name="Jetzt lesen").click()
    expect(page.get_by_role("status")).to_have_text("Ein Lauf hat begonnen.")
    go(page, "Buchungsvorschau")
    page.get_by_role("link", name="Alle", exact=True).click()
    page.get_by_role("link", name="mit „Warum?“").click()
    expect(page.locator("tbody").first).to_contain_text("8400")


def test_the_language_is_that_of_the_browser_until_somebody_switches_it(filled: Console) -> None:
    page = filled.visitor("adviser", language="en-GB")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    assert page.locator("html").get_attribute("lang") == "en"
    go(page, "Exceptions")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ausnahmen")
    again = filled.visitor("adviser", language="en-GB")
    expect(again.get_by_role("heading", level=1)).to_have_text("Übersicht")


@pytest.mark.parametrize(
    ("role", "path", "offered", "refused"),
    [
        ("auditor", f"runs?connection={NAME}", "", "runs/begin"),
        ("auditor", "batches/batch?name=failed", "", "batches/resend"),
        ("adviser", f"preview/release?connection={NAME}", "", "preview/release"),
        ("bookkeeper", "connections", "Zugangsdaten", "connections/credentials"),
        ("bookkeeper", "", "Benutzer", "people/new"),
    ],
)
def test_what_a_role_may_not_do_is_not_offered_and_refused_when_sent_all_the_same(
    filled: Console, role: Role, path: str, offered: str, refused: str
) -> None:
    page = filled.visitor(role)
    page.goto(filled.url(path))
    forms = page.locator(f'form[action="/console/{refused}"]')
    expect(forms).to_have_count(0)
    if offered:
        expect(page.get_by_role("link", name=offered)).to_have_count(0)
    page.evaluate(
        """address => {
            const form = document.querySelector('form[action="/console/account/language"]');
            form.action = address;
            form.submit();
        }""",
        f"/console/{refused}",
    )
    expect(page.get_by_role("heading", level=1)).to_have_text("Das darf Ihre Rolle nicht")


def test_hostile_names_stand_on_the_page_as_they_are(filled: Console) -> None:
    page = filled.visitor("auditor")
    go(page, "Nachweis")
    for name in console.HOSTILE:
        page.get_by_label("Suchen nach").fill(name)
        page.get_by_role("button", name="Suchen").click()
        expect(page.locator("tbody bdi").filter(has_text=name).first).to_be_visible()


def test_a_credit_note_stands_on_the_other_side_and_says_why(filled: Console) -> None:
    add(filled.rig, "GS-77", row("-59.50"), kind=Kind.CREDIT_NOTE, refers_to="R-1")
    page = filled.visitor("bookkeeper")
    page.goto(filled.url(f"preview?connection={NAME}&text=GS-77"))
    line = page.locator("tbody tr").filter(has_text="GS-77").first
    expect(line).to_contain_text("59,50")
    expect(line).to_contain_text("H")
    expect(page.locator("tbody").first).to_contain_text("Gutschrift zu Rechnung R-1")
    line.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("GS-77")
    expect(page.get_by_role("table").filter(has_text="Soll").first).to_contain_text("ausgeglichen")


def test_accounts_are_imported_once_their_difference_was_seen(filled: Console, tmp_path: Path) -> None:
    page = filled.visitor("admin")
    page.goto(filled.url(f"mapping/chart?connection={NAME}"))
    with page.expect_download() as taken:
        page.get_by_role("link", name="CSV").click()
    file = tmp_path / "konten.csv"
    rows = taken.value.path().read_text("utf-8-sig").splitlines()
    assert any(one.startswith("8400;") for one in rows)
    changed = [re.sub(r"^8400;[^;]*", "8400;Erlöse <b>Werkstatt</b>", one) for one in rows]
    file.write_text("\r\n".join(changed) + "\r\n", "utf-8-sig")
    page.get_by_label("Datei").set_input_files(file)
    page.get_by_role("button", name="Unterschied ansehen").click()
    expect(page.locator("main")).to_contain_text("Erlöse <b>Werkstatt</b>")
    page.get_by_role("button", name="Übernehmen").click()
    expect(page.get_by_role("status")).to_be_visible()
    page.goto(filled.url(f"mapping/chart?connection={NAME}&wanted=8400"))
    expect(page.locator("tbody")).to_contain_text("Erlöse <b>Werkstatt</b>")


def test_the_audit_trail_is_taken_along_and_proves_itself(filled: Console, tmp_path: Path) -> None:
    page = filled.visitor("auditor")
    go(page, "Nachweis")
    page.get_by_role("link", name="Prüfspur").click()
    page.get_by_role("button", name="Prüfspur jetzt prüfen").click()
    expect(page.get_by_role("status")).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Ganze Prüfspur als Datei").click()
    file = tmp_path / taken.value.suggested_filename
    taken.value.save_as(file)
    verified = CliRunner().invoke(app, ["audit", "verify", "--file", str(file)])
    assert verified.exit_code == 0, verified.output
    file.write_bytes(file.read_bytes().replace(b"received", b"deceived", 1))
    assert CliRunner().invoke(app, ["audit", "verify", "--file", str(file)]).exit_code != 0
