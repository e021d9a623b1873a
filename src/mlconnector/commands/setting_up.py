"""Commands that set up: init, connect, login, ping, disconnect, vault rotate."""

from __future__ import annotations

import getpass
import sys
import tomllib
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import typer

from mlconnector.app import Application
from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    complaints,
    console,
    print_json,
    print_table,
)
from mlconnector.flow import connecting
from mlconnector.flow.connection import ConnectionSettings, read_connection
from mlconnector.settings import FILE_NAME, UnreadableSettings
from mlconnector.store.sealing import generate_master_key
from mlconnector.systems.datev import TEMPLATE as DATEV_TEMPLATE
from mlconnector.systems.source import source_systems
from mlconnector.texts.catalogue import people, step_cause, step_title

Name = Annotated[str, typer.Argument(help="Name of the connection.")]

_SETTINGS = """\
# Settings of this installation. Each can also be given as an environment variable MLCONNECTOR_…,
# e.g. MLCONNECTOR_DATABASE_URL, which then wins over this file.

data_dir = "ml-connector-data"          # database (SQLite) and master key live here
# database_url = "postgresql://user:password@host/ml_connector"
# public_url = "https://connector.example.com"   # where browsers and webhooks reach `ml-connector serve`
# language = "de"
"""

_BOOKS = """\
[books]
chart = "SKR03"                # SKR03 or SKR04, as DATEV has it for this client
account_length = 4             # Sachkontenlänge
fiscal_year_start = 1          # month in which the fiscal year begins
festschreibung = false         # true locks the Buchungsstapel at import
# [books.debtors]
# first = 10000
# last = 69999

[mapping]
supply = "goods"               # goods or service: what is sold where no row says otherwise
default_revenue = false        # true books lines without a row on the account of their tax case
# confirmed_by = "…"           # who confirmed these accounts and tax keys …
# confirmed_on = 2026-01-31    # … and when

[mapping.cost_centre_1]
attribute = "cost_centre"
table = {}

# One row for each account. The most specific row that fits wins.
# [[mapping.revenue]]
# product_code = "MONT"
# supply = "service"

[schedule]
cron = "*/15 * * * *"          # how often the source is polled
"""


def init(
    directory: Annotated[Path, typer.Argument(help="Where the settings file goes.")] = Path(),
    source: Annotated[
        str, typer.Option(help="Source system to write an example connection for.")
    ] = "pipedrive",
) -> None:
    """Write a settings file, a master key and an example connection.

    Example: ml-connector init
    """
    with answered():
        systems = source_systems()
        if source not in systems:
            raise UnreadableSettings("--source", None, f"one of {', '.join(systems)}, not {source}")
        data = directory / "ml-connector-data"
        data.mkdir(parents=True, exist_ok=True)
        key = data / "master.key"
        if not key.exists():
            key.touch(mode=0o600)
            key.write_text(generate_master_key() + "\n", encoding="utf-8")
            console.print(f"wrote {key}: without this key no credential can be read; keep a copy apart")
        example = f'name = "my-{source}"\n\n{systems[source].template}\n{DATEV_TEMPLATE}\n{_BOOKS}'
        for path, text in ((directory / FILE_NAME, _SETTINGS), (directory / f"my-{source}.toml", example)):
            if path.exists():
                console.print(f"kept {path}")
            else:
                path.write_text(text, encoding="utf-8")
                console.print(f"wrote {path}")
        console.print(f"next: fill in my-{source}.toml, then ml-connector connect my-{source}.toml")


