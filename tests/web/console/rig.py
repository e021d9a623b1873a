"""The console for tests: users of each role at their browsers, filled tables, what every page must be."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any, get_args
from urllib.parse import urlencode

import httpx
import msgspec

from mlconnector.flow.people import users
from mlconnector.flow.people.roles import Role
from mlconnector.model.entries import EntryLine
from mlconnector.model.vouchers import encode
from mlconnector.store import notices
from mlconnector.store.vouchers import VoucherState
from mlconnector.systems.registry import warehouse_names
from mlconnector.web.console.screens import every_screen
from tests.formats.extf.examples import entry
from tests.mapping.builders import line, voucher
from tests.web import records
from tests.web.rig import NAME, Rig

OTHER_STATES: tuple[VoucherState, ...] = (
    *("received", "ignored", "booked_by_hand", "rejected"),
    *("settled", "batched", "sent"),
)
PASSWORD = "four random words here"
HERE = {"Sec-Fetch-Site": "same-origin"}
ROLES: tuple[Role, ...] = get_args(Role)
HOSTILE = (
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    '"><img src=x onerror=alert(1)>',
    "شركة المثال للتجارة",
    "Ä" * 200,
)
"""Names of customers that a page has to show as they are."""


@dataclass
class Visitor:
    """Somebody at a browser."""

    browser: httpx.Client

    def get(self, path: str) -> httpx.Response:
        """The page at an address below `/console/`."""
        return self.browser.get(f"/console/{path}")

    def page(self, path: str) -> str:
        """A page that has to be there and well made."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        assert faults(answer.text) == [], path
        return answer.text

    def token(self) -> str:
        """What a form of this session has to carry."""
        found = re.search(r'name="form_token" value="(\w+)"', self.get("account").text)
        assert found is not None
        return found[1]

    def post(self, path: str, **fields: object) -> httpx.Response:
        """Send a form as a page of ours sends it; its files are `files`."""
        files: Any = fields.pop("files", None)
        sent = {"form_token": self.token(), **fields}
        return self.browser.post(f"/console/{path}", data=sent, files=files, headers=HERE)

    def done(self, path: str, **fields: object) -> str:
        """Send a form that has to succeed; the page that it leads to."""
        answer = self.post(path, **fields)
        assert answer.status_code == 303, answer.text
        return self.page(answer.headers["location"].removeprefix("/console/"))


def visitor(rig: Rig, role: Role = "admin", *, name: str = "", language: str = "de") -> Visitor:
    """Somebody of a role who is logged in."""
    name = name or f"{role}@example.com"
    users.add(rig.application.services, name, role, PASSWORD, by="test")
    return log_in(rig, name, language)


def log_in(rig: Rig, name: str, language: str = "de") -> Visitor:
    """Whoever there is already, at another browser."""
    browser = rig.browser()
    browser.headers["Accept-Language"] = language
    answer = browser.post("/console/login", data={"name": name, "password": PASSWORD}, headers=HERE)
    assert answer.status_code == 303, answer.text
    return Visitor(browser)


def fill(rig: Rig) -> list[str]:
    """Vouchers in each state, some of hostile customers, and batches in several; the keys of the vouchers.

    Those that wait do so for one cause.
    """
    rig.connect()
    keys = []
    for number, name in enumerate(HOSTILE, 1):
        content = json.dumps({"party": {"name": name}, "currency": "EUR"}, ensure_ascii=False)
        keys.append(records.add_voucher(rig, f"R-{number}", "needs_human", records.MISSING, content))
    document = encode(voucher(line("1000.00"))).decode()
    keys += [records.add_voucher(rig, f"R-{state}", state, content=document) for state in OTHER_STATES]
    row = EntryLine(
        account="10001",
        contra_account="8400",
        amount=Decimal("1190.00"),
        tax_case="domestic_19",
        tax_rate=Decimal(19),
    )
    foreign = msgspec.structs.replace(row, tax_case="third_country", amount=Decimal("-200.5"))
    content = msgspec.json.encode(entry(row, foreign)).decode()
    add_place(rig)
    records.add_batch(rig, "settled", "succeeded", "key-R-settled", content)
    records.add_batch(rig, "failed", "failed", "key-R-rejected", content)
    records.add_batch(rig, "waiting", "frozen", "key-R-batched", content)
    return keys


