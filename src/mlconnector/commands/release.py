"""The command release: what would go to DATEV is shown, and a person lets it go, or takes that back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from mlconnector.commands.list_import import By, may_go_on
from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    heading,
    language,
    named,
    paragraph,
    phrase,
    print_json,
    print_table,
    say,
)
from mlconnector.commands.repairs import Connection, deciding
from mlconnector.flow.agree import own_words
from mlconnector.flow.agree import release as releases
from mlconnector.flow.agree.release import Part, WouldGo
from mlconnector.flow.preview.list_rows import in_words, seed_title
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.seeds import seed
from mlconnector.systems.own_words import OwnWord
from mlconnector.texts.catalogue import step_cause
from mlconnector.texts.named import for_connection


def release(
    name: Connection,
    withdraw: Annotated[bool, typer.Option("--withdraw")] = False,
    yes: Annotated[bool, typer.Option("--yes")] = False,
    by: By = "",
    json: AsJson = False,
) -> None:
    """Let a connection send to DATEV, after a look at what goes.

    Before that a connection reads and prepares, and sends nothing. Who released it and when is kept in the
    audit trail. Look at the bookings first: ml-connector preview NAME --why

    Example: ml-connector release my-pipedrive
    """
    with answered(), application() as app:
        context, who = app.context(name), deciding(app, by)
        if withdraw:
            done = releases.withdraw(context, who)
            if json:
                print_json({"connection": name, "released": None, "withdrawn": done})
            else:
                say("release_withdrawn" if done else "release_was_missing", name=name)
            return
        seen, lacking = releases.would_go(context), own_words.unmapped_if_told(context)
        if not json:
            show(name, seen, context.rules, lacking)
        given, asked = None, False
        if may_go_on("release_question", yes=yes, json=json):
            given = releases.release(context, who, seen)
            asked = given is None
        if json:
            print_json(
                {
                    "connection": name,
                    "released": None if given is None else asdict(given),
                    "waits_for_approval": asked,
                    "would_go": as_data(seen),
                    "unmapped": [{"kind": one.called, "word": one.value} for one in lacking],
                }
            )
        elif asked:
            say("release_asked", name=name, by=who)
        elif given is None:
            say("release_not_given", name=name)
        else:
            say("release_given", name=name, at=given.at, by=given.by)
        if given is None and not asked:
            raise typer.Exit(Exit.PROBLEMS)


def as_data(seen: WouldGo) -> dict[str, Any]:
    """What would go, for machines."""
    return {name: value for name, value in asdict(seen).items() if name != "connection"}


def show(name: str, seen: WouldGo, rules: Rules, lacking: Sequence[OwnWord]) -> None:
    """Show what would go."""
    spoken = language()
    heading(phrase("release_title", name=name, client=seen.client))
    if seen.begin is None:
        paragraph(phrase("release_no_begin"), 2)
    else:
        paragraph(phrase("release_begin", begin=seen.begin), 2)
    if seen.read_at is None:
        paragraph(phrase("release_nothing_read", name=name), 2)
    else:
        paragraph(phrase("release_read_at", at=seen.read_at), 2)
        if not (seen.parts or seen.persons):
            paragraph(phrase("release_nothing_ready"), 2)
    if seen.parts:
        columns = ("month", "kind", "vouchers", "rows", "gross", "currency")
        rows = [_row(one) for one in seen.parts]
        print_table([phrase(f"heading_{one}") for one in columns], rows, indent=2, right={2, 3, 4})
    if seen.persons:
        paragraph(phrase("release_persons", count=seen.persons), 2)
    if seen.unconfirmed:
        paragraph(phrase("release_unconfirmed", count=len(seen.unconfirmed), name=name), 2, hanging=2)
        cases = [one for one in seen.unconfirmed if one.startswith("tax_case:")]
        for one in cases:
            known = seed(one, rules)
            paragraph(one if known is None else f"{one}: {seed_title(known, spoken)}", 4, hanging=2)
        paragraph(", ".join(one for one in seen.unconfirmed if one not in cases), 4, hanging=2)
    if lacking:
        words = step_cause("words_unmapped", own_words.unmapped_facts(lacking), spoken)
        paragraph(for_connection(words, name), 2, hanging=2)
    if seen.held:
        paragraph(phrase("release_held", count=seen.held, name=name), 2, hanging=2)
    paragraph(phrase("release_detail", name=name), 2)


def _row(one: Part) -> tuple[object, ...]:
    gross = in_words(one.gross, language())
    return one.period, named("kind", one.kind), one.vouchers, one.rows, gross, one.currency
