"""The settings of a connection as a text that is checked as the connection file is, and kept as a draft."""

from __future__ import annotations

from http import HTTPStatus

from fastapi.exceptions import HTTPException
from starlette.responses import Response

from mlconnector.flow.agree import drafts
from mlconnector.settings import UnreadableSettings
from mlconnector.web.console.screens.setup.screen import (
    SCREEN,
    Wrong,
    complaints,
    drafted,
    existing,
    place,
    steps,
)
from mlconnector.web.console.visits import Acting, At, Visit, to_place


@SCREEN.page("draft", "connect")
def edit(at: At) -> Response:
    """The settings as they were left, with what is wrong with them."""
    name = at.asked("connection")
    text = drafted(at, name)
    if text is None:
        raise HTTPException(404)
    return _page(at, name, text, wrong_with(at, name, text))


@SCREEN.action("draft", "connect")
def keep(at: Acting) -> Response:
    """Keep the settings as they are, and go on where nothing is wrong with them."""
    name, text = at.form.get("connection"), at.form.raw("text").replace("\r\n", "\n")
    if drafted(at, name) is None:
        raise HTTPException(404)
    drafts.keep(at.app.services, name, "settings", text.encode(), at.by)
    if at.form.get("then") == "later":
        return at.done("kept", name=name)
    wrong = wrong_with(at, name, text)
    if wrong:
        return _page(at, name, text, wrong, HTTPStatus.CONFLICT)
    return to_place(place("apply", name))


def wrong_with(at: Visit, name: str, text: str) -> list[Wrong]:
    """What keeps a text from being the settings of a connection."""
    try:
        at.app.services.read(text, name)
    except UnreadableSettings as error:
        return complaints(error, text, at.language)
    return []


def _page(
    at: Visit, name: str, text: str, wrong: list[Wrong], status: HTTPStatus = HTTPStatus.OK
) -> Response:
    is_there = existing(at, name) is not None
    begun = drafts.kept(at.app.services, name, "settings") is not None
    shown = {"name": name, "text": text, "wrong": wrong, "is_there": is_there, "begun": begun}
    return at.shown("draft.html", status, steps=steps(at, "settings", name, is_there=is_there), **shown)
