"""With very many vouchers every list still has pages, and each of them is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import filling
from bench.console_addresses import LARGEST
from playwright.sync_api import Browser, Page, expect

from mlconnector.app import opened
from mlconnector.flow.people import users
from mlconnector.web.application import create_app
from mlconnector.web.console.place import ROWS
from mlconnector.web.console.screens import console as every_page
from tests.browser.house import PATIENCE
from tests.browser.people import PASSWORD, log_in
from tests.conformance.doors import served
from tests.databases import copied_sqlite
from tests.flow.rig import settings_of

pytestmark = pytest.mark.xdist_group("browser-pages")


@pytest.mark.parametrize("count", [160, pytest.param(50_000, marks=pytest.mark.thorough)])
def test_lists_have_pages_to_their_end_and_a_customer_is_found(
    browser: Browser, sqlite_template: Path, tmp_path: Path, count: int
) -> None:
    settings = settings_of(tmp_path, copied_sqlite(sqlite_template, tmp_path))
    filling.fill(settings, count)
    with opened(settings) as app, served(create_app(app, None, every_page())) as address:
        users.add(app.services, "admin@example.com", "admin", PASSWORD, by="test")
        page = browser.new_context(locale="de").new_page()
        page.set_default_timeout(PATIENCE)
        log_in(page, address, "admin@example.com")
        for path in (f"preview?connection={LARGEST}&stand=all", "batches", "evidence/trail"):
            to_the_end(page, f"{address}/console/{path}")
        page.goto(f"{address}/console/evidence")
        page.get_by_label("Suchen nach").fill("gmbh")
        page.get_by_role("button", name="Suchen").click()
        expect(page.locator("tbody tr").last).to_contain_text("GmbH")
        page.context.close()


def to_the_end(page: Page, address: str) -> None:
    """Turn to the last page of a list, and back by one."""
    page.goto(address)
    pager = page.get_by_role("navigation", name="Seiten")
    expect(pager).to_contain_text(f"1–{ROWS} von")
    total = pager.locator("p").inner_text().rpartition(" ")[2]
    pager.get_by_role("link", name="Letzte").click()
    expect(pager).to_contain_text(f"–{total} von {total}")
    pager.get_by_role("link", name="Zurück").click()
    assert page.locator("table").first.locator("tbody tr").count() >= ROWS
