"""The command that names the first day on which a client's books are open."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated

import typer

from mlconnector.commands.output import AsJson, answered, application, phrase, print_json, say
from mlconnector.commands.repairs import Connection, somebody
from mlconnector.flow.agree import open_day
from mlconnector.store.open_days import OpenDay


def open_from(
    name: Connection,
    day: Annotated[datetime | None, typer.Argument(formats=["%Y-%m-%d"])] = None,
    reason: Annotated[str, typer.Option()] = "",
    by: Annotated[str, typer.Option()] = "",
    json: AsJson = False,
) -> None:
    """Name the first day on which the client's books are open."""
    with answered(), application() as app:
        context = app.context(name)
        if day is None:
            _show(context.client, open_day.open_from(context), open_day.named(context), json)
            return
        if not reason:
            raise typer.BadParameter(phrase("say_why"), param_hint="--reason")
        noted = open_day.name_open_day(context, day.date(), by or somebody(), reason)
        _show(context.client, noted.open_from, noted, json)


def _show(client: str, day: date, named: OpenDay | None, json: bool) -> None:
    if json:
        print_json({"client": client, "open_from": day.isoformat(), "named": named and asdict(named)})
    elif named is None:
        say("open_from_nobody", client=client, day=day)
    else:
        say("open_from", client=client, day=day, by=named.said_by, reason=named.reason)
