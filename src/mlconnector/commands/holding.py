"""The commands that stop single vouchers and let them go on: hold and unhold."""

from __future__ import annotations

from typing import Annotated

import typer

from mlconnector.commands.list_import import By
from mlconnector.commands.output import AsJson, answered, application, print_json, say
from mlconnector.commands.repairs import Connection, somebody
from mlconnector.flow.agree import holding


def hold(
    name: Connection,
    wanted: Annotated[list[str], typer.Argument(metavar="VOUCHER…")],
    reason: Annotated[str, typer.Option()],
    by: By = "",
    json: AsJson = False,
) -> None:
    """Stop vouchers: they do not go to DATEV until `unhold`, whatever changes in the source.

    Example: ml-connector hold my-pipedrive RE-2026-00815 --reason "customer complains"
    """
    with answered(), application() as app:
        app.services.refuse_while_disconnected(name)
        rows = holding.hold(app.context(name), wanted, reason, by.strip() or somebody())
        labels = [row.label for row in rows]
        if json:
            print_json({"connection": name, "held": True, "vouchers": labels})
        else:
            say("voucher_stopped", vouchers=", ".join(labels), name=name)


def unhold(
    name: Connection,
    wanted: Annotated[list[str], typer.Argument(metavar="VOUCHER…")],
    reason: Annotated[str, typer.Option()] = "",
    by: By = "",
    json: AsJson = False,
) -> None:
    """Let stopped vouchers go on: the next run reads them again and decides them anew.

    Example: ml-connector unhold my-pipedrive RE-2026-00815
    """
    with answered(), application() as app:
        app.services.refuse_while_disconnected(name)
        rows = holding.let_go(app.context(name), wanted, reason, by.strip() or somebody())
        labels = [row.label for row in rows]
        if json:
            print_json({"connection": name, "held": False, "vouchers": labels})
        else:
            say("voucher_let_go", vouchers=", ".join(labels), name=name)
