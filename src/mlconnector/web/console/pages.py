"""Pages of the console, from the templates beside this module: all facts escaped, nothing inline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mlconnector.flow.people.roles import Verb, may
from mlconnector.texts.catalogue import console_text, word
from mlconnector.texts.language import Language

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
STYLE = files(__package__).joinpath("static/console.css").read_text(encoding="utf-8")
_HEADERS = {
    "Content-Security-Policy": POLICY,
    # With no-referrer, browsers would not say whose page a form comes from.
    "Referrer-Policy": "same-origin",
}
_TEMPLATES = Environment(
    loader=PackageLoader("mlconnector.web.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def coded(text: str) -> Markup:
    """A text with what stands in backticks as code, everything in it escaped."""
    parts = text.split("`")
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(part) if number % 2 else part for number, part in enumerate(parts))


_TEMPLATES.filters["coded"] = coded


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


Say = Callable[..., str]


def speaker(language: Language) -> Say:
    """What says the texts of the console in a language, with their facts."""

    def say(key: str, /, **facts: object) -> str:
        return console_text(key, {name: str(value) for name, value in facts.items()}, language)

    return say


def shown(
    template: str, viewer: Viewer, status: HTTPStatus = HTTPStatus.OK, /, **more: object
) -> HTMLResponse:
    """A page, with what its template shows `more`."""
    content = _TEMPLATES.get_template(template).render(
        viewer=viewer,
        say=speaker(viewer.language),
        word=lambda kind, value: word(kind, value, viewer.language),
        **more,
    )
    return HTMLResponse(content, status, _HEADERS)
