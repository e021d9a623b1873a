from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.house import House, chromium, house
from tests.browser.pages import Console, served_console
from tests.databases import copied_sqlite


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A real browser; the tests that need one are skipped where Chromium is not installed."""
    found = chromium()
    if found is None:
        pytest.skip("Chromium is not installed, e.g. by: apt-get install chromium")
    with sync_playwright() as running:
        launched = running.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def empty_house(browser: Browser, sqlite_template: Path, tmp_path: Path) -> Iterator[House]:
    """A house that nobody has set up yet."""
    with house(tmp_path, copied_sqlite(sqlite_template, tmp_path), browser, ready=False) as made:
        yield made


@pytest.fixture
def new_house(browser: Browser, sqlite_template: Path, tmp_path: Path) -> Iterator[House]:
    """A house whose connection has not read anything yet."""
    with house(tmp_path, copied_sqlite(sqlite_template, tmp_path), browser) as made:
        yield made


@pytest.fixture(scope="package")
def filled(
    browser: Browser, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Console]:
    """A console whose pages have something hostile to show; what tests change of it is their own."""
    folder = tmp_path_factory.mktemp("filled")
    with served_console(copied_sqlite(sqlite_template, folder), folder, browser) as made:
        yield made


@pytest.fixture(scope="package")
def empty(
    browser: Browser, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Console]:
    """A console of an installation without any connection."""
    folder = tmp_path_factory.mktemp("empty")
    with served_console(copied_sqlite(sqlite_template, folder), folder, browser, is_filled=False) as made:
        yield made
