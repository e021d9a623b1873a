"""The help of every screen: its Markdown page in the language of the reader."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import Response

from mlconnector.texts.language import Language
from mlconnector.web.console.pages import speaker
from mlconnector.web.console.screen import Screen
from mlconnector.web.console.visits import At

SCREEN = Screen("help", order=0, verb="see", path="help", has_help=False)


@SCREEN.page()
def show(at: At) -> Response:
    """The help of a screen, and the names of all others."""
    wanted = at.asked("screen") or "overview"
    told = [one for one in at.frame.areas if one.has_help]
    if wanted not in {one.name for one in told}:
        raise HTTPException(404)
    named = [(one.name, speaker(one.name, at.language)("title")) for one in told]
    return at.shown("help.html", text=help_page(wanted, at.language), named=named, current=wanted)


@cache
def help_page(screen: str, language: Language) -> Markup:
    """The help of a screen as HTML."""
    text = (
        files("mlconnector.web.console").joinpath(f"help/{screen}.{language}.md").read_text(encoding="utf-8")
    )
    return Markup(MarkdownIt("commonmark", {"html": False}).render(text))  # noqa: S704 - our own
