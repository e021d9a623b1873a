"""The command approve: a second person lets go what another one has asked for, or does not."""

from __future__ import annotations

from typing import Annotated

import typer

from mlconnector.app import Application
from mlconnector.commands import release as shown
from mlconnector.commands.list_import import WithoutAsking, may_go_on
from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    batch_state,
    named,
    paragraph,
    phrase,
    print_json,
    print_table,
    say,
)
from mlconnector.commands.repairs import deciding
from mlconnector.flow.agree import four_eyes, own_words
from mlconnector.flow.agree import release as releases
from mlconnector.flow.deliver import second_transfer
from mlconnector.store import approvals
from mlconnector.store.approvals import Asked


def approve(
    wanted: Annotated[str | None, typer.Argument()] = None,
    decline: Annotated[bool, typer.Option("--decline")] = False,
    yes: WithoutAsking = False,
    json: AsJson = False,
) -> None:
    """Approve what another person has asked for, or show all that was asked for."""
    with answered(), application() as app:
        if wanted is None:
            _list(app, json=json)
            return
        asked, who = four_eyes.asked_of(app.services, wanted), deciding(app)
        if decline:
            four_eyes.decline(app.services, asked, who)
        elif not _approved(app, asked, who, yes=yes, json=json):
            paragraph(phrase("nothing_changed"))
            raise typer.Exit(Exit.PROBLEMS)
        if json:
            told = {"kind": asked.kind, "about": asked.about, "asked_by": asked.by, "by": who}
            print_json({**told, "approved": not decline})
        else:
            facts = {"about": asked.title, "name": asked.connection, "asked_by": asked.by, "by": who}
            if decline:
                say("approval_declined", **facts)
            else:
                say("release_approved" if asked.kind == "release" else "resend_approved", **facts)


def _approved(app: Application, asked: Asked, who: str, *, yes: bool, json: bool) -> bool:
    """Whether it was approved, after a look at it."""
    four_eyes.refuse_same(asked, who)
    if asked.kind == "release":
        context = app.context(asked.connection)
        seen = releases.would_go(context)
        if not json:
            shown.show(asked.connection, seen, context.rules, own_words.unmapped_if_told(context))
        if may_go_on("release_question", yes=yes, json=json):
            releases.approve(context, who, seen)
            return True
        return False
    batch = second_transfer.would_resend(app.services, asked.about, str(asked.detail["reason"]))
    facts = {"file": batch.file_name, "rows": batch.rows, "period": batch.period, "name": batch.connection}
    if not may_go_on(
        "resend_question", yes=yes, json=json, state=batch_state(batch.format, batch.state), **facts
    ):
        return False
    second_transfer.approve(app.services, asked.about, who)
    return True


def _list(app: Application, *, json: bool) -> None:
    with app.database.read() as db:
        found = approvals.every(db)
    if json:
        keys = ("kind", "about", "connection", "by", "at", "detail")
        print_json([{key: getattr(one, key) for key in keys} for one in found])
    elif not found:
        say("nothing_asked")
    else:
        heads = [
            phrase(f"heading_{part}")
            for part in ("asked_for", "connection", "asked_by", "asked_at", "asked_why")
        ]
        print_table(
            heads,
            [
                (
                    f"{named('asked', one.kind)}: {one.title}",
                    one.connection,
                    one.by,
                    one.at,
                    one.detail.get("reason", ""),
                )
                for one in found
            ],
        )
