"""The screen Mein Zugang: what somebody who is logged in may change about the own account."""

from __future__ import annotations

from starlette.responses import Response

from mlconnector.flow.people import users
from mlconnector.store import people
from mlconnector.texts.catalogue import word
from mlconnector.web.console.pages import Fact
from mlconnector.web.console.place import HOME, within
from mlconnector.web.console.screen import Screen
from mlconnector.web.console.visits import Acting, At, to_place

SCREEN = Screen("account", order=0, verb="see", path="account")


@SCREEN.page()
def show(at: At) -> Response:
    """Who is logged in, and the form for another password."""
    facts = [
        Fact(at.say("label_name"), at.by),
        Fact(at.say("label_role"), word("role", at.viewer.role, at.language)),
    ]
    has_password = bool(at.session.user.password_hash) and at.app.settings.console.passwords
    return at.shown("account.html", facts=facts, has_password=has_password)


@SCREEN.action("language", "see")
def choose_language(at: Acting) -> Response:
    """Keep the language that somebody wants to read, and go on reading."""
    language = "de" if at.form.get("language") == "de" else "en"
    with at.app.database.write() as db:
        people.set_language(db, at.by, language)
    return to_place(within(at.form.get("back")))


@SCREEN.action("password", "see")
def change_password(at: Acting) -> Response:
    """Choose another password; all sessions end."""
    users.change_password(at.app.services, at.by, at.form.raw("old"), at.form.raw("password"))
    return to_place(f"{HOME}login")
