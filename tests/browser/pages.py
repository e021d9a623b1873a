"""A console whose tables are filled, served from this process, and what every page of it has to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize

from mlconnector.flow.people import users
from mlconnector.flow.people.roles import Role
from tests.browser.people import PASSWORD, log_in
from tests.conformance.doors import served
from tests.web import rig as rigs
from tests.web.console import rig as console
from tests.web.rig import Rig

WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=400, height=800)
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
_SERIOUS = ("serious", "critical")
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass
class Console:
    """A console at an address, and whoever comes to it with a browser."""

    rig: Rig
    address: str
    browser: Browser
    complaints: list[str]

    def url(self, path: str = "") -> str:
        """The address of a page below `/console/`."""
        return f"{self.address}/console/{path}"

    def stranger(self, *, language: str = "de", **options: Any) -> Page:
        """Somebody at a browser of their own; what it asks for elsewhere or complains of is kept."""
        page = self.browser.new_context(locale=language, **options).new_page()
        page.on("request", lambda one: self._note_elsewhere(one.url))
        page.on("console", lambda one: self._note_complaint(one.text))
        page.on("pageerror", lambda one: self.complaints.append(str(one)))
        page.on("dialog", lambda one: self.complaints.append(one.message))
        return page

    def visitor(self, role: Role = "admin", **options: Any) -> Page:
        """Somebody of a role who has logged in."""
        page = self.stranger(**options)
        log_in(page, self.address, f"{role}@example.com")
        return page

    def _note_complaint(self, text: str) -> None:
        # A page that tells of what is not there answers 404; it is looked at like any other.
        if not text.startswith("Failed to load resource"):
            self.complaints.append(text)

    def _note_elsewhere(self, url: str) -> None:
        if not url.startswith(self.address):
            self.complaints.append(f"asks for {url}")


@contextmanager
def served_console(url: str, folder: Path, browser: Browser, *, is_filled: bool = True) -> Iterator[Console]:
    """A console with users of every role; its tables are filled with what is hostile, or empty."""
    with rigs.rig(url, folder) as rig:
        for role in console.ROLES:
            users.add(rig.application.services, f"{role}@example.com", role, PASSWORD, by="test")
        if is_filled:
            console.fill(rig)
        with served(rig.app) as address:
            made = Console(rig, address, browser, [])
            yield made
            for context in browser.contexts:
                context.close()
        assert made.complaints == [], made.complaints


def faults_of(page: Page, at: str) -> Sequence[str]:
    """What is not as it must be on a page that is open: axe's serious findings, and what leaves its width."""
    found = Axe().run(page, options=_RULES).response["violations"]
    told = [
        f"{at}: {one['id']} ({one['impact']}): {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in _SERIOUS
    ]
    over = page.evaluate(_OVERFLOW)
    return [*told, *([f"{at}: {over} px wider than the window"] if over > 0 else [])]
