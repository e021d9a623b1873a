"""Commands that set up: init, connect, disconnect, vault rotate."""

from __future__ import annotations

import getpass
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from mlconnector.app import Application
from mlconnector.commands.output import (
    AsJson,
    Exit,
    Spoken,
    answered,
    application,
    complaints,
    os_reason,
    paragraph,
    phrase,
    print_json,
    print_line,
    say,
    spoken_language,
)
from mlconnector.commands.templates import template
from mlconnector.flow.connect import oauth_login, setup, webhooks
from mlconnector.flow.context.settings import ConnectionSettings
from mlconnector.flow.report import overview
from mlconnector.settings import FILE_NAME, UnreadableSettings, refuse
from mlconnector.store.seals import generate_master_key
from mlconnector.systems.registry import sink_systems, source_systems

Name = Annotated[str, typer.Argument(help="Name of the connection.")]

_SETTINGS = """\
# Settings of this installation. Each can also be given as an environment variable MLCONNECTOR_…,
# e.g. MLCONNECTOR_DATABASE_URL, which then wins over this file.

data_dir = "ml-connector-data"          # database (SQLite) and master key live here
# database_url = "postgresql://user:password@host/ml_connector"
# public_url = "https://connector.example.com"   # where browsers and webhooks reach `ml-connector serve`
language = "{language}"                         # de or en: in this language the installation speaks
# timezone = "Europe/Berlin"            # moments are shown in this time zone
"""

_BOOKS = """\
[books]
chart = "SKR03"                # SKR03 or SKR04, as DATEV has it for this client
account_length = 4             # Sachkontenlänge
# begin = 2026-01-01           # first document date that is booked from here; older documents are left out
fiscal_year_start = 1          # month in which the fiscal year begins
festschreibung = false         # true locks the Buchungsstapel at import
# reversals = "swap"           # how corrections are written: swapped sides, or "generalumkehr"
# credit_notes = "swap"        # how credit notes are written, too
# [books.debtors]              # numbers for new customers; suppliers: [books.creditors]
# first = 10000
# last = 69999

[mapping]
supply = "goods"               # goods or service: what is sold where no row says otherwise
default_revenue = false        # true books lines without a row on the account of their tax case
# oss = true                   # sales to EU consumers are declared in the one-stop shop
# confirmed_by = "…"           # who confirmed these accounts and tax keys (or: ml-connector confirm) …
# confirmed_on = 2026-01-31    # … and when
# require_confirmation = true  # lets vouchers wait whose tax case nobody has confirmed

[mapping.cost_centre_1]
attribute = "cost_centre"
table = {}

# One row for each account. The most specific row that fits wins.
# [[mapping.revenue]]
# product_code = "MONT"
# supply = "service"

[documents]
missing = "booking_document"   # of vouchers without file; "invoice" writes one (needs the seller); or "hold"
en16931 = false                # true checks e-invoices by the rules of EN 16931 too (needs an extra package)
# [documents.seller]           # who issues invoices: name, street, postal_code, city, vat_id or tax_number

[master_data]                  # debtors and creditors, sent before the bookings that use them
# send = "new"                 # those whose number was given here; "changes": what changed, too; or "off"
# overwrite = "ask"            # what changed waits for `ml-connector persons`; "send": it goes at once
# parties = "booked"           # "all": customers without an invoice, too, where the source tells of them
# fields = ["name", "address", "email", "vat_id"]   # all others stay as DATEV has them

[schedule]
cron = "*/15 * * * *"          # how often the source is polled

# In which format documents go, from which day on (the first of a month); extf where no row says otherwise.
# [[channels]]
# kind = "sales"               # sales or purchases; payments are always extf
# format = "dxso"              # booking suggestions, for which datev.services needs "dxso"
# from = 2026-01-01
"""


