"""Commands that set up: init, connect, disconnect, vault rotate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from mlconnector.app import Application
from mlconnector.commands import given_credentials
from mlconnector.commands.list_import import WithoutAsking, may_go_on
from mlconnector.commands.output import (
    AsJson,
    Exit,
    Spoken,
    answered,
    application,
    complaints,
    language,
    paragraph,
    phrase,
    print_json,
    print_line,
    say,
    spoken_language,
)
from mlconnector.commands.repairs import somebody
from mlconnector.flow.agree.released import released
from mlconnector.flow.connect import credentials, setup, standing, webhooks
from mlconnector.flow.connect.example import example
from mlconnector.flow.context.settings import ConnectionSettings
from mlconnector.flow.report import counts
from mlconnector.settings import FILE_NAME, UnreadableSettings, line_of, refuse
from mlconnector.store import connections
from mlconnector.store.seals import generate_master_key
from mlconnector.systems.registry import source_systems
from mlconnector.texts.catalogue import explain, step_cause
from mlconnector.texts.named import for_connection
from mlconnector.texts.templates import template

Name = Annotated[str, typer.Argument()]

_SETTINGS = """\
# Settings of this installation. Each can also be given as an environment variable MLCONNECTOR_…,
# e.g. MLCONNECTOR_DATABASE_URL, which then wins over this file.

