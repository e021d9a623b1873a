"""Commands that look after what waits or rests: replay, resume, resend."""

from __future__ import annotations

import getpass
import os
from typing import Annotated

import typer

from mlconnector.app import Application
from mlconnector.commands.list_import import WithoutAsking, may_go_on
from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    batch_state,
    complaints,
    paragraph,
    phrase,
    print_json,
    print_line,
    say,
)
from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import four_eyes
from mlconnector.flow.context import breaker
from mlconnector.flow.deliver import second_transfer
from mlconnector.flow.report import inbox
from mlconnector.model.problems import Problem

Connection = Annotated[str, typer.Argument()]


def replay(
    name: Connection,
    wanted: Annotated[list[str] | None, typer.Argument()] = None,
    cause: Annotated[str | None, typer.Option()] = None,
    everything: Annotated[bool, typer.Option("--all")] = False,
    json: AsJson = False,
) -> None:
    """Let waiting vouchers go on after the fix.

    The next run reads them again from their source and decides them anew.

    Example: ml-connector replay my-pipedrive --cause country_missing:party_id=organization/17
    """
    with answered(), application() as app:
        if sum([bool(wanted), cause is not None, everything]) != 1:
            raise typer.BadParameter(phrase("say_which"))
        app.services.refuse_while_disconnected(name)
        count = inbox.replay(app.context(name), wanted or [], cause, somebody())
        if json:
            print_json({"connection": name, "replayed": count})
        elif count:
            say("replayed", name=name, count=count)
        else:
            print_line(phrase("none_replayed", name=name), to=complaints)
        if not count and not everything:
            raise typer.Exit(Exit.PROBLEMS)


def resume(name: Connection, json: AsJson = False) -> None:
    """Let work go on that rests because DATEV refused too much.

    First look at what was refused (`audit http --errors`) and cure it.

    Example: ml-connector resume my-pipedrive
    """
    with answered(), application() as app:
        app.services.refuse_while_disconnected(name)
        breaker.resume(app.context(name), somebody())
        if json:
            print_json({"connection": name, "resumed": True})
        else:
            say("resumed", name=name)


def resend(
    batch: Annotated[str, typer.Argument()],
    reason: Annotated[str, typer.Option()],
    again: Annotated[bool, typer.Option("--again")] = False,
    yes: WithoutAsking = False,
    json: AsJson = False,
) -> None:
    """Send a Buchungsstapel once more, byte for byte.

    For the support case that the adviser has lost it. The next run, or `serve`, sends it. At a terminal this
    asks once.

    Example: ml-connector resend EXTF_pipedrive_2026-07_3f2a9c0d1e2f4b5c.csv --reason "deleted by mistake"
    """
    with answered(), application() as app:
        seen = second_transfer.would_resend(app.services, batch, reason)
        facts = {"file": seen.file_name, "rows": seen.rows, "period": seen.period, "name": seen.connection}
        state = batch_state(seen.format, seen.state)
        if not may_go_on("resend_question", yes=yes, json=json, state=state, **facts):
            if json:
                print_json({"batch": seen.id, "file": seen.file_name, "resent": False})
            else:
                paragraph(phrase("nothing_changed"))
            raise typer.Exit(Exit.PROBLEMS)
        row = second_transfer.resend(app.services, batch, reason, deciding(app), again=again)
        asked = four_eyes.are_wanted(app.services)
        if json:
            print_json(
                {
                    "resent": not asked,
                    "waits_for_approval": asked,
                    "batch": row.id,
                    "file": row.file_name,
                    "before": row.state,
                    "reason": reason,
                }
            )
        else:
            say("resend_asked" if asked else "resent", file=row.file_name, name=row.connection)


def deciding(app: Application, by: str = "") -> str:
    """Who decides; where two people have to, whoever this machine knows, and nobody who was only named.

    Raises NeedsHuman (`four_eyes_named`).
    """
    if not four_eyes.are_wanted(app.services):
        return by.strip() or somebody()
    if by.strip():
        raise NeedsHuman(Problem("four_eyes_named", {"by": by.strip()}))
    try:
        # What getpass says, anybody can set in the environment.
        import pwd  # noqa: PLC0415

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return somebody()


def somebody() -> str:
    """Who gives the command, for the audit trail; a number where this machine has no name for them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
