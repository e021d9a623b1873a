"""What people at a browser do on every page."""

from __future__ import annotations

import re

from playwright.sync_api import Page

PASSWORD = "four random words here"


def log_in(page: Page, address: str, name: str) -> None:
    """Log in to the console of an address; ends at the overview."""
    page.goto(f"{address}/console/")
    page.fill("[name=name]", name)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/console/")


def go(page: Page, area: str) -> None:
    """Go to an area of the console."""
    areas = page.get_by_role("navigation", name=re.compile("Bereiche|Areas"))
    areas.get_by_role("link", name=area, exact=True).click()