def init(
    directory: Annotated[Path, typer.Argument(help="Where the settings file goes.")] = Path(),
    source: Annotated[
        str, typer.Option(help="Source system to write an example connection for.")
    ] = "pipedrive",
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
        sink = next(iter(sink_systems().values()))
        example = f'name = "my-{source}"\n\n{systems[source].template}\n{sink.template}\n{_BOOKS}'
        wanted = {
            directory / FILE_NAME: template(_SETTINGS, words).format(language=words),
            key: generate_master_key() + "\n",
            connection: template(example, words),
        }
        written = {str(path): not path.exists() for path in wanted}
        for path, text in wanted.items():
            if not written[str(path)]:
                say("kept", file=path)
                continue
            path.touch(mode=0o600 if path == key else 0o644)
            path.write_text(text, encoding="utf-8")
            say("wrote", file=path)
            if path == key:
                paragraph(phrase("keep_the_key", file=key))
        say("fill_in", file=connection)
        if json:
            print_json(
                {"written": [file for file, new in written.items() if new], "connection": str(connection)}
            )


def connect(
    file: Annotated[Path, typer.Argument(help="The connection's TOML file.")],
    secrets_file: Annotated[
        Path | None, typer.Option(help="TOML file with the credentials; '-' reads standard input.")
    ] = None,
    register_webhook: Annotated[
        bool | None,
        typer.Option(
            "--register-webhook/--unregister-webhook",
            help="Let the source send its webhooks to public_url, or end that, where it can be asked to.",
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """Set up a connection, or change one, from its file.

    Asks for credentials that are missing. A changed file is shown with what changed.

    Example: ml-connector connect my-pipedrive.toml
    """
    with answered():
        text = _text(file)
        with application() as app:
            settings = app.services.read(text, str(file))
            given = _secrets(app, settings, secrets_file)
            done = setup.connect(app.services, settings, given)
            logins = [one.system for one in oauth_login.logins_of(app.context(settings.name)) if one.needed]
            states = overview.states(app.context(settings.name))
            webhook = _webhook(app, settings.name, register_webhook)
        if json:
            print_json(
                {
                    "connection": settings.name,
                    "new": done.new,
                    "changes": list(done.changes),
                    "credentials": list(done.credentials),
                    "logins_needed": logins,
                    "webhook": webhook,
                }
            )
        else:
            waiting = states.get("needs_human", 0) + states.get("rejected", 0)
            _show(settings.name, done, login=bool(logins), waiting=waiting)
            if webhook is not None:
                key = "webhook_registered" if register_webhook else "webhook_unregistered"
                say(key, name=settings.name, address=webhook["address"], events=", ".join(webhook["events"]))


def _webhook(app: Application, name: str, wanted: bool | None) -> dict[str, Any] | None:
    """Where the source sends webhooks from now on and of what, or no longer; None where nothing was asked."""
    if wanted is None:
        return None
    events = webhooks.register(app.context(name)) if wanted else webhooks.unregister(app.context(name))
    return {"address": webhooks.webhook_address(app.context(name)), "events": list(events)}


def _show(name: str, done: setup.Connected, *, login: bool, waiting: int) -> None:
    say("set_up" if done.new else "changed" if done.changes else "unchanged", name=name)
    for line in done.changes:
        print_line(line, 2)
    if done.credentials:
        say("credentials_taken", name=name, names=", ".join(done.credentials))
    if login:
        say("next_login", name=name)
    say("then_ping", name=name)
    if done.changes and waiting:
        say("some_wait", name=name, count=waiting)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UnreadableSettings(str(file), None, phrase("unreadable", reason=os_reason(error))) from error
    except UnicodeDecodeError as error:
        raise UnreadableSettings(str(file), None, phrase("unreadable", reason="UTF-8")) from error


def _secrets(app: Application, settings: ConnectionSettings, file: Path | None) -> dict[str, str]:
    """Credentials from a file, from standard input, or asked for one by one; never from the command line."""
    missing = setup.missing_secrets(app.services, settings)
    if file is None and missing and sys.stdin.isatty():
        return {name: getpass.getpass(f"{name}: ") for name in missing}
    given = {} if file is None else _given(settings, file)
    left = [name for name in missing if not given.get(name)]
    if left:
        example = _tables(left)
        raise UnreadableSettings(
            settings.name, None, f"{phrase('secrets_missing', names=', '.join(left))}\n{example}"
        )
    return given


def _given(settings: ConnectionSettings, file: Path) -> dict[str, str]:
    """The credentials in a TOML file by `<system>.<name>`; those the connection does not use are refused."""
    known = [f"{system}.{name}" for system, names in settings.secrets.items() for name in names]
    where = "stdin" if str(file) == "-" else str(file)
    text = sys.stdin.read() if where == "stdin" else _text(file)
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        expected = phrase("secrets_form")
        raise UnreadableSettings(where, None, f"{expected}\n{_tables(known)}") from error
    given = {
        f"{system}.{name}" if isinstance(values, dict) else system: str(value)
        for system, values in tables.items()
        for name, value in (values.items() if isinstance(values, dict) else [("", values)])
    }
    unknown = [name for name in given if name not in known]
    if unknown:
        facts = {"names": ", ".join(unknown), "known": ", ".join(known)}
        raise UnreadableSettings(where, None, phrase("secret_unknown", **facts))
    return given


def _tables(names: Sequence[str]) -> str:
    """How credentials stand in a TOML file."""
    lines: list[str] = []
    for name in names:
        system, _, secret = name.partition(".")
        if f"  [{system}]" not in lines:
            lines.append(f"  [{system}]")
        lines.append(f'  {secret} = "…"')
    return "\n".join(lines)


def disconnect(name: Name, json: AsJson = False) -> None:
    """Revoke the login, delete credentials and pause.

    Nothing else is lost: `connect` and `login` let the connection go on.

    Example: ml-connector disconnect my-pipedrive
    """
    with answered(), application() as app:
        sink = app.context(name).settings.sink_system
        failed = setup.disconnect(app.context(name))
        if json:
            print_json({"connection": name, "not_revoked": failed})
        else:
            paragraph(phrase("disconnected", name=name))
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
