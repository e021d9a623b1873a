"""The command for what looks like a booked document and is another one: distinct."""

from __future__ import annotations

from typing import Annotated

import typer

from mlconnector.commands.list_import import By
from mlconnector.commands.output import AsJson, answered, application, print_json, say
from mlconnector.commands.repairs import Connection, somebody
from mlconnector.flow.agree import telling_apart


def distinct(
    name: Connection,
    wanted: Annotated[list[str], typer.Argument(metavar="VOUCHER…")],
    reason: Annotated[str, typer.Option()],
    withdraw: Annotated[bool, typer.Option("--withdraw")] = False,
    by: By = "",
    json: AsJson = False,
) -> None:
    """Confirm that vouchers are documents of their own, although they look like a booked one.

    For vouchers that wait for document_looks_booked. It holds only against those that are named there.
    --withdraw takes it back until something is on its way to DATEV.

    Example: ml-connector distinct my-procore RE-17 --reason "two deliveries on one day"
    """
    with answered(), application() as app:
        app.services.refuse_while_disconnected(name)
        said = telling_apart.withdraw if withdraw else telling_apart.tell_apart
        rows = said(app.context(name), wanted, reason, by.strip() or somebody())
        labels = [row.label for row in rows]
        if json:
            print_json({"connection": name, "distinct": not withdraw, "vouchers": labels})
        else:
            say("not_told_apart" if withdraw else "told_apart", vouchers=", ".join(labels), name=name)
