"""The command ping: step by step what works, what does not, why, and who can fix it."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import typer

from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    heading,
    named,
    paragraph,
    phrase,
    print_json,
)
from mlconnector.flow.connect.ping import check
from mlconnector.flow.connect.step_rows import step_row
from mlconnector.flow.warehouse.target import named_target

# Causes that a new login, or other credentials, cure.
_OF_LOGINS = frozenset({"login_needed", "token_refused"})
_OUTCOME_WIDTH = 9


def ping(name: Annotated[str, typer.Argument()], json: AsJson = False) -> None:
    """Check step by step: what fails, why, who fixes it.

    Example: ml-connector ping my-pipedrive
    """
    with answered(), application(says_disconnected=True) as app:
        steps = []
        if not json:
            heading(name)
        target = named_target(app.services, name)
        for step in check(app.context(name)) if target is None else target.check():
            steps.append(step_row(name, step, app.settings.language))
            if not json:
                show_step(steps[-1])
        outcomes = Counter(step["outcome"] for step in steps)
        if json:
            print_json({"connection": name, "steps": steps})
        elif outcomes["failed"] or outcomes["warning"]:
            counts = {outcome: outcomes[outcome] for outcome in ("failed", "warning", "skipped")}
            paragraph(phrase("not_all_well", **counts))
        else:
            paragraph(phrase("all_well", count=len(steps)))
        if any(step["cause"] in _OF_LOGINS for step in steps):
            raise typer.Exit(Exit.LOGIN_NEEDED)
        if outcomes["failed"]:
            raise typer.Exit(Exit.PROBLEMS)


def show_step(row: dict[str, Any]) -> None:
    """Print a step."""
    outcome = named("outcome", row["outcome"]).ljust(_OUTCOME_WIDTH)
    title = f"{row['title']}: {row['found']}" if row["found"] else row["title"]
    paragraph(f"{outcome} {title}", 2, hanging=_OUTCOME_WIDTH + 1)
    if row["words"]:
        paragraph(row["words"], 3 + _OUTCOME_WIDTH)
    if row["who"]:
        paragraph(phrase("who", who=row["who"]), 3 + _OUTCOME_WIDTH)