def add_place(rig: Rig, name: str = "books") -> None:
    """A place that is told things, and that a message did not get to."""
    services = rig.application.services
    now, failure = rig.clock(), json.dumps({"key": "notify_refused", "answer": "HTTP 404"})
    row = notices.PlaceRow(name, "webhook", "month silent", "de", now, "admin", None, 1, now, now, failure)
    services.vault.put("[notify]", name, json.dumps({"address": "http://127.0.0.1:9/hook-of-the-books"}))
    with services.database.write() as db:
        notices.add_place(db, row)


def addresses() -> Iterator[tuple[str, str]]:
    """Method and address of everything that every screen takes."""
    for screen in every_screen():
        yield from screen.takes


def pages(rig: Rig) -> list[str]:
    """Every page of every screen that can be shown without naming anything, and what `EXAMPLES` names."""
    found = [address for method, address in addresses() if method == "GET"]
    return [address.removeprefix("/console/") + EXAMPLES.get(address, "") for address in found]


EXAMPLES = {
    **dict.fromkeys(
        (
            "/console/check/result",
            "/console/connections/draft",
            "/console/connections/apply",
            "/console/connections/connection",
            "/console/connections/discard",
            "/console/connections/disconnect",
            "/console/runs",
            "/console/mapping",
            "/console/mapping/rows",
            "/console/mapping/row",
            "/console/mapping/words",
            "/console/mapping/chart",
            "/console/mapping/numbers",
            "/console/mapping/apply",
            "/console/mapping/chart/apply",
            "/console/mapping/numbers/apply",
            "/console/mapping/numbers/bind",
            "/console/mapping/numbers/unbind",
            "/console/mapping/history",
        ),
        f"?connection={NAME}",
    ),
    "/console/notifications/remove": "?place=books",
    "/console/notifications/change": "?place=books",
    "/console/warehouses/settings": f"?warehouse={warehouse_names()[0]}",
    "/console/people/user": "?name=admin@example.com",
    "/console/people/disable": "?name=admin@example.com",
    "/console/exceptions/cause": f"?{urlencode({'connection': NAME, 'cause': records.MISSING.cause})}",
    "/console/preview": f"?connection={NAME}&stand=all&view=why",
    "/console/preview/voucher": "?voucher=key-R-settled",
    "/console/preview/release": f"?connection={NAME}",
    "/console/preview/hold": f"?connection={NAME}",
    "/console/batches/batch": "?name=failed",
    "/console/batches/resend": "?name=failed",
    "/console/batches/replay": "?name=failed",
    "/console/evidence/voucher": "?key=key-R-settled",
}
"""What pages have to be asked with that show one thing."""

_VOID = frozenset({"meta", "link", "input", "br", "img", "hr"})
_SVG = frozenset({"line", "rect"})


@dataclass
class _Page(HTMLParser):
    """What of a page is not as it must be."""

    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.unlabelled: dict[str, str] = {}
        self.headings = self.captionless = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.headings += tag == "h1"
        if tag not in _VOID:
            self.open.append(tag)
        is_inline = tag == "style" or (tag == "script" and not given.get("src", "").startswith("/console/"))
        if is_inline or "style" in given or any(name.startswith("on") for name in given):
            self.faults.append(f"inline: {tag} {given}")
        if "id" in given:
            self.ids.append(given["id"])
        self._field(tag, given)
        match tag:
            case "html" if given.get("lang") not in {"de", "en"}:
                self.faults.append("no language")
            case "table":
                self.captionless += 1
            case "caption":
                self.captionless -= 1
            case "th" if given.get("scope") not in {"row", "col", "rowgroup", "colgroup"}:
                self.faults.append("th without scope")
            case "form" if given.get("method", "get") == "post" and not given.get("action"):
                self.faults.append("form without action")
            case "a" if not given.get("href"):
                self.faults.append("link without address")

    def _field(self, tag: str, given: dict[str, str]) -> None:
        if tag == "label":
            self.labelled.add(given.get("for", ""))
        is_field = tag in {"input", "select", "textarea"} and given.get("type") not in {"hidden", "submit"}
        if is_field and "label" not in self.open and "aria-label" not in given:
            self.unlabelled[given.get("id", "?")] = given.get("name", "?")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes what is not open")


def faults(html: str) -> list[str]:
    """What is wrong with a page: tags, headings, labels, captions, language, anything inline."""
    page = _Page()
    page.feed(html)
    page.close()
    found = page.faults
    if page.open:
        found.append(f"not closed: {page.open}")
    if page.headings != 1:
        found.append(f"{page.headings} h1")
    found += [f"no label: {name}" for key, name in page.unlabelled.items() if key not in page.labelled]
    found += [f"twice: {one}" for one in sorted({one for one in page.ids if page.ids.count(one) > 1})]
    if page.captionless:
        found.append("table without a caption")
    return found
