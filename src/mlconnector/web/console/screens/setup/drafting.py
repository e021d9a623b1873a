"""The settings of a connection as a text that is checked as the connection file is, and kept as a draft."""

from __future__ import annotations

from http import HTTPStatus

from fastapi.exceptions import HTTPException
from starlette.responses import Response

from mlconnector.flow.agree import drafts
from mlconnector.flow.connect import settings_fields
from mlconnector.flow.connect.settings_fields import SettingField
from mlconnector.settings import Complaint, UnreadableSettings
from mlconnector.web.console.screens.setup.screen import (
    SCREEN,
    complaints,
    drafted,
    existing,
    place,
    steps,
)
from mlconnector.web.console.visits import Acting, At, Visit, to_place

FIELD, WAS = "field ", "was "


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
    text = settings_fields.with_values(text, _changed(at))
    if drafted(at, name) is None:
        raise HTTPException(404)
    drafts.keep(at.app.services, name, "settings", text.encode(), at.by)
    if at.form.get("then") == "later":
        return at.done("kept", name=name)
    wrong = wrong_with(at, name, text)
    if wrong:
        return _page(at, name, text, wrong, HTTPStatus.CONFLICT)
    return to_place(place("apply", name))


def _changed(at: Visit) -> dict[str, str]:
    """The fields of a form that somebody has changed; in all others the text holds."""
    places = [one.removeprefix(FIELD) for one in at.form.values if one.startswith(FIELD)]
    given = {one: at.form.get(f"{FIELD}{one}") for one in places}
    return {one: value for one, value in given.items() if value != at.form.get(f"{WAS}{one}")}


def wrong_with(at: Visit, name: str, text: str) -> list[Complaint]:
    """What keeps a text from being the settings of a connection."""
    try:
        at.app.services.read(text, name)
    except UnreadableSettings as error:
        return list(error.complaints)
    return []


def _page(
    at: Visit, name: str, text: str, wrong: list[Complaint], status: HTTPStatus = HTTPStatus.OK
) -> Response:
    is_there = existing(at, name) is not None
    begun = drafts.kept(at.app.services, name, "settings") is not None
    words = {one.name: one.words(at.language).removeprefix(f"{one.name}: ") for one in wrong}
    found = [(one, _label(at, one), words.get(one.place, "")) for one in settings_fields.fields(text, wrong)]
    return at.shown(
        "draft.html",
        status,
        steps=steps(at, "settings", name, is_there=is_there),
        name=name,
        text=text,
        wrong=complaints(wrong, text, at.language),
        fields=found,
        field=FIELD,
        was=WAS,
        is_there=is_there,
        begun=begun,
    )


def _label(at: Visit, one: SettingField) -> str:
    """What a field is called: those that everybody fills in have names, others that of the setting."""
    name = one.place.rpartition(".")[2]
    return at.say(f"field_{name}") if one.is_essential else one.place