data_dir = "ml-connector-data"          # database (SQLite) and master key live here
# database_url = "postgresql://user:password@host/ml_connector"
# public_url = "https://connector.example.com"   # where browsers and webhooks reach `ml-connector serve`
language = "{language}"                         # de or en: in this language the installation speaks
# timezone = "Europe/Berlin"            # moments are shown in this time zone
"""


def init(
    directory: Annotated[Path, typer.Argument()] = Path(),
    source: Annotated[str, typer.Option()] = "pipedrive",
    spoken: Spoken = None,
    json: AsJson = False,
) -> None:
    """Write settings, master key, example connection.

    Example: ml-connector init
    """
    with answered():
        systems = source_systems()
        if source not in systems:
            known = ", ".join(systems)
            refuse("--source", "“{given}” will not do; possible is one of {known}", given=source, known=known)
        words = spoken_language(spoken)
        directory.mkdir(parents=True, exist_ok=True)
        data = directory / "ml-connector-data"
        data.mkdir(mode=0o700, exist_ok=True)
        key, connection = data / "master.key", directory / f"my-{source}.toml"
        wanted = {
            directory / FILE_NAME: template(_SETTINGS, words).format(language=words),
            key: generate_master_key() + "\n",
            connection: example(f"my-{source}", systems[source], words),
        }
        written = {str(path): not path.exists() for path in wanted}
        for path, text in wanted.items():
            if not written[str(path)]:
                say("kept", file=path)
                continue
            _write(path, text, 0o600 if path == key else 0o644)
            say("wrote", file=path)
            if path == key:
                paragraph(phrase("keep_the_key", file=key))
        say("fill_in", file=connection)
        if json:
            print_json(
                {"written": [file for file, new in written.items() if new], "connection": str(connection)}
            )


def _write(path: Path, text: str, mode: int) -> None:
    """Write a new file, or none: the next `init` would keep half a key. Raises OSError with its name."""
    try:
        path.touch(mode=mode)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        path.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error


def connect(
    file: Annotated[Path, typer.Argument()],
    secrets_file: Annotated[Path | None, typer.Option()] = None,
    register_webhook: Annotated[
        bool | None,
        typer.Option(
            "--register-webhook/--unregister-webhook",
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """Set up a connection, or change one, from its file.

    Asks for credentials that are missing, and tries them before it seals them; a file may hold some of them.
    A changed file is shown with what changed.

    Example: ml-connector connect my-pipedrive.toml
    """
    with answered():
        text = given_credentials.text_of(file)
        with application() as app:
            settings = app.services.read(text, str(file))
            _check_begin(app, settings, str(file))
            given, unknown = _secrets(app, settings, secrets_file)
            given, found = _tested(app, settings, given)
            done = setup.connect(app.services, settings, given, somebody())
            missing = setup.missing_secrets(app.services, settings)
            logins = [one.system for one in standing.logins_of(app.context(settings.name)) if one.needed]
            states = counts.states(app.context(settings.name))
            with app.database.read() as db:
                given_release = released(connections.read(db, settings.name))
            webhook = _webhook(app, settings.name, register_webhook)
        if json:
            print_json(
                {
                    "connection": settings.name,
                    "new": done.new,
                    "changes": list(done.changes),
                    "credentials": list(done.credentials),
                    "tests": {one.name: _test_row(app, one) for one in found},
                    "missing": missing,
                    "unknown": unknown,
                    "logins_needed": logins,
                    "webhook": webhook,
                    "released": None if given_release is None else asdict(given_release),
                    "release_lost": done.release_lost,
                }
            )
        else:
            waiting = states.get("needs_human", 0) + states.get("rejected", 0)
            _show(
                settings.name,
                done,
                found,
                login=bool(logins),
                waiting=waiting,
                released=given_release is not None,
            )
            if webhook is not None:
                key = "webhook_registered" if register_webhook else "webhook_unregistered"
                say(key, name=settings.name, address=webhook["address"], events=", ".join(webhook["events"]))
        _complain_of(settings, missing, unknown)


def _complain_of(settings: ConnectionSettings, missing: Sequence[str], unknown: Sequence[str]) -> None:
    """Say which credentials are missing still, and which names nobody knows."""
    if unknown:
        known = ", ".join(settings.secret_names)
        paragraph(phrase("secret_unknown", names=", ".join(unknown), known=known), to=complaints)
    if missing:
        names = ", ".join(missing)
        paragraph(phrase("credentials_still_missing", name=settings.name, names=names), to=complaints)
        for line in given_credentials.as_tables(missing).splitlines():
            print_line(line, to=complaints)
    if missing or unknown:
        raise typer.Exit(Exit.PROBLEMS)


def _webhook(app: Application, name: str, wanted: bool | None) -> dict[str, Any] | None:
    """Where the source sends webhooks from now on and of what, or no longer; None where nothing was asked."""
    if wanted is None:
        return None
    events = webhooks.register(app.context(name)) if wanted else webhooks.unregister(app.context(name))
    return {"address": webhooks.webhook_address(app.context(name)), "events": list(events)}


def _check_begin(app: Application, settings: ConnectionSettings, where: str) -> None:
    """Refuse a file that does not say from which day on is booked, before credentials are asked for."""
    with app.database.read() as db:
        missing = setup.begin_is_missing(db, settings)
    if missing:
        words = explain("begin_missing", {}, language())
        line = line_of(settings.text, ["books"])
        raise UnreadableSettings(where, line, f"books.begin: {words.what} {words.why} {words.do}")


def _test_row(app: Application, one: credentials.Tested) -> dict[str, Any]:
    words = step_cause(one.step.cause, one.step.facts, app.settings.language) if one.step.cause else ""
    return {"outcome": one.step.outcome, "cause": one.step.cause, "words": words}


def _show(
    name: str,
    done: setup.Connected,
    found: Sequence[credentials.Tested],
    *,
    login: bool,
    waiting: int,
    released: bool,
) -> None:
    say("set_up" if done.new else "changed" if done.changes else "unchanged", name=name)
    for line in done.changes:
        print_line(line, 2)
    accepted = [one.name for one in found if one.step.outcome == "ok"]
    if accepted:
        say("credentials_tested", name=name, names=", ".join(accepted))
    for why, names in _untested(found).items():
        paragraph(for_connection(phrase("credential_untested", name=name, names=names, why=why), name))
    if done.credentials:
        say("credentials_taken", name=name, names=", ".join(done.credentials))
    if done.release_lost:
        say("release_lost", name=name)
    if login:
        say("next_login", name=name)
    say("then_ping", name=name)
    if not released:
        say("then_release", name=name)
    if done.changes and waiting:
        say("some_wait", name=name, count=waiting)


def _untested(found: Sequence[credentials.Tested]) -> dict[str, str]:
    """Why credentials were kept without a test, each with their names."""
    names: dict[str, list[str]] = {}
    for one in found:
        if one.step.outcome == "skipped":
            why = step_cause(one.step.cause, one.step.facts, language())
            names.setdefault(why, []).append(one.name)
    return {why: ", ".join(some) for why, some in names.items()}


def _secrets(
    app: Application, settings: ConnectionSettings, file: Path | None
) -> tuple[dict[str, str], list[str]]:
    """Credentials from a file, from standard input, or asked for one by one; never from the command line.

    Returns them with the names that the connection does not use.
    """
    given, unknown = ({}, []) if file is None else given_credentials.given_in(file, settings.secret_names)
    missing = [name for name in setup.missing_secrets(app.services, settings) if name not in given]
    if missing and given_credentials.can_ask(file):
        return {**given, **given_credentials.asked(missing)}, unknown
    if unknown and not given:
        facts = {"names": ", ".join(unknown), "known": ", ".join(settings.secret_names)}
        raise UnreadableSettings(given_credentials.place_of(file), None, phrase("secret_unknown", **facts))
    if missing and not given:
        example = given_credentials.as_tables(missing)
        raise UnreadableSettings(
            settings.name, None, f"{phrase('secrets_missing', names=', '.join(missing))}\n{example}"
        )
    return given, unknown


def _tested(
    app: Application, settings: ConnectionSettings, given: dict[str, str]
) -> tuple[dict[str, str], list[credentials.Tested]]:
    """The credentials with what their test gave; at a terminal those that are refused are asked for again.

    Raises NeedsHuman when some are refused in the end.
    """
    for _ in range(given_credentials.TRIES):
        found = credentials.tested(app.services, settings, given)
        refused = {one.name: one.step.facts["answer"] for one in found if one.step.outcome == "failed"}
        if not refused or not given_credentials.can_ask(None):
            break
        answer = "; ".join(dict.fromkeys(refused.values()))
        paragraph(phrase("credential_asked_again", names=", ".join(refused), answer=answer), to=complaints)
        given = {**given, **given_credentials.asked(list(refused))}
    credentials.refuse(found)
    return given, found


def disconnect(
    name: Name,
    yes: WithoutAsking = False,
    json: AsJson = False,
) -> None:
    """Disconnect: revoke the login, delete credentials.

    Nothing else is lost: `connect`, `login` and `release` let the connection go on. At a terminal this asks
    once.

    Example: ml-connector disconnect my-pipedrive
    """
    with answered(), application() as app:
        sink = app.context(name).settings.sink_system
        given = setup.given_secrets(app.context(name))
        if not may_go_on("disconnect_question", yes=yes, json=json, name=name):
            if json:
                print_json({"connection": name, "disconnected": False})
            else:
                paragraph(phrase("nothing_changed"))
            raise typer.Exit(Exit.PROBLEMS)
        failed = setup.disconnect(app.context(name), somebody())
        if json:
            told = {"connection": name, "disconnected": True}
            print_json({**told, "not_revoked": failed, "still_valid": given})
        else:
            paragraph(phrase("disconnected", name=name))
            if given:
                paragraph(phrase("still_valid_there", names=", ".join(given)))
        for reason in failed:
            of_sink = reason.startswith(f"{sink.name}:")
            key = "not_revoked" if of_sink and sink.login.link else "not_revoked_there"
            paragraph(phrase(key, reason=reason, link=sink.login.link), to=complaints)
        if failed:
            raise typer.Exit(Exit.PROBLEMS)


def rotate(json: AsJson = False) -> None:
    """Seal all credentials under the first master key.

    Put the new key in the first line of the master key file, run this, then remove the old line.

    Example: ml-connector vault rotate
    """
    with answered(), application() as app:
        count = app.vault.rotate()
        if json:
            print_json({"sealed_anew": count})
        else:
            say("rotated", count=count)
