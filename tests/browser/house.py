"""A house: `ml-connector serve` as a process beside stand-ins, and people with browsers at its pages."""

from __future__ import annotations

import re
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, Request, expect

from mlconnector.commands.demonstration import Scene
from mlconnector.flow.people import users
from mlconnector.flow.people.roles import Role
from mlconnector.store import batches, people, vouchers
from tests.browser.people import PASSWORD, log_in
from tests.flow.rig import NAME, StandIns, bookings_only, stand_ins
from tests.killing.product import Product, until

PATIENCE = 120_000
"""Milliseconds that a page may take on a machine that has much to do."""
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_LINK = re.compile(r"http://localhost:\d+/console/setup\?token=\S+")
expect.set_options(timeout=PATIENCE)


def chromium() -> str | None:
    """Where the browser is; None where there is none."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


@dataclass
class House:
    """An installation that answers at an address, and whoever comes to it."""

    product: Product
    address: str
    browser: Browser

    @property
    def outside(self) -> StandIns:
        """Both stand-ins."""
        return self.product.outside

    def url(self, path: str = "") -> str:
        """The address of a page below `/console/`."""
        return f"{self.address}/console/{path}"

    def setup_link(self) -> str:
        """The link that the terminal shows as long as nobody has a user."""
        found: list[str] = []

        def shown() -> bool:
            found[:] = _LINK.findall(self.product.logs())
            return bool(found)

        until(shown, self.product)
        return found[-1]

    def stranger(self, *, language: str = "de", **options: Any) -> Page:
        """Somebody at a browser of their own; what a page asks for elsewhere, or complains of, is a fault."""
        context = self.browser.new_context(locale=language, **options)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("request", self._asked)
        page.on("console", self._told)
        return page

    def visitor(self, role: Role = "admin", *, name: str = "", **options: Any) -> Page:
        """Somebody of a role who has logged in, at the overview."""
        name = name or f"{role}@example.com"
        with self.product.rig() as rig:
            with rig.app.database.read() as db:
                is_known = people.user(db, name) is not None
            if not is_known:
                users.add(rig.services, name, role, PASSWORD, by="test")
        page = self.stranger(**options)
        log_in(page, self.address, name)
        return page

    def read_now(self, page: Page) -> None:
        """Have the connection read, and wait beside the page until it says by itself that work has ended."""
        page.goto(self.url(f"runs?connection={NAME}"))
        page.get_by_role("button", name="Jetzt lesen").click()
        expect(page.get_by_role("status")).to_contain_text("Ein Lauf hat begonnen.")
        expect(page.locator("#progress")).to_contain_text("Letzter Lauf:")

    def states(self) -> dict[str, int]:
        """The vouchers of the connection by their states."""
        with self.product.rig() as rig, rig.app.database.read() as db:
            return vouchers.states(db, NAME).get(NAME, {})

    def batches(self) -> list[str]:
        """The states of the connection's batches."""
        with self.product.rig() as rig, rig.app.database.read() as db:
            return [row.state for row in batches.listed(db, NAME)]

    def until(self, happened: Callable[[], bool]) -> None:
        """Wait for something that the installation does."""
        until(happened, self.product)

    def _asked(self, request: Request) -> None:
        known = (self.address, *self.outside.urls.values())
        assert request.url.startswith(known), f"a page asks for {request.url}"

    def _told(self, message: Any) -> None:
        assert "Content Security Policy" not in message.text, message.text


@contextmanager
def house(
    folder: Path,
    url: str,
    browser: Browser,
    *,
    records: int = 6,
    ready: bool = True,
    text: Callable[[Scene], str] = bookings_only,
) -> Iterator[House]:
    """A house with a connection that is set up, logged in and released; with none where it is not `ready`."""
    with stand_ins(folder, records, delay=0.2) as outside:
        product = Product(folder, url, outside, text)
        with product.rig() as rig:
            if ready:
                rig.connect()
                rig.log_in()
                rig.release()
        port = _free_port()
        address = f"http://localhost:{port}"
        product.start("serve", "--port", str(port), public_url=address, host="127.0.0.1", language="de")
        made = House(product, address, browser)
        try:
            until(lambda: _answers(address), product)
            yield made
        finally:
            for context in browser.contexts:
                context.close()
            product.end()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz").status_code == httpx.codes.OK
    except httpx.HTTPError:
        time.sleep(0.05)
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
