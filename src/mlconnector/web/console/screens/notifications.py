"""The screen Benachrichtigungen: where messages go, whether they arrive, and what somebody changes of it."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from fastapi.exceptions import HTTPException
from starlette.responses import Response

from mlconnector.errors import ConnectorError, NeedsHuman
from mlconnector.flow.notify import places
from mlconnector.flow.notify.addresses import FIELDS, KINDS, Kind
from mlconnector.flow.notify.matters import OCCASIONS
from mlconnector.texts.catalogue import Explanation, explain
from mlconnector.texts.language import Language
from mlconnector.web.console.screen import Screen
from mlconnector.web.console.visits import Acting, At, Visit

SCREEN = Screen("notifications", order=85, verb="notify", path="notifications")


@SCREEN.page()
def listing(at: At) -> Response:
    """Every place, and whether messages arrive there."""
    listed = [(one, _why(at, one)) for one in places.every(at.app.services)]
    return at.shown("list.html", listed=listed, kinds=KINDS, occasions=OCCASIONS)


@SCREEN.page("new")
def new(at: At) -> Response:
    """The form that adds a place of one kind."""
    return _form(at, _kind(at.asked("kind") or "mail"))


@SCREEN.action("new", "notify")
def add(at: Acting) -> Response:
    """Try a place by a message, and keep it."""
    kind, name = _kind(at.form.get("kind")), at.form.get("name")
    given = {one.name: at.form.raw(one.name) for one in FIELDS[kind]}
    told = [one for one in OCCASIONS if one in at.form.all("occasion")]
    spoken: Language = "de" if at.form.get("language") == "de" else "en"
    try:
        places.add(at.app.services, name, kind, given, at.by, occasions=told, language=spoken)
    except NeedsHuman as error:
        words = explain(error.problem.key, error.problem.facts, at.language, on_page=True)
        return _form(at, kind, HTTPStatus.CONFLICT, words)
    return at.done("added", place=name)


@SCREEN.page("change")
def ask_to_change(at: At) -> Response:
    """The form that changes what a place is told, and in which language."""
    return at.shown("change.html", it=_found(at), occasions=OCCASIONS)


@SCREEN.action("change", "notify")
def change(at: Acting) -> Response:
    """Change what a place is told, and in which language; its address stays."""
    name, told = at.form.get("place"), [one for one in OCCASIONS if one in at.form.all("occasion")]
    spoken: Language = "de" if at.form.get("language") == "de" else "en"
    if not told:
        return at.done("no_occasion", f"{SCREEN.address('change')}?{urlencode({'place': name})}")
    places.change(at.app.services, name, at.by, occasions=told, language=spoken)
    return at.done("changed", place=name)


@SCREEN.action("test", "notify")
def try_out(at: Acting) -> Response:
    """Send a trial message to a place."""
    name = at.form.get("place")
    places.try_out(at.app.services, name, at.by)
    return at.done("tried", place=name)


@SCREEN.page("remove")
def ask_to_remove(at: At) -> Response:
    """Ask before a place is removed."""
    name = _found(at).name
    return at.confirmation("remove", "remove", {"place": name}, place=name)


@SCREEN.action("remove", "notify")
def remove(at: Acting) -> Response:
    """Remove a place."""
    name = at.form.get("place")
    places.remove(at.app.services, name, at.by)
    return at.done("removed", place=name)


def new_address(kind: Kind) -> str:
    """Where a place of a kind is added."""
    return f"{SCREEN.address('new')}?{urlencode({'kind': kind})}"


def _found(at: Visit) -> places.Place:
    """The place that is asked for."""
    try:
        return places.found(at.app.services, at.asked("place"))
    except ConnectorError:
        raise HTTPException(HTTPStatus.NOT_FOUND) from None


def _kind(given: str) -> Kind:
    kind = next((one for one in KINDS if one == given), None)
    if kind is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return kind


def _why(at: Visit, one: places.Place) -> Explanation | None:
    return (
        None
        if one.failure is None
        else explain(one.failure.key, one.failure.facts, at.language, on_page=True)
    )


def _form(
    at: Visit, kind: Kind, status: HTTPStatus = HTTPStatus.OK, words: Explanation | None = None
) -> Response:
    """The form; after a refusal with what was entered, all but what is secret."""
    return at.shown(
        "new.html",
        status,
        kind=kind,
        kinds=[(one, new_address(one)) for one in KINDS],
        fields=FIELDS[kind],
        occasions=OCCASIONS,
        ticked=at.form.all("occasion") if words else OCCASIONS,
        name=at.form.get("name"),
        spoken=at.form.get("language") or at.app.settings.language,
        words=words,
    )
