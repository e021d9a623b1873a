"""A draft becomes a connection or changes one, once its difference was seen and credentials were tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from fastapi.exceptions import HTTPException
from starlette.responses import Response

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import drafts
from mlconnector.flow.connect import credentials, setup
from mlconnector.flow.connect.credentials import Tested
from mlconnector.flow.context.settings import ConnectionSettings
from mlconnector.model.problems import Problem
from mlconnector.settings import UnreadableSettings
from mlconnector.store.connections import ConnectionRow
from mlconnector.texts.catalogue import step_cause, word
from mlconnector.web.console.pages import Fact
from mlconnector.web.console.screens.setup.screen import SCREEN, drafted, existing, place, steps
from mlconnector.web.console.visits import Acting, At, Visit, to_place

FIELD = "secret "
_OF_SEVERAL_LINES = ("certificate", "private_key")


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential to enter: its name, whether it is there already, why what was given was refused."""

    name: str
    title: str
    is_given: bool
    has_lines: bool
    error: str = ""


@SCREEN.page("apply", "connect")
def ask(at: At) -> Response:
    """What applying the draft changes, and the credentials that are missing."""
    name = at.asked("connection")
    settings = _readable(at, name)
    if settings is None:
        return to_place(place("draft", name))
    return _page(at, name, settings)


@SCREEN.action("apply", "connect")
def apply(at: Acting) -> Response:
    """Set the connection up or change it, once the credentials are tried."""
    name = at.form.get("connection")
    settings = _readable(at, name)
    if settings is None:
        return to_place(place("draft", name))
    drafts.refuse_unseen(at.form.get("seen"), _mark(at, settings), settings.name)
    _refuse_without_begin(at, settings)
    given = given_in(at, settings)
    found = credentials.tested(at.app.services, settings, given)
    refused = refused_in(at, found)
    if refused:
        return _page(at, name, settings, refused)
    done = setup.connect(at.app.services, settings, given, at.by)
    drafts.discard(at.app.services, name, "settings")
    key = "set_up" if done.new else "changed_and_lost" if done.release_lost else "changed"
    return at.done(key, place("connection", settings.name), name=settings.name)


def given_in(at: Visit, settings: ConnectionSettings) -> dict[str, str]:
    """The credentials that a form was filled with; what was left empty stays as it is."""
    values = {one: at.form.raw(f"{FIELD}{one}").strip() for one in settings.secret_names}
    return {one: value for one, value in values.items() if value}


def refused_in(at: Visit, found: Sequence[Tested]) -> dict[str, str]:
    """The credentials that were refused, each with why."""
    return {
        one.name: step_cause(one.step.cause, one.step.facts, at.language)
        for one in found
        if one.step.outcome == "failed"
    }


def to_enter(at: Visit, settings: ConnectionSettings, refused: dict[str, str]) -> list[Credential]:
    """The fields for all credentials, those that are missing first."""
    missing = setup.missing_secrets(at.app.services, settings)
    found = [
        Credential(
            one,
            credential_title(at, one),
            one not in missing,
            one.endswith(_OF_SEVERAL_LINES),
            refused.get(one, ""),
        )
        for one in settings.secret_names
    ]
    return sorted(found, key=lambda one: one.is_given)


def credential_title(at: Visit, credential: str) -> str:
    """What a credential is called."""
    system, _, name = credential.partition(".")
    return at.say(f"secret_{name}", system=word("system", system, at.language))


def _readable(at: Visit, name: str) -> ConnectionSettings | None:
    """The settings of a draft; None where something is wrong with them."""
    text = drafted(at, name)
    if text is None:
        raise HTTPException(404)
    try:
        return at.app.services.read(text, name)
    except UnreadableSettings:
        return None


def _refuse_without_begin(at: Visit, settings: ConnectionSettings) -> None:
    """Refuse before credentials are tried. Raises NeedsHuman (`begin_missing`)."""
    with at.app.database.read() as db:
        if setup.begin_is_missing(db, settings):
            raise NeedsHuman(Problem("begin_missing", {"name": settings.name}))


def _mark(at: Visit, settings: ConnectionSettings) -> str:
    row = existing(at, settings.name)
    return drafts.mark(settings.text, "" if row is None else row.settings)


def _page(
    at: Visit, name: str, settings: ConnectionSettings, refused: dict[str, str] | None = None
) -> Response:
    row = existing(at, settings.name)
    status = HTTPStatus.CONFLICT if refused else HTTPStatus.OK
    return at.shown(
        "apply.html",
        status,
        name=name,
        of=settings.name,
        is_new=row is None,
        difference=[] if row is None else setup.difference(row.settings, settings.text),
        facts=_facts(at, settings, row),
        credentials=to_enter(at, settings, refused or {}),
        field=FIELD,
        seen=_mark(at, settings),
        steps=steps(at, "credentials", name),
    )


def _facts(at: Visit, settings: ConnectionSettings, row: ConnectionRow | None) -> list[Fact]:
    books = settings.rules.books
    begin = at.say("no_begin") if books.begin is None else at.written.day(books.begin)
    facts = [
        Fact(at.say("label_connection"), settings.name),
        Fact(at.say("label_source"), word("source", settings.source_system.name, at.language)),
        Fact(at.say("label_client"), settings.client),
        Fact(at.say("label_services"), ", ".join(settings.sink_system.services(settings.sink))),
        Fact(at.say("label_chart"), f"{books.chart}, {at.say('digits', count=books.account_length)}"),
        Fact(at.say("label_begin"), begin),
    ]
    return facts if row is None else facts[:3]
