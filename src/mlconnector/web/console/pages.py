"""Pages of the console, from the templates beside this module: all facts escaped, nothing inline."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from http import HTTPStatus
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from mlconnector.flow.people.roles import Verb, may
from mlconnector.texts import notation
from mlconnector.texts.catalogue import console_text, word
from mlconnector.texts.language import Language
from mlconnector.web.console.place import Place
from mlconnector.web.console.plain_words import bound, plain
from mlconnector.web.console.tones import tone

POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
STYLE = files(__package__).joinpath("static/console.css").read_text(encoding="utf-8")
HTMX = files(__package__).joinpath("static/htmx.min.js").read_text(encoding="utf-8")
ICON = files(__package__).joinpath("static/icon.svg").read_text(encoding="utf-8")
_HEADERS = {
    "Content-Security-Policy": POLICY,
    # With no-referrer, browsers would not say whose page a form comes from.
    "Referrer-Policy": "same-origin",
}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Say = Callable[..., str]


@pass_context
def coded(context: Context | Mapping[str, Any], text: str) -> Markup:
    """A text in plain words with what stands in backticks as code, everything in it escaped."""
    parts = bound(plain(text, context["viewer"].language)).split("`")
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(part) if number % 2 else part for number, part in enumerate(parts))


def linkable(address: str) -> str:
    """An address that a link may lead to; empty for anything that is not of the web, e.g. `javascript:`."""
    return address if urlsplit(address).scheme in {"http", "https"} else ""


def is_day(text: str) -> bool:
    """Whether a text is a day as fields for days have it, e.g. 2026-01-31."""
    return bool(_DAY.fullmatch(text))


_TEMPLATES = Environment(
    loader=PackageLoader("mlconnector.web.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["coded"] = coded
_TEMPLATES.filters["linkable"] = linkable
_TEMPLATES.filters["bound"] = bound
_TEMPLATES.filters["is_day"] = is_day
_TEMPLATES.globals["tone"] = tone


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who sees a page: the language, and name, role and form token of whoever is logged in."""

    language: Language
    name: str = ""
    role: str = ""
    form_token: str = ""

    def may(self, verb: Verb) -> bool:
        """Whether the role has a verb."""
        return may(self.role, verb)


@dataclass(frozen=True, slots=True)
class Area:
    """A screen as the areas above each page show it; `order` is 0 where they do not."""

    name: str
    home: str
    order: int
    has_help: bool
    verb: Verb | None


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is known; `link` is where it leads."""

    label: str
    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """Numbers, days and moments as the language of a page writes them; a dash where there is none."""

    language: Language

    def count(self, value: int) -> str:
        """A number of things."""
        return notation.number(Decimal(value), self.language)

    def amount(self, value: Decimal | None, currency: str = "") -> str:
        """An amount with its decimal places, and its currency."""
        if value is None:
            return "–"
        written = notation.number(value, self.language, notation.amount_places(value))
        return f"{written}\N{NO-BREAK SPACE}{currency}" if currency else written

    def amount_of(self, voucher: Mapping[str, Any]) -> str:
        """The amount of a voucher in the rows that commands and pages show, with its currency."""
        amount = voucher["amount"]
        return self.amount(None if amount is None else Decimal(amount), voucher["currency"] or "")

    def day(self, value: date | None) -> str:
        """A day."""
        return "–" if value is None else notation.day(value, self.language)

    def period(self, value: str) -> str:
        """A month, or what was searched for as a period: `Juli 2026 – September 2026`."""
        return " – ".join(notation.month(part, self.language) for part in value.split("..")) or "–"

    def moment(self, value: datetime | None) -> str:
        """A moment, to the minute."""
        return "–" if value is None else notation.moment(value, self.language)


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a page: whose screen it is, the areas, the place, what is said once."""

    screen: str
    areas: tuple[Area, ...]
    place: Place
    notice: str = ""


def speaker(screen: str, language: Language) -> Say:
    """What says the texts of a screen in a language, with their facts; else those of all screens."""

    def say(key: str, /, **facts: object) -> str:
        return console_text(screen, key, {name: str(value) for name, value in facts.items()}, language)

    return say


def shown(
    template: str, viewer: Viewer, frame: Frame, status: HTTPStatus = HTTPStatus.OK, /, **more: object
) -> HTMLResponse:
    """A page, with what its template shows `more`."""
    written = Written(viewer.language)
    say = speaker(frame.screen, viewer.language)
    areas = [one for one in frame.areas if one.order and one.verb and viewer.name and viewer.may(one.verb)]
    content = _TEMPLATES.get_template(template).render(
        viewer=viewer,
        frame=frame,
        areas=[(one, speaker(one.name, viewer.language)("title")) for one in areas],
        has_help=any(one.name == frame.screen and one.has_help for one in frame.areas),
        say=lambda key, /, **facts: bound(say(key, **facts)),
        word=lambda kind, value: bound(word(kind, value, viewer.language)),
        count=written.count,
        amount=written.amount,
        day=written.day,
        period=written.period,
        moment=written.moment,
        **more,
    )
    return HTMLResponse(content, status, _HEADERS)