def connect(
    file: Annotated[Path, typer.Argument(help="The connection's TOML file.")],
    secrets_file: Annotated[
        Path | None, typer.Option(help="TOML file with the credentials; '-' reads standard input.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Set up a connection, or change one, from its TOML file; asks for credentials that are missing.

    Example: ml-connector connect my-pipedrive.toml
    """
    with answered():
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UnreadableSettings(str(file), None, f"cannot be read: {error}") from error
        settings = read_connection(text, str(file))
        with application() as app:
            given = _secrets(app, settings, secrets_file)
            new = connecting.connect(app.services, settings, given)
            logins = connecting.systems_with_login(app.services, settings.name)
        if json:
            print_json({"connection": settings.name, "new": new, "logins": logins})
            return
        console.print(f"{settings.name}: {'set up' if new else 'changed'}")
        for system in logins:
            console.print(f"next: ml-connector login {settings.name} --system {system}")
        console.print(f"then: ml-connector ping {settings.name}")


def _secrets(app: Application, settings: ConnectionSettings, file: Path | None) -> dict[str, str]:
    """Credentials from a file, from standard input, or asked for one by one; never from the command line."""
    if file is not None:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UnreadableSettings(
                str(file), None, 'expected TOML such as [pipedrive] api_token = "…"'
            ) from error
        return {
            f"{system}.{name}": str(value)
            for system, values in tables.items()
            if isinstance(values, dict)
            for name, value in values.items()
        }
    with app.database.read():
        missing = connecting.missing_secrets(app.services, settings)
    if missing and not sys.stdin.isatty():
        names = ", ".join(missing)
        raise UnreadableSettings("credentials", None, f"missing: {names}; give --secrets-file or a terminal")
    return {name: getpass.getpass(f"{name}: ") for name in missing}


def login(
    name: Name,
    system: Annotated[str, typer.Option(help="The system to log in to.")] = "datev",
    answer: Annotated[
        bool, typer.Option("--paste", help="Paste the address that the browser ended at, instead of `serve`.")
    ] = False,
) -> None:
    """Log in: prints the address for the browser of the person who may consent.

    `ml-connector serve` receives the answer; with --paste you paste the address the browser ended at.

    Example: ml-connector login my-pipedrive
    """
    with answered(), application() as app:
        redirect = f"{app.settings.public_url.rstrip('/')}/oauth/callback"
        address = connecting.begin(app.services, name, system, redirect)
        console.print("Open this address in a browser within ten minutes:")
        console.print(address, markup=False, soft_wrap=True)
        if not answer:
            console.print(f"The answer goes to {redirect}, where `ml-connector serve` takes it.")
            return
        ended = parse_qs(urlsplit(sys.stdin.readline().strip()).query)
        if "error" in ended:
            complaints.print(f"The login was refused: {ended['error'][0]}", markup=False)
            raise typer.Exit(Exit.LOGIN_NEEDED)
        if "state" not in ended or "code" not in ended:
            raise UnreadableSettings("address", None, "expected the whole address with state=… and code=…")
        connecting.finish(app.services, ended["state"][0], ended["code"][0])
        console.print(f"{name}: logged in to {system}")


def ping(name: Name, json: AsJson = False) -> None:
    """Check a connection step by step: what works, what does not, why, and who can fix it.

    Example: ml-connector ping my-pipedrive
    """
    with answered(), application() as app:
        steps = list(connecting.check(app.services, name))
        language = app.settings.language
        rows = [
            {
                "step": step.key,
                "title": step_title(step.key, language),
                "outcome": step.outcome,
                "cause": step.cause,
                "words": step_cause(step.cause, step.facts, language) if step.cause else "",
                "who": people(step.who, language) if step.outcome in {"failed", "warning"} else "",
                "facts": dict(step.facts),
            }
            for step in steps
        ]
        if json:
            print_json({"connection": name, "steps": rows})
        else:
            cells = [(row["outcome"], row["title"], row["words"], row["who"]) for row in rows]
            print_table(name, ["", "Step", "What to know", "Who"], cells)
        if any(row["cause"] == "needs_login" for row in rows):
            raise typer.Exit(Exit.LOGIN_NEEDED)
        if any(row["outcome"] == "failed" for row in rows):
            raise typer.Exit(Exit.PROBLEMS)


def disconnect(name: Name) -> None:
    """Revoke the tokens of a connection, delete its credentials and pause it. Nothing else is lost.

    Example: ml-connector disconnect my-pipedrive
    """
    with answered(), application() as app:
        failed = connecting.disconnect(app.services, name)
        console.print(f"{name}: disconnected")
        for one in failed:
            complaints.print(f"not revoked, do it at https://apps.datev.de/tokrevui: {one}", markup=False)
        if failed:
            raise typer.Exit(Exit.PROBLEMS)


def rotate() -> None:
    """Seal all credentials under the current (first) master key.

    Put the new key in the first line of the master key file, run this, then remove the old line.

    Example: ml-connector vault rotate
    """
    with answered(), application() as app:
        console.print(f"{app.vault.rotate()} credentials are sealed under the current key")
