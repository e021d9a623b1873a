"""The command preview."""

from __future__ import annotations

import typer

from mlconnector.commands.output import AsJson, answered, console


def preview(name: str, json: AsJson = False) -> None:
    """Show what would be booked.

    Example: ml-connector preview my-pipedrive
    """
    with answered():
        console.print(name, json)
        raise typer.Exit(0)
