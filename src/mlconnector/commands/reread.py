"""The command that lets a source be read once more."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated

import typer

from mlconnector.commands.list_import import typed_yes
from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    paragraph,
    phrase,
    print_json,
    say,
)
from mlconnector.commands.repairs import Connection, somebody
from mlconnector.flow.intake.reread import ask


def reread(
    name: Connection,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DAY"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes")] = False,
    json: AsJson = False,
) -> None:
    """Let the next run read the source once more.

    Everything, or what changed since a day. What is the same is not booked again; what went unseen is found.

    Example: ml-connector reread my-pipedrive --since 2026-07-01
    """
    with answered(), application() as app:
        context = app.context(name)
        whole = since is None and not yes and not json and sys.stdin.isatty()
        if whole and not typed_yes("reread_question"):
            paragraph(phrase("not_reread"))
            raise typer.Exit(Exit.PROBLEMS)
        asked = ask(context, since and since.date(), somebody())
        if json:
            print_json({"connection": name, "since": asked.since and asked.since.isoformat()})
        elif asked.since is None:
            say("reread", name=name)
        else:
            say("reread_since", name=name, since=asked.since)
