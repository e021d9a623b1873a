"""Commands for the credentials of a warehouse: connect and disconnect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mlconnector.commands import given_credentials
from mlconnector.commands.output import (
    AsJson,
    answered,
    application,
    language,
    paragraph,
    phrase,
    print_json,
    say,
)
from mlconnector.commands.repairs import somebody
from mlconnector.errors import NeedsHuman
from mlconnector.flow.connect.step_rows import step_row
from mlconnector.flow.warehouse import credentials
from mlconnector.flow.warehouse.target import some_targets
from mlconnector.model.problems import Problem
from mlconnector.settings import UnreadableSettings


def warehouse_connect(
    secrets_file: Annotated[Path | None, typer.Option()] = None, json: AsJson = False
) -> None:
    """Take the credentials of a warehouse, try and seal them."""
    with answered(), application() as app:
        wanting = [target for target in some_targets(app.services) if target.wanted]
        if not wanting:
            raise NeedsHuman(Problem("warehouse_needs_no_secret"))
        known = [f"{target.name}.{name}" for target in wanting for name in target.wanted]
        given = _given(known, secrets_file)
        rows: list[dict[str, Any]] = []
        for target in wanting:
            named = {name: given.get(f"{target.name}.{name}") for name in target.wanted}
            own = {name: secret for name, secret in named.items() if secret is not None}
            if own:
                test = step_row(target.name, credentials.give(target, own, somebody()), language())
                rows.append({"warehouse": target.name, "credentials": sorted(own), "test": test})
                if not json:
                    _show(target.name, ", ".join(sorted(own)), test)
        if json:
            print_json(rows)


def warehouse_disconnect(json: AsJson = False) -> None:
    """Delete the credentials of a warehouse."""
    with answered(), application() as app:
        found = {target.name: credentials.forget(target, somebody()) for target in some_targets(app.services)}
        if json:
            print_json([{"warehouse": name, "deleted": deleted} for name, deleted in found.items()])
            return
        for name, deleted in found.items():
            if deleted:
                say("warehouse_disconnected", name=name, names=", ".join(deleted))
            else:
                paragraph(phrase("nothing_changed"))


def _given(known: list[str], file: Path | None) -> dict[str, str]:
    """The credentials of a file, or those that somebody types in. Raises UnreadableSettings."""
    if file is None:
        if given_credentials.can_ask(file):
            return given_credentials.asked(known)
        said = phrase("secrets_missing", names=", ".join(known))
        raise UnreadableSettings("warehouse connect", None, f"{said}\n{given_credentials.as_tables(known)}")
    given, unknown = given_credentials.given_in(file, known)
    if unknown or not given:
        said = phrase("secret_unknown", names=", ".join(unknown), known=", ".join(known))
        raise UnreadableSettings(given_credentials.place_of(file), None, said)
    return given


def _show(name: str, names: str, test: dict[str, Any]) -> None:
    if test["outcome"] == "ok":
        say("credentials_tested", name=name, names=names)
    else:
        paragraph(phrase("credential_untested", name=name, names=names, why=test["words"]))
    say("credentials_taken", name=name, names=names)
