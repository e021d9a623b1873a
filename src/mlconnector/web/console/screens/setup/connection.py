"""One connection: its state and logins as DATEV wants them seen, credentials, webhooks, settings, its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree.released import released
from mlconnector.flow.connect import adviser_link, credentials, oauth_login, setup, standing, webhooks
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.services import STORED_SETTINGS_REFUSED
from mlconnector.store import connections
from mlconnector.store.connections import ConnectionRow
from mlconnector.texts.catalogue import Explanation, explain, word
from mlconnector.web.console.pages import Fact
from mlconnector.web.console.screens.setup.applying import (
    FIELD,
    credential_title,
    given_in,
    refused_in,
    to_enter,
)
from mlconnector.web.console.screens.setup.screen import SCREEN, as_file, place, steps
from mlconnector.web.console.visits import Acting, At, Visit
from mlconnector.web.login_facts import Known, login_facts, sink_facts
from mlconnector.web.oauth import CALLBACK_PATH


@dataclass(frozen=True, slots=True)
class ShownLogin:
    """A login that the connection needs: whether it stands, what is known of it, what its button says."""

    system: str
    title: str
    is_needed: bool
    known: Sequence[Known]
    button: str
    may_have_ended: bool


@SCREEN.page("connection")
def show(at: At) -> Response:
    """How a connection stands, and all that is set up for it; its settings as the connection file."""
    if at.asked("as") == "toml" and at.viewer.may("connect"):
        row = _row(at, at.asked("connection"))
        return as_file(row.name, row.settings)
    return _page(at, at.asked("connection"))


@SCREEN.action("login", "login")
def log_in(at: Acting) -> Response:
    """Begin a login, and lead the browser on to the system."""
    name, system = at.form.get("connection"), at.form.get("system")
    context = at.app.context(name)
    address = oauth_login.begin(
        context,
        system,
        f"{at.app.settings.public_url.rstrip('/')}{CALLBACK_PATH}",
        ended_there=bool(at.form.get("ended_there")),
        by=at.by,
        back=place("connection", name),
    )
    title = word("system", system, at.language)
    return at.shown("onward.html", name=name, address=address, system=title, back=place("connection", name))


@SCREEN.action("credentials", "connect")
def enter_credentials(at: Acting) -> Response:
    """Seal credentials that were accepted."""
    name = at.form.get("connection")
    settings = at.app.context(name).settings
    given = given_in(at, settings)
    if not given:
        return at.done("nothing_given", place("connection", name))
    found = credentials.tested(at.app.services, settings, given)
    refused = refused_in(at, found)
    if refused:
        return _page(at, name, refused)
    setup.connect(at.app.services, settings, given, at.by)
    untested = [one.name for one in found if one.step.outcome == "skipped"]
    key = "sealed_untested" if untested else "sealed"
    return at.done(
        key,
        place("connection", name),
        names=", ".join(credential_title(at, one) for one in given),
        untested=", ".join(credential_title(at, one) for one in untested),
    )


@SCREEN.action("webhook", "connect")
def set_webhook(at: Acting) -> Response:
    """Let the source send its webhooks to us, or no more."""
    name, context = at.form.get("connection"), at.app.context(at.form.get("connection"))
    if at.form.get("wanted") == "off":
        webhooks.unregister(context, at.by)
        return at.done("webhook_off", place("connection", name))
    events = webhooks.register(context, at.by)
    return at.done("webhook_on", place("connection", name), events=", ".join(events))


@SCREEN.page("disconnect", "disconnect")
def ask_to_disconnect(at: At) -> Response:
    """Ask before a connection is disconnected."""
    row = _row(at, at.asked("connection"))
    given = setup.given_secrets(at.app.context(row.name))
    facts = [Fact(at.say("label_client"), row.client)]
    if given:
        facts.append(Fact(at.say("label_still_valid"), ", ".join(credential_title(at, one) for one in given)))
    back = place("connection", row.name)
    fields = {"connection": row.name}
    return at.confirmation("disconnect", "disconnect", fields, back=back, facts=facts, name=row.name)


@SCREEN.action("disconnect", "disconnect")
def disconnect(at: Acting) -> Response:
    """Revoke the login, delete the credentials."""
    name = at.form.get("connection")
    failed = setup.disconnect(at.app.context(name), at.by)
    key = "disconnected_not_revoked" if failed else "disconnected"
    return at.done(key, place("connection", name), name=name, reasons="; ".join(failed))


def _row(at: Visit, name: str) -> ConnectionRow:
    with at.app.database.read() as db:
        return connections.read(db, name)


def _page(at: Visit, name: str, refused: dict[str, str] | None = None) -> Response:
    row, context = _row(at, name), at.app.context(name)
    trouble = _refused_settings(at, context)
    if trouble is not None:
        return at.shown("refused.html", row=row, words=trouble)
    given = released(row)
    source = context.settings.source_system
    may_connect = at.viewer.may("connect")
    return at.shown(
        "connection.html",
        HTTPStatus.CONFLICT if refused else HTTPStatus.OK,
        row=row,
        source=source.title,
        released=given,
        logins=[] if row.is_disconnected else _logins(at, context),
        credentials=to_enter(at, context.settings, refused or {}),
        is_refused=bool(refused),
        field=FIELD,
        webhook=webhooks.webhook_address(context) if may_connect else "",
        registers=source.register_webhook is not None,
        links=adviser_link.every(context) if at.viewer.may("invite") else [],
        steps=steps(at, "login", name, is_there=True),
    )


def _refused_settings(at: Visit, context: Context) -> Explanation | None:
    """Why stored settings cannot be used any more; None where they can."""
    try:
        context.settings  # noqa: B018  # reading them is the question
    except NeedsHuman as error:
        if error.problem.key != STORED_SETTINGS_REFUSED:
            raise
        return explain(error.problem.key, error.problem.facts, at.language, on_page=True)
    return None


def _logins(at: Visit, context: Context) -> list[ShownLogin]:
    sink = context.settings.sink_system.name
    found = []
    for one in standing.logins_of(context):
        title = word("system", one.system, at.language)
        is_sink = one.system == sink
        known = list(sink_facts(context, at.language) if is_sink else login_facts(one, at.language))
        button = word("connect", "button", at.language) if is_sink else at.say("log_in_to", system=title)
        left = one.not_revoked or (one.failure is not None and one.failure.cause == "login_not_revoked")
        found.append(ShownLogin(one.system, title, one.needed, known, button, left))
    return found
